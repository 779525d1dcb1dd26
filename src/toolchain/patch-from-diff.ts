// A patch module from a diff of the kernel's sources, station by station: the sources before and after, the objects of both, what differs,
// what a patch has to bring along, and the module. What can be told of the change is told by the room patch; here are files and compilers.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accept, panic, refuse } from '../base/index.js'
import { parseElf, readObject, writeObject } from '../format/index.js'
import { createDisassembler, type Disassembler } from '../isa/index.js'
import {
  applySourceDiff,
  type BuiltModule,
  buildPatchFromC,
  CallGraph,
  type ChangedFile,
  compareUnits,
  type DiffReport,
  type Element,
  extractPatch,
  glueSource,
  judge,
  type KernelFacts,
  type KernelName,
  linkInto,
  type PatchResult,
  pinLines,
  RunningKernel,
  readKernelFacts,
  readUnit,
  reportDiff,
  runsNoMore,
  type UnitComparison,
} from '../patch/index.js'
import { releaseOf } from './hand-written.js'
import { overlayTree, sourcesOf } from './kernel-sources.js'
import { compilePatchUnit } from './patches.js'
import { readJson, type Station, Stations, writeJson } from './stations.js'
import { Toolchain } from './toolchain.js'
import { compileUnits, kernelSources, objectName, reachedSources, readObjectFile } from './unit-objects.js'

/** What to build. */
export interface DiffBuildOptions {
  /** The name of the diff's file; its stem becomes the module's name. */
  readonly name: string
  /** A unified diff. */
  readonly diff: string
  /** The image of the kernel that is to be patched. */
  readonly kernel: Uint8Array
  /** The folder that keeps the stations; default: one that is removed again. */
  readonly work?: string
  /** Go on from this station of an earlier run in the same folder. */
  readonly from?: Station
  /** C with callbacks, which goes into the module. */
  readonly help?: string
  /** Older patches go when this one comes. Default: no. */
  readonly replace?: boolean
  /** Say of each function in which line it differs first. Default: no. */
  readonly showFirstChanged?: boolean
  readonly toolchain?: Toolchain
}

/** What a diff has become. */
export interface DiffBuild {
  readonly report: DiffReport
  /** None unless the verdict is that it applies. */
  readonly module: BuiltModule | undefined
}

const KERNEL = 'images/kernel'

/** What station 1 has found: the files of the diff, and the sources that they reach in the trees before and after. */
interface SourceChanges {
  readonly changed: readonly string[]
  readonly original: readonly string[]
  readonly pinned: readonly string[]
}

/**
 * Builds a patch module from a diff. Refuses as the stations do: a diff that does not fit, does not compile, changes nothing, or a kernel
 * that is not what the sources make. Throws TOOL_MISSING without gcc.
 */
export async function buildPatchFromDiff(options: DiffBuildOptions): Promise<PatchResult<DiffBuild>> {
  const facts = readKernelFacts(options.kernel)
  if (!facts.ok) return facts
  const work = options.work ?? mkdtempSync(join(tmpdir(), 'transplant-diff-'))
  try {
    return await new DiffBuilder(options, facts.value, work, await createDisassembler()).build()
  } finally {
    if (options.work === undefined) rmSync(work, { recursive: true, force: true })
  }
}

class DiffBuilder {
  private readonly options: DiffBuildOptions
  private readonly facts: KernelFacts
  private readonly stations: Stations
  private readonly disassembler: Disassembler
  private readonly toolchain: Toolchain
  private readonly running: RunningKernel
  private readonly graph: CallGraph

  constructor(options: DiffBuildOptions, facts: KernelFacts, work: string, disassembler: Disassembler) {
    this.options = options
    this.facts = facts
    this.stations = new Stations(work, options.from)
    this.disassembler = disassembler
    const { root } = options.toolchain ?? new Toolchain()
    this.toolchain = new Toolchain(root, join(work, 'build'))
    const elf = parseElf(options.kernel)
    if (!elf.ok) panic(elf.message)
    this.running = new RunningKernel(
      elf.value,
      facts,
      kernelSources(root).filter((path) => path.endsWith('.c')),
    )
    this.graph = new CallGraph(elf.value, disassembler)
  }

  async build(): Promise<PatchResult<DiffBuild>> {
    this.toolchain.try('gcc', ['--version'])
    const sources = await this.stations.reach('sources', (folder) => this.prepareSources(folder))
    if (!sources.ok) return sources
    const original = await this.stations.reach('original', (folder) => this.compileOriginal(folder))
    if (!original.ok) return original
    const patched = await this.stations.reach('patched', (folder) => this.compilePatched(folder))
    if (!patched.ok) return patched
    let report: DiffReport | undefined
    const compared = await this.stations.reach('compare', async (folder) => {
      const found = await this.compare(folder)
      if (!found.ok) return found
      report = found.value
      return accept(undefined)
    })
    if (!compared.ok) return compared
    report ??= readJson<DiffReport>(join(this.stations.folder('compare'), 'report.json'))
    const nothing = report.functions.length === 0 && report.reasons.length === 0
    if (nothing && this.options.help === undefined) return noChange()
    if (report.verdict !== 'applies') return accept({ report, module: undefined })
    const extracted = await this.stations.reach('extract', (folder) => this.extract(folder))
    if (!extracted.ok) return extracted
    let module: BuiltModule | undefined
    const linked = await this.stations.reach('module', async (folder) => {
      const built = await this.link(folder)
      if (!built.ok) return built
      module = built.value
      return accept(undefined)
    })
    return linked.ok ? accept({ report, module }) : linked
  }

