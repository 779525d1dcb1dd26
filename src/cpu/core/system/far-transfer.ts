// Far JMP, CALL and RET, direct and through call gates (SDM 2A JMP, CALL; 2B RET; 3A 5.8).
//
// Promises: c.rip, CS, SS and RSP change only when nothing can fault any more. A TSS or a task gate as target is a task switch
// (task-switch.ts) outside long mode, and #GP of its selector in it.
import { SEG_CS, SEG_SS } from '../../numbers/operations'
import { CpuState } from '../state/state'
import {
  ATTRIBUTE_BIG,
  ATTRIBUTE_CODE,
  ATTRIBUTE_EXPAND_DOWN,
  ATTRIBUTE_LONG,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_S,
  ATTRIBUTE_WRITABLE,
  SELECTOR_NO_RPL,
  TYPE_CALL_GATE,
  TYPE_CALL_GATE16,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  attributesOf,
  baseOf,
  descriptor,
  descriptorAddress,
  descriptorHigh,
  dplOf,
  fetchDescriptor,
  fetchDescriptorHigh,
  isNull,
  limitOf,
  markAccessed,
} from './descriptor-tables'
import { VECTOR_GP, VECTOR_NP, VECTOR_SS, raise } from '../state/fault'
import { read16, read32 } from '../memory/linear'
import { isCanonical } from '../memory/mmu'
import {
  dropInnerSegments,
  is64,
  isLongActive,
  isProtected,
  setNullSegment,
  setRealSegment,
  setSegmentFrom,
  updateMode,
} from './segments'
import {
  commitStack,
  popValue,
  probePushes,
  pushValue,
  setStackPointer,
  skip,
  stackPointer,
  useCurrentStack,
  useStack,
} from './stack-frame'
import { fetchInnerStack, innerDescriptor, innerPointer, innerSelector } from './stack-switch'
import { readFlags } from '../state/flags'
import { deliverFault } from './exceptions'
import { TASK_CALL, TASK_JUMP, switchTask, switchedTask } from './task-switch'

const CODE: u32 = ATTRIBUTE_S | ATTRIBUTE_CODE

/** May execution go on at `offset` of a code segment with descriptor d? */
function offsetFits(c: CpuState, d: u64, offset: u64): bool {
  const fits = isLongActive(c) && attributesOf(d) & ATTRIBUTE_LONG ? isCanonical(offset) : offset <= u64(limitOf(d))
  if (!fits) raise(c, VECTOR_GP, 0)
  return fits
}

/** L and D both set is reserved in long mode. */
function isReservedCode(c: CpuState, attributes: u32): bool {
  return isLongActive(c) && (attributes & (ATTRIBUTE_LONG | ATTRIBUTE_BIG)) == (ATTRIBUTE_LONG | ATTRIBUTE_BIG)
}

function refuse(c: CpuState, vector: u32, selector: u32): bool {
  raise(c, vector, selector & SELECTOR_NO_RPL)
  return false
}

function enterReal(c: CpuState, selector: u32, offset: u64): bool {
  if (offset > u64(c.csLimit)) return refuse(c, VECTOR_GP, 0)
  setRealSegment(c, SEG_CS, selector)
  c.rip = offset
  updateMode(c)
  return true
}

// What `resolve` found.
let target: u64 = 0 // code descriptor
let targetAddress: u64 = 0
let targetSelector: u32 = 0
let targetOffset: u64 = 0
let gateSize: u32 = 0 // 0 direct, else the operand size of the gate
let gateParameters: u32 = 0
let toTask: bool = false // the target is the task of TSS `targetSelector`

/** A TSS (available or busy: the switch tells them apart) or a task gate. */
function isTask(type: u32): bool {
  return type == TYPE_TASK_GATE || (type & ~10) == TYPE_TSS16
}

