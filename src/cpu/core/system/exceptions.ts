// Delivery of exceptions and interrupts in every mode (SDM 3A chapter 6, 21.3 for virtual-8086, 20.1.4 for real-address mode).
//
// Constraints:
//  1. A delivery that faults leaves the registers as they were before it; only memory of the new stack may have been written.
//  2. Which second fault becomes #DF, and which is served after the first is dropped, follows 3A table 6-5. A fault while #DF is
//     delivered is a shutdown.
//  3. The EXT bit is set in the error code of every fault that arises while an external interrupt, an NMI or an exception is
//     delivered, and clear for INT n, INT3 and INTO.
//  4. The flags pushed have RF set for faults, except for a breakpoint #DB (17.3.1.1); the flags in force have TF, NT, RF and VM clear,
//     and IF clear through an interrupt gate.
// Protocol: run.ts calls deliverFault, deliverInterrupt, deliverNmi, deliverDebugTrap, singleStepTrap between instructions with c.rip at the
// address to be pushed; system-ops.ts calls softwareInterrupt in the middle of INT with c.rip already the next instruction.
// A task gate switches tasks (task-switch.ts); a fault that arises in the new task is delivered there.
import { SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_SS } from '../../numbers/operations'
import { AC, DR6_B, DR6_BD, DR6_BS, DR7_GD, IF, NT, RF, TF, VM } from '../../numbers/registers'
import { EVENT_EXCEPTION, SHUTDOWN_BY_INTERRUPT } from '../../numbers/seam'
import { CpuState } from '../state/state'
import { readFlags } from '../state/flags'
import { eventMask } from '../state/layout'
import { event } from '../state/imports'
import {
  VECTOR_DB,
  VECTOR_DE,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NMI,
  VECTOR_NP,
  VECTOR_PF,
  VECTOR_TS,
  raise,
} from '../state/fault'
import {
  ATTRIBUTE_BIG,
  ATTRIBUTE_CODE,
  ATTRIBUTE_EXPAND_DOWN,
  ATTRIBUTE_LONG,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_S,
  SELECTOR_NO_RPL,
  TYPE_INTERRUPT_GATE,
  TYPE_TASK_GATE,
  TYPE_WIDE,
  attributesOf,
  baseOf,
  descriptor,
  descriptorAddress,
  dplOf,
  fetchDescriptor,
  isNull,
  limitOf,
  markAccessed,
} from './descriptor-tables'
import { readSystem16, readSystem64 } from '../memory/linear'
import { isCanonical } from '../memory/mmu'
import { isLongActive, isProtected, setNullSegment, setRealSegment, setSegmentFrom, updateMode } from './segments'
import {
  commitStack,
  probePushes,
  pushValue,
  setStackPointer,
  stackPointer,
  useCurrentStack,
  useStack,
} from './stack-frame'
import { fetchInnerStack, innerDescriptor, innerPointer, innerSelector, longStackPointer } from './stack-switch'
import { TASK_CALL, forgetSwitch, isWideTask, switchTask, switchedTask } from './task-switch'
import { serialize } from '../blocks/coherence'

// What is being delivered.
let vector: u32 = 0
let hasCode: bool = false
let errorCode: u32 = 0
let software: bool = false // INT n, INT3, INTO: gate privilege is checked and EXT is clear
let external: u32 = 0
let pushedFlags: u64 = 0
/** The pair that became #DF, for c.shutdown: the fault, and the one that arose while it was delivered in the byte above. */
let doubled: u32 = 0

function isContributory(v: u32): bool {
  return v == VECTOR_DE || (v >= VECTOR_TS && v <= VECTOR_GP)
}

/** Does fault `second`, during the delivery of exception `first`, become #DF? */
function becomesDoubleFault(first: u32, second: u32): bool {
  if (first == VECTOR_PF) return second == VECTOR_PF || isContributory(second)
  return isContributory(first) && isContributory(second)
}

/** Enters the handler of `vector`; on failure c.fault is raised and the registers are unchanged. */
function enterHandler(c: CpuState): void {
  forgetSwitch()
  if (!isProtected(c) && (c.eflags & VM) == 0) enterReal(c)
  else if (isLongActive(c)) enterLong(c)
  else enterProtected(c)
}

function refuse(c: CpuState, faultVector: u32, code: u32): void {
  raise(c, faultVector, code | external)
}

