// The SSE and SSE2 instructions that may raise floating-point exceptions: arithmetic, minimum and maximum, square
// roots, compares and conversions, scalar and packed.
//
// Promises: exact results and exact flags for every MXCSR. Each function leaves the flags it detected in
// softfloat's `raised`; sse.ts decides whether the result may be stored. Knows nothing of registers, memory or faults.
//
// Two ways to the same bits:
// 1. Native WebAssembly arithmetic, when it cannot differ and its flags are known: all exceptions masked, rounding to
//    nearest, neither DAZ nor FTZ, PE already sticky in MXCSR (so that inexactness need not be detected), operands
//    normal or zero, and a result that is normal and not at the edge of the range (or an exact zero sum). No flag but
//    PE can then be due.
// 2. softfloat.ts, lane by lane, in all other cases.
import {
  FLOAT_ADD,
  FLOAT_COMPARE,
  FLOAT_DIV,
  FLOAT_FORMAT,
  FLOAT_INTEGER,
  FLOAT_INTEGER_DOUBLE,
  FLOAT_MAX,
  FLOAT_MIN,
  FLOAT_MUL,
  FLOAT_RCP,
  FLOAT_RSQRT,
  FLOAT_SQRT,
  FLOAT_SUB,
} from '../../numbers/vector-operations'
import { MXCSR_NATIVE, MXCSR_NATIVE_BITS } from '../../numbers/registers'
import {
  ADD,
  DIVIDE,
  MULTIPLY,
  SUBTRACT,
  arithmetic,
  beginSse,
  compareOperands,
  convertA,
  denormalsAreZero,
  loadDouble,
  loadInteger,
  loadSingle,
  moveAToB,
  moveAToR,
  packDouble,
  packSingle,
  roundToDouble,
  roundToSingle,
  squareRoot,
  toInteger,
} from '../float/softfloat'
import { roundOperation, sumOperation } from './sse-extended-float'

/** Native arithmetic may be used (way 1). Flags 0..4 do not matter; RC, FTZ and DAZ are 0, masks and PE are 1. */
let native: bool = false

export function beginFloat(mxcsr: u32): void {
  beginSse(<i32>mxcsr)
  native = (mxcsr & MXCSR_NATIVE_BITS) == MXCSR_NATIVE
}

// ---- What way 1 accepts --------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function plainDouble(x: u64): bool {
  const magnitude = x & 0x7fffffffffffffff
  return magnitude - 0x0010000000000000 < 0x7fe0000000000000 || magnitude == 0
}

/** Normal and at least twice the smallest normal: no rounding came near the underflow threshold. */
// @ts-ignore: decorator
@inline
function safeDouble(x: u64): bool {
  return (x & 0x7fffffffffffffff) - 0x0020000000000000 < 0x7fd0000000000000
}

// @ts-ignore: decorator
@inline
function plainSingle(x: u32): bool {
  const magnitude = x & 0x7fffffff
  return magnitude - 0x00800000 < 0x7f000000 || magnitude == 0
}

// @ts-ignore: decorator
@inline
function safeSingle(x: u32): bool {
  return (x & 0x7fffffff) - 0x01000000 < 0x7e800000
}

// @ts-ignore: decorator
@inline
function plainSingles(x: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff))
  return v128.or(
    i32x4.lt_u(i32x4.sub(magnitude, i32x4.splat(0x00800000)), i32x4.splat(0x7f000000)),
    i32x4.eq(magnitude, i32x4.splat(0)),
  )
}

// @ts-ignore: decorator
@inline
function safeSingles(x: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff))
  return i32x4.lt_u(i32x4.sub(magnitude, i32x4.splat(0x01000000)), i32x4.splat(0x7e800000))
}

// ---- Arithmetic, one lane ------------------------------------------------------------------------------------------

export function arithmeticDouble(kind: i32, a: u64, b: u64): u64 {
  if (native && plainDouble(a) && plainDouble(b)) {
    const x = reinterpret<f64>(a)
    const y = reinterpret<f64>(b)
    let r: u64
    if (kind == ADD) r = reinterpret<u64>(x + y)
    else if (kind == SUBTRACT) r = reinterpret<u64>(x - y)
    else if (kind == MULTIPLY) r = reinterpret<u64>(x * y)
    else r = reinterpret<u64>(x / y)
    if (safeDouble(r) || (kind <= SUBTRACT && r << 1 == 0)) return r
  }
  loadDouble(b)
  moveAToB()
  loadDouble(a)
  arithmetic(kind)
  roundToDouble()
  return packDouble()
}

