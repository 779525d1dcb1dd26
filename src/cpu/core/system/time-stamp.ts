// The time-stamp counter and what depends on its offset to the machine's time: IA32_TSC, IA32_TSC_ADJUST, the APIC timer's deadline
// (SDM 3B 17.17, 3A 11.5.4.1).
//
// Promises: the local APIC knows deadlines in machine time only; whoever moves the TSC moves an armed deadline with it. What the guest wrote is
// kept here, and reads as zero once the APIC has fired or forgotten it.
import { APIC_MSR_HIGH, IA32_TSC_DEADLINE } from '../../numbers/seam'
import { CpuState } from '../state/state'
import { systemArea } from '../state/layout'
import { apicMsrRead, apicMsrWrite } from '../state/imports'
import { timeNow } from '../blocks/coherence'
import { TSC_ADJUST, TSC_DEADLINE } from '../state/system-area'

/** The latest time that a float64 tells exactly. */
const LAST_TIME: u64 = 0x1fffffffffffff

export function readTsc(c: CpuState): u64 {
  return timeNow(c) + c.tscOffset
}

export function readTscAdjust(c: CpuState): u64 {
  return load<u64>(systemArea(c) + TSC_ADJUST)
}

/** IA32_TSC_ADJUST and the TSC move by the same amount, whichever is written. */
export function writeTscAdjust(c: CpuState, value: u64): void {
  c.tscOffset += value - readTscAdjust(c)
  store<u64>(systemArea(c) + TSC_ADJUST, value)
  if (readDeadline(c)) writeDeadline(c, load<u64>(systemArea(c) + TSC_DEADLINE))
}

export function writeTsc(c: CpuState, value: u64): void {
  writeTscAdjust(c, readTscAdjust(c) + (value - readTsc(c)))
}

export function readDeadline(c: CpuState): u64 {
  const armed = apicMsrRead(c.index, IA32_TSC_DEADLINE) | apicMsrRead(c.index, IA32_TSC_DEADLINE | APIC_MSR_HIGH)
  return armed ? load<u64>(systemArea(c) + TSC_DEADLINE) : 0
}

/** Zero disarms; a deadline that has passed fires at once. */
export function writeDeadline(c: CpuState, value: u64): void {
  const now = timeNow(c)
  const tsc = readTsc(c)
  let time: u64 = 0
  if (value) {
    time = value <= tsc ? max<u64>(now, 1) : now + min<u64>(value - tsc, LAST_TIME)
    time = min<u64>(time, LAST_TIME)
  }
  store<u64>(systemArea(c) + TSC_DEADLINE, value)
  apicMsrWrite(c.index, IA32_TSC_DEADLINE, <u32>time, <u32>(time >> 32))
  c.attention = 1
}
