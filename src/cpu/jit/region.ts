// Which blocks become one function: from a hot block along the ways that were taken, until the region is large enough.
//
// Only blocks that the interpreter has decoded, and whose translation holds in the present generation, are considered; so forming
// a region touches nothing a guest could notice. A way that leads out of the region ends the function.
//
// Calls are followed into the callee. A return goes back to the call sites of the region from which it can be reached, and out
// of the region if the address is none of them. What follows a call or a system instruction is an entry of its own where control comes
// back there from outside.

import { BLOCK, REGION } from '../layouts.js'
import { NEVER_HOT, REGION_PAGES } from '../numbers/leaving.js'
import { OP_CALL, OP_CALLI, OP_COLD_END, OP_JMP, OP_JMPI, OP_NEXT, OP_RET, OP_SYSTEM } from '../numbers/operations.js'
import { BLOCK_TABLE_ENTRIES } from '../numbers/sizes.js'
import { continues } from './emit-helper.js'
import { type Block, isConditional, readBlock, terminator } from './uops.js'

/** Limits of a region: V8's optimizing compiler takes more than linear time over a function. */
const MAX_BLOCKS = 96
const MAX_INSTRUCTIONS = 150
const MAX_RETURNS = 6
const MAX_TARGETS = 16
/** A region of up to so many instructions, a short function or loop, is repeated inside others; a larger one inside a region that grows. */
const REPEATED_INSTRUCTIONS = 64
const REPEATED_GROWING = 256
const BLOCK_TABLE_MASK = BLOCK_TABLE_ENTRIES - 1

export interface RegionBlock {
  readonly block: Block
  /** Number of its code page in the region. */
  readonly page: number
  /** Where the block's target and its fallthrough lead in the region; -1 out of it. */
  taken: number
  next: number
  /** Blocks an indirect way is known to lead to. */
  readonly targets: number[]
  entry: boolean
}

export interface RegionPlan {
  readonly blocks: readonly RegionBlock[]
  /** Code pages. */
  readonly pages: readonly number[]
  readonly instructions: number
}

/** What a vCPU's block table says now. */
export interface BlockSource {
  readonly view: DataView
  readonly blockTable: number
  /** The two generations in which a block's translation may hold. */
  readonly generations: readonly number[]
  /** Entries a block has before it is hot. */
  readonly threshold: number
  /** Blocks that an indirect branch, by the block it ends, was seen to lead to from compiled code. */
  readonly ways: ReadonlyMap<number, readonly number[]>
  /** The region that the new one replaces, or 0. */
  readonly replaced: number
}

/** Is the block's translation known to hold? */
export function isCurrent({ view, generations }: BlockSource, pointer: number): boolean {
  return generations.includes(view.getUint32(view.getUint32(pointer + BLOCK.page, true), true))
}

function find(source: BlockSource, rip: bigint, mode: number): number {
  const low = Number(BigInt.asUintN(32, rip))
  const high = Number(rip >> 32n)
  const { view } = source
  let at = view.getUint32(source.blockTable + 4 * ((low ^ (low >>> 11)) & BLOCK_TABLE_MASK), true)
  while (at !== 0) {
    if (
      view.getUint32(at + BLOCK.rip, true) === low &&
      view.getUint32(at + BLOCK.rip + 4, true) === high &&
      isCurrent(source, at) &&
      view.getUint32(at + BLOCK.mode, true) === mode
    ) {
      return at
    }
    at = view.getUint32(at + BLOCK.hashNext, true)
  }
  return 0
}

/** Is there still a block at `pointer`? The arena may have been emptied and filled with others. */
export function isLinked(view: DataView, blockTable: number, pointer: number): boolean {
  const low = view.getUint32(pointer + BLOCK.rip, true)
  let at = view.getUint32(blockTable + 4 * ((low ^ (low >>> 11)) & BLOCK_TABLE_MASK), true)
  while (at !== 0 && at !== pointer) at = view.getUint32(at + BLOCK.hashNext, true)
  return at === pointer
}

