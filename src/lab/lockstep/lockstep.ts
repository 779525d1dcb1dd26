// Two machines that must be one: the same guest, seed and input, but another executor of instructions (or another core). They run in
// step, their state hashes are compared at checkpoints, and a difference is traced back to the instruction after which it shows.
//
//   const result = runLockstep({ first, second, inputs: recording.inputs, instructions: 1e9, every: 1e6 })
//   if (!result.ok) console.log((await describeDivergence(result)).join('\n'))
//
// Narrowing goes by snapshots: both machines go back to one in which they were equal, and take smaller steps. A restored machine may
// have compiled nothing yet, so what only hot code does may need an older snapshot, in the end the first one. Where no repetition
// shows the difference again, the interval found so far is the answer, and it says so.

import type { VirtAddr } from '../../base/index.js'
import type { Input } from '../../machine/index.js'

/** What is asked of the two: a Machine has it, and so has a core that repeats what was written down (tests/equal). */
export interface LockstepMachine {
  /** Virtual time, in instructions. */
  readonly now: number
  readonly vcpus: number
  /** Pages of RAM, of 4 KiB. */
  readonly pageCount: number
  /** RAM itself, for reading. */
  readonly ram: Uint8Array
  /** Turns given, and instructions retired by each vCPU. */
  readonly statistics: { readonly slices: number; readonly retired: readonly number[] }
  /** Runs to virtual `time`, in instructions, and the turn `slices`, counted from the machine's start; undefined, or why it stopped before. */
  runTo(time: number, slices: number): unknown
  /** Gives a recorded input; the machine is at its position. */
  replayInput(input: Input): void
  /** Over the whole state: equal exactly where the runs are. */
  hash(): string
  /** Over one page of RAM, by its number. */
  pageHash(page: number): string
  /** This instant, for `restore` of the same machine. */
  snapshot(): LockstepSnapshot
  /** Goes back to one of its own instants. */
  restore(snapshot: LockstepSnapshot): void
  /** At least where a vCPU is. */
  registers(cpu: number): { readonly rip: VirtAddr }
  /** The physical address through the tables of a vCPU; undefined where nothing is mapped. */
  translate(cpu: number, address: VirtAddr): number | undefined
  /** A copy of `length` bytes from the physical `address` on; undefined where there is no memory. */
  readPhysical(address: number, length: number): Uint8Array | undefined
  /** Lets `edit` read a vCPU's state area (cpu/state-layout.ts), brought up to date first. */
  editState(cpu: number, edit: (state: DataView) => void): void
}

/** An instant of both machines. */
export interface LockstepSnapshot {
  /** Virtual time, in instructions. */
  readonly time: number
}

/** How two machines are compared. */
export interface LockstepOptions {
  readonly first: LockstepMachine
  readonly second: LockstepMachine
  /** What comes in from outside, as in a recording. */
  readonly inputs?: readonly Input[]
  /** Virtual time to run from where the machines stand. */
  readonly instructions: number
  /** Virtual time between checkpoints. */
  readonly every: number
  /** Called where both are equal, with the virtual time. */
  readonly onCheckpoint?: (time: number) => void
  /** The difference lies in (from, to]. */
  readonly onNarrowed?: (from: number, to: number) => void
}

/** The machines are equal at `from`. Run on from there without a stop they differ at `to`. */
export interface Divergence {
  readonly equal: false
  /** Virtual time at which they were equal last. */
  readonly from: number
  /** Virtual time at which they differ. */
  readonly to: number
  /** Seen again when repeated: `to` is then the nearest end of a run that shows it. */
  readonly repeated: boolean
  readonly pair: LockstepPair
  readonly base: PairState
}

/** Whether two machines stayed the same, or where they parted. */
export type LockstepResult =
  | {
      readonly equal: true
      /** Virtual time to which both ran, in instructions. */
      readonly time: number
      readonly hash: string
      /** How often the two were compared. */
      readonly checkpoints: number
    }
  | Divergence

/** Snapshots kept for narrowing, besides the first one. */
const KEPT = 4
const PARTS = 16

/** A machine that is given recorded input at its positions. */
class Player {
  readonly machine: LockstepMachine
  private readonly inputs: readonly Input[]
  private next = 0

  constructor(machine: LockstepMachine, inputs: readonly Input[]) {
    this.machine = machine
    this.inputs = inputs
    while ((inputs[this.next]?.time ?? Number.POSITIVE_INFINITY) < machine.now) this.next++
  }

  /** Input that comes at `time` itself belongs to what follows. False if the machine has nothing more to do before it. */
  advance(time: number): boolean {
    for (; ; this.next++) {
      const input = this.inputs[this.next]
      if (input === undefined || input.time >= time) break
      if (this.machine.runTo(input.time, input.slices) !== undefined) return false
      this.machine.replayInput(input)
    }
    return this.machine.runTo(time, 0) === undefined
  }