function enterReal(c: CpuState): void {
  if ((vector << 2) + 3 > c.idtrLimit) {
    raise(c, VECTOR_GP, 0)
    return
  }
  const entry = c.idtrBase + u64(vector << 2)
  const offset = readSystem16(c, entry)
  if (c.fault) return
  const selector = <u32>readSystem16(c, entry + 2)
  if (c.fault) return
  useCurrentStack(c)
  if (!probePushes(c, 3, 2)) return
  pushValue(c, pushedFlags, 2)
  pushValue(c, u64(c.csSelector), 2)
  pushValue(c, c.rip, 2)
  if (c.fault) return
  commitStack(c)
  setRealSegment(c, SEG_CS, selector)
  c.rip = offset
  c.eflags &= ~(IF | TF | RF | AC)
  updateMode(c)
}

// The handler's code segment, found by `fetchHandler`.
let handler: u64 = 0
let handlerAddress: u64 = 0

/** Fetches and checks the code segment a gate names. Leaves the new privilege level in `handlerLevel`. */
let handlerLevel: u32 = 0
function fetchHandler(c: CpuState, selector: u32): bool {
  if (isNull(selector)) {
    refuse(c, VECTOR_GP, 0)
    return false
  }
  if (!fetchDescriptor(c, selector, VECTOR_GP, external)) return false
  const attributes = attributesOf(descriptor)
  const error = selector & SELECTOR_NO_RPL
  if ((attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE)) != (ATTRIBUTE_S | ATTRIBUTE_CODE) || dplOf(attributes) > c.cpl) {
    refuse(c, VECTOR_GP, error)
    return false
  }
  if (isLongActive(c) && (attributes & (ATTRIBUTE_LONG | ATTRIBUTE_BIG)) != ATTRIBUTE_LONG) {
    refuse(c, VECTOR_GP, error)
    return false
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) {
    refuse(c, VECTOR_NP, error)
    return false
  }
  handler = descriptor
  handlerAddress = descriptorAddress
  handlerLevel = attributes & ATTRIBUTE_EXPAND_DOWN ? c.cpl : dplOf(attributes)
  return true
}

function enterLong(c: CpuState): void {
  const idtError = (vector << 3) | 2
  if ((vector << 4) + 15 > c.idtrLimit) return refuse(c, VECTOR_GP, idtError)
  const low = readSystem64(c, c.idtrBase + u64(vector << 4))
  if (c.fault) return
  const high = readSystem64(c, c.idtrBase + u64(vector << 4) + 8)
  if (c.fault) return
  const attributes = attributesOf(low)
  const type = attributes & 0x1f
  if (type != 14 && type != 15) return refuse(c, VECTOR_GP, idtError)
  if (software && dplOf(attributes) < c.cpl) return refuse(c, VECTOR_GP, idtError)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, idtError)
  const selector = <u32>(low >> 16) & 0xffff
  const offset = (low & 0xffff) | ((low >> 32) & 0xffff0000) | (high << 32)
  const ist = <u32>(low >> 32) & 7
  if (!fetchHandler(c, selector)) return
  const level = handlerLevel
  const inner = level != c.cpl
  let sp = c.rsp
  if (ist) {
    if (!longStackPointer(c, 3 + ist, external)) return
    sp = innerPointer
  } else if (inner) {
    if (!longStackPointer(c, level, external)) return
    sp = innerPointer
  }
  if (!isCanonical(offset)) return refuse(c, VECTOR_GP, 0)
  useStack(sp & ~15, 0, 0, 0, true, level != 3, external)
  if (!probePushes(c, hasCode ? 6 : 5, 8)) return
  pushValue(c, u64(c.ssSelector), 8)
  pushValue(c, c.rsp, 8)
  pushValue(c, pushedFlags, 8)
  pushValue(c, u64(c.csSelector), 8)
  pushValue(c, c.rip, 8)
  if (hasCode) pushValue(c, u64(errorCode), 8)
  if (c.fault || !markAccessed(c, handlerAddress, handler)) return
  c.rsp = stackPointer()
  if (inner) setNullSegment(c, SEG_SS, level, level)
  setSegmentFrom(c, SEG_CS, (selector & SELECTOR_NO_RPL) | level, handler)
  c.rip = offset
  c.eflags &= ~(TF | NT | RF | VM | (type == TYPE_INTERRUPT_GATE ? IF : 0))
  updateMode(c)
}

