// AVX and AVX2 instructions that SSE has no form of, and that only move or shift elements: within a half, and across both.
//
// Promises: pure; know nothing of registers or memory. `operation`: the opcode in map 0F 38, or 2100H + the opcode in 0F 3A.
import {
  VPBLENDD,
  VPERM2F128,
  VPERM2I128,
  VPERMD,
  VPERMILPD,
  VPERMILPD_IMMEDIATE,
  VPERMILPS,
  VPERMILPS_IMMEDIATE,
  VPERMPD,
  VPERMPS,
  VPERMQ,
  VPSLLV,
  VPSRAV,
  VPSRLV,
} from '../../numbers/vector-operations'
import { ZERO_VECTOR } from './sse-extended-integer'

/** The doublewords of `v` that the two low bits of each doubleword of `order` name. */
function pickDoublewords(v: v128, order: v128): v128 {
  const index = i32x4.mul(v128.and(order, i32x4.splat(3)), i32x4.splat(0x04040404))
  return i8x16.swizzle(v, i32x4.add(index, i32x4.splat(0x03020100)))
}

/** The quadwords that bit 1 of each quadword of `order` names. */
function pickQuadwords(v: v128, order: v128): v128 {
  const upper = i64x2.ne(v128.and(order, i64x2.splat(2)), ZERO_VECTOR)
  return v128.bitselect(v128.shuffle<i64>(v, v, 1, 1), v128.shuffle<i64>(v, v, 0, 0), upper)
}

// @ts-ignore: decorator
@inline
function shiftDoubleword(opcode: i32, value: u32, count: u32): i32 {
  if (opcode == VPSRAV) return <i32>value >> (count > 31 ? 31 : <i32>count)
  if (count > 31) return 0
  return opcode == VPSRLV ? value >>> count : value << count
}

// @ts-ignore: decorator
@inline
function shiftQuadword(opcode: i32, value: u64, count: u64): i64 {
  if (count > 63) return 0
  return opcode == VPSRLV ? value >>> count : value << count
}

/** VPSRLV, VPSRAV, VPSLLV: each element has its own count. */
function shiftEach(opcode: i32, quadwords: bool, a: v128, b: v128): v128 {
  if (quadwords) {
    return i64x2(
      shiftQuadword(opcode, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0)),
      shiftQuadword(opcode, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1)),
    )
  }
  return i32x4(
    shiftDoubleword(opcode, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    shiftDoubleword(opcode, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    shiftDoubleword(opcode, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    shiftDoubleword(opcode, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  )
}

export function laneOperation(operation: i32, quadwords: bool, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case VPERMILPS:
      return pickDoublewords(a, b)
    case VPERMILPD:
      return pickQuadwords(a, b)
    case VPSRLV:
    case VPSRAV:
    case VPSLLV:
      return shiftEach(operation, quadwords, a, b)
    case VPBLENDD:
      return v128.bitselect(b, a, i32x4.ne(v128.and(i32x4.splat(immediate), i32x4(1, 2, 4, 8)), ZERO_VECTOR))
    case VPERMILPS_IMMEDIATE:
      return pickDoublewords(b, i32x4(immediate, immediate >> 2, immediate >> 4, immediate >> 6))
    case VPERMILPD_IMMEDIATE:
      return pickQuadwords(b, i64x2((immediate & 1) << 1, immediate & 2))
    default:
  }
  unreachable()
  return a
}

/** A half of the two sources at p for VPERM2F128: `control` 0 to 3 names it, 8 is zero. */
function half(p: usize, control: i32): v128 {
  return control & 8 ? ZERO_VECTOR : v128.load(p + ((control & 3) << 4))
}

/** First source at p, second at p + 32, the result at p + 64. */
export function acrossOperation(operation: i32, p: usize, immediate: i32): void {
  const result = p + 64
  switch (operation) {
    case VPERMPS: // the first source holds the indices
    case VPERMD:
      for (let i: usize = 0; i < 32; i += 4) store<u32>(result + i, load<u32>(p + 32 + ((load<u32>(p + i) & 7) << 2)))
      return
    case VPERMQ:
    case VPERMPD:
      for (let i = 0; i < 4; i++) store<u64>(result + (i << 3), load<u64>(p + 32 + (((immediate >> (2 * i)) & 3) << 3)))
      return
    case VPERM2F128:
    case VPERM2I128:
      v128.store(result, half(p, immediate))
      v128.store(result, half(p, immediate >> 4), 16)
      return
    default: // VINSERTF128, VINSERTI128
      v128.store(result, v128.load(immediate & 1 ? p : p + 32))
      v128.store(result, v128.load(immediate & 1 ? p + 32 : p + 16), 16)
  }
}
