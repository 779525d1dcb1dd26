// Executes OP_SYSTEM: privilege and control-bit tests, then the work, which lives in the files named for it.
//
// Protocol: c.rip is the next instruction and c.instructionRip this one; slots T0 and T1 hold what system-decode.ts emitted. On a fault
// nothing architectural has changed. Every memory access that can fault comes before the first change.
import { SEG_SS } from '../../numbers/operations'
import { VECTOR_SCRATCH_OFFSET } from '../../numbers/sizes'
import {
  AC,
  ARITHMETIC,
  CR0_PE,
  CR0_TS,
  CR4_FSGSBASE,
  CR4_OSXSAVE,
  CR4_TSD,
  CR4_UMIP,
  DF,
  ID,
  IF,
  IOPL,
  NT,
  OF,
  RF,
  TF,
  VIF,
  VIP,
  VM,
  ZF,
} from '../../numbers/registers'
import {
  SYS_ARPL,
  SYS_BOUND,
  SYS_CLAC,
  SYS_CLFLUSH,
  SYS_CLI,
  SYS_CLTS,
  SYS_CPUID,
  SYS_FAR_CALL,
  SYS_FAR_CALL_MEMORY,
  SYS_FAR_JUMP,
  SYS_FAR_JUMP_MEMORY,
  SYS_FAR_RETURN,
  SYS_HLT,
  SYS_IN,
  SYS_INT,
  SYS_INTO,
  SYS_INVLPG,
  SYS_INVPCID,
  SYS_IRET,
  SYS_LAR,
  SYS_LGDT,
  SYS_LIDT,
  SYS_LLDT,
  SYS_LMSW,
  SYS_LOAD_FAR_POINTER,
  SYS_LSL,
  SYS_LTR,
  SYS_MOV_FROM_CR,
  SYS_MOV_FROM_DR,
  SYS_MOV_FROM_SEGMENT,
  SYS_MOV_TO_CR,
  SYS_MOV_TO_DR,
  SYS_MOV_TO_SEGMENT,
  SYS_OUT,
  SYS_POPF,
  SYS_POP_SEGMENT,
  SYS_PORT_STRING,
  SYS_PUSHF,
  SYS_PUSH_SEGMENT,
  SYS_RDBASE,
  SYS_RDMSR,
  SYS_RDPMC,
  SYS_RDTSC,
  SYS_RDTSCP,
  SYS_SGDT,
  SYS_SIDT,
  SYS_SLDT,
  SYS_SMSW,
  SYS_STAC,
  SYS_STI,
  SYS_STR,
  SYS_SWAPGS,
  SYS_SYSCALL,
  SYS_SYSENTER,
  SYS_SYSEXIT,
  SYS_SYSRET,
  SYS_VERR,
  SYS_VERW,
  SYS_WBINVD,
  SYS_WRBASE,
  SYS_WRMSR,
  SYS_XGETBV,
  SYS_XSETBV,
} from '../../numbers/system-functions'
import {
  CpuState,
  MODE_CODE64,
  MODE_CODE_MASK,
  segmentBase,
  segmentSelector,
  setSegmentBase,
  setSlot,
  slot,
} from '../state/state'
import { uopArgument, uopD, uopDetail, uopFunction, uopS1, uopX } from '../blocks/ir'
import { readFlags, setArithmetic, writeFlags } from '../state/flags'
import { VECTOR_BR, VECTOR_GP, VECTOR_NP, VECTOR_OF, VECTOR_UD, raise, raiseNoCode } from '../state/fault'
import { read16, read8, readWhole, write16, writeSystem8, writeWhole } from '../memory/linear'
import {
  ATTRIBUTE_PRESENT,
  SELECTOR_NO_RPL,
  SELECTOR_TI,
  TYPE_LDT,
  TYPE_TSS,
  TYPE_TSS16,
  attributesOf,
  baseOf,
  descriptor,
  descriptorAddress,
  descriptorHigh,
  fetchDescriptor,
  fetchDescriptorHigh,
  isNull,
  limitOf,
} from './descriptor-tables'
import { inspectSegment, isLongActive, loadSegment, updateMode, verifySegment } from './segments'
import { commitStack, popValue, pushValue, useCurrentStack } from './stack-frame'
import { farCall, farJump, farReturn } from './far-transfer'
import { interruptReturn } from './interrupt-return'
import { softwareInterrupt } from './exceptions'
import { swapGs, systemCall, systemEnter, systemExit, systemReturn } from './fast-call'
import {
  invalidatePage,
  invalidatePcid,
  loadMachineStatus,
  readControl,
  readExtendedControl,
  writeControl,
  writeXcr0,
} from './control-registers'
import { readMsr, writeMsr } from './msr'
import { readTsc } from './time-stamp'
import { cpuid } from './cpuid'
import { portIn, portOut, portString } from './port-io'
import { debugRegister, readDebug, writeDebug } from './debug'
import { isCanonical } from '../memory/mmu'
import { serialize } from '../blocks/coherence'

