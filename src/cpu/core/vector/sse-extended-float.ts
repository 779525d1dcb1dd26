// The floating-point arithmetic of SSE3 and SSE4.1: alternating and horizontal sums, dot products, rounding to integral values.
//
// Promises: as sse-float.ts: exact results and flags, left in softfloat's `raised`. `operation` as in sse-extended-integer.ts.
import { ROUNDPD, ROUNDPS, ROUNDSS } from '../../numbers/vector-operations'
import {
  ADD,
  INEXACT,
  INVALID,
  MULTIPLY,
  SUBTRACT,
  TO_DOWN,
  TO_NEAREST,
  TO_UP,
  denormalsAreZero,
  raise,
  roundingMode,
} from '../float/softfloat'
import { arithmeticDouble, arithmeticSingle, packedDouble, packedSingle } from './sse-float'

// @ts-ignore: decorator
@inline
function single(v: v128, lane: i32): u32 {
  return lane == 0
    ? i32x4.extract_lane(v, 0)
    : lane == 1
      ? i32x4.extract_lane(v, 1)
      : lane == 2
        ? i32x4.extract_lane(v, 2)
        : i32x4.extract_lane(v, 3)
}

/** ADDSUBPS. A difference is the sum with the negated operand, in value and in flags, unless that is a NaN. */
function alternateSingles(a: v128, b: v128): v128 {
  if (i32x4.all_true(f32x4.eq(b, b))) return packedSingle(ADD, a, v128.xor(b, i32x4(0x80000000, 0, 0x80000000, 0)))
  return i32x4(
    arithmeticSingle(SUBTRACT, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    arithmeticSingle(ADD, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    arithmeticSingle(SUBTRACT, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    arithmeticSingle(ADD, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  )
}

function alternateDoubles(a: v128, b: v128): v128 {
  return i64x2(
    arithmeticDouble(SUBTRACT, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0)),
    arithmeticDouble(ADD, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1)),
  )
}

function horizontalSingles(kind: i32, a: v128, b: v128): v128 {
  return packedSingle(kind, v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7))
}

function horizontalDoubles(kind: i32, a: v128, b: v128): v128 {
  return packedDouble(kind, v128.shuffle<i64>(a, b, 0, 2), v128.shuffle<i64>(a, b, 1, 3))
}

/** ADDSUBPS/PD, HADDPS/PD, HSUBPS/PD: opcodes D0, 7C, 7D. */
export function sumOperation(opcode: i32, doubles: bool, a: v128, b: v128): v128 {
  if (opcode == 0xd0) return doubles ? alternateDoubles(a, b) : alternateSingles(a, b)
  const kind = opcode == 0x7c ? ADD : SUBTRACT
  return doubles ? horizontalDoubles(kind, a, b) : horizontalSingles(kind, a, b)
}

// ---- Dot products --------------------------------------------------------------------------------------------------

/** Stage 1 of DPPS: the products that the immediate selects, else +0. */
export function dotProductsSingle(a: v128, b: v128, immediate: i32): v128 {
  let r = i64x2.splat(0)
  if (immediate & 0x10) r = i32x4.replace_lane(r, 0, arithmeticSingle(MULTIPLY, single(a, 0), single(b, 0)))
  if (immediate & 0x20) r = i32x4.replace_lane(r, 1, arithmeticSingle(MULTIPLY, single(a, 1), single(b, 1)))
  if (immediate & 0x40) r = i32x4.replace_lane(r, 2, arithmeticSingle(MULTIPLY, single(a, 2), single(b, 2)))
  if (immediate & 0x80) r = i32x4.replace_lane(r, 3, arithmeticSingle(MULTIPLY, single(a, 3), single(b, 3)))
  return r
}

/** Stage 2: the two pairwise sums, in lanes 0 and 1. */
export function dotPairs(products: v128): v128 {
  return i32x4(
    arithmeticSingle(ADD, single(products, 0), single(products, 1)),
    arithmeticSingle(ADD, single(products, 2), single(products, 3)),
    0,
    0,
  )
}

/** Stage 3: their sum, where the immediate asks for it. */
export function dotSum(pairs: v128, immediate: i32): v128 {
  const sum = i32x4.splat(arithmeticSingle(ADD, single(pairs, 0), single(pairs, 1)))
  return v128.and(sum, i32x4.ne(v128.and(i32x4.splat(immediate), i32x4(1, 2, 4, 8)), i64x2.splat(0)))
}

export function dotProductsDouble(a: v128, b: v128, immediate: i32): v128 {
  let r = i64x2.splat(0)
  if (immediate & 0x10)
    r = i64x2.replace_lane(r, 0, arithmeticDouble(MULTIPLY, i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0)))
  if (immediate & 0x20)
    r = i64x2.replace_lane(r, 1, arithmeticDouble(MULTIPLY, i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1)))
  return r
}

