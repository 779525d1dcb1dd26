// Is a change right as a live patch? What can be told before it is tried, from the objects, the types, the calls of the running kernel and
// the text of the change. Each reason names a place in the source, what is wrong there, and the way out.
//
//   applies      the module does what the diff does
//   needs-help   code alone is not enough: a callback, a shadow variable or a state has to be written
//   cannot       not as a live patch, whoever writes it

import { parseBtf, R_X86_64_64 } from '../../format/index.js'
import type { PatchedFunction } from '../check-patch.js'
import type { CallGraph, GraphFunction } from './call-graph.js'
import type { UnitComparison } from './compare.js'
import { type LayoutChange, layoutChanges } from './layouts.js'
import type { RunningKernel } from './running.js'
import { keptSketch, pairSketch, shadowSketch, startSketch, valueSketch } from './sketch.js'
import type { ChangedFile } from './source-diff.js'
import { sourceFunctions, sourceName } from './source-functions.js'
import { changedFunctions, lockReversals, newPairs } from './source-meaning.js'
import { type Element, isRelative } from './unit.js'

/** The answer for a change. */
export type VerdictKind = 'applies' | 'needs-help' | 'cannot'

/** What a reason is about. */
export type ReasonCode =
  | 'assembly'
  | 'build-file'
  | 'start-code'
  | 'notrace'
  | 'never-left'
  | 'table-entry'
  | 'variable-size'
  | 'initial-value'
  | 'shared-constant'
  | 'operations'
  | 'layout'
  | 'lock-order'
  | 'counting'
  | 'kept-address'

/** Why a change does not apply as it is. */
export interface Reason {
  readonly code: ReasonCode
  readonly verdict: Exclude<VerdictKind, 'applies'>
  /** In the sources before the change; where there is none, after it. */
  readonly path: string
  readonly line: number
  /** The name of what it is about. */
  readonly subject: string
  readonly what: string
  readonly wayOut: string
  /** C to begin with. */
  readonly sketch?: string
}

/** The answer, with all its reasons. */
export interface Verdict {
  readonly verdict: VerdictKind
  readonly reasons: readonly Reason[]
}

/** What a verdict is made from. */
export interface Evidence {
  readonly files: readonly ChangedFile[]
  readonly comparisons: readonly UnitComparison[]
  readonly running: RunningKernel
  readonly graph: CallGraph
  /** Sources of assembly whose object differs. */
  readonly assembly: readonly string[]
  /** The text of a source before the change. */
  readonly source: (path: string) => string | undefined
  /** The sources of the kernel that name a global symbol. */
  readonly usersOf: (name: string) => readonly string[]
  /** Source that the author added for this patch; what it names is taken to be seen to. */
  readonly help?: string
}

/** Reasons that an author's callbacks can answer; all others ask for another diff. */
const ANSWERABLE: ReadonlySet<ReasonCode> = new Set([
  ...['initial-value', 'operations', 'counting', 'start-code', 'kept-address'],
] as ReasonCode[])

/** Judges a change. */
export function judge(evidence: Evidence): Verdict {
  const layouts = judgeLayouts(evidence)
  const own = new Set(changedFunctions(evidence.files).map(({ path, name }) => `${path} ${name}`))
  const reasons = [
    ...judgeFiles(evidence),
    ...layouts,
    ...evidence.comparisons
      .flatMap((comparison) => judgeUnit(comparison, evidence))
      // With another layout all that touches the type differs: what is to be said of it is said of the type.
      .filter(({ path, subject }) => layouts.length === 0 || own.has(`${path} ${subject}`)),
    ...judgeKeptAddresses(evidence),
    ...judgeMeaning(evidence),
  ].filter((reason) => !isAnswered(reason, evidence.help))
  return { verdict: worst(reasons), reasons }
}

/**
 * Judges a module that was written by hand, by the functions that it replaces: what it does instead is its author's matter. `placeOf`: where a
 * function stands in the kernel's sources.
 */
export function judgeHandWritten(
  functions: readonly PatchedFunction[],
  graph: CallGraph,
  placeOf: (name: string, address: bigint) => { readonly path: string; readonly line: number } | undefined,
): Verdict {
  const reasons = functions.flatMap(({ name, entry }): Reason[] => {
    const one = entry === undefined ? undefined : graph.at(entry)
    if (!one) return []
    const found = judgeCalls(one, true, graph)
    const { path, line } = placeOf(name, one.address) ?? { path: 'images/kernel', line: 1 }
    return found ? [{ ...found, path, line, subject: name }] : []
  })
  return { verdict: worst(reasons), reasons }
}

