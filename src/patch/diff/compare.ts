// What a change of the source has become in one unit: each function and datum is the same, changed or new.
//
// Two functions are the same where their bytes are, and each place that holds an address means the same thing: the same symbol, an
// element that correlates, or a literal with the same contents. Where the linker puts something is no difference.
//
// A changed constant has no reader that would notice: so its readers count as changed and take the new one with them.

import { R_X86_64_PC64 } from '../../format/index.js'
import { type Correlation, correlate } from './correlate.js'
import { bytesOf, type Element, isRelative, type Reference, SHF_STRINGS, type Unit } from './unit.js'

/** What became of an element. */
export type Change = 'same' | 'changed' | 'new'

/** Where two versions of an element differ first. */
export interface Difference {
  /** In bytes, from the start of the patched element. */
  readonly offset: number
  /** A sentence's end: `differs in ...`. */
  readonly what: string
  /** The constant that this function takes with it, if nothing else differs. */
  readonly constant?: Element
}

/** Two builds of one source, compared. */
export interface UnitComparison {
  readonly path: string
  /** None: the source is new. */
  readonly original: Unit | undefined
  readonly patched: Unit
  readonly correlation: Correlation
  /** Of every element of the patched unit that has a name. */
  readonly changes: ReadonlyMap<Element, Change>
  /** For those that changed. */
  readonly differences: ReadonlyMap<Element, Difference>
  /** Elements of the original unit that the patched one has no more. */
  readonly removed: readonly Element[]
}

/** Compares two builds of one source. */
export function compareUnits(original: Unit | undefined, patched: Unit): UnitComparison {
  const correlation: Correlation = original ? correlate(original, patched) : new Map()
  const changes = new Map<Element, Change>()
  const differences = new Map<Element, Difference>()
  for (const element of patched.elements) {
    if (element.kind === 'literal') continue
    const other = correlation.get(element)
    const difference = other && firstDifference(element, other, correlation)
    changes.set(element, other === undefined ? 'new' : difference ? 'changed' : 'same')
    if (difference) differences.set(element, difference)
  }
  takeConstants(patched, changes, differences)
  joinParts(patched, changes, differences)
  const kept = new Set(correlation.values())
  const removed = (original?.elements ?? []).filter((element) => element.kind !== 'literal' && !kept.has(element))
  return { path: patched.path, original, patched, correlation, changes, differences, removed }
}

/** Where an element differs from the original one; undefined where it does not. */
export function firstDifference(
  patched: Element,
  original: Element,
  correlation: Correlation,
  depth = 0,
): Difference | undefined {
  if (depth > 8) return undefined
  const [bytes, before] = [bytesOf(patched), bytesOf(original)]
  const end = Math.min(patched.size, original.size)
  let offset = end
  if (bytes && before) {
    for (let i = 0; i < end && offset === end; i++) if (bytes[i] !== before[i]) offset = i
  } else if (bytes !== before && [...(bytes ?? before ?? [])].some((byte) => byte !== 0)) offset = 0
  const counted = Math.max(patched.references.length, original.references.length)
  for (let i = 0; i < counted; i++) {
    const [one, other] = [patched.references[i], original.references[i]]
    const at = Math.min(one?.offset ?? end, other?.offset ?? end)
    if (at >= offset) break
    const what = one && other ? referenceDifference(one, other, correlation, depth) : 'differs in what it refers to'
    if (what !== undefined) return { offset: one?.offset ?? at, what }
  }
  if (offset < end) return { offset, what: 'differs in its bytes' }
  if (patched.size !== original.size) {
    return { offset: end, what: `has ${patched.size} bytes and had ${original.size}` }
  }
  return undefined
}

function referenceDifference(
  one: Reference,
  other: Reference,
  correlation: Correlation,
  depth: number,
): string | undefined {
  const refers = `refers to ${one.name} where it referred to ${other.name}`
  if (one.offset !== other.offset || one.type !== other.type) return 'differs in what it refers to'
  if ((one.target === undefined) !== (other.target === undefined)) return refers
  if (one.target === undefined || other.target === undefined) {
    return one.name === other.name && one.addend === other.addend ? undefined : refers
  }
  if (one.target.kind === 'literal' && other.target.kind === 'literal') {
    return sameLiteral(one, other, correlation, depth) ? undefined : 'differs in a string or table'
  }
  if (correlation.get(one.target) !== other.target) return refers
  return one.addend === other.addend ? undefined : `refers to another place in ${one.name}`
}

/** Strings by their characters, whatever else shares their section; other literals by all that they are. */
function sameLiteral(one: Reference, other: Reference, correlation: Correlation, depth: number): boolean {
  const [a, b] = [one.target as Element, other.target as Element]
  const [text, before] = [stringAt(one), stringAt(other)]
  if (text !== undefined || before !== undefined) return text === before
  return one.addend === other.addend && firstDifference(a, b, correlation, depth + 1) === undefined
}

/** The string that a reference points at; undefined where it is none. */
export function stringAt({ target, addend, type }: Reference): string | undefined {
  if (!target || !(target.section.flags & SHF_STRINGS) || isRelative(type) || type === R_X86_64_PC64) return undefined
  const bytes = bytesOf(target) ?? new Uint8Array(0)
  const start = Number(addend)
  const end = bytes.indexOf(0, start)
  return String.fromCharCode(...bytes.subarray(start, end < 0 ? bytes.length : end))
}

/** Readers of changed constants, and constants that point at such. */
function takeConstants(patched: Unit, changes: Map<Element, Change>, differences: Map<Element, Difference>): void {
  for (let again = true; again; ) {
    again = false
    for (const element of patched.elements) {
      if (changes.get(element) !== 'same' || (element.kind !== 'function' && element.kind !== 'constant')) continue
      const taken = element.references.find(
        ({ target }) => target?.kind === 'constant' && changes.get(target) === 'changed',
      )
      if (!taken?.target) continue
      changes.set(element, 'changed')
      differences.set(element, {
        offset: taken.offset,
        what: `uses ${taken.name}, which changed`,
        constant: taken.target,
      })
      again = true
    }
  }
}

/** A function and its part that is seldom run are one. */
function joinParts(patched: Unit, changes: Map<Element, Change>, differences: Map<Element, Difference>): void {
  for (const part of patched.elements) {
    if (part.parent === undefined || changes.get(part) === 'same' || changes.get(part.parent) !== 'same') continue
    changes.set(part.parent, 'changed')
    differences.set(part.parent, { offset: 0, what: 'differs in the part that is seldom run' })
  }
}