function protectionFault(c: CpuState): void {
  raise(c, VECTOR_GP, 0)
}

/** #GP(0) unless at privilege level 0. */
function isPrivileged(c: CpuState): bool {
  if (c.cpl == 0) return true
  protectionFault(c)
  return false
}

/** SGDT, SIDT, SLDT, SMSW, STR: #GP(0) above level 0 with CR4.UMIP. */
function isReadable(c: CpuState): bool {
  if ((c.cr4 & CR4_UMIP) == 0 || c.cpl == 0) return true
  protectionFault(c)
  return false
}

/** Writes a register slot with the rules of the operand size. */
function setRegister(c: CpuState, offset: u32, value: u64, size: u32): void {
  if (size == 8) setSlot(c, offset, value)
  else if (size == 4) setSlot(c, offset, value & 0xffffffff)
  else setSlot(c, offset, (slot(c, offset) & ~0xffff) | (value & 0xffff))
}

/** A value to the register in `d`, or its low 16 bits to memory at T0. */
function storeWord(c: CpuState, u: usize, value: u64): void {
  if (!isReadable(c)) return
  if (uopDetail(u)) write16(c, c.t0, value)
  else setRegister(c, uopD(u), value, uopX(u))
}

function storeTable(c: CpuState, base: u64, limit: u32): void {
  if (!isReadable(c)) return
  const long = (c.mode & MODE_CODE_MASK) == MODE_CODE64
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  store<u16>(operand, <u16>limit)
  store<u64>(operand, base, 2)
  writeWhole(c, c.t0, operand, long ? 10 : 6, long ? 8 : 4)
}

function loadTable(c: CpuState, size: u32, global: bool): void {
  if (!isPrivileged(c)) return
  const long = (c.mode & MODE_CODE_MASK) == MODE_CODE64
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!readWhole(c, c.t0, operand, long ? 10 : 6, 1)) return
  const limit = load<u16>(operand)
  let base = long ? load<u64>(operand, 2) : u64(load<u32>(operand, 2))
  if (long && !isCanonical(base)) return protectionFault(c)
  // A 16-bit operand size loads 24 bits of base (2A LGDT).
  if (!long && size == 2) base &= 0xffffff
  if (global) {
    c.gdtrBase = base
    c.gdtrLimit = limit
  } else {
    c.idtrBase = base
    c.idtrLimit = limit
  }
  serialize(c)
}

