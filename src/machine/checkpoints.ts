// The checkpoints of a timeline: snapshots along a run, dense near its end and sparser the further back.
//
// Promise: from the checkpoint before an instant to that instant it is at most `bound(instant)` of machine time, which is
// max(interval, age / resolution) with the age counted from the newest checkpoint. So what must be run again is either short, or short in
// proportion to how far back one goes; and of a run of length T about resolution * (1 + ln(T / (resolution * interval))) checkpoints
// are kept. Where their changed pages still take more than the budget, first the resolution is halved, then the interval doubled.

import { PAGE_SIZE, requireKind, requireWhole } from '../base/index.js'
import { footprint, type Snapshot } from './snapshot.js'

/** An instant of a run: machine time, slices begun, inputs given. */
export interface Position {
  /** Virtual time, in instructions. */
  readonly time: number
  /** Since power-up. */
  readonly slices: number
  /** Given up to here. */
  readonly inputs: number
}

export interface Checkpoint {
  readonly position: Position
  /** Instructions retired by then: time without what was skipped. */
  readonly instructions: number
  readonly snapshot: Snapshot
}

/** How many checkpoints are kept, and how far apart. */
export interface CheckpointLimits {
  /** Machine time between checkpoints. Default one million. */
  readonly interval?: number
  /** Going back n costs at most n / resolution once that is more than the interval. Default 64. */
  readonly resolution?: number
  /** What the checkpoints may take, the pages of the first included. Default 512 MiB. The first and the last are kept in any case. */
  readonly budgetBytes?: number
}

/** Throws BAD_ARGUMENT for what is no position. */
export function requirePosition(position: Position): void {
  requireKind('position', position, 'object')
  for (const name of ['time', 'slices', 'inputs'] as const) requireWhole(`position.${name}`, position[name])
}

export function comparePositions(a: Position, b: Position): number {
  return a.time - b.time || a.slices - b.slices || a.inputs - b.inputs
}

export class Checkpoints {
  interval: number
  resolution: number
  private readonly budgetBytes: number
  private list: Checkpoint[] = []
  /** At least what `list` takes; exact when last counted. */
  private bytes = 0

  constructor(limits: CheckpointLimits) {
    for (const name of ['interval', 'resolution', 'budgetBytes'] as const) {
      const limit = limits[name]
      if (limit !== undefined && !(limit > 0)) requireWhole(name, limit, 1)
    }
    this.interval = limits.interval ?? 1_000_000
    this.resolution = limits.resolution ?? 64
    this.budgetBytes = limits.budgetBytes ?? 512 * 1024 * 1024
  }

  get all(): readonly Checkpoint[] {
    return this.list
  }

  get newest(): Checkpoint | undefined {
    return this.list.at(-1)
  }

  /** The longest way from a checkpoint to `time`. */
  bound(time: number): number {
    return Math.max(this.interval, ((this.newest?.position.time ?? time) - time) / this.resolution)
  }

  /** Adds the newest one; `changedPages` have been copied for it. */
  add(checkpoint: Checkpoint, changedPages: number): void {
    this.list.push(checkpoint)
    this.bytes += changedPages * (PAGE_SIZE + 1024) + checkpoint.snapshot.state.length + 4096
    this.thin()
    if (this.bytes <= this.budgetBytes) return
    this.count()
    while (this.bytes > this.budgetBytes && this.list.length > 2) {
      if (this.resolution > 1) this.resolution = Math.max(1, this.resolution / 2)
      else this.interval *= 2
      this.thin()
      this.count()
    }
  }

  private count(): void {
    this.bytes = footprint(this.list.map((one) => one.snapshot)).bytes
  }

  /** Leaves out each checkpoint without which the bound still holds, but for the first and the last. */
  private thin(): void {
    const { list } = this
    let next = list.at(-1)
    if (next === undefined || list.length < 3) return
    const now = next.position.time
    const kept = [next]
    for (let i = list.length - 2; i > 0; i--) {
      const before = list[i - 1] as Checkpoint
      const allowed = Math.max(this.interval, (now - next.position.time) / this.resolution)
      if (next.position.time - before.position.time <= allowed) continue
      next = list[i] as Checkpoint
      kept.push(next)
    }
    kept.push(list[0] as Checkpoint)
    this.list = kept.reverse()
  }

  /** The last one that `isBefore` holds for, which it does for all up to some instant; the first one if it holds for none. */
  lastWhere(isBefore: (checkpoint: Checkpoint) => boolean): Checkpoint {
    return this.list.findLast(isBefore) ?? (this.list[0] as Checkpoint)
  }

  /** Another future begins at `position`: what came after it is no longer of this run. */
  dropAfter(position: Position): void {
    const first = this.list[0] as Checkpoint
    this.list = this.list.filter((one) => one === first || comparePositions(one.position, position) <= 0)
  }
}
