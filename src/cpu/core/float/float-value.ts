// Binary floating-point values taken apart: the environment of an operation, loading, rounding and storing, NaNs.
//
// Promises: rounding in all four modes and the exception flags as in SDM 1 chapters 4.8, 4.9, 8.5 and 11.5, with tininess
// detected after rounding. Knows nothing of registers, memory or faults: the caller sets the environment
// (`beginSse`, `beginX87`), calls, and reads `raised`.
//
// A finite value is (-1)^sign * significand * 2^(exponent - 63) with bit 63 of the significand set. Operations (softfloat.ts)
// take A and B and leave R, which carries 64 more bits in `rLow` whose last one is sticky. There is one A, one B and one R:
// nothing here is re-entrant.
import {
  FCW_RC_SHIFT,
  FLOAT_EXCEPTIONS,
  MXCSR_DAZ,
  MXCSR_FTZ,
  MXCSR_MASKS_SHIFT,
  MXCSR_RC_SHIFT,
} from '../../numbers/registers'

/** Exception flags, at the same bits in MXCSR and in the x87 status word. */
export const INVALID: i32 = 1
export const DENORMAL: i32 = 2
export const DIVIDE_BY_ZERO: i32 = 4
const OVERFLOW: i32 = 8
const UNDERFLOW: i32 = 16
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
const UNSUPPORTED: i32 = 5

export const TOP: u64 = 0x8000000000000000
const QUIET_BIT: u64 = 0x4000000000000000

// The environment.
export let roundingMode: i32 = 0
let exceptionMasks: i32 = 0x3f
export let denormalsAreZero: bool = false
let flushToZero: bool = false
/** x87 rules: the larger NaN wins, and an unmasked overflow or underflow delivers a result with a wrapped exponent. */
let x87Rules: bool = false

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
  const control = mxcsr & ~FLOAT_EXCEPTIONS
  if (control == environment) return
  environment = control
  x87Rules = false
  roundingMode = (mxcsr >> MXCSR_RC_SHIFT) & 3
  exceptionMasks = (mxcsr >> MXCSR_MASKS_SHIFT) & FLOAT_EXCEPTIONS
  denormalsAreZero = (mxcsr & MXCSR_DAZ) != 0
  flushToZero = (mxcsr & MXCSR_FTZ) != 0
}

/** Starts an x87 operation under this control word. */
export function beginX87(control: i32): void {
  raised = 0
  environment = -1
  roundedUp = false
  x87Rules = true
  roundingMode = (control >> FCW_RC_SHIFT) & 3
  exceptionMasks = control & FLOAT_EXCEPTIONS
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
  const sign = (<u64>rSign) << 63
  if (rClass == ZERO) return sign
  if (rClass == INFINITE) return sign | 0x7ff0000000000000
  const fraction = (rSignificand & ~TOP) >> 11
  if (rClass == QUIET) return sign | 0x7ff0000000000000 | fraction
  if (!(rSignificand & TOP)) return sign | fraction
  return sign | ((<u64>(rExponent + 1023)) << 52) | fraction
}

export function packSingle(): u32 {
  const sign = (<u32>rSign) << 31
  if (rClass == ZERO) return sign
  if (rClass == INFINITE) return sign | 0x7f800000
  const fraction = <u32>((rSignificand & ~TOP) >> 40)
  if (rClass == QUIET) return sign | 0x7f800000 | fraction
  if (!(rSignificand & TOP)) return sign | fraction
  return sign | ((<u32>(rExponent + 127)) << 23) | fraction
}

export function packHalf(): u64 {
  const sign = (<u64>rSign) << 15
  if (rClass == ZERO) return sign
  if (rClass == INFINITE) return sign | 0x7c00
  const fraction = (rSignificand & ~TOP) >> 53
  if (rClass == QUIET) return sign | 0x7c00 | fraction
  if (!(rSignificand & TOP)) return sign | fraction
  return sign | ((<u64>(rExponent + 15)) << 10) | fraction
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

export let keptSignificand: u64 = 0
export let keptCarry: bool = false
export let keptInexact: bool = false
export let keptUp: bool = false

/** Rounds (rSignificand, rLow), dropping the last `drop` bits of the former. */
export function roundBits(drop: i32): void {
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
export function shiftRightSticky(count: i32): void {
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

/** Numbers of 16 bits. */
export function roundToHalf(): void {
  roundR(11, -14, 15)
}

// ---- NaNs ----------------------------------------------------------------------------------------------------------

/** The real indefinite: the masked response to an invalid operation. */
export function indefinite(): void {
  raised |= INVALID
  rClass = QUIET
  rSign = 1
  rSignificand = 0xc000000000000000
}

export function takeA(): void {
  rClass = QUIET
  rSign = aSign
  rSignificand = aSignificand | QUIET_BIT
}

export function takeB(): void {
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
