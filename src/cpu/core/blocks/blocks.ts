// Decoded blocks: finding them by RIP and mode, and dropping them when their bytes change.
//
// Each vCPU has its own blocks (its own view of code, see coherence.ts). A block is found by RIP in a hash table, or in the jump cache the
// interpreter probes inline; it may be entered when its code page (code-pages.ts) has one of the vCPU's two generations, which says that RIP still
// translates to the bytes it was decoded from. Otherwise the translation is checked. Dropping a block gives it the page NOWHERE, so
// that every chain and cache entry that points to it fails the same comparison; its memory is reclaimed with the whole arena.
// Constraints: 1. nothing is translated (no accessed bit set) for an instruction that will not be executed now; hence only the first
// instruction of a block may cross a page. 2. the arena is emptied only between blocks.
import { OP_EXIT, SEG_CS, UOP_BYTES } from '../../numbers/operations'
import {
  BLOCK_TABLE_ENTRIES,
  CODE_PAGE_ENTRIES,
  JUMP_CACHE_ENTRIES,
  NO_PAGE,
  PAGE_TABLE_ENTRIES,
  TLB_BYTES,
} from '../../numbers/sizes'
import { ACCESS_EXECUTE, CpuState, MODE_CODE64, MODE_CODE_MASK, segmentLimit } from '../state/state'
import { BLOCK_BYTES, Block, MODE_DROPPED, Uop, uopNumber, uopOp } from './ir'
import {
  PAGE_CODE,
  PAGE_EXECUTED,
  PAGE_LOGGED,
  cpuAt,
  cpuCount,
  markDirty,
  memoryAt,
  pageFlags,
  ramBytes,
  runningCpu,
} from '../state/layout'
import { dropWriteTags, generationOf } from '../memory/fast-tlb'
import { translate } from '../memory/linear'
import { CODE_PAGE_BYTES, CodePage, NOWHERE, codePage, newGeneration } from '../memory/code-pages'
import { VECTOR_GP, VECTOR_UD, raise, raiseNoCode } from '../state/fault'
import { decodeBlock, decodeCutBlock } from '../decode/decode'
import { countStore, forgetExecuted, markExecuted } from './executed'
import { FORGOTTEN, forgetLogged, logEnd, logPositions, loggedPage, logStore } from './coherence'
import { ARENA_EMPTIED, BLOCK_DROPPED, CHECKED, DECODED, FOUND, PASSED, count } from '../state/counters'
import { DEBUG } from '../state/debug'
import { dropRegions, killRegions } from './regions'
import { isWellFormed } from './sound-blocks'

const ARENA_RESERVE: usize = BLOCK_BYTES + UOP_BYTES * 1024 + 2 * CODE_PAGE_BYTES

// @ts-ignore: decorator
@inline
export function hashRip(rip: u64): u32 {
  return <u32>rip ^ (<u32>rip >>> 11)
}

/** Is the translation of the block's bytes known to hold? */
// @ts-ignore: decorator
@inline
export function isCurrent(c: CpuState, b: Block): bool {
  const generation = changetype<CodePage>(b.page).generation
  return generation == c.generation || generation == c.globalGeneration
}

/** Linear address of an instruction at c's CS. */
export function linearOf(c: CpuState, rip: u64): u64 {
  return (c.mode & MODE_CODE_MASK) == MODE_CODE64 ? rip : (c.csBase + rip) & 0xffffffff
}