/** Has the block been executed often enough to be worth compiling along with a hot one? */
function isWarm(source: BlockSource, pointer: number): boolean {
  const heat = source.view.getInt32(pointer + BLOCK.heat, true)
  // More than it began with: it has been put off during start-up.
  if (heat > source.threshold) return heat !== NEVER_HOT
  return heat <= source.threshold - 1 - (source.threshold >> 5)
}

/** Does a large region begin at the block already? Then the way goes there, and its code is not compiled again. */
function isLarge({ view, replaced }: BlockSource, pointer: number): boolean {
  const region = view.getUint32(pointer + BLOCK.region, true)
  return (
    region !== 0 &&
    region !== replaced &&
    view.getUint32(region + REGION.alive, true) !== 0 &&
    view.getUint32(region + REGION.instructions, true) > (replaced === 0 ? REPEATED_INSTRUCTIONS : REPEATED_GROWING)
  )
}

/** Addresses that the indirect branch at the end of the block was seen to lead to: the last one the interpreter met, then those of compiled code. */
function seenTargets(source: BlockSource, block: Block, mode: number): bigint[] {
  const last = source.view.getUint32(block.pointer + BLOCK.chain0, true)
  const found: bigint[] = []
  for (const seen of [last, ...(source.ways.get(block.pointer) ?? [])]) {
    if (seen === 0) continue
    const rip = source.view.getBigUint64(seen + BLOCK.rip, true)
    if (!found.includes(rip) && find(source, rip, mode) === seen) found.push(rip)
  }
  return found
}

export function planRegion(source: BlockSource, head: number): RegionPlan {
  const mode = source.view.getUint32(head + BLOCK.mode, true)
  const blocks: RegionBlock[] = []
  const byRip = new Map<bigint, number>()
  const pages: number[] = []
  let instructions = 0

  const add = (pointer: number): number => {
    if (blocks.length === MAX_BLOCKS) return -1
    const block = readBlock(source.view, pointer)
    if (instructions + block.count > MAX_INSTRUCTIONS && blocks.length > 0) return -1
    if (!pages.includes(block.page) && pages.push(block.page) > REGION_PAGES) {
      pages.pop()
      return -1
    }
    instructions += block.count
    blocks.push({ block, page: pages.indexOf(block.page), taken: -1, next: -1, targets: [], entry: false })
    byRip.set(block.rip, blocks.length - 1)
    return blocks.length - 1
  }
  const reach = (rip: bigint): number => {
    const known = byRip.get(rip)
    if (known !== undefined) return known
    const pointer = find(source, rip, mode)
    return pointer !== 0 && isWarm(source, pointer) && !isLarge(source, pointer) ? add(pointer) : -1
  }

  add(head)
  const indirect = new Map<number, readonly bigint[]>()
  for (let i = 0; i < blocks.length; i++) {
    const at = blocks[i] as RegionBlock
    const { op } = terminator(at.block)
    if (isConditional(op)) {
      at.next = reach(at.block.fallthrough)
      at.taken = reach(at.block.target)
    } else if (op === OP_JMP) at.taken = reach(at.block.target)
    else if (op === OP_NEXT || op === OP_SYSTEM || op === OP_COLD_END) at.next = reach(at.block.fallthrough)
    else if (op === OP_CALL || op === OP_CALLI) {
      at.next = reach(at.block.fallthrough)
      if (op === OP_CALL) at.taken = reach(at.block.target)
    }
    if (op === OP_JMPI || op === OP_CALLI || op === OP_RET) {
      const seen = seenTargets(source, at.block, mode)
      indirect.set(i, seen)
      // A function returns to wherever it was called from: only what left the region by the return is worth following.
      const followed = op === OP_RET ? (source.ways.has(at.block.pointer) ? seen.slice(0, MAX_RETURNS) : []) : seen
      for (const rip of followed) {
        const to = at.targets.length < MAX_TARGETS ? reach(rip) : -1
        if (to >= 0) at.targets.push(to)
      }
    }
  }
  matchReturns(blocks)
  for (const [i, seen] of indirect) {
    const at = blocks[i] as RegionBlock
    if (terminator(at.block).op !== OP_RET) continue
    // The target seen last comes first.
    const to = seen[0] === undefined ? undefined : byRip.get(seen[0])
    if (to !== undefined && at.targets.includes(to)) {
      at.targets.splice(at.targets.indexOf(to), 1)
      at.targets.unshift(to)
    }
  }
  ;(blocks[0] as RegionBlock).entry = true
  for (const at of blocks) {
    const { op } = terminator(at.block)
    const returns = (op === OP_SYSTEM || op === OP_COLD_END) && !continues(terminator(at.block))
    const away = (op === OP_CALL && at.taken < 0) || (op === OP_CALLI && at.targets.length === 0)
    if ((returns || away) && at.next >= 0) (blocks[at.next] as RegionBlock).entry = true
  }
  return { blocks, pages, instructions }
}