function enterProtected(c: CpuState): void {
  const idtError = (vector << 3) | 2
  if ((vector << 3) + 7 > c.idtrLimit) return refuse(c, VECTOR_GP, idtError)
  const gate = readSystem64(c, c.idtrBase + u64(vector << 3))
  if (c.fault) return
  const attributes = attributesOf(gate)
  const type = attributes & 0x1f
  if (type != TYPE_TASK_GATE && type != 6 && type != 7 && type != 14 && type != 15)
    return refuse(c, VECTOR_GP, idtError)
  if (software && dplOf(attributes) < c.cpl) return refuse(c, VECTOR_GP, idtError)
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return refuse(c, VECTOR_NP, idtError)
  if (type == TYPE_TASK_GATE) return enterTaskGate(c, <u32>(gate >> 16) & 0xffff)
  const size: u32 = type & TYPE_WIDE ? 4 : 2
  const selector = <u32>(gate >> 16) & 0xffff
  const offset = (gate & 0xffff) | (size == 4 ? (gate >> 32) & 0xffff0000 : 0)
  if (!fetchHandler(c, selector)) return
  const level = handlerLevel
  const virtual = (c.eflags & VM) != 0
  if (virtual && level != 0) return refuse(c, VECTOR_GP, selector & SELECTOR_NO_RPL)
  const inner = level != c.cpl
  let stackSelector: u32 = 0
  let stack: u64 = 0
  if (inner) {
    if (!fetchInnerStack(c, level, external)) return
    stackSelector = innerSelector
    stack = innerDescriptor
    useStack(
      innerPointer,
      baseOf(stack),
      limitOf(stack),
      attributesOf(stack),
      false,
      true,
      (stackSelector & SELECTOR_NO_RPL) | external,
    )
    if (!probePushes(c, (virtual ? 9 : 5) + u32(hasCode), size)) return
    if (virtual) {
      pushValue(c, u64(c.gsSelector), size)
      pushValue(c, u64(c.fsSelector), size)
      pushValue(c, u64(c.dsSelector), size)
      pushValue(c, u64(c.esSelector), size)
    }
    pushValue(c, u64(c.ssSelector), size)
    pushValue(c, c.rsp, size)
  } else {
    useStack(c.rsp, c.ssBase, c.ssLimit, c.ssAttributes, false, level != 3, external)
    if (!probePushes(c, 3 + u32(hasCode), size)) return
  }
  pushValue(c, pushedFlags, size)
  pushValue(c, u64(c.csSelector), size)
  pushValue(c, c.rip, size)
  if (hasCode) pushValue(c, u64(errorCode), size)
  if (c.fault) return
  if (offset > u64(limitOf(handler))) return refuse(c, VECTOR_GP, 0)
  if (!markAccessed(c, handlerAddress, handler)) return
  const sp = stackPointer()
  if (inner) {
    setSegmentFrom(c, SEG_SS, stackSelector, stack)
    setStackPointer(c, sp, attributesOf(stack), false)
  } else commitStack(c)
  if (virtual) {
    setNullSegment(c, SEG_GS, 0, 0)
    setNullSegment(c, SEG_FS, 0, 0)
    setNullSegment(c, SEG_DS, 0, 0)
    setNullSegment(c, SEG_ES, 0, 0)
  }
  setSegmentFrom(c, SEG_CS, (selector & SELECTOR_NO_RPL) | level, handler)
  c.rip = offset
  c.eflags &= ~(TF | NT | RF | VM | (type & 1 ? 0 : IF))
  updateMode(c)
}

/** The error code goes onto the new task's stack, as wide as its TSS. */
function enterTaskGate(c: CpuState, selector: u32): void {
  if (!switchTask(c, selector, TASK_CALL, c.rip, pushedFlags, external) || !hasCode) return
  useStack(c.rsp, c.ssBase, c.ssLimit, c.ssAttributes, false, false, external)
  pushValue(c, u64(errorCode), isWideTask(c) ? 4 : 2)
  if (c.fault == 0) commitStack(c)
}

