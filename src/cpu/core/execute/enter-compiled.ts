// Compiled code: entering it and leaving it. The compiler itself (../jit) is the host's; it turns blocks into regions.
//
// A region is a WebAssembly function made from several blocks of one vCPU's mode, found in the function table; its record (blocks/regions.ts)
// says which blocks it contains and whether it is still alive. The function has no address of its own inside: all it needs comes
// from the CpuState and the record, so equal code of two vCPUs or two programs shares one function.
//
// Constraints:
//  1. What compiled code does is what the interpreter would have done, retired count included. It may leave at any uop; then the
//     interpreter goes on there, which is how everything rare is done: faults, stops at a boundary, system instructions.
//  2. Entering a block by any way needs its code page to have one of the two generations of now (memory/code-pages.ts). Inside a page nothing
//     can undo that without ending the region first; on a way to another page compiled code looks at that page.
//  3. A store that hits a block of a region kills the region. If it is the one being executed, the helper that stored reports JIT_STOP.
//  4. c.block and c.uop are 0 inside compiled code; helpers are told the budget at the current instruction, so that time is exact.
//  5. A region may go on to the next one by itself (jit/emit-chain.ts), as this loop would; c.jitRegion says which one was left in the end.
//  6. Compiled code is left at least every FUEL instructions, so that the host's engine can replace its first translation by a better one.
import {
  LEAVE_BLOCK_SHIFT,
  LEAVE_FAULT,
  LEAVE_FUEL,
  LEAVE_JUMP,
  LEAVE_KIND,
  LEAVE_NEXT,
  LEAVE_STOP,
  LEAVE_SYSTEM,
  LEAVE_TAKEN,
  LEAVE_UOP,
  LEAVE_UOP_MASK,
  LEAVE_UOP_SHIFT,
  NEVER_HOT,
  REGION_SOURCES,
  REGION_TARGETS,
  REGION_WAYS,
} from '../../numbers/leaving'
import { OP_SYSTEM, UOP_BYTES } from '../../numbers/operations'
import { isCurrent, stopAtBoundary } from '../blocks/blocks'
import { NOWHERE } from '../memory/code-pages'
import { Block, isDropped, uopOffset, uopOp } from '../blocks/ir'
import { Region, regionBlock, threshold } from '../blocks/regions'
import { assertMayEnter, isSoundRegion } from '../blocks/sound-blocks'
import { ENTERED, INTERPRETED, IN_REGIONS, LEFT, count } from '../state/counters'
import { DEBUG } from '../state/debug'
import { settleFlags } from '../state/flag-forms'
import { compileRequest, growRequest } from '../state/imports'
import { CpuState } from '../state/state'
import { systemOp } from '../system/system-ops'
import { cachedTarget, findTarget, leaveWithFault, settleSystem } from './interpret'

const FUEL: i64 = 65536

/** The interpreter goes on with b's first uop, or 0 and the dispatcher must act. */
// @ts-ignore: decorator
@inline
function interpreted(c: CpuState, b: Block): usize {
  count(INTERPRETED)
  settleFlags(c)
  const remaining = c.remaining - i64(b.count)
  if (remaining < 0) return leave(c, b.rip)
  c.remaining = remaining
  c.block = changetype<usize>(b)
  c.resume = b.uops
  return changetype<usize>(b)
}

function leave(c: CpuState, rip: u64): usize {
  settleFlags(c)
  c.rip = rip
  c.block = 0
  c.uop = 0
  return 0
}

/** Is there compiled code to enter at b? Asks for it if not. */
function compiledAt(c: CpuState, b: Block): usize {
  const r = b.region
  if (r) {
    if (changetype<Region>(r).alive) return r
    b.region = 0
    b.heat = threshold >> 1
    return 0
  }
  if (threshold == NEVER_HOT || b.page == NOWHERE) {
    b.heat = NEVER_HOT
    return 0
  }
  b.heat = (threshold >> 2) + 1
  compileRequest(c.index, <u32>changetype<usize>(b))
  return b.region
}

/** The next block after compiled code left for c.rip; 0 if the dispatcher must act. */
function nextBlock(c: CpuState): usize {
  if (c.attention || c.remaining <= 0) return 0
  return cachedTarget(c, c.rip, c.mode) || findTarget(c)
}

/** The same by a direct way out of `from`, whose chain is in `chain`. */
function chainedBlock(c: CpuState, from: Block, rip: u64, chain: usize): usize {
  const n = <usize>load<u32>(changetype<usize>(from) + chain)
  if (n && isCurrent(c, changetype<Block>(n)) && !c.attention && c.remaining > 0) return n
  c.rip = rip
  const arena = c.arenaNext
  const found = nextBlock(c)
  if (found && c.arenaNext >= arena && changetype<Block>(found).page != NOWHERE)
    store<u32>(changetype<usize>(from) + chain, <u32>found)
  return found
}