/** Finds the code segment behind a far pointer: itself, or through a call gate. Or a task: `toTask`. */
function resolve(c: CpuState, selector: u32, offset: u64): bool {
  if (isNull(selector)) return refuse(c, VECTOR_GP, 0)
  if (!fetchDescriptor(c, selector, VECTOR_GP, 0)) return false
  let attributes = attributesOf(descriptor)
  gateSize = 0
  toTask = false
  targetSelector = selector
  targetOffset = offset
  if ((attributes & ATTRIBUTE_S) == 0) {
    const type = attributes & 15
    const long = isLongActive(c)
    toTask = !long && isTask(type)
    if (!toTask && type != TYPE_CALL_GATE && (long || type != TYPE_CALL_GATE16)) return refuse(c, VECTOR_GP, selector)
    if (dplOf(attributes) < c.cpl || dplOf(attributes) < (selector & 3)) return refuse(c, VECTOR_GP, selector)
    const gate = descriptor
    if (toTask) {
      if (type != TYPE_TASK_GATE) return true
      targetSelector = <u32>(gate >> 16) & 0xffff
      return (attributes & ATTRIBUTE_PRESENT) != 0 || refuse(c, VECTOR_NP, selector)
    }
    if (long && !fetchDescriptorHigh(c, selector, VECTOR_GP, 0)) return false
    if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, selector)
    gateSize = long ? 8 : type == TYPE_CALL_GATE ? 4 : 2
    gateParameters = <u32>(gate >> 32) & 31
    targetSelector = <u32>(gate >> 16) & 0xffff
    targetOffset = (gate & 0xffff) | (type == TYPE_CALL_GATE ? (gate >> 32) & 0xffff0000 : 0)
    if (long) targetOffset |= descriptorHigh << 32
    if (isNull(targetSelector)) return refuse(c, VECTOR_GP, 0)
    if (!fetchDescriptor(c, targetSelector, VECTOR_GP, 0)) return false
    attributes = attributesOf(descriptor)
    if ((attributes & CODE) != CODE || dplOf(attributes) > c.cpl) return refuse(c, VECTOR_GP, targetSelector)
    if (long && (attributes & (ATTRIBUTE_LONG | ATTRIBUTE_BIG)) != ATTRIBUTE_LONG)
      return refuse(c, VECTOR_GP, targetSelector)
  } else {
    if ((attributes & ATTRIBUTE_CODE) == 0 || isReservedCode(c, attributes)) return refuse(c, VECTOR_GP, selector)
    if (attributes & ATTRIBUTE_EXPAND_DOWN) {
      if (dplOf(attributes) > c.cpl) return refuse(c, VECTOR_GP, selector)
    } else if ((selector & 3) > c.cpl || dplOf(attributes) != c.cpl) return refuse(c, VECTOR_GP, selector)
  }
  target = descriptor
  targetAddress = descriptorAddress
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, targetSelector)
  return true
}

function enter(c: CpuState, cpl: u32): void {
  setSegmentFrom(c, SEG_CS, (targetSelector & SELECTOR_NO_RPL) | cpl, target)
  c.rip = targetOffset
  updateMode(c)
}

/** A fault of a switch that is already made is delivered in the new task. */
export function goToTask(c: CpuState, selector: u32, kind: u32): bool {
  const done = switchTask(c, selector, kind, c.rip, readFlags(c), 0)
  if (!switchedTask) return false
  if (!done) deliverFault(c)
  c.system0 = 1
  return true
}

export function farJump(c: CpuState, selector: u32, offset: u64): bool {
  if (!isProtected(c)) return enterReal(c, selector, offset)
  if (!resolve(c, selector, offset)) return false
  if (toTask) return goToTask(c, targetSelector, TASK_JUMP)
  // A jump never changes the level.
  const attributes = attributesOf(target)
  if (gateSize && (attributes & ATTRIBUTE_EXPAND_DOWN) == 0 && dplOf(attributes) != c.cpl)
    return refuse(c, VECTOR_GP, targetSelector)
  if (!offsetFits(c, target, targetOffset)) return false
  if (!markAccessed(c, targetAddress, target)) return false
  enter(c, c.cpl)
  return true
}

