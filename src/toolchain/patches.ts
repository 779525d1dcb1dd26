// Patch modules with gcc: one generated unit, and a folder of patches for one kernel.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accept, TransplantError } from '../base/index.js'
import {
  buildPatchFromAssembly,
  buildPatchFromC,
  type CompileOutcome,
  type CompileRequest,
  compileFailed,
  type KernelFacts,
  type PatchedFunction,
  readKernelFacts,
} from '../patch/index.js'
import { Toolchain } from './toolchain.js'

const headersOf = (toolchain: Toolchain): string => join(toolchain.root, 'images/kernel/include')
const NO_GCC = 'Install gcc, or write the patch in assembly: images/patches/assembled-cmdline.s shows how.'

/**
 * Compiles one unit, in a folder of its own, so that no path gets into the object. `includes`: folders with headers; default: the
 * kernel's that the package ships. Throws TOOL_MISSING where there is no gcc.
 */
export function compilePatchUnit(
  request: CompileRequest,
  includes?: readonly string[],
  toolchain = new Toolchain(),
): CompileOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-patch-'))
  try {
    writeFileSync(join(folder, request.sourceName), request.source)
    writeFileSync(join(folder, 'unit.c'), request.unit)
    const places = [
      ...(includes ?? [headersOf(toolchain)]).flatMap((path) => ['-I', path]),
      `-ffile-prefix-map=${folder}=.`,
    ]
    const words = [...request.flags, ...places, '-c', 'unit.c', '-o', 'unit.o']
    const gcc = toolchain.try('gcc', words, folder, NO_GCC)
    if (gcc.status !== 0) return compileFailed(request, gcc.stderr)
    return accept({ object: new Uint8Array(readFileSync(join(folder, 'unit.o'))), diagnostics: gcc.stderr })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Which patches to build, for what, and where to. */
export interface PatchesOptions {
  /** Path of the kernel image that they are for. */
  readonly kernelPath: string
  /** The folder for the modules. */
  readonly out: string
  /** Names without their endings; default: all. */
  readonly names?: readonly string[]
  readonly toolchain?: Toolchain
}

/** A module that was built. */
export interface BuiltPatch {
  readonly name: string
  readonly path: string
  /** Of the module's file. */
  readonly bytes: number
  readonly functions: readonly PatchedFunction[]
}

/**
 * Builds every `images/patches/*.c` (gcc) and `*.s` (Keystone), or those named, into files of `out`. Throws KERNEL_IMAGE for a kernel that
 * cannot be read, PATCH_REFUSED with the reason, TOOL_MISSING without gcc, and what the file system throws.
 */
export async function buildPatches(options: PatchesOptions): Promise<BuiltPatch[]> {
  const { kernelPath, out, names, toolchain = new Toolchain() } = options
  const facts = readKernelFacts(new Uint8Array(readFileSync(kernelPath)))
  if (!facts.ok) throw new TransplantError('KERNEL_IMAGE', `${kernelPath}: ${facts.message}.`, facts.hint)
  mkdirSync(out, { recursive: true })
  const sources = join(toolchain.root, 'images/patches')
  const built: BuiltPatch[] = []
  for (const file of readdirSync(sources).sort()) {
    const stem = /^(.*)\.[cs]$/.exec(file)?.[1]
    if (stem === undefined || (names !== undefined && names.length > 0 && !names.includes(stem))) continue
    const path = join(out, `${stem}.ko`)
    built.push(await buildOne(join(sources, file), file, path, facts.value, toolchain))
  }
  return built
}

async function buildOne(
  source: string,
  file: string,
  path: string,
  kernel: KernelFacts,
  toolchain: Toolchain,
): Promise<BuiltPatch> {
  const options = { sourceName: file, source: readFileSync(source, 'utf8'), kernel }
  // The project's own patches are as its kernel is: a warning is an error.
  const compile = (request: CompileRequest): CompileOutcome =>
    compilePatchUnit({ ...request, flags: [...request.flags, '-Werror'] }, undefined, toolchain)
  const result = file.endsWith('.c')
    ? await buildPatchFromC({ ...options, compile })
    : await buildPatchFromAssembly(options)
  if (!result.ok) {
    throw new TransplantError('PATCH_REFUSED', `${file}: ${result.message}\n${result.detail ?? ''}`, result.hint)
  }
  const { name, module, diagnostics, patch } = result.value
  if (diagnostics !== '') process.stderr.write(diagnostics)
  writeFileSync(path, module)
  return { name, path, bytes: module.length, functions: patch?.functions ?? [] }
}
