// Where everything lies in linear memory, and the facts all vCPUs share.
//
// Order, from the end of static data: decoder state; per vCPU: state, TLBs, block tables, block arena; the code-write log; page flags;
// dirty map; ROM; guest RAM. RAM comes last and is aligned to 64 KiB. Promises: nothing moves after `layOut`; `bytesNeeded` is pure.
import {
  BLOCK_TABLE_ENTRIES,
  CODE_PAGE_ENTRIES,
  JUMP_CACHE_ENTRIES,
  PAGE_TABLE_ENTRIES,
  STATE_BYTES,
  TLB_BYTES,
} from '../../numbers/sizes'
import { SYSTEM_AREA_BYTES } from './system-area'
import { CpuState } from './state'

export const CONTEXTS: u32 = 4
const ROM_AREA: u32 = 0x100000
export const LOG_ENTRIES: u32 = 1024
export const LOG_ENTRY_BYTES: u32 = 32
/** Pages in a group of `executedGroups`. */
export const EXECUTED_GROUP: u32 = 256
/** Page flags. */
export const PAGE_CODE: u8 = 1 // some vCPU may have decoded bytes of this page
export const PAGE_LOGGED: u8 = 2 // the code-write log has entries in this page
export const PAGE_EXECUTED: u8 = 4 // stores into this page are logged (executed.ts)

export let cpuCount: u32 = 0
/** x86-64-v2 or x86-64-v3 (of the psABI): which instructions there are, and what CPUID says of them. */
export let cpuLevel: u32 = 2
export let ramBytes: u32 = 0
export let ramBase: usize = 0
let romBase: usize = 0
let romUsed: u32 = 0
let stateBase: usize = 0
export let pageFlags: usize = 0 // one byte for each RAM page
export let dirtyPages: usize = 0
export let logBase: usize = 0
/** Live entries of the code-write log in each RAM page, u16. */
export let logCounts: usize = 0
/** Stores into each executed page, u32 (executed.ts), and which groups of pages have executed ones, a byte for each. */
export let executedCounts: usize = 0
export let executedGroups: usize = 0
/** Numbers of the pages marked in `dirtyPages`, u32, in the order of their first stores. */
export let dirtyList: usize = 0
export let dirtyCount: u32 = 0
/** Save area (save.ts). */
export let saveBase: usize = 0
export let saveLimit: u32 = 0
export let decoderBase: usize = 0
export let eventMask: u32 = 0
export let machineTime: u64 = 0
export let runningCpu: i32 = -1
/** All compiled code is to be dropped when the next run begins. */
export let dropCompiled: bool = false

export function setCpuLevelValue(level: u32): void {
  cpuLevel = level
}
export function setEventMaskValue(mask: u32): void {
  eventMask = mask
}
export function setMachineTime(time: u64): void {
  machineTime = time
}
export function setRunningCpu(index: i32): void {
  runningCpu = index
}

/** A page is about to be stored to. The list makes the cost of looking for dirty pages that of the dirty pages. */
// @ts-ignore: decorator
@inline
export function markDirty(page: u32): void {
  if (load<u8>(dirtyPages + page)) return
  store<u8>(dirtyPages + page, 1)
  store<u32>(dirtyList + (dirtyCount << 2), page)
  dirtyCount++
}

export function clearDirtyPages(): void {
  for (let i: u32 = 0; i < dirtyCount; i++) store<u8>(dirtyPages + load<u32>(dirtyList + (i << 2)), 0)
  dirtyCount = 0
}

export function setDropCompiled(wanted: bool): void {
  dropCompiled = wanted
}

/** Records of compiled regions (blocks/regions.ts), behind each vCPU's blocks. */
const REGION_BYTES: u32 = 0x100000

function arenaBytes(vcpus: u32): u32 {
  return vcpus <= 2 ? 0x2000000 : vcpus <= 4 ? 0x1000000 : vcpus <= 16 ? 0x400000 : 0x100000
}

function align(value: usize, to: usize): usize {
  return (value + to - 1) & ~(to - 1)
}

/** Where a vCPU's system area (system-area.ts) lies behind its state. All of it belongs into snapshots. */
const SYSTEM_AREA_OFFSET: usize =
  STATE_BYTES +
  CONTEXTS * TLB_BYTES +
  4 * (BLOCK_TABLE_ENTRIES + 2 * PAGE_TABLE_ENTRIES + JUMP_CACHE_ENTRIES + CODE_PAGE_ENTRIES)

// @ts-ignore: decorator
@inline
export function systemArea(c: CpuState): usize {
  return changetype<usize>(c) + SYSTEM_AREA_OFFSET
}

function perCpuBytes(): usize {
  return align(SYSTEM_AREA_OFFSET + SYSTEM_AREA_BYTES, 4096)
}

/** At most: every entry live and every page executed. */
function saveAreaBytes(vcpus: u32, ram: u32): usize {
  return align(4096 + LOG_ENTRIES * LOG_ENTRY_BYTES + (ram >> 12) * 8 + vcpus * (2048 + SYSTEM_AREA_BYTES * 2), 4096)
}

