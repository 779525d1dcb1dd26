// Time travel: a machine that can be moved to any earlier instant of its run.
//
//   const timeline = new Timeline(machine)
//   timeline.run({ until: ({ bytes }) => sees('Oops', bytes) })
//   timeline.runBack(parse.address)        // the last time it was called
//   timeline.stepBack(1)                   // one instruction earlier
//
// The machine is deterministic: an instant is reached by going to the checkpoint before it (checkpoints.ts) and running on from there, each
// input given again at its position.
// Bound: going to an instant n before the end of the run executes at most max(interval, n / resolution) of machine time
// (`bound`), besides the restore, which costs the pages that differ. It does not depend on how long the run was. runBack looks through the
// run from here backwards, each instruction once, and then goes to what it found.
// Rules: 1. run the machine by `timeline.run` and `timeline.step`; type at it as always. 2. Behind the end of what was run, `run` repeats
// what happened, inputs included. Input of another kind than recorded begins another future there: the old one is forgotten.
// 3. While the timeline moves the machine its listeners hear again what they heard before: `moving` tells. 4. Writes by
// hand, reseeding and restores are not recorded; they end what the timeline knows.

import { requireKind, requireWhole, type VirtAddr } from '../base/index.js'
import {
  type Checkpoint,
  type CheckpointLimits,
  Checkpoints,
  comparePositions,
  type Position,
  requirePosition,
} from './checkpoints.js'
import type { RunLimit, StopReason } from './guest-port.js'
import type { Input, Machine } from './machine.js'
import type { MachineView } from './machine-view.js'
import { footprint } from './snapshot.js'
import type { Watched } from './watchpoints.js'

/** What a way back ends at: places that a vCPU is about to execute, and accesses to memory. */
export interface Stops {
  readonly places: readonly VirtAddr[]
  readonly watched: readonly Watched[]
}

const NOTHING: Stops = { places: [], watched: [] }

/** Stops, or a condition. */
type Wanted = Stops | ((machine: MachineView) => boolean)

/** An instant; `arrives`: a vCPU may have to take an interrupt before it is about to execute at the place. */
interface Found extends Position {
  readonly arrives: boolean
  /** The vCPU that was about to; undefined where a condition held. */
  readonly cpu: number | undefined
}

/** What does not end the run of a machine. */
const PASSING: ReadonlySet<StopReason['reason']> = new Set(['limit', 'breakpoint', 'watchpoint', 'stop-request'])

/** To an instant so near no checkpoint is left on the way. */
const NEAR = 256

/** Goes to any earlier instant of a run. */
export class Timeline {
  readonly machine: Machine
  private readonly checkpoints: Checkpoints
  private readonly subscription: { dispose(): void }
  private inputs: Input[] = []
  /** Inputs given up to the present instant; those behind it are still to come. */
  private given = 0
  /** Checkpoints left on the way to the present instant, each nearer than the one before: for the next step back. */
  private near: Checkpoint[] = []
  private furthest: Position
  private isMoving = false

  /** Remembers the run from this instant on. Throws BAD_ARGUMENT for what is no machine or no limit. */
  constructor(machine: Machine, limits: CheckpointLimits = {}) {
    requireKind('machine', machine, 'object')
    requireKind('machine.run', machine.run, 'function')
    requireKind('limits', limits, 'object')
    this.machine = machine
    this.checkpoints = new Checkpoints(limits)
    this.subscription = machine.onInput((input) => this.note(input))
    this.furthest = this.position
    this.checkpoint()
  }

  /** Stops recording; the machine stays where it is. */
  dispose(): void {
    this.subscription.dispose()
  }

  get position(): Position {
    return { time: this.machine.now, slices: this.machine.statistics.slices, inputs: this.given }
  }

  /** The end of the run so far. */
  get end(): Position {
    return this.furthest
  }

  /** The machine is being moved: what its listeners hear is a repetition. */
  get moving(): boolean {
    return this.isMoving
  }

