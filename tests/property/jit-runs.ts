// Runs one fuzzed program twice, in step: once by the interpreter and uncut, once by the other executor with its runs cut at random
// points, its state saved and loaded in between, and its compiler switched off, on and to other thresholds. After at most some thousand instructions everything that
// either core can show must be equal: saved state of all vCPUs (second-level TLBs and the code-write log too), RAM, dirty pages, retired
// instructions, reasons to return, and the sequence of calls to the outside with their times.

import { Random } from '../../src/base/index.js'
import {
  EXIT_BUDGET,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  EXIT_YIELD,
  type JitOption,
  LINE_NMI,
  STATE_OFFSETS,
} from '../../src/cpu/index.js'
import { Board } from './jit-board.js'
import { RAM_BYTES } from './jit-places.js'
import type { Program } from './jit-program.js'
import { type Add, compareSaved, equal, hexOf, readSaved, type SavedState } from './jit-saved.js'

export interface Slice {
  readonly cpu: number
  readonly budget: number
  /** The interrupt line is raised before it. */
  readonly interrupt: boolean
  /** The host forgets the dirty pages before it. */
  readonly clean: boolean
}

export interface Plan {
  readonly slices: readonly Slice[]
  /** Seed of the second run's cuts; 0 leaves it uncut. */
  readonly cutSeed: number
  readonly meanPiece: number
  /** Save and load between pieces, one in so many; 0 never. */
  readonly saves: number
  /** Switch the compiler between pieces, one in so many; 0 never. */
  readonly switches: number
  readonly jit: JitOption
}

export interface Case {
  readonly program: Program
  readonly plan: Plan
}

/** An executor that is wrong on purpose: called after each instruction of the second run with where it began and its bytes. */
export type Mutant = (board: Board, cpu: number, rip: bigint, bytes: Uint8Array) => void

export interface Executors {
  readonly reference: WebAssembly.Module
  readonly other: WebAssembly.Module
  /** The second run is interpreted too. */
  readonly interpretOnly?: boolean
  readonly mutant?: Mutant
}

export interface Difference {
  /** Number of the slice after which it showed, and instructions retired until then. */
  readonly slice: number
  readonly instructions: number
  /** What differs: name, value of the first run, value of the second. */
  readonly items: readonly { readonly name: string; readonly first: string; readonly second: string }[]
}

export interface Outcome {
  readonly instructions: number
  readonly exits: readonly number[]
  readonly calls: number
  readonly vectors: ReadonlySet<number>
  /** Regions that the second run compiled. */
  readonly regions: number
  readonly difference: Difference | undefined
}

export function makePlan(seed: number, vcpus: number, instructions: number): Plan {
  const random = new Random(seed).fork('plan')
  const slices: Slice[] = []
  const mean = [20, 300, 2000, 8000][random.below(4)] as number
  const interrupts = random.below(3) === 0
  for (let total = 0; total < instructions; ) {
    const budget = 1 + random.below(2 * mean - 1)
    const interrupt = interrupts && random.below(3) === 0
    slices.push({ cpu: random.below(vcpus), budget, interrupt, clean: random.below(8) === 0 })
    total += budget
  }
  return {
    slices,
    cutSeed: random.below(6) === 0 ? 0 : 1 + random.below(0x7fff_ffff),
    meanPiece: [3, 30, 300, 3000][random.below(4)] as number,
    saves: random.below(3) === 0 ? 40 : 0,
    jit: { threshold: [1, 4, 15, 50][random.below(4)] as number },
    switches: random.below(3) === 0 ? ([4, 20, 100][random.below(3)] as number) : 0,
  }
}

/** Off one time in four. */
function anyJit(random: Random): JitOption {
  const threshold = [0, 1, 4, 15][random.below(4)] as number
  return threshold === 0 ? 'off' : { threshold }
}

