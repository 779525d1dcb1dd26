// Pushing and popping on a stack that may not be the current one: far transfers, interrupts, their returns.
//
// Protocol: `useCurrentStack` or `useStack`, then pushes or pops, then, when nothing can fault any more, `commitStack` (the caller sets SS
// itself). RSP does not change before that, so a fault in the middle leaves the registers as they were.
// A violation of the stack's limit or a non-canonical address is #SS with `stackError` as error code.
import { CpuState } from '../state/state'
import { ATTRIBUTE_BIG, ATTRIBUTE_CODE, ATTRIBUTE_EXPAND_DOWN } from './descriptor-tables'
import { VECTOR_GP, VECTOR_SS, raise } from '../state/fault'
import { isCanonical } from '../memory/mmu'
import { is64, isLongActive } from './segments'
import {
  probeSystemWrite,
  probeWrite,
  read16,
  read32,
  read64,
  write16,
  write32,
  write64,
  writeSystem16,
  writeSystem32,
  writeSystem64,
} from '../memory/linear'

let pointer: u64 = 0
let mask: u64 = 0
let base: u64 = 0
let limit: u32 = 0
let attributes: u32 = 0
let flat: bool = false
/** Pushes are made with supervisor privilege (the new CPL is below 3). */
let supervisor: bool = false
let stackError: u32 = 0

export function stackPointer(): u64 {
  return pointer
}

/** The stack of SS:RSP. In 64-bit mode flat, else with SS's base and size. */
export function useCurrentStack(c: CpuState): void {
  useStack(c.rsp, c.ssBase, c.ssLimit, c.ssAttributes, is64(c), false, 0)
}

export function useStack(
  sp: u64,
  stackBase: u64,
  stackLimit: u32,
  stackAttributes: u32,
  isFlat: bool,
  asSupervisor: bool,
  error: u32,
): void {
  pointer = sp
  flat = isFlat
  mask = isFlat ? ~0 : stackAttributes & ATTRIBUTE_BIG ? 0xffffffff : 0xffff
  base = stackBase
  limit = stackLimit
  attributes = stackAttributes
  supervisor = asSupervisor
  stackError = error
}

/** Linear address of `size` bytes at the offset; checks the limit. All ones after a fault. */
function addressOf(c: CpuState, offset: u64, size: u32): u64 {
  if (flat) {
    if (isCanonical(offset) && isCanonical(offset + u64(size - 1))) return offset
    raise(c, VECTOR_SS, stackError)
    return ~0
  }
  const first = <u32>offset
  const last = first + size - 1
  let bad: bool
  if ((attributes & (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)) == ATTRIBUTE_EXPAND_DOWN)
    bad = first <= limit || last < first || (mask == 0xffff && last > 0xffff)
  else bad = last > limit || last < first
  if (bad) {
    raise(c, VECTOR_SS, stackError)
    return ~0
  }
  return (base + u64(first)) & 0xffffffff
}

/**
 * Raises what `count` pushes of `size` bytes would raise, before the first is made; false then. Only where they reach another page can a later one
 * fault if the first does not.
 */
export function probePushes(c: CpuState, count: u32, size: u32): bool {
  if (c.fault) return false
  const bytes = u64(count * size)
  let offset = pointer & mask
  const end = flat ? offset : base + offset
  if (offset < bytes || ((end - 1) ^ (end - bytes)) >> 12 == 0) return true
  for (let i: u32 = 0; i < count; i++) {
    offset -= u64(size)
    const linear = addressOf(c, offset, size)
    if (c.fault) return false
    if (supervisor ? probeSystemWrite(c, linear, size) : probeWrite(c, linear, size, size)) continue
    onStack(c)
    return false
  }
  return true
}

export function pushValue(c: CpuState, value: u64, size: u32): void {
  if (c.fault) return
  const next = flat ? pointer - u64(size) : (pointer & ~mask) | ((pointer - u64(size)) & mask)
  const linear = addressOf(c, next & mask, size)
  if (c.fault) return
  if (supervisor) {
    if (size == 2) writeSystem16(c, linear, value)
    else if (size == 4) writeSystem32(c, linear, value)
    else writeSystem64(c, linear, value)
  } else if (size == 2) write16(c, linear, value)
  else if (size == 4) write32(c, linear, value)
  else write64(c, linear, value)
  if (c.fault == 0) pointer = next
  else onStack(c)
}

export function popValue(c: CpuState, size: u32): u64 {
  if (c.fault) return 0
  const linear = addressOf(c, pointer & mask, size)
  if (c.fault) return 0
  const value = size == 2 ? read16(c, linear) : size == 4 ? read32(c, linear) : read64(c, linear)
  if (c.fault) {
    onStack(c)
    return 0
  }
  skip(size)
  return value
}

/** Moves the pointer up without reading. */
export function skip(bytes: u32): void {
  pointer = flat ? pointer + u64(bytes) : (pointer & ~mask) | ((pointer + u64(bytes)) & mask)
}

/** A non-canonical second half of an access is #SS on a stack. */
function onStack(c: CpuState): void {
  if (c.faultVector == VECTOR_GP && isLongActive(c)) c.faultVector = VECTOR_SS
}

/** RSP takes the pointer; with a 16-bit stack only SP changes. */
export function commitStack(c: CpuState): void {
  c.rsp = flat ? pointer : mask == 0xffff ? (c.rsp & ~0xffff) | (pointer & 0xffff) : pointer & 0xffffffff
}

/** RSP of a stack with `stackAttributes` becomes `sp`. */
export function setStackPointer(c: CpuState, sp: u64, stackAttributes: u32, isFlat: bool): void {
  c.rsp = isFlat ? sp : stackAttributes & ATTRIBUTE_BIG ? sp & 0xffffffff : (c.rsp & ~0xffff) | (sp & 0xffff)
}
