// Patches that are written by hand: what the sources and the image of a kernel say of the functions that one replaces, and a source to begin
// with.

import { accept, refuse, TransplantError } from '../base/index.js'
import { parseElf } from '../format/index.js'
import { createDisassembler } from '../isa/index.js'
import {
  CallGraph,
  judgeHandWritten,
  type KernelFacts,
  type PatchedFunction,
  type PatchResult,
  RunningKernel,
  readKernelFacts,
  skeletonInAssembly,
  skeletonInC,
  sourceName,
  type Verdict,
} from '../patch/index.js'
import { sourcesOf } from './kernel-sources.js'
import { SourcePlaces } from './source-places.js'
import { Toolchain } from './toolchain.js'
import { kernelSources } from './unit-objects.js'

/** Judges what a module replaces in the kernel of an image. Throws KERNEL_IMAGE. */
export async function judgeModule(
  functions: readonly PatchedFunction[],
  kernel: Uint8Array,
  toolchain = new Toolchain(),
): Promise<Verdict> {
  const { elf, places } = open(kernel, toolchain)
  const graph = new CallGraph(elf, await createDisassembler())
  return judgeHandWritten(functions, graph, (name, address) => {
    const place = places.find(name, address)
    return place && { path: place.path, line: place.function.first }
  })
}

/** Which function, and in which language. */
export interface NewPatchOptions {
  readonly name: string
  /** Which of several of that name, as kallsyms counts; 0: the only one. */
  readonly position: number
  readonly language: 'c' | 'assembly'
  readonly toolchain?: Toolchain
}

/**
 * A source that compiles and replaces a function of the kernel of an image. Refuses with 'unknown-function', 'ambiguous-symbol' or
 * 'not-patchable'; throws KERNEL_IMAGE.
 */
export function newPatch(kernel: Uint8Array, options: NewPatchOptions): PatchResult<string> {
  const { name, position, language, toolchain = new Toolchain() } = options
  const { facts, places } = open(kernel, toolchain)
  const there = (facts.symbols.get(name) ?? []).filter((symbol) => symbol.isFunction)
  const symbol = { symbol: name }
  if (there.length === 0) {
    return refuse(
      'unknown-function',
      `${name} is no function of kernel ${facts.buildId}`,
      'Name one of its /proc/kallsyms.',
      symbol,
    )
  }
  const placed = there.map((one) => ({ ...one, place: places.find(name, one.address) }))
  if (there.length > 1 && position === 0) {
    const which = placed.map(({ place }, i) => `${i + 1}: ${place?.path ?? 'assembly'}`).join(', ')
    return refuse(
      'ambiguous-symbol',
      `${name} is there ${there.length} times (${which})`,
      `Say which: ${name},1.`,
      symbol,
    )
  }
  const chosen = placed[Math.max(0, position - 1)]
  if (!chosen) {
    return refuse('unknown-function', `there are only ${there.length} of ${name}`, `Say which: ${name},1.`, symbol)
  }
  if (sourceName(name) !== name) {
    const what = `${name} was made by the compiler of ${sourceName(name)}(), and is asked something else than that`
    return refuse('not-patchable', what, 'Write a diff of the source.', symbol)
  }
  const entries = new Set(facts.patchableEntries)
  if (!entries.has(chosen.address) && !entries.has(chosen.address + 4n)) {
    return refuse(
      'not-patchable',
      `${name} has no patchable entry: it is notrace, or assembly`,
      'Patch its callers.',
      symbol,
    )
  }
  const { place } = chosen
  const skeleton = {
    ...{ name, position, signature: place?.function.signature, includes: place?.includes ?? [] },
    place: place && `${place.path}:${place.function.first}`,
  }
  return accept(language === 'c' ? skeletonInC(skeleton) : skeletonInAssembly(skeleton))
}

function open(kernel: Uint8Array, toolchain: Toolchain) {
  const [elf, facts] = [parseElf(kernel), readKernelFacts(kernel)]
  if (!elf.ok) throw new TransplantError('KERNEL_IMAGE', `${elf.message}.`, elf.hint)
  if (!facts.ok) throw new TransplantError('KERNEL_IMAGE', `${facts.message}.`, facts.hint)
  const tree = sourcesOf(toolchain, releaseOf(facts.value))
  const sources = kernelSources(tree).filter((path) => path.endsWith('.c'))
  const running = new RunningKernel(elf.value, facts.value, sources)
  return { elf: elf.value, facts: facts.value, places: new SourcePlaces(tree, running) }
}

/** As `uname -r` says. */
export function releaseOf(facts: KernelFacts): string {
  return facts.vermagic.split(' ')[0] ?? ''
}