/** `next` is the return address, `size` the operand size of the instruction. */
export function farCall(c: CpuState, selector: u32, offset: u64, next: u64, size: u32): bool {
  if (!isProtected(c)) {
    if (offset > u64(c.csLimit)) return refuse(c, VECTOR_GP, 0)
    useCurrentStack(c)
    if (!probePushes(c, 2, size)) return false
    pushValue(c, u64(c.csSelector), size)
    pushValue(c, next, size)
    if (c.fault) return false
    commitStack(c)
    return enterReal(c, selector, offset)
  }
  if (!resolve(c, selector, offset)) return false
  if (toTask) return goToTask(c, targetSelector, TASK_CALL)
  const attributes = attributesOf(target)
  const conforming = (attributes & ATTRIBUTE_EXPAND_DOWN) != 0
  if (gateSize && !conforming && dplOf(attributes) < c.cpl) return callInner(c, dplOf(attributes), next)
  useCurrentStack(c)
  const width = gateSize ? gateSize : size
  // The stack is checked before the offset (2A CALL).
  if (!probePushes(c, 2, width) || !offsetFits(c, target, targetOffset) || !markAccessed(c, targetAddress, target))
    return false
  pushValue(c, u64(c.csSelector), width)
  pushValue(c, next, width)
  if (c.fault) return false
  commitStack(c)
  enter(c, c.cpl)
  return true
}

/** A parameter of a call gate, on the caller's stack. */
function readParameter(c: CpuState, stack: u64, i: i32): u64 {
  const mask: u64 = c.ssAttributes & ATTRIBUTE_BIG ? 0xffffffff : 0xffff
  const from = (c.ssBase + ((stack + u64(i * <i32>gateSize)) & mask)) & 0xffffffff
  return gateSize == 2 ? read16(c, from) : read32(c, from)
}

function callInner(c: CpuState, level: u32, next: u64): bool {
  const oldSelector = c.ssSelector
  const oldPointer = c.rsp
  const long = isLongActive(c)
  if (!fetchInnerStack(c, level, 0)) return false
  const selector = innerSelector
  const d = innerDescriptor
  const attributes = attributesOf(d)
  if (long) useStack(innerPointer, 0, 0, 0, true, true, 0)
  else useStack(innerPointer, baseOf(d), limitOf(d), attributes, false, true, selector & SELECTOR_NO_RPL)
  const parameters: i32 = long ? 0 : <i32>gateParameters
  for (let i = 0; i < parameters; i++) readParameter(c, oldPointer, i)
  if (!probePushes(c, 4 + parameters, gateSize)) return false
  pushValue(c, u64(oldSelector), gateSize)
  pushValue(c, oldPointer, gateSize)
  for (let i = parameters - 1; i >= 0; i--) pushValue(c, readParameter(c, oldPointer, i), gateSize)
  pushValue(c, u64(c.csSelector), gateSize)
  pushValue(c, next, gateSize)
  if (c.fault || !offsetFits(c, target, targetOffset) || !markAccessed(c, targetAddress, target)) return false
  const sp = stackPointer()
  if (long) setNullSegment(c, SEG_SS, selector, level)
  else setSegmentFrom(c, SEG_SS, selector, d)
  setStackPointer(c, sp, attributes, long)
  enter(c, level)
  return true
}

// What `checkReturnCode` found.
let returnCode: u64 = 0
let returnStack: u64 = 0 // 0: null SS
let returnCodeAddress: u64 = 0