/** Runs a slice in one piece, or in pieces by chance. `stopped`: where the first run returned early. */
function runSlice(
  board: Board,
  { cpu, budget }: Slice,
  cuts: Random | undefined,
  plan: Plan,
  stopped: number,
  mutant: Mutant | undefined,
): { retired: number; exit: number } {
  const { core } = board
  let retired = 0
  let exit = EXIT_BUDGET
  while (retired < budget) {
    let piece = budget - retired
    if (mutant !== undefined) piece = 1
    else if (cuts !== undefined) {
      piece = Math.min(piece, 1 + cuts.below(2 * plan.meanPiece - 1))
      // A request to yield that coincides with the end of the budget is lost by design: the two are one reason to return.
      if (retired + piece === stopped) piece++
      if (plan.saves > 0 && cuts.below(plan.saves) === 0) core.load(core.save())
      if (plan.switches > 0 && cuts.below(plan.switches) === 0) core.setJit(anyJit(cuts))
      if (cuts.below(16) === 0) core.exports.synchronize(cpu)
    }
    core.exports.setTime(board.time)
    const before = mutant === undefined ? undefined : codeAt(board, cpu)
    exit = core.run(cpu, piece)
    const count = core.exports.retired()
    retired += count
    board.time += count
    if (before !== undefined && count > 0) mutant?.(board, cpu, before.rip, before.bytes)
    if (exit !== EXIT_BUDGET) break
  }
  return { retired, exit }
}

/** The bytes at RIP, as far as they are in RAM. */
export function codeAt(board: Board, cpu: number): { rip: bigint; bytes: Uint8Array } {
  const { core } = board
  const rip = core.state(cpu).getBigUint64(STATE_OFFSETS.rip, true)
  const physical = core.exports.translate(cpu, Number(rip & 0xffff_ffffn) | 0, Number(rip >> 32n) | 0)
  if (physical < 0 || physical >= RAM_BYTES) return { rip, bytes: new Uint8Array(0) }
  const bytes = core.readRam(physical, Math.min(15, 0x1000 - (physical & 0xfff)))
  if (bytes.length === 15) return { rip, bytes }
  const next = BigInt.asUintN(64, rip + BigInt(bytes.length))
  const second = core.exports.translate(cpu, Number(next & 0xffff_ffffn) | 0, Number(next >> 32n) | 0)
  if (second < 0 || second >= RAM_BYTES) return { rip, bytes }
  return { rip, bytes: Uint8Array.from([...bytes, ...core.readRam(second, 15 - bytes.length)]) }
}

/** A board, and what it needs between slices. */
class Side {
  readonly board: Board
  readonly dead = new Set<number>()
  private readonly halted = new Set<number>()

  constructor(program: Program, wasm: WebAssembly.Module, jit: JitOption) {
    this.board = new Board(program, { wasm, jit })
  }

  run(slice: Slice, cuts: Random | undefined, plan: Plan, stopped: number, mutant: Mutant | undefined) {
    const { board } = this
    if (slice.clean) board.core.exports.clearDirty()
    if (slice.interrupt) board.raise(slice.cpu)
    if (this.halted.delete(slice.cpu)) board.core.exports.setLine(slice.cpu, LINE_NMI, 1)
    const result = runSlice(board, slice, cuts, plan, stopped, mutant)
    if (result.exit === EXIT_HALT) this.halted.add(slice.cpu)
    if (result.exit === EXIT_SHUTDOWN) this.dead.add(slice.cpu)
    return result
  }

  state(vcpus: number): SavedState {
    const { core } = this.board
    for (let cpu = 0; cpu < vcpus; cpu++) core.exports.synchronize(cpu)
    return readSaved(core.save(), vcpus)
  }

  dirty(): Uint32Array {
    return this.board.core.dirtyPages().slice().sort()
  }
}