  // 1: the trees before and after, and the one that is compiled, in which lines keep their numbers

  private prepareSources(folder: string): PatchResult<void> {
    const tree = sourcesOf(this.toolchain, releaseOf(this.facts))
    const files = applySourceDiff(this.options.diff, KERNEL, (path) => {
      const place = join(tree, path)
      return existsSync(place) ? readFileSync(place, 'utf8') : undefined
    })
    if (!files.ok) return files
    writeFileSync(join(folder, 'patch.diff'), this.options.diff)
    const [patched, pinned] = [new Map<string, string | undefined>(), new Map<string, string | undefined>()]
    for (const { path, before, after } of files.value) {
      patched.set(path, after)
      const both = before !== undefined && after !== undefined && /\.[ch]$/.test(path)
      pinned.set(path, both ? pinLines(before, after) : after)
    }
    overlayTree(tree, join(folder, 'original'), KERNEL, new Map())
    overlayTree(tree, join(folder, 'patched'), KERNEL, patched)
    overlayTree(tree, join(folder, 'pinned'), KERNEL, pinned)
    const changed = [...patched.keys()]
    const reached = (name: string): string[] => reachedSources(this.toolchain, join(folder, name), new Set(changed))
    writeJson(join(folder, 'changed.json'), { changed, original: reached('original'), pinned: reached('pinned') })
    return accept(undefined)
  }

  private tree(name: 'original' | 'patched' | 'pinned'): string {
    return join(this.stations.folder('sources'), name)
  }

  private readonly source = (path: string): string | undefined => this.textOf('original', path)

  private readonly leave = (comparison: UnitComparison, original: Element): boolean =>
    runsNoMore(comparison, original, { running: this.running, graph: this.graph })

  private textOf(tree: 'original' | 'patched', path: string): string | undefined {
    const place = join(this.tree(tree), path)
    return existsSync(place) ? readFileSync(place, 'utf8') : undefined
  }

  private changes(): SourceChanges {
    return readJson<SourceChanges>(join(this.stations.folder('sources'), 'changed.json'))
  }

  private changedFiles(): ChangedFile[] {
    return this.changes().changed.map((path) => {
      return { path, before: this.source(path), after: this.textOf('patched', path) }
    })
  }

  // 2 and 3: the objects of what the diff reaches

  private compileOriginal(folder: string): Promise<PatchResult<void>> {
    const requests = this.changes().original.map((source) => ({ source, form: 'apart' as const }))
    return compileUnits(this.tree('original'), folder, requests)
  }

  private async compilePatched(folder: string): Promise<PatchResult<void>> {
    const requests = this.changes().pinned.map((source) => ({ source, form: 'apart' as const }))
    const compiled = await compileUnits(this.tree('pinned'), folder, requests)
    if (compiled.ok) return compiled
    // Again without the directives, so that the compiler speaks of lines as the author has them.
    const again = await compileUnits(this.tree('patched'), folder, requests)
    return again.ok ? compiled : again
  }

  // 4: what differs, and whether it is right

  private async compare(folder: string): Promise<PatchResult<DiffReport>> {
    const read = this.readComparisons()
    if (!read.ok) return read
    const comparisons = read.value
    const matched = await this.matchRunning(folder, comparisons)
    if (!matched.ok) return matched
    const files = this.changedFiles()
    const { help } = this.options
    const verdict = judge({
      ...{ files, comparisons, running: this.running, graph: this.graph, assembly: this.assemblyThatDiffers() },
      ...{ source: this.source, usersOf: (name: string) => this.usersOf(name) },
      ...(help === undefined ? {} : { help }),
    })
    const told = { comparisons, matched: matched.value, files, verdict, kernel: this.facts.buildId }
    const input = { ...told, source: this.source, leave: this.leave }
    const report = await this.placeFirstChanges(folder, reportDiff(input))
    writeJson(join(folder, 'report.json'), report)
    return accept(report)
  }

  private readComparisons(): PatchResult<UnitComparison[]> {
    const comparisons: UnitComparison[] = []
    for (const source of this.changes().pinned) {
      if (!source.endsWith('.c')) continue
      const [before, after] = (['original', 'patched'] as const).map((station) =>
        readObjectFile(this.stations.folder(station), source, 'apart'),
      )
      const patched = after && readUnit(source, after, this.disassembler)
      if (!patched?.ok)
        return patched ?? refuse('no-station', `there is no object of ${source}`, 'Build from the start.')
      const original = before && readUnit(source, before, this.disassembler)
      if (original && !original.ok) return original
      comparisons.push(compareUnits(original?.value, patched.value))
    }
    return accept(comparisons)
  }