/** The checks of a return's CS (SDM 2B RET, IRET). The offset is checked last, by `returnFits`, after SS. */
export function checkReturnCode(c: CpuState, selector: u32): bool {
  if (isNull(selector)) return refuse(c, VECTOR_GP, 0)
  if (!fetchDescriptor(c, selector, VECTOR_GP, 0)) return false
  const attributes = attributesOf(descriptor)
  const rpl = selector & 3
  if ((attributes & CODE) != CODE || rpl < c.cpl || isReservedCode(c, attributes)) return refuse(c, VECTOR_GP, selector)
  if (attributes & ATTRIBUTE_EXPAND_DOWN ? dplOf(attributes) > rpl : dplOf(attributes) != rpl)
    return refuse(c, VECTOR_GP, selector)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, selector)
  returnCode = descriptor
  returnCodeAddress = descriptorAddress
  return true
}

export function returnFits(c: CpuState, offset: u64): bool {
  return offsetFits(c, returnCode, offset)
}

/** The checks of the SS a return loads, for the level `rpl` of its CS, then of the offset; then the accessed bits of both. */
export function checkReturnStack(c: CpuState, selector: u32, rpl: u32, offset: u64): bool {
  if (isNull(selector)) {
    if (!isLongActive(c) || (attributesOf(returnCode) & ATTRIBUTE_LONG) == 0 || rpl == 3 || (selector & 3) != rpl)
      return refuse(c, VECTOR_GP, 0)
    returnStack = 0
    return returnFits(c, offset) && markAccessed(c, returnCodeAddress, returnCode)
  }
  if (!fetchDescriptor(c, selector, VECTOR_GP, 0)) return false
  const attributes = attributesOf(descriptor)
  if (
    (selector & 3) != rpl ||
    dplOf(attributes) != rpl ||
    (attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE)) != (ATTRIBUTE_S | ATTRIBUTE_WRITABLE)
  )
    return refuse(c, VECTOR_GP, selector)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_SS, selector)
  returnStack = descriptor
  return (
    returnFits(c, offset) &&
    markAccessed(c, descriptorAddress, returnStack) &&
    markAccessed(c, returnCodeAddress, returnCode)
  )
}

export function markReturnCode(c: CpuState): bool {
  return markAccessed(c, returnCodeAddress, returnCode)
}

/** Loads CS, and SS if `withStack`, after the checks; leaves RSP to the caller. */
export function enterReturn(c: CpuState, selector: u32, offset: u64, withStack: bool, stackSelector: u32): void {
  if (withStack) {
    if (returnStack) setSegmentFrom(c, SEG_SS, stackSelector, returnStack)
    else setNullSegment(c, SEG_SS, stackSelector, selector & 3)
  }
  setSegmentFrom(c, SEG_CS, selector, returnCode)
  c.rip = offset
}

/** RETF with `release` bytes of parameters. */
export function farReturn(c: CpuState, size: u32, release: u32): bool {
  useCurrentStack(c)
  const offset = popValue(c, size)
  const selector = <u32>popValue(c, size) & 0xffff
  if (c.fault) return false
  if (!isProtected(c)) {
    if (offset > u64(c.csLimit)) return refuse(c, VECTOR_GP, 0)
    skip(release)
    commitStack(c)
    return enterReal(c, selector, offset)
  }
  if (!checkReturnCode(c, selector)) return false
  const rpl = selector & 3
  if (rpl == c.cpl) {
    if (!returnFits(c, offset) || !markReturnCode(c)) return false
    skip(release)
    commitStack(c)
    enterReturn(c, selector, offset, false, 0)
    updateMode(c)
    return true
  }
  skip(release)
  const sp = popValue(c, size)
  const stackSelector = <u32>popValue(c, size) & 0xffff
  if (c.fault || !checkReturnStack(c, stackSelector, rpl, offset)) return false
  enterReturn(c, selector, offset, true, stackSelector)
  const flat = is64(c)
  setStackPointer(c, flat ? sp + u64(release) : (sp + u64(release)) & 0xffffffff, c.ssAttributes, flat)
  dropInnerSegments(c, rpl)
  updateMode(c)
  return true
}