/** The block at c.rip in `mode`, ready to enter; null with c.fault raised if the fetch faults. */
export function findBlock(c: CpuState, mode: u32): Block | null {
  if (DEBUG)
    assert(
      c.block == 0 && c.jitRegion == 0 && c.fault == 0,
      'a block is looked for inside another one, or after a fault',
    )
  const rip = c.rip
  const head = c.blockTable + ((hashRip(rip) & (BLOCK_TABLE_ENTRIES - 1)) << 2)
  let at = <usize>load<u32>(head)
  while (at) {
    const b = changetype<Block>(at)
    if (b.rip == rip && isCurrent(c, b) && b.mode == mode) {
      count(FOUND)
      return b
    }
    count(PASSED)
    at = b.hashNext
  }
  if ((mode & MODE_CODE_MASK) == MODE_CODE64) {
    if (u64((i64(rip) << 16) >> 16) != rip) {
      raise(c, VECTOR_GP, 0)
      return null
    }
  } else if (<u32>rip > segmentLimit(c, SEG_CS)) {
    raise(c, VECTOR_GP, 0)
    return null
  }
  if (!translate(c, linearOf(c, rip), ACCESS_EXECUTE, <u32>(c.tlb - c.tlbBase) / TLB_BYTES)) return null
  const physical64 = c.physical
  if (memoryAt(physical64) == 0) {
    raiseNoCode(c, VECTOR_UD)
    return null
  }
  const physical = <u32>physical64
  if (c.arenaNext + ARENA_RESERVE > c.arenaEnd) emptyArena(c)
  at = <usize>load<u32>(head)
  while (at) {
    const b = changetype<Block>(at)
    if (b.rip == rip && b.mode == mode && b.physical == physical) {
      count(CHECKED)
      let same = true
      if (b.secondPage != NO_PAGE) {
        const next = linearOf(c, rip + u64(0x1000 - (physical & 0xfff)))
        if (!translate(c, next, ACCESS_EXECUTE, <u32>(c.tlb - c.tlbBase) / TLB_BYTES)) return null
        same = <u32>c.physical == b.secondPage
      }
      if (same) {
        holds(c, b)
        noteExecuted(b)
        return b
      }
    }
    at = b.hashNext
  }
  count(DECODED)
  return decodeBlock(c, rip, mode, physical)
}

/** The block's bytes were just found where they are, or decoded there: its translation holds. */
export function holds(c: CpuState, b: Block): void {
  const linear = linearOf(c, b.rip)
  let generation = generationOf(c, linear)
  if (b.secondPage != NO_PAGE)
    generation = max(generation, generationOf(c, linearOf(c, b.rip + u64(0x1000 - (b.physical & 0xfff)))))
  // The same RIP is another address after a change of CS.
  b.page = codePage(c, linear, <u32>(linear - b.rip), b.physical, b.secondPage, b.mode)
  changetype<CodePage>(b.page).generation = generation
}

/** An instruction of the block is about to be executed. */
export function noteExecuted(b: Block): void {
  if (b.count == 0) return
  markExecuted(b.physical)
  if (b.secondPage != NO_PAGE) markExecuted(b.secondPage)
}

/** Links a decoded block so that it can be found and dropped. */
export function linkBlock(c: CpuState, b: Block): void {
  if (DEBUG) assert(isWellFormed(b), 'a decoded block breaks the promises of ir.ts')
  const head = c.blockTable + ((hashRip(b.rip) & (BLOCK_TABLE_ENTRIES - 1)) << 2)
  b.hashNext = <usize>load<u32>(head)
  store<u32>(head, <u32>changetype<usize>(b))
  const first = c.pageTable + (((b.physical >> 12) & (PAGE_TABLE_ENTRIES - 1)) << 2)
  b.pageNext = <usize>load<u32>(first)
  store<u32>(first, <u32>changetype<usize>(b))
  markCode(b.physical)
  if (b.secondPage != NO_PAGE) {
    const second = c.secondTable + (((b.secondPage >> 12) & (PAGE_TABLE_ENTRIES - 1)) << 2)
    b.secondNext = <usize>load<u32>(second)
    store<u32>(second, <u32>changetype<usize>(b))
    markCode(b.secondPage)
  }
}

function markCode(physical: u32): void {
  if (physical >= ramBytes) return
  const flags = pageFlags + (physical >> 12)
  const old = load<u8>(flags)
  if (old & PAGE_CODE) return
  store<u8>(flags, old | PAGE_CODE)
  if (old == 0) dropWriteTags(physical & 0xfffff000, false)
}

