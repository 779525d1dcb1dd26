// Lazy arithmetic flags: three words from which each flag is read without knowing which instruction produced them.
//
//   ZF = (result == 0)                       SF = bit 63 of (result ^ aux)
//   PF = even parity of (result ^ aux >> 8) & 255     AF = bit 4 of aux
//   CF = bit 63 of carry                     OF = bit 63 ^ bit 62 of carry
// `result` is the sign-extended result. `carry` holds the vector of carries out of each bit, shifted so that the carry out of the
// operand's top bit is bit 63 and the carry into it is bit 62. `aux` is a ^ b ^ result (bit 4) in ordinary production; bits 8..15 and 63
// are corrections, which let any combination of flags be stored (POPF, SAHF), so there is exactly one form.
import { CC_B, CC_BE, CC_L, CC_O, CC_P, CC_S, CC_Z } from '../../numbers/operations'
import { AF, ARITHMETIC, FLAGS_ONES } from '../../numbers/registers'
import { DEBUG } from './debug'
import { CpuState } from './state'

// @ts-ignore: decorator
@inline
export function flagCf(c: CpuState): u64 {
  return c.flagCarry >> 63
}

// @ts-ignore: decorator
@inline
export function flagOf(c: CpuState): u64 {
  return (c.flagCarry ^ (c.flagCarry << 1)) >> 63
}

// @ts-ignore: decorator
@inline
export function flagZf(c: CpuState): u64 {
  return u64(c.flagResult == 0)
}

// @ts-ignore: decorator
@inline
export function flagSf(c: CpuState): u64 {
  return (c.flagResult ^ c.flagAux) >> 63
}

// @ts-ignore: decorator
@inline
export function flagPf(c: CpuState): u64 {
  return 1 ^ (popcnt<u64>((c.flagResult ^ (c.flagAux >> 8)) & 255) & 1)
}

// @ts-ignore: decorator
@inline
export function flagAf(c: CpuState): u64 {
  return (c.flagAux >> 4) & 1
}

/** Only OSZAPC. */
export function readArithmetic(c: CpuState): u64 {
  if (DEBUG) assert(c.flagForm == 0, 'flags are read that compiled code has not settled')
  return flagCf(c) | (flagPf(c) << 2) | (flagAf(c) << 4) | (flagZf(c) << 6) | (flagSf(c) << 7) | (flagOf(c) << 11)
}

/** The whole RFLAGS. */
export function readFlags(c: CpuState): u64 {
  return (c.eflags & ~ARITHMETIC) | FLAGS_ONES | readArithmetic(c)
}

/** Replaces OSZAPC, leaves the rest. */
export function setArithmetic(c: CpuState, value: u64): void {
  const zf = (value >> 6) & 1
  const sf = (value >> 7) & 1
  const pf = (value >> 2) & 1
  const result: u64 = zf ^ 1
  c.flagResult = result
  // Parity of `result` itself is odd exactly when result is 1; the correction flips it to what is wanted.
  const naturalPf: u64 = result ^ 1
  c.flagAux = (value & AF) | (u64(naturalPf != pf) << 8) | (sf << 63)
  const cf = value & 1
  const overflow = (value >> 11) & 1
  c.flagCarry = (cf << 63) | ((cf ^ overflow) << 62)
}

/** Replaces RFLAGS whole, without any policy about which bits may change. */
export function writeFlags(c: CpuState, value: u64): void {
  setArithmetic(c, value)
  c.eflags = (value & ~ARITHMETIC) | FLAGS_ONES
}

// A condition and its contrary differ in bit 0. Constants of their own: of expressions the compiler makes no jump table.
const PAIR_O: u32 = CC_O >> 1
const PAIR_B: u32 = CC_B >> 1
const PAIR_Z: u32 = CC_Z >> 1
const PAIR_BE: u32 = CC_BE >> 1
const PAIR_S: u32 = CC_S >> 1
const PAIR_P: u32 = CC_P >> 1
const PAIR_L: u32 = CC_L >> 1

/** `code`: CC_*. */
export function condition(c: CpuState, code: u32): bool {
  let truth: u64
  switch (code >> 1) {
    case PAIR_O:
      truth = flagOf(c)
      break
    case PAIR_B:
      truth = flagCf(c)
      break
    case PAIR_Z:
      truth = flagZf(c)
      break
    case PAIR_BE:
      truth = flagCf(c) | flagZf(c)
      break
    case PAIR_S:
      truth = flagSf(c)
      break
    case PAIR_P:
      truth = flagPf(c)
      break
    case PAIR_L:
      truth = flagSf(c) ^ flagOf(c)
      break
    default:
      truth = (flagSf(c) ^ flagOf(c)) | flagZf(c)
  }
  return (truth ^ (code & 1)) != 0
}