/** Linear-memory size for these arguments, as a float64 because it may exceed 2 GiB. */
export function bytesNeeded(vcpus: u32, ram: u32): f64 {
  const fixed = align(__heap_base, 4096) + 8192 + LOG_ENTRIES * LOG_ENTRY_BYTES + ROM_AREA + 0x20000
  const pages = ram >> 12
  return (
    f64(fixed) +
    f64(saveAreaBytes(vcpus, ram)) +
    f64(vcpus) * f64(perCpuBytes() + arenaBytes(vcpus) + REGION_BYTES) +
    f64(pages) * 13 +
    f64(ram) +
    0x30000
  )
}

export function layOut(vcpus: u32, ram: u32): void {
  let at = align(__heap_base, 4096)
  cpuCount = vcpus
  ramBytes = ram
  decoderBase = at
  at += 8192
  logBase = at
  at += LOG_ENTRIES * LOG_ENTRY_BYTES
  stateBase = at
  at += perCpuBytes() * vcpus
  const arenas = at
  at += arenaBytes(vcpus) * vcpus
  const regions = at
  at += REGION_BYTES * vcpus
  saveBase = at
  saveLimit = <u32>saveAreaBytes(vcpus, ram)
  at += saveLimit
  pageFlags = at
  at = align(at + (ram >> 12), 4096)
  dirtyPages = at
  at = align(at + (ram >> 12), 4096)
  logCounts = at
  at = align(at + (ram >> 12) * 2, 4096)
  executedCounts = at
  at = align(at + (ram >> 12) * 4, 4096)
  executedGroups = at
  at = align(at + (ram >> 12) / EXECUTED_GROUP + 1, 4096)
  dirtyList = at
  dirtyCount = 0
  at = align(at + (ram >> 12) * 4, 0x10000)
  romBase = at
  romUsed = 0
  at += ROM_AREA
  ramBase = at
  memory.fill(stateBase, 0, arenas - stateBase)
  memory.fill(pageFlags, 0, ramBase - pageFlags)
  for (let i: u32 = 0; i < vcpus; i++) {
    const c = cpuAt(i)
    const p = changetype<usize>(c)
    c.index = i
    c.tlbBase = p + STATE_BYTES
    c.tlb = c.tlbBase
    c.blockTable = p + STATE_BYTES + CONTEXTS * TLB_BYTES
    c.pageTable = c.blockTable + 4 * BLOCK_TABLE_ENTRIES
    c.secondTable = c.pageTable + 4 * PAGE_TABLE_ENTRIES
    c.jumpCache = c.secondTable + 4 * PAGE_TABLE_ENTRIES
    c.codePages = c.jumpCache + 4 * JUMP_CACHE_ENTRIES
    c.arena = arenas + i * arenaBytes(vcpus)
    c.arenaNext = c.arena
    c.arenaEnd = c.arena + arenaBytes(vcpus)
    c.regionArena = regions + i * REGION_BYTES
    c.regionNext = c.regionArena
    c.regionEnd = c.regionArena + REGION_BYTES
    c.globalGeneration = 1
    c.generation = 2
    c.lastGeneration = 2
    c.randomState = 0x9e3779b97f4a7c15
    memory.fill(c.tlbBase, 0xff, CONTEXTS * TLB_BYTES)
  }
}

// @ts-ignore: decorator
@inline
export function cpuAt(index: u32): CpuState {
  return changetype<CpuState>(stateBase + perCpuBytes() * index)
}

// ROM: up to four windows, each a copy of host bytes.
const ROM_WINDOWS = 4
let romWindows: u32 = 0
const romStart = memory.data(16)
const romEnd = memory.data(16)
const romPointer = memory.data(16)

/** Reserves a ROM window; returns the pointer its bytes are to be copied to, or 0 if there is no room. */
export function addRom(physical: u32, bytes: u32): usize {
  if (romWindows == ROM_WINDOWS || romUsed + bytes > ROM_AREA || (bytes & 0xfff) != 0 || bytes == 0) return 0
  const pointer = romBase + romUsed
  romUsed += bytes
  store<u32>(romStart + 4 * romWindows, physical)
  store<u32>(romEnd + 4 * romWindows, physical + (bytes - 1))
  store<u32>(romPointer + 4 * romWindows, <u32>pointer)
  romWindows++
  return pointer
}

/** Host pointer of a ROM byte, or 0. */
function romAt(physical: u32): usize {
  for (let i: u32 = 0; i < romWindows; i++) {
    const start = load<u32>(romStart + 4 * i)
    if (physical >= start && physical <= load<u32>(romEnd + 4 * i))
      return load<u32>(romPointer + 4 * i) + (physical - start)
  }
  return 0
}

/** Is this physical address RAM (writable memory)? A0000..BFFFF is the video hole; ROM windows cover RAM. */
export function isRam(physical: u64): bool {
  if (physical >= u64(ramBytes)) return false
  const p = u32(physical)
  if (p - 0xa0000 < 0x20000) return false
  return p - 0xc0000 >= 0x40000 || romAt(p) == 0
}

/** Host pointer of a byte of RAM or ROM, or 0 for everything else. */
export function memoryAt(physical: u64): usize {
  if (isRam(physical)) return ramBase + u32(physical)
  return physical >> 32 ? 0 : romAt(u32(physical))
}
