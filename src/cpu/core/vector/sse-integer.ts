// The SSE and SSE2 instructions that raise no floating-point exception: integer arithmetic, logic, shuffles, packing;
// and their MMX forms on 64 bits.
//
// Promises: pure functions of two 128-bit values and an immediate. `operation` is mandatory prefix * 256 + opcode byte
// after 0F (prefix 0 none, 1 66, 2 F3, 3 F2), as sse-decode.ts makes it; PSRLDQ and PSLLDQ, which are one opcode with
// two meanings, are PSRLDQ and PSLLDQ. Those of the three-byte maps are sse-extended-integer.ts. Knows nothing of registers or memory.

import {
  ANDNPD,
  ANDNPS,
  ANDPD,
  ANDPS,
  MAP_38,
  MOVDDUP,
  MOVSHDUP,
  MOVSLDUP,
  ORPD,
  ORPS,
  PACKSSDW,
  PACKSSWB,
  PACKUSWB,
  PADDB,
  PADDD,
  PADDQ,
  PADDSB,
  PADDSW,
  PADDUSB,
  PADDUSW,
  PADDW,
  PAND,
  PANDN,
  PAVGB,
  PAVGW,
  PCMPEQB,
  PCMPEQD,
  PCMPEQW,
  PCMPGTB,
  PCMPGTD,
  PCMPGTW,
  PMADDWD,
  PMAXSW,
  PMAXUB,
  PMINSW,
  PMINUB,
  PMULHUW,
  PMULHW,
  PMULLW,
  PMULUDQ,
  POR,
  PREFIX_66,
  PSADBW,
  PSHUFD,
  PSHUFHW,
  PSHUFLW,
  PSLLD,
  PSLLDQ,
  PSLLQ,
  PSLLW,
  PSRAD,
  PSRAW,
  PSRLD,
  PSRLDQ,
  PSRLQ,
  PSRLW,
  PSUBB,
  PSUBD,
  PSUBQ,
  PSUBSB,
  PSUBSW,
  PSUBUSB,
  PSUBUSW,
  PSUBW,
  PUNPCKHBW,
  PUNPCKHDQ,
  PUNPCKHQDQ,
  PUNPCKHWD,
  PUNPCKLBW,
  PUNPCKLDQ,
  PUNPCKLQDQ,
  PUNPCKLWD,
  PXOR,
  SHUFPD,
  SHUFPS,
  UNPCKHPD,
  UNPCKHPS,
  UNPCKLPD,
  UNPCKLPS,
  XORPD,
  XORPS,
} from '../../numbers/vector-operations'
import { ZERO_VECTOR, extendedMmxOperation, extendedOperation } from './sse-extended-integer'

// @ts-ignore: decorator
@inline
function low(v: v128): u64 {
  return i64x2.extract_lane(v, 0)
}

/** Index vector for i8x16.swizzle that picks four doublewords by the four 2-bit fields of `order`. */
function doublewordOrder(order: i32): v128 {
  const v = i32x4(order & 3, (order >> 2) & 3, (order >> 4) & 3, (order >> 6) & 3)
  return i32x4.add(i32x4.mul(v, i32x4.splat(0x04040404)), i32x4.splat(0x03020100))
}

/** The same for four words of a quadword, as 8 byte indices. */
function wordOrder(order: i32): u64 {
  let indices: u64 = 0
  for (let i = 0; i < 4; i++) {
    const word = (order >> (2 * i)) & 3
    indices |= (<u64>(0x0100 + word * 0x0202)) << (16 * i)
  }
  return indices
}

export function shiftBytes(v: v128, left: bool, count: i32): v128 {
  if (count > 15) return ZERO_VECTOR
  // Indices outside 0..15 select zero.
  const identity = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  const by = i8x16.splat(<i8>count)
  return i8x16.swizzle(v, left ? i8x16.sub(identity, by) : i8x16.add(identity, by))
}

/** High words of the 32-bit products of unsigned words. */
function multiplyHighUnsigned(a: v128, b: v128): v128 {
  const p = i32x4.extmul_low_i16x8_u(a, b)
  const q = i32x4.extmul_high_i16x8_u(a, b)
  return v128.shuffle<i16>(p, q, 1, 3, 5, 7, 9, 11, 13, 15)
}

function multiplyHighSigned(a: v128, b: v128): v128 {
  const p = i32x4.extmul_low_i16x8_s(a, b)
  const q = i32x4.extmul_high_i16x8_s(a, b)
  return v128.shuffle<i16>(p, q, 1, 3, 5, 7, 9, 11, 13, 15)
}