/** What it returns or throws: an executor that breaks is one that differs. */
function attempt<T>(what: () => T): T | Error {
  try {
    return what()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Runs both to the end of the plan, or to the first difference. */
export function runBoth({ program, plan }: Case, executors: Executors): Outcome {
  const first = new Side(program, executors.reference, 'off')
  const second = new Side(program, executors.other, executors.interpretOnly === true ? 'off' : plan.jit)
  const cuts = plan.cutSeed === 0 ? undefined : new Random(plan.cutSeed)
  const exits: number[] = []
  const outcome = (difference?: Difference): Outcome => ({
    instructions: first.board.time,
    exits,
    calls: first.board.log.length,
    vectors: first.board.vectors,
    regions: second.board.core.compilerStatistics.regions,
    difference,
  })
  let since = 0
  for (const [number, slice] of plan.slices.entries()) {
    if (slice.cpu >= program.vcpus || first.dead.has(slice.cpu)) continue
    const a = first.run(slice, undefined, plan, -1, undefined)
    const stopped = a.exit === EXIT_YIELD ? a.retired : -1
    const b = attempt(() => second.run(slice, cuts, plan, stopped, executors.mutant))
    if (b instanceof Error) {
      const items = [{ name: 'the second run', first: 'goes on', second: `throws ${b.message}` }]
      return outcome({ slice: number, instructions: first.board.time, items })
    }
    exits.push(a.exit)
    // Short slices are compared together: a comparison costs as much as some thousand instructions.
    since += a.retired
    const due = since >= 1000 || number === plan.slices.length - 1
    if (due) since = 0
    const items = due ? compare(first, second, program.vcpus) : []
    if (a.retired !== b.retired) items.push({ name: 'retired', first: `${a.retired}`, second: `${b.retired}` })
    if (a.exit !== b.exit) items.push({ name: 'reason to return', first: `${a.exit}`, second: `${b.exit}` })
    if (items.length > 0) return outcome({ slice: number, instructions: first.board.time, items })
  }
  return outcome()
}

function compare(first: Side, second: Side, vcpus: number): { name: string; first: string; second: string }[] {
  const items: { name: string; first: string; second: string }[] = []
  const add = (name: string, a: unknown, b: unknown) => items.push({ name, first: `${a}`, second: `${b}` })
  compareSaved(first.state(vcpus), second.state(vcpus), add)
  if (!equal(first.board.core.ram, second.board.core.ram)) compareRam(first.board.core.ram, second.board.core.ram, add)
  const pages = [first.dirty(), second.dirty()].map((list) => Array.from(list, (page) => page.toString(16)).join(' '))
  if (pages[0] !== pages[1]) add('dirty pages', pages[0], pages[1])
  const logA = first.board.log
  const logB = second.board.log
  if (logA.length !== logB.length) add('numbers written down of calls', logA.length, logB.length)
  const at = logA.findIndex((value, i) => value !== logB[i])
  if (at >= 0) add(`call near ${at}`, logA.slice(Math.max(0, at - 6), at + 6), logB.slice(Math.max(0, at - 6), at + 6))
  return items
}

function compareRam(a: Uint8Array, b: Uint8Array, add: Add): void {
  let shown = 0
  for (let page = 0; page < RAM_BYTES; page += 0x1000) {
    if (equal(a.subarray(page, page + 0x1000), b.subarray(page, page + 0x1000))) continue
    for (let at = page; at < page + 0x1000; at += 8) {
      const one = hexOf(a, at, 8)
      const other = hexOf(b, at, 8)
      if (one === other) continue
      add(`memory at ${at.toString(16)}`, one, other)
      if (++shown === 8) return
    }
  }
}

/** The instructions of the first run, the last `count` of them up to `instructions`, with what stood at RIP. */
export function trace({ program, plan }: Case, reference: WebAssembly.Module, instructions: number, count: number) {
  const side = new Side(program, reference, 'off')
  const steps: { cpu: number; rip: bigint; bytes: Uint8Array }[] = []
  for (const slice of cutTo(plan.slices, instructions)) {
    if (slice.cpu >= program.vcpus || side.dead.has(slice.cpu)) continue
    side.run(slice, undefined, plan, -1, (_board, cpu, rip, bytes) => {
      steps.push({ cpu, rip, bytes })
      if (steps.length > count) steps.shift()
    })
  }
  return steps
}

/** The slices up to a number of instructions. */
export function cutTo(slices: readonly Slice[], instructions: number): Slice[] {
  const kept: Slice[] = []
  let left = instructions
  for (const slice of slices) {
    if (left <= 0) break
    kept.push({ ...slice, budget: Math.min(slice.budget, left) })
    left -= slice.budget
  }
  return kept
}
