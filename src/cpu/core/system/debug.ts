// Debug registers: breakpoints on instructions, data and I/O (SDM 3B 17.2, 17.3).
//
// Promises: `c.debugArmed` is nonzero exactly while DR7 enables a data breakpoint (bit 0), an instruction breakpoint (bit 1) or an I/O
// breakpoint (bit 2), or the host watches memory (bit 3). While data breakpoints are armed their pages have no fast tags (mmu.ts), so each access comes by `checkData` (data-breakpoints.ts).
// Data and I/O breakpoints are traps: they set bits in c.pendingDebug. An instruction breakpoint is a fault before the instruction, held
// off by RF.
import {
  CR4_DE,
  DR6_B,
  DR6_BD,
  DR6_BS,
  DR6_BT,
  DR6_ONES,
  DR6_ZERO,
  DR7_DEFINED,
  DR7_GD,
  DR7_ONES,
  RF,
  TF,
} from '../../numbers/registers'
import { CpuState, MODE_CODE64, MODE_CODE_MASK } from '../state/state'
import { VECTOR_GP, VECTOR_UD, raise, raiseNoCode } from '../state/fault'
import {
  ARMED_DATA,
  ARMED_HOST,
  ARMED_INSTRUCTION,
  ARMED_IO,
  debugAddress,
  isEnabled,
  kindOf,
  lengthOf,
} from '../memory/data-breakpoints'
import { watchpointCount } from '../memory/watchpoints'
import { tlbFlushAll } from '../memory/fast-tlb'
import { deliverDebug } from './exceptions'

function setDebugAddress(c: CpuState, n: u32, value: u64): void {
  if (n == 0) c.dr0 = value
  else if (n == 1) c.dr1 = value
  else if (n == 2) c.dr2 = value
  else c.dr3 = value
}

/** Derives c.debugArmed; call after any change of DR0 to DR3, DR7, CR4.DE or of what the host watches. */
export function armDebug(c: CpuState): void {
  let armed: u32 = watchpointCount ? ARMED_HOST : 0
  for (let n: u32 = 0; n < 4; n++) {
    if (!isEnabled(c, n)) continue
    const kind = kindOf(c, n)
    if (kind == 0) armed |= ARMED_INSTRUCTION
    else if (kind != 2) armed |= ARMED_DATA
    else if (c.cr4 & CR4_DE) armed |= ARMED_IO
  }
  if ((armed | c.debugArmed) & (ARMED_DATA | ARMED_HOST)) tlbFlushAll(c)
  c.debugArmed = armed
  c.attention = 1
}

/** An access of `size` bytes at a port took place: notes the I/O breakpoints it hits. */
export function checkPort(c: CpuState, port: u32, size: u32): void {
  if ((c.debugArmed & ARMED_IO) == 0) return
  for (let n: u32 = 0; n < 4; n++) {
    if (!isEnabled(c, n) || kindOf(c, n) != 2) continue
    const length = lengthOf(c, n)
    const start = debugAddress(c, n) & ~(length - 1)
    if (u64(port) < start + length && u64(port + size) > start) {
      c.pendingDebug |= 1 << n
      c.attention = 1
    }
  }
}

/**
 * A repeated instruction is not finished: it goes on at itself. The breakpoint on it was served when it began, and what traps in its middle pushes
 * RF set (SDM 3B 17.3.1.1).
 */
export function repeatAgain(c: CpuState): void {
  c.rip = c.instructionRip
  if (c.debugArmed & ~ARMED_HOST || c.eflags & TF) c.eflags |= RF
}

/** Delivers the instruction breakpoint on the instruction at c.rip, if there is one. True if a handler was entered. */
export function instructionBreakpoint(c: CpuState): bool {
  if ((c.debugArmed & ARMED_INSTRUCTION) == 0 || (c.eflags & RF) != 0) return false
  const linear = (c.mode & MODE_CODE_MASK) == MODE_CODE64 ? c.rip : (c.csBase + c.rip) & 0xffffffff
  let bits: u32 = 0
  for (let n: u32 = 0; n < 4; n++) {
    if (isEnabled(c, n) && kindOf(c, n) == 0 && debugAddress(c, n) == linear) bits |= 1 << n
  }
  if (bits == 0) return false
  deliverDebug(c, bits)
  return true
}

/** Checks common to MOV to and from DR: privilege, CR4.DE for DR4/5, DR7.GD. Returns the register 0..3, 6, 7, or -1 after a fault. */
export function debugRegister(c: CpuState, n: u32): i32 {
  if (c.cpl != 0) {
    raise(c, VECTOR_GP, 0)
    return -1
  }
  let register = n
  if (n == 4 || n == 5) {
    if (c.cr4 & CR4_DE) {
      raiseNoCode(c, VECTOR_UD)
      return -1
    }
    register += 2
  }
  if (c.dr7 & DR7_GD) {
    c.rip = c.instructionRip
    deliverDebug(c, DR6_BD)
    c.system0 = 1
    return -1
  }
  return <i32>register
}

export function readDebug(c: CpuState, n: u32): u64 {
  return n == 6 ? (c.dr6 & ~DR6_ZERO) | DR6_ONES : n == 7 ? c.dr7 | DR7_ONES : debugAddress(c, n)
}

export function writeDebug(c: CpuState, n: u32, value: u64): void {
  if (n >= 6 && value >> 32) {
    raise(c, VECTOR_GP, 0)
    return
  }
  if (n == 6) c.dr6 = (value & u64(DR6_B | DR6_BD | DR6_BS | DR6_BT)) | DR6_ONES
  else if (n == 7) c.dr7 = (value & DR7_DEFINED) | DR7_ONES
  else setDebugAddress(c, n, value)
  armDebug(c)
}
