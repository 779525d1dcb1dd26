// Binary floating point in integer arithmetic, exactly as x86 defines it: the arithmetic of SSE when native
// arithmetic of WebAssembly cannot give the flags, and all arithmetic of the x87.
//
// Promises: results, rounding in all four modes, and the six exception flags as in SDM 1 chapters 4.8, 4.9, 8.5 and
// 11.5, with tininess detected after rounding. Knows nothing of registers, memory or faults: the caller sets the
// environment (`roundingMode`, `exceptionMasks` ...), calls, and reads `raised`.
//
// Protocol: unpack two operands into A and B (`load...`), call one operation (result in R, unrounded), then `roundR`
// to the precision and exponent range of the destination, then `store...`. A finite value is
// (-1)^sign * significand * 2^(exponent - 63) with bit 63 of the significand set; R carries 64 more bits in `rLow`
// whose last one is sticky. There is one A, one B and one R: the functions are not re-entrant.

/** Exception flags, at the same bits in MXCSR and in the x87 status word. */
export const INVALID: i32 = 1
export const DENORMAL: i32 = 2
export const DIVIDE_BY_ZERO: i32 = 4
export const OVERFLOW: i32 = 8
export const UNDERFLOW: i32 = 16
export const INEXACT: i32 = 32

/** Rounding control, as encoded in MXCSR and the x87 control word. */
export const TO_NEAREST: i32 = 0
export const TO_DOWN: i32 = 1
export const TO_UP: i32 = 2
export const TO_ZERO: i32 = 3

/** Classes of a value. UNSUPPORTED: an encoding of the 80-bit format that no FPU since the 287 makes (SDM 1 8.2.2). */
export const ZERO: i32 = 0
export const FINITE: i32 = 1
export const INFINITE: i32 = 2
export const QUIET: i32 = 3
export const SIGNALING: i32 = 4
export const UNSUPPORTED: i32 = 5

/** Operations of `arithmetic`. REVERSED_SUBTRACT and REVERSED_DIVIDE do not exist here: the caller swaps. */
export const ADD: i32 = 0
export const SUBTRACT: i32 = 1
export const MULTIPLY: i32 = 2
export const DIVIDE: i32 = 3

const TOP: u64 = 0x8000000000000000
const QUIET_BIT: u64 = 0x4000000000000000

// The environment.
export let roundingMode: i32 = 0
export let exceptionMasks: i32 = 0x3f
export let denormalsAreZero: bool = false
export let flushToZero: bool = false
/** x87 rules: the larger NaN wins, and an unmasked overflow or underflow delivers a result with a wrapped exponent. */
export let x87Rules: bool = false

// What happened.
export let raised: i32 = 0
/** The last rounding went away from zero (C1 of the x87). */
export let roundedUp: bool = false

export let aClass: i32 = 0
export let aSign: i32 = 0
export let aExponent: i32 = 0
export let aSignificand: u64 = 0
export let aDenormal: bool = false
export let bClass: i32 = 0
export let bSign: i32 = 0
export let bExponent: i32 = 0
export let bSignificand: u64 = 0
export let bDenormal: bool = false
export let rClass: i32 = 0
export let rSign: i32 = 0
export let rExponent: i32 = 0
export let rSignificand: u64 = 0
export let rLow: u64 = 0

/** Control bits of MXCSR for which the environment stands; -1: the x87 changed it. */
let environment: i32 = -1

/** Starts an SSE operation under this MXCSR. */
export function beginSse(mxcsr: i32): void {
  raised = 0
  const control = mxcsr & 0xffc0
  if (control == environment) return
  environment = control
  x87Rules = false
  roundingMode = (mxcsr >> 13) & 3
  exceptionMasks = (mxcsr >> 7) & 0x3f
  denormalsAreZero = (mxcsr & 0x40) != 0
  flushToZero = (mxcsr & 0x8000) != 0
}

/** Starts an x87 operation under this control word. */
export function beginX87(control: i32): void {
  raised = 0
  environment = -1
  roundedUp = false
  x87Rules = true
  roundingMode = (control >> 10) & 3
  exceptionMasks = control & 0x3f
  denormalsAreZero = false
  flushToZero = false
}