/** The answer that a list of reasons amounts to. */
export function worst(reasons: readonly Reason[]): VerdictKind {
  if (reasons.some((reason) => reason.verdict === 'cannot')) return 'cannot'
  return reasons.length > 0 ? 'needs-help' : 'applies'
}

function isAnswered({ code, subject }: Reason, help: string | undefined): boolean {
  if (help === undefined || !ANSWERABLE.has(code)) return false
  return new RegExp(`(?<!\\w)${subject.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`).test(help)
}

// Files ///////////////////////////////////////////////////////////////////////////////////////////////////////////////

function judgeFiles({ files, assembly }: Evidence): Reason[] {
  const code = (path: string): boolean => /\.[ch]$/.test(path)
  return [
    ...assembly.map((path) =>
      reason('assembly', 'cannot', path, 1, path, 'is assembly: its code has no entry that can be redirected', UPGRADE),
    ),
    ...files
      .filter(({ path, after }) => after === undefined && code(path))
      .map(({ path }) => {
        const what = 'is removed, but what it defines is in the kernel: a patch takes nothing away'
        return reason('build-file', 'cannot', path, 1, path, what, 'Change who uses it; or make it a release.')
      }),
    ...files
      .filter(({ path }) => !code(path) && !/\.(S|inc)$/.test(path))
      .map(({ path }) =>
        reason(
          'build-file',
          'cannot',
          path,
          1,
          path,
          'decides how the kernel is built or linked, not what it does',
          UPGRADE,
        ),
      ),
  ]
}

const UPGRADE = 'Make it a release, and upgrade to it.'

function reason(
  code: ReasonCode,
  verdict: Reason['verdict'],
  path: string,
  line: number,
  subject: string,
  what: string,
  wayOut: string,
  sketch?: string,
): Reason {
  return { code, verdict, path, line, subject, what, wayOut, ...(sketch === undefined ? {} : { sketch }) }
}

/**
 * True for a changed function that only the start of the kernel gets to: it runs no more, and is not replaced. That is a reason against the
 * patch where the change is of its own text; what is merely built into it is replaced where it still runs.
 */
export function runsNoMore(
  { original }: UnitComparison,
  element: Element | undefined,
  { running, graph }: Pick<Evidence, 'running' | 'graph'>,
): boolean {
  const address = original && element && running.addressOf(original, element)
  const one = address === undefined ? undefined : graph.at(address)
  return one !== undefined && graph.runsOnlyAtStart(one) && graph.whyNeverLeft(one) === undefined
}

// Functions and data //////////////////////////////////////////////////////////////////////////////////////////////////

function judgeUnit(comparison: UnitComparison, evidence: Evidence): Reason[] {
  const reasons: Reason[] = []
  for (const [element, change] of comparison.changes) {
    if (change === 'same' || element.parent) continue
    const original = comparison.correlation.get(element)
    const found = original
      ? judgeChanged(comparison, element, original, evidence)
      : element.kind === 'record' && judgeNewRecord(comparison, element, evidence)
    if (found) reasons.push(found)
  }
  for (const element of comparison.patched.elements) {
    const stored = element.kind === 'variable' && comparison.changes.get(element) === 'same' ? element : undefined
    const constant = stored?.references.find(
      ({ target }) => target?.kind === 'constant' && comparison.changes.get(target) === 'changed',
    )
    if (stored && constant) reasons.push(keepsOld(comparison, stored, constant.name, evidence))
  }
  return reasons
}

