// The transcendental instructions of the x87: F2XM1, FYL2X, FYL2XP1, FPATAN, FPTAN, FSIN, FCOS, FSINCOS.
//
// Promises: special operands exactly as in the SDM's tables; finite results within about one unit in the last place of 64
// bits (computed with about 100 bits). Processors differ in these last bits, so no test compares them bit for bit with a
// host. Arguments of the circular functions are reduced by the 66-bit pi of SDM 1 8.3.8.
import { FSW_C1, FSW_C2 } from '../../numbers/registers'
import { CpuState } from '../state/state'
import {
  ADD,
  DENORMAL,
  DIVIDE_BY_ZERO,
  FINITE,
  INEXACT,
  INFINITE,
  MULTIPLY,
  ZERO,
  aClass,
  aDenormal,
  aExponent,
  aSign,
  aSignificand,
  arithmetic,
  bClass,
  bDenormal,
  bSign,
  indefinite,
  loadDouble,
  loadInteger,
  loadParts,
  moveAToB,
  moveAToR,
  moveRToA,
  propagateNaN,
  propagateNaNOfA,
  raise,
  setR,
  swapOperands,
  bExponent,
  bSignificand,
  rExponent,
  rLow,
  rSignificand,
  scaleR,
} from '../float/softfloat'
import {
  add,
  arcTangent,
  divide,
  exponentialMinusOne,
  high,
  logarithmOfRatio,
  low,
  multiply,
  set,
  sineOrCosine,
} from './double-double'
import {
  isEmpty,
  loadSt,
  markFull,
  pop,
  push,
  roundToExtended,
  setConditions,
  setStatusWord,
  settle,
  st,
  stackOverflow,
  stackUnderflow,
  statusWord,
  storeIndefinite,
  storeR,
} from './x87-stack'

const LN2_HIGH: f64 = 0.6931471805599453
const LN2_LOW: f64 = 2.3190468138462996e-17
const PI_HIGH: f64 = 3.141592653589793
const PI_LOW: f64 = 1.2246467991473532e-16
const ONE: u64 = 0x8000000000000000

/** The significand of a finite value as a double-double in [1, 2), with sign. */
function significandPair(sign: i32, significand: u64): void {
  const scale: f64 = 1.0 / 9223372036854775808.0
  const h = <f64>(significand & 0xfffffffffffff800) * scale
  const l = <f64>(significand & 0x7ff) * scale
  add(sign ? -h : h, 0, sign ? -l : l, 0)
}

/** 2^n as a double, |n| < 1000. */
function power(n: i32): f64 {
  return reinterpret<f64>((<u64>(n + 1023)) << 52)
}

/** R = (high, low) * 2^exponent, not yet rounded. */
function pairToR(exponent: i32): void {
  loadDouble(reinterpret<u64>(low))
  moveAToB()
  loadDouble(reinterpret<u64>(high))
  arithmetic(ADD)
  scaleR(exponent)
}

/** A = (high, low) rounded to 64 bits by truncation of the sum. */
function pairToA(): void {
  pairToR(0)
  moveRToA()
}

function finish(c: CpuState, i: u32): bool {
  roundToExtended()
  if (!settle(c)) return false
  storeR(st(c, i))
  return true
}

function powerMinusOne(c: CpuState): void {
  loadSt(c, 0)
  if (propagateNaNOfA()) {
    finish(c, 0)
    return
  }
  if (aDenormal) raise(DENORMAL)
  if (aClass == ZERO) return
  if (aClass == INFINITE) {
    if (aSign) setR(FINITE, 1, 0, ONE, 0)
    else moveAToR()
    finish(c, 0)
    return
  }
  raise(INEXACT)
  if (aExponent < -64) {
    loadParts(0, -1, 0xb17217f7d1cf79ac)
    moveAToB()
    loadSt(c, 0)
    arithmetic(MULTIPLY)
  } else if (aExponent > 0 || (aExponent == 0 && aSignificand != ONE)) {
    moveAToR() // outside [-1, 1] the result is undefined
  } else {
    const exponent = aExponent
    significandPair(aSign, aSignificand)
    multiply(high, low, LN2_HIGH, LN2_LOW)
    const scale = power(exponent)
    exponentialMinusOne(high * scale, low * scale)
    pairToR(0)
  }
  finish(c, 0)
}