export function raise(flags: i32): void {
  raised |= flags
}

/** Replaces what was raised. */
export function replaceFlags(flags: i32): void {
  raised = flags
}

export function setRounding(mode: i32): void {
  roundingMode = mode
}

// ---- Unpacking -----------------------------------------------------------------------------------------------------

/** `fraction` is left-justified below bit 63. */
function unpack(sign: i32, biased: i32, fraction: u64, largest: i32, bias: i32): void {
  aSign = sign
  aDenormal = false
  if (biased == 0) {
    if (fraction == 0 || denormalsAreZero) {
      aClass = ZERO
      aSignificand = 0
      return
    }
    const shift = <i32>clz(fraction)
    aClass = FINITE
    aSignificand = fraction << shift
    aExponent = 1 - bias - shift
    aDenormal = true
  } else if (biased == largest) {
    aSignificand = fraction | TOP
    if (fraction == 0) aClass = INFINITE
    else aClass = fraction & QUIET_BIT ? QUIET : SIGNALING
  } else {
    aClass = FINITE
    aSignificand = fraction | TOP
    aExponent = biased - bias
  }
}

export function loadDouble(bits: u64): void {
  unpack(<i32>(bits >> 63), <i32>(bits >> 52) & 0x7ff, (bits & 0xfffffffffffff) << 11, 0x7ff, 1023)
}

export function loadSingle(bits: u32): void {
  unpack(bits >> 31, (bits >> 23) & 0xff, (<u64>bits & 0x7fffff) << 40, 0xff, 127)
}

export function loadExtended(significand: u64, signExponent: i32): void {
  const biased = signExponent & 0x7fff
  aSign = (signExponent >> 15) & 1
  aDenormal = false
  aSignificand = significand
  if (biased == 0) {
    if (significand == 0) {
      aClass = ZERO
      return
    }
    const shift = <i32>clz(significand)
    aClass = FINITE
    aSignificand = significand << shift
    aExponent = -16382 - shift
    aDenormal = true
  } else if (!(significand & TOP)) {
    aClass = UNSUPPORTED
  } else if (biased == 0x7fff) {
    if (significand == TOP) aClass = INFINITE
    else aClass = significand & QUIET_BIT ? QUIET : SIGNALING
  } else {
    aClass = FINITE
    aExponent = biased - 16383
  }
}

export function loadInteger(value: i64): void {
  aDenormal = false
  aSign = value < 0 ? 1 : 0
  if (value == 0) {
    aClass = ZERO
    aSignificand = 0
    return
  }
  const magnitude = value < 0 ? <u64>(0 - value) : <u64>value
  const shift = <i32>clz(magnitude)
  aClass = FINITE
  aSignificand = magnitude << shift
  aExponent = 63 - shift
}

/** A finite value from its parts, normalised. */
export function loadParts(sign: i32, exponent: i32, significand: u64): void {
  const shift = <i32>clz(significand)
  aDenormal = false
  aSign = sign
  aClass = significand ? FINITE : ZERO
  aExponent = exponent - shift
  aSignificand = significand << shift
}

export function moveAToB(): void {
  bClass = aClass
  bSign = aSign
  bExponent = aExponent
  bSignificand = aSignificand
  bDenormal = aDenormal
}

export function setBExponent(exponent: i32): void {
  bExponent = exponent
}

export function moveAToR(): void {
  rClass = aClass
  rSign = aSign
  rExponent = aExponent
  rSignificand = aSignificand
  rLow = 0
}

export function moveRToA(): void {
  aClass = rClass
  aSign = rSign
  aExponent = rExponent
  aSignificand = rSignificand
  aDenormal = false
}

export function swapOperands(): void {
  const c = aClass
  const s = aSign
  const e = aExponent
  const m = aSignificand
  const d = aDenormal
  aClass = bClass
  aSign = bSign
  aExponent = bExponent
  aSignificand = bSignificand
  aDenormal = bDenormal
  bClass = c
  bSign = s
  bExponent = e
  bSignificand = m
  bDenormal = d
}

// ---- Packing -------------------------------------------------------------------------------------------------------