export function emptyArena(c: CpuState): void {
  if (DEBUG) assert(c.block == 0 && c.jitRegion == 0, 'the arena is emptied inside a block')
  memory.fill(
    c.blockTable,
    0,
    4 * (BLOCK_TABLE_ENTRIES + 2 * PAGE_TABLE_ENTRIES + JUMP_CACHE_ENTRIES + CODE_PAGE_ENTRIES),
  )
  count(ARENA_EMPTIED)
  c.arenaNext = c.arena
  dropRegions(c)
}

/** Makes a block of v unfindable. Its uops stay intact for whoever is inside. True if it, or compiled code with it, is being executed. */
function kill(v: CpuState, b: Block): bool {
  count(BLOCK_DROPPED)
  b.page = NOWHERE
  b.mode |= MODE_DROPPED
  const compiled = b.inRegions != 0 && killRegions(v, b)
  return compiled || changetype<usize>(b) == v.block
}

/**
 * Puts in b's place a block of only its first `count` instructions, after which control goes on at the next block. Where blocks are cut is nothing
 * a guest could notice. 0 if b must stay as it is: nothing is decoded again that might have other bytes now. Not from inside b.
 */
export function cutBlock(c: CpuState, b: Block, count: u32): usize {
  const page = b.page
  if (page == NOWHERE || b.secondPage != NO_PAGE || c.arenaNext + ARENA_RESERVE > c.arenaEnd) return 0
  if (b.physical >= ramBytes || load<u8>(pageFlags + (b.physical >> 12)) & PAGE_LOGGED) return 0
  const mode = b.mode
  kill(c, b)
  const cut = decodeCutBlock(c, b.rip, mode, b.physical, count)
  if (cut === null) return 0
  cut.page = page
  cut.heat = b.heat
  return changetype<usize>(cut)
}

/** Drops vCPU v's blocks with bytes in [start, end), all within the page of `start`. Returns true if the block being executed was one. */
function dropBlocks(v: CpuState, start: u32, end: u32): bool {
  const page = start & 0xfffff000
  const bucket = ((page >> 12) & (PAGE_TABLE_ENTRIES - 1)) << 2
  let running = false
  let link = v.pageTable + bucket
  let at = <usize>load<u32>(link)
  while (at) {
    const b = changetype<Block>(at)
    if ((b.physical & 0xfffff000) == page && b.physical < end && b.physical + b.bytes > start) {
      if (kill(v, b)) running = true
      store<u32>(link, <u32>b.pageNext)
    } else link = at + offsetof<Block>('pageNext')
    at = b.pageNext
  }
  link = v.secondTable + bucket
  at = <usize>load<u32>(link)
  while (at) {
    const b = changetype<Block>(at)
    if (b.secondPage == page && page + ((b.physical + b.bytes) & 0xfff) > start) {
      if (kill(v, b)) running = true
      store<u32>(link, <u32>b.secondNext)
    } else link = at + offsetof<Block>('secondNext')
    at = b.secondNext
  }
  return running
}

function hasBlocks(page: u32): bool {
  const bucket = ((page >> 12) & (PAGE_TABLE_ENTRIES - 1)) << 2
  for (let i: u32 = 0; i < cpuCount; i++) {
    const v = cpuAt(i)
    for (let at = <usize>load<u32>(v.pageTable + bucket); at; at = changetype<Block>(at).pageNext) {
      if ((changetype<Block>(at).physical & 0xfffff000) == page && changetype<Block>(at).page != NOWHERE) return true
    }
    if (load<u32>(v.secondTable + bucket)) return true
  }
  return false
}