function loadLdt(c: CpuState, selector: u32): void {
  if (!isPrivileged(c)) return
  if (isNull(selector)) {
    c.ldtrSelector = selector
    c.ldtrBase = 0
    c.ldtrLimit = 0
    c.ldtrAttributes = 0
    serialize(c)
    return
  }
  const error = selector & SELECTOR_NO_RPL
  if (selector & SELECTOR_TI) return raise(c, VECTOR_GP, error)
  if (!fetchDescriptor(c, selector, VECTOR_GP, 0)) return
  const d = descriptor
  const attributes = attributesOf(d)
  if ((attributes & 0x1f) != TYPE_LDT) return raise(c, VECTOR_GP, error)
  let base = baseOf(d)
  if (isLongActive(c)) {
    if (!fetchDescriptorHigh(c, selector, VECTOR_GP, 0)) return
    base |= descriptorHigh << 32
    if (!isCanonical(base)) return raise(c, VECTOR_GP, error)
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return raise(c, VECTOR_NP, error)
  c.ldtrSelector = selector
  c.ldtrBase = base
  c.ldtrLimit = limitOf(d)
  c.ldtrAttributes = attributes
  serialize(c)
}

function loadTask(c: CpuState, selector: u32): void {
  if (!isPrivileged(c)) return
  if (isNull(selector)) return protectionFault(c)
  const error = selector & SELECTOR_NO_RPL
  if (selector & SELECTOR_TI) return raise(c, VECTOR_GP, error)
  if (!fetchDescriptor(c, selector, VECTOR_GP, 0)) return
  const d = descriptor
  const at = descriptorAddress
  const attributes = attributesOf(d)
  const type = attributes & 0x1f
  const long = isLongActive(c)
  if (type != TYPE_TSS && (long || type != TYPE_TSS16)) return raise(c, VECTOR_GP, error)
  let base = baseOf(d)
  if (long) {
    if (!fetchDescriptorHigh(c, selector, VECTOR_GP, 0)) return
    base |= descriptorHigh << 32
    if (!isCanonical(base)) return raise(c, VECTOR_GP, error)
  }
  if ((attributes & ATTRIBUTE_PRESENT) == 0) return raise(c, VECTOR_NP, error)
  // Busy.
  writeSystem8(c, at + 5, ((d >> 40) & 0xff) | 2)
  if (c.fault) return
  c.trSelector = selector
  c.trBase = base
  c.trLimit = limitOf(d)
  c.trAttributes = attributes | 2
  serialize(c)
}

function inspect(c: CpuState, u: usize, limit: bool): void {
  const value = inspectSegment(c, <u32>slot(c, uopS1(u)) & 0xffff, limit)
  if (c.fault == 0 && readFlags(c) & ZF) setRegister(c, uopD(u), value, uopX(u))
}

function pushFlags(c: CpuState, size: u32): void {
  if (c.eflags & VM && (c.eflags & IOPL) != IOPL) return protectionFault(c)
  useCurrentStack(c)
  pushValue(c, readFlags(c) & ~(RF | VM), size)
  if (c.fault == 0) commitStack(c)
}

function popFlags(c: CpuState, size: u32): void {
  if (c.eflags & VM && (c.eflags & IOPL) != IOPL) return protectionFault(c)
  useCurrentStack(c)
  const popped = popValue(c, size)
  if (c.fault) return
  commitStack(c)
  const old = readFlags(c)
  let mask = ARITHMETIC | TF | DF | NT
  if (size != 2) mask |= AC | ID
  if ((c.eflags & VM) == 0 && c.cpl == 0) mask |= IOPL | (size != 2 ? VIF | VIP : 0)
  if (u64(c.cpl) <= (old & IOPL) >> 12) mask |= IF
  let next = (old & ~mask) | (popped & mask)
  if (size != 2) next &= ~RF
  if (c.cpl == 0 && size != 2) next &= ~(VIF | VIP)
  writeFlags(c, next)
  if ((old ^ next) & AC) updateMode(c)
}

function pushSegment(c: CpuState, segment: u32, size: u32): void {
  useCurrentStack(c)
  pushValue(c, u64(segmentSelector(c, segment)), size)
  if (c.fault == 0) commitStack(c)
}

function popSegment(c: CpuState, segment: u32, size: u32): void {
  useCurrentStack(c)
  const selector = <u32>popValue(c, size) & 0xffff
  if (c.fault) return
  // RSP moves with the width of the stack before the load: loading SS may change that width.
  const old = c.rsp
  commitStack(c)
  if (!loadSegment(c, segment, selector)) {
    c.rsp = old
    return
  }
  if (segment == SEG_SS) c.shadow = 2
}

let farOffset: u64 = 0
let farSelector: u32 = 0

/** Reads the far pointer at T0, as one operand. */
function readFarPointer(c: CpuState, size: u32): bool {
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!readWhole(c, c.t0, operand, size + 2, size)) return false
  farOffset = size == 8 ? load<u64>(operand) : size == 4 ? u64(load<u32>(operand)) : u64(load<u16>(operand))
  farSelector = load<u16>(operand + size)
  return true
}