  save(): PlayerState {
    return { snapshot: this.machine.snapshot(), next: this.next }
  }

  restore(state: PlayerState): void {
    this.machine.restore(state.snapshot)
    this.next = state.next
  }
}

interface PlayerState {
  readonly snapshot: LockstepSnapshot
  readonly next: number
}

export type PairState = readonly [PlayerState, PlayerState]

export class LockstepPair {
  readonly first: LockstepMachine
  readonly second: LockstepMachine
  private readonly players: readonly [Player, Player]

  constructor({ first, second, inputs = [] }: LockstepOptions) {
    this.first = first
    this.second = second
    this.players = [new Player(first, inputs), new Player(second, inputs)]
  }

  /** False if neither can go on. */
  advance(time: number): boolean {
    const going = this.players.map((player) => player.advance(time))
    return going.includes(true)
  }

  get equal(): boolean {
    return this.first.now === this.second.now && this.first.hash() === this.second.hash()
  }

  get now(): number {
    return Math.max(this.first.now, this.second.now)
  }

  save(): PairState {
    return [this.players[0].save(), this.players[1].save()]
  }

  restore(state: PairState): void {
    this.players[0].restore(state[0])
    this.players[1].restore(state[1])
  }
}

/** Runs two machines that must be one, compared at checkpoints. */
export function runLockstep(options: LockstepOptions): LockstepResult {
  const pair = new LockstepPair(options)
  const { first } = pair
  const end = first.now + options.instructions
  const bases = [pair.save()]
  if (!pair.equal)
    return { equal: false, from: first.now, to: first.now, repeated: true, pair, base: bases[0] as PairState }
  for (let checkpoints = 1; ; checkpoints++) {
    const from = first.now
    const going = pair.advance(Math.min(end, from + options.every))
    if (!pair.equal) return narrow(pair, bases, from, pair.now, options.onNarrowed)
    options.onCheckpoint?.(first.now)
    if (!going || first.now >= end) return { equal: true, time: first.now, hash: first.hash(), checkpoints }
    bases.push(pair.save())
    if (bases.length > KEPT + 1) bases.splice(1, 1)
  }
}

/** Repeats from the youngest snapshot that shows the difference again: first in parts, then as one run to ever nearer ends. */
function narrow(
  pair: LockstepPair,
  bases: readonly PairState[],
  equalAt: number,
  differentAt: number,
  onNarrowed: LockstepOptions['onNarrowed'],
): Divergence {
  let from = equalAt
  let to = differentAt
  for (const base of [...bases].reverse()) {
    while (to - from > PARTS) {
      const shorter = inParts(pair, base, from, to)
      if (shorter === undefined) break
      ;[from, to] = shorter
      onNarrowed?.(from, to)
    }
    const begin = base[0].snapshot.time
    for (const start of [from, begin]) {
      // Without the cuts of the parts it may show earlier than they said.
      if (repeatDivergence(pair, base, begin, start)) {
        to = start
        continue
      }
      const nearest = nearestEnd(pair, base, start, to)
      if (nearest !== undefined) return { equal: false, from: start, to: nearest, repeated: true, pair, base }
    }
  }
  return { equal: false, from, to, repeated: false, pair, base: bases[0] as PairState }
}

/** One pass over (from, to] in parts: the part in which the difference shows; undefined if it does not show, or shows before. */
function inParts(pair: LockstepPair, base: PairState, from: number, to: number): [number, number] | undefined {
  pair.restore(base)
  pair.advance(from)
  if (!pair.equal) return undefined
  const part = Math.ceil((to - from) / PARTS)
  for (let at = from; at < to; at += part) {
    pair.advance(Math.min(to, at + part))
    if (!pair.equal) return [at, Math.min(to, at + part)]
  }
  return undefined
}

/** Whether the machines differ at `to` after a run from `start` that nothing cuts: what a cut heals needs this. */
export function repeatDivergence(pair: LockstepPair, base: PairState, start: number, to: number): boolean {
  pair.restore(base)
  pair.advance(start)
  pair.advance(to)
  return !pair.equal
}

function nearestEnd(pair: LockstepPair, base: PairState, start: number, to: number): number | undefined {
  if (!repeatDivergence(pair, base, start, to)) return undefined
  let equalAt = start
  let differentAt = to
  while (differentAt - equalAt > 1) {
    const middle = Math.floor((equalAt + differentAt) / 2)
    if (repeatDivergence(pair, base, start, middle)) differentAt = middle
    else equalAt = middle
  }
  return differentAt
}