/** A vCPU is about to store `size` bytes of `value` at RAM address p (one page), and the page has decoded or logged code. */
export function storeIntoCode(c: CpuState, p: u32, size: u32, value: u64): void {
  if (DEBUG)
    assert((p & 0xfff) + size <= 0x1000 && p + size <= ramBytes, 'a store into code crosses a page, or leaves RAM')
  const flags = load<u8>(pageFlags + (p >> 12))
  let start = p
  let end = p + size
  if (flags & PAGE_EXECUTED) {
    logStore(c, p, size, value)
    if (countStore(p >> 12)) {
      start = p & 0xfffff000
      end = start + 0x1000
    }
  }
  if ((flags & PAGE_CODE) == 0) return
  let running = false
  for (let i: u32 = 0; i < cpuCount; i++) {
    const v = cpuAt(i)
    if (dropBlocks(v, start, end) && v.index == c.index) running = true
  }
  if (running) stopAtBoundary(c)
  else if (!hasBlocks(p & 0xfffff000)) store<u8>(pageFlags + (p >> 12), load<u8>(pageFlags + (p >> 12)) & ~PAGE_CODE)
}

/** Host or device wrote RAM: seen by every vCPU at once. */
export function dropCode(physical: u32, bytes: u32): void {
  if (bytes == 0 || physical >= ramBytes) return
  const last = min(physical + (bytes - 1), ramBytes - 1)
  for (let page = physical & 0xfffff000; page <= last; page += 0x1000) {
    const number = page >> 12
    markDirty(number)
    forgetExecuted(number)
    const flags = load<u8>(pageFlags + number)
    if (flags) {
      if (flags & PAGE_LOGGED) forgetLogged(page)
      for (let i: u32 = 0; i < cpuCount; i++) {
        const v = cpuAt(i)
        if (dropBlocks(v, page, page + 0x1000) && <i32>i == runningCpu) stopAtBoundary(v)
      }
      store<u8>(pageFlags + number, load<u8>(pageFlags + number) & ~PAGE_CODE)
    }
    if (page == 0xfffff000) break
  }
}

/** Drops the blocks on pages in the code-write log: which of their bytes a vCPU sees depends on the moment. Between runs. */
export function dropLoggedCode(): void {
  let last = FORGOTTEN
  for (let position = logPositions(); position < logEnd(); position++) {
    const page = loggedPage(position)
    if (page == FORGOTTEN || page == last) continue
    last = page
    for (let i: u32 = 0; i < cpuCount; i++) dropBlocks(cpuAt(i), page, page + 0x1000)
  }
}

/** Control returns to the dispatcher after the instruction c is executing: its next instruction in the block becomes an exit. Compiled code looks at c.attention. */
export function stopAtBoundary(c: CpuState): void {
  c.attention = 1
  if (c.block == 0 || c.uop == 0) return
  const b = changetype<Block>(c.block)
  const number = uopNumber(c.uop)
  for (let u = c.uop + UOP_BYTES; u < b.uopEnd; u += UOP_BYTES) {
    if (uopNumber(u) != number) {
      if (c.patchedUop == u) return
      restorePatched(c)
      c.patchedUop = u
      c.patchedOp = uopOp(u)
      changetype<Uop>(u).op = <u16>OP_EXIT
      return
    }
  }
  // The last instruction: whatever follows is found by the dispatcher.
  newGeneration(c)
}

export function restorePatched(c: CpuState): void {
  if (c.patchedUop) {
    store<u16>(c.patchedUop, <u16>c.patchedOp)
    c.patchedUop = 0
  }
}

/** All decoded blocks of all vCPUs are dropped (host changed breakpoints or state). Between runs, or the runner stops at its boundary. */
export function dropAllBlocks(c: CpuState): void {
  if (c.block || c.jitRegion) {
    stopAtBoundary(c)
    newGeneration(c)
    for (let i: u32 = 0; i < BLOCK_TABLE_ENTRIES; i++) {
      for (let at = <usize>load<u32>(c.blockTable + (i << 2)); at; at = changetype<Block>(at).hashNext)
        kill(c, changetype<Block>(at))
    }
    return
  }
  emptyArena(c)
}
