// What the text of a change says about meaning that no object shows: in which order locks are taken, and what one function counts up that
// another one counts down. While a patch comes or goes, one task runs the old functions and another one the new ones: each is right
// alone, both together may not be.

import type { ChangedFile } from './source-diff.js'
import { type SourceFunction, sourceFunctions } from './source-functions.js'

/** Two locks that are taken in one order before a change and in the other one after it. */
export interface LockReversal {
  readonly path: string
  readonly function: string
  readonly line: number
  readonly first: string
  readonly second: string
}

/** Something that the change makes one function count up, and another one count down. */
export interface NewPair {
  readonly path: string
  readonly function: string
  readonly line: number
  /** What is counted, in the source's words. */
  readonly subject: string
  readonly other: string
}

interface Nesting {
  readonly path: string
  readonly function: string
  readonly line: number
}

/** Functions of a source before and after, where their texts differ. */
interface ChangedFunction {
  readonly path: string
  readonly name: string
  readonly before: SourceFunction | undefined
  readonly after: SourceFunction | undefined
}

const TAKE =
  /\b(?:raw_)?(?:spin_lock|mutex_lock|down_read|down_write|read_lock|write_lock)(?:_irqsave|_irq|_bh|_nested)?\(\s*([^,)]+)/g
const RELEASE =
  /\b(?:raw_)?(?:spin_unlock|mutex_unlock|up_read|up_write|read_unlock|write_unlock)(?:_\w+)?\(\s*([^,)]+)/g

/** Functions whose text a change alters. */
export function changedFunctions(files: readonly ChangedFile[]): ChangedFunction[] {
  return files.flatMap(({ path, before = '', after = '' }) => {
    const [old, now] = [sourceFunctions(before), sourceFunctions(after)]
    return [...new Set([...old.keys(), ...now.keys()])].flatMap((name): ChangedFunction[] => {
      const [from, to] = [old.get(name), now.get(name)]
      const same = from?.signature === to?.signature && from?.body.join('\n') === to?.body.join('\n')
      return same ? [] : [{ path, name, before: from, after: to }]
    })
  })
}

/** Locks whose order a change reverses, whichever functions take them. */
export function lockReversals(files: readonly ChangedFile[]): LockReversal[] {
  const [before, after] = [new Map<string, Nesting>(), new Map<string, Nesting>()]
  for (const one of changedFunctions(files)) {
    if (one.before) nestings(one, one.before, before)
    if (one.after) nestings(one, one.after, after)
  }
  return [...after].flatMap(([key, place]) => {
    const [first, second] = key.split('\0') as [string, string]
    const reversed = before.has(`${second}\0${first}`) && !before.has(key)
    return reversed ? [{ ...place, first, second }] : []
  })
}

/** Adds the pairs of locks that a function holds at once, by their names without the objects that they are in. */
function nestings(one: ChangedFunction, text: SourceFunction, into: Map<string, Nesting>): void {
  const held: string[] = []
  text.body.forEach((line, i) => {
    for (const [, lock = ''] of line.matchAll(TAKE)) {
      const name = lockName(lock)
      const place = { path: one.path, function: one.name, line: text.last - text.body.length + i }
      for (const outer of held) if (!into.has(`${outer}\0${name}`)) into.set(`${outer}\0${name}`, place)
      held.push(name)
    }
    for (const [, lock = ''] of line.matchAll(RELEASE)) {
      const at = held.lastIndexOf(lockName(lock))
      if (at >= 0) held.splice(at, 1)
    }
  })
}

/** `&task->signal->lock`: a `signal->lock` of any task. */
function lockName(expression: string): string {
  return expression
    .replace(/[&\s*]/g, '')
    .split('->')
    .slice(-2)
    .join('->')
}

const UP = [
  /\b(\w+?)_get\(/g,
  /\bget_(\w+)\(/g,
  /\b(?:atomic|atomic64|refcount)_inc\(\s*&?([^,)]+)/g,
  /([\w>.-]+)\+\+/g,
]
const DOWN = [
  /\b(\w+?)_put\(/g,
  /\bput_(\w+)\(/g,
  /\b(?:atomic|atomic64|refcount)_dec(?:_and_test)?\(\s*&?([^,)]+)/g,
  /([\w>.-]+)--/g,
]

/** What a change makes one function count up and another one count down. */
export function newPairs(files: readonly ChangedFile[]): NewPair[] {
  const functions = changedFunctions(files).filter(({ before, after }) => before && after)
  const [up, down] = [UP, DOWN].map((words) => functions.flatMap((one) => additions(one, words)))
  return (up ?? []).flatMap(({ subject, ...place }) => {
    const other = (down ?? []).find((one) => one.subject === subject && one.function !== place.function)
    return other ? [{ ...place, subject, other: other.function }] : []
  })
}

/** What the new text counts more often than the old one did. */
function additions({ path, name, before, after }: ChangedFunction, words: readonly RegExp[]) {
  if (!before || !after) return []
  const count = (body: readonly string[]): Map<string, number[]> => {
    const found = new Map<string, number[]>()
    body.forEach((line, i) => {
      for (const word of words) {
        for (const [, subject = ''] of line.matchAll(word)) {
          // A variable of the function itself is nobody else's.
          if (word.source.includes('[') && !/->|\./.test(subject)) continue
          const key = `${words[0] === word || words[1] === word ? '' : '->'}${subject.split('->').pop()?.trim()}`
          found.set(key, [...(found.get(key) ?? []), i])
        }
      }
    })
    return found
  }
  const [old, now] = [count(before.body), count(after.body)]
  return [...now].flatMap(([key, lines]) => {
    if (lines.length <= (old.get(key)?.length ?? 0)) return []
    const line = after.last - after.body.length + (lines[0] ?? 0)
    return [{ path, function: name, line, subject: key.replace(/^->/, '') }]
  })
}
