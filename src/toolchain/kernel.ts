// Builds images/kernel to an image.
//
// Every *.c and *.S under images/kernel is part of the kernel, in order of path. Steps: compile what has changed; link without a
// symbol table; link again with it until it describes the image it is in; add the types (BTF); fill in the checksum of the handover
// note. Same sources, same gcc: same bytes.

import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { TransplantError } from '../base/index.js'
import { fillChecksum, linkWithSymbols } from './kernel-link.js'
import { filesBelow, type ObjectPlan, planObject, sourcesOf } from './kernel-sources.js'
import { buildTypes } from './kernel-types.js'
import { environment, Toolchain } from './toolchain.js'
import { unusedFunctions } from './unused.js'

/** Which kernel to build. */
export interface KernelBuildOptions {
  /** Default: 1.0. */
  readonly release?: string
  /** Macros, `NAME` or `NAME=VALUE`: for kernels with a fault that the tests must notice. */
  readonly defines?: readonly string[]
  /** Ending of the name of a variant, whose objects then lie apart: `-mutant`. */
  readonly suffix?: string
  /**
   * With DWARF, for gdb: the same code and data at the same addresses. What differs is the build id, and the image's size. Lies apart, as
   * variants do; default suffix `-debug`.
   */
  readonly debugInfo?: boolean
  /** Path of the image; default: `scion-<release><suffix>.elf` among the built images. */
  readonly output?: string
  /** Files that are compiled in the place of sources, by the path of the source: `{ 'images/kernel/mm/slab.c': '/tmp/slab.c' }`. */
  readonly replace?: Readonly<Record<string, string>>
  readonly toolchain?: Toolchain
}

/** Builds one kernel; gives the path of its image. Throws TOOL_MISSING, TOOL_FAILED, NO_SUCH_RELEASE or NO_SUCH_SOURCE. */
export async function buildKernel(options: KernelBuildOptions = {}): Promise<string> {
  const { release = '1.0', defines = [], debugInfo = false, replace = {}, toolchain = new Toolchain() } = options
  const { suffix = debugInfo ? '-debug' : '' } = options
  const name = `scion-${release}${suffix}`
  const tree = sourcesOf(toolchain, release)
  const folder = join(toolchain.buildFolder, name)
  mkdirSync(folder, { recursive: true })
  const macros = [...defines.map((define) => `-D${define}`), ...(debugInfo ? DEBUG_INFO : [])]
  const sources = [...filesBelow(tree, 'images/kernel', ['.c', '.S']), 'firmware/handover.S']
  const unknown = Object.keys(replace).filter((source) => !sources.includes(source))
  if (unknown.length > 0) {
    throw new TransplantError('NO_SUCH_SOURCE', `${unknown.join(', ')} is no source of the kernel.`, 'Give its path.')
  }
  const plans = sources.map((source) => planObject(tree, folder, source, macros, replace[source]))
  await compileAll(tree, plans)
  if (defines.length === 0 && Object.keys(replace).length === 0) refuseUnused(plans.map((plan) => plan.object))
  const objects = [...plans.map((plan) => plan.object), buildTypes(toolchain, tree, folder, macros)]
  const linked = join(folder, 'kernel.elf')
  linkWithSymbols(toolchain, { tree, folder, objects }, linked)
  const image = options.output ?? join(toolchain.builtFolder, `${name}.elf`)
  cpSync(linked, image)
  fillChecksum(image)
  return image
}

/** What `debugInfo` adds to gcc's words. */
const DEBUG_INFO = ['-g', '-gz']

/** Who reaches what no object refers to: the entry by its name, the tests of text patching, the compiler. */
const ROOTS = ['pvh_start', 'text_poke_bp', '__fentry__', 'memcpy', 'memmove', 'memset', 'memcmp']

function refuseUnused(objects: readonly string[]): void {
  const unused = unusedFunctions(objects, ROOTS).map(({ name, object }) => `${name}() (${basename(object)})`)
  if (unused.length === 0) return
  const message = `Nothing in the kernel uses ${unused.join(', ')}.`
  throw new TransplantError('TOOL_FAILED', message, 'Remove what is not used; what its own file alone uses is static.')
}

/** Runs the compilers, two at a time; the first failure ends the build after those that run. */
async function compileAll(tree: string, plans: readonly ObjectPlan[]): Promise<void> {
  const queue = plans.flatMap(({ object, make }) => (make === undefined ? [] : [{ object, make }]))
  let failed = false
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined && !failed; one = queue.shift()) {
      if (await compile(tree, one.make.words)) writeFileSync(`${one.object}.args`, one.make.identity)
      else failed = true
    }
  }
  await Promise.all([worker(), worker()])
  if (failed)
    throw new TransplantError('TOOL_FAILED', 'The kernel does not compile.', 'gcc 12 is what it is written for.')
}

function compile(tree: string, words: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('gcc', words, { cwd: tree, stdio: ['ignore', 'inherit', 'inherit'], env: environment })
    child.on('error', () => resolve(false))
    child.on('close', (status) => resolve(status === 0))
  })
}

/** The releases there are: 1.0, and each folder of images/releases that has patches. */
export function releases(toolchain = new Toolchain()): string[] {
  const folder = join(toolchain.root, 'images/releases')
  const patched = existsSync(folder)
    ? readdirSync(folder).filter((name) => readdirSync(join(folder, name)).some((file) => file.endsWith('.patch')))
    : []
  return ['1.0', ...patched.sort()]
}
