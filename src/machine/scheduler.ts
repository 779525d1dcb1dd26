// Which vCPU runs next, and for how long: one thread, seeded, the same in every run.
//
// 1. vCPUs take turns in order of their number; one that halted or waits for a start-up IPI is passed over.
// 2. A turn (slice) lasts a number of retired instructions drawn from the seeded generator: uniform in [1, 2 * mean - 1].
//    With mean 1 every vCPU executes one instruction at a time.
// 3. A slice survives being interrupted: device events, breakpoints, run limits and snapshots cut it into pieces without
//    changing what follows, so none of them disturbs a run.

import type { Savable, StateReader, StateWriter } from '../base/index.js'
import { Random } from '../base/index.js'
import type { CpuActivity } from './guest-port.js'

/** Instructions of a scheduler slice on average. */
export const DEFAULT_MEAN_SLICE = 5_000

const RUNNING = 0
const HALTED = 1
const WAITING = 2

export class Scheduler implements Savable {
  readonly tag = 'scheduler'
  readonly version = 1
  private readonly state: Uint8Array
  private readonly random: Random
  private meanSlice: number
  private current = 0
  private remaining = 0
  /** Slices begun since power-up: with the time, the exact position in a run (recording.ts). */
  slices = 0

  constructor(vcpus: number, seed: number | bigint, meanSlice: number) {
    this.state = new Uint8Array(vcpus)
    this.random = new Random(seed).fork('scheduler')
    this.meanSlice = meanSlice
    this.reset()
  }

  /** The boot processor runs, the others wait for a start-up IPI. The generator goes on. */
  reset(): void {
    this.state.fill(WAITING)
    this.state[0] = RUNNING
    this.current = this.state.length - 1
    this.remaining = 0
  }

  /** Starts another schedule from here: the same run up to this point, another interleaving after it. */
  reseed(seed: number | bigint, meanSlice = this.meanSlice): void {
    const fresh = new Random(seed).fork('scheduler')
    this.random.copyFrom(fresh)
    this.meanSlice = meanSlice
    this.remaining = 0
  }

  activity(cpu: number): CpuActivity {
    return (['running', 'halted', 'waiting'] as const)[this.state[cpu] as 0 | 1 | 2]
  }

  /** The vCPU to run now; -1 if none can. Begins a slice where the last one is used up. */
  pick(): number {
    if (this.remaining > 0 && this.state[this.current] === RUNNING) return this.current
    const count = this.state.length
    for (let i = 1; i <= count; i++) {
      const cpu = (this.current + i) % count
      if (this.state[cpu] !== RUNNING) continue
      this.current = cpu
      this.remaining = 1 + this.random.below(2 * this.meanSlice - 1)
      this.slices++
      return cpu
    }
    return -1
  }

  get sliceLeft(): number {
    return this.remaining
  }

  retire(instructions: number): void {
    this.remaining = Math.max(0, this.remaining - instructions)
  }

  endSlice(): void {
    this.remaining = 0
  }

  halt(cpu: number): void {
    this.state[cpu] = HALTED
  }

  /** The vCPU waits for a start-up IPI. */
  wait(cpu: number): void {
    this.state[cpu] = WAITING
  }

  wake(cpu: number): void {
    this.state[cpu] = RUNNING
  }

  save(writer: StateWriter): void {
    writer.raw(this.state)
    writer.section(this.random)
    writer.f64(this.meanSlice)
    writer.u32(this.current)
    writer.f64(this.remaining)
    writer.f64(this.slices)
  }

  load(reader: StateReader): void {
    this.state.set(reader.raw(this.state.length))
    reader.section(this.random)
    this.meanSlice = reader.f64()
    this.current = reader.u32()
    this.remaining = reader.f64()
    this.slices = reader.f64()
  }
}