  /** At most this much machine time is executed to get to `time`. */
  bound(time: number): number {
    return this.checkpoints.bound(time)
  }

  /** Instants that are kept, of the run so far. */
  get checkpointCount(): number {
    return this.checkpoints.all.length
  }

  /** What they take in memory. */
  get bytes(): number {
    return footprint([...this.checkpoints.all, ...this.near].map((one) => one.snapshot)).bytes
  }

  private note(input: Input): void {
    if (this.isMoving) return
    if (this.given < this.inputs.length || comparePositions(this.position, this.furthest) < 0) {
      this.inputs.length = this.given
      this.checkpoints.dropAfter(this.position)
      this.near = this.near.filter((one) => comparePositions(one.position, this.position) <= 0)
      this.furthest = this.position
    }
    this.inputs.push(input)
    this.given++
  }

  /** The run has got to here, if it was never further. */
  private extend(): void {
    if (comparePositions(this.position, this.furthest) > 0) this.furthest = this.position
  }

  /** When the next checkpoint is to be taken. */
  private get due(): number {
    return (this.checkpoints.newest?.position.time ?? 0) + this.checkpoints.interval
  }

  private checkpoint(): void {
    const before = this.machine.pagesCopied.captured
    const here = this.here()
    this.checkpoints.add(here, this.machine.pagesCopied.captured - before)
  }

  private here(): Checkpoint {
    const { position, machine } = this
    return { position, instructions: machine.statistics.instructions, snapshot: machine.snapshot() }
  }

  // Forward /////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Runs on as `Machine.run` does, with checkpoints on the way. Throws what `Machine.run` throws. */
  run(limit: Omit<RunLimit, 'onProgress'> = {}): StopReason {
    const { machine } = this
    const end = limit.instructions === undefined ? Number.POSITIVE_INFINITY : machine.now + limit.instructions
    for (;;) {
      if (machine.now >= this.due) this.checkpoint()
      const ahead = this.inputs[this.given]
      const goal = Math.min(end, ahead?.time ?? end, this.due)
      const stop = machine.run({ ...limit, instructions: goal - machine.now })
      if (ahead !== undefined && stop.reason === 'limit' && machine.now === ahead.time && machine.now < end) {
        this.moved(() => this.give(ahead))
      }
      this.extend()
      if (stop.reason !== 'limit' || machine.now >= end) return stop
    }
  }

  /**
   * Steps one vCPU, by single instructions, so that every instant between can be gone back to. Throws RUN_LIMIT for a number that is none,
   * and what `Machine.step` throws.
   */
  step(cpu: number, instructions = 1): StopReason {
    requireWhole('instructions', instructions, 0, Number.MAX_SAFE_INTEGER, 'RUN_LIMIT')
    let stop: StopReason = { reason: 'step', cpu }
    for (let i = 0; i < instructions && stop.reason === 'step'; i++) stop = this.machine.step(cpu)
    this.extend()
    return stop
  }

  // Back ////////////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * To an instant of the run so far; `target`: a position seen before, or a virtual time in instructions, which means its first instant, before any input given
   * then. Instants before the first checkpoint and after the end are not to be had: the nearest is gone to. Throws BAD_ARGUMENT for what
   * is no instant.
   */
  goTo(target: number | Position): void {
    if (typeof target === 'number') {
      requireWhole('time', target)
      const time = Math.min(target, this.furthest.time)
      const inputs = this.inputs.findIndex((input) => input.time >= time)
      this.goTo({ time, slices: 0, inputs: inputs < 0 ? this.inputs.length : inputs })
      return
    }
    requirePosition(target)
    this.moved(() => {
      const { time, inputs } = target
      this.restore((one) => comparePositions(one.position, target) <= 0)
      this.approach(() => time - this.machine.now)
      while (this.given < inputs) this.give(this.inputs[this.given] as Input)
      this.advance(time, target.slices)
    })
  }