  /** How many functions of what changes are in the kernel as the sources make them: all, or a refusal that names the first which is not. */
  private async matchRunning(folder: string, comparisons: readonly UnitComparison[]): Promise<PatchResult<number>> {
    const changed = comparisons.filter(({ original, changes }) => {
      return original !== undefined && [...changes.values()].some((change) => change !== 'same')
    })
    const requests = changed.map(({ path }) => ({ source: path, form: 'as-linked' as const }))
    const compiled = await compileUnits(this.tree('original'), folder, requests)
    if (!compiled.ok) return compiled
    let matched = 0
    for (const { source, form } of requests) {
      const unit = readUnit(source, readObjectFile(folder, source, form) ?? new Uint8Array(0), this.disassembler)
      if (!unit.ok) return unit
      const [difference] = this.running.differences(unit.value)
      if (difference) {
        const { path, element, what } = difference
        const message = `the kernel ${this.facts.buildId} is not what these sources make: ${element}() of ${path} ${what}`
        const hint = 'Give the image that was built from them, with the same compiler.'
        return refuse('running-differs', message, hint, { symbol: element })
      }
      matched += unit.value.elements.filter((element) => element.kind === 'function').length
    }
    return accept(matched)
  }

  /** By the lines that the compiler has noted; they count as in the original where that has the line. */
  private async placeFirstChanges(folder: string, report: DiffReport): Promise<DiffReport> {
    if (this.options.showFirstChanged !== true) return report
    const form = 'with-lines'
    const requests = [...new Set(report.functions.map((one) => one.path))].map((source) => ({ source, form }) as const)
    const compiled = await compileUnits(this.tree('pinned'), folder, requests)
    if (!compiled.ok) return report
    const functions = report.functions.map((one) => {
      const object = join(folder, objectName(one.path, form))
      const words = ['-i', '-e', object, '-j', `.text.${one.name}`, `0x${one.first.offset.toString(16)}`]
      const { status, stdout } = this.toolchain.try('addr2line', words)
      const places = stdout
        .trim()
        .split('\n')
        .map((line) => line.replace(/ \(.*/, '').replace(/^\.\//, ''))
      return status === 0 ? { ...one, first: { ...one.first, place: places.join(' in ') } } : one
    })
    return { ...report, functions }
  }

  private assemblyThatDiffers(): string[] {
    return this.changes().pinned.filter((source) => {
      if (!source.endsWith('.S')) return false
      const [before, after] = (['original', 'patched'] as const).map((station) =>
        readObjectFile(this.stations.folder(station), source, 'apart'),
      )
      return !before || !after || Buffer.compare(before, after) !== 0
    })
  }

  private usersOf(name: string): string[] {
    const word = new RegExp(`\\b${name}\\b`)
    const sources = kernelSources(this.tree('original'))
    return sources.filter((path) => word.test(this.source(path) ?? ''))
  }

  // 5 and 6: what the patch brings along, and the module

  private extract(folder: string): PatchResult<void> {
    const read = this.readComparisons()
    if (!read.ok) return read
    const extract = extractPatch(read.value, this.running, this.leave)
    if (!extract.ok) return extract
    const { object, replacements } = extract.value
    writeFileSync(join(folder, 'extract.o'), writeObject(object))
    writeJson(
      join(folder, 'functions.json'),
      replacements.map((one) => one.kernel),
    )
    return accept(undefined)
  }

  private async link(folder: string): Promise<PatchResult<BuiltModule>> {
    const from = this.stations.folder('extract')
    const functions = readJson<KernelName[]>(join(from, 'functions.json'))
    const { help, replace = false, name } = this.options
    const source = glueSource({ functions, replace, ...(help === undefined ? {} : { help }) })
    const sourceName = `${name.replace(/^.*\//, '').replace(/\.[^.]*$/, '')}.c`
    writeFileSync(join(folder, sourceName), source)
    const parsed = parseElf(new Uint8Array(readFileSync(join(from, 'extract.o'))))
    const object = parsed.ok ? readObject(parsed.value) : parsed
    if (!object.ok) return refuse('wrong-kind', `extract.o: ${object.message}`, 'Build from an earlier station.')
    const includes = [join(this.tree('original'), KERNEL, 'include')]
    const built = await buildPatchFromC({
      ...{ sourceName, source, kernel: this.facts },
      compile: (request) => compilePatchUnit(request, includes, this.toolchain),
      extend: (unit) => linkInto(unit, object.value),
    })
    if (built.ok) writeFileSync(join(folder, `${built.value.name}.ko`), built.value.module)
    return built
  }
}

function noChange(): PatchResult<never> {
  return refuse(
    'no-change',
    'the diff changes no function: what it alters are comments, line numbers, or text that gives the same code',
    'There is nothing to patch.',
  )
}
