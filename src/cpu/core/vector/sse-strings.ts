// PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: comparison of two short strings (SDM 2B 4.1).
//
// Promises: `compareStrings` gives IntRes2 of two operands and their lengths in elements; `stringLength` the implicit length, up
// to the first null; `explicitLength` the length that a register asks for. Knows nothing of registers or flags.
//
// The immediate: bit 0 words instead of bytes, bit 1 signed, bits 3:2 aggregation, bits 5:4 polarity, bit 6 output.

// @ts-ignore: decorator
@inline
function bitmask(v: v128, words: bool): u32 {
  return words ? i16x8.bitmask(v) : i8x16.bitmask(v)
}

/** Element `i` of an operand in every lane. */
// @ts-ignore: decorator
@inline
function repeated(p: usize, i: i32, words: bool): v128 {
  return words ? i16x8.splat(load<i16>(p + (i << 1))) : i8x16.splat(load<i8>(p + i))
}

function equal(a: v128, b: v128, words: bool): u32 {
  return bitmask(words ? i16x8.eq(a, b) : i8x16.eq(a, b), words)
}

/** One bit for each element of V that is neither below LOW nor above HIGH. */
function within(low: v128, v: v128, high: v128, words: bool, signed: bool): u32 {
  let outside: v128
  if (words)
    outside = signed
      ? v128.or(i16x8.lt_s(v, low), i16x8.gt_s(v, high))
      : v128.or(i16x8.lt_u(v, low), i16x8.gt_u(v, high))
  else
    outside = signed
      ? v128.or(i8x16.lt_s(v, low), i8x16.gt_s(v, high))
      : v128.or(i8x16.lt_u(v, low), i8x16.gt_u(v, high))
  return ~bitmask(outside, words)
}

/** Number of elements before the first null. */
export function stringLength(p: usize, words: bool): i32 {
  const nulls = equal(v128.load(p), i64x2.splat(0), words)
  return ctz(nulls | (words ? 0x100 : 0x10000))
}

/** The magnitude of a signed length, at most the number of elements that fit. */
export function explicitLength(value: i64, words: bool): i32 {
  const limit: i64 = words ? 8 : 16
  if (value >= limit || value <= -limit) return <i32>limit
  return <i32>(value < 0 ? 0 - value : value)
}

/** IntRes2: one bit for each element of the second operand. */
export function compareStrings(first: usize, firstLength: i32, second: usize, secondLength: i32, immediate: i32): u32 {
  const words = (immediate & 1) != 0
  const signed = (immediate & 2) != 0
  const all: u32 = words ? 0xff : 0xffff
  const v = v128.load(second)
  // The elements that are there.
  const firstValid: u32 = (1 << firstLength) - 1
  const secondValid: u32 = (1 << secondLength) - 1
  let result: u32 = 0
  switch ((immediate >> 2) & 3) {
    case 0: // equal any: the first operand is a set
      for (let i = 0; i < firstLength; i++) result |= equal(repeated(first, i, words), v, words)
      result &= secondValid
      break
    case 1: // ranges: pairs of bounds; one without its upper bound is none
      for (let i = 0; i + 1 < firstLength; i += 2) {
        result |= within(repeated(first, i, words), v, repeated(first, i + 1, words), words, signed)
      }
      result &= secondValid
      break
    case 2: // equal each: past both ends is equal, past one is not
      result = (equal(v128.load(first), v, words) & firstValid & secondValid) | (all & ~(firstValid | secondValid))
      break
    default: // equal ordered: where the first operand may begin in the second; what lies past the register counts as equal
      result = all
      for (let i = 0; i < firstLength; i++) {
        result &= ((equal(repeated(first, i, words), v, words) & secondValid) >> i) | ~(all >> i)
      }
  }
  const polarity = (immediate >> 4) & 3
  if (polarity == 1) return result ^ all
  // Masked negation: only where the second operand has elements.
  if (polarity == 3) return result ^ secondValid
  return result
}