  /**
   * To the instant `instructions` earlier, counted over all vCPUs: time that was skipped does not count. Throws BAD_ARGUMENT for a number
   * that is none.
   */
  stepBack(instructions = 1): void {
    requireWhole('instructions', instructions)
    const wanted = this.machine.statistics.instructions - instructions
    this.moved(() => {
      const distance = (): number => wanted - this.machine.statistics.instructions
      this.restore((one) => one.instructions < wanted)
      this.approach(distance)
      for (;;) {
        const left = distance()
        if (left <= 0) return
        const ahead = this.inputs[this.given]
        const goal = this.machine.now + left
        if (ahead !== undefined && ahead.time < goal) this.give(ahead)
        else if (!this.advance(goal, 0)) return
      }
    })
  }

  /**
   * To before the last instruction that one vCPU retired, whatever the others did since. False: the beginning came first. Throws
   * BAD_ARGUMENT for a vCPU that is not there.
   */
  stepBackOn(cpu: number): boolean {
    requireWhole('cpu', cpu, 0, this.machine.vcpus - 1)
    const retired = (): number => this.machine.statistics.retired[cpu] as number
    const before = retired()
    while (retired() === before) {
      const { instructions } = this.machine.statistics
      this.stepBack(1)
      if (this.machine.statistics.instructions === instructions) return false
    }
    return true
  }

  /**
   * To the last instant before this one at which a vCPU was about to execute at `where`, or about to do what `where` stops at, or at which
   * `where` held, which is asked at every instruction and so is slow. Gives that vCPU, `cpu: undefined` after a condition. Undefined, and
   * where it was, if there is no such instant. Throws BAD_ARGUMENT for what is none of these.
   */
  runBack(where: VirtAddr | Wanted): { readonly cpu: number | undefined } | undefined {
    if (typeof where !== 'bigint' && typeof where !== 'function') requireKind('where', where, 'object')
    const here = this.position
    const wanted: Wanted = typeof where === 'bigint' ? { places: [where], watched: [] } : where
    const found = this.lastBefore(here, wanted)
    this.goTo(found ?? here)
    // A vCPU that first takes an interrupt gets there without retiring anything. The breakpoint is set only now: one that had stopped the
    // machine here on its way would be passed.
    if (found?.arrives === true && typeof wanted !== 'function' && !this.anyStands(wanted)) {
      this.moved(() => this.machine.run({ instructions: 1 }), { ...wanted, watched: [] })
    }
    return found && { cpu: found.cpu }
  }

  private stands({ places }: Stops, cpu: number): boolean {
    return places.includes(this.machine.registers(cpu).rip)
  }

  private anyStands(stops: Stops): boolean {
    return Array.from({ length: this.machine.vcpus }, (_, cpu) => cpu).some((cpu) => this.stands(stops, cpu))
  }

  /** The last instant before `here` at which `wanted` holds: through the run backwards, from checkpoint to checkpoint. */
  private lastBefore(here: Position, wanted: Wanted): Found | undefined {
    let limit = here
    for (;;) {
      const from = this.checkpoints.lastWhere((one) => one.position.time < limit.time)
      const found =
        typeof wanted === 'function' ? this.lastHeld(from, limit, wanted) : this.lastStop(from, limit, wanted)
      if (found !== undefined || from === this.checkpoints.all[0]) return found
      limit = from.position
    }
  }

  /** The last instant in [from, limit) at which the condition holds. */
  private lastHeld(from: Checkpoint, limit: Position, holds: (machine: MachineView) => boolean): Found | undefined {
    const { machine } = this
    let last: Found | undefined
    this.moved(() => {
      this.restore((one) => comparePositions(one.position, from.position) <= 0)
      while (machine.now < limit.time) {
        const ahead = this.inputs[this.given]
        if (ahead !== undefined && ahead.time === machine.now) this.give(ahead)
        else {
          if (holds(machine)) last = { ...this.position, slices: 0, arrives: false, cpu: undefined }
          if (!this.advance(machine.now + 1, 0)) return
        }
      }
    })
    return last
  }

