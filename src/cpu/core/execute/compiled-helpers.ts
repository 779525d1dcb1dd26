// Helpers that compiled code calls. `at`: uop number in bits 3..15, block's number from bit 16 on, as in what a region returns; `fuel`: what is left
// when the block's instructions are all taken. Each sets c.jitStatus.
import {
  JIT_FAULT,
  JIT_OK,
  JIT_STOP,
  LEAVE_BLOCK_SHIFT,
  LEAVE_SYSTEM,
  LEAVE_UOP_MASK,
  LEAVE_UOP_SHIFT,
} from '../../numbers/leaving'
import { UOP_BYTES } from '../../numbers/operations'
import { uopNumber, uopOffset } from '../blocks/ir'
import { regionBlock } from '../blocks/regions'
import { HELPER_COLD, HELPER_SYSTEM, HELPER_VECTOR, count } from '../state/counters'
import { DEBUG } from '../state/debug'
import { settleFlags } from '../state/flag-forms'
import { CpuState } from '../state/state'
import { systemOp } from '../system/system-ops'
import { sseOp } from '../vector/sse'
import { x87Fast } from '../x87/x87'
import { coldOp } from './cold'
import { settleSystem } from './interpret'

/** Puts the budget to before the uop's instruction, so that time is exact; returns the uop. */
// @ts-ignore: decorator
@inline
function begin(c: CpuState, at: u32, fuel: i32): usize {
  const b = regionBlock(c.jitRegion, at >> LEAVE_BLOCK_SHIFT)
  const u = b.uops + <usize>((at >> LEAVE_UOP_SHIFT) & LEAVE_UOP_MASK) * UOP_BYTES
  if (DEBUG)
    assert(
      u < b.uopEnd && c.block == 0 && c.fault == 0,
      'compiled code calls for a uop that is none, or inside a block',
    )
  c.remaining = c.jitRest + i64(fuel) + i64(b.count - uopNumber(u))
  return u
}

// @ts-ignore: decorator
@inline
function end(c: CpuState): void {
  c.jitStatus = c.fault ? JIT_FAULT : c.attention ? JIT_STOP : JIT_OK
}

/** The uop of an instruction that is executed out of line. */
// @ts-ignore: decorator
@inline
function instruction(c: CpuState, at: u32, fuel: i32): usize {
  if (c.flagForm) settleFlags(c)
  const u = begin(c, at, fuel)
  c.instructionRip = regionBlock(c.jitRegion, at >> LEAVE_BLOCK_SHIFT).rip + u64(uopOffset(u))
  return u
}

export function jitVector(c: CpuState, at: u32, fuel: i32): void {
  count(HELPER_VECTOR)
  sseOp(c, instruction(c, at, fuel))
  end(c)
}

/** The same for an x87 instruction at `rip` that has nothing to do with the flags; gives the status, too. */
export function jitX87(c: CpuState, at: u32, fuel: i32, detail: u32, rip: u64): u32 {
  if (x87Fast(c, detail, rip)) return JIT_OK
  jitVector(c, at, fuel)
  return c.jitStatus
}

export function jitCold(c: CpuState, at: u32, fuel: i32): void {
  count(HELPER_COLD)
  coldOp(c, instruction(c, at, fuel))
  end(c)
}

/** The last instruction of its block, by `systemOp`; compiled code goes on at the fallthrough only if nothing it relies on has changed. */
export function jitSystem(c: CpuState, at: u32, fuel: i32): void {
  count(HELPER_SYSTEM)
  const u = instruction(c, at, fuel)
  const changes = c.codeChanges
  const mode = c.mode
  const b = regionBlock(c.jitRegion, at >> LEAVE_BLOCK_SHIFT)
  c.rip = b.fallthrough
  systemOp(c, u)
  if (c.fault) {
    c.jitStatus = JIT_FAULT
    return
  }
  c.remaining--
  settleSystem(c)
  c.jitStatus =
    c.attention || c.rip != b.fallthrough || c.codeChanges != changes || c.mode != mode ? LEAVE_SYSTEM : JIT_OK
}

/** The last instruction of its block, by `coldOp`: a repeated string instruction. */
export function jitColdEnd(c: CpuState, at: u32, fuel: i32): void {
  const u = instruction(c, at, fuel)
  const b = regionBlock(c.jitRegion, at >> LEAVE_BLOCK_SHIFT)
  c.rip = b.fallthrough
  coldOp(c, u)
  c.jitStatus = c.fault ? JIT_FAULT : c.attention || c.rip != b.fallthrough ? LEAVE_SYSTEM : JIT_OK
}

export function jitFlags(c: CpuState): void {
  settleFlags(c)
}
