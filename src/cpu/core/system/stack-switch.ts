// The inner stack a call gate or an interrupt gate switches to: from the TSS, checked (SDM 3A 5.8.5, 6.12.1, 6.14.2).
//
// Promises: nothing architectural changes here. On success the globals below describe the stack; a null new SS (long mode) has
// `innerDescriptor` 0. Errors are #TS or #SS as the manual says, with `external` as the EXT bit.
import { CpuState } from '../state/state'
import {
  ATTRIBUTE_CODE,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_S,
  ATTRIBUTE_WRITABLE,
  SELECTOR_NO_RPL,
  TYPE_WIDE,
  attributesOf,
  descriptor,
  descriptorAddress,
  dplOf,
  fetchDescriptor,
  isNull,
  markAccessed,
} from './descriptor-tables'
import { VECTOR_SS, VECTOR_TS, raise } from '../state/fault'
import { readSystem16, readSystem32, readSystem64 } from '../memory/linear'
import { isLongActive } from './segments'

export let innerSelector: u32 = 0
export let innerPointer: u64 = 0
export let innerDescriptor: u64 = 0

function outsideTss(c: CpuState, last: u32, external: u32): bool {
  if ((c.trAttributes & ATTRIBUTE_PRESENT) != 0 && last <= c.trLimit) return false
  raise(c, VECTOR_TS, (c.trSelector & SELECTOR_NO_RPL) | external)
  return true
}

/** RSP from the 64-bit TSS: `slot` 0..2 = RSP0..2, 4..10 = IST1..7 (SDM 3A 8.7 figure: IST1 lies at 36 = 4 + 8 * 4). */
export function longStackPointer(c: CpuState, slot: u32, external: u32): bool {
  const offset = 4 + (slot << 3)
  if (outsideTss(c, offset + 7, external)) return false
  innerPointer = readSystem64(c, c.trBase + u64(offset))
  return c.fault == 0
}

/** The stack of level `level` for a switch to an inner level. */
export function fetchInnerStack(c: CpuState, level: u32, external: u32): bool {
  if (isLongActive(c)) {
    innerSelector = level
    innerDescriptor = 0
    return longStackPointer(c, level, external)
  }
  if (c.trAttributes & TYPE_WIDE) {
    const offset = 4 + (level << 3)
    if (outsideTss(c, offset + 5, external)) return false
    innerPointer = readSystem32(c, c.trBase + u64(offset))
    if (c.fault) return false
    innerSelector = <u32>readSystem16(c, c.trBase + u64(offset + 4))
  } else {
    const offset = 2 + (level << 2)
    if (outsideTss(c, offset + 3, external)) return false
    innerPointer = readSystem16(c, c.trBase + u64(offset))
    if (c.fault) return false
    innerSelector = <u32>readSystem16(c, c.trBase + u64(offset + 2))
  }
  if (c.fault) return false
  if (isNull(innerSelector)) {
    raise(c, VECTOR_TS, external)
    return false
  }
  if (!fetchDescriptor(c, innerSelector, VECTOR_TS, external)) return false
  const attributes = attributesOf(descriptor)
  const error = (innerSelector & SELECTOR_NO_RPL) | external
  if (
    (innerSelector & 3) != level ||
    dplOf(attributes) != level ||
    (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE)) != (ATTRIBUTE_S | ATTRIBUTE_WRITABLE)
  ) {
    raise(c, VECTOR_TS, error)
    return false
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) {
    raise(c, VECTOR_SS, error)
    return false
  }
  innerDescriptor = descriptor
  return markAccessed(c, descriptorAddress, descriptor)
}