export function arithmeticSingle(kind: i32, a: u32, b: u32): u32 {
  if (native && plainSingle(a) && plainSingle(b)) {
    const x = reinterpret<f32>(a)
    const y = reinterpret<f32>(b)
    let r: u32
    if (kind == ADD) r = reinterpret<u32>(x + y)
    else if (kind == SUBTRACT) r = reinterpret<u32>(x - y)
    else if (kind == MULTIPLY) r = reinterpret<u32>(x * y)
    else r = reinterpret<u32>(x / y)
    if (safeSingle(r) || (kind <= SUBTRACT && r << 1 == 0)) return r
  }
  loadSingle(b)
  moveAToB()
  loadSingle(a)
  arithmetic(kind)
  roundToSingle()
  return packSingle()
}

function rootDouble(a: u64): u64 {
  if (native && a - 0x0010000000000000 < 0x7fe0000000000000) return reinterpret<u64>(Math.sqrt(reinterpret<f64>(a)))
  loadDouble(a)
  squareRoot()
  roundToDouble()
  return packDouble()
}

function rootSingle(a: u32): u32 {
  if (native && a - 0x00800000 < 0x7f000000) return reinterpret<u32>(Mathf.sqrt(reinterpret<f32>(a)))
  loadSingle(a)
  squareRoot()
  roundToSingle()
  return packSingle()
}

/** MIN and MAX: the second source if either is a NaN or both are zero (SDM 2, MINPS). */
function extremeDouble(maximum: bool, a: u64, b: u64): u64 {
  loadDouble(b)
  moveAToB()
  loadDouble(a)
  const order = compareOperands(true)
  const takeFirst = order == (maximum ? 1 : -1)
  const taken = takeFirst ? a : b
  if (denormalsAreZero && !(taken & 0x7ff0000000000000)) return taken & 0x8000000000000000
  return taken
}

function extremeSingle(maximum: bool, a: u32, b: u32): u32 {
  loadSingle(b)
  moveAToB()
  loadSingle(a)
  const order = compareOperands(true)
  const takeFirst = order == (maximum ? 1 : -1)
  const taken = takeFirst ? a : b
  if (denormalsAreZero && !(taken & 0x7f800000)) return taken & 0x80000000
  return taken
}

/** -1, 0, 1 or 2 (unordered), with flags. */
export function orderDouble(a: u64, b: u64, quietInvalid: bool): i32 {
  if (plainDouble(a) && plainDouble(b)) {
    const x = reinterpret<f64>(a)
    const y = reinterpret<f64>(b)
    return <i32>(x > y) - <i32>(x < y)
  }
  loadDouble(b)
  moveAToB()
  loadDouble(a)
  return compareOperands(quietInvalid)
}

export function orderSingle(a: u32, b: u32, quietInvalid: bool): i32 {
  if (plainSingle(a) && plainSingle(b)) {
    const x = reinterpret<f32>(a)
    const y = reinterpret<f32>(b)
    return <i32>(x > y) - <i32>(x < y)
  }
  loadSingle(b)
  moveAToB()
  loadSingle(a)
  return compareOperands(quietInvalid)
}

/** Predicate of CMPxx for an order: 0 EQ, 1 LT, 2 LE, 3 UNORD, and 4..7 their negations. */
function holds(predicate: i32, order: i32): bool {
  let r: bool
  switch (predicate & 3) {
    case 0:
      r = order == 0
      break
    case 1:
      r = order == -1
      break
    case 2:
      r = order <= 0
      break
    default:
      r = order == 2
  }
  return predicate & 4 ? !r : r
}

/** LT, LE and their negations signal quiet NaNs. */
// @ts-ignore: decorator
@inline
function signalsQuiet(predicate: i32): bool {
  return (predicate & 3) == 1 || (predicate & 3) == 2
}

function compareDouble(predicate: i32, a: u64, b: u64): u64 {
  return holds(predicate, orderDouble(a, b, signalsQuiet(predicate))) ? 0xffffffffffffffff : 0
}

function compareSingle(predicate: i32, a: u32, b: u32): u32 {
  return holds(predicate, orderSingle(a, b, signalsQuiet(predicate))) ? 0xffffffff : 0
}

// ---- Conversions, one lane -----------------------------------------------------------------------------------------

function singleToDouble(a: u32): u64 {
  if (plainSingle(a)) return reinterpret<u64>(<f64>reinterpret<f32>(a))
  loadSingle(a)
  convertA()
  roundToDouble()
  return packDouble()
}

