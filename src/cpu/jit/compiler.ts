// The compiler to WebAssembly: hot blocks in, functions in the core's table out.
//
//   core: a block is hot ──request──> queue ──batch──> plan (region.ts), translate (translate.ts), one module for the batch ──> table, region records
//
// 1. A first request only queues the block. The batch is compiled when it is full or when a queued block asks again, since a module
//    costs V8 150 to 250 us whatever is in it, and a function in it about 1 us for each guest instruction.
// 2. Code is the same for every vCPU, address space and program with the same blocks (nothing in it is an address of the host), so a body that was
//    compiled before is taken from the pool. Dropping a region frees only its record.
// 3. The pool is bounded. When it is full, everything compiled is dropped at the beginning of the next run.
// 4. It decides nothing that a guest could notice: any block may be compiled at any time, or never.

import type { CoreExports } from '../core-abi.js'
import { BLOCK, CPU_STATE, REGION } from '../layouts.js'
import { REGION_HEADER, REGION_SOURCES, REGION_TARGETS, REGION_WAYS } from '../numbers/leaving.js'
import { makeChain } from './emit-chain.js'
import type { FlowGraph } from './graph.js'
import { REGION_TYPE } from './locals.js'
import { type BlockSource, isCurrent, isLinked, overlaps, planRegion, type RegionPlan } from './region.js'
import { flowOf, translateRegion } from './translate.js'
import { encodeModule, type FunctionType, I32, I64, type ImportedFunction } from './wasm.js'

/** Entries of a block before it is compiled. */
export const DEFAULT_THRESHOLD = 4000
/** Until a vCPU has retired so many instructions, a block is entered so many times as often: what boots once is not worth compiling. */
const START_UP = 4_000_000
const START_UP_FACTOR = 8

/**
 * What may be compiled: so many guest instructions at once, and one for so many retired. V8 spends on each, until its better code is there, what
 * the interpreter needs for some seven thousand. Beyond that a block must be entered the more often the more has been spent, by a steep
 * power and up to MAX_PRICE times as often: a flat profile stays interpreted, and what is really hot asks again.
 */
const ALLOWED = 20_000
const RETIRED_FOR_ONE = 100_000
const PRICE_POWER = 5
const MAX_PRICE = 256
/**
 * A block asks twice: what it does between tells how often it is entered. Once in so many instructions is too seldom to earn in half a milliard
 * of them what V8 spends on it, however many entries add up: a steady load has compiled what it ever will after a while. Before SETTLED
 * instructions the first request is enough where it costs nothing extra.
 */
const SELDOM = 70_000
const SETTLED = 200_000_000
const SECOND_HALF = 0.5

const BATCH = 16
/** A region is planned anew so often at most because blocks were cut. */
const MAX_CUTS = 4

/**
 * A region is compiled anew, larger, after so many times the exits to hot code as a block has entries before it is hot; then after so many times
 * as many again, while that is below the last figure. An exit to another region costs some 15 ns (emit-chain.ts), a new region a millisecond.
 */
const GROWTH = 16
const FIRST_GROWTH = 64
const LAST_GROWTH = 2_000_000
/** It asks again after so many exits. */
const ASK_AGAIN = 1000
const NEVER = 0xffff_ffff
const MAX_KNOWN_BRANCHES = 4096
const MAX_POSTPONED = 16384
/** Table: the core's own functions lie below, compiled ones from here on. */
const FIRST_FUNCTION = 64
export const TABLE_SIZE = 4096
const INSTRUCTION: FunctionType = { parameters: [I32, I32, I32], results: [] }

/** In the order of HELPER (function-builder.ts). */
const HELPERS: readonly ImportedFunction[] = [
  { name: 'jitVector', type: INSTRUCTION },
  { name: 'jitCold', type: INSTRUCTION },
  { name: 'jitSystem', type: INSTRUCTION },
  { name: 'jitColdEnd', type: INSTRUCTION },
  { name: 'jitFlags', type: { parameters: [I32], results: [] } },
  { name: 'jitMultiplyHigh', type: { parameters: [I64, I64], results: [I64] } },
  { name: 'jitX87', type: { parameters: [I32, I32, I32, I32, I64], results: [I32] } },
  { name: 'chain', type: REGION_TYPE },
]

export interface CompilerStatistics {
  /** Regions linked; of them with a body from the pool, and in the place of a smaller one. */
  regions: number
  reused: number
  grown: number
  /** Blocks cut at the beginning of a loop. */
  cuts: number
  /** Guest instructions and bytes of WebAssembly in compiled bodies. */
  instructions: number
  bytes: number
  modules: number
  drops: number
}

