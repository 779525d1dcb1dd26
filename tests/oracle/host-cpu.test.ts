// The host CPU as oracle: the same ELF runs natively and on the core; its output must be the same text.
//
// images/built/oracle executes about 120,000 generated cases of 4,200 instruction forms (operands, flags, faults, MXCSR, x87)
// and prints one hash for each form. Where the forms differ, the test names them and shows the first differing case.

import { describe, expect, it } from 'vitest'
import { needs } from '../needs.js'
import { emulated, native } from './native.js'

function nameOf(line: string): string {
  return line.split(' ').slice(2).join(' ')
}

/** The first lines in which two texts differ, with the case they belong to. */
function firstDifference(expected: string, actual: string): string {
  const a = expected.split('\n')
  const b = actual.split('\n')
  const i = a.findIndex((line, n) => line !== b[n])
  const from = Math.max(0, i - 16)
  return [...a.slice(from, i), `host: ${a[i]}`, `core: ${b[i]}`].join('\n')
}

describe('the oracle on the core', () => {
  it('runs every form to its end and says so', () => {
    const last = emulated().trimEnd().split('\n').at(-1)
    expect(last).toMatch(/^[0-9a-f]{16} forms \d+ cases \d+$/)
    expect(emulated('--count').split(' ').slice(1).join(' ')).toBe(`${last?.split(' ').slice(1).join(' ')}\n`)
  })
})

needs('x86-64-host')('the host CPU as oracle', () => {
  it('prints the same text as the core, form by form', () => {
    const expected = native().split('\n')
    const actual = emulated().split('\n')
    const differing = expected.filter(
      (line, i) => line !== actual[i] && / \d+ /.test(line) && !/ forms \d+ cases /.test(line),
    )
    const report = differing.slice(0, 3).map((line) => {
      const name = nameOf(line)
      return `${name}\n${firstDifference(native(name), emulated(name))}`
    })
    expect(report, `${differing.length} forms differ: ${differing.map(nameOf).join(' | ')}`).toEqual([])
    expect(actual).toEqual(expected)
  })
})