function doubleToSingle(a: u64): u32 {
  if (native && plainDouble(a)) {
    const r = reinterpret<u32>(<f32>reinterpret<f64>(a))
    if (safeSingle(r)) return r
  }
  loadDouble(a)
  convertA()
  roundToSingle()
  return packSingle()
}

export function integerToDouble(value: i64): u64 {
  if (native || (value >= -0x20000000000000 && value <= 0x20000000000000)) return reinterpret<u64>(<f64>value)
  loadInteger(value)
  moveAToR()
  roundToDouble()
  return packDouble()
}

export function integerToSingle(value: i64): u32 {
  if (native || (value >= -0x1000000 && value <= 0x1000000)) return reinterpret<u32>(<f32>value)
  loadInteger(value)
  moveAToR()
  roundToSingle()
  return packSingle()
}

export function doubleToInteger(a: u64, bits: i32, truncate: bool): i64 {
  const x = reinterpret<f64>(a)
  if (Math.abs(x) < 2147483648.0 && plainDouble(a)) {
    const t = Math.trunc(x)
    if (t == x || (native && truncate)) return <i64>t
  }
  loadDouble(a)
  return toInteger(bits, truncate)
}

export function singleToInteger(a: u32, bits: i32, truncate: bool): i64 {
  const x = reinterpret<f32>(a)
  if (Mathf.abs(x) < 2147483648.0 && plainSingle(a)) {
    const t = Mathf.trunc(x)
    if (t == x || (native && truncate)) return <i64>t
  }
  loadSingle(a)
  return toInteger(bits, truncate)
}

// ---- Approximations ------------------------------------------------------------------------------------------------

/**
 * RCP and RSQRT promise a relative error below 1.5 * 2^-12 and raise nothing (SDM 2, RCPPS); which approximation is
 * left to the processor. Ours: the correctly rounded value, rounded again to 12 significant bits. Denormals are zero.
 */
function approximate(a: u32, root: bool): u32 {
  const sign = a & 0x80000000
  const magnitude = a & 0x7fffffff
  if (magnitude > 0x7f800000) return a | 0x00400000
  if (magnitude < 0x00800000) return sign | 0x7f800000
  if (root && sign) return 0xffc00000
  if (magnitude == 0x7f800000) return sign
  const x = <f64>reinterpret<f32>(a)
  const exact = reinterpret<u32>(<f32>(root ? 1.0 / Math.sqrt(x) : 1.0 / x))
  if ((exact & 0x7fffffff) < 0x00800000) return sign
  return (exact + 0x800) & 0xfffff000
}

// ---- Vectors -------------------------------------------------------------------------------------------------------

// @ts-ignore: decorator
@inline
function d(v: v128, lane: i32): u64 {
  return lane == 0 ? i64x2.extract_lane(v, 0) : i64x2.extract_lane(v, 1)
}

// @ts-ignore: decorator
@inline
function s0(v: v128): u32 {
  return i32x4.extract_lane(v, 0)
}

export function packedDouble(kind: i32, a: v128, b: v128): v128 {
  return i64x2(arithmeticDouble(kind, d(a, 0), d(b, 0)), arithmeticDouble(kind, d(a, 1), d(b, 1)))
}

