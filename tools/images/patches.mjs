// Builds the patch corpus: every images/patches/*.c (gcc) and *.s (Keystone) becomes a module for one kernel image.
//
//   node tools/images/patches.mjs [--kernel images/built/scion-1.0.elf] [--out images/built/patches] [name...]
//
// Uses the same code as `transplant patch build` (dist/patch); only the compiler is run here. Promises: same sources,
// same kernel, same gcc: same bytes.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPatchFromAssembly, buildPatchFromC, compileFailed, readKernelFacts } from '../../dist/patch/index.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Compiles one generated unit with gcc, in a folder of its own so that no path gets into the object. */
export function compileWithGcc(request, { includes = [join(root, 'images/kernel/include')] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-patch-'))
  try {
    writeFileSync(join(folder, request.sourceName), request.source)
    writeFileSync(join(folder, 'unit.c'), request.unit)
    const args = [
      ...request.flags,
      ...includes.flatMap((path) => ['-I', path]),
      `-ffile-prefix-map=${folder}=.`,
      '-c',
      'unit.c',
      '-o',
      'unit.o',
    ]
    const run = spawnSync('gcc', args, { cwd: folder, encoding: 'utf8' })
    if (run.error)
      throw new Error(`gcc cannot be run: ${run.error.message}; install gcc or write the patch in assembly`)
    if (run.status !== 0) return compileFailed(request, run.stderr)
    const object = new Uint8Array(readFileSync(join(folder, 'unit.o')))
    return { ok: true, value: { object, diagnostics: run.stderr } }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Builds `names` (default: all) for the kernel at `kernelPath` into `out`; gives [{ name, path, bytes, patch }]. */
export async function buildPatchesFor({ kernelPath, out, sources = join(root, 'images/patches'), includes, names }) {
  const facts = readKernelFacts(new Uint8Array(readFileSync(kernelPath)))
  if (!facts.ok) throw new Error(facts.message)
  mkdirSync(out, { recursive: true })
  const built = []
  for (const file of readdirSync(sources).sort()) {
    const match = /^(.*)\.(c|s)$/.exec(file)
    if (!match || (names && names.length > 0 && !names.includes(match[1]))) continue
    const source = readFileSync(join(sources, file), 'utf8')
    const options = { sourceName: file, source, kernel: facts.value }
    const result =
      match[2] === 'c'
        ? await buildPatchFromC({
            ...options,
            compile: (request) => compileWithGcc(request, includes ? { includes } : {}),
          })
        : await buildPatchFromAssembly(options)
    if (!result.ok) throw new Error(`${file}: ${result.message}${result.detail ? `\n${result.detail}` : ''}`)
    const { name, module, diagnostics, patch } = result.value
    if (diagnostics) process.stderr.write(diagnostics)
    const path = join(out, `${match[1]}.ko`)
    writeFileSync(path, module)
    built.push({ name, path, bytes: module.length, functions: patch?.functions ?? [] })
  }
  return built
}

/** The image target: the whole corpus for the committed kernel 1.0. Gives the paths. */
export async function buildPatches() {
  const built = await buildPatchesFor({
    kernelPath: join(root, 'images/built/scion-1.0.elf'),
    out: join(root, 'images/built/patches'),
  })
  return built.map((one) => one.path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2)
  const take = (flag, otherwise) => {
    const at = args.indexOf(flag)
    return at < 0 ? otherwise : args.splice(at, 2)[1]
  }
  const kernelPath = take('--kernel', join(root, 'images/built/scion-1.0.elf'))
  const out = take('--out', join(root, 'images/built/patches'))
  for (const one of await buildPatchesFor({ kernelPath, out, names: args })) {
    console.log(
      `${one.path.replace(root, '')}  ${one.bytes} bytes  ${one.functions.map((f) => `${f.object}:${f.name}`).join(' ')}`,
    )
  }
}