export function packDouble(): u64 {
  const sign = <u64>rSign << 63
  if (rClass == ZERO) return sign
  if (rClass == INFINITE) return sign | 0x7ff0000000000000
  const fraction = (rSignificand & ~TOP) >> 11
  if (rClass == QUIET) return sign | 0x7ff0000000000000 | fraction
  if (!(rSignificand & TOP)) return sign | fraction
  return sign | (<u64>(rExponent + 1023) << 52) | fraction
}

export function packSingle(): u32 {
  const sign = <u32>rSign << 31
  if (rClass == ZERO) return sign
  if (rClass == INFINITE) return sign | 0x7f800000
  const fraction = <u32>((rSignificand & ~TOP) >> 40)
  if (rClass == QUIET) return sign | 0x7f800000 | fraction
  if (!(rSignificand & TOP)) return sign | fraction
  return sign | (<u32>(rExponent + 127) << 23) | fraction
}

/** Sign and biased exponent of R in the 80-bit format; its significand is `packExtendedSignificand`. */
export function packExtendedHigh(): i32 {
  const sign = rSign << 15
  if (rClass == ZERO) return sign
  if (rClass != FINITE) return sign | 0x7fff
  return rSignificand & TOP ? sign | ((rExponent + 16383) & 0x7fff) : sign
}

export function packExtendedSignificand(): u64 {
  if (rClass == ZERO) return 0
  return rClass == INFINITE ? TOP : rSignificand
}

// ---- Rounding ------------------------------------------------------------------------------------------------------

let keptSignificand: u64 = 0
let keptCarry: bool = false
let keptInexact: bool = false
let keptUp: bool = false

/** Rounds (rSignificand, rLow), dropping the last `drop` bits of the former. */
function roundBits(drop: i32): void {
  let half: bool
  let sticky: bool
  let odd: bool
  let unit: u64
  if (drop == 0) {
    half = (rLow & TOP) != 0
    sticky = rLow << 1 != 0
    unit = 1
    keptSignificand = rSignificand
  } else {
    unit = (<u64>1) << drop
    const dropped = rSignificand & (unit - 1)
    const middle = unit >> 1
    half = (dropped & middle) != 0
    sticky = (dropped & (middle - 1)) != 0 || rLow != 0
    keptSignificand = rSignificand & ~(unit - 1)
  }
  odd = (keptSignificand & unit) != 0
  keptInexact = half || sticky
  keptUp = false
  keptCarry = false
  if (!keptInexact) return
  if (roundingMode == TO_NEAREST) keptUp = half && (sticky || odd)
  else if (roundingMode == TO_DOWN) keptUp = rSign != 0
  else if (roundingMode == TO_UP) keptUp = rSign == 0
  if (keptUp) {
    keptSignificand += unit
    if (keptSignificand < unit) {
      keptCarry = true
      keptSignificand = TOP
    }
  }
}

/** Shifts (rSignificand, rLow) right; what falls out stays as a sticky bit. */
function shiftRightSticky(count: i32): void {
  if (count == 0) return
  if (count < 64) {
    const lost = rLow << (64 - count)
    rLow = (rLow >> count) | (rSignificand << (64 - count)) | (lost ? 1 : 0)
    rSignificand >>= count
  } else if (count == 64) {
    rLow = rSignificand | (rLow ? 1 : 0)
    rSignificand = 0
  } else if (count < 128) {
    const rest = count - 64
    const lost = (rSignificand << (64 - rest)) | rLow
    rLow = (rSignificand >> rest) | (lost ? 1 : 0)
    rSignificand = 0
  } else {
    rLow = rSignificand | rLow ? 1 : 0
    rSignificand = 0
  }
}

