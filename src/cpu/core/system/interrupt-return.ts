// IRET, IRETD, IRETQ (SDM 2A IRET).
//
// Promises: a fault leaves every register as it was, except that NMIs are unblocked, as on processors (3A 6.7.1). NT set means return to the
// task that the back link names (task-switch.ts); in long mode it is #GP(0).
import { SEG_CS, SEG_DS, SEG_ES, SEG_FS, SEG_GS, SEG_SS } from '../../numbers/operations'
import { AC, ARITHMETIC, DF, FLAGS_DEFINED, ID, IF, IOPL, NT, RF, TF, VIF, VIP, VM } from '../../numbers/registers'
import { CpuState } from '../state/state'
import { readFlags, writeFlags } from '../state/flags'
import { VECTOR_GP, raise } from '../state/fault'
import { checkReturnCode, checkReturnStack, enterReturn, goToTask, markReturnCode, returnFits } from './far-transfer'
import { dropInnerSegments, is64, isLongActive, isProtected, setRealSegment, setSegment, updateMode } from './segments'
import { readSystem16 } from '../memory/linear'
import { TASK_RETURN } from './task-switch'
import { commitStack, popValue, setStackPointer, useCurrentStack } from './stack-frame'

function refuse(c: CpuState): bool {
  raise(c, VECTOR_GP, 0)
  return false
}

/** RFLAGS with what an IRET at privilege `cpl` may change taken from `popped`. */
function mergedFlags(c: CpuState, popped: u64, size: u32, cpl: u32): u64 {
  const old = readFlags(c)
  let mask = ARITHMETIC | TF | DF | NT
  if (size != 2) mask |= RF | AC | ID
  if (cpl == 0) mask |= IOPL | (size != 2 ? VIF | VIP : 0)
  if (u64(cpl) <= (old & IOPL) >> 12) mask |= IF
  return (old & ~mask) | (popped & mask) | 2
}

export function interruptReturn(c: CpuState, size: u32): bool {
  const real = !isProtected(c)
  if (c.eflags & VM && (c.eflags & IOPL) != IOPL) return refuse(c)
  c.nmiBlocked = 0
  if (!real && c.eflags & NT) {
    if (isLongActive(c)) return refuse(c)
    const link = <u32>readSystem16(c, c.trBase)
    return c.fault == 0 && goToTask(c, link, TASK_RETURN)
  }
  const from64 = is64(c)
  useCurrentStack(c)
  const offset = popValue(c, size)
  const selector = <u32>popValue(c, size) & 0xffff
  const popped = popValue(c, size)
  // In 64-bit mode the stack is popped, too, whatever the level (2A IRET), before the selectors are looked at.
  let sp: u64 = from64 ? popValue(c, size) : 0
  let stackSelector: u32 = from64 ? <u32>popValue(c, size) & 0xffff : 0
  if (c.fault) return false
  if (real) {
    if (offset > u64(c.csLimit)) return refuse(c)
    const flags = mergedFlags(c, popped, size, 0)
    commitStack(c)
    setRealSegment(c, SEG_CS, selector)
    c.rip = offset
    // VM, VIF and VIP stay, in virtual-8086 mode IOPL too (2A IRET, RETURN-FROM-VIRTUAL-8086-MODE).
    const kept = c.eflags & VM ? IOPL | VIF | VIP | VM : VIF | VIP
    writeFlags(c, (flags & ~kept) | (c.eflags & kept))
    updateMode(c)
    return true
  }
  if (popped & VM && c.cpl == 0 && size != 2 && !isLongActive(c))
    return returnToVirtual8086(c, offset, selector, popped)
  if (!checkReturnCode(c, selector)) return false
  const rpl = selector & 3
  const flags = mergedFlags(c, popped, size, c.cpl)
  const outer = rpl != c.cpl
  if (!outer && !from64) {
    if (!returnFits(c, offset) || !markReturnCode(c)) return false
    commitStack(c)
    enterReturn(c, selector, offset, false, 0)
    writeFlags(c, flags)
    updateMode(c)
    return true
  }
  if (!from64) {
    sp = popValue(c, size)
    stackSelector = <u32>popValue(c, size) & 0xffff
  }
  if (c.fault || !checkReturnStack(c, stackSelector, rpl, offset)) return false
  enterReturn(c, selector, offset, true, stackSelector)
  setStackPointer(c, sp, c.ssAttributes, is64(c))
  writeFlags(c, flags)
  if (outer) dropInnerSegments(c, rpl)
  updateMode(c)
  return true
}

function returnToVirtual8086(c: CpuState, offset: u64, selector: u32, popped: u64): bool {
  const sp = popValue(c, 4)
  const ss = <u32>popValue(c, 4) & 0xffff
  const es = <u32>popValue(c, 4) & 0xffff
  const ds = <u32>popValue(c, 4) & 0xffff
  const fs = <u32>popValue(c, 4) & 0xffff
  const gs = <u32>popValue(c, 4) & 0xffff
  if (c.fault) return false
  if (offset > 0xffff) return refuse(c)
  writeFlags(c, popped & FLAGS_DEFINED)
  setSegment(c, SEG_CS, selector, u64(selector) << 4, 0xffff, 0xf3)
  setRealSegment(c, SEG_SS, ss)
  setRealSegment(c, SEG_ES, es)
  setRealSegment(c, SEG_DS, ds)
  setRealSegment(c, SEG_FS, fs)
  setRealSegment(c, SEG_GS, gs)
  c.rsp = sp
  c.rip = offset
  updateMode(c)
  return true
}