interface Postponed {
  readonly cpu: number
  readonly entries: number
  readonly since: number
}

interface Waiting {
  readonly cpu: number
  readonly block: number
  /** The region that is to be replaced by a larger one, which begins at the block; 0 if there is none. */
  readonly region: number
}

interface Link {
  readonly cpu: number
  readonly source: BlockSource
  readonly plan: RegionPlan
  readonly index: number
  readonly replaced: number
}

export class Compiler {
  readonly statistics: CompilerStatistics = {
    regions: 0,
    reused: 0,
    grown: 0,
    cuts: 0,
    instructions: 0,
    bytes: 0,
    modules: 0,
    drops: 0,
  }
  private readonly memory: WebAssembly.Memory
  private readonly table: WebAssembly.Table
  private readonly exports: CoreExports
  /** What compiled code calls: functions of the core, and the way on. Made with the first module: most machines compile nothing. */
  private helpers: Record<string, unknown> | undefined
  private readonly vcpus: number
  private threshold = 0
  private queue: Waiting[] = []
  /** Guest instructions in bodies that were compiled, not taken from the pool. */
  private spent = 0
  private startUp = true
  /** Blocks whose requests were put off: for how many entries, and when, by instructions that their vCPU had retired. */
  private readonly postponed = new Map<number, Postponed>()
  /** Table indices of compiled bodies, by a hash of their bytes. */
  private readonly pool = new Map<number, { readonly body: Uint8Array; readonly index: number }[]>()
  /** Where indirect branches have led to: blocks by the block that the branch ends, the most frequent first. Hints only. */
  private readonly ways = new Map<number, number[]>()
  private nextIndex = FIRST_FUNCTION
  /** Waiting for the core to drop what is compiled. */
  private full = false

  constructor(exports: CoreExports, memory: WebAssembly.Memory, table: WebAssembly.Table, vcpus: number) {
    this.vcpus = vcpus
    this.exports = exports
    this.memory = memory
    this.table = table
  }

  /** Entries of a block before it is compiled; 0: no code is compiled any more, and none is entered. */
  setThreshold(entries: number): void {
    this.threshold = entries
    this.queue = []
    this.postponed.clear()
    this.ways.clear()
    this.exports.jitConfigure(entries)
  }

  /** The core: `block` of `cpu` is hot. */
  request(cpu: number, block: number): void {
    if (this.full) {
      if (this.exports.jitDropPending() !== 0) return
      this.full = false
    }
    const startUp = this.isStartUp(cpu)
    if (!startUp && this.startUp) this.endStartUp()
    this.startUp = startUp
    const price = startUp ? START_UP_FACTOR : this.price()
    if (this.mustWait(cpu, block, price)) return
    this.enqueue({ cpu, block, region: 0 })
  }

  /** Puts a request off where it comes before its time or too seldom; the block asks again when it has been entered so many times more. */
  private mustWait(cpu: number, block: number, price: number): boolean {
    if (this.threshold < DEFAULT_THRESHOLD) return false
    const now = this.retired(cpu)
    const before = this.postponed.get(block)
    if (before === undefined ? price <= 1 && now < SETTLED : before.entries * SELDOM > now - before.since) return false
    if (this.postponed.size === MAX_POSTPONED) this.postponed.clear()
    const entries = Math.ceil(Math.max(price - 1, SECOND_HALF) * this.threshold)
    this.postponed.set(block, { cpu, entries, since: now })
    new DataView(this.memory.buffer).setInt32(block + BLOCK.heat, entries, true)
    return true
  }

  /** The core: `region` of `cpu` is left often. */
  grow(cpu: number, region: number): void {
    const view = new DataView(this.memory.buffer)
    view.setUint32(region + REGION.growAt, view.getUint32(region + REGION.exits, true) + ASK_AGAIN, true)
    if (!this.full) this.enqueue({ cpu, block: view.getUint32(region + REGION_HEADER, true), region })
  }

  private enqueue(asked: Waiting): void {
    const again = this.queue.some((waiting) => waiting.block === asked.block && waiting.region === asked.region)
    if (!again) this.queue.push(asked)
    if (again || this.queue.length >= BATCH) this.compile()
  }

  /** What was put off is due soon. */
  private endStartUp(): void {
    const view = new DataView(this.memory.buffer)
    for (const [block, { cpu }] of this.postponed) {
      if (
        isLinked(view, this.word(cpu, CPU_STATE.blockTable), block) &&
        view.getInt32(block + BLOCK.heat, true) > this.threshold >> 2
      )
        view.setInt32(block + BLOCK.heat, this.threshold >> 2, true)
    }
    this.postponed.clear()
  }