  /** The last instant in [from, limit) that ends at one of the stops. */
  private lastStop(from: Checkpoint, limit: Position, stops: Stops): Found | undefined {
    const { machine } = this
    let last: Found | undefined
    /** What the run or the step from `before` has met. */
    const note = (stop: StopReason | undefined, before: Position): void => {
      // The access has been made: the instant is the one before its instruction.
      if (stop?.reason === 'watchpoint') {
        const step = this.given > before.inputs
        last = step
          ? { ...before, slices: 0, arrives: false, cpu: stop.cpu }
          : { ...this.position, time: machine.now - 1, slices: 0, arrives: false, cpu: stop.cpu }
      } else if (stop?.reason === 'breakpoint' && machine.now < limit.time) {
        last = { ...this.position, slices: 0, arrives: true, cpu: stop.cpu }
      }
    }
    this.moved(() => {
      this.restore((one) => comparePositions(one.position, from.position) <= 0)
      while (machine.now < limit.time) {
        const ahead = this.inputs[this.given]
        const before = this.position
        if (ahead !== undefined && ahead.time === machine.now) {
          // A step executes what a run would have stopped before.
          if (ahead.kind === 'step' && this.stands(stops, ahead.cpu))
            last = { ...before, slices: 0, arrives: true, cpu: ahead.cpu }
          note(
            machine.stoppingAt({ ...stops, places: [] }, () => this.give(ahead)),
            before,
          )
          continue
        }
        const goal = Math.min(limit.time, ahead?.time ?? limit.time)
        const stop = machine.run({ instructions: goal - machine.now })
        note(stop, before)
        if (!PASSING.has(stop.reason)) return
      }
    }, stops)
    return last
  }

  // Moving //////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Moves the machine; it stops where it is told here and nowhere else. */
  private moved(work: () => void, stops: Stops = NOTHING): void {
    this.extend()
    this.isMoving = true
    try {
      this.machine.stoppingAt(stops, work)
    } finally {
      this.isMoving = false
    }
  }

  /** To the last checkpoint that `isBefore` holds for. */
  private restore(isBefore: (checkpoint: Checkpoint) => boolean): void {
    const kept = this.checkpoints.lastWhere(isBefore)
    const near = this.near.findLastIndex(isBefore)
    const nearer = this.near[near]
    const isNearer = nearer !== undefined && comparePositions(nearer.position, kept.position) > 0
    const from = isNearer ? nearer : kept
    this.near.length = isNearer ? near + 1 : 0
    this.machine.restore(from.snapshot)
    this.given = from.position.inputs
  }

  /**
   * Runs towards an instant `distance()` ahead, three quarters of the way at a time, and leaves a checkpoint at each: so many steps back, one
   * after another, together execute the way only a few times.
   */
  private approach(distance: () => number): void {
    for (let left = distance(); left >= NEAR; left = distance()) {
      const goal = this.machine.now + Math.floor((left * 3) / 4)
      const ahead = this.inputs[this.given]
      if (ahead !== undefined && ahead.time <= goal) this.give(ahead)
      else if (this.advance(goal, 0)) this.near.push(this.here())
      else return
    }
  }

  /** Gives the next recorded input again, at its position. */
  private give(input: Input): StopReason | undefined {
    this.advance(input.time, input.slices)
    this.given++
    return this.machine.replayInput(input)
  }

  /** Runs to a position, past breakpoints; false if the machine stopped for good before. */
  private advance(time: number, slices: number): boolean {
    for (;;) {
      const stop = this.machine.runTo(time, slices)
      if (stop === undefined) return true
      if (!PASSING.has(stop.reason)) return false
    }
  }
}
