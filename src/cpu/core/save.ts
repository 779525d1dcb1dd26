// Saving and loading what the core holds besides RAM: all vCPUs' architectural state, their second-level TLBs, the code-write log.
//
// Promises: a run continued after `loadAll` is bit-identical to the run that went on after `saveAll`; saving changes nothing.
// Loading drops the fast tags. Decoded blocks stay, for going back and forth must not mean decoding afresh: a new generation has each one's
// translation checked before it is entered, those on pages that the host rewrites are dropped by `ramChanged`, and those on pages in the
// code-write log, before or after, are dropped here, since what a vCPU sees of such a page depends on the moment.
// Layout: 32-byte header (magic, version, vCPUs, RAM bytes, log positions), the log, then per vCPU [0, DERIVED_OFFSET), [FX_OFFSET, FX_END), system area.
import { DERIVED_OFFSET, FX_END, FX_OFFSET } from './state'
import { LOG_ENTRIES, LOG_ENTRY_BYTES, cpuAt, cpuCount, logBase, ramBytes, saveBase, systemArea } from './layout'
import { SYSTEM_AREA_BYTES } from './system-area'
import { clearLog, logEnd, logPositions, restoreLog } from './coherence'
import { dropLoggedCode } from './blocks'
import { tlbFlushAll } from './memory'
import { updateMode } from './segments'
import { armDebug } from './debug'

const MAGIC: u32 = 0x43505554 // "TUPC"
const VERSION: u32 = 1
const HEADER_BYTES: usize = 32
const LOG_BYTES: usize = LOG_ENTRIES * LOG_ENTRY_BYTES
const FX_BYTES: usize = FX_END - FX_OFFSET

export function savedBytes(): u32 {
  return <u32>(HEADER_BYTES + LOG_BYTES + (DERIVED_OFFSET + FX_BYTES + SYSTEM_AREA_BYTES) * cpuCount)
}

export function saveAll(): usize {
  let at = saveBase
  store<u32>(at, MAGIC)
  store<u32>(at, VERSION, 4)
  store<u32>(at, cpuCount, 8)
  store<u32>(at, ramBytes, 12)
  store<u64>(at, logPositions(), 16)
  store<u64>(at, logEnd(), 24)
  at += HEADER_BYTES
  memory.copy(at, logBase, LOG_BYTES)
  at += LOG_BYTES
  for (let i: u32 = 0; i < cpuCount; i++) {
    const c = cpuAt(i)
    const p = changetype<usize>(c)
    memory.copy(at, p, DERIVED_OFFSET)
    at += DERIVED_OFFSET
    memory.copy(at, p + FX_OFFSET, FX_BYTES)
    at += FX_BYTES
    memory.copy(at, systemArea(c), SYSTEM_AREA_BYTES)
    at += SYSTEM_AREA_BYTES
  }
  return saveBase
}

export function loadAll(pointer: usize, bytes: u32): i32 {
  let at = pointer
  if (bytes != savedBytes() || load<u32>(at) != MAGIC || load<u32>(at, 4) != VERSION || load<u32>(at, 8) != cpuCount || load<u32>(at, 12) != ramBytes) return -1
  const first = load<u64>(at, 16)
  const next = load<u64>(at, 24)
  at += HEADER_BYTES
  dropLoggedCode()
  clearLog()
  memory.copy(logBase, at, LOG_BYTES)
  at += LOG_BYTES
  for (let i: u32 = 0; i < cpuCount; i++) {
    const c = cpuAt(i)
    const p = changetype<usize>(c)
    memory.copy(p, at, DERIVED_OFFSET)
    at += DERIVED_OFFSET
    memory.copy(p + FX_OFFSET, at, FX_BYTES)
    at += FX_BYTES
    memory.copy(systemArea(c), at, SYSTEM_AREA_BYTES)
    at += SYSTEM_AREA_BYTES
    c.index = i
    c.zero = 0
    c.fault = 0
    c.flagsShown = 0
    c.breakSkip = 0
    updateMode(c)
    armDebug(c)
    tlbFlushAll(c)
  }
  restoreLog(first, next)
  dropLoggedCode()
  return 0
}
