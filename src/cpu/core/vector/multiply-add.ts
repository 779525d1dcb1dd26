// FMA: a * b + c, rounded once (SDM 1 14.5). Flags as in sse-float.ts, in softfloat's `raised`; `beginFloat` first.
import {
  DENORMAL,
  FINITE,
  INFINITE,
  INVALID,
  QUIET,
  SIGNALING,
  TOP,
  TO_DOWN,
  ZERO,
  aClass,
  aDenormal,
  aExponent,
  aSign,
  aSignificand,
  bClass,
  bDenormal,
  bExponent,
  bSign,
  bSignificand,
  indefinite,
  loadDouble,
  loadSingle,
  moveAToB,
  multiplyHigh,
  packDouble,
  packSingle,
  raise,
  roundToDouble,
  roundToSingle,
  roundingMode,
  setR,
  takeA,
  takeB,
} from '../float/softfloat'

// The addend, once A and B hold the factors.
let cClass: i32 = 0
let cSign: i32 = 0
let cExponent: i32 = 0
let cSignificand: u64 = 0
let cDenormal: bool = false

function moveAToC(): void {
  cClass = aClass
  cSign = aSign
  cExponent = aExponent
  cSignificand = aSignificand
  cDenormal = aDenormal
}

/** True if one of the three is a NaN; then R is the first of them, quieted. A product of infinity and zero is no invalid operation then. */
function propagateNaN(): bool {
  if (aClass < QUIET && bClass < QUIET && cClass < QUIET) return false
  if (aClass == SIGNALING || bClass == SIGNALING || cClass == SIGNALING) raise(INVALID)
  if (aClass >= QUIET) takeA()
  else if (bClass >= QUIET) takeB()
  else setR(QUIET, cSign, 0, cSignificand | 0x4000000000000000, 0)
  return true
}

/** R = (-1)^sign * (high:low) * 2^(exponent - 127), normalised. */
function setNormalised(sign: i32, exponent: i32, high: u64, low: u64): void {
  if (high == 0) {
    if (low == 0) return setR(ZERO, roundingMode == TO_DOWN ? 1 : 0, 0, 0, 0)
    high = low
    low = 0
    exponent -= 64
  }
  const shift = clz(high)
  if (shift) {
    high = (high << shift) | (low >> (64 - shift))
    low <<= shift
  }
  setR(FINITE, sign, exponent - <i32>shift, high, low)
}

/** X + Y or X - Y of magnitudes, X the larger; what Y loses stays as a sticky bit. */
function addAligned(
  sign: i32,
  exponent: i32,
  xHigh: u64,
  xLow: u64,
  yHigh: u64,
  yLow: u64,
  distance: i32,
  less: bool,
): void {
  let lost = false
  if (distance >= 128) {
    lost = true
    yHigh = 0
    yLow = 0
  } else {
    if (distance >= 64) {
      lost = yLow != 0
      yLow = yHigh
      yHigh = 0
    }
    const rest = u64(distance & 63)
    if (rest) {
      if (yLow << (64 - rest)) lost = true
      yLow = (yLow >> rest) | (yHigh << (64 - rest))
      yHigh >>= rest
    }
  }
  if (lost) yLow |= 1
  if (less) return setNormalised(sign, exponent, xHigh - yHigh - u64(xLow < yLow), xLow - yLow)
  const low = xLow + yLow
  const carry = u64(low < xLow)
  const partial = xHigh + yHigh
  const high = partial + carry
  if (partial < xHigh || high < partial)
    setR(FINITE, sign, exponent + 1, (high >> 1) | TOP, (low >> 1) | (high << 63) | (low & 1))
  else setR(FINITE, sign, exponent, high, low)
}

/** R = the product of A and B, both finite, with this sign, plus C, which is finite too. */
function addProduct(sign: i32): void {
  let high = multiplyHigh(aSignificand, bSignificand)
  let low = aSignificand * bSignificand
  let exponent = aExponent + bExponent + 1
  if (!(high & TOP)) {
    high = (high << 1) | (low >> 63)
    low <<= 1
    exponent--
  }
  if (cClass == ZERO) return setR(FINITE, sign, exponent, high, low)
  const less = sign != cSign
  const above = exponent != cExponent ? exponent > cExponent : high >= cSignificand
  if (above) addAligned(sign, exponent, high, low, cSignificand, 0, exponent - cExponent, less)
  else addAligned(cSign, cExponent, cSignificand, 0, high, low, cExponent - exponent, less)
}

