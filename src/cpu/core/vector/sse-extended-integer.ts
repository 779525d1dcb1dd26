// The SSSE3 and SSE4.1/4.2 instructions that raise no floating-point exception and need two operands and an immediate only;
// and the MMX forms of SSSE3.
//
// Promises: pure functions, as in sse-integer.ts. `operation` is one of ../../numbers/vector-operations.ts. Knows nothing of registers or memory.
import {
  BLENDPD,
  BLENDPS,
  INSERTPS,
  MAP_3A,
  MPSADBW,
  PABSB,
  PABSD,
  PABSW,
  PACKUSDW,
  PALIGNR,
  PBLENDW,
  PCMPEQQ,
  PCMPGTQ,
  PHADDD,
  PHADDSW,
  PHADDW,
  PHMINPOSUW,
  PHSUBD,
  PHSUBSW,
  PHSUBW,
  PMADDUBSW,
  PMAXSB,
  PMAXSD,
  PMAXUD,
  PMAXUW,
  PMINSB,
  PMINSD,
  PMINUD,
  PMINUW,
  PMOVSXBD,
  PMOVSXBQ,
  PMOVSXBW,
  PMOVSXDQ,
  PMOVSXWD,
  PMOVSXWQ,
  PMOVZXBD,
  PMOVZXBQ,
  PMOVZXBW,
  PMOVZXDQ,
  PMOVZXWD,
  PMOVZXWQ,
  PMULDQ,
  PMULHRSW,
  PMULLD,
  PREFIX_66,
  PSHUFB,
  PSIGNB,
  PSIGND,
  PSIGNW,
} from '../../numbers/vector-operations'
import { shiftBytes } from './sse-integer'

export const ZERO_VECTOR: v128 = i64x2.splat(0)

// @ts-ignore: decorator
@inline
function evenWords(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
}

// @ts-ignore: decorator
@inline
function oddWords(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
}

// @ts-ignore: decorator
@inline
function evenDoublewords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 2, 4, 6)
}

// @ts-ignore: decorator
@inline
function oddDoublewords(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 1, 3, 5, 7)
}

/** PMADDUBSW: no product of an unsigned and a signed byte exceeds 16 bits, only their sum may saturate. */
function multiplyAddBytes(a: v128, b: v128): v128 {
  const even = i16x8.mul(v128.and(a, i16x8.splat(0xff)), i16x8.shr_s(i16x8.shl(b, 8), 8))
  const odd = i16x8.mul(i16x8.shr_u(a, 8), i16x8.shr_s(b, 8))
  return i16x8.add_sat_s(even, odd)
}

/** PMULHRSW. The operator of WebAssembly saturates the one product that does not fit: -1 * -1, which wraps here. */
function multiplyRounded(a: v128, b: v128): v128 {
  const least = i16x8.splat(-32768)
  return v128.xor(i16x8.q15mulr_sat_s(a, b), v128.and(i16x8.eq(a, least), i16x8.eq(b, least)))
}

/** `a` where `positive`, its negation where `negative`, else zero. */
function signBytes(a: v128, b: v128): v128 {
  const negative = i8x16.lt_s(b, ZERO_VECTOR)
  return v128.and(i8x16.sub(v128.xor(a, negative), negative), i8x16.ne(b, ZERO_VECTOR))
}

function signWords(a: v128, b: v128): v128 {
  const negative = i16x8.lt_s(b, ZERO_VECTOR)
  return v128.and(i16x8.sub(v128.xor(a, negative), negative), i16x8.ne(b, ZERO_VECTOR))
}

function signDoublewords(a: v128, b: v128): v128 {
  const negative = i32x4.lt_s(b, ZERO_VECTOR)
  return v128.and(i32x4.sub(v128.xor(a, negative), negative), i32x4.ne(b, ZERO_VECTOR))
}

