// The SSE and SSE2 instructions that raise no floating-point exception: integer arithmetic, logic, shuffles, packing;
// and their MMX forms on 64 bits.
//
// Promises: pure functions of two 128-bit values and an immediate. `operation` is mandatory prefix * 256 + opcode byte
// after 0F (prefix 0 none, 1 66, 2 F3, 3 F2), as sse-decode.ts makes it; PSRLDQ and PSLLDQ, which are one opcode with
// two meanings, are SHIFT_RIGHT_BYTES and SHIFT_LEFT_BYTES. Those of the three-byte maps are sse-extended-integer.ts. Knows nothing of registers or memory.

import { extendedMmxOperation, extendedOperation } from './sse-extended-integer'

export const SHIFT_RIGHT_BYTES: i32 = 0x173
export const SHIFT_LEFT_BYTES: i32 = 0x172

const ZERO_VECTOR: v128 = i64x2.splat(0)

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
function arithmeticOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case 0x1db:
      return v128.and(a, b)
    case 0x1df:
      return v128.andnot(b, a)
    case 0x1eb:
      return v128.or(a, b)
    case 0x1ef:
      return v128.xor(a, b)
    case 0x1d1:
      return low(b) > 15 ? ZERO_VECTOR : i16x8.shr_u(a, <i32>low(b))
    case 0x1d2:
      return low(b) > 31 ? ZERO_VECTOR : i32x4.shr_u(a, <i32>low(b))
    case 0x1d3:
      return low(b) > 63 ? ZERO_VECTOR : i64x2.shr_u(a, <i32>low(b))
    case 0x1e1:
      return i16x8.shr_s(a, low(b) > 15 ? 15 : <i32>low(b))
    case 0x1e2:
      return i32x4.shr_s(a, low(b) > 31 ? 31 : <i32>low(b))
    case 0x1f1:
      return low(b) > 15 ? ZERO_VECTOR : i16x8.shl(a, <i32>low(b))
    case 0x1f2:
      return low(b) > 31 ? ZERO_VECTOR : i32x4.shl(a, <i32>low(b))
    case 0x1f3:
      return low(b) > 63 ? ZERO_VECTOR : i64x2.shl(a, <i32>low(b))
    case 0x1d4:
      return i64x2.add(a, b)
    case 0x1d5:
      return i16x8.mul(a, b)
    case 0x1d8:
      return i8x16.sub_sat_u(a, b)
    case 0x1d9:
      return i16x8.sub_sat_u(a, b)
    case 0x1da:
      return i8x16.min_u(a, b)
    case 0x1dc:
      return i8x16.add_sat_u(a, b)
    case 0x1dd:
      return i16x8.add_sat_u(a, b)
    case 0x1de:
      return i8x16.max_u(a, b)
    case 0x1e0:
      return i8x16.avgr_u(a, b)
    case 0x1e3:
      return i16x8.avgr_u(a, b)
    case 0x1e4:
      return multiplyHighUnsigned(a, b)
    case 0x1e5:
      return multiplyHighSigned(a, b)
    case 0x1e8:
      return i8x16.sub_sat_s(a, b)
    case 0x1e9:
      return i16x8.sub_sat_s(a, b)
    case 0x1ea:
      return i16x8.min_s(a, b)
    case 0x1ec:
      return i8x16.add_sat_s(a, b)
    case 0x1ed:
      return i16x8.add_sat_s(a, b)
    case 0x1ee:
      return i16x8.max_s(a, b)
    case 0x1f4: // PMULUDQ
      return i64x2.mul(v128.and(a, i64x2.splat(0xffffffff)), v128.and(b, i64x2.splat(0xffffffff)))
    case 0x1f5:
      return i32x4.dot_i16x8_s(a, b)
    case 0x1f6:
      return sumOfDifferences(a, b)
    case 0x1f8:
      return i8x16.sub(a, b)
    case 0x1f9:
      return i16x8.sub(a, b)
    case 0x1fa:
      return i32x4.sub(a, b)
    case 0x1fb:
      return i64x2.sub(a, b)
    case 0x1fc:
      return i8x16.add(a, b)
    case 0x1fd:
      return i16x8.add(a, b)
    case 0x1fe:
      return i32x4.add(a, b)
    default:
  }
  unreachable()
  return a
}

