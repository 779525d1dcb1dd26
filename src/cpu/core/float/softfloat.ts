// Binary floating point in integer arithmetic, exactly as x86 defines it: the arithmetic of SSE when native
// arithmetic of WebAssembly cannot give the flags, and all arithmetic of the x87.
//
// Protocol: unpack two operands into A and B (`load...`), call one operation (result in R, unrounded), then `roundR`
// to the precision and exponent range of the destination, then `pack...` (float-value.ts has these and the environment).
import {
  INVALID,
  DENORMAL,
  DIVIDE_BY_ZERO,
  INEXACT,
  TO_DOWN,
  TO_ZERO,
  ZERO,
  FINITE,
  INFINITE,
  QUIET,
  SIGNALING,
  TOP,
  roundingMode,
  raised,
  roundedUp,
  aClass,
  aSign,
  aExponent,
  aSignificand,
  aDenormal,
  bClass,
  bSign,
  bExponent,
  bSignificand,
  bDenormal,
  rClass,
  rSign,
  rExponent,
  rSignificand,
  rLow,
  moveAToR,
  swapOperands,
  keptSignificand,
  keptCarry,
  keptInexact,
  keptUp,
  roundBits,
  shiftRightSticky,
  indefinite,
  propagateNaN,
  propagateNaNOfA,
} from './float-value'

export * from './float-value'

/** Operations of `arithmetic`. None is reversed, as FSUBR and FDIVR are: the caller swaps. */
export const ADD: i32 = 0
export const SUBTRACT: i32 = 1
export const MULTIPLY: i32 = 2
export const DIVIDE: i32 = 3

// ---- Arithmetic ----------------------------------------------------------------------------------------------------

/** High half of a 64 x 64 bit product. */
export function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff
  const a1 = a >> 32
  const b0 = b & 0xffffffff
  const b1 = b >> 32
  const low = a0 * b0
  const middle = a1 * b0 + (low >> 32)
  const cross = a0 * b1 + (middle & 0xffffffff)
  return a1 * b1 + (middle >> 32) + (cross >> 32)
}

export let divisionRemainder: u64 = 0

/** (high:low) / divisor with high < divisor and bit 63 of the divisor set: two digits of 32 bits (Knuth 4.3.1 D). */
export function divideWide(high: u64, low: u64, divisor: u64): u64 {
  const d1 = divisor >> 32
  const d0 = divisor & 0xffffffff
  let rest = high
  let quotient: u64 = 0
  for (let i = 0; i < 2; i++) {
    const next = i == 0 ? low >> 32 : low & 0xffffffff
    let digit = rest / d1
    let r = rest - digit * d1
    while (digit > 0xffffffff || digit * d0 > ((r << 32) | next)) {
      digit--
      r += d1
      if (r > 0xffffffff) break
    }
    rest = ((rest << 32) | next) - digit * divisor
    quotient = (quotient << 32) | digit
  }
  divisionRemainder = rest
  return quotient
}

function addMagnitudes(subtract: bool): void {
  // |A| >= |B| and both finite.
  const distance = aExponent - bExponent
  rSign = aSign
  rExponent = aExponent
  rSignificand = bSignificand
  rLow = 0
  shiftRightSticky(distance)
  rClass = FINITE
  if (!subtract) {
    const sum = aSignificand + rSignificand
    if (sum < aSignificand) {
      const lost = rLow & 1
      rLow = (rLow >> 1) | (sum << 63) | lost
      rSignificand = (sum >> 1) | TOP
      rExponent++
    } else rSignificand = sum
    return
  }
  const borrow: u64 = rLow ? 1 : 0
  rLow = 0 - rLow
  rSignificand = aSignificand - rSignificand - borrow
  if (rSignificand == 0) {
    if (rLow == 0) {
      rClass = ZERO
      rSign = roundingMode == TO_DOWN ? 1 : 0
      return
    }
    rSignificand = rLow
    rLow = 0
    rExponent -= 64
  }
  const shift = <i32>clz(rSignificand)
  if (shift) {
    rSignificand = (rSignificand << shift) | (rLow >> (64 - shift))
    rLow <<= shift
    rExponent -= shift
  }
}

function addition(subtract: bool): void {
  if (subtract) bSign ^= 1
  if (aClass == INFINITE || bClass == INFINITE) {
    if (aClass == bClass && aSign != bSign) {
      indefinite()
      return
    }
    rClass = INFINITE
    rSign = aClass == INFINITE ? aSign : bSign
  } else if (aClass == ZERO) {
    if (bClass == ZERO) {
      rClass = ZERO
      rSign = aSign == bSign ? aSign : roundingMode == TO_DOWN ? 1 : 0
    } else {
      rClass = FINITE
      rSign = bSign
      rExponent = bExponent
      rSignificand = bSignificand
      rLow = 0
    }
  } else if (bClass == ZERO) moveAToR()
  else {
    if (aExponent < bExponent || (aExponent == bExponent && aSignificand < bSignificand)) swapOperands()
    addMagnitudes(aSign != bSign)
  }
  if (aDenormal || bDenormal) raised |= DENORMAL
}

