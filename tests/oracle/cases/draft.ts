// What a case is while it is being made, and where its numbers come from.
import type { Random } from '../../../src/base/index.js'
import type { CpuModel } from '../../../src/cpu/index.js'
import type { Form } from './forms.js'

export const MASK64 = (1n << 64n) - 1n
export const MASK32 = 0xffff_ffffn
const CORNERS = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  1n << 63n,
  MASK64,
]
export interface Draft {
  readonly random: Random
  readonly cpu: CpuModel
  readonly form: Form
  readonly narrow: boolean
  readonly prefixes: number[]
  readonly rex: number
  /** vvvv. */
  readonly second: number
  readonly registers: bigint[]
  readonly addressSize: 16 | 32 | 64
  readonly operandSize: 2 | 4 | 8
  /** Where memory operands lie, for the patches. */
  readonly targets: bigint[]
}

export const pick = <T>(random: Random, values: readonly T[]): T => values[random.below(values.length)] as T

export function integer(random: Random): bigint {
  const kind = random.below(4)
  if (kind === 0) return (pick(random, CORNERS) + BigInt(random.below(3) - 1)) & MASK64
  const value = (BigInt(random.below(0x1_0000_0000)) << 32n) | BigInt(random.below(0x1_0000_0000))
  return kind === 1 ? value & 0xffn : value
}
