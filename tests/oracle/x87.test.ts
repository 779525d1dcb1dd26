// The x87 against the host CPU at random: the oracle's x87 forms (native.ts) with ten times their cases and chances of their own.
//
// Every form of the x87 but the transcendental ones, under all rounding and precision controls and masks, on zeros, denormals,
// pseudo-denormals, unnormals, infinities, NaNs with payloads, and neighbours that cancel; registers, tags, control and status words,
// memory, flags and #MF must be the same.

import { describe, expect, it } from 'vitest'
import { needs } from '../needs.js'
import { emulated, native } from './native.js'

const SALT = '1'
const TIMES = '10'

/** A line is the hash of a form's cases, their number, and its name. */
function linesOf(text: string): string[] {
  return text.trimEnd().split('\n')
}

function nameOf(line: string): string {
  return line.split(' ').slice(2).join(' ')
}

/** The first case of a form in which two texts differ, up to the differing lines. */
function firstDifference(name: string): string {
  const expected = linesOf(native('--x87', SALT, TIMES, name))
  const actual = linesOf(emulated('--x87', SALT, TIMES, name))
  const i = expected.findIndex((line, n) => line !== actual[n])
  const from = expected.slice(0, i).findLastIndex((line) => line.startsWith(name))
  return [...expected.slice(from, i), `host: ${expected[i]}`, `core: ${actual[i]}`].join('\n')
}

describe('the random x87 cases of the oracle', () => {
  it('are more than 100,000, with each kind of arithmetic, rounding, conversion and comparison', () => {
    const lines = linesOf(emulated('--x87', SALT, '1'))
    expect(lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0) * Number(TIMES)).toBeGreaterThan(100_000)
    const mnemonics = new Set(lines.map((line) => nameOf(line).split(/[ ,]/)[0]))
    for (const name of [
      'fadd',
      'fsub',
      'fsubr',
      'fmul',
      'fdiv',
      'fdivr',
      'fsqrt',
      'frndint',
      'fscale',
      'fprem',
      'fprem1',
    ])
      expect(mnemonics).toContain(name)
    for (const name of [
      'fist',
      'fistp',
      'fisttp',
      'fild',
      'fstp',
      'fld',
      'fcomi',
      'fucomp',
      'fxtract',
      'fldcw',
      'fbstp',
    ])
      expect(mnemonics).toContain(name)
  })
})

needs('x86-64-host')('the x87 beside the host CPU', () => {
  it('does the same in every random case', () => {
    const expected = linesOf(native('--x87', SALT, TIMES))
    const actual = linesOf(emulated('--x87', SALT, TIMES))
    const differing = expected.filter((line, i) => line !== actual[i]).map(nameOf)
    expect(
      differing.slice(0, 3).map(firstDifference),
      `${differing.length} forms differ: ${differing.join(' | ')}`,
    ).toEqual([])
    expect(actual).toEqual(expected)
  })
})
