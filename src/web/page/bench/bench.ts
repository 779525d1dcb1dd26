// One guest of the page: a machine on a timeline, run in turns of a few milliseconds so that the worker can answer in between.
//
// 1. Whatever runs, moves or reads the machine takes a turn (`take`), one after the other. Free running gives its turn back after
//    each stretch. Typing takes none: a key arrives between two stretches, at an exact instruction.
// 2. All inputs since power-up are kept (`inputs`), also over forks and ways back: with the configuration they are the whole run.
// 3. An idle guest is not let run ahead of the wall clock; a busy one is as fast as it can.

import type { Disposable, VirtAddr } from '../../../base/index.js'
import {
  type ConsoleChannel,
  describeStop,
  type Input,
  type Machine,
  MachinePort,
  type StopReason,
  Timeline,
} from '../../../machine/index.js'
import { breathe } from '../../breathe.js'
import type { BenchEvent, Direction, Repetition, Status } from '../protocol.js'
import type { EndOfRun } from './share-link.js'

/** Virtual time of one stretch: some ten milliseconds of a busy guest. */
const STRETCH = 2_000_000
/** Between two checkpoints of the timeline: they are cheap where pages do not change, and never free. */
const CHECKPOINT_INTERVAL = 10_000_000
const CHECKPOINT_BYTES = 192 * 1024 * 1024
const STATUS_EVERY = 100
/** How far an idle guest may be ahead, and for how long a turn of the loop rests at most, in milliseconds. */
const AHEAD = 4
const REST = 50

/** Names the place of an address, where the kernel is known. */
export type PlaceName = (address: bigint) => string | undefined

export class Bench implements Disposable {
  readonly id: number
  readonly machine: Machine
  readonly timeline: Timeline
  readonly port: MachinePort
  /** Everything that came in from outside since power-up; undefined for a guest whose beginning is not known. */
  readonly inputs: Input[] | undefined
  nameOf: PlaceName = () => undefined
  private readonly tell: (event: BenchEvent) => void
  private readonly subscriptions: Disposable[]
  /** Inputs that had come in before the timeline began. */
  private readonly inputsBefore: number
  private turns: Promise<unknown> = Promise.resolve()
  private wanted = false
  private looping = false
  private disposed = false
  private busy: string | undefined
  private why: string | undefined
  private waits = false
  private seeking = false
  private exploring = false
  private wake: (() => void) | undefined
  private toldAt = 0
  private speed = { instructions: 0, since: 0, mips: 0 }

  constructor(id: number, machine: Machine, inputs: readonly Input[] | undefined, tell: (event: BenchEvent) => void) {
    this.id = id
    this.machine = machine
    this.tell = tell
    this.inputs = inputs === undefined ? undefined : [...inputs]
    this.inputsBefore = inputs?.length ?? 0
    this.timeline = new Timeline(machine, { interval: CHECKPOINT_INTERVAL, budgetBytes: CHECKPOINT_BYTES })
    this.port = new MachinePort(machine, {
      driver: this.timeline,
      chunk: STRETCH,
      breathe: async () => {
        this.tellStatus(STATUS_EVERY)
        await breathe()
      },
    })
    this.subscriptions = [
      machine.onInput((input) => this.note(input)),
      machine.onConsole(({ channel, bytes, time }) => {
        if (channel !== 0 || this.timeline.moving || this.exploring) return
        tell({ kind: 'console', session: id, time: time ?? machine.now, bytes: bytes.slice() })
      }),
    ]
  }

  dispose(): void {
    this.disposed = true
    void this.pause()
    for (const one of this.subscriptions) one.dispose()
    this.timeline.dispose()
  }

  /** An input behind the end of what was run begins another future: those that were to come are not part of it. */
  private note(input: Input): void {
    if (this.inputs === undefined || this.timeline.moving) return
    this.inputs.length = this.inputsBefore + this.timeline.position.inputs - 1
    this.inputs.push(input)
  }

  /** The inputs up to the present instant. */
  get inputsSoFar(): readonly Input[] | undefined {
    return this.inputs?.slice(0, this.inputsBefore + this.timeline.position.inputs)
  }

