// The timer of a local APIC (SDM 3A 11.5.4): one-shot, periodic, TSC deadline.
//
// It is not ticked: the count follows from the virtual time since `countStart` and the divide register, at 1 GHz nominal, the crystal of
// CPUID leaf 15H. The clock is armed only for an expiry that can have an effect; a masked count goes on without one.
// Promises: a change between one-shot and periodic leaves the count where it is, and a count that has ended ended; a change to or from
// deadline mode disarms (11.5.4.1). The deadline is in virtual time: the core knows the TSC's offset to it.

import type { Clock, StateReader, StateWriter, Timer } from '../../base/index.js'

const PERIODIC = 1
const TSC_DEADLINE = 2
/** Where virtual time ends to be exact, and the latest deadline that a vCPU gives: it stays armed and does not come. */
const NEVER = Number.MAX_SAFE_INTEGER

export class ApicTimer {
  private mode = 0
  private masked = true
  private initial = 0
  private counting = false
  private countStart = 0
  private divide = 0
  private deadlineTime = 0
  private readonly clock: Clock
  private readonly timer: Timer

  constructor(clock: Clock, name: string, expired: () => void) {
    this.clock = clock
    this.timer = clock.createTimer(name, () => {
      this.deadlineTime = 0
      this.schedule()
      expired()
    })
  }

  reset(): void {
    this.mode = 0
    this.masked = true
    this.initial = 0
    this.counting = false
    this.countStart = 0
    this.divide = 0
    this.deadlineTime = 0
    this.timer.disarm()
  }

  private get divider(): number {
    const code = (this.divide & 3) | ((this.divide >>> 1) & 4)
    return code === 7 ? 1 : 2 << code
  }

  private get elapsed(): number {
    return Math.floor((this.clock.now - this.countStart) / this.divider)
  }

  get initialCount(): number {
    return this.initial
  }

  /** Writes to the initial count are ignored in deadline mode. */
  set initialCount(count: number) {
    if (this.mode === TSC_DEADLINE) return
    this.initial = count
    this.counting = count !== 0
    this.countStart = this.clock.now
    this.schedule()
  }

  get currentCount(): number {
    if (!this.counting) return 0
    if (this.mode === PERIODIC) return this.initial - (this.elapsed % this.initial)
    return Math.max(0, this.initial - this.elapsed)
  }

  get divideConfiguration(): number {
    return this.divide
  }

  set divideConfiguration(value: number) {
    const remaining = this.currentCount
    this.divide = value & 0xb
    // The count goes on from where it is at the new rate; one that has ended ended.
    if (remaining > 0) this.countStart = this.clock.now - (this.initial - remaining) * this.divider
    else this.counting = false
    this.schedule()
  }

  /** Whether it will expire, as things stand. */
  get isDue(): boolean {
    return this.timer.deadline !== Number.POSITIVE_INFINITY
  }

  /** 0 when not armed. */
  get deadline(): number {
    return this.deadlineTime
  }

  /** Ignored in the other modes. */
  set deadline(time: number) {
    if (this.mode !== TSC_DEADLINE) return
    this.deadlineTime = time
    this.schedule()
  }

  /** What the LVT entry says. */
  configure(mode: number, masked: boolean): void {
    if (mode !== this.mode) {
      if (mode === TSC_DEADLINE || this.mode === TSC_DEADLINE) {
        this.initial = 0
        this.counting = false
        this.deadlineTime = 0
      } else if (this.currentCount === 0) this.counting = false
      else this.countStart += Math.floor(this.elapsed / this.initial) * this.initial * this.divider
      this.mode = mode
    }
    this.masked = masked
    this.schedule()
  }

  private schedule(): void {
    let expiry = Number.POSITIVE_INFINITY
    if (this.mode === TSC_DEADLINE) {
      if (this.deadlineTime !== 0 && this.deadlineTime < NEVER) expiry = this.deadlineTime
    } else if (this.counting && !this.masked) {
      const period = this.initial * this.divider
      const passed = this.clock.now - this.countStart
      if (this.mode === PERIODIC) expiry = this.countStart + (Math.floor(passed / period) + 1) * period
      else if (passed < period) expiry = this.countStart + period
    }
    if (expiry === Number.POSITIVE_INFINITY) this.timer.disarm()
    else this.timer.arm(expiry)
  }

  save(writer: StateWriter): void {
    writer.u32(this.mode)
    writer.bool(this.masked)
    writer.u32(this.initial)
    writer.bool(this.counting)
    writer.f64(this.countStart)
    writer.u32(this.divide)
    writer.f64(this.deadlineTime)
  }

  load(reader: StateReader): void {
    this.mode = reader.u32()
    this.masked = reader.bool()
    this.initial = reader.u32()
    this.counting = reader.bool()
    this.countStart = reader.f64()
    this.divide = reader.u32()
    this.deadlineTime = reader.f64()
  }
}
