// Arithmetic on 80-bit values as they lie in registers, for the operands that nearly all programs have: normal numbers and zeros.
//
// Promises: the value, INEXACT and FSW_C1 that softfloat.ts would give under the control word, for every precision and rounding control. A
// function that returns false has changed nothing; then softfloat does the work, and all else that an operation can signal is its
// alone. The caller has made sure that INEXACT is masked. Here `f` is the x87 state (x87-stack.ts), `p` the register that takes the
// result, and an operand is its significand and its upper 16 bits.
import { FX_STATUS } from '../../numbers/sizes'
import { FCW_RC, FCW_ROUND_DOWN, FCW_ROUND_TO_ZERO, FSW_C1 } from '../../numbers/registers'
import { INEXACT, TOP } from '../float/float-value'
import { divideWide, divisionRemainder, multiplyHigh } from '../float/softfloat'

export const SIGN: u32 = 0x8000

// @ts-ignore: decorator
@inline
export function isNormal(significand: u64, high: u32): bool {
  return significand >= TOP && (high & 0x7fff) - 1 < 0x7ffe
}

// @ts-ignore: decorator
@inline
function isZero(significand: u64, high: u32): bool {
  return significand == 0 && (high & 0x7fff) == 0
}

/** `rest`: what is cut off, as a fraction of the last place kept; `odd`: that place. */
// @ts-ignore: decorator
@inline
export function roundsUp(control: u32, sign: u32, odd: u64, rest: u64): bool {
  const mode = control & FCW_RC
  if (mode == 0) return rest > TOP - odd
  return mode != FCW_ROUND_TO_ZERO && rest != 0 && (mode == FCW_ROUND_DOWN) == (sign != 0)
}

/** Replaces FSW_C1 and adds INEXACT. */
// @ts-ignore: decorator
@inline
export function note(f: usize, flags: u32): void {
  store<u16>(f, (load<u16>(f, FX_STATUS) & ~FSW_C1) | flags, FX_STATUS)
}

// @ts-ignore: decorator
@inline
function put(f: usize, p: usize, significand: u64, high: u32, flags: u32): bool {
  store<u64>(p, significand)
  store<u16>(p, high, 8)
  note(f, flags)
  return true
}

/** Rounds (significand:rest), whose first bit is set, and stores it; `exponent` is biased. */
// @ts-ignore: decorator
@inline
function deliver(f: usize, p: usize, sign: u32, exponent: i32, significand: u64, rest: u64): bool {
  const control = u32(load<u16>(f))
  if ((control & 0xf00) != 0x300) return deliverAs(f, p, control, sign, exponent, significand, rest)
  // To the nearest of the full precision.
  let flags: u32 = rest ? INEXACT : 0
  if (rest > TOP - (significand & 1)) {
    flags = INEXACT | FSW_C1
    significand++
    if (significand == 0) {
      significand = TOP
      exponent++
    }
  }
  if (<u32>exponent - 1 >= 0x7ffe) return false
  return put(f, p, significand, sign | <u32>exponent, flags)
}

/** The same in all ways to round. */
function deliverAs(f: usize, p: usize, control: u32, sign: u32, exponent: i32, significand: u64, rest: u64): bool {
  const precision = control & 0x300
  let unit: u64 = 1
  if (precision == 0 || precision == 0x200) {
    const drop: u64 = precision ? 11 : 40
    rest = (significand << (64 - drop)) | u64(rest != 0)
    unit <<= drop
    significand &= 0 - unit
  }
  let flags: u32 = 0
  if (rest) {
    flags = INEXACT
    if (roundsUp(control, sign, u64((significand & unit) != 0), rest)) {
      flags = INEXACT | FSW_C1
      significand += unit
      if (significand == 0) {
        significand = TOP
        exponent++
      }
    }
  }
  if (<u32>exponent - 1 >= 0x7ffe) return false
  return put(f, p, significand, sign | <u32>exponent, flags)
}

/** A zero and something. */
function addZero(f: usize, p: usize, a: u64, aHigh: u32, b: u64, bHigh: u32): bool {
  if (isZero(a, aHigh)) return isNormal(b, bHigh) && deliver(f, p, bHigh & SIGN, bHigh & 0x7fff, b, 0)
  return isNormal(a, aHigh) && isZero(b, bHigh) && deliver(f, p, aHigh & SIGN, aHigh & 0x7fff, a, 0)
}