/** (high, low) = log2 of the finite positive value with this exponent and significand; `rest`: the 64 bits behind the significand. */
function binaryLogarithm(exponent: i32, significand: u64, rest: u64): void {
  let e = exponent
  significandPair(0, significand)
  add(high, low, <f64>rest * power(-127), 0)
  if (high > 1.4142135623730951) {
    set(high * 0.5, low * 0.5)
    e++
  }
  const mh = high
  const ml = low
  add(mh, ml, 1, 0)
  const dh = high
  const dl = low
  add(mh, ml, -1, 0)
  divide(high, low, dh, dl)
  logarithmOfRatio(high, low)
  divide(high, low, LN2_HIGH, LN2_LOW)
  add(<f64>e, 0, high, low)
}

/** FYL2X: ST(1) * log2 ST(0), pop. */
function logarithm(c: CpuState): void {
  loadSt(c, 1)
  moveAToB()
  loadSt(c, 0)
  if (!propagateNaN()) {
    const exactPower = aClass == FINITE && aSignificand == ONE
    if (aSign && aClass != ZERO) indefinite()
    else if (aClass == ZERO) {
      if (bClass == ZERO) indefinite()
      else if (bClass == INFINITE) setR(INFINITE, bSign ^ 1, 0, ONE, 0)
      else {
        raise(DIVIDE_BY_ZERO)
        setR(INFINITE, bSign ^ 1, 0, ONE, 0)
      }
    } else if (aClass == INFINITE) {
      if (bClass == ZERO) indefinite()
      else {
        setR(INFINITE, bSign, 0, ONE, 0)
        if (bDenormal) raise(DENORMAL)
      }
    } else {
      const isOne = exactPower && aExponent == 0
      if (bClass == INFINITE && isOne) indefinite()
      else {
        if (aDenormal || bDenormal) raise(DENORMAL)
        if (bClass == INFINITE) setR(INFINITE, aExponent < 0 ? bSign ^ 1 : bSign, 0, ONE, 0)
        else if (isOne || bClass == ZERO) setR(ZERO, aExponent < 0 ? bSign ^ 1 : bSign, 0, 0, 0)
        else {
          if (exactPower) loadInteger(<i64>aExponent)
          else {
            raise(INEXACT)
            binaryLogarithm(aExponent, aSignificand, 0)
            pairToA()
          }
          reloadB(c)
          arithmetic(MULTIPLY)
        }
      }
    }
  }
  roundToExtended()
  if (!settle(c)) return
  storeR(st(c, 1))
  pop(c)
}

/** B = ST(1) again, after B served in computing A. */
function reloadB(c: CpuState): void {
  moveAToB()
  loadSt(c, 1)
  swapOperands()
}

/** A = log2(1 + A) for a finite A > -1 that is not 0. */
function addOneAndTakeLogarithm(): void {
  if (aExponent < -66) {
    // log2(1 + x) = x log2 e
    const exponent = aExponent
    significandPair(aSign, aSignificand)
    divide(high, low, LN2_HIGH, LN2_LOW)
    pairToR(exponent)
    moveRToA()
    return
  }
  if (aExponent >= -1) {
    // Beyond the range that the manual defines nothing is lost by adding.
    moveAToB()
    loadInteger(1)
    arithmetic(ADD)
    binaryLogarithm(rExponent, rSignificand, rLow)
  } else {
    const scale = power(aExponent)
    significandPair(aSign, aSignificand)
    const xh = high * scale
    const xl = low * scale
    add(2, 0, xh, xl)
    divide(xh, xl, high, low)
    logarithmOfRatio(high, low)
    divide(high, low, LN2_HIGH, LN2_LOW)
  }
  pairToA()
}

