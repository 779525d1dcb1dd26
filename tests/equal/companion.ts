// The companion of a core in a comparing test run (TRANSPLANT_JIT=compare). It lets a second core, the replica, do everything that the
// first one does: same calls, same writes of the host, same runs, same answers of the outside. One of the two interprets, the other
// one runs compiled code. What the test sees is the first one alone.
//
// 1. After each run the two have retired the same number of instructions, returned for the same reason, and made the same calls with the
//    same numbers at the same instructions: so devices, schedule and time follow.
// 2. At each checkpoint everything that a state hash covers is the same, byte for byte, and more: the pages stored to since the last
//    one, the list of those pages, and the whole saved state of all vCPUs with their second-level TLBs and the code-write log.
//    A checkpoint is where a run of a machine ends, where a bare core's run ends, and within long runs after EVERY instructions.
// 3. The replica's runs are cut at random places, and its compiler is switched off, on and to other thresholds there.
// 4. A host that writes RAM says so (`ramChanged`). Writes into the state area are found by comparing it with what the last run left.
//
// A run that ends with an exception of the host (a device that throws) leaves the first core in the middle of an instruction. The replica then
// starts again from there, which is counted (`restarts`).

import { PAGE_SIZE, type Random } from '../../src/base/index.js'
import {
  type CoreCompanion,
  type CoreExports,
  type CoreImports,
  type CpuCore,
  type JitOption,
  noDevices,
} from '../../src/cpu/index.js'
import { DERIVED_OFFSET, FX_END, FX_OFFSET } from '../../src/cpu/numbers/sizes.js'
import { PageImage } from '../../src/machine/page-image.js'
import { type Add, compareSaved, equal, hexOf, readSaved } from '../property/jit-saved.js'
import { History, type Station } from './history.js'
import { type Call, changesOf, copyOf, type Executors, FORWARDED, type Operation, type Run } from './operations.js'
import { Replica } from './replica.js'

const EVERY = 100_000
/** The parts of the state area that are the vCPU's and not derived (core/execute/save.ts). */
const STATE_RANGES = [
  [0, DERIVED_OFFSET],
  [FX_OFFSET, FX_END],
] as const
const STATE_END = FX_END
const LISTED = 12
/** Instructions after which a core's life is no short one. */
const LONG = 1_000_000

export interface Totals {
  cores: number
  instructions: number
  runs: number
  checkpoints: number
  cuts: number
  switches: number
  regions: number
  restarts: number
}

export interface Difference {
  /** The modules of the first core and of the replica. */
  readonly modules: { readonly first: WebAssembly.Module; readonly second: WebAssembly.Module }
  readonly vcpus: number
  readonly ramBytes: number
  /** What differs: name, value of the first core, value of the replica. */
  readonly items: readonly string[]
  readonly from: number
  readonly to: number
  readonly history: History
  /** How they executed in the end. */
  readonly jit: Executors
}

/** What a comparing test run hears and says; one for all cores of a test file. */
export interface Comparison {
  readonly random: Random
  readonly totals: Totals
  /** A machine is running: checkpoints are for it to say. */
  readonly inMachine: () => boolean
  readonly due: Set<Companion>
  readonly found: (difference: Difference) => void
  /** Another module for all replicas, to see whether its differences are found. */
  readonly other?: WebAssembly.Module | undefined
}

export class Companion implements CoreCompanion {
  readonly imports: CoreImports
  private readonly comparison: Comparison
  private readonly modules: Difference['modules']
  private readonly outside: CoreImports
  private readonly vcpus: number
  private readonly ramBytes: number
  private readonly random: Random
  private core!: CpuCore
  private own!: CoreExports
  private replica!: Replica
  private history!: History
  private jit: Executors = { first: 'off', second: 'off' }
  private parted = false
  private time = 0
  private instructions = 0
  private since = 0
  private retired = 0
  private untilCut: number
  private untilSwitch: number
  private regionsBefore = 0
  private running: Run | undefined
  private calling: Call | undefined
  private pendingRom: { readonly address: number; readonly length: number; readonly pointer: number } | undefined
  /** Each vCPU's state area as the last operation left it. */
  private readonly known: Uint8Array[] = []
  /** Pages stored to since the last checkpoint, and those that the host has not yet been shown and forgotten. */
  private readonly fresh = new Set<number>()
  private readonly unforgotten = new Set<number>()

