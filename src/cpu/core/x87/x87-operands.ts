// Memory operands of the frequent x87 instructions: singles, doubles and integers to and from the 80-bit format.
//
// Promises: exact widening; narrowing rounded by the control word, with INEXACT and C1 as softfloat.ts would have them. Functions
// that find an operand they do not serve (denormals, infinities, NaNs, results out of range) return false.
import { PAGE_MASK } from '../../numbers/sizes'
import { CpuState } from '../state/state'
import { tlbEntry } from '../memory/tlb-entry'
import { TOP } from '../float/float-value'
import { isNormal, roundsUp } from './extended-arithmetic'

/** The operand last widened. */
export let significand: u64 = 0
export let high: u32 = 0
/** The operand last narrowed, and what is to be noted in the status word. */
export let narrow: u64 = 0
export let outcome: u32 = 0

/** Where `bytes` bytes at `linear` lie, if the TLB lets them be read; 0: the long way. */
// @ts-ignore: decorator
@inline
export function readable(c: CpuState, linear: u64, bytes: u32): usize {
  const entry = tlbEntry(c.tlb, linear)
  return entry.readTag == ((linear + u64(bytes - 1)) & PAGE_MASK) ? entry.addend + <u32>linear : 0
}

// @ts-ignore: decorator
@inline
export function writable(c: CpuState, linear: u64, bytes: u32): usize {
  const entry = tlbEntry(c.tlb, linear)
  return entry.writeTag == ((linear + u64(bytes - 1)) & PAGE_MASK) ? entry.addend + <u32>linear : 0
}

export function widenDouble(bits: u64): bool {
  const biased = <u32>(bits >> 52) & 0x7ff
  const sign = (<u32>(bits >> 63)) << 15
  if (biased - 1 >= 0x7fe) {
    significand = 0
    high = sign
    return bits << 1 == 0
  }
  significand = TOP | (bits << 11)
  high = sign | (biased + 15360)
  return true
}

export function widenSingle(bits: u32): bool {
  const biased = (bits >> 23) & 0xff
  const sign = (bits >> 31) << 15
  if (biased - 1 >= 0xfe) {
    significand = 0
    high = sign
    return bits << 1 == 0
  }
  significand = TOP | (u64(bits) << 40)
  high = sign | (biased + 16256)
  return true
}

export function widenInteger(value: i64): bool {
  if (value == 0) {
    significand = 0
    high = 0
    return true
  }
  const magnitude = value < 0 ? <u64>(0 - value) : <u64>value
  const shift = clz(magnitude)
  significand = magnitude << shift
  high = (value < 0 ? 0x8000 : 0) | <u32>(16446 - shift)
  return true
}

/** To a format with `drop` fewer bits of significand, whose exponents are 1 to `largest` with the bias less by `rebias`. */
// @ts-ignore: decorator
@inline
function narrowTo(control: u32, from: u64, fromHigh: u32, drop: u64, rebias: u32, largest: u32, signBit: u64): bool {
  outcome = 0
  const sign = fromHigh & 0x8000
  const biased = (fromHigh & 0x7fff) - rebias
  if (!isNormal(from, fromHigh)) {
    narrow = sign ? signBit : 0
    return from == 0 && (fromHigh & 0x7fff) == 0
  }
  if (biased - 1 >= largest) return false
  const rest = from << (64 - drop)
  // The exponent added to the significand with its first bit: a carry out of the fraction then raises it as it must.
  let bits = (from >> drop) + (u64(biased - 1) << (63 - drop))
  if (rest) {
    const up = roundsUp(control, sign, bits & 1, rest)
    outcome = up ? 0x220 : 0x20
    bits += u64(up)
    if (bits >> (63 - drop) > u64(largest)) return false
  }
  narrow = bits | (sign ? signBit : 0)
  return true
}

export function narrowToDouble(control: u32, from: u64, fromHigh: u32): bool {
  return narrowTo(control, from, fromHigh, 11, 15360, 0x7fe, 0x8000000000000000)
}

export function narrowToSingle(control: u32, from: u64, fromHigh: u32): bool {
  return narrowTo(control, from, fromHigh, 40, 16256, 0xfe, 0x80000000)
}

/** The magnitude of an integral value near a normal or zero one below 2^63. */
export function integral(control: u32, from: u64, fromHigh: u32): bool {
  outcome = 0
  if (!isNormal(from, fromHigh)) {
    narrow = 0
    return from == 0 && (fromHigh & 0x7fff) == 0
  }
  const distance = 16446 - <i32>(fromHigh & 0x7fff) // bits behind the binary point
  if (distance <= 0) return false
  let whole: u64 = 0
  let rest: u64 = 1
  if (distance < 64) {
    whole = from >> u64(distance)
    rest = from << u64(64 - distance)
  } else if (distance == 64) rest = from
  if (rest) {
    const up = roundsUp(control, fromHigh & 0x8000, whole & 1, rest)
    outcome = up ? 0x220 : 0x20
    whole += u64(up)
  }
  narrow = whole
  return true
}

/** As a signed integer of `bits` bits. */
export function narrowToInteger(control: u32, from: u64, fromHigh: u32, bits: u32): bool {
  if (!integral(control, from, fromHigh)) return false
  const negative = fromHigh >> 15
  if (narrow > ((<u64>1) << u64(bits - 1)) - u64(1 - negative)) return false
  if (negative) narrow = 0 - narrow
  return true
}