  // Turns ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Has the machine for itself until `work` is done; `busy` says at what, where it may take a while. */
  take<T>(work: () => T | Promise<T>, busy?: string): Promise<T> {
    const turn = this.turns.then(async () => {
      this.busy = busy
      if (busy !== undefined) this.tellStatus()
      try {
        return await work()
      } finally {
        this.busy = undefined
        if (busy !== undefined) {
          // What was done may have left something for the guest to do.
          this.rouse()
          this.tellStatus()
        }
      }
    })
    this.turns = turn.catch(() => {})
    return turn
  }

  // Running /////////////////////////////////////////////////////////////////////////////////////////////////////////

  get running(): boolean {
    return this.wanted
  }

  resume(): void {
    if (this.disposed || this.machine.poweredOff !== undefined) return
    this.wanted = true
    this.why = undefined
    if (!this.looping) void this.loop()
  }

  /** Resolves when the guest stands still; ends a run to a function or a command in the guest too. */
  async pause(): Promise<void> {
    this.wanted = false
    this.seeking = false
    this.rouse()
    void this.port.stop()
    await this.take(() => {})
    this.tellStatus()
  }

  private async loop(): Promise<void> {
    this.looping = true
    this.speed = { instructions: this.machine.statistics.instructions, since: performance.now(), mips: 0 }
    let started = performance.now() - this.machine.now / 1e6
    while (this.wanted) {
      const stop = await this.take(() => (this.wanted ? this.port.run({ instructions: STRETCH }) : undefined))
      if (stop === undefined || !this.wanted) break
      if (stop.reason === 'idle') {
        await this.untilRoused()
        started = performance.now() - this.machine.now / 1e6
        continue
      }
      if (stop.reason !== 'limit' && stop.reason !== 'stop-request') this.halt(stop)
      // Busy, it falls behind the wall clock; that time is not to be caught up with when it is idle again.
      const ahead = this.machine.now / 1e6 - (performance.now() - started)
      if (ahead < 0) started -= ahead
      if (ahead > AHEAD) await this.rest(Math.min(ahead, REST))
      else await breathe()
      this.tellStatus(STATUS_EVERY)
    }
    this.looping = false
    this.tellStatus()
    if (this.wanted) void this.loop()
  }

  private halt(stop: StopReason): void {
    this.wanted = false
    this.why = `${describeStop(stop)}.`
  }

  private async untilRoused(): Promise<void> {
    this.waits = true
    this.tellStatus()
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
    this.waits = false
  }