// @ts-ignore: decorator
@inline
function signedEvens(v: v128): v128 {
  return i64x2.shr_s(i64x2.shl(v, 32), 32)
}

/** PHMINPOSUW: the least word and, above it, its index; the first of equals. */
function leastWord(v: v128): v128 {
  let low: u64 = i64x2.extract_lane(v, 0)
  const high: u64 = i64x2.extract_lane(v, 1)
  let least: u64 = 0xffff
  let position: u64 = 0
  for (let i: u64 = 0; i < 8; i++) {
    if (i == 4) low = high
    const word = low & 0xffff
    low >>= 16
    if (word < least) {
      least = word
      position = i
    }
  }
  return i64x2(least | (position << 16), 0)
}

/** MPSADBW: distances of four bytes of B from the eight groups of four that begin at successive bytes of A. */
function slidingDifferences(a: v128, b: v128, immediate: i32): v128 {
  const from = immediate & 4
  const pattern = shiftBytes(b, false, (immediate & 3) << 2)
  let sum = ZERO_VECTOR
  for (let i = 0; i < 4; i++) {
    const x = i16x8.extend_low_i8x16_u(shiftBytes(a, false, from + i))
    const y = i16x8.splat(<i16>(i32x4.extract_lane(pattern, 0) >>> (8 * i)) & 0xff)
    sum = i16x8.add(sum, i16x8.abs(i16x8.sub(x, y)))
  }
  return sum
}

/** PALIGNR: 16 bytes of A:B from byte `count` on. */
function alignRight(a: v128, b: v128, count: i32): v128 {
  if (count > 15) return shiftBytes(a, false, count - 16)
  return v128.or(shiftBytes(b, false, count), shiftBytes(a, true, 16 - count))
}

function insertSingle(a: v128, b: v128, immediate: i32): v128 {
  const from = immediate >> 6
  const value =
    from == 0
      ? i32x4.extract_lane(b, 0)
      : from == 1
        ? i32x4.extract_lane(b, 1)
        : from == 2
          ? i32x4.extract_lane(b, 2)
          : i32x4.extract_lane(b, 3)
  const bits = i32x4(1, 2, 4, 8)
  const chosen = i32x4.eq(i32x4.splat(1 << ((immediate >> 4) & 3)), bits)
  const inserted = v128.bitselect(i32x4.splat(value), a, chosen)
  return v128.and(inserted, i32x4.eq(v128.and(i32x4.splat(immediate), bits), ZERO_VECTOR))
}