/** Gives each RET the call sites of the region whose callee reaches it. */
function matchReturns(blocks: readonly RegionBlock[]): void {
  const returnsOf = new Map<number, readonly number[]>()
  const reachableReturns = (callee: number): readonly number[] => {
    const known = returnsOf.get(callee)
    if (known !== undefined) return known
    const seen = new Set([callee])
    const found: number[] = []
    for (const i of seen) {
      const at = blocks[i] as RegionBlock
      const { op } = terminator(at.block)
      if (op === OP_RET) found.push(i)
      else if (op === OP_CALL || op === OP_CALLI) {
        if (at.next >= 0) seen.add(at.next)
      } else {
        for (const to of [at.taken, at.next, ...at.targets]) if (to >= 0) seen.add(to)
      }
    }
    returnsOf.set(callee, found)
    return found
  }
  for (const at of blocks) {
    const { op } = terminator(at.block)
    if (at.next < 0) continue
    const callees = op === OP_CALL ? [at.taken] : op === OP_CALLI ? at.targets : []
    for (const callee of callees) {
      if (callee < 0) continue
      for (const i of reachableReturns(callee)) {
        const { targets } = blocks[i] as RegionBlock
        if (targets.length < MAX_RETURNS && !targets.includes(at.next)) targets.push(at.next)
      }
    }
  }
  // A call site that no return of the region leads to is reached from outside.
  const returned = new Set(blocks.flatMap((at) => (terminator(at.block).op === OP_RET ? at.targets : [])))
  for (const at of blocks) {
    const { op } = terminator(at.block)
    if ((op === OP_CALL || op === OP_CALLI) && at.next >= 0 && !returned.has(at.next)) {
      ;(blocks[at.next] as RegionBlock).entry = true
    }
  }
}

/**
 * Where blocks run through the beginning of one of `nodes`: the first such place of each block, as the number of an instruction. A block goes on
 * from wherever it was entered to the next branch; so what precedes a loop holds its first round too, and leads into the loop's middle.
 */
export function overlaps(
  { blocks }: RegionPlan,
  nodes: Iterable<number>,
): { readonly block: Block; readonly count: number }[] {
  const begins = new Set([...nodes].map((i) => blocks[i]?.block.rip))
  return blocks.flatMap(({ block }) => {
    const inside = block.uops.find((uop) => uop.number > 0 && begins.has(block.rip + BigInt(uop.offset)))
    return inside === undefined ? [] : [{ block, count: inside.number }]
  })
}

/** In-region successors of a block, one for each way; what the graph is made of. Ways that only an entry takes are not among them. */
export function successors(at: RegionBlock): number[] {
  const { op } = terminator(at.block)
  if (op === OP_RET || op === OP_JMPI || op === OP_CALLI) return [...at.targets]
  if (op === OP_CALL || op === OP_JMP) return at.taken >= 0 ? [at.taken] : []
  if ((op === OP_SYSTEM || op === OP_COLD_END) && !continues(terminator(at.block))) return []
  return [at.taken, at.next].filter((to) => to >= 0)
}
