// Saving and loading what the core holds besides RAM: all vCPUs' architectural state, their second-level TLBs, the code-write log, and which
// pages count as code for it.
//
// Promises: a run continued after `loadAll` is bit-identical to the run that went on after `saveAll`; saving changes nothing; equal states
// have equal saved bytes. Only what is in use is saved (live entries), since a snapshot is to cost what changed, not what could be.
// Loading drops the fast tags. Decoded blocks stay, for going back and forth must not mean decoding afresh: a new generation has each one's
// translation checked before it is entered, those on pages that the host rewrites are dropped by `ramChanged`, and those on pages in the
// code-write log, before or after, are dropped here, since what a vCPU sees of such a page depends on the moment.
// Layout: header (magic, version, vCPUs, RAM bytes, log positions, executed pages, bytes of all), the log's live entries, the executed pages, then
// per vCPU [0, DERIVED_OFFSET), [FX_OFFSET, FX_END), with x86-64-v3 the upper halves of the YMM registers, and its system area (tlb.ts).
import { SLOT_T0, SLOT_ZERO } from '../../numbers/operations'
import { DERIVED_OFFSET, FX_BYTES, FX_OFFSET, YMM_UPPER_BYTES, YMM_UPPER_OFFSET } from '../../numbers/sizes'
import { CpuState } from '../state/state'
import { LOG_ENTRIES, cpuAt, cpuCount, cpuLevel, ramBytes, saveBase } from '../state/layout'
import { LOG_SAVED_BYTES, clearLog, loadLog, logEnd, logPositions, saveLog } from '../blocks/coherence'
import { loadExecuted, saveExecuted } from '../blocks/executed'
import { dropLoggedCode } from '../blocks/blocks'
import { loadTranslations, saveTranslations } from '../memory/tlb'
import { tlbFlushAll } from '../memory/fast-tlb'
import { updateMode } from '../system/segments'
import { armDebug } from '../system/debug'

const MAGIC: u32 = 0x43505554 // "TUPC"

/** What stands in front of all that is saved. */
@unmanaged
class SavedHeader {
  magic: u32
  version: u32
  vcpus: u32
  ramBytes: u32
  logFirst: u64
  logEnd: u64
  executed: u32 // how many pages
  bytes: u32 // with this header
}

const HEADER_BYTES: usize = offsetof<SavedHeader>()

/** The version tells the level too: what a vCPU of another one holds does not fit. */
function version(): u32 {
  return cpuLevel
}

/** Where saved state is written, and is put by the host before it is loaded. */
export function saveArea(): usize {
  return saveBase
}

/** Writes all at the save area; returns the number of bytes. */
export function saveAll(): u32 {
  let at = saveBase
  const header = changetype<SavedHeader>(at)
  header.magic = MAGIC
  header.version = version()
  header.vcpus = cpuCount
  header.ramBytes = ramBytes
  header.logFirst = logPositions()
  header.logEnd = logEnd()
  const executed = saveLog(at + HEADER_BYTES)
  at = saveExecuted(executed)
  header.executed = <u32>((at - executed) >> 3)
  for (let i: u32 = 0; i < cpuCount; i++) {
    const c = cpuAt(i)
    const p = changetype<usize>(c)
    memory.copy(at, p, DERIVED_OFFSET)
    // Temporaries mean nothing between two instructions, and compiled code leaves others than the interpreter.
    memory.fill(at + SLOT_T0, 0, SLOT_ZERO - SLOT_T0)
    store<u64>(at, 0, offsetof<CpuState>('t8'))
    at += DERIVED_OFFSET
    memory.copy(at, p + FX_OFFSET, FX_BYTES)
    at += FX_BYTES
    if (cpuLevel >= 3) {
      memory.copy(at, p + YMM_UPPER_OFFSET, YMM_UPPER_BYTES)
      at += YMM_UPPER_BYTES
    }
    at = saveTranslations(c, at)
  }
  header.bytes = <u32>(at - saveBase)
  return <u32>(at - saveBase)
}

export function loadAll(bytes: u32): i32 {
  let at = saveBase
  const header = changetype<SavedHeader>(at)
  if (
    bytes < HEADER_BYTES ||
    header.magic != MAGIC ||
    header.version != version() ||
    header.vcpus != cpuCount ||
    header.ramBytes != ramBytes
  )
    return -1
  if (header.bytes != bytes) return -1
  const first = header.logFirst
  const next = header.logEnd
  const executed = header.executed
  if (next < first || next - first > LOG_ENTRIES || executed > ramBytes >> 12) return -1
  at += HEADER_BYTES
  dropLoggedCode()
  clearLog()
  const log = at
  const pages = at + <usize>(next - first) * LOG_SAVED_BYTES
  at = pages + (executed << 3)
  for (let i: u32 = 0; i < cpuCount; i++) {
    const c = cpuAt(i)
    const p = changetype<usize>(c)
    memory.copy(p, at, DERIVED_OFFSET)
    at += DERIVED_OFFSET
    memory.copy(p + FX_OFFSET, at, FX_BYTES)
    at += FX_BYTES
    if (cpuLevel >= 3) {
      memory.copy(p + YMM_UPPER_OFFSET, at, YMM_UPPER_BYTES)
      at += YMM_UPPER_BYTES
    }
    at = loadTranslations(c, at)
    c.index = i
    c.zero = 0
    c.fault = 0
    c.flagsShown = 0
    c.breakSkip = 0
    updateMode(c)
    armDebug(c)
    tlbFlushAll(c)
  }
  loadExecuted(pages, executed)
  loadLog(log, first, next)
  dropLoggedCode()
  return 0
}