export function packedSingle(kind: i32, a: v128, b: v128): v128 {
  if (native && i32x4.all_true(v128.and(plainSingles(a), plainSingles(b)))) {
    let r: v128
    if (kind == ADD) r = f32x4.add(a, b)
    else if (kind == SUBTRACT) r = f32x4.sub(a, b)
    else if (kind == MULTIPLY) r = f32x4.mul(a, b)
    else r = f32x4.div(a, b)
    if (i32x4.all_true(safeSingles(r))) return r
  }
  return i32x4(
    arithmeticSingle(kind, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    arithmeticSingle(kind, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    arithmeticSingle(kind, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    arithmeticSingle(kind, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  )
}

function extremeSingles(maximum: bool, a: v128, b: v128): v128 {
  if (i32x4.all_true(v128.and(plainSingles(a), plainSingles(b)))) {
    return v128.bitselect(a, b, maximum ? f32x4.gt(a, b) : f32x4.lt(a, b))
  }
  return i32x4(
    extremeSingle(maximum, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    extremeSingle(maximum, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    extremeSingle(maximum, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    extremeSingle(maximum, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  )
}

function compareSingles(predicate: i32, a: v128, b: v128): v128 {
  return i32x4(
    compareSingle(predicate, i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0)),
    compareSingle(predicate, i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1)),
    compareSingle(predicate, i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2)),
    compareSingle(predicate, i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3)),
  )
}

function singlesToIntegers(b: v128, truncate: bool): v128 {
  return i32x4(
    <i32>singleToInteger(i32x4.extract_lane(b, 0), 32, truncate),
    <i32>singleToInteger(i32x4.extract_lane(b, 1), 32, truncate),
    <i32>singleToInteger(i32x4.extract_lane(b, 2), 32, truncate),
    <i32>singleToInteger(i32x4.extract_lane(b, 3), 32, truncate),
  )
}

/** No prefix: four singles. */
function packedSingles(opcode: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (opcode) {
    case FLOAT_SQRT:
      return i32x4(
        rootSingle(i32x4.extract_lane(b, 0)),
        rootSingle(i32x4.extract_lane(b, 1)),
        rootSingle(i32x4.extract_lane(b, 2)),
        rootSingle(i32x4.extract_lane(b, 3)),
      )
    case FLOAT_RSQRT:
      return i32x4(
        approximate(i32x4.extract_lane(b, 0), true),
        approximate(i32x4.extract_lane(b, 1), true),
        approximate(i32x4.extract_lane(b, 2), true),
        approximate(i32x4.extract_lane(b, 3), true),
      )
    case FLOAT_RCP:
      return i32x4(
        approximate(i32x4.extract_lane(b, 0), false),
        approximate(i32x4.extract_lane(b, 1), false),
        approximate(i32x4.extract_lane(b, 2), false),
        approximate(i32x4.extract_lane(b, 3), false),
      )
    case FLOAT_ADD:
      return packedSingle(ADD, a, b)
    case FLOAT_MUL:
      return packedSingle(MULTIPLY, a, b)
    case FLOAT_FORMAT: // CVTPS2PD
      return i64x2(singleToDouble(i32x4.extract_lane(b, 0)), singleToDouble(i32x4.extract_lane(b, 1)))
    case FLOAT_INTEGER: // CVTDQ2PS
      return i32x4(
        integerToSingle(<i64>i32x4.extract_lane(b, 0)),
        integerToSingle(<i64>i32x4.extract_lane(b, 1)),
        integerToSingle(<i64>i32x4.extract_lane(b, 2)),
        integerToSingle(<i64>i32x4.extract_lane(b, 3)),
      )
    case FLOAT_SUB:
      return packedSingle(SUBTRACT, a, b)
    case FLOAT_MIN:
      return extremeSingles(false, a, b)
    case FLOAT_DIV:
      return packedSingle(DIVIDE, a, b)
    case FLOAT_MAX:
      return extremeSingles(true, a, b)
    default:
      if (opcode == FLOAT_COMPARE) return compareSingles(immediate & 7, a, b)
  }
  unreachable()
  return a
}

/** 66: two doubles. */
function packedDoubles(opcode: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (opcode) {
    case FLOAT_SQRT:
      return i64x2(rootDouble(d(b, 0)), rootDouble(d(b, 1)))
    case FLOAT_ADD:
      return packedDouble(ADD, a, b)
    case FLOAT_MUL:
      return packedDouble(MULTIPLY, a, b)
    case FLOAT_FORMAT: // CVTPD2PS
      return i32x4(doubleToSingle(d(b, 0)), doubleToSingle(d(b, 1)), 0, 0)
    case FLOAT_INTEGER:
      return singlesToIntegers(b, false) // CVTPS2DQ
    case FLOAT_SUB:
      return packedDouble(SUBTRACT, a, b)
    case FLOAT_MIN:
      return i64x2(extremeDouble(false, d(a, 0), d(b, 0)), extremeDouble(false, d(a, 1), d(b, 1)))
    case FLOAT_DIV:
      return packedDouble(DIVIDE, a, b)
    case FLOAT_MAX:
      return i64x2(extremeDouble(true, d(a, 0), d(b, 0)), extremeDouble(true, d(a, 1), d(b, 1)))
    default:
      if (opcode == FLOAT_COMPARE)
        return i64x2(compareDouble(immediate & 7, d(a, 0), d(b, 0)), compareDouble(immediate & 7, d(a, 1), d(b, 1)))
      if (opcode == FLOAT_INTEGER_DOUBLE)
        return i32x4(<i32>doubleToInteger(d(b, 0), 32, true), <i32>doubleToInteger(d(b, 1), 32, true), 0, 0) // CVTTPD2DQ
      return sumOperation(opcode, true, a, b)
  }
}

/** F3: one single. */
function scalarSingle(opcode: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (opcode) {
    case FLOAT_SQRT:
      return i32x4.replace_lane(a, 0, rootSingle(s0(b)))
    case FLOAT_RSQRT:
      return i32x4.replace_lane(a, 0, approximate(s0(b), true))
    case FLOAT_RCP:
      return i32x4.replace_lane(a, 0, approximate(s0(b), false))
    case FLOAT_ADD:
      return i32x4.replace_lane(a, 0, arithmeticSingle(ADD, s0(a), s0(b)))
    case FLOAT_MUL:
      return i32x4.replace_lane(a, 0, arithmeticSingle(MULTIPLY, s0(a), s0(b)))
    case FLOAT_FORMAT:
      return i64x2.replace_lane(a, 0, singleToDouble(s0(b)))
    case FLOAT_INTEGER:
      return singlesToIntegers(b, true) // CVTTPS2DQ
    case FLOAT_SUB:
      return i32x4.replace_lane(a, 0, arithmeticSingle(SUBTRACT, s0(a), s0(b)))
    case FLOAT_MIN:
      return i32x4.replace_lane(a, 0, extremeSingle(false, s0(a), s0(b)))
    case FLOAT_DIV:
      return i32x4.replace_lane(a, 0, arithmeticSingle(DIVIDE, s0(a), s0(b)))
    case FLOAT_MAX:
      return i32x4.replace_lane(a, 0, extremeSingle(true, s0(a), s0(b)))
    default:
      if (opcode == FLOAT_COMPARE) return i32x4.replace_lane(a, 0, compareSingle(immediate & 7, s0(a), s0(b)))
      if (opcode == FLOAT_INTEGER_DOUBLE)
        return i64x2(integerToDouble(<i64>i32x4.extract_lane(b, 0)), integerToDouble(<i64>i32x4.extract_lane(b, 1))) // CVTDQ2PD
  }
  unreachable()
  return a
}

/** F2: one double. */
function scalarDouble(opcode: i32, a: v128, b: v128, immediate: i32): v128 {
  switch (opcode) {
    case FLOAT_SQRT:
      return i64x2.replace_lane(a, 0, rootDouble(d(b, 0)))
    case FLOAT_ADD:
      return i64x2.replace_lane(a, 0, arithmeticDouble(ADD, d(a, 0), d(b, 0)))
    case FLOAT_MUL:
      return i64x2.replace_lane(a, 0, arithmeticDouble(MULTIPLY, d(a, 0), d(b, 0)))
    case FLOAT_FORMAT:
      return i32x4.replace_lane(a, 0, doubleToSingle(d(b, 0)))
    case FLOAT_SUB:
      return i64x2.replace_lane(a, 0, arithmeticDouble(SUBTRACT, d(a, 0), d(b, 0)))
    case FLOAT_MIN:
      return i64x2.replace_lane(a, 0, extremeDouble(false, d(a, 0), d(b, 0)))
    case FLOAT_DIV:
      return i64x2.replace_lane(a, 0, arithmeticDouble(DIVIDE, d(a, 0), d(b, 0)))
    case FLOAT_MAX:
      return i64x2.replace_lane(a, 0, extremeDouble(true, d(a, 0), d(b, 0)))
    default:
      if (opcode == FLOAT_COMPARE) return i64x2.replace_lane(a, 0, compareDouble(immediate & 7, d(a, 0), d(b, 0)))
      if (opcode == FLOAT_INTEGER_DOUBLE)
        return i32x4(<i32>doubleToInteger(d(b, 0), 32, false), <i32>doubleToInteger(d(b, 1), 32, false), 0, 0) // CVTPD2DQ
      return sumOperation(opcode, false, a, b) // of packed singles, in spite of the prefix
  }
}

/** `operation` as in sse-integer.ts; `beginFloat` first. One dense switch for each prefix becomes a jump table. */
export function floatOperation(operation: i32, a: v128, b: v128, immediate: i32): v128 {
  const opcode = operation & 0xff
  switch (operation >> 8) {
    case 0:
      return packedSingles(opcode, a, b, immediate)
    case 1:
      return packedDoubles(opcode, a, b, immediate)
    case 2:
      return scalarSingle(opcode, a, b, immediate)
    case 3:
      return scalarDouble(opcode, a, b, immediate)
    default:
      return roundOperation(operation, a, b, immediate)
  }
}
