// x87 operations on the parts of numbers: constants, FXTRACT, FSCALE, FPREM and FPREM1.
import { FSW_C0, FSW_C1, FSW_C2, FSW_C3 } from '../../numbers/registers'
import { CpuState } from '../state/state'
import {
  DENORMAL,
  DIVIDE_BY_ZERO,
  FINITE,
  INFINITE,
  TO_DOWN,
  TO_UP,
  TO_ZERO,
  ZERO,
  aClass,
  aDenormal,
  aExponent,
  aSign,
  aSignificand,
  bClass,
  bDenormal,
  bExponent,
  indefinite,
  loadInteger,
  moveAToB,
  moveAToR,
  propagateNaN,
  propagateNaNOfA,
  raise,
  remainder,
  roundingMode,
  setBExponent,
  setR,
} from '../float/softfloat'
import {
  isEmpty,
  loadSt,
  markFull,
  push,
  roundToExtended,
  setConditions,
  settle,
  st,
  stackOverflow,
  stackUnderflow,
  storeIndefinite,
  storeR,
} from './x87-stack'

/** FLD1 ... FLDZ into ST(0): the 66-bit internal constants rounded by the rounding control (SDM 1 8.3.8). */
export function loadConstant(c: CpuState, modrm: u32): void {
  const p = st(c, 0)
  let significand: u64 = 0x8000000000000000
  let high: u16 = 0x3fff
  let below = false // the value stored for "nearest" lies above the exact one
  switch (modrm) {
    case 0xe9:
      significand = 0xd49a784bcd1b8afe
      high = 0x4000
      break // log2 10
    case 0xea:
      significand = 0xb8aa3b295c17f0bc
      high = 0x3fff
      below = true
      break // log2 e
    case 0xeb:
      significand = 0xc90fdaa22168c235
      high = 0x4000
      below = true
      break // pi
    case 0xec:
      significand = 0x9a209a84fbcff799
      high = 0x3ffd
      below = true
      break // log10 2
    case 0xed:
      significand = 0xb17217f7d1cf79ac
      high = 0x3ffe
      below = true
      break // ln 2
    case 0xee:
      significand = 0
      high = 0
      break
    default:
  }
  if (modrm >= 0xe9 && modrm <= 0xed) {
    if (below && (roundingMode == TO_DOWN || roundingMode == TO_ZERO)) significand--
    if (!below && roundingMode == TO_UP) significand++
  }
  store<u64>(p, significand)
  store<u16>(p, high, 8)
}

/** FXTRACT: ST(0) = exponent, then push the significand. */
export function exponentAndSignificand(c: CpuState): void {
  if (isEmpty(c, 0)) {
    stackUnderflow()
    if (!settle(c)) return
    storeIndefinite(st(c, 0))
    markFull(c, 0)
    push(c)
    storeIndefinite(st(c, 0))
    return
  }
  if (!isEmpty(c, 7)) {
    const masked = stackOverflow(c)
    if (masked) storeIndefinite(st(c, 1))
    return
  }
  loadSt(c, 0)
  const below = st(c, 0)
  if (propagateNaNOfA()) {
    if (!settle(c)) return
    storeR(below)
    push(c)
    storeR(st(c, 0))
    return
  }
  const sign = aSign
  const significand = aSignificand
  const exponent = aExponent
  if (aClass == ZERO) {
    raise(DIVIDE_BY_ZERO)
    if (!settle(c)) return
    setR(INFINITE, 1, 0, 0x8000000000000000, 0)
    storeR(below)
    push(c)
    setR(ZERO, sign, 0, 0, 0)
    storeR(st(c, 0))
    return
  }
  if (aClass == INFINITE) {
    setR(INFINITE, 0, 0, 0x8000000000000000, 0)
    storeR(below)
    push(c)
    setR(INFINITE, sign, 0, 0x8000000000000000, 0)
    storeR(st(c, 0))
    return
  }
  if (aDenormal) raise(DENORMAL)
  if (!settle(c)) return
  loadInteger(<i64>exponent)
  moveAToR()
  storeR(below)
  push(c)
  setR(FINITE, sign, 0, significand, 0)
  storeR(st(c, 0))
}

/** FSCALE: R = ST(0) * 2^trunc(ST(1)), unsettled. */
export function scale(c: CpuState): void {
  loadSt(c, 1)
  moveAToB()
  const byClass = aClass
  const bySign = aSign
  const byExponent = aExponent
  const bySignificand = aSignificand
  loadSt(c, 0)
  if (propagateNaN()) return
  if (byClass == INFINITE) {
    if (bySign == 0) {
      if (aClass == ZERO) {
        indefinite()
        return
      }
      setR(INFINITE, aSign, 0, 0x8000000000000000, 0)
    } else {
      if (aClass == INFINITE) {
        indefinite()
        return
      }
      setR(ZERO, aSign, 0, 0, 0)
    }
    if (aDenormal) raise(DENORMAL)
    return
  }
  if (aDenormal || bDenormal) raise(DENORMAL)
  moveAToR()
  if (aClass != FINITE || byClass == ZERO || byExponent < 0) {
    if (aClass == FINITE) roundToExtended()
    return
  }
  let by: i32 = byExponent > 16 ? 0x10000 : <i32>(bySignificand >> <u64>(63 - byExponent))
  if (by > 0x10000) by = 0x10000
  setR(FINITE, aSign, aExponent + (bySign ? -by : by), aSignificand, 0)
  roundToExtended()
}

/** FPREM and FPREM1. FSW_C2 = 1: the reduction is partial (the caller has cleared it). */
export function partialRemainder(c: CpuState, nearest: bool): void {
  loadSt(c, 1)
  moveAToB()
  loadSt(c, 0)
  let conditions: u32 = 0
  if (propagateNaN()) {
    if (settle(c)) storeR(st(c, 0))
    return
  }
  if (aClass == INFINITE || bClass == ZERO) {
    indefinite()
    if (settle(c)) storeR(st(c, 0))
    return
  }
  if (aDenormal || bDenormal) raise(DENORMAL)
  if (aClass == ZERO || bClass == INFINITE) {
    moveAToR()
    roundToExtended()
  } else {
    const distance = aExponent - bExponent
    if (distance < 64) {
      const quotient = remainder(nearest)
      if (quotient & 1) conditions |= FSW_C1
      if (quotient & 2) conditions |= FSW_C3
      if (quotient & 4) conditions |= FSW_C0
    } else {
      const step = (distance & 31) | 32
      setBExponent(bExponent + distance - step)
      remainder(false)
      conditions = FSW_C2
    }
    roundToExtended()
  }
  if (!settle(c)) return
  storeR(st(c, 0))
  setConditions(c, conditions)
}