/** 66 0F 38 00..41. */
function map38(operation: i32, a: v128, b: v128): v128 {
  switch (operation) {
    case PSHUFB:
      return i8x16.swizzle(a, v128.and(b, i8x16.splat(<i8>0x8f)))
    case PHADDW:
      return i16x8.add(evenWords(a, b), oddWords(a, b))
    case PHADDD:
      return i32x4.add(evenDoublewords(a, b), oddDoublewords(a, b))
    case PHADDSW:
      return i16x8.add_sat_s(evenWords(a, b), oddWords(a, b))
    case PMADDUBSW:
      return multiplyAddBytes(a, b)
    case PHSUBW:
      return i16x8.sub(evenWords(a, b), oddWords(a, b))
    case PHSUBD:
      return i32x4.sub(evenDoublewords(a, b), oddDoublewords(a, b))
    case PHSUBSW:
      return i16x8.sub_sat_s(evenWords(a, b), oddWords(a, b))
    case PSIGNB:
      return signBytes(a, b)
    case PSIGNW:
      return signWords(a, b)
    case PSIGND:
      return signDoublewords(a, b)
    case PMULHRSW:
      return multiplyRounded(a, b)
    case PABSB:
      return i8x16.abs(b)
    case PABSW:
      return i16x8.abs(b)
    case PABSD:
      return i32x4.abs(b)
    case PMOVSXBW:
      return i16x8.extend_low_i8x16_s(b)
    case PMOVSXBD:
      return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(b))
    case PMOVSXBQ:
      return i64x2.extend_low_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(b)))
    case PMOVSXWD:
      return i32x4.extend_low_i16x8_s(b)
    case PMOVSXWQ:
      return i64x2.extend_low_i32x4_s(i32x4.extend_low_i16x8_s(b))
    case PMOVSXDQ:
      return i64x2.extend_low_i32x4_s(b)
    case PMULDQ:
      return i64x2.mul(signedEvens(a), signedEvens(b))
    case PCMPEQQ:
      return i64x2.eq(a, b)
    case PACKUSDW:
      return i16x8.narrow_i32x4_u(a, b)
    case PMOVZXBW:
      return i16x8.extend_low_i8x16_u(b)
    case PMOVZXBD:
      return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(b))
    case PMOVZXBQ:
      return i64x2.extend_low_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(b)))
    case PMOVZXWD:
      return i32x4.extend_low_i16x8_u(b)
    case PMOVZXWQ:
      return i64x2.extend_low_i32x4_u(i32x4.extend_low_i16x8_u(b))
    case PMOVZXDQ:
      return i64x2.extend_low_i32x4_u(b)
    case PCMPGTQ:
      return i64x2.gt_s(a, b)
    case PMINSB:
      return i8x16.min_s(a, b)
    case PMINSD:
      return i32x4.min_s(a, b)
    case PMINUW:
      return i16x8.min_u(a, b)
    case PMINUD:
      return i32x4.min_u(a, b)
    case PMAXSB:
      return i8x16.max_s(a, b)
    case PMAXSD:
      return i32x4.max_s(a, b)
    case PMAXUW:
      return i16x8.max_u(a, b)
    case PMAXUD:
      return i32x4.max_u(a, b)
    case PMULLD:
      return i32x4.mul(a, b)
    case PHMINPOSUW:
      return leastWord(b)
    default:
  }
  unreachable()
  return a
}

/** 66 0F 3A 0C..42. */
function map3a(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case BLENDPS:
      return v128.bitselect(a, b, i32x4.eq(v128.and(i32x4.splat(immediate), i32x4(1, 2, 4, 8)), ZERO_VECTOR))
    case BLENDPD:
      return v128.bitselect(a, b, i64x2.eq(v128.and(i64x2.splat(immediate), i64x2(1, 2)), ZERO_VECTOR))
    case PBLENDW:
      return v128.bitselect(
        a,
        b,
        i16x8.eq(v128.and(i16x8.splat(<i16>immediate), i16x8(1, 2, 4, 8, 16, 32, 64, 128)), ZERO_VECTOR),
      )
    case PALIGNR:
      return alignRight(a, b, immediate)
    case INSERTPS:
      return insertSingle(a, b, immediate)
    default:
      if (operation == MPSADBW) return slidingDifferences(a, b, immediate)
  }
  unreachable()
  return a
}

export function extendedOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  return operation < MAP_3A ? map38(operation, a, b) : map3a(operation, a, b, immediate)
}

/** The MMX form of an SSSE3 instruction, which has no prefix. */
export function extendedMmxOperation(opcode: i32, a: u64, b: u64, immediate: i32): u64 {
  const operation = opcode + PREFIX_66
  if (operation == PALIGNR) return i64x2.extract_lane(shiftBytes(i64x2(b, a), false, immediate), 0)
  // An index has three bits.
  if (operation == PSHUFB)
    return i64x2.extract_lane(i8x16.swizzle(i64x2(a, 0), v128.and(i64x2(b, 0), i8x16.splat(<i8>0x87))), 0)
  // Horizontal: A and B side by side make the low half.
  const horizontal = operation <= PHSUBSW && operation != PMADDUBSW
  return i64x2.extract_lane(
    horizontal ? map38(operation, i64x2(a, b), ZERO_VECTOR) : map38(operation, i64x2(a, 0), i64x2(b, 0)),
    0,
  )
}
