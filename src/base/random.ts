// The only source of chance: xoshiro128** (Blackman and Vigna 2018), seeded through SplitMix32 steps.
//
// Same seed, same sequence, on every host: 32-bit integer arithmetic only. Its state is saved with the machine. `fork`
// derives an independent stream by name, so that a new consumer does not shift the numbers of the others.

import { requireSeed, requireWhole } from './arguments.js'
import type { Savable, StateReader, StateWriter } from './codec.js'

/** A seeded generator, xoshiro128**: same seed, same sequence. */
export class Random implements Savable {
  readonly tag = 'random'
  readonly version = 1
  private readonly s = new Uint32Array(4)

  /** `seed`: any finite number or bigint; its low 64 bits count. Throws BAD_ARGUMENT for NaN and the infinities. */
  constructor(seed: number | bigint) {
    if (typeof seed !== 'bigint' && !Number.isFinite(seed)) requireSeed(seed)
    const wide = BigInt.asUintN(64, BigInt(typeof seed === 'number' ? Math.trunc(seed) : seed))
    let a = Number(wide & 0xffff_ffffn)
    const high = Number(wide >> 32n)
    for (let i = 0; i < 4; i++) {
      a = (a + 0x9e37_79b9) >>> 0
      let z = a ^ (i & 1 ? high : Math.imul(high, 0x85eb_ca6b))
      z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a_2d97)
      this.s[i] = (z ^ (z >>> 15)) >>> 0
    }
    if (this.s.every((word) => word === 0)) this.s[0] = 1 // the all-zero state is the generator's one fixed point
  }

  /** Uniform in [0, 2^32). */
  u32(): number {
    const s = this.s
    const [s0, s1, s2, s3] = [s[0] as number, s[1] as number, s[2] as number, s[3] as number]
    const product = Math.imul(s1, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const n2 = s2 ^ s0
    const n3 = s3 ^ s1
    s[1] = s1 ^ n2
    s[0] = s0 ^ n3
    s[2] = n2 ^ (s1 << 9)
    s[3] = (n3 << 11) | (n3 >>> 21)
    return result
  }

  /** Uniform in [0, bound), bound an integer in 1..2^32; rejection keeps it unbiased. Throws BAD_ARGUMENT for another bound. */
  below(bound: number): number {
    if (!(bound >= 1 && bound <= 0x1_0000_0000)) requireWhole('bound', bound, 1, 0x1_0000_0000)
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound)
    let value = this.u32()
    while (value >= limit) value = this.u32()
    return value % bound
  }

  /** Uniform integer in [low, high], both included. Throws BAD_ARGUMENT where `high` is below `low` or 2^32 or more above it. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** An independent stream by name. Takes one number of this one, so that the order of forks counts and what they draw does not. */
  fork(name: string): Random {
    let hash = 0x811c_9dc5
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193)
    return new Random((BigInt(this.u32()) << 32n) | BigInt(hash >>> 0))
  }

  /** Goes on as `other` would. */
  copyFrom(other: Random): void {
    this.s.set(other.s)
  }

  /** Writes the state, four 32-bit words. */
  save(writer: StateWriter): void {
    for (const word of this.s) writer.u32(word)
  }

  /** Goes on from a saved state. Throws STATE_TRUNCATED where the words are missing. */
  load(reader: StateReader): void {
    for (let i = 0; i < 4; i++) this.s[i] = reader.u32()
  }
}