  constructor(
    comparison: Comparison,
    module: WebAssembly.Module,
    outside: CoreImports,
    vcpus: number,
    ramBytes: number,
  ) {
    this.comparison = comparison
    this.modules = { first: module, second: comparison.other ?? module }
    this.outside = outside
    this.vcpus = vcpus
    this.ramBytes = ramBytes
    this.random = comparison.random.fork(`core ${comparison.totals.cores++}`)
    this.untilCut = this.random.below(1000)
    this.untilSwitch = this.random.below(LONG / 4)
    const names = Object.keys(noDevices()) as (keyof CoreImports)[]
    const entries = names.map((name) => [name, (...args: number[]) => this.called(name, args)])
    this.imports = Object.fromEntries(entries) as CoreImports
  }

  join(core: CpuCore, own: CoreExports): CoreExports {
    this.core = core
    this.own = own
    this.replica = new Replica(this.modules.second, this.vcpus, this.ramBytes, 'off')
    for (let cpu = 0; cpu < this.vcpus; cpu++) this.look(cpu)
    this.history = new History(this.station(PageImage.zeros(this.ramBytes / PAGE_SIZE)))
    const forwarded = FORWARDED.map((name) => [name, (...args: number[]) => this.forward(name, args)])
    return {
      ...own,
      ...(Object.fromEntries(forwarded) as Pick<CoreExports, (typeof FORWARDED)[number]>),
      run: (cpu, budget) => this.run(cpu, budget),
      retired: () => this.retired,
      ramChanged: (address, length) => this.ramChanged(address, length),
      mapRom: (address, length) => this.mapRom(address, length),
      loadCore: (length) => this.load(length),
      clearDirty: () => this.clearDirty(),
      dirtyPageList: () => own.dirtyPageList(),
      dirtyPageCount: () => this.listDirty(),
    }
  }

  /** The other executor for the replica. */
  jitChanged(jit: JitOption): void {
    this.jit = { first: jit, second: jit === 'off' ? this.someJit() : 'off' }
    this.replica.core.setJit(this.jit.second)
    this.note({ kind: 'jit', jit: this.jit })
  }

  /** Short lives compile at once; in long ones that costs more than it tells, and so does beginning afresh often. */
  private someJit(): JitOption {
    const long = this.instructions > LONG
    const choice = this.random.below(8)
    if (choice === 0) return 'off'
    return { threshold: (long ? [2, 20, 50, 50, 200, 200, 1000] : [1, 1, 1, 2, 3, 8, 50])[choice - 1] as number }
  }

  // What the host does ///////////////////////////////////////////////////////////////////////////////////////////////

  private forward(name: (typeof FORWARDED)[number], args: readonly number[]): void {
    if (name === 'setTime') this.time = args[0] as number
    else this.prepare()
    ;(this.own[name] as (...args: readonly number[]) => void)(...args)
    this.note({ kind: 'export', name, args })
    if (name !== 'setTime') this.settle()
  }

  private ramChanged(address: number, length: number): void {
    this.prepare()
    this.own.ramChanged(address, length)
    this.note({ kind: 'ram', address, length, pieces: copyOf(this.core.ram, address, length) })
  }

  private mapRom(address: number, length: number): number {
    this.prepare()
    const pointer = this.own.mapRom(address, length) >>> 0
    // Its bytes come when this has returned.
    if (pointer !== 0) this.pendingRom = { address, length, pointer }
    return pointer
  }

  private load(length: number): number {
    this.prepare()
    const saved = this.memory.slice(this.own.savePointer() >>> 0, (this.own.savePointer() >>> 0) + length)
    const answer = this.own.loadCore(length)
    if (answer === 0) this.note({ kind: 'load', saved })
    this.settle()
    return answer
  }

  /** Before anything else happens: what the host wrote without a word. A machine that runs does not. */
  private prepare(): void {
    if (this.running !== undefined) return
    if (this.pendingRom !== undefined) {
      const { address, length, pointer } = this.pendingRom
      this.pendingRom = undefined
      this.note({ kind: 'rom', address, bytes: this.memory.slice(pointer, pointer + length) })
    }
    if (this.comparison.inMachine()) return
    for (let cpu = 0; cpu < this.vcpus; cpu++) {
      const edits = changesOf(this.known[cpu] as Uint8Array, this.stateOf(this.core, cpu), STATE_RANGES)
      if (edits.length === 0) continue
      this.note({ kind: 'state', cpu, edits })
      this.look(cpu)
    }
  }

