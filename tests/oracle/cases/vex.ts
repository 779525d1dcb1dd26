// VEX prefixes of cases: what the form asks for, now and then something else, in two or three bytes.
import type { Random } from '../../../src/base/index.js'
import { pick } from './draft.js'
import type { Vex } from './forms.js'

export interface VexPrefix {
  readonly bytes: readonly number[]
  /** R, X and B, as in REX. */
  readonly extensions: number
  /** vvvv as a register, L. */
  readonly second: number
  readonly length: number
}

const isRare = (random: Random) => random.below(40) === 0

export function vexPrefix(random: Random, vex: Vex, narrow: boolean): VexPrefix {
  const length = isRare(random) ? random.below(2) : pick(random, vex.lengths)
  const wide = isRare(random) ? random.below(2) : pick(random, vex.wide)
  let second = vex.second || isRare(random) ? random.below(16) : 0
  if (narrow && random.below(8) !== 0) second &= 7
  // Outside 64-bit code the highest bit of vvvv names no register, but where none is named it has to be there.
  if (narrow && !vex.second && random.below(16) === 0) second = 8
  const extensions = narrow ? (random.below(8) === 0 ? 1 : 0) : random.below(8)
  const last = (wide << 7) | ((~second & 15) << 3) | (length << 2) | vex.prefix
  const short =
    vex.map === 1 && wide === 0 && (extensions & 3) === 0 && (!narrow || second < 8) && random.below(2) === 0
  const bytes = short
    ? [0xc5, (last & 0x7f) | ((extensions & 4) === 0 ? 0x80 : 0)]
    : [0xc4, ((~extensions & 7) << 5) | vex.map, last]
  return { bytes, extensions: narrow ? 0 : extensions, second: narrow ? second & 7 : second, length }
}

/** In front of it: address size and segments, and what makes it undefined. */
export function vexPrefixes(random: Random, narrow: boolean): number[] {
  const prefixes: number[] = []
  const insert = (prefix: number) => prefixes.splice(random.below(prefixes.length + 1), 0, prefix)
  if (random.below(6) === 0) insert(0x67)
  if (random.below(6) === 0) insert(pick(random, [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65]))
  if (isRare(random)) insert(pick(random, [0x66, 0xf2, 0xf3, 0xf0]))
  // Addresses of 16 bits reach the window only from the bases of FS and GS.
  if (narrow && prefixes.includes(0x67)) prefixes.push(pick(random, [0x64, 0x65]))
  return prefixes
}