function multiplication(): void {
  rSign = aSign ^ bSign
  if (aClass == INFINITE || bClass == INFINITE) {
    if (aClass == ZERO || bClass == ZERO) {
      indefinite()
      return
    }
    rClass = INFINITE
  } else if (aClass == ZERO || bClass == ZERO) rClass = ZERO
  else {
    rClass = FINITE
    rSignificand = multiplyHigh(aSignificand, bSignificand)
    rLow = aSignificand * bSignificand
    rExponent = aExponent + bExponent + 1
    if (!(rSignificand & TOP)) {
      rSignificand = (rSignificand << 1) | (rLow >> 63)
      rLow <<= 1
      rExponent--
    }
  }
  if (aDenormal || bDenormal) raised |= DENORMAL
}

function division(): void {
  rSign = aSign ^ bSign
  if ((aClass == INFINITE && bClass == INFINITE) || (aClass == ZERO && bClass == ZERO)) {
    indefinite()
    return
  }
  if (bClass == ZERO && aClass != INFINITE) {
    raised |= DIVIDE_BY_ZERO
    rClass = INFINITE
    return
  }
  if (aClass == INFINITE) rClass = INFINITE
  else if (aClass == ZERO || bClass == INFINITE) rClass = ZERO
  else {
    rClass = FINITE
    rExponent = aExponent - bExponent
    if (aSignificand >= bSignificand) rSignificand = divideWide(aSignificand >> 1, aSignificand << 63, bSignificand)
    else {
      rSignificand = divideWide(aSignificand, 0, bSignificand)
      rExponent--
    }
    const rest = divisionRemainder
    const twice = rest << 1
    if (rest & TOP || twice >= bSignificand) rLow = TOP | (twice == bSignificand && !(rest & TOP) ? 0 : 1)
    else rLow = rest ? 1 : 0
  }
  if (aDenormal || bDenormal) raised |= DENORMAL
}

/** R = A op B, unrounded. */
export function arithmetic(operation: i32): void {
  if (propagateNaN()) return
  if (operation <= SUBTRACT) addition(operation == SUBTRACT)
  else if (operation == MULTIPLY) multiplication()
  else division()
}

/** R = square root of A, unrounded. */
export function squareRoot(): void {
  if (propagateNaNOfA()) return
  if (aClass == ZERO) {
    moveAToR()
    return
  }
  if (aSign) {
    indefinite()
    return
  }
  if (aDenormal) raised |= DENORMAL
  moveAToR()
  if (aClass == INFINITE) return
  // The radicand as (high:low) with its binary point such that the root has bit 63 set.
  const odd = aExponent & 1
  rExponent = (aExponent - odd) >> 1
  let high = odd ? aSignificand : aSignificand >> 1
  let low: u64 = odd ? 0 : aSignificand << 63
  // Digit by digit: remainder (restHigh:rest) stays below 2 * root + 1.
  let root: u64 = 0
  let rest: u64 = 0
  let restHigh: u64 = 0
  for (let i = 0; i < 64; i++) {
    restHigh = (restHigh << 2) | (rest >> 62)
    rest = (rest << 2) | (high >> 62)
    high = (high << 2) | (low >> 62)
    low <<= 2
    const trialHigh = root >> 62
    const trial = (root << 2) | 1
    root <<= 1
    if (restHigh > trialHigh || (restHigh == trialHigh && rest >= trial)) {
      restHigh -= trialHigh + (rest < trial ? 1 : 0)
      rest -= trial
      root |= 1
    }
  }
  rSignificand = root
  // The remainder exceeds the root exactly if the next bit is 1; a root of 65 bits is never exact there.
  if (restHigh || rest > root) rLow = TOP | 1
  else rLow = rest ? 1 : 0
}

/** -1 less, 0 equal, 1 greater, 2 unordered. `quietInvalid`: quiet NaNs raise invalid too. */
export function compareOperands(quietInvalid: bool): i32 {
  if (aClass >= QUIET || bClass >= QUIET) {
    if (quietInvalid || aClass >= SIGNALING || bClass >= SIGNALING) raised |= INVALID
    return 2
  }
  if (aDenormal || bDenormal) raised |= DENORMAL
  if (aClass == ZERO && bClass == ZERO) return 0
  const aBelow = aSign ? -1 : 1
  if (aClass == ZERO) return bSign ? 1 : -1
  if (bClass == ZERO) return aBelow
  if (aSign != bSign) return aBelow
  if (aClass != bClass) return aClass == INFINITE ? aBelow : -aBelow
  if (aClass == INFINITE) return 0
  if (aExponent != bExponent) return aExponent > bExponent ? aBelow : -aBelow
  if (aSignificand != bSignificand) return aSignificand > bSignificand ? aBelow : -aBelow
  return 0
}

