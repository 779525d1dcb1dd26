// Regions: the records of compiled code, one for each function that was compiled of some blocks, and their lives.
//
// A store that hits a block of a region kills the region. If it is the one being executed, the helper that stored reports JIT_STOP.
import { NEVER_HOT, REGION_HEADER, REGION_PAGES_AT } from '../../numbers/leaving'
import { CpuState, MODE_CODE64, MODE_CODE_MASK, MODE_STEP } from '../state/state'
import { DEBUG } from '../state/debug'
import { Block } from './ir'

@unmanaged
export class Region {
  index: u32 // in the function table
  alive: u32
  next: usize // list of the vCPU
  blocks: u32 // how many
  instructions: u32
  exits: u32 // how often it was left for a hot block
  growAt: u32 // when `exits` is this many, the compiler is asked for a larger one
  page0: usize // its code pages and what follows them: ../../numbers/leaving.ts
}

/** Entries of a block before it is hot; NEVER_HOT while there is no compiler. */
export let threshold: i32 = NEVER_HOT

export function setThreshold(entries: i32): void {
  threshold = entries
}

// @ts-ignore: decorator
@inline
export function initialHeat(mode: u32): i32 {
  // Blocks of one instruction belong to the dispatcher alone; 16- and 32-bit code is left to the interpreter.
  return mode & MODE_STEP || (mode & MODE_CODE_MASK) != MODE_CODE64 ? NEVER_HOT : threshold
}

/** A region's block by its number. */
// @ts-ignore: decorator
@inline
export function regionBlock(r: usize, ordinal: u32): Block {
  if (DEBUG) assert(ordinal < changetype<Region>(r).blocks, 'a region has no block of this number')
  return changetype<Block>(<usize>load<u32>(r + REGION_HEADER + (ordinal << 2)))
}

/** Room for a region of `blocks` blocks in a vCPU's list; 0 if all must be dropped first. The compiler fills it and calls `linkRegion`. */
export function allocateRegion(c: CpuState, blocks: u32): usize {
  if (DEBUG) assert(offsetof<Region>('page0') == REGION_PAGES_AT, 'the pages of a region are not behind its fields')
  const bytes = (REGION_HEADER + blocks * 4 + 7) & ~7
  if (c.regionNext + bytes > c.regionEnd) return 0
  const r = c.regionNext
  c.regionNext = r + bytes
  memory.fill(r, 0, bytes)
  changetype<Region>(r).blocks = blocks
  return r
}

export function linkRegion(c: CpuState, r: usize): void {
  const region = changetype<Region>(r)
  if (DEBUG)
    assert(
      r >= c.regionArena && r < c.regionNext && r > c.regions && region.blocks > 0,
      'a region is linked that was not allocated last',
    )
  region.alive = 1
  region.next = c.regions
  c.regions = r
  for (let i: u32 = 0; i < region.blocks; i++) regionBlock(r, i).inRegions = 1
}

/** Forgets a vCPU's compiled code: its blocks go, or all functions go. Not from inside compiled code. */
export function dropRegions(c: CpuState): void {
  for (let r = c.regions; r; r = changetype<Region>(r).next) changetype<Region>(r).alive = 0
  c.regions = 0
  c.regionNext = c.regionArena
}

/** Ends the regions that contain b. True if one of them is being executed. */
export function killRegions(c: CpuState, b: Block): bool {
  b.inRegions = 0
  let running = false
  for (let r = c.regions; r; r = changetype<Region>(r).next) {
    const region = changetype<Region>(r)
    if (region.alive == 0) continue
    for (let i: u32 = 0; i < region.blocks; i++) {
      if (changetype<usize>(regionBlock(r, i)) == changetype<usize>(b)) {
        region.alive = 0
        if (c.jitRegion == r) running = true
        break
      }
    }
  }
  return running
}
