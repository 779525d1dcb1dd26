// Reading segment and system descriptors from the GDT and LDT (SDM 3A 3.4.5, 3.5).
//
// Promises: `fetchDescriptor` leaves the eight (or, for system descriptors in long mode, sixteen) bytes in the globals below, or raises
// the vector asked for with the selector as error code. Accesses to the tables are implicit supervisor accesses.
// It must not know what the descriptor is wanted for: the checks of type and privilege are the caller's.
import { CpuState } from '../state/state'
import { raise } from '../state/fault'
import { readSystem64, writeSystem8 } from '../memory/linear'

/** Attribute bits, as in CpuState: descriptor bytes 5 and 6. */
export const ATTRIBUTE_ACCESSED: u32 = 1
export const ATTRIBUTE_WRITABLE: u32 = 2 // data; for code: readable
export const ATTRIBUTE_EXPAND_DOWN: u32 = 4 // data; for code: conforming
export const ATTRIBUTE_CODE: u32 = 8
export const ATTRIBUTE_S: u32 = 0x10
export const ATTRIBUTE_PRESENT: u32 = 0x80
export const ATTRIBUTE_LONG: u32 = 0x2000
export const ATTRIBUTE_BIG: u32 = 0x4000

/** Parts of a selector: its index, its table; both are what an error code has of it. */
const SELECTOR_INDEX: u32 = 0xfff8
export const SELECTOR_TI: u32 = 4
export const SELECTOR_NO_RPL: u32 = SELECTOR_INDEX | SELECTOR_TI

export const TYPE_TSS16: u32 = 1
export const TYPE_LDT: u32 = 2
export const TYPE_CALL_GATE16: u32 = 4
export const TYPE_TASK_GATE: u32 = 5
export const TYPE_TSS: u32 = 9
export const TYPE_CALL_GATE: u32 = 12
export const TYPE_INTERRUPT_GATE: u32 = 14
/** Of the type of a TSS or gate: it is not one of the 16-bit ones. */
export const TYPE_WIDE: u32 = 8

/** The descriptor last fetched: its low and high eight bytes, and where it lies. */
export let descriptor: u64 = 0
export let descriptorHigh: u64 = 0
export let descriptorAddress: u64 = 0

// @ts-ignore: decorator
@inline
export function attributesOf(d: u64): u32 {
  return <u32>(d >> 40) & 0xf0ff
}

// @ts-ignore: decorator
@inline
export function dplOf(attributes: u32): u32 {
  return (attributes >> 5) & 3
}

export function baseOf(d: u64): u64 {
  return ((d >> 16) & 0xffffff) | ((d >> 32) & 0xff000000)
}

export function limitOf(d: u64): u32 {
  const limit = (<u32>d & 0xffff) | (<u32>(d >> 32) & 0xf0000)
  return (d >> 55) & 1 ? (limit << 12) | 0xfff : limit
}

export function isNull(selector: u32): bool {
  return (selector & SELECTOR_NO_RPL) == 0
}

/** Address of the descriptor of `selector`, or all ones if outside its table. `bytes` 8 or 16. */
export function addressOfDescriptor(c: CpuState, selector: u32, bytes: u32): u64 {
  const last = (selector & SELECTOR_INDEX) + bytes - 1
  if (selector & SELECTOR_TI) {
    if ((c.ldtrAttributes & ATTRIBUTE_PRESENT) == 0 || last > c.ldtrLimit) return ~0
    return c.ldtrBase + u64(selector & SELECTOR_INDEX)
  }
  if (last > c.gdtrLimit) return ~0
  return c.gdtrBase + u64(selector & SELECTOR_INDEX)
}

/** Fetches a descriptor; outside the table: raises `vector`(selector | external). */
export function fetchDescriptor(c: CpuState, selector: u32, vector: u32, external: u32): bool {
  const address = addressOfDescriptor(c, selector, 8)
  if (address == ~0) {
    raise(c, vector, (selector & SELECTOR_NO_RPL) | external)
    return false
  }
  descriptorAddress = address
  descriptor = readSystem64(c, address)
  return c.fault == 0
}

/** The upper half of a 16-byte system descriptor just fetched. Its type field must be 0. */
export function fetchDescriptorHigh(c: CpuState, selector: u32, vector: u32, external: u32): bool {
  if (addressOfDescriptor(c, selector, 16) == ~0) {
    raise(c, vector, (selector & SELECTOR_NO_RPL) | external)
    return false
  }
  const high = readSystem64(c, descriptorAddress + 8)
  if (c.fault) return false
  if (high & 0x00001f0000000000) {
    raise(c, vector, (selector & SELECTOR_NO_RPL) | external)
    return false
  }
  descriptorHigh = high
  return true
}

/** Sets the accessed bit of a code or data descriptor at `address`. False if that faulted. */
export function markAccessed(c: CpuState, address: u64, d: u64): bool {
  if (attributesOf(d) & ATTRIBUTE_ACCESSED) return true
  writeSystem8(c, address + 5, ((d >> 40) & 0xff) | 1)
  return c.fault == 0
}