  private async rest(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private rouse(): void {
    this.wake?.()
    this.wake = undefined
  }

  type(channel: ConsoleChannel, bytes: Uint8Array): void {
    this.machine.sendConsole(channel, bytes)
    this.rouse()
  }

  // Moving //////////////////////////////////////////////////////////////////////////////////////////////////////////

  async step(cpu: number): Promise<void> {
    await this.pause()
    await this.take(() => {
      const before = this.machine.now
      const stop = this.timeline.step(cpu)
      if (stop.reason !== 'step') this.why = `${describeStop(stop)}.`
      else this.why = this.machine.now === before ? `vCPU ${cpu} is halted.` : undefined
    })
    this.tellStatus()
  }

  stepBack(instructions: number): Promise<void> {
    return this.move(() => this.timeline.stepBack(instructions))
  }

  goTo(time: number): Promise<void> {
    return this.move(() => this.timeline.goTo(time))
  }

  private async move(how: () => void): Promise<void> {
    await this.pause()
    await this.take(how, 'moving')
    this.moved()
  }

  private moved(): void {
    this.why = undefined
    this.tell({ kind: 'moved', session: this.id, time: this.machine.now })
    this.tellStatus()
  }

  /** To the next, or the last, time that a vCPU is about to execute at an address; false if there is none. */
  async runTo(address: VirtAddr, direction: Direction): Promise<boolean> {
    await this.pause()
    if (direction === 'back') {
      const found = await this.take(() => this.timeline.runBack(address) !== undefined, 'looking back')
      this.moved()
      return found
    }
    const stop = await this.take(() => this.seek(address), 'running to it')
    if (stop.reason !== 'breakpoint' && stop.reason !== 'stop-request') this.why = `${describeStop(stop)}.`
    this.tellStatus()
    return stop.reason === 'breakpoint'
  }

  /** A guest that waits for input is waited for: it may be about to be typed at. */
  private async seek(address: VirtAddr): Promise<StopReason> {
    const hold = await this.port.setBreakpoint(address)
    this.seeking = true
    try {
      // What a vCPU stands at already was reached before.
      if (this.standsAt(address)) await this.port.run({ instructions: 1 })
      for (;;) {
        const stop = await this.port.run()
        if (stop.reason !== 'idle') return stop
        await this.untilRoused()
        if (!this.seeking) return { reason: 'stop-request' }
      }
    } finally {
      this.seeking = false
      hold.dispose()
    }
  }

  /** `work` moves the machine as it likes, and it is as it was before: nobody hears of what it does. */
  explore<T>(work: (machine: Machine) => T): T {
    const here = this.machine.snapshot()
    this.exploring = true
    try {
      return work(this.machine)
    } finally {
      this.machine.restore(here)
      this.exploring = false
    }
  }

  // Repeating ///////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Gives each input again at its position, from power-up to the end; then the state is the same, or it is not. */
  repeat(inputs: readonly Input[], end: EndOfRun): Promise<Repetition> {
    this.seeking = true
    return this.take(async () => {
      try {
        for (const input of inputs) {
          const gone = await this.advance(input)
          if (gone !== undefined) return gone
          this.machine.replayInput(input)
        }
        return (await this.advance(end)) ?? this.compare(end)
      } finally {
        this.seeking = false
      }
    }, 'repeating')
  }

  /** To an exact position; undefined where it was reached. */
  private async advance({ time, slices }: { time: number; slices: number }): Promise<Repetition | undefined> {
    const { machine } = this
    while (machine.now < time) {
      const stop = this.timeline.run({ instructions: Math.min(STRETCH, time - machine.now) })
      if (stop.reason !== 'limit' && machine.now !== time) return this.differs()
      this.tellStatus(STATUS_EVERY)
      await breathe()
      if (!this.seeking) return { kind: 'stopped' }
    }
    const early = machine.runTo(time, slices)
    return early === undefined && machine.now === time ? undefined : this.differs()
  }

  private compare(end: EndOfRun): Repetition {
    const hash = this.machine.hash()
    return hash === end.hash ? { kind: 'same', hash } : this.differs()
  }

  private differs(): Repetition {
    return { kind: 'different', hash: this.machine.hash(), time: this.machine.now }
  }

  private standsAt(address: VirtAddr): boolean {
    const cpus = Array.from({ length: this.machine.vcpus }, (_, cpu) => cpu)
    return cpus.some((cpu) => this.machine.registers(cpu).rip === address)
  }

  // Telling /////////////////////////////////////////////////////////////////////////////////////////////////////////

  private tellStatus(atMostEvery = 0): void {
    const now = performance.now()
    if (this.disposed || now - this.toldAt < atMostEvery) return
    this.toldAt = now
    this.tell({ kind: 'status', status: this.status(now) })
  }

  private status(now: number): Status {
    const { machine, timeline } = this
    const { instructions } = machine.statistics
    const { speed } = this
    if (now - speed.since > 500 || instructions < speed.instructions) {
      const mips = Math.max(0, (instructions - speed.instructions) / (now - speed.since) / 1000)
      this.speed = { instructions, since: now, mips }
    }
    const off = machine.poweredOff
    const state = off !== undefined ? 'off' : !this.wanted ? 'paused' : this.waits ? 'waiting' : 'running'
    return {
      session: this.id,
      state,
      busy: this.busy,
      time: machine.now,
      end: Math.max(machine.now, timeline.end.time),
      instructions,
      mips: state === 'running' || this.busy !== undefined ? this.speed.mips : 0,
      vcpus: Array.from({ length: machine.vcpus }, (_, cpu) => this.vcpuStatus(cpu, state !== 'running')),
      why: off === undefined ? this.why : `${describeStop(off)}.`,
    }
  }

  private vcpuStatus(cpu: number, still: boolean) {
    const { rip } = this.machine.registers(cpu)
    return {
      activity: this.machine.activity(cpu),
      rip: rip.toString(16).padStart(16, '0'),
      at: still ? this.nameOf(rip) : undefined,
    }
  }
}
