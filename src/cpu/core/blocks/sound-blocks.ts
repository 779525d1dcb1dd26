// What must hold of decoded blocks and compiled regions, for the assertions of the debug build. Nothing here changes anything.
import { REGION_HEADER } from '../../numbers/leaving'
import {
  OP_BRNZ,
  OP_CMPJ32,
  OP_COLD,
  OP_COLD_END,
  OP_FAULT,
  OP_JCC,
  OP_SSE,
  OP_SYSTEM,
  SLOT_T0,
  SLOT_ZERO,
  UOP_BYTES,
} from '../../numbers/operations'
import { BLOCK_TABLE_ENTRIES, NO_PAGE, PAGE_TABLE_ENTRIES } from '../../numbers/sizes'
import { remembers } from '../memory/sound-tlb'
import { PAGE_CODE, PAGE_EXECUTED, pageFlags, ramBytes } from '../state/layout'
import { CpuState, MODE_STEP, MODE_USER } from '../state/state'
import { hashRip, linearOf } from './blocks'
import { CodePage, NOWHERE } from '../memory/code-pages'
import { isLogging } from './coherence'
import { BLOCK_MAX_INSTRUCTIONS, Block, isDropped, uopD, uopNumber, uopOffset, uopOp, uopS1, uopS2 } from './ir'
import { Region, regionBlock } from './regions'

function endsBlock(op: u32): bool {
  return (
    op <= OP_BRNZ ||
    op == OP_SYSTEM ||
    op == OP_COLD_END ||
    op == OP_FAULT ||
    (op >= OP_JCC && op < OP_JCC + 16) ||
    op >= OP_CMPJ32
  )
}

/** A function may write any temporary. */
function isFunction(op: u32): bool {
  return op == OP_SYSTEM || op == OP_SSE || op == OP_COLD || op == OP_COLD_END
}

// @ts-ignore: decorator
@inline
function isTemporary(slot: u32): bool {
  return slot >= SLOT_T0 && slot < SLOT_ZERO
}

/** The promises of ir.ts for one block: instructions in order, none left before its end, no temporary read that its instruction has not written. */
export function isWellFormed(b: Block): bool {
  if (b.uops >= b.uopEnd || b.count > BLOCK_MAX_INSTRUCTIONS) return false
  if (b.secondPage == NO_PAGE && (b.physical & 0xfff) + b.bytes > 0x1000) return false
  let number: u32 = 0
  let offset: u32 = 0
  let written: u32 = 0
  let any = false
  for (let u = b.uops; u < b.uopEnd; u += UOP_BYTES) {
    const op = uopOp(u)
    if (endsBlock(op) != (u + UOP_BYTES == b.uopEnd)) return false
    if (uopNumber(u) < number || uopOffset(u) < offset || uopOffset(u) > b.bytes) return false
    if (uopNumber(u) != number) {
      if (uopNumber(u) > b.count) return false
      written = 0
      any = false
    }
    number = uopNumber(u)
    offset = uopOffset(u)
    if (isFunction(op)) any = true
    else if (!any) {
      if (isTemporary(uopS1(u)) && !(written & (1 << ((uopS1(u) - SLOT_T0) >> 3)))) return false
      if (isTemporary(uopS2(u)) && !(written & (1 << ((uopS2(u) - SLOT_T0) >> 3)))) return false
    }
    if (isTemporary(uopD(u))) written |= 1 << ((uopD(u) - SLOT_T0) >> 3)
  }
  return true
}

/**
 * c, whose RIP the block has, may enter it: it is of this mode, segment and privilege, and its bytes lie where it says. Not that its code page has the
 * generation of now: compiled code that comes from an instruction across two pages has looked at the code page of both.
 */
export function assertMayEnter(c: CpuState, b: Block): void {
  assert((b.mode & ~MODE_STEP) == c.mode, 'a block of another mode is entered, or one that was dropped')
  if (b.count == 0) return
  const linear = linearOf(c, b.rip)
  assert(remembers(c, linear, b.physical), 'a block is entered whose bytes are not those of its address')
  const marks: u32 = b.physical < ramBytes ? load<u8>(pageFlags + (b.physical >> 12)) : PAGE_CODE | PAGE_EXECUTED
  assert(!isLogging() || (marks & PAGE_EXECUTED) != 0, 'a block is entered whose page is not marked as executed')
  // Decoded for this one time.
  if (b.page == NOWHERE) return
  assert((marks & PAGE_CODE) != 0, 'a block is entered whose page is not marked as code')
  const page = changetype<CodePage>(b.page)
  assert(page.base == <u32>(linear - b.rip), 'a block is entered that was decoded by another base of CS')
  assert(page.linear == ((linear & ~0xfff) | u64(c.mode & MODE_USER)), 'a block is entered whose code page is another')
  assert(
    page.physical == (b.physical & 0xfffff000) && page.second == b.secondPage,
    'a code page leads elsewhere than its block',
  )
  if (b.secondPage == NO_PAGE) return
  const next = linearOf(c, b.rip + u64(0x1000 - (b.physical & 0xfff)))
  assert(remembers(c, next, b.secondPage), 'a block is entered whose last bytes are not those of their address')
}

/** The lists of `count` entries of c's block tables from `first` on: each leads to ever older blocks of its own hash, or page. */
export function areSoundLists(c: CpuState, first: u32, count: u32): bool {
  for (let i = first; i < min(first + count, BLOCK_TABLE_ENTRIES); i++) {
    let newer = c.arenaNext
    for (let at = <usize>load<u32>(c.blockTable + (i << 2)); at; at = changetype<Block>(at).hashNext) {
      const b = changetype<Block>(at)
      if (at < c.arena || at >= newer || (hashRip(b.rip) & (BLOCK_TABLE_ENTRIES - 1)) != i) return false
      if (!isDropped(b) && !isWellFormed(b)) return false
      newer = at
    }
  }
  for (let i = first; i < min(first + count, PAGE_TABLE_ENTRIES); i++) {
    let newer = c.arenaNext
    for (let at = <usize>load<u32>(c.pageTable + (i << 2)); at; at = changetype<Block>(at).pageNext) {
      const b = changetype<Block>(at)
      if (at < c.arena || at >= newer || ((b.physical >> 12) & (PAGE_TABLE_ENTRIES - 1)) != i) return false
      newer = at
    }
  }
  return true
}

/** A region that may be entered at b: alive, with a function, of blocks of one mode none of which was dropped. */
export function isSoundRegion(c: CpuState, r: usize, b: Block): bool {
  const region = changetype<Region>(r)
  if (
    r < c.regionArena ||
    r + REGION_HEADER + (region.blocks << 2) > c.regionNext ||
    region.alive != 1 ||
    region.index == 0
  )
    return false
  if (b.ordinal >= region.blocks || regionBlock(r, b.ordinal) != b) return false
  for (let i: u32 = 0; i < region.blocks; i++) {
    const one = regionBlock(r, i)
    if (one.mode != b.mode || one.inRegions == 0) return false
  }
  return true
}
