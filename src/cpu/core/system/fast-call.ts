// SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS: the transfers that read no descriptor (SDM 2B SYSCALL, SYSRET, SYSENTER, SYSEXIT, SWAPGS).
//
// Promises: Intel's rules, as the vendor string says: SYSCALL and SYSRET only in 64-bit mode. Selectors' hidden parts get the fixed values of
// the manual. Whether a single-step trap follows SYSCALL and SYSRET is decided by TF after the instruction, not before it.
import { SEG_CS, SEG_SS } from '../../numbers/operations'
import { CR0_PE, DR6_BS, EFER_SCE, FLAGS_DEFINED, FLAGS_ONES, IF, RF, TF, VM } from '../../numbers/registers'
import { CpuState } from '../state/state'
import { readFlags, writeFlags } from '../state/flags'
import { VECTOR_GP, VECTOR_UD, raise, raiseNoCode } from '../state/fault'
import { isCanonical } from '../memory/mmu'
import { is64, isLongActive, setSegment, updateMode } from './segments'
import { SELECTOR_NO_RPL } from './descriptor-tables'

const CODE64: u32 = 0xa09b
const CODE32: u32 = 0xc09b
const DATA: u32 = 0xc093

function flatSegments(c: CpuState, codeSelector: u32, code: u32, stackSelector: u32, level: u32): void {
  setSegment(c, SEG_CS, codeSelector, 0, 0xffffffff, code | (level << 5))
  setSegment(c, SEG_SS, stackSelector, 0, 0xffffffff, DATA | (level << 5))
}

export function systemCall(c: CpuState): void {
  if ((c.efer & EFER_SCE) == 0 || !is64(c)) {
    raiseNoCode(c, VECTOR_UD)
    return
  }
  const flags = readFlags(c)
  c.rcx = c.rip
  c.r11 = flags & ~RF
  c.rip = c.lstar
  writeFlags(c, flags & ~(c.sfmask | RF))
  const selector = <u32>(c.star >> 32) & SELECTOR_NO_RPL
  flatSegments(c, selector, CODE64, selector + 8, 0)
  if ((c.eflags & TF) == 0 && (flags & TF) != 0) c.system0 = 1
  updateMode(c)
}

export function systemReturn(c: CpuState, size: u32): void {
  if ((c.efer & EFER_SCE) == 0 || !is64(c)) {
    raiseNoCode(c, VECTOR_UD)
    return
  }
  if (c.cpl != 0 || (size == 8 && !isCanonical(c.rcx))) {
    raise(c, VECTOR_GP, 0)
    return
  }
  const hadTrap = (c.eflags & TF) != 0
  writeFlags(c, (c.r11 & (FLAGS_DEFINED & ~(RF | VM))) | FLAGS_ONES)
  const selector = <u32>(c.star >> 48) & 0xffff
  if (size == 8) {
    c.rip = c.rcx
    flatSegments(c, (selector + 16) | 3, CODE64, (selector + 8) | 3, 3)
  } else {
    c.rip = c.rcx & 0xffffffff
    flatSegments(c, selector | 3, CODE32, (selector + 8) | 3, 3)
  }
  if ((c.eflags & TF) != 0) {
    if (!hadTrap) c.pendingDebug |= DR6_BS
  } else if (hadTrap) c.system0 = 1
  updateMode(c)
}

export function systemEnter(c: CpuState): void {
  const selector = <u32>c.sysenterCs & SELECTOR_NO_RPL
  if ((c.cr0 & CR0_PE) == 0 || selector == 0) {
    raise(c, VECTOR_GP, 0)
    return
  }
  c.eflags &= ~(VM | IF | RF)
  const long = isLongActive(c)
  c.rsp = long ? c.sysenterEsp : c.sysenterEsp & 0xffffffff
  c.rip = long ? c.sysenterEip : c.sysenterEip & 0xffffffff
  flatSegments(c, selector, long ? CODE64 : CODE32, selector + 8, 0)
  updateMode(c)
}

export function systemExit(c: CpuState, size: u32): void {
  const selector = <u32>c.sysenterCs & SELECTOR_NO_RPL
  if ((c.cr0 & CR0_PE) == 0 || c.cpl != 0 || selector == 0) {
    raise(c, VECTOR_GP, 0)
    return
  }
  if (size == 8) {
    if (!isCanonical(c.rcx) || !isCanonical(c.rdx)) {
      raise(c, VECTOR_GP, 0)
      return
    }
    c.rsp = c.rcx
    c.rip = c.rdx
    flatSegments(c, (selector + 32) | 3, CODE64, (selector + 40) | 3, 3)
  } else {
    c.rsp = c.rcx & 0xffffffff
    c.rip = c.rdx & 0xffffffff
    flatSegments(c, (selector + 16) | 3, CODE32, (selector + 24) | 3, 3)
  }
  updateMode(c)
}

export function swapGs(c: CpuState): void {
  if (c.cpl != 0) {
    raise(c, VECTOR_GP, 0)
    return
  }
  const base = c.gsBase
  c.gsBase = c.kernelGsBase
  c.kernelGsBase = base
}