function loadFarPointer(c: CpuState, u: usize): void {
  const size = uopX(u)
  if (readFarPointer(c, size) && loadSegment(c, uopDetail(u), farSelector)) setRegister(c, uopD(u), farOffset, size)
}

function farMemory(c: CpuState, u: usize, call: bool): void {
  const size = uopX(u)
  if (!readFarPointer(c, size)) return
  if (call) farCall(c, farSelector, farOffset, c.rip, size)
  else farJump(c, farSelector, farOffset)
}

function checkBounds(c: CpuState, u: usize): void {
  const size = uopX(u)
  const bounds = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!readWhole(c, c.t0, bounds, size << 1, size)) return
  const index = <i32>slot(c, uopS1(u))
  const outside =
    size == 2
      ? i16(index) < load<i16>(bounds) || i16(index) > load<i16>(bounds, 2)
      : index < load<i32>(bounds) || index > load<i32>(bounds, 4)
  if (outside) raiseNoCode(c, VECTOR_BR)
}

function adjustRpl(c: CpuState, u: usize): void {
  const memory = uopDetail(u) != 0
  const value = memory ? read16(c, c.t0) : slot(c, uopD(u))
  if (c.fault) return
  const rpl = slot(c, uopS1(u)) & 3
  const lower = (value & 3) < rpl
  if (lower) {
    const next = (value & ~3) | rpl
    if (memory) write16(c, c.t0, next)
    else setRegister(c, uopD(u), next, 2)
    if (c.fault) return
  }
  const flags = readFlags(c)
  setArithmetic(c, lower ? flags | ZF : flags & ~ZF)
}

function interrupt(c: CpuState, number: u32, detail: u32): void {
  // In virtual-8086 mode INT n needs IOPL 3; INT3, INTO and INT1 do not (SDM 3A 21.3.3).
  if (detail == 0 && (c.eflags & VM) != 0 && (c.eflags & IOPL) != IOPL) return protectionFault(c)
  softwareInterrupt(c, number, detail == 2)
}

/** May this program change IF? */
function controlsInterrupts(c: CpuState): bool {
  if ((c.cr0 & CR0_PE) == 0 || u64(c.cpl) <= (c.eflags & IOPL) >> 12) return true
  protectionFault(c)
  return false
}

function readBase(c: CpuState, u: usize): void {
  if ((c.cr4 & CR4_FSGSBASE) == 0) return raiseNoCode(c, VECTOR_UD)
  setRegister(c, uopD(u), segmentBase(c, uopDetail(u)), uopX(u))
}

function writeBase(c: CpuState, u: usize): void {
  if ((c.cr4 & CR4_FSGSBASE) == 0) return raiseNoCode(c, VECTOR_UD)
  const value = slot(c, uopS1(u))
  if (uopX(u) == 8 && !isCanonical(value)) return protectionFault(c)
  setSegmentBase(c, uopDetail(u), uopX(u) == 8 ? value : value & 0xffffffff)
}

function timeStamp(c: CpuState): void {
  if (c.cr4 & CR4_TSD && c.cpl != 0) return protectionFault(c)
  const time = readTsc(c)
  c.rax = time & 0xffffffff
  c.rdx = time >> 32
}

function accessControl(c: CpuState, on: bool): void {
  if (c.cpl != 0) return raiseNoCode(c, VECTOR_UD)
  c.eflags = on ? c.eflags | AC : c.eflags & ~AC
  updateMode(c)
}

function invpcid(c: CpuState, u: usize): void {
  if (!isPrivileged(c)) return
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!readWhole(c, c.t0, operand, 16, 1)) return
  const type = slot(c, uopS1(u))
  invalidatePcid(c, uopX(u) == 8 ? type : type & 0xffffffff, load<u64>(operand), load<u64>(operand, 8))
}