function judgeChanged(
  comparison: UnitComparison,
  element: Element,
  original: Element,
  evidence: Evidence,
): Reason | undefined {
  const { path } = comparison
  const line = lineOf(evidence, path, element.name)
  const say = (code: ReasonCode, verdict: Reason['verdict'], what: string, wayOut: string, sketch?: string): Reason =>
    reason(code, verdict, path, line, element.name, what, wayOut, sketch)
  if (element.kind === 'function') return judgeFunction(comparison, element, original, evidence)
  if (element.kind === 'record') {
    return say('table-entry', 'cannot', 'is an entry of a table that was made when the kernel was linked', UPGRADE)
  }
  if (element.kind === 'variable') {
    if (element.size !== original.size) {
      const what = `has ${element.size} bytes and had ${original.size}: the kernel's own has no more room`
      return say(
        'variable-size',
        'cannot',
        what,
        'Give the new variable a new name, and change all that use the old one.',
      )
    }
    const what = 'has another initial value, but the kernel has begun with the old one'
    return say(
      'initial-value',
      'needs-help',
      what,
      'Set it in post_patch, and back in pre_unpatch.',
      valueSketch(element, original),
    )
  }
  const names = element.references.some(({ type, target }) => type === R_X86_64_64 && target?.kind === 'function')
  const external = element.references.some(
    ({ type, target, name }) => type === R_X86_64_64 && !target && isFunction(name, evidence),
  )
  if (names || external) {
    const what = 'names functions, and what was made with it before keeps the old one'
    return say(
      'operations',
      'needs-help',
      what,
      'Leave the table, and change the functions that it names; or move the objects in post_patch.',
      startSketch(element.name),
    )
  }
  if (element.isGlobal && readElsewhere(original, evidence)) {
    return say(
      'shared-constant',
      'cannot',
      'is read by files that the change does not touch',
      'Change the functions that read it.',
    )
  }
  return undefined
}

function isFunction(name: string, { graph }: Evidence): boolean {
  return graph.functions.some((one) => one.name === name)
}

function readElsewhere(original: Element, { comparisons, usersOf }: Evidence): boolean {
  return usersOf(original.name).some((path) => !comparisons.some((comparison) => comparison.path === path))
}

function keepsOld({ path }: UnitComparison, variable: Element, constant: string, evidence: Evidence): Reason {
  const what = `holds the address of ${constant}, which changed, and keeps the old one`
  const line = lineOf(evidence, path, variable.name)
  return reason(
    'initial-value',
    'needs-help',
    path,
    line,
    variable.name,
    what,
    'Set it in post_patch, and back in pre_unpatch.',
    startSketch(variable.name),
  )
}

function judgeFunction(
  comparison: UnitComparison,
  element: Element,
  original: Element,
  evidence: Evidence,
): Reason | undefined {
  const { path } = comparison
  const name = sourceName(element.name)
  const say = (code: ReasonCode, verdict: Reason['verdict'], what: string, wayOut: string, sketch?: string): Reason =>
    reason(code, verdict, path, lineOf(evidence, path, element.name), name, what, wayOut, sketch)
  const address = comparison.original && evidence.running.addressOf(comparison.original, original)
  if (address === undefined) return undefined
  const own = changedFunctions(evidence.files).some((one) => one.path === path && one.name === name)
  const one = evidence.graph.at(address)
  const found = one && judgeCalls(one, own, evidence.graph)
  if (found) return { ...found, path, line: lineOf(evidence, path, element.name), subject: name }
  // It runs no more: whether it could be replaced is no question.
  if (evidence.running.isPatchable(address) || runsNoMore(comparison, original, evidence)) return undefined
  return say('notrace', 'cannot', 'has no patchable entry: it is notrace', 'Change its callers.')
}

/** What the calls of the kernel say of a function. `own`: it is the change's own text, and not what was built into it, that differs. */
function judgeCalls(
  one: GraphFunction,
  own: boolean,
  graph: CallGraph,
): Omit<Reason, 'path' | 'line' | 'subject'> | undefined {
  const never = graph.whyNeverLeft(one)
  if (never !== undefined) {
    return { code: 'never-left', verdict: 'cannot', what: never, wayOut: 'Change the functions that it calls.' }
  }
  if (!own || !graph.runsOnlyAtStart(one)) return undefined
  const what = 'runs only while the kernel starts, which is over'
  const wayOut = 'Do what it would have done in pre_patch.'
  return { code: 'start-code', verdict: 'cannot', what, wayOut, sketch: startSketch(one.name) }
}

function judgeNewRecord({ path }: UnitComparison, element: Element, evidence: Evidence): Reason | undefined {
  const { name } = element.section
  const line = lineOf(evidence, path, element.name)
  if (/^\.init/.test(name)) {
    const what = 'would run while the kernel starts, which is over'
    return reason(
      'start-code',
      'cannot',
      path,
      line,
      element.name,
      what,
      'Call it from pre_patch.',
      startSketch(element.name),
    )
  }
  const what = `is a new entry of ${name}, a table that was made when the kernel was linked`
  return reason('table-entry', 'cannot', path, line, element.name, what, UPGRADE)
}