/** Delivers what is set up above, and the faults that this causes, until a handler is entered or the processor shuts down. */
function deliver(c: CpuState): void {
  serialize(c)
  let isEvent = !isException
  const origin = vector | (isEvent ? SHUTDOWN_BY_INTERRUPT : 0)
  while (true) {
    c.fault = 0
    c.delivering = 1
    c.deliveringVector = vector
    if (eventMask & EVENT_EXCEPTION && !isEvent) event(c.index, EVENT_EXCEPTION, vector, errorCode)
    enterHandler(c)
    c.delivering = 0
    if (c.fault == 0) {
      c.halted = 0
      return
    }
    if (c.faultVector == VECTOR_PF) c.cr2 = c.faultAddress
    if (!isEvent && vector == VECTOR_DF) {
      c.fault = 0
      c.shutdown = origin | (doubled << 8) | (c.faultVector << 24)
      return
    }
    const double = !isEvent && becomesDoubleFault(vector, c.faultVector)
    if (double) doubled = vector | (c.faultVector << 8)
    vector = double ? VECTOR_DF : c.faultVector
    errorCode = double ? 0 : c.faultCode
    hasCode = double || c.faultHasCode != 0
    software = false
    external = 1
    isEvent = false
    pushedFlags = (switchedTask ? readFlags(c) : pushedFlags) | RF
  }
}

/** Set before `deliver`: exceptions take part in double faults, interrupts and INT n are benign. */
let isException: bool = false

/** Delivers the fault raised by the instruction at c.rip. */
export function deliverFault(c: CpuState): void {
  vector = c.faultVector
  errorCode = c.faultCode
  hasCode = c.faultHasCode != 0
  if (vector == VECTOR_PF) c.cr2 = c.faultAddress
  software = false
  external = 1
  isException = true
  pushedFlags = readFlags(c) | RF
  c.shadow = 0
  deliver(c)
}

export function deliverInterrupt(c: CpuState, number: u32): void {
  prepareEvent(c, number)
  deliver(c)
}

export function deliverNmi(c: CpuState): void {
  prepareEvent(c, VECTOR_NMI)
  c.nmiBlocked = 1
  deliver(c)
}

function prepareEvent(c: CpuState, number: u32): void {
  vector = number
  errorCode = 0
  hasCode = false
  software = false
  external = 1
  isException = false
  pushedFlags = readFlags(c)
}

/** DR6 takes these bits, and those of a trap that MOV SS has held off: it comes with this #DB. */
function noteDebug(c: CpuState, bits: u32): void {
  const all = bits | c.pendingDebug
  c.pendingDebug = 0
  c.dr6 = (all & DR6_B ? c.dr6 & ~u64(DR6_B) : c.dr6) | u64(all)
}

/** #DB with these DR6 bits, as a trap (or as the fault of an instruction breakpoint): RF is pushed as it is. */
export function deliverDebug(c: CpuState, bits: u32): void {
  noteDebug(c, bits)
  c.dr7 &= ~DR7_GD
  prepareEvent(c, VECTOR_DB)
  // An access to a debug register with DR7.GD is a fault.
  if (bits & DR6_BD) pushedFlags |= RF
  if (eventMask & EVENT_EXCEPTION) event(c.index, EVENT_EXCEPTION, VECTOR_DB, 0)
  deliver(c)
}

/** Delivers c.pendingDebug at this boundary. */
export function deliverDebugTrap(c: CpuState): void {
  deliverDebug(c, 0)
}

/** After an instruction that began with TF set. An interrupt's entry and SYSCALL with TF masked have cancelled it (c.system0). */
export function singleStepTrap(c: CpuState): void {
  if (c.system0) {
    c.system0 = 0
    return
  }
  // After MOV SS debug traps wait for the next instruction (SDM 3A 6.8.3).
  if (c.shadow == 2) return
  deliverDebug(c, DR6_BS)
}

/** INT n, INT3, INTO, and INT1 (privileged: no gate check, EXT set). c.rip is the return address; on a fault c.fault stays raised
 *  and the registers are unchanged, for the caller to deliver it at the instruction's start. */
export function softwareInterrupt(c: CpuState, number: u32, privileged: bool): void {
  prepareEvent(c, number)
  software = !privileged
  external = privileged ? 1 : 0
  serialize(c)
  c.delivering = 1
  enterHandler(c)
  c.delivering = 0
  if (c.fault && switchedTask) {
    deliverFault(c)
    c.system0 = 1
    return
  }
  if (c.fault == 0) {
    c.system0 = 1
    if (privileged) noteDebug(c, 0)
    if (eventMask & EVENT_EXCEPTION) event(c.index, EVENT_EXCEPTION, number, 0)
  }
}