function getExtendedControl(c: CpuState): void {
  if ((c.cr4 & CR4_OSXSAVE) == 0) return raiseNoCode(c, VECTOR_UD)
  const value = readExtendedControl(c, <u32>c.rcx)
  if (c.fault) return
  c.rax = value & 0xffffffff
  c.rdx = value >> 32
}

function setExtendedControl(c: CpuState): void {
  if ((c.cr4 & CR4_OSXSAVE) == 0) return raiseNoCode(c, VECTOR_UD)
  if (!isPrivileged(c)) return
  if (<u32>c.rcx) return protectionFault(c)
  writeXcr0(c, (c.rax & 0xffffffff) | (c.rdx << 32))
}

export function systemOp(c: CpuState, u: usize): void {
  const size = uopX(u)
  const detail = uopDetail(u)
  const source = uopS1(u)
  switch (uopFunction(u)) {
    case SYS_SLDT:
      return storeWord(c, u, u64(c.ldtrSelector))
    case SYS_STR:
      return storeWord(c, u, u64(c.trSelector))
    case SYS_LLDT:
      return loadLdt(c, <u32>slot(c, source) & 0xffff)
    case SYS_LTR:
      return loadTask(c, <u32>slot(c, source) & 0xffff)
    case SYS_VERR:
      return verifySegment(c, <u32>slot(c, source) & 0xffff, false)
    case SYS_VERW:
      return verifySegment(c, <u32>slot(c, source) & 0xffff, true)
    case SYS_SGDT:
      return storeTable(c, c.gdtrBase, c.gdtrLimit)
    case SYS_SIDT:
      return storeTable(c, c.idtrBase, c.idtrLimit)
    case SYS_LGDT:
      return loadTable(c, size, true)
    case SYS_LIDT:
      return loadTable(c, size, false)
    case SYS_SMSW:
      return storeWord(c, u, c.cr0)
    case SYS_LMSW: {
      if (isPrivileged(c)) loadMachineStatus(c, (<u32>slot(c, source) & 15) | <u32>(c.cr0 & CR0_PE))
      return
    }
    case SYS_INVLPG: {
      if (isPrivileged(c)) invalidatePage(c, c.t0)
      return
    }
    case SYS_SWAPGS:
      return swapGs(c)
    case SYS_RDTSCP: {
      timeStamp(c)
      if (c.fault == 0) c.rcx = c.tscAux & 0xffffffff
      return
    }
    case SYS_CLAC:
      return accessControl(c, false)
    case SYS_STAC:
      return accessControl(c, true)
    case SYS_LAR:
      return inspect(c, u, false)
    case SYS_LSL:
      return inspect(c, u, true)
    case SYS_SYSCALL:
      return systemCall(c)
    case SYS_CLTS: {
      if (isPrivileged(c)) c.cr0 &= ~CR0_TS
      return
    }
    case SYS_SYSRET:
      return systemReturn(c, size)
    case SYS_WBINVD: {
      if (isPrivileged(c)) serialize(c)
      return
    }
    case SYS_MOV_FROM_CR: {
      if (!isPrivileged(c)) return
      const value = readControl(c, detail)
      if (c.fault == 0) setRegister(c, uopD(u), value, size)
      return
    }
    case SYS_MOV_TO_CR: {
      if (isPrivileged(c)) writeControl(c, detail, size == 8 ? slot(c, source) : slot(c, source) & 0xffffffff)
      return
    }
    case SYS_MOV_FROM_DR: {
      const register = debugRegister(c, detail)
      if (register >= 0) setRegister(c, uopD(u), readDebug(c, register), size)
      return
    }
    case SYS_MOV_TO_DR: {
      const register = debugRegister(c, detail)
      if (register < 0) return
      writeDebug(c, register, size == 8 ? slot(c, source) : slot(c, source) & 0xffffffff)
      serialize(c)
      return
    }
    case SYS_WRMSR: {
      if (isPrivileged(c)) writeMsr(c, <u32>c.rcx, (c.rax & 0xffffffff) | (c.rdx << 32))
      return
    }
    case SYS_RDTSC:
      return timeStamp(c)
    case SYS_RDMSR: {
      if (!isPrivileged(c)) return
      const value = readMsr(c, <u32>c.rcx)
      if (c.fault) return
      c.rax = value & 0xffffffff
      c.rdx = value >> 32
      return
    }
    case SYS_RDPMC: // there are no counters
      return protectionFault(c)
    case SYS_SYSENTER:
      return systemEnter(c)
    case SYS_SYSEXIT:
      return systemExit(c, size)
    case SYS_PUSH_SEGMENT:
      return pushSegment(c, detail, size)
    case SYS_POP_SEGMENT:
      return popSegment(c, detail, size)
    case SYS_CPUID: {
      cpuid(c)
      serialize(c)
      return
    }
    case SYS_LOAD_FAR_POINTER:
      return loadFarPointer(c, u)
    case SYS_RDBASE:
      return readBase(c, u)
    case SYS_WRBASE:
      return writeBase(c, u)
    case SYS_CLFLUSH: {
      read8(c, c.t0)
      return
    }
    case SYS_INVPCID:
      return invpcid(c, u)
    case SYS_BOUND:
      return checkBounds(c, u)
    case SYS_ARPL:
      return adjustRpl(c, u)
    case SYS_PORT_STRING:
      return portString(c, (detail & 1) != 0, size, (detail >> 8) & 15, (detail & 2) != 0, (detail >> 4) & 7)
    case SYS_MOV_FROM_SEGMENT: {
      const selector = u64(segmentSelector(c, detail & 7))
      if (detail & 8) write16(c, c.t0, selector)
      else setRegister(c, uopD(u), selector, size)
      return
    }
    case SYS_MOV_TO_SEGMENT: {
      if (loadSegment(c, detail, <u32>slot(c, source) & 0xffff) && detail == SEG_SS) c.shadow = 2
      return
    }
    case SYS_FAR_CALL: {
      farCall(c, <u32>uopArgument(u), c.t1, c.rip, size)
      return
    }
    case SYS_FAR_JUMP: {
      farJump(c, <u32>uopArgument(u), c.t1)
      return
    }
    case SYS_FAR_CALL_MEMORY:
      return farMemory(c, u, true)
    case SYS_FAR_JUMP_MEMORY:
      return farMemory(c, u, false)
    case SYS_FAR_RETURN: {
      farReturn(c, size, <u32>uopArgument(u))
      return
    }
    case SYS_PUSHF:
      return pushFlags(c, size)
    case SYS_POPF:
      return popFlags(c, size)
    case SYS_INT:
      return interrupt(c, <u32>uopArgument(u) & 255, detail)
    case SYS_INTO: {
      if (readFlags(c) & OF) interrupt(c, VECTOR_OF, 1)
      return
    }
    case SYS_IRET: {
      interruptReturn(c, size)
      serialize(c)
      if (c.eflags & RF) c.attention = 1
      return
    }
    case SYS_IN:
      return portIn(c, uopArgument(u) < 0 ? <u32>c.rdx & 0xffff : <u32>uopArgument(u), size)
    case SYS_OUT:
      return portOut(c, uopArgument(u) < 0 ? <u32>c.rdx & 0xffff : <u32>uopArgument(u), size)
    case SYS_HLT: {
      if (isPrivileged(c)) c.halted = 1
      return
    }
    case SYS_XGETBV:
      return getExtendedControl(c)
    case SYS_XSETBV:
      return setExtendedControl(c)
    case SYS_CLI: {
      if (controlsInterrupts(c)) c.eflags &= ~IF
      return
    }
    case SYS_STI: {
      if (!controlsInterrupts(c)) return
      if ((c.eflags & IF) == 0) c.shadow = 1
      c.eflags |= IF
      return
    }
  }
  raiseNoCode(c, VECTOR_UD)
}