/** Rounds R to `precision` bits with exponents `smallest` to `largest`, raising overflow, underflow and inexact. */
export function roundR(precision: i32, smallest: i32, largest: i32): void {
  if (rClass != FINITE) return
  const drop = 64 - precision
  roundBits(drop)
  const exponent = rExponent + (keptCarry ? 1 : 0)
  if (exponent < smallest) {
    // Tiny. SDM 1 4.9.1.5: masked underflow is signalled only if also inexact; unmasked on tininess alone.
    if (!(exceptionMasks & UNDERFLOW)) {
      raised |= UNDERFLOW
      if (keptInexact) raised |= INEXACT
      roundedUp = keptUp
      rSignificand = keptSignificand
      rExponent = exponent + 24576 // SDM 1 8.5.5; SSE never stores this
      if (rExponent < smallest) {
        raised |= INEXACT
        roundedUp = false
        rClass = ZERO
      }
      return
    }
    if (flushToZero) {
      raised |= UNDERFLOW | INEXACT
      rClass = ZERO
      return
    }
    shiftRightSticky(smallest - rExponent)
    roundBits(drop)
    if (keptInexact) raised |= UNDERFLOW | INEXACT
    roundedUp = keptUp
    rSignificand = keptSignificand
    rExponent = smallest
    if (rSignificand == 0) rClass = ZERO
    return
  }
  if (exponent > largest) {
    raised |= OVERFLOW
    if (!(exceptionMasks & OVERFLOW)) {
      if (keptInexact) raised |= INEXACT
      roundedUp = keptUp
      rSignificand = keptSignificand
      rExponent = exponent - 24576
      if (rExponent > largest) {
        raised |= INEXACT
        roundedUp = true
        rClass = INFINITE
        rSignificand = TOP
      }
      return
    }
    raised |= INEXACT
    const toInfinity =
      roundingMode == TO_NEAREST || (roundingMode == TO_UP && !rSign) || (roundingMode == TO_DOWN && rSign != 0)
    roundedUp = toInfinity
    if (toInfinity) {
      rClass = INFINITE
      rSignificand = TOP
    } else {
      rSignificand = ~(((<u64>1) << drop) - 1)
      rExponent = largest
    }
    return
  }
  if (keptInexact) raised |= INEXACT
  roundedUp = keptUp
  rSignificand = keptSignificand
  rExponent = exponent
}

export function roundToDouble(): void {
  roundR(53, -1022, 1023)
}

export function roundToSingle(): void {
  roundR(24, -126, 127)
}

// ---- NaNs ----------------------------------------------------------------------------------------------------------

/** The real indefinite: the masked response to an invalid operation. */
export function indefinite(): void {
  raised |= INVALID
  rClass = QUIET
  rSign = 1
  rSignificand = 0xc000000000000000
}

@inline
export function isNaNClass(c: i32): bool {
  return c >= QUIET
}

function takeA(): void {
  rClass = QUIET
  rSign = aSign
  rSignificand = aSignificand | QUIET_BIT
}

function takeB(): void {
  rClass = QUIET
  rSign = bSign
  rSignificand = bSignificand | QUIET_BIT
}

/** True if A or B is a NaN; then R is the NaN that x86 delivers (SDM 1 table 4-7). */
export function propagateNaN(): bool {
  if (aClass < QUIET && bClass < QUIET) return false
  if (aClass == UNSUPPORTED || bClass == UNSUPPORTED) {
    indefinite()
    return true
  }
  if (aClass == SIGNALING || bClass == SIGNALING) raised |= INVALID
  if (bClass < QUIET) takeA()
  else if (aClass < QUIET) takeB()
  else if (!x87Rules) takeA()
  else if (aClass != bClass) {
    if (aClass == QUIET) takeA()
    else takeB()
  } else if (aSignificand != bSignificand) {
    if (aSignificand > bSignificand) takeA()
    else takeB()
  } else if (aSign <= bSign) takeA()
  else takeB()
  return true
}

/** The same for one operand, A. */
export function propagateNaNOfA(): bool {
  if (aClass < QUIET) return false
  if (aClass == UNSUPPORTED) indefinite()
  else {
    if (aClass == SIGNALING) raised |= INVALID
    takeA()
  }
  return true
}

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

let divisionRemainder: u64 = 0

/** (high:low) / divisor with high < divisor and bit 63 of the divisor set: two digits of 32 bits (Knuth 4.3.1 D). */
function divideWide(high: u64, low: u64, divisor: u64): u64 {
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
export function normaliseR(): void {
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
