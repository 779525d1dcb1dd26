// The dispatcher: what happens between blocks. Budget, faults, interrupt lines, single steps, breakpoints.
//
// Constraints:
//  1. `run` retires exactly `budget` instructions unless it returns for another reason; a block that does not fit is executed one
//     instruction at a time, from blocks of one instruction (MODE_STEP), so nothing depends on where blocks happen to be cut.
//  2. With the budget used up nothing more happens, not even the delivery of a pending interrupt: it is delivered when `run` is called
//     again. So a run cut into slices goes through the same states as an uncut one.
//  3. Order at a boundary (SDM 3A table 6-2, as far as it applies): reset and INIT; traps of the previous instruction; NMI; external
//     interrupts; instruction breakpoints; the fetch.
// A stream of faults none of whose handlers can retire an instruction would hang the host: from the 64th delivery on each
// counts as one instruction.
import { IF, RF, TF } from '../../numbers/registers'
import {
  EXIT_BREAK,
  EXIT_BUDGET,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  EXIT_WAIT_SIPI,
  EXIT_WATCH,
  EXIT_YIELD,
  LINE_INIT,
  LINE_INTR,
  LINE_NMI,
} from '../../numbers/seam'
import { DEBUG } from '../state/debug'
import { CpuState, MODE_STEP } from '../state/state'
import { Block } from '../blocks/ir'
import { cpuAt, cpuCount, dropCompiled, setDropCompiled, setRunningCpu } from '../state/layout'
import { acknowledgeInterrupt } from '../state/imports'
import { emptyArena, findBlock, linearOf } from '../blocks/blocks'
import { LEAVE, LEAVE_BREAK, interpret } from './interpret'
import { enterCompiled } from './enter-compiled'
import { assertSound } from './sound'
import { breakpointCount, isBreakpoint } from '../blocks/breakpoints'
import { forgetHit, watchpointHit } from '../memory/watchpoints'
import { deliverDebugTrap, deliverFault, deliverInterrupt, deliverNmi, singleStepTrap } from '../system/exceptions'
import { instructionBreakpoint } from '../system/debug'
import { resetState } from '../system/reset'
import { serialize } from '../blocks/coherence'

const FAULT_STREAK: u32 = 64

export function runCpu(c: CpuState, budget: i64): u32 {
  c.budgetStart = budget
  c.remaining = budget
  c.yieldRequested = 0
  c.flagsShown = 0
  c.block = 0
  c.uop = 0
  if (dropCompiled) {
    for (let i: u32 = 0; i < cpuCount; i++) emptyArena(cpuAt(i))
    setDropCompiled(false)
  }
  setRunningCpu(c.index)
  const reason = dispatch(c)
  if (DEBUG) assertSound(c)
  setRunningCpu(-1)
  c.retiredLow += u64(c.budgetStart - c.remaining)
  return reason
}

function dispatch(c: CpuState): u32 {
  while (true) {
    c.attention = 0
    if (c.fault) {
      deliverFault(c)
      if (++c.faultStreak >= FAULT_STREAK && c.remaining > 0) c.remaining--
    }
    if (c.shutdown) return EXIT_SHUTDOWN
    // Where HLT was the last instruction, a run that is cut here ends as one that is not.
    if (c.remaining <= 0) return c.halted && c.lines == 0 && !c.pendingDebug ? EXIT_HALT : EXIT_BUDGET
    if (c.lines & LINE_INIT) {
      c.lines &= ~LINE_INIT
      resetState(c, false)
      c.waitSipi = c.index ? 1 : 0
    }
    if (c.waitSipi) return EXIT_WAIT_SIPI
    if (c.yieldRequested) return EXIT_YIELD
    if (c.pendingDebug && c.shadow != 2) {
      deliverDebugTrap(c)
      continue
    }
    if (c.lines && c.shadow == 0) {
      if (c.lines & LINE_NMI && c.nmiBlocked == 0) {
        c.lines &= ~LINE_NMI
        c.halted = 0
        serialize(c)
        deliverNmi(c)
        continue
      }
      if (c.lines & LINE_INTR && c.eflags & IF) {
        const vector = acknowledgeInterrupt(c.index)
        if (vector >= 0) {
          c.halted = 0
          serialize(c)
          deliverInterrupt(c, vector)
          continue
        }
        c.lines &= ~LINE_INTR
      }
    }
    if (c.halted) return EXIT_HALT
    // MOV SS and POP SS hold off debug exceptions, too (SDM 3A 6.8.3).
    if (c.debugArmed && c.shadow != 2 && instructionBreakpoint(c)) continue
    const begun = c.remaining
    const single = c.shadow != 0 || c.eflags & (TF | RF) || c.breakSkip || c.debugArmed
    let left: u32 = 0
    if (!single) {
      const b = findBlock(c, c.mode)
      if (b === null) continue
      const remaining = c.remaining - i64(b.count)
      const heat = b.heat - 1
      if (remaining < 0) left = step(c)
      else if (heat < 0) {
        const entered = enterCompiled(c, b)
        left = entered ? interpret(c, changetype<Block>(entered), c.resume) : LEAVE
      } else {
        b.heat = heat
        c.remaining = remaining
        left = interpret(c, b, b.uops)
      }
    } else left = step(c)
    if (c.remaining < begun) c.faultStreak = 0
    if (left == LEAVE_BREAK) {
      c.breakSkip = 1
      c.breakAt = c.rip
      return EXIT_BREAK
    }
    if (watchpointHit) return EXIT_WATCH
  }
  return EXIT_BUDGET
}

/** Executes one instruction with everything that depends on instruction boundaries. */
function step(c: CpuState): u32 {
  if (breakpointCount && !(c.breakSkip && c.breakAt == c.rip) && isBreakpoint(linearOf(c, c.rip))) return LEAVE_BREAK
  c.breakSkip = 0
  const b = findBlock(c, c.mode | MODE_STEP)
  if (b === null) return 0
  const flags = c.eflags
  const held = c.pendingDebug
  // RF holds for this instruction (SDM 3B 17.3.1.1); it is set after it only if the instruction sets it: IRET, a task switch, REP that goes on.
  c.eflags &= ~RF
  c.shadow = 0
  c.system0 = 0
  // Keeps the interpreter from going on to a second block.
  c.attention = 1
  c.remaining -= i64(b.count)
  interpret(c, b, b.uops)
  if (c.fault) {
    // Breakpoints on data are traps: what does not complete has hit none.
    c.pendingDebug = held
    forgetHit()
    return 0
  }
  if (flags & TF) singleStepTrap(c)
  return 0
}