/**
 * b is the next block, its translation checked, its instructions not yet taken, and it is hot. Runs compiled code as far as it goes. Returns the
 * block in which the interpreter goes on at c.resume, with its instructions taken; 0 when the dispatcher must act at c.rip.
 */
export function enterCompiled(c: CpuState, first: Block): usize {
  let b = first
  while (true) {
    let r = compiledAt(c, b)
    // The compiler may have cut the block it was asked for.
    if (r == 0) return isDropped(b) ? leave(c, b.rip) : interpreted(c, b)
    if (c.remaining < i64(b.count)) return leave(c, b.rip)
    const fuel = min(c.remaining, FUEL)
    c.jitRest = c.remaining - fuel
    c.block = 0
    c.uop = 0
    c.jitRegion = r
    count(ENTERED)
    if (DEBUG) {
      assertMayEnter(c, b)
      assert(isSoundRegion(c, r, b), 'compiled code is entered whose region is not sound')
    }
    const left = call_indirect<u32>(
      changetype<Region>(r).index,
      <u32>changetype<usize>(c),
      <u32>r,
      b.ordinal,
      <i32>fuel,
    )
    r = c.jitRegion
    c.jitRegion = 0
    c.remaining = c.jitRest + i64(c.jitFuel)
    const kind = left & LEAVE_KIND
    if (DEBUG) assert(kind == LEAVE_FUEL || c.remaining >= 0, 'compiled code has overdrawn its fuel')
    count(LEFT + kind)
    count(IN_REGIONS, u64(fuel - i64(c.jitFuel)))
    let n: usize
    if (kind == LEAVE_JUMP || kind == LEAVE_SYSTEM) n = nextBlock(c)
    else {
      b = regionBlock(r, left >> LEAVE_BLOCK_SHIFT)
      if (kind == LEAVE_TAKEN) n = chainedBlock(c, b, b.target, offsetof<Block>('chain0'))
      else if (kind == LEAVE_NEXT) n = chainedBlock(c, b, b.fallthrough, offsetof<Block>('chain1'))
      else if (kind == LEAVE_FUEL) {
        c.remaining += i64(b.count)
        if (c.remaining < i64(b.count)) return leave(c, b.rip)
        // Only this slice of the budget is used up, or the block would not have been entered.
        n = changetype<usize>(b)
      } else {
        const u = b.uops + <usize>((left >> LEAVE_UOP_SHIFT) & LEAVE_UOP_MASK) * UOP_BYTES
        // System instructions are the usual reason to stop between two regions: no need to go through the interpreter for them.
        settleFlags(c)
        if (kind != LEAVE_UOP || uopOp(u) != OP_SYSTEM) return resumeIn(c, b, u, kind)
        c.block = changetype<usize>(b)
        c.uop = u
        c.instructionRip = b.rip + u64(uopOffset(u))
        c.rip = b.fallthrough
        systemOp(c, u)
        if (c.fault) {
          leaveWithFault(c, b, u)
          return 0
        }
        settleSystem(c)
        c.block = 0
        c.uop = 0
        n = nextBlock(c)
      }
    }
    if (n == 0) {
      settleFlags(c)
      return 0
    }
    b = changetype<Block>(n)
    const heat = b.heat - 1
    if (heat < 0) {
      if (kind == LEAVE_JUMP || kind == LEAVE_TAKEN || kind == LEAVE_NEXT) noteExit(c, r, left, n)
      continue
    }
    b.heat = heat
    return interpreted(c, b)
  }
}

/** Region r was left for block n, which is hot too. */
// @ts-ignore: decorator
@inline
function noteExit(c: CpuState, r: usize, left: u32, n: usize): void {
  const region = changetype<Region>(r)
  const exits = region.exits
  if ((left & LEAVE_KIND) == LEAVE_JUMP) {
    const way = exits & (REGION_WAYS - 1)
    store<u32>(r + REGION_TARGETS + ((<usize>way) << 2), <u32>n)
    store<u8>(r + REGION_SOURCES + way, <u8>(left >> LEAVE_BLOCK_SHIFT))
  }
  region.exits = exits + 1
  if (exits == region.growAt) growRequest(c.index, <u32>r)
}

/** The interpreter goes on in the middle of b. */
function resumeIn(c: CpuState, b: Block, u: usize, kind: u32): usize {
  if (kind == LEAVE_FAULT) {
    leaveWithFault(c, b, u)
    return 0
  }
  c.block = changetype<usize>(b)
  c.resume = u
  if (kind == LEAVE_STOP) {
    c.uop = u
    stopAtBoundary(c)
    c.resume = u + UOP_BYTES
  }
  return changetype<usize>(b)
}