/** FYL2XP1: ST(1) * log2(ST(0) + 1), pop. */
function logarithmPlusOne(c: CpuState): void {
  loadSt(c, 1)
  moveAToB()
  loadSt(c, 0)
  if (!propagateNaN()) {
    if (aClass == INFINITE) {
      if (aSign || bClass == ZERO) indefinite()
      else {
        if (bDenormal) raise(DENORMAL)
        setR(INFINITE, bSign, 0, ONE, 0)
      }
    } else if (aClass == ZERO) {
      if (bClass == INFINITE) indefinite()
      else {
        if (bDenormal) raise(DENORMAL)
        setR(ZERO, aSign ^ bSign, 0, 0, 0)
      }
    } else {
      if (aDenormal || bDenormal) raise(DENORMAL)
      if (bClass == INFINITE) setR(INFINITE, aSign ^ bSign, 0, ONE, 0)
      else if (bClass == ZERO) setR(ZERO, aSign ^ bSign, 0, 0, 0)
      else {
        raise(INEXACT)
        // The logarithm of nothing, or of less, is left open: processors give the operand.
        if (aSign && aExponent >= 0) moveAToR()
        else {
          addOneAndTakeLogarithm()
          reloadB(c)
          arithmetic(MULTIPLY)
        }
      }
    }
  }
  roundToExtended()
  if (!settle(c)) return
  storeR(st(c, 1))
  pop(c)
}

/** R = multiple * pi / 4, inexact. */
function quartersOfPi(multiple: f64, sign: i32): void {
  raise(INEXACT)
  const m = (sign ? -multiple : multiple) * 0.25
  multiply(PI_HIGH, PI_LOW, m, 0)
  pairToR(0)
}

/** FPATAN: arc tangent of ST(1) / ST(0) in the right quadrant, pop. */
function arcTangentOfQuotient(c: CpuState): void {
  loadSt(c, 1)
  moveAToB()
  loadSt(c, 0)
  if (!propagateNaN()) {
    // x = A, y = B.
    const negative = aSign != 0
    const sign = bSign
    if (aDenormal || bDenormal) raise(DENORMAL)
    if (bClass == INFINITE) quartersOfPi(aClass == INFINITE ? (negative ? 3 : 1) : 2, sign)
    else if (aClass == INFINITE || bClass == ZERO) {
      if (negative) quartersOfPi(4, sign)
      else setR(ZERO, sign, 0, 0, 0)
    } else if (aClass == ZERO) quartersOfPi(2, sign)
    else {
      raise(INEXACT)
      const distance = bExponent - aExponent
      if (distance < -100 && !negative) {
        // atan z = z
        swapOperands()
        arithmetic(3)
      } else {
        const steep = distance > 0 || (distance == 0 && bSignificand > aSignificand)
        const xs = aSignificand
        const ys = bSignificand
        significandPair(0, steep ? xs : ys)
        const nh = high
        const nl = low
        significandPair(0, steep ? ys : xs)
        divide(nh, nl, high, low)
        const gap = steep ? -distance : distance
        const scale = gap < -900 ? 0 : power(gap)
        const shallow = gap < -40
        if (shallow) set(high * scale, low * scale)
        else arcTangent(high * scale, low * scale)
        if (steep) add(PI_HIGH * 0.5, PI_LOW * 0.5, -high, -low)
        if (negative) add(PI_HIGH, PI_LOW, -high, -low)
        if (sign) set(-high, -low)
        pairToR(0)
      }
    }
  }
  roundToExtended()
  if (!settle(c)) return
  storeR(st(c, 1))
  pop(c)
}

/** Reduces finite A by the 66-bit pi/2 to (high, low) in [-pi/4, pi/4]; returns the quotient modulo 4. */
function reduceAngle(): u32 {
  // pi/2 = C90FDAA22168C234.C * 2^-63
  const ph: u64 = 0xc90fdaa22168c234
  const pl: u64 = 0xc000000000000000
  let rh = aSignificand
  let rl: u64 = 0
  let quotient: u32 = 0
  let exponent = aExponent
  if (exponent >= -1) {
    if (exponent == -1) {
      rl = rh << 63
      rh >>= 1
      exponent = 0
    }
    let carry: u64 = 0
    for (let i = exponent; ; i--) {
      quotient <<= 1
      if (carry || rh > ph || (rh == ph && rl >= pl)) {
        rh = rh - ph - (rl < pl ? 1 : 0)
        rl -= pl
        quotient |= 1
      }
      if (i == 0) break
      carry = rh >> 63
      rh = (rh << 1) | (rl >> 63)
      rl <<= 1
    }
    exponent = 0
  }
  // Above pi/4: the nearer multiple is the next one.
  let negative = aSign != 0
  const hh = ph >> 1
  if (exponent == 0 && rh > hh) {
    const borrow: u64 = pl < rl ? 1 : 0
    rl = pl - rl
    rh = ph - rh - borrow
    quotient++
    negative = !negative
  }
  const unit: f64 = 1.0 / 9223372036854775808.0
  const a = <f64>(rh & 0xfffffffffffff800) * unit
  const b = <f64>(rh & 0x7ff) * unit
  const l = <f64>(rl >> 11) * (unit / 9007199254740992.0)
  add(a, 0, b, l)
  const scale = power(exponent < -900 ? -900 : exponent)
  set((negative ? -high : high) * scale, (negative ? -low : low) * scale)
  return aSign ? (0 - quotient) & 3 : quotient & 3
}

