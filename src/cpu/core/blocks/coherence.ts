// Cross-modifying code: what a vCPU sees of code bytes that another vCPU has rewritten (SDM 3A 8.1.3).
//
// Hardware lets a processor execute stale bytes, or a mixture of old and new ones, until it serializes. This file takes that licence on
// purpose, by seed, so that a patching protocol with a missing synchronization fails here as it may on hardware.
//
// The code-write log keeps, for each byte stored into a page that has been executed from (executed.ts) while there are several vCPUs: physical
// address, old value, writer, time. For another vCPU the new byte becomes visible when that vCPU serializes, or at the latest a seeded number of
// instructions (0..4095) after the store. That moment depends only on seed, log position and vCPU, so it does not depend on how runs
// are sliced or what is cached; and it never goes back. RAM itself always holds the new value: loads are coherent, fetches are not.
//
// Protocol: 1. storeIntoCode logs, then drops the overlapping blocks of all vCPUs; 2. the decoder reads each byte through `codeView`;
// 3. an instruction with a byte not yet visible is decoded alone and not cached, so that the next fetch asks again.
// The log is a ring; when it is full the oldest entry becomes visible to all.
import { EVENT_CROSS_MODIFIED } from '../../numbers/seam'
import { CpuState } from '../state/state'
import {
  LOG_ENTRIES,
  LOG_ENTRY_BYTES,
  PAGE_CODE,
  PAGE_LOGGED,
  cpuAt,
  cpuCount,
  eventMask,
  logBase,
  logCounts,
  machineTime,
  pageFlags,
  ramBase,
} from '../state/layout'
import { DEBUG } from '../state/debug'
import { Block, uopNumber, uopOffset } from './ir'

/** In place of the address of an entry whose page the host has replaced. */
export const FORGOTTEN: u32 = 0xffffffff

let coherenceMode: u32 = 1
let seed: u64 = 0
/** Log positions run from 1 on; entries [logFirst, logNext) are live. */
let logFirst: u64 = 1
let logNext: u64 = 1

export function configureCoherence(mode: u32, value: u64): void {
  coherenceMode = mode
  seed = value
}

/** A logged byte. */
@unmanaged
class LogEntry {
  physical: u32 // its address, or FORGOTTEN
  old: u8
  writer: u8
  time: u64
}

/** Are stores into executed pages logged at all? */
export function isLogging(): bool {
  return coherenceMode != 0 && cpuCount > 1
}

// @ts-ignore: decorator
@inline
function entryAt(position: u64): LogEntry {
  return changetype<LogEntry>(logBase + <usize>(position % LOG_ENTRIES) * LOG_ENTRY_BYTES)
}

/** Instructions retired by c in this run before the current instruction. */
export function retiredSoFar(c: CpuState): i64 {
  let done = c.budgetStart - c.remaining
  if (c.block && c.uop) done -= i64(changetype<Block>(c.block).count - uopNumber(c.uop))
  return done
}

/** Address of the current instruction. */
export function currentRip(c: CpuState): u64 {
  return c.block && c.uop ? changetype<Block>(c.block).rip + u64(uopOffset(c.uop)) : c.rip
}

/** Machine time before the current instruction of c. */
export function timeNow(c: CpuState): u64 {
  return machineTime + u64(retiredSoFar(c))
}

function mix(value: u64): u64 {
  let z = value + 0x9e3779b97f4a7c15
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb
  return z ^ (z >> 31)
}

function delay(position: u64, cpu: u32): u64 {
  const h = mix(seed ^ mix(position * 64 + u64(cpu)))
  return h & 1 ? (h >> 1) & 63 : (h >> 1) & 4095
}

/** c has serialized: every logged byte is visible to it. */
export function serialize(c: CpuState): void {
  if (c.serializedAt == logNext - 1) return
  c.serializedAt = logNext - 1
  prune()
}

function prune(): void {
  let oldest = logNext - 1
  for (let i: u32 = 0; i < cpuCount; i++) oldest = min(oldest, cpuAt(i).serializedAt)
  while (logFirst <= oldest) dropFirst()
}

