// FBLD and FBSTP: packed decimal integers of 18 digits and a sign byte (SDM 1 4.7).
import { VECTOR_SCRATCH_OFFSET } from '../../numbers/sizes'
import { CpuState } from '../state/state'
import { probeWrite, readWhole, writeWhole } from '../memory/linear'
import { INVALID, aSign, loadInteger, loadParts, replaceFlags, toInteger } from '../float/softfloat'
import { isEmpty, loadSt, pop, settle, stackUnderflow, storeForbidden } from './x87-stack'

const LIMIT: i64 = 999999999999999999

/** Loads the decimal at T0 into softfloat's A. */
export function loadDecimal(c: CpuState): void {
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!readWhole(c, c.t0, operand, 10, 8)) return
  const low = load<u64>(operand)
  const high = u64(load<u16>(operand, 8))
  let value: i64 = <i64>((high >> 4) & 15) * 10 + <i64>(high & 15)
  for (let i = 60; i >= 0; i -= 4) value = value * 10 + <i64>((low >> i) & 15)
  if (value == 0) loadParts(<i32>(high >> 15), 0, 0)
  else loadInteger(high & 0x8000 ? -value : value)
}

export function storeDecimal(c: CpuState): void {
  let low: u64 = 0xc000000000000000 // the packed decimal indefinite: FFFF C000 0000 0000 0000
  let high: u64 = 0xffff
  let valid = false
  let negative: u64 = 0
  let value: i64 = 0
  if (isEmpty(c, 0)) stackUnderflow()
  else {
    loadSt(c, 0)
    negative = u64(aSign)
    value = toInteger(64, false)
    if (value < 0) value = -value
    // toInteger's indefinite is its own negation and exceeds the limit.
    if (<u64>value > <u64>LIMIT)
      replaceFlags(INVALID) // too large: invalid, and not inexact
    else valid = true
  }
  if (valid) {
    low = 0
    for (let i = 0; i < 64; i += 4) {
      low |= (<u64>(value % 10)) << i
      value /= 10
    }
    high = u64(value % 10) | (u64(value / 10) << 4) | (negative << 15)
  }
  if (storeForbidden(c)) {
    if (probeWrite(c, c.t0, 10, 8)) settle(c)
    return
  }
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  store<u64>(operand, low)
  store<u16>(operand, <u16>high, 8)
  if (!writeWhole(c, c.t0, operand, 10, 8)) return
  settle(c)
  pop(c)
}
