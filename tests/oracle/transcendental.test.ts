// The instructions whose last bits the manual leaves to the processor: transcendental functions and reciprocals.
//
// The host CPU and the core run the same cases; results must agree within a few units in the last place of 80 bits (or the
// relative error that RCPPS promises), and exactly in condition codes, tags and special results. Operands outside the
// range in which an instruction is defined are left out.

import { expect, it } from 'vitest'
import { needs } from '../needs.js'
import { emulated, native } from './native.js'

interface Extended {
  readonly high: number
  readonly significand: bigint
}

interface Image {
  readonly control: number
  readonly status: number
  readonly tags: number
  readonly stack: readonly Extended[]
  readonly xmm: readonly number[]
}

interface Case {
  readonly before: Image
  readonly after: Image
}

function littleEndian(text: string): bigint {
  return BigInt(`0x${(text.match(/../g) ?? []).reverse().join('')}`)
}

function image(lines: readonly string[]): Image {
  const parts = (lines.find((line) => line.includes('x87='))?.split('x87=')[1] ?? '').trim().split(' ')
  const xmm = (lines.find((line) => line.includes('xmm='))?.split('xmm=')[1] ?? '').trim().split(' ')
  const word = (i: number) => Number(littleEndian((parts[i] ?? '').slice(0, 4) || '00'))
  return {
    control: word(0),
    status: word(1),
    tags: word(2),
    stack: parts
      .slice(4)
      .flatMap((part) =>
        part.length === 20
          ? [{ significand: littleEndian(part.slice(0, 16)), high: Number(littleEndian(part.slice(16))) }]
          : [],
      ),
    xmm: xmm
      .slice(0, 4)
      .flatMap((quad) => [Number(BigInt(`0x${quad}`) & 0xffffffffn), Number(BigInt(`0x${quad}`) >> 32n)]),
  }
}

function cases(text: string): Case[] {
  return text
    .split(/^\S.* \d+$/m)
    .slice(1)
    .map((block) => {
      const [before = '', after = ''] = block.split('\n  out')
      return { before: image(before.split('\n')), after: image(after.split('\n')) }
    })
}

function toNumber(x: Extended): number {
  const exponent = x.high & 0x7fff
  const magnitude =
    exponent === 0x7fff
      ? (x.significand << 1n) & 0xffff_ffff_ffff_ffffn
        ? Number.NaN
        : Number.POSITIVE_INFINITY
      : Number(x.significand) * 2 ** (Math.max(exponent, 1) - 16383 - 63)
  return x.high & 0x8000 ? -magnitude : magnitude
}

/** Units in the last place between two finite values of the same sign; Infinity if they are of different kinds. */
function distance(a: Extended, b: Extended): number {
  if (a.high === b.high && a.significand === b.significand) return 0
  const special = (x: Extended) => (x.high & 0x7fff) === 0x7fff
  if (special(a) || special(b) || (a.high ^ b.high) & 0x8000) return Number.POSITIVE_INFINITY
  const low = Math.min(a.high & 0x7fff, b.high & 0x7fff)
  const shift = (x: Extended) => Math.max(x.high & 0x7fff, 1) - Math.max(low, 1)
  if (shift(a) > 2 || shift(b) > 2) return Number.POSITIVE_INFINITY
  return Math.abs(Number((a.significand << BigInt(shift(a))) - (b.significand << BigInt(shift(b)))))
}

/** The tag word reduced to which registers are empty. */
function emptyRegisters(tags: number): number {
  return tags & (tags >> 1) & 0x5555
}

/** Where each instruction is defined, for ST(0). */
const domain: Record<string, (x: number) => boolean> = {
  f2xm1: (x) => Math.abs(x) <= 1,
  fyl2xp1: (x) => x > -1, // beyond what the manual promises; processors compute it all the same
  fptan: (x) => Math.abs(x) < 0.78,
  fsin: (x) => Math.abs(x) < 0.78,
  fcos: (x) => Math.abs(x) < 0.78,
  fsincos: (x) => Math.abs(x) < 0.78,
}

function both(name: string): [Case[], Case[]] {
  return [cases(native(name)), cases(emulated(name))]
}

needs('x86-64-host')('instructions that processors may approximate', () => {
  for (const name of ['f2xm1', 'fyl2x', 'fyl2xp1', 'fptan', 'fpatan', 'fsin', 'fcos', 'fsincos']) {
    it(`${name} agrees with the host within four units in the last place`, () => {
      const [host, core] = both(name)
      // The listing is by prefix: only the cases of the first form that begins so.
      let compared = 0
      host.slice(0, 2000).forEach((expected, i) => {
        const actual = core[i]
        const operand = expected.before.stack[0]
        if (!actual || !operand || (expected.before.control & 0x3f) !== 0x3f) return
        const x = toNumber(operand)
        if ((operand.high & 0x7fff) !== 0x7fff && !(domain[name]?.(x) ?? true)) return
        compared++
        const where = `${name} case ${i}: ST(0) = ${x}`
        // Empty registers, TOP, C2, and invalid, denormal, zero-divide; the others depend on the last bits.
        expect([emptyRegisters(actual.after.tags), actual.after.status & 0x3c47], where).toEqual([
          emptyRegisters(expected.after.tags),
          expected.after.status & 0x3c47,
        ])
        expected.after.stack.forEach((value, j) => {
          const other = actual.after.stack[j]
          if (other)
            expect(
              distance(value, other),
              `${where}, ST(${j}): host ${value.high.toString(16)} ${value.significand.toString(16)}, core ${other.high.toString(16)} ${other.significand.toString(16)}`,
            ).toBeLessThanOrEqual(4)
        })
      })
      expect(compared).toBeGreaterThan(100)
    })
  }

  for (const name of ['rcpps', 'rsqrtps', 'rcpss', 'rsqrtss']) {
    it(`${name} is as near as it promises, and exact for zeroes, infinities and NaNs`, () => {
      const [host, core] = both(name)
      const single = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0
      host.forEach((expected, i) => {
        expected.after.xmm.forEach((bits, j) => {
          const other = core[i]?.after.xmm[j] ?? 0
          const a = single(bits)
          if (Number.isFinite(a) && a !== 0)
            expect(Math.abs(single(other) / a - 1), `${name} case ${i} lane ${j}`).toBeLessThan(3 * 2 ** -12)
          else expect(other.toString(16), `${name} case ${i} lane ${j}`).toBe(bits.toString(16))
        })
      })
    })
  }
})