/** A as a signed integer of `bits` bits; the integer indefinite (the most negative) with INVALID if it does not fit. */
export function toInteger(bits: i32, truncate: bool): i64 {
  const worst: i64 = (<i64>-1) << (bits - 1)
  roundedUp = false
  if (aClass == ZERO) return 0
  if (aClass != FINITE || aExponent > 63) {
    raised |= INVALID
    return worst
  }
  moveAToR()
  shiftRightSticky(63 - aExponent)
  const mode = roundingMode
  if (truncate) roundingMode = TO_ZERO
  roundBits(0)
  roundingMode = mode
  const limit: u64 = ((<u64>1) << (bits - 1)) - (aSign ? 0 : 1)
  if (keptCarry || keptSignificand > limit) {
    raised |= INVALID
    return worst
  }
  if (keptInexact) raised |= INEXACT
  roundedUp = keptUp
  return aSign ? 0 - <i64>keptSignificand : <i64>keptSignificand
}

/** R = A rounded to an integral value in the current mode; raises INEXACT. */
export function roundToIntegral(): void {
  if (propagateNaNOfA()) return
  moveAToR()
  roundedUp = false
  if (aDenormal) raised |= DENORMAL
  if (aClass != FINITE || aExponent >= 63) return
  shiftRightSticky(63 - aExponent)
  roundBits(0)
  if (keptInexact) raised |= INEXACT
  roundedUp = keptUp
  if (keptSignificand == 0) {
    rClass = ZERO
    return
  }
  const shift = <i32>clz(keptSignificand)
  rSignificand = keptSignificand << shift
  rExponent = 63 - shift
  rLow = 0
}

/** R = A, for a conversion between formats: NaNs are quieted, a denormal operand is signalled. */
export function convertA(): void {
  if (propagateNaNOfA()) return
  if (aDenormal) raised |= DENORMAL
  moveAToR()
}

/**
 * R = A - q * B exactly, with q the quotient truncated (or to nearest even), for exponents at most 63 apart; returns
 * the low bits of |q|. Both operands finite.
 */
export function remainder(nearest: bool): u64 {
  let distance = aExponent - bExponent
  let quotient: u64 = 0
  let rest = aSignificand
  let carry: u64 = 0
  if (distance < -1 || (distance < 0 && !nearest)) {
    moveAToR()
    return 0
  }
  if (distance == -1) {
    // |B|/2 <= |A| < |B| in exponents: compare with half of B by hand.
    moveAToR()
    if (aSignificand <= bSignificand) return 0
    // A > B/2: the nearest quotient is 1, R = A - B = -(B - A).
    const low = aSignificand << 63
    const high = aSignificand >> 1
    rSignificand = bSignificand - high - (low ? 1 : 0)
    rLow = 0 - low
    rSign ^= 1
    rExponent = bExponent
    normaliseR()
    return 1
  }
  for (let i = distance; ; i--) {
    quotient <<= 1
    if (carry || rest >= bSignificand) {
      rest -= bSignificand
      quotient |= 1
    }
    if (i == 0) break
    carry = rest >> 63
    rest <<= 1
  }
  rSign = aSign
  rExponent = bExponent
  rLow = 0
  rClass = FINITE
  if (nearest) {
    const twice = rest << 1
    const above = (rest & TOP) != 0 || twice > bSignificand
    if (above || (twice == bSignificand && (quotient & 1) != 0)) {
      rest = bSignificand - rest
      rSign ^= 1
      quotient++
    }
  }
  rSignificand = rest
  normaliseR()
  return quotient
}

/** Brings bit 63 of R's significand to one; a zero becomes ZERO with A's sign. */
function normaliseR(): void {
  if (rSignificand == 0) {
    if (rLow == 0) {
      rClass = ZERO
      rSign = aSign
      return
    }
    rSignificand = rLow
    rLow = 0
    rExponent -= 64
  }
  const shift = <i32>clz(rSignificand)
  if (shift) {
    rSignificand = (rSignificand << shift) | (rLow >> (64 - shift))
    rLow <<= shift
    rExponent -= shift
  }
}

/** R = R * 2^by. */
export function scaleR(by: i32): void {
  rExponent += by
}

/** Sets R from parts, for operations that other files build from these. */
export function setR(valueClass: i32, sign: i32, exponent: i32, significand: u64, low: u64): void {
  rClass = valueClass
  rSign = sign
  rExponent = exponent
  rSignificand = significand
  rLow = low
}