function dropFirst(): void {
  const physical = entryAt(logFirst).physical
  logFirst++
  if (physical != FORGOTTEN) changeCount(physical >> 12, -1)
}

function changeCount(page: u32, by: i32): void {
  const counter = logCounts + (page << 1)
  const count = <i32>load<u16>(counter) + by
  if (DEBUG)
    assert(count >= 0 && count <= <i32>LOG_ENTRIES, 'a page has fewer log entries than none, or more than there are')
  store<u16>(counter, <u16>count)
  const flags = load<u8>(pageFlags + page)
  store<u8>(pageFlags + page, count ? flags | PAGE_LOGGED | PAGE_CODE : flags & ~PAGE_LOGGED)
}

export function logStore(c: CpuState, p: u32, size: u32, value: u64): void {
  if (!isLogging()) return
  for (let i: u32 = 0; i < size; i++) {
    const old = load<u8>(ramBase + p + i)
    if (old == <u8>(value >> (i << 3))) continue
    if (logNext - logFirst == LOG_ENTRIES) dropFirst()
    const entry = entryAt(logNext)
    entry.physical = p + i
    entry.old = old
    entry.writer = <u8>c.index
    entry.time = timeNow(c)
    logNext++
    changeCount(p >> 12, 1)
  }
}

/** The host replaced a page's contents: everybody sees them. */
export function forgetLogged(page: u32): void {
  for (let position = logFirst; position < logNext; position++) {
    const entry = entryAt(position)
    if (entry.physical != FORGOTTEN && entry.physical >> 12 == page >> 12) {
      entry.physical = FORGOTTEN
      changeCount(page >> 12, -1)
    }
  }
}

/** How codeView's last byte came about: 0 nothing logged, 1 logged and unserialized but visible, 2 not visible to this vCPU yet. */
export let viewState: u32 = 0

/** The byte at RAM address p as vCPU c's instruction fetch sees it. */
export function codeView(c: CpuState, p: u32): u32 {
  let value = load<u8>(ramBase + p)
  viewState = 0
  const now = timeNow(c)
  for (let position = logNext - 1; position >= logFirst; position--) {
    const entry = entryAt(position)
    if (entry.physical != p) continue
    if (position <= c.serializedAt || entry.writer == <u8>c.index) return value
    if (viewState == 0) viewState = 1
    if (now >= entry.time + delay(position, c.index)) return value
    viewState = 2
    value = entry.old
  }
  return value
}

export function wantsCrossModified(): bool {
  return (eventMask & EVENT_CROSS_MODIFIED) != 0
}

export function logPositions(): u64 {
  return logFirst
}

export function logEnd(): u64 {
  return logNext
}

/** The page of the live entry at `position`, or FORGOTTEN. */
export function loggedPage(position: u64): u32 {
  const physical = entryAt(position).physical
  return physical == FORGOTTEN ? FORGOTTEN : physical & 0xfffff000
}

/** Drops all entries and the marks of their pages: another log is about to take this one's place. */
export function clearLog(): void {
  while (logFirst < logNext) dropFirst()
}

/** What an entry holds; the rest of LOG_ENTRY_BYTES is room. */
export const LOG_SAVED_BYTES: usize = offsetof<LogEntry>()

/** Writes the live entries in order; returns the end. */
export function saveLog(at: usize): usize {
  for (let position = logFirst; position < logNext; position++) {
    memory.copy(at, changetype<usize>(entryAt(position)), LOG_SAVED_BYTES)
    at += LOG_SAVED_BYTES
  }
  return at
}

/** Puts the saved entries [first, next) into the cleared log and marks their pages. */
export function loadLog(at: usize, first: u64, next: u64): void {
  logFirst = first
  logNext = next
  for (let position = first; position < next; position++) {
    memory.copy(changetype<usize>(entryAt(position)), at, LOG_SAVED_BYTES)
    const physical = entryAt(position).physical
    at += LOG_SAVED_BYTES
    if (physical != FORGOTTEN) changeCount(physical >> 12, 1)
  }
}