function sumOfDifferences(a: v128, b: v128): v128 {
  const difference = i8x16.sub(i8x16.max_u(a, b), i8x16.min_u(a, b))
  const words = i16x8.extadd_pairwise_i8x16_u(difference)
  const doubles = i32x4.extadd_pairwise_i16x8_u(words)
  const mask = i64x2.splat(0xffffffff)
  return i64x2.add(v128.and(doubles, mask), i64x2.shr_u(doubles, 32))
}

/** 66 0F D1..FE. The ranges are separate so that each switch is dense and becomes a jump table. */
function arithmeticOperation(operation: i32, a: v128, b: v128): v128 {
  switch (operation) {
    case PAND:
      return v128.and(a, b)
    case PANDN:
      return v128.andnot(b, a)
    case POR:
      return v128.or(a, b)
    case PXOR:
      return v128.xor(a, b)
    case PSRLW:
      return low(b) > 15 ? ZERO_VECTOR : i16x8.shr_u(a, <i32>low(b))
    case PSRLD:
      return low(b) > 31 ? ZERO_VECTOR : i32x4.shr_u(a, <i32>low(b))
    case PSRLQ:
      return low(b) > 63 ? ZERO_VECTOR : i64x2.shr_u(a, <i32>low(b))
    case PSRAW:
      return i16x8.shr_s(a, low(b) > 15 ? 15 : <i32>low(b))
    case PSRAD:
      return i32x4.shr_s(a, low(b) > 31 ? 31 : <i32>low(b))
    case PSLLW:
      return low(b) > 15 ? ZERO_VECTOR : i16x8.shl(a, <i32>low(b))
    case PSLLD:
      return low(b) > 31 ? ZERO_VECTOR : i32x4.shl(a, <i32>low(b))
    case PSLLQ:
      return low(b) > 63 ? ZERO_VECTOR : i64x2.shl(a, <i32>low(b))
    case PADDQ:
      return i64x2.add(a, b)
    case PMULLW:
      return i16x8.mul(a, b)
    case PSUBUSB:
      return i8x16.sub_sat_u(a, b)
    case PSUBUSW:
      return i16x8.sub_sat_u(a, b)
    case PMINUB:
      return i8x16.min_u(a, b)
    case PADDUSB:
      return i8x16.add_sat_u(a, b)
    case PADDUSW:
      return i16x8.add_sat_u(a, b)
    case PMAXUB:
      return i8x16.max_u(a, b)
    case PAVGB:
      return i8x16.avgr_u(a, b)
    case PAVGW:
      return i16x8.avgr_u(a, b)
    case PMULHUW:
      return multiplyHighUnsigned(a, b)
    case PMULHW:
      return multiplyHighSigned(a, b)
    case PSUBSB:
      return i8x16.sub_sat_s(a, b)
    case PSUBSW:
      return i16x8.sub_sat_s(a, b)
    case PMINSW:
      return i16x8.min_s(a, b)
    case PADDSB:
      return i8x16.add_sat_s(a, b)
    case PADDSW:
      return i16x8.add_sat_s(a, b)
    case PMAXSW:
      return i16x8.max_s(a, b)
    case PMULUDQ:
      return i64x2.mul(v128.and(a, i64x2.splat(0xffffffff)), v128.and(b, i64x2.splat(0xffffffff)))
    case PMADDWD:
      return i32x4.dot_i16x8_s(a, b)
    case PSADBW:
      return sumOfDifferences(a, b)
    case PSUBB:
      return i8x16.sub(a, b)
    case PSUBW:
      return i16x8.sub(a, b)
    case PSUBD:
      return i32x4.sub(a, b)
    case PSUBQ:
      return i64x2.sub(a, b)
    case PADDB:
      return i8x16.add(a, b)
    case PADDW:
      return i16x8.add(a, b)
    case PADDD:
      return i32x4.add(a, b)
    default:
  }
  unreachable()
  return a
}