  /** How many times as often as the threshold says a block must be entered now: more than has been spent is to be earned first. */
  private price(): number {
    if (this.threshold < DEFAULT_THRESHOLD) return 1
    const allowed = ALLOWED + this.retiredByAll() / RETIRED_FOR_ONE
    return Math.min(MAX_PRICE, Math.max(1, (this.spent / allowed) ** PRICE_POWER))
  }

  /** Instructions that the vCPU, which is running, has retired: in earlier runs, and in this one. */
  private retired(cpu: number): number {
    const state = this.exports.statePointer(cpu) >>> 0
    const before = new DataView(this.memory.buffer).getBigUint64(state + CPU_STATE.retiredLow, true)
    return Number(before) + (this.exports.retiredNow() >>> 0)
  }

  /** The same of all vCPUs together. */
  private retiredByAll(): number {
    const view = new DataView(this.memory.buffer)
    let sum = this.exports.retiredNow() >>> 0
    for (let one = 0; one < this.vcpus; one++)
      sum += Number(view.getBigUint64((this.exports.statePointer(one) >>> 0) + CPU_STATE.retiredLow, true))
    return sum
  }

  private isStartUp(cpu: number): boolean {
    if (this.threshold < DEFAULT_THRESHOLD) return false
    return this.retired(cpu) < START_UP
  }

  /** A 32-bit field of a vCPU's state. */
  private word(cpu: number, offset: number): number {
    return new DataView(this.memory.buffer).getUint32((this.exports.statePointer(cpu) >>> 0) + offset, true)
  }

  private compile(): void {
    const { queue } = this
    this.queue = []
    const view = new DataView(this.memory.buffer)
    const bodies: Uint8Array[] = []
    const links: Link[] = []
    for (const { cpu, block, region } of queue) {
      const source: BlockSource = {
        view,
        blockTable: this.word(cpu, CPU_STATE.blockTable),
        generations: [this.word(cpu, CPU_STATE.generation), this.word(cpu, CPU_STATE.globalGeneration)],
        threshold: this.threshold,
        ways: this.ways,
        replaced: region,
      }
      // Dropped, or compiled with another of this batch, since it asked.
      if (!isLinked(view, source.blockTable, block) || view.getUint32(block + BLOCK.region, true) !== region) continue
      if (!isCurrent(source, block)) {
        // It belongs to another address space than that of now, whose blocks must not be mixed with it. It asks again where it is at home.
        if (region === 0) view.setInt32(block + BLOCK.heat, 1, true)
        continue
      }
      if (region !== 0) this.learn(view, region)
      const { plan, graph } = this.plan(cpu, source, block)
      const before = bodies.length
      const index = this.place(translateRegion(plan, graph), bodies)
      if (bodies.length > before) this.spent += plan.instructions
      if (index < 0) {
        this.overflow()
        return
      }
      if (region !== 0 && index === view.getUint32(region + REGION.index, true)) {
        view.setUint32(region + REGION.growAt, NEVER, true)
      } else links.push({ cpu, source, plan, index, replaced: region })
    }
    if (bodies.length > 0) this.instantiate(bodies)
    for (const link of links) {
      // A block of it was cut since, for another of this batch. It asks again.
      if (!link.plan.blocks.every(({ block }) => isCurrent(link.source, block.pointer))) continue
      if (!this.link(view, link)) {
        this.overflow()
        return
      }
    }
  }

  /** The region that begins at a block. Where its control flow is no nest of loops, blocks that run into the middle of others are cut first. */
  private plan(cpu: number, source: BlockSource, head: number): { plan: RegionPlan; graph: FlowGraph } {
    let block = head
    for (let round = 0; ; round++) {
      const plan = planRegion(source, block)
      const graph = flowOf(plan)
      if (graph.dispatched.size === 0 || round === MAX_CUTS) return { plan, graph }
      let cut = false
      for (const { block: long, count } of overlaps(plan, graph.dispatched)) {
        const short = this.exports.jitCut(cpu, long.pointer, count) >>> 0
        if (short === 0) continue
        cut = true
        this.statistics.cuts++
        if (long.pointer === block) block = short
      }
      if (!cut) return { plan, graph }
    }
  }