  private note(operation: Operation): void {
    if (this.parted) return
    if (this.calling !== undefined) {
      this.calling.operations.push(operation)
      return
    }
    this.history.note(operation)
    this.replica.perform(operation)
  }

  private get memory(): Uint8Array {
    return new Uint8Array(this.core.ram.buffer)
  }

  private stateOf(core: CpuCore, cpu: number): Uint8Array {
    const { buffer, byteOffset } = core.state(cpu)
    return new Uint8Array(buffer, byteOffset, STATE_END)
  }

  /** After an operation: how it left the vCPUs, or, as long as a machine runs, that this is to be seen at its end. */
  private settle(): void {
    if (this.running !== undefined) return
    if (this.comparison.inMachine()) this.comparison.due.add(this)
    else this.lookAll()
  }

  private look(cpu: number): void {
    this.known[cpu] = this.stateOf(this.core, cpu).slice()
  }

  private lookAll(): void {
    for (let cpu = 0; cpu < this.vcpus; cpu++) this.look(cpu)
  }

  // Runs /////////////////////////////////////////////////////////////////////////////////////////////////////////////

  private called(name: keyof CoreImports, args: readonly number[]): number {
    const answer = () => ((this.outside[name] as (...args: readonly number[]) => number | undefined)(...args) ?? 0) | 0
    if (this.running === undefined) return answer()
    const call: Call = { name, args, retired: this.own.retiredNow(), operations: [], answer: 0 }
    this.running.calls.push(call)
    const outer = this.calling
    this.calling = call
    try {
      call.answer = answer()
    } finally {
      this.calling = outer
    }
    return call.answer
  }

  private run(cpu: number, budget: number): number {
    this.prepare()
    const run: Run = { kind: 'run', cpu, budget, time: this.time, calls: [], cuts: [], retired: 0, exit: 0 }
    this.running = run
    let completed = false
    try {
      run.exit = this.own.run(cpu, budget)
      completed = true
    } finally {
      this.running = undefined
      this.calling = undefined
      run.retired = this.own.retired()
      this.retired = run.retired
      this.instructions += run.retired
      if (!completed) this.restart()
    }
    if (!this.parted) this.follow(run)
    return run.exit
  }

  private follow(run: Run): void {
    const { totals } = this.comparison
    this.history.note(run)
    const items: string[] = []
    try {
      this.repeat(run)
    } catch (error) {
      items.push(`the other executor throws ${error}`)
    }
    totals.runs++
    totals.instructions += run.retired
    this.since += run.retired
    if (this.replica.strayed !== undefined) items.push(this.replica.strayed)
    if (items.length > 0) this.part(items)
    else if (!this.comparison.inMachine() || this.since >= EVERY) this.checkpoint()
    if (this.comparison.inMachine()) this.comparison.due.add(this)
  }

  /** The replica's turn, in pieces by chance. */
  private repeat(run: Run): void {
    let done = 0
    let calls = 0
    for (;;) {
      if (this.untilCut <= 0) {
        this.untilCut = 1 + this.random.below(2 * ([100, 3000, 30_000, 100_000][this.random.below(4)] as number))
        const jit = this.untilSwitch <= 0 && this.jit.first === 'off' ? this.someJit() : undefined
        if (jit !== undefined) {
          this.replica.core.setJit(jit)
          this.jit = { ...this.jit, second: jit }
          this.comparison.totals.switches++
          this.untilSwitch = this.random.below(LONG / 4 + this.instructions)
        }
        run.cuts.push({ at: done, jit })
        this.comparison.totals.cuts++
      }
      const piece = this.replica.runPiece(run, done, calls, Math.min(run.budget - done, this.untilCut))
      done += piece.retired
      calls = piece.calls
      this.untilCut -= piece.retired
      this.untilSwitch -= piece.retired
      if (piece.exit !== 0 || done >= run.budget || this.replica.strayed !== undefined) {
        this.replica.finish(run, done, piece.exit, calls)
        return
      }
    }
  }

  /** The replica begins again where the first core is. */
  private restart(): void {
    if (this.parted) return
    this.comparison.totals.restarts++
    this.regionsBefore = 0
    this.drain(false)
    this.history.restart(this.station(this.captured()))
    this.replica = new Replica(this.modules.second, this.vcpus, this.ramBytes, this.jit.second)
    for (const operation of this.history.recall().settings.all) this.replica.perform(operation)
    this.replica.perform({
      kind: 'ram',
      address: 0,
      length: this.ramBytes,
      pieces: copyOf(this.core.ram, 0, this.ramBytes),
    })
    this.replica.core.load(this.savedNow())
    this.replica.core.exports.clearDirty()
    this.lookAll()
  }