/** 66 0F 60..76 and the byte shifts. */
function packOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case PUNPCKLBW:
      return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
    case PUNPCKLWD:
      return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
    case PUNPCKLDQ:
      return v128.shuffle<i32>(a, b, 0, 4, 1, 5)
    case PACKSSWB:
      return i8x16.narrow_i16x8_s(a, b)
    case PCMPGTB:
      return i8x16.gt_s(a, b)
    case PCMPGTW:
      return i16x8.gt_s(a, b)
    case PCMPGTD:
      return i32x4.gt_s(a, b)
    case PACKUSWB:
      return i8x16.narrow_i16x8_u(a, b)
    case PUNPCKHBW:
      return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
    case PUNPCKHWD:
      return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
    case PUNPCKHDQ:
      return v128.shuffle<i32>(a, b, 2, 6, 3, 7)
    case PACKSSDW:
      return i16x8.narrow_i32x4_s(a, b)
    case PUNPCKLQDQ:
      return v128.shuffle<i64>(a, b, 0, 2)
    case PUNPCKHQDQ:
      return v128.shuffle<i64>(a, b, 1, 3)
    case PSHUFD:
      return i8x16.swizzle(b, doublewordOrder(immediate))
    case PSLLDQ:
      return shiftBytes(a, true, immediate)
    case PSRLDQ:
      return shiftBytes(a, false, immediate)
    case PCMPEQB:
      return i8x16.eq(a, b)
    case PCMPEQW:
      return i16x8.eq(a, b)
    case PCMPEQD:
      return i32x4.eq(a, b)
    default:
  }
  unreachable()
  return a
}

/** Logic and shuffles of the floating-point opcodes, and the shuffles with other prefixes. */
function floatingLogic(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case UNPCKLPS:
      return v128.shuffle<i32>(a, b, 0, 4, 1, 5)
    case UNPCKHPS:
      return v128.shuffle<i32>(a, b, 2, 6, 3, 7)
    case UNPCKLPD:
      return v128.shuffle<i64>(a, b, 0, 2)
    case UNPCKHPD:
      return v128.shuffle<i64>(a, b, 1, 3)
    case ANDPS:
    case ANDPD:
      return v128.and(a, b)
    case ANDNPS:
    case ANDNPD:
      return v128.andnot(b, a)
    case ORPS:
    case ORPD:
      return v128.or(a, b)
    case XORPS:
    case XORPD:
      return v128.xor(a, b)
    case SHUFPS:
      return v128.shuffle<i64>(
        i8x16.swizzle(a, doublewordOrder(immediate)),
        i8x16.swizzle(b, doublewordOrder(immediate)),
        0,
        3,
      )
    case SHUFPD:
      return i64x2(
        immediate & 1 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0),
        immediate & 2 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0),
      )
    case MOVSLDUP:
      return v128.shuffle<i32>(b, b, 0, 0, 2, 2)
    case MOVSHDUP:
      return v128.shuffle<i32>(b, b, 1, 1, 3, 3)
    case MOVDDUP:
      return v128.shuffle<i64>(b, b, 0, 0)
    case PSHUFHW:
      return i8x16.swizzle(b, i64x2(0x0706050403020100, wordOrder(immediate) + 0x0808080808080808))
    case PSHUFLW:
      return i8x16.swizzle(b, i64x2(wordOrder(immediate), 0x0f0e0d0c0b0a0908))
    default:
  }
  unreachable()
  return a
}

export function integerOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  if (operation >= PSRLW && operation <= PADDD) return arithmeticOperation(operation, a, b)
  if (operation >= PUNPCKLBW && operation <= PCMPEQD) return packOperation(operation, a, b, immediate)
  return operation < MAP_38 ? floatingLogic(operation, a, b, immediate) : extendedOperation(operation, a, b, immediate)
}

/** The MMX form, which has no prefix: the same on the low halves, except where the 128-bit form takes lanes from high halves. */
export function mmxOperation(opcode: i32, a: u64, b: u64, immediate: i32): u64 {
  if (opcode >= MAP_38) return extendedMmxOperation(opcode, a, b, immediate)
  const operation = opcode + PREFIX_66
  const x = i64x2(a, 0)
  const y = i64x2(b, 0)
  switch (operation) {
    case PUNPCKHBW:
    case PUNPCKHWD:
    case PUNPCKHDQ: // the high half of what the low form makes of 64 bits
      return i64x2.extract_lane(integerOperation(PUNPCKLBW + operation - PUNPCKHBW, x, y, 0), 1)
    case PACKSSWB:
    case PACKUSWB:
    case PACKSSDW: // A and B side by side
      return i64x2.extract_lane(integerOperation(operation, i64x2(a, b), ZERO_VECTOR, 0), 0)
    case PSHUFD: // PSHUFW
      return i64x2.extract_lane(i8x16.swizzle(y, i64x2(wordOrder(immediate), 0)), 0)
    default:
      return i64x2.extract_lane(integerOperation(operation, x, y, immediate), 0)
  }
}
