// Virtual time: retired instructions of the whole machine, 1 instruction = 1 ns nominal. And the queue of what is due.
//
// 1. Time is a float64 integer, exact to 2^53 (104 days at 1 ns).
// 2. A device owns timers, created once at construction. Timers due at the same instant fire in the order they were
//    created, so the order does not depend on when they were armed, nor on a save and restore in between.
// 3. While a vCPU runs, `now` is the time of its current instruction: the machine installs `elapsed` for that.
// 4. A timer armed before the horizon the machine is running to calls `onEarlier`, so that the running slice is cut.
//
// Protocol: the machine asks `nextDeadline`, runs at most up to it, calls `advanceTo`, which fires what is due.

import type { Savable, StateReader, StateWriter } from './codec.js'
import { panic, TransplantError } from './errors.js'

/** What devices see: the time, and timers. */
export interface Clock {
  readonly now: number
  createTimer(name: string, fire: () => void): Timer
}

/** A deadline of a device; armed and disarmed by its owner. */
export interface Timer {
  /** When it fires; Infinity if it is not armed. */
  readonly deadline: number
  /** Fires at `time` (at once, at the next boundary, if that has passed). Replaces an earlier deadline. */
  arm(time: number): void
  disarm(): void
}

class QueuedTimer implements Timer {
  deadline = Number.POSITIVE_INFINITY
  readonly name: string
  readonly order: number
  readonly fire: () => void
  private readonly clock: VirtualClock

  constructor(clock: VirtualClock, name: string, order: number, fire: () => void) {
    this.clock = clock
    this.name = name
    this.order = order
    this.fire = fire
  }

  arm(time: number): void {
    this.deadline = Math.max(time, this.clock.now)
    this.clock.rescan(this.deadline)
  }

  disarm(): void {
    this.deadline = Number.POSITIVE_INFINITY
    this.clock.rescan(Number.POSITIVE_INFINITY)
  }
}

/** The machine's time in nanoseconds, and the deadlines that wait for it. */
export class VirtualClock implements Clock, Savable {
  readonly tag = 'clock'
  readonly version = 1
  private base = 0
  private readonly timers: QueuedTimer[] = []
  private next: number | undefined
  private horizon = Number.POSITIVE_INFINITY

  /** Instructions retired since `base` by the running vCPU; set by the machine while one runs. */
  elapsed: () => number = () => 0
  /** Called when a timer is armed before the horizon of the running slice. */
  onEarlier: () => void = () => {}

  get now(): number {
    return this.base + this.elapsed()
  }

  createTimer(name: string, fire: () => void): Timer {
    const timer = new QueuedTimer(this, name, this.timers.length, fire)
    this.timers.push(timer)
    return timer
  }

  /** The earliest deadline; Infinity if nothing is armed. */
  get nextDeadline(): number {
    if (this.next === undefined) {
      let next = Number.POSITIVE_INFINITY
      for (const timer of this.timers) if (timer.deadline < next) next = timer.deadline
      this.next = next
    }
    return this.next
  }

  /** The name of the timer due first, for reports of an idle machine. */
  get nextName(): string | undefined {
    const at = this.nextDeadline
    return at === Number.POSITIVE_INFINITY ? undefined : this.timers.find((timer) => timer.deadline === at)?.name
  }

  /** The instant up to which the machine now runs without looking at the queue. */
  setHorizon(time: number): void {
    this.horizon = time
  }

  /** Called by timers. A deadline moved later leaves the cached minimum to be found again. */
  rescan(deadline: number): void {
    this.next = undefined
    if (deadline < this.horizon) this.onEarlier()
  }

  /** Moves time to `time` and fires every timer due by then, in order of deadline, then of creation. */
  advanceTo(time: number): void {
    if (time < this.base) panic(`virtual time cannot go back from ${this.base} to ${time}`)
    while (this.nextDeadline <= time) {
      const at = this.nextDeadline
      const due = this.timers.find((timer) => timer.deadline === at)
      if (due === undefined) panic('a deadline without a timer')
      this.base = Math.max(this.base, at)
      due.deadline = Number.POSITIVE_INFINITY
      this.next = undefined
      due.fire()
    }
    this.base = time
  }

  save(writer: StateWriter): void {
    writer.f64(this.base)
    writer.u32(this.timers.length)
    for (const timer of this.timers) {
      writer.string(timer.name)
      writer.f64(timer.deadline)
    }
  }

  load(reader: StateReader): void {
    this.base = reader.f64()
    const count = reader.u32()
    if (count !== this.timers.length)
      throw new TransplantError(
        'STATE_SECTION',
        `Saved clock has ${count} timers, this machine has ${this.timers.length}.`,
        'Restore into a machine of the same configuration.',
      )
    for (const timer of this.timers) {
      const name = reader.string()
      if (name !== timer.name)
        throw new TransplantError(
          'STATE_SECTION',
          `Saved clock has timer "${name}" where "${timer.name}" belongs.`,
          'Restore into a machine of the same configuration.',
        )
      timer.deadline = reader.f64()
    }
    this.next = undefined
  }
}