  // Checkpoints //////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Everything is compared, unless the two have parted. */
  checkpoint(): void {
    this.comparison.due.delete(this)
    for (let cpu = 0; cpu < this.vcpus; cpu++) {
      this.own.synchronize(cpu)
      this.replica.core.exports.synchronize(cpu)
      this.look(cpu)
    }
    if (this.parted) return
    this.since = 0
    const items: string[] = []
    const add: Add = (name, first, second) => {
      if (items.length < LISTED) items.push(`${name}  ${first}  ${second}`)
    }
    this.drain(true, add)
    compareSaved(readSaved(this.savedNow(), this.vcpus), readSaved(this.replica.core.save(), this.vcpus), add)
    const [first, second] = [this.core.ram, this.replica.core.ram]
    for (const page of this.fresh) {
      const [from, to] = [page * PAGE_SIZE, (page + 1) * PAGE_SIZE]
      if (equal(first.subarray(from, to), second.subarray(from, to))) continue
      let at = from
      while (first[at] === second[at]) at++
      add(`memory at ${at.toString(16)}`, hexOf(first, at & ~7, 8), hexOf(second, at & ~7, 8))
    }
    if (items.length > 0) {
      this.part(items)
      return
    }
    this.comparison.totals.checkpoints++
    const { regions } = this.replica.core.compilerStatistics
    this.comparison.totals.regions += regions - this.regionsBefore
    this.regionsBefore = regions
    this.history.checkpoint(this.station(this.captured()))
  }

  private station(image: PageImage): Station {
    return { image, saved: this.savedNow(), instructions: this.instructions, jit: this.jit }
  }

  private savedNow(): Uint8Array {
    const length = this.own.saveCore() >>> 0
    const pointer = this.own.savePointer() >>> 0
    return this.memory.slice(pointer, pointer + length)
  }

  /** RAM as it is, sharing all pages that were not stored to with the last checkpoint. */
  private captured(): PageImage {
    const pages = [...this.fresh]
    this.fresh.clear()
    const { ram } = this.core
    return this.history.last.image.with(pages, (page) => {
      const [piece] = copyOf(ram, page * PAGE_SIZE, PAGE_SIZE)
      return piece?.bytes ?? 'zero'
    })
  }

  private part(items: readonly string[]): void {
    this.parted = true
    this.comparison.due.delete(this)
    const { modules, vcpus, ramBytes, history } = this
    const from = history.last.instructions
    this.comparison.found({ modules, vcpus, ramBytes, items, from, to: this.instructions, history, jit: this.jit })
  }

  // Dirty pages: the lists of both cores are emptied here; the host is shown what it has not cleared itself /////////////

  private drain(comparing: boolean, add?: Add): void {
    const list = (exports: CoreExports, core: CpuCore) =>
      new Uint32Array(core.ram.buffer, exports.dirtyPageList() >>> 0, exports.dirtyPageCount() >>> 0).slice().sort()
    const mine = list(this.own, this.core)
    const theirs = list(this.replica.core.exports, this.replica.core)
    for (const page of [...mine, ...theirs]) this.fresh.add(page)
    for (const page of mine) this.unforgotten.add(page)
    this.own.clearDirty()
    this.replica.core.exports.clearDirty()
    if (comparing && !this.parted && mine.join() !== theirs.join())
      add?.('dirty pages', mine.join(' '), theirs.join(' '))
  }

  private clearDirty(): void {
    const items: string[] = []
    this.drain(true, (name, first, second) => items.push(`${name}  ${first}  ${second}`))
    this.unforgotten.clear()
    if (items.length > 0) this.part(items)
  }

  /** Puts what was taken from the list behind what is on it. */
  private listDirty(): number {
    const count = this.own.dirtyPageCount() >>> 0
    const pointer = this.own.dirtyPageList() >>> 0
    const listed = new Set(new Uint32Array(this.core.ram.buffer, pointer, count))
    const more = [...this.unforgotten].filter((page) => !listed.has(page))
    new Uint32Array(this.core.ram.buffer, pointer + 4 * count, more.length).set(more)
    return count + more.length
  }
}