export function dotSumDouble(products: v128, immediate: i32): v128 {
  const sum = i64x2.splat(arithmeticDouble(ADD, i64x2.extract_lane(products, 0), i64x2.extract_lane(products, 1)))
  return v128.and(sum, i64x2.ne(v128.and(i64x2.splat(immediate), i64x2(1, 2)), i64x2.splat(0)))
}

// ---- Rounding ------------------------------------------------------------------------------------------------------

/** Rounding control: the immediate's, or MXCSR's if its bit 2 is set. */
// @ts-ignore: decorator
@inline
function control(immediate: i32): i32 {
  return immediate & 4 ? roundingMode : immediate & 3
}

/** ROUNDSD of one lane. A denormal raises nothing but inexactness (SDM 2B ROUNDSD); bit 3 suppresses that. */
function integralDouble(bits: u64, immediate: i32): u64 {
  const magnitude = bits & 0x7fffffffffffffff
  if (magnitude > 0x7ff0000000000000) {
    if (!(bits & 0x0008000000000000)) raise(INVALID)
    return bits | 0x0008000000000000
  }
  if (denormalsAreZero && magnitude < 0x0010000000000000) return bits & 0x8000000000000000
  const x = reinterpret<f64>(bits)
  const mode = control(immediate)
  const r = mode == TO_NEAREST ? nearest(x) : mode == TO_DOWN ? floor(x) : mode == TO_UP ? ceil(x) : trunc(x)
  if (r != x && !(immediate & 8)) raise(INEXACT)
  return reinterpret<u64>(r)
}

function integralSingle(bits: u32, immediate: i32): u32 {
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) {
    if (!(bits & 0x00400000)) raise(INVALID)
    return bits | 0x00400000
  }
  if (denormalsAreZero && magnitude < 0x00800000) return bits & 0x80000000
  const x = reinterpret<f32>(bits)
  const mode = control(immediate)
  const r = mode == TO_NEAREST ? nearest(x) : mode == TO_DOWN ? floor(x) : mode == TO_UP ? ceil(x) : trunc(x)
  if (r != x && !(immediate & 8)) raise(INEXACT)
  return reinterpret<u32>(r)
}

/** ROUNDPS, ROUNDPD, ROUNDSS, ROUNDSD: 66 0F 3A 08..0B. */
export function roundOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (operation) {
    case ROUNDPS:
      return i32x4(
        integralSingle(single(b, 0), immediate),
        integralSingle(single(b, 1), immediate),
        integralSingle(single(b, 2), immediate),
        integralSingle(single(b, 3), immediate),
      )
    case ROUNDPD:
      return i64x2(
        integralDouble(i64x2.extract_lane(b, 0), immediate),
        integralDouble(i64x2.extract_lane(b, 1), immediate),
      )
    case ROUNDSS:
      return i32x4.replace_lane(a, 0, integralSingle(single(b, 0), immediate))
    default:
      return i64x2.replace_lane(a, 0, integralDouble(i64x2.extract_lane(b, 0), immediate))
  }
}