/** A + B; for A - B the caller turns B's sign. */
export function addExtended(f: usize, p: usize, a: u64, aHigh: u32, b: u64, bHigh: u32): bool {
  if (!isNormal(a, aHigh) || !isNormal(b, bHigh)) return addZero(f, p, a, aHigh, b, bHigh)
  const subtracts = ((aHigh ^ bHigh) & SIGN) != 0
  let distance = <i32>(aHigh & 0x7fff) - <i32>(bHigh & 0x7fff)
  if (distance < 0 || (distance == 0 && a < b)) {
    const larger = b
    b = a
    a = larger
    aHigh = bHigh
    distance = -distance
  }
  let exponent = <i32>(aHigh & 0x7fff)
  let rest: u64 = 0
  if (<u32>distance < 64) {
    const by = u64(distance)
    rest = (b << 1) << (63 - by)
    b >>= by
  } else {
    const by = u64(min(distance, 127)) - 64
    rest = by ? (b >> by) | u64(b << (64 - by) != 0) : b
    b = 0
  }
  if (subtracts) {
    b = a - b - u64(rest != 0)
    rest = 0 - rest
    if (b < TOP) {
      if (b == 0) {
        if (rest == 0) return put(f, p, 0, (load<u16>(f) & FCW_RC) == FCW_ROUND_DOWN ? SIGN : 0, 0)
        b = rest
        rest = 0
        exponent -= 64
      }
      const shift = clz(b)
      b = (b << shift) | ((rest >> 1) >> (63 - shift))
      rest <<= shift
      exponent -= <i32>shift
    }
  } else {
    b += a
    if (b < a) {
      rest = (rest >> 1) | (rest & 1) | (b << 63)
      b = (b >> 1) | TOP
      exponent++
    }
  }
  return deliver(f, p, aHigh & SIGN, exponent, b, rest)
}

export function multiplyExtended(f: usize, p: usize, a: u64, aHigh: u32, b: u64, bHigh: u32): bool {
  const sign = (aHigh ^ bHigh) & SIGN
  if (!isNormal(a, aHigh) || !isNormal(b, bHigh)) {
    if (isZero(a, aHigh) ? isNormal(b, bHigh) || isZero(b, bHigh) : isNormal(a, aHigh) && isZero(b, bHigh))
      return put(f, p, 0, sign, 0)
    return false
  }
  let exponent = <i32>(aHigh & 0x7fff) + <i32>(bHigh & 0x7fff) - 16382
  let product = multiplyHigh(a, b)
  let rest = a * b
  if (product < TOP) {
    product = (product << 1) | (rest >> 63)
    rest <<= 1
    exponent--
  }
  return deliver(f, p, sign, exponent, product, rest)
}

export function divideExtended(f: usize, p: usize, a: u64, aHigh: u32, b: u64, bHigh: u32): bool {
  if (!isNormal(b, bHigh)) return false
  const sign = (aHigh ^ bHigh) & SIGN
  if (!isNormal(a, aHigh)) return isZero(a, aHigh) && put(f, p, 0, sign, 0)
  let exponent = <i32>(aHigh & 0x7fff) - <i32>(bHigh & 0x7fff) + 16383
  let quotient: u64
  if (a >= b) quotient = divideWide(a >> 1, a << 63, b)
  else {
    quotient = divideWide(a, 0, b)
    exponent--
  }
  const remainder = divisionRemainder
  // Twice the remainder against the divisor: the next bit, and whether anything follows it.
  const half = remainder >= b - remainder
  const rest = half ? TOP | u64(remainder != b - remainder) : u64(remainder != 0)
  return deliver(f, p, sign, exponent, quotient, rest)
}

/** The root of 128 bits with one of the first two set is floor(root); `rootRest` tells what follows, as `rest` of `deliver`. */
let rootRest: u64 = 0
function integerRoot(high: u64, low: u64): u64 {
  // A root of doubles errs by less than 2^12. One step of Newton's method with the exact remainder leaves at most one unit.
  const estimate = Math.sqrt(<f64>high) * 4294967296.0
  let root = <u64>min(estimate, 18446744073709549568.0)
  const square = root * root
  const over = u64(low < square)
  const remainder = <f64>(<i64>(high - multiplyHigh(root, root) - over)) * 18446744073709551616.0 + <f64>(low - square)
  root += <u64>(<i64>Math.floor(remainder / (<f64>root * 2)))
  let restLow = low - root * root
  let rest = high - multiplyHigh(root, root) - u64(low < root * root)
  while (<i64>rest < 0) {
    root--
    const below = restLow
    restLow += (root << 1) | 1
    rest += (root >> 63) + u64(restLow < below)
  }
  while (rest > 1 || (rest == 1 && restLow > root << 1)) {
    const above = restLow
    restLow -= (root << 1) | 1
    rest -= (root >> 63) + u64(restLow > above)
    root++
  }
  // The remainder exceeds the root exactly if the next bit is 1; a root of one bit more is never exact.
  rootRest = rest || restLow > root ? TOP | 1 : u64(restLow != 0)
  return root
}

export function rootExtended(f: usize, p: usize, a: u64, aHigh: u32): bool {
  if (!isNormal(a, aHigh) || aHigh & SIGN) return false
  const exponent = <i32>aHigh - 16383
  const odd = exponent & 1
  const root = integerRoot(odd ? a : a >> 1, odd ? 0 : a << 63)
  return deliver(f, p, 0, ((exponent - odd) >> 1) + 16383, root, rootRest)
}

/** -1 less, 0 equal, 1 greater; UNDECIDED: not for here. */
export const UNDECIDED: i32 = 2
export function compareExtended(a: u64, aHigh: u32, b: u64, bHigh: u32): i32 {
  if (!(isNormal(a, aHigh) || isZero(a, aHigh)) || !(isNormal(b, bHigh) || isZero(b, bHigh))) return UNDECIDED
  const above = aHigh & SIGN ? -1 : 1
  if ((aHigh ^ bHigh) & SIGN) return a | b ? above : 0
  if (aHigh != bHigh) return aHigh > bHigh ? above : -above
  return a == b ? 0 : a > b ? above : -above
}
