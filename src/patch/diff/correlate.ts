// Which element of the patched unit is which of the original one.
//
// Names that the compiler numbers (`buf.2`, `__once.0`, `copy.isra.0`) shift when a source gains or loses one, so such elements are
// matched by the name without its number and by who uses them; several that are still alike are taken in their order, which is that of
// the source.

import type { Element, Unit } from './unit.js'

/** Original elements by patched ones. Literals are in it: they have no identity, only contents. */
export type Correlation = ReadonlyMap<Element, Element>

/** Matches two builds of one source. */
export function correlate(original: Unit, patched: Unit): Correlation {
  const pairs = new Map<Element, Element>()
  const open = (unit: Unit): Element[] => unit.elements.filter((one) => one.kind !== 'literal')
  const taken = new Set<Element>()
  const pair = (to: Element, from: Element): void => {
    pairs.set(to, from)
    taken.add(from)
  }
  for (const element of open(patched)) {
    const same = original.byName.get(element.name)
    if (same !== undefined && !isNumbered(element) && alike(element, same)) pair(element, same)
  }
  // First those with the same users, then what is left.
  for (const keyOf of [keyWithUsers, keyOfName]) {
    const [from, to] = [groups(original, open(original), keyOf), groups(patched, open(patched), keyOf)]
    for (const [key, elements] of to) {
      const wanting = elements.filter((element) => !pairs.has(element))
      const offered = (from.get(key) ?? []).filter((element) => !taken.has(element))
      if (keyOf === keyOfName || wanting.length === offered.length) {
        wanting.slice(0, offered.length).forEach((element, i) => {
          const other = offered[i] as Element
          if (alike(element, other)) pair(element, other)
        })
      }
    }
  }
  return pairs
}

const NUMBER = /\.\d+(?=$|\.)/g

/** A function's clones keep their numbers from one build to the other more often than not; variables of functions do not. */
function isNumbered(element: Element): boolean {
  return element.kind !== 'function' && stemOf(element.name) !== element.name
}

/** A name without what the compiler numbers. */
export function stemOf(name: string): string {
  return name.replace(NUMBER, '')
}

function alike(a: Element, b: Element): boolean {
  return (a.kind === 'function') === (b.kind === 'function') && (a.kind === 'record') === (b.kind === 'record')
}

type Key = (element: Element, users: ReadonlyMap<Element, ReadonlySet<string>>) => string

const keyOfName: Key = (element) => `${element.kind === 'function'} ${stemOf(element.name)}`
const keyWithUsers: Key = (element, users) =>
  `${keyOfName(element, users)} ${[...(users.get(element) ?? [])].sort().join(' ')}`

function groups(unit: Unit, elements: readonly Element[], keyOf: Key): Map<string, Element[]> {
  const users = usersByName(unit)
  const found = new Map<string, Element[]>()
  for (const element of inOrder(elements)) {
    const key = keyOf(element, users)
    const list = found.get(key)
    if (list) list.push(element)
    else found.set(key, [element])
  }
  return found
}

/** By the numbers that the compiler gave, which follow the source. */
function inOrder(elements: readonly Element[]): Element[] {
  const number = (element: Element): number => Number(/\.(\d+)$/.exec(element.name)?.[1] ?? 0)
  return [...elements].sort((a, b) => number(a) - number(b))
}

function usersByName(unit: Unit): Map<Element, Set<string>> {
  const users = new Map<Element, Set<string>>()
  for (const element of unit.elements) {
    for (const { target } of element.references) {
      if (!target) continue
      const known = users.get(target)
      if (known) known.add(stemOf(element.name))
      else users.set(target, new Set([stemOf(element.name)]))
    }
  }
  return users
}