/** R = sine of the angle r + quotient * pi/2. */
function circular(quotient: u32, rh: f64, rl: f64): void {
  sineOrCosine(rh, rl, (quotient & 1) != 0)
  if (quotient & 2) set(-high, -low)
}

function circularFunction(c: CpuState, modrm: u32): void {
  const pushes = modrm == 0xf2 || modrm == 0xfb
  if (pushes && !isEmpty(c, 7)) {
    if (stackOverflow(c)) storeIndefinite(st(c, 1))
    return
  }
  loadSt(c, 0)
  if (aClass == INFINITE) indefinite()
  if (aClass == INFINITE || propagateNaNOfA()) {
    if (!settle(c)) return
    storeR(st(c, 0))
    if (pushes) {
      push(c)
      storeR(st(c, 0))
    }
    setConditions(c, 0)
    return
  }
  if (aClass == FINITE && aExponent >= 63) {
    setConditions(c, FSW_C2)
    return
  }
  if (aDenormal) raise(DENORMAL)
  const zero = aClass == ZERO
  const tiny = !zero && aExponent < -70
  if (!zero) raise(INEXACT)
  let rh: f64 = 0
  let rl: f64 = 0
  let quotient: u32 = 0
  moveAToR()
  if (!zero && !tiny) {
    quotient = reduceAngle()
    rh = high
    rl = low
  }
  if (modrm == 0xff) {
    if (zero || tiny) setR(FINITE, 0, 0, ONE, 0)
    else {
      circular(quotient + 1, rh, rl)
      pairToR(0)
    }
  } else if (!zero && !tiny) {
    circular(quotient, rh, rl)
    if (modrm == 0xf2) {
      const sh = high
      const sl = low
      circular(quotient + 1, rh, rl)
      divide(sh, sl, high, low)
    }
    pairToR(0)
  }
  roundToExtended()
  if (!settle(c)) return
  setStatusC2(c)
  storeR(st(c, 0))
  if (!pushes) return
  push(c)
  if (modrm == 0xf2 || zero || tiny) setR(FINITE, 0, 0, ONE, 0)
  else {
    circular(quotient + 1, rh, rl)
    pairToR(0)
    roundToExtended()
  }
  storeR(st(c, 0))
}

function setStatusC2(c: CpuState): void {
  setConditions(c, statusWord(c) & FSW_C1)
}

export function transcendental(c: CpuState, modrm: u32): void {
  const two = modrm == 0xf1 || modrm == 0xf3 || modrm == 0xf9
  if (modrm == 0xf2 || modrm >= 0xfb) setStatusWord(c, statusWord(c) & ~FSW_C2)
  if (isEmpty(c, 0) || (two && isEmpty(c, 1))) {
    stackUnderflow()
    if (!settle(c)) return
    if (two) {
      storeIndefinite(st(c, 1))
      markFull(c, 1)
      pop(c)
    } else {
      storeIndefinite(st(c, 0))
      markFull(c, 0)
      if (modrm == 0xf2 || modrm == 0xfb) {
        push(c)
        storeIndefinite(st(c, 0))
      }
    }
    return
  }
  if (modrm == 0xf0) powerMinusOne(c)
  else if (modrm == 0xf1) logarithm(c)
  else if (modrm == 0xf3) arcTangentOfQuotient(c)
  else if (modrm == 0xf9) logarithmPlusOne(c)
  else circularFunction(c, modrm)
}
