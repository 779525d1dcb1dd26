// IN, OUT, INS, OUTS: permission by IOPL or the TSS's bitmap, and the transfers (SDM 1 chapter 19; 2A IN, INS; 2B OUT, OUTS).
//
// Promises: a string instruction's registers are exact at a fault in the middle; an iteration whose memory access faults has not touched
// the port (OUTS) or is retried before the port is read (INS: the destination is probed first).
import { SEG_ES } from '../../numbers/operations'
import { CR0_PE, DF, IOPL, TF, VM } from '../../numbers/registers'
import { CpuState } from '../state/state'
import { portRead, portWrite } from '../state/imports'
import { VECTOR_GP, raise } from '../state/fault'
import { probeWrite, readSize, readSystem16, writeSize } from '../memory/linear'
import { ATTRIBUTE_PRESENT, TYPE_WIDE } from './descriptor-tables'
import { linearIn } from './segment-check'
import { checkPort, repeatAgain } from './debug'

/** May this program use the ports [port, port + size)? */
function portAllowed(c: CpuState, port: u32, size: u32): bool {
  if ((c.cr0 & CR0_PE) == 0) return true
  if ((c.eflags & VM) == 0 && u64(c.cpl) <= (c.eflags & IOPL) >> 12) return true
  if ((c.trAttributes & ATTRIBUTE_PRESENT) != 0 && (c.trAttributes & TYPE_WIDE) != 0 && c.trLimit >= 103) {
    const map = <u32>readSystem16(c, c.trBase + 102)
    if (c.fault) return false
    const at = map + (port >> 3)
    if (at + 1 <= c.trLimit) {
      const bits = <u32>readSystem16(c, c.trBase + u64(at))
      if (c.fault) return false
      if (((bits >> (port & 7)) & ((1 << size) - 1)) == 0) return true
    }
  }
  raise(c, VECTOR_GP, 0)
  return false
}

export function portIn(c: CpuState, port: u32, size: u32): void {
  if (!portAllowed(c, port, size)) return
  const value = u64(portRead(c.index, port, size))
  checkPort(c, port, size)
  if (size == 4) c.rax = value & 0xffffffff
  else if (size == 2) c.rax = (c.rax & ~0xffff) | (value & 0xffff)
  else c.rax = (c.rax & ~0xff) | (value & 0xff)
}

export function portOut(c: CpuState, port: u32, size: u32): void {
  if (!portAllowed(c, port, size)) return
  const value = <u32>c.rax
  portWrite(c.index, port, size, size == 4 ? value : size == 2 ? value & 0xffff : value & 0xff)
  checkPort(c, port, size)
}

/** A register as an address of `width` bytes, and its update. */
function advance(value: u64, by: i64, width: u32): u64 {
  const next = value + u64(by)
  return width == 8 ? next : width == 4 ? next & 0xffffffff : (value & ~0xffff) | (next & 0xffff)
}

function within(value: u64, width: u32): u64 {
  return width == 8 ? value : width == 4 ? value & 0xffffffff : value & 0xffff
}

/** INS and OUTS, with or without REP. `segment` is that of the source of OUTS. */
export function portString(c: CpuState, input: bool, size: u32, width: u32, repeat: bool, segment: u32): void {
  const port = <u32>c.rdx & 0xffff
  if (repeat && within(c.rcx, width) == 0) return
  if (!portAllowed(c, port, size)) return
  const step: i64 = c.eflags & DF ? -i64(size) : i64(size)
  const single = (c.eflags & TF) != 0
  while (true) {
    if (input) {
      const linear = linearIn(c, SEG_ES, within(c.rdi, width), size, true)
      if (c.fault) return
      if (!probeWrite(c, linear, size, size)) return
      const value = portRead(c.index, port, size)
      writeSize(c, linear, size, u64(value))
      c.rdi = advance(c.rdi, step, width)
    } else {
      const linear = linearIn(c, segment, within(c.rsi, width), size, false)
      if (c.fault) return
      const value = readSize(c, linear, size)
      if (c.fault) return
      portWrite(c.index, port, size, <u32>value)
      c.rsi = advance(c.rsi, step, width)
    }
    checkPort(c, port, size)
    if (!repeat) return
    c.rcx = advance(c.rcx, -1, width)
    if (within(c.rcx, width) == 0) return
    // With TF set each iteration is followed by its own trap; the trap's return address is this instruction again.
    if (single || c.pendingDebug || c.yieldRequested) return repeatAgain(c)
  }
}