  /** Takes over the ways out that a region has noted. */
  private learn(view: DataView, region: number): void {
    if (this.ways.size > MAX_KNOWN_BRANCHES) this.ways.clear()
    const seen = new Map<number, number[]>()
    const noted = Math.min(REGION_WAYS, view.getUint32(region + REGION.exits, true))
    for (let i = 0; i < noted; i++) {
      const target = view.getUint32(region + REGION_TARGETS + 4 * i, true)
      const block = view.getUint32(region + REGION_HEADER + 4 * view.getUint8(region + REGION_SOURCES + i), true)
      if (target === 0) continue
      const targets = seen.get(block)
      if (targets === undefined) seen.set(block, [target])
      else targets.push(target)
    }
    for (const [block, targets] of seen) {
      const fresh = [...new Set(targets)].sort(
        (a, b) => targets.filter((to) => to === b).length - targets.filter((to) => to === a).length,
      )
      this.ways.set(block, [...new Set([...(this.ways.get(block) ?? []), ...fresh])])
    }
  }

  /** The table index a body has or will have; -1 if the table is full. */
  private place(body: Uint8Array, bodies: Uint8Array[]): number {
    // Some hundred bytes tell bodies apart well enough to be compared whole only where they are likely to be equal.
    let hash = body.length
    const step = (body.length >> 8) + 1
    for (let i = 0; i < body.length; i += step) hash = Math.imul(hash ^ (body[i] as number), 0x01000193)
    const same = this.pool.get(hash)
    const known = same?.find((entry) => equal(entry.body, body))
    if (known !== undefined) {
      this.statistics.reused++
      return known.index
    }
    if (this.nextIndex === TABLE_SIZE) return -1
    const entry = { body, index: this.nextIndex++ }
    if (same === undefined) this.pool.set(hash, [entry])
    else same.push(entry)
    bodies.push(body)
    return entry.index
  }

  private instantiate(bodies: readonly Uint8Array[]): void {
    this.helpers ??= {
      ...(this.exports as unknown as Record<string, unknown>),
      chain: makeChain(this.memory, this.table),
    }
    const bytes = encodeModule(HELPERS, REGION_TYPE, bodies)
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      env: { memory: this.memory },
      core: this.helpers,
    })
    const first = this.nextIndex - bodies.length
    for (let i = 0; i < bodies.length; i++) this.table.set(first + i, instance.exports[String(i)])
    this.statistics.modules++
    this.statistics.bytes += bytes.length
  }

  /** Writes the region's record and makes its entries point to it; false if the vCPU has no room for it. */
  private link(view: DataView, { cpu, plan, index, replaced }: Link): boolean {
    const { blocks } = plan
    const region = this.exports.jitAllocate(cpu, blocks.length) >>> 0
    if (region === 0) return false
    const exits =
      replaced === 0 ? Math.max(this.threshold, FIRST_GROWTH) : view.getUint32(replaced + REGION.exits, true)
    const growAt = Math.ceil(GROWTH * exits * this.price())
    view.setUint32(region + REGION.index, index, true)
    view.setUint32(region + REGION.instructions, plan.instructions, true)
    view.setUint32(region + REGION.growAt, growAt < LAST_GROWTH ? growAt : NEVER, true)
    blocks.forEach((at, i) => {
      view.setUint32(region + REGION_HEADER + 4 * i, at.block.pointer, true)
    })
    plan.pages.forEach((page, i) => {
      view.setUint32(region + REGION.page0 + 4 * i, page, true)
    })
    this.exports.jitLink(cpu, region)
    blocks.forEach((at, i) => {
      if (!at.entry) return
      const { pointer } = at.block
      if (i > 0 && !this.isBetter(view, plan, view.getUint32(pointer + BLOCK.region, true))) return
      view.setUint32(pointer + BLOCK.region, region, true)
      view.setUint32(pointer + BLOCK.ordinal, i, true)
      view.setInt32(pointer + BLOCK.heat, 0, true)
    })
    this.statistics.regions++
    if (replaced !== 0) this.statistics.grown++
    this.statistics.instructions += plan.instructions
    return true
  }

  /** Is a block in the middle of the plan entered there rather than in the region it has now? */
  private isBetter(view: DataView, plan: RegionPlan, region: number): boolean {
    if (region === 0 || view.getUint32(region + REGION.alive, true) === 0) return true
    return view.getUint32(region + REGION.instructions, true) < plan.instructions
  }

  /** No room: begin afresh at the next run. */
  private overflow(): void {
    this.pool.clear()
    this.ways.clear()
    this.nextIndex = FIRST_FUNCTION
    this.full = true
    this.statistics.drops++
    this.exports.jitDrop()
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