/** 66 0F 60..76 and the byte shifts. */
function packOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case 0x160:
      return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
    case 0x161:
      return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
    case 0x162:
      return v128.shuffle<i32>(a, b, 0, 4, 1, 5)
    case 0x163:
      return i8x16.narrow_i16x8_s(a, b)
    case 0x164:
      return i8x16.gt_s(a, b)
    case 0x165:
      return i16x8.gt_s(a, b)
    case 0x166:
      return i32x4.gt_s(a, b)
    case 0x167:
      return i8x16.narrow_i16x8_u(a, b)
    case 0x168:
      return v128.shuffle<i8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
    case 0x169:
      return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
    case 0x16a:
      return v128.shuffle<i32>(a, b, 2, 6, 3, 7)
    case 0x16b:
      return i16x8.narrow_i32x4_s(a, b)
    case 0x16c:
      return v128.shuffle<i64>(a, b, 0, 2)
    case 0x16d:
      return v128.shuffle<i64>(a, b, 1, 3)
    case 0x170:
      return i8x16.swizzle(b, doublewordOrder(immediate)) // PSHUFD
    case SHIFT_LEFT_BYTES:
      return shiftBytes(a, true, immediate)
    case SHIFT_RIGHT_BYTES:
      return shiftBytes(a, false, immediate)
    case 0x174:
      return i8x16.eq(a, b)
    case 0x175:
      return i16x8.eq(a, b)
    case 0x176:
      return i32x4.eq(a, b)
    default:
  }
  unreachable()
  return a
}

/** Logic and shuffles of the floating-point opcodes, and the shuffles with other prefixes. */
function floatingLogic(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case 0x014:
      return v128.shuffle<i32>(a, b, 0, 4, 1, 5) // UNPCKLPS
    case 0x015:
      return v128.shuffle<i32>(a, b, 2, 6, 3, 7) // UNPCKHPS
    case 0x114:
      return v128.shuffle<i64>(a, b, 0, 2) // UNPCKLPD
    case 0x115:
      return v128.shuffle<i64>(a, b, 1, 3) // UNPCKHPD
    case 0x054:
    case 0x154:
      return v128.and(a, b)
    case 0x055:
    case 0x155:
      return v128.andnot(b, a)
    case 0x056:
    case 0x156:
      return v128.or(a, b)
    case 0x057:
    case 0x157:
      return v128.xor(a, b)
    case 0x0c6: // SHUFPS
      return v128.shuffle<i64>(
        i8x16.swizzle(a, doublewordOrder(immediate)),
        i8x16.swizzle(b, doublewordOrder(immediate)),
        0,
        3,
      )
    case 0x1c6: // SHUFPD
      return i64x2(
        immediate & 1 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0),
        immediate & 2 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0),
      )
    case 0x212:
      return v128.shuffle<i32>(b, b, 0, 0, 2, 2) // MOVSLDUP
    case 0x216:
      return v128.shuffle<i32>(b, b, 1, 1, 3, 3) // MOVSHDUP
    case 0x312:
      return v128.shuffle<i64>(b, b, 0, 0) // MOVDDUP
    case 0x270: // PSHUFHW
      return i8x16.swizzle(b, i64x2(0x0706050403020100, wordOrder(immediate) + 0x0808080808080808))
    case 0x370: // PSHUFLW
      return i8x16.swizzle(b, i64x2(wordOrder(immediate), 0x0f0e0d0c0b0a0908))
    default:
  }
  unreachable()
  return a
}

export function integerOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  if (operation >= 0x1d1 && operation <= 0x1fe) return arithmeticOperation(operation, a, b, immediate)
  if (operation >= 0x160 && operation <= 0x176) return packOperation(operation, a, b, immediate)
  return operation < 0x1000 ? floatingLogic(operation, a, b, immediate) : extendedOperation(operation, a, b, immediate)
}

/** The MMX form: the same on the low halves, except where the 128-bit form takes lanes from high halves. */
export function mmxOperation(opcode: i32, a: u64, b: u64, immediate: i32): u64 {
  if (opcode >= 0x1000) return extendedMmxOperation(opcode, a, b, immediate)
  const x = i64x2(a, 0)
  const y = i64x2(b, 0)
  switch (opcode) {
    case 0x68:
    case 0x69:
    case 0x6a: // PUNPCKH: the high half of what the low form makes of 64 bits
      return i64x2.extract_lane(integerOperation(0x160 + opcode - 0x68, x, y, 0), 1)
    case 0x63:
    case 0x67:
    case 0x6b: // packing: A and B side by side
      return i64x2.extract_lane(integerOperation(0x100 + opcode, i64x2(a, b), ZERO_VECTOR, 0), 0)
    case 0x70:
      return i64x2.extract_lane(i8x16.swizzle(y, i64x2(wordOrder(immediate), 0)), 0)
    default:
      return i64x2.extract_lane(integerOperation(0x100 + opcode, x, y, immediate), 0)
  }
}