/**
 * New functions whose address the new code hands to somebody, as a timer or a callback. A changed function is still called by its old
 * address, which is right with the patch and without; a new one has no other than the patch's own, which goes with it.
 */
function judgeKeptAddresses(evidence: Evidence): Reason[] {
  const news = new Map<string, string>()
  for (const { path, changes } of evidence.comparisons) {
    for (const [element, change] of changes) {
      if (element.kind === 'function' && change === 'new' && !element.parent) news.set(element.name, path)
    }
  }
  const found = new Map<string, Reason>()
  for (const { path, changes } of evidence.comparisons) {
    for (const [element, change] of changes) {
      if (change === 'same' || element.kind === 'record') continue
      const taken = element.references.filter(({ type, name }) => !isRelative(type) && news.has(name))
      for (const { name } of taken) {
        const what = `is new, and ${element.name} hands out its address: who keeps it calls into what is gone when the patch is`
        const wayOut = 'In pre_unpatch, take it back from all who keep it, and wait for those who are in it.'
        const place = news.get(name) ?? path
        const line = lineOf(evidence, place, name)
        found.set(name, reason('kept-address', 'needs-help', place, line, name, what, wayOut, keptSketch(name)))
      }
    }
  }
  return [...found.values()]
}

// Types and meaning ///////////////////////////////////////////////////////////////////////////////////////////////////

function judgeLayouts(evidence: Evidence): Reason[] {
  const found = new Map<string, { readonly change: LayoutChange; readonly path: string }>()
  for (const { original, patched, path } of evidence.comparisons) {
    const [before, after] = [original?.types, patched.types].map((bytes) => bytes && parseBtf(bytes))
    if (!before?.ok || !after?.ok) continue
    for (const change of layoutChanges(before.value, after.value)) {
      if (!found.has(change.name)) found.set(change.name, { change, path })
    }
  }
  return [...found.values()].map(({ change, path }) => {
    const place = placeOfType(evidence, change.name) ?? { path, line: 1 }
    if (change.changed.length > 0) {
      const what = `${change.changed.join(', ')}: what exists has the old layout, or was given the old value`
      const wayOut = 'Leave the type as it is, or upgrade: a release converts what exists.'
      return reason('layout', 'cannot', place.path, place.line, change.name, what, wayOut)
    }
    const what = `gets ${change.added.join(', ')}, for which what exists has no room`
    const sketch = shadowSketch(change.name, change.added)
    const wayOut = 'Keep the new members in a shadow variable, and change the functions that use them.'
    return reason('layout', 'needs-help', place.path, place.line, change.name, what, wayOut, sketch)
  })
}

/** Where a changed source defines `struct name`. */
function placeOfType({ files }: Evidence, name: string): { path: string; line: number } | undefined {
  for (const { path, before, after } of files) {
    const at = (before ?? after ?? '').split('\n').findIndex((line) => line.startsWith(`${name} {`))
    if (at >= 0) return { path, line: at + 1 }
  }
  return undefined
}

function judgeMeaning({ files }: Evidence): Reason[] {
  return [
    ...lockReversals(files).map(({ path, line, first, second, function: name }) => {
      const what = `takes ${second} under ${first}, and the old one takes ${first} under ${second}: two tasks on both sides of the transition can wait for each other`
      const wayOut =
        'First a patch that takes the inner lock by trying only; when it has completed, one with the new order. Or upgrade.'
      return reason('lock-order', 'cannot', path, line, name, what, wayOut)
    }),
    ...newPairs(files).map(({ path, line, subject, other, function: name }) => {
      const what = `counts ${subject} up and ${other}() counts it down: what was there before the patch is counted down only`
      const wayOut = 'Mark what was counted with a shadow variable, and count down only what is marked.'
      return reason('counting', 'needs-help', path, line, name, what, wayOut, pairSketch(subject, name, other))
    }),
  ]
}

/** The line of a function or datum in its source before the change, or after it; 1 where its name does not stand in it as such. */
export function lineOf({ files, source }: Pick<Evidence, 'files' | 'source'>, path: string, symbol: string): number {
  const name = sourceName(symbol)
  for (const text of [source(path), files.find((one) => one.path === path)?.after]) {
    if (text === undefined) continue
    const found = sourceFunctions(text).get(name)
    if (found) return found.first
    const at = text.split('\n').findIndex((line) => new RegExp(`\\b${name}\\b.*[=;[{]`).test(line))
    if (at >= 0) return at + 1
  }
  return 1
}