/** R = +-(A * B) +- C, unrounded. */
function multiplyAdd(negateProduct: i32, negateAddend: i32): void {
  if (propagateNaN()) return
  const sign = aSign ^ bSign ^ negateProduct
  cSign ^= negateAddend
  if (aClass == INFINITE || bClass == INFINITE) {
    if (aClass == ZERO || bClass == ZERO || (cClass == INFINITE && cSign != sign)) return indefinite()
    setR(INFINITE, sign, 0, TOP, 0)
  } else if (cClass == INFINITE) setR(INFINITE, cSign, 0, TOP, 0)
  else if (aClass == ZERO || bClass == ZERO) {
    if (cClass == ZERO) setR(ZERO, sign == cSign ? sign : roundingMode == TO_DOWN ? 1 : 0, 0, 0, 0)
    else setR(FINITE, cSign, cExponent, cSignificand, 0)
  } else addProduct(sign)
  if (aDenormal || bDenormal || cDenormal) raise(DENORMAL)
}

function double(a: u64, b: u64, c: u64, negateProduct: i32, negateAddend: i32): u64 {
  loadDouble(c)
  moveAToC()
  loadDouble(b)
  moveAToB()
  loadDouble(a)
  multiplyAdd(negateProduct, negateAddend)
  roundToDouble()
  return packDouble()
}

function single(a: u32, b: u32, c: u32, negateProduct: i32, negateAddend: i32): u32 {
  loadSingle(c)
  moveAToC()
  loadSingle(b)
  moveAToB()
  loadSingle(a)
  multiplyAdd(negateProduct, negateAddend)
  roundToSingle()
  return packSingle()
}

/**
 * An opcode of map 0F 38: 9xH is the form 132, AxH 213, BxH 231; low digit 6 FMADDSUB, 7 FMSUBADD, then FMADD, FMSUB, FNMADD and FNMSUB, each
 * packed and scalar. The instruction's operands are its first, second and third.
 */
export function multiplyAddOperation(opcode: i32, doubles: bool, first: v128, second: v128, third: v128): v128 {
  const form = opcode >> 4
  const a = form == 9 ? first : second
  const b = form == 10 ? first : third
  const c = form == 9 ? second : form == 10 ? third : first
  const kind = opcode & 15
  const product = kind >= 12 ? 1 : 0
  // Signs of the addend in the even elements and in the odd ones.
  const even = kind == 6 || (kind > 7 && (kind & 2) != 0) ? 1 : 0
  const odd = kind == 7 || (kind > 7 && (kind & 2) != 0) ? 1 : 0
  const scalar = kind > 8 && (kind & 1) != 0
  if (doubles) {
    const r = double(i64x2.extract_lane(a, 0), i64x2.extract_lane(b, 0), i64x2.extract_lane(c, 0), product, even)
    if (scalar) return i64x2.replace_lane(first, 0, r)
    return i64x2(r, double(i64x2.extract_lane(a, 1), i64x2.extract_lane(b, 1), i64x2.extract_lane(c, 1), product, odd))
  }
  const r = single(i32x4.extract_lane(a, 0), i32x4.extract_lane(b, 0), i32x4.extract_lane(c, 0), product, even)
  if (scalar) return i32x4.replace_lane(first, 0, r)
  return i32x4(
    r,
    single(i32x4.extract_lane(a, 1), i32x4.extract_lane(b, 1), i32x4.extract_lane(c, 1), product, odd),
    single(i32x4.extract_lane(a, 2), i32x4.extract_lane(b, 2), i32x4.extract_lane(c, 2), product, even),
    single(i32x4.extract_lane(a, 3), i32x4.extract_lane(b, 3), i32x4.extract_lane(c, 3), product, odd),
  )
}
