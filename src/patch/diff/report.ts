// What a diff has become, as data: for the command line, for scripts, and for the station that compares.

import type { UnitComparison } from './compare.js'
import type { ChangedFile, SourceReader } from './source-diff.js'
import { sourceFunctions, sourceName } from './source-functions.js'
import { changedFunctions } from './source-meaning.js'
import type { Element } from './unit.js'
import { lineOf, type Reason, type Verdict, type VerdictKind } from './verdict.js'

/** A function that a patch replaces, and why. */
export interface ReportedFunction {
  readonly path: string
  readonly line: number
  readonly name: string
  /** `its text changed`, or through what it changed. */
  readonly because: string
  /** Where its code differs first: bytes from its start, and a sentence's end. */
  readonly first: FirstChange
}

/** Where a function differs first. */
export interface FirstChange {
  readonly offset: number
  readonly what: string
  /** File and line, through what is inlined there, where it was asked for. */
  readonly place?: string
}

/** Something that a patch brings along. */
export interface ReportedElement {
  readonly path: string
  readonly name: string
  readonly kind: Element['kind']
}

/** What a diff has become. */
export interface DiffReport {
  /** The build-id of the kernel. */
  readonly kernel: string
  readonly verdict: VerdictKind
  readonly reasons: readonly Reason[]
  /** Sources whose objects were compared. */
  readonly units: number
  /** Functions of the running kernel whose bytes were found to be those of the sources. */
  readonly matched: number
  readonly functions: readonly ReportedFunction[]
  readonly added: readonly ReportedElement[]
  readonly removed: readonly ReportedElement[]
}

/** What a report is made from. */
export interface ReportInput {
  readonly kernel: string
  readonly comparisons: readonly UnitComparison[]
  readonly matched: number
  readonly files: readonly ChangedFile[]
  readonly verdict: Verdict
  readonly source: SourceReader
  /** Whether a function of the original is not replaced, since it runs no more. */
  readonly leave: (comparison: UnitComparison, original: Element) => boolean
}

/** Puts together what is told of a diff. */
export function reportDiff(input: ReportInput): DiffReport {
  const { kernel, comparisons, matched, verdict } = input
  const told = (path: string, elements: Iterable<Element>): ReportedElement[] =>
    [...elements]
      .filter(({ kind, parent }) => kind !== 'literal' && kind !== 'record' && !parent)
      .map(({ name, kind }) => ({ path, name, kind }))
  return {
    ...{ kernel, ...verdict, units: comparisons.length, matched },
    functions: comparisons.flatMap((comparison) => reportFunctions(comparison, input)),
    added: comparisons.flatMap(({ path, changes }) =>
      told(
        path,
        [...changes].filter(([, change]) => change === 'new').map(([element]) => element),
      ),
    ),
    removed: comparisons.flatMap(({ path, removed }) => told(path, removed)),
  }
}

function reportFunctions(comparison: UnitComparison, input: ReportInput): ReportedFunction[] {
  const { path, changes, differences, correlation } = comparison
  return [...changes].flatMap(([element, change]): ReportedFunction[] => {
    if (element.kind !== 'function' || change !== 'changed' || element.parent) return []
    const original = correlation.get(element)
    const name = original?.name ?? element.name
    const { offset, what } = differences.get(element) ?? { offset: 0, what: 'differs' }
    const left = original && input.leave(comparison, original) ? '; it runs no more, and is left alone' : ''
    const because = `${reasonOfChange(path, name, what, input)}${left}`
    return [{ path, line: lineOf(input, path, name), name, because, first: { offset, what } }]
  })
}

function reasonOfChange(path: string, symbol: string, what: string, { files, source }: ReportInput): string {
  const name = sourceName(symbol)
  const changed = changedFunctions(files)
  if (changed.some((one) => one.path === path && one.name === name)) return 'its text changed'
  if (what.startsWith('uses ')) return what
  const body =
    sourceFunctions(source(path) ?? '')
      .get(name)
      ?.body.join('\n') ?? ''
  const inlined = changed.find((one) => new RegExp(`\\b${one.name}\\b`).test(body))
  if (inlined) return `it inlines ${inlined.name}() of ${inlined.path}`
  const here = files.find((file) => file.path === path) ?? files.find((file) => file.path.endsWith('.h')) ?? files[0]
  return `it is made of what changed in ${here?.path}`
}
