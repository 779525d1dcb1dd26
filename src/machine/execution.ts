// The run of a machine: which vCPU runs, for how long, and why it stops. The rules of time stand at the head of machine.ts.

import { Emitter, type StateReader, type StateWriter } from '../base/index.js'
import {
  EXIT_BREAK,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  EXIT_WAIT_SIPI,
  EXIT_WATCH,
  EXIT_YIELD,
  REGISTER_BITS,
  SHUTDOWN_BY_INTERRUPT,
  STATE_OFFSETS,
  STATE_SHUTDOWN,
} from '../cpu/index.js'
import { ConsoleLines } from './console-lines.js'
import type { PowerRequest } from './devices/power.js'
import type { ConsoleChannel, ConsoleOutput, ResetCause, RunLimit, StopReason, TripleFault } from './guest-port.js'
import type { Hardware } from './hardware.js'
import { atPosition } from './panic.js'
import { watchRun } from './run-watch.js'
import { decodeStop, encodeStop } from './stop-text.js'
import { type Sleep, whatCanWake } from './wake.js'

const INTERRUPTS_ON = Number(REGISTER_BITS.IF)

/** Time, and the turns of the vCPUs. */
export class Execution {
  readonly console = new Emitter<ConsoleOutput>()
  readonly reset = new Emitter<ResetCause>()
  readonly tripleFaults = new Emitter<TripleFault>()
  /** Virtual time: instructions of all vCPUs and skipped idle time. */
  time = 0
  idleTime = 0
  resets = 0
  /** Inputs since power-up or since the last restored state. */
  inputs = 0
  readonly retired: Float64Array
  /** Why the machine is off. */
  off: StopReason | undefined
  private readonly hardware: Hardware
  private readonly consoleLines = new ConsoleLines(() => this.requestYield())
  private pending: StopReason | undefined
  private pendingReset: ResetCause | undefined
  private tripleFault: TripleFault | undefined
  private stopWanted = false
  private yieldRequested = false
  private executing = -1

  constructor(hardware: Hardware) {
    this.hardware = hardware
    const { clock, board, configuration } = hardware
    this.retired = new Float64Array(configuration.vcpus)
    clock.onEarlier = () => this.requestYield()
    board.uarts.forEach((uart, channel) => {
      uart.onOutput((byte) => this.consoleLines.add(channel as ConsoleChannel, byte))
    })
    board.power.onRequest((request) => this.take(request))
    this.powerUp()
  }

  private take(request: PowerRequest): void {
    if (request.kind === 'reset') this.pendingReset ??= request.cause
    else if (request.kind === 'exit') this.pending ??= { reason: 'exit', status: request.status }
    else this.pending ??= { reason: 'power-off' }
    this.requestYield()
  }

  private powerUp(): void {
    this.hardware.powerUp()
    this.forget()
  }

  private forget(): void {
    this.pending = undefined
    this.pendingReset = undefined
    this.tripleFault = undefined
  }

  pressReset(): void {
    this.off = undefined
    this.resets++
    this.powerUp()
  }

  private requestYield(): void {
    if (this.executing < 0) return
    this.yieldRequested = true
    this.hardware.core.exports.requestYield()
  }

  requestStop(): void {
    this.stopWanted = true
    this.requestYield()
  }

  run(limit: RunLimit): StopReason {
    const end = limit.instructions === undefined ? Number.POSITIVE_INFINITY : this.time + limit.instructions
    const watch = watchRun(limit, this.time)
    this.stopWanted = false
    for (;;) {
      if (watch?.(this.time) === true) return { reason: 'stop-request' }
      const stop = this.advance(end, limit.until)
      if (stop !== undefined) return stop
    }
  }

  runTo(time: number, slices: number): StopReason | undefined {
    this.stopWanted = false
    while (this.time < time) {
      const stop = this.advance(time, undefined)
      if (stop !== undefined && stop.reason !== 'limit') return stop
    }
    // At that instant slices may have begun in which nothing retired; begin the same ones.
    const { scheduler } = this.hardware
    while (this.time === time && scheduler.slices < slices) {
      const cpu = scheduler.pick()
      if (cpu < 0) break
      this.execute(cpu, 1)
      this.settle(undefined)
    }
    return undefined
  }

  step(cpu: number, instructions: number): StopReason {
    if (this.off !== undefined) return this.off
    const { scheduler, clock } = this.hardware
    const end = this.time + instructions
    while (this.time < end && scheduler.activity(cpu) === 'running') {
      const horizon = Math.min(end, clock.nextDeadline)
      const stop = this.execute(cpu, Math.max(1, horizon - this.time))
      const settled = this.settle(undefined) ?? stop
      if (settled !== undefined) return settled
    }
    return { reason: 'step', cpu }
  }

  /** One turn: lets one vCPU run up to the next thing to look at, or skips idle time. A reason ends the run. */
  private advance(end: number, until: RunLimit['until']): StopReason | undefined {
    if (this.off !== undefined) return this.off
    if (this.stopWanted) {
      this.stopWanted = false
      return { reason: 'stop-request' }
    }
    if (this.time >= end) return { reason: 'limit' }
    const { scheduler, clock } = this.hardware
    const cpu = scheduler.pick()
    if (cpu < 0) return this.sleep(end, until)
    const horizon = Math.min(end, clock.nextDeadline, this.time + scheduler.sliceLeft)
    const stop = this.execute(cpu, Math.max(1, horizon - this.time))
    return this.settle(until) ?? stop
  }

  /** No vCPU can run: on to the next deadline, unless nothing that comes by itself can wake one. */
  private sleep(end: number, until: RunLimit['until']): StopReason | undefined {
    const { board, clock } = this.hardware
    const wake = whatCanWake(board, (vcpu) => this.sleepOf(vcpu))
    if (wake !== 'time') return wake === 'input' ? { reason: 'idle' } : this.stuck()
    const to = Math.min(Math.max(clock.nextDeadline, this.time), end)
    this.idleTime += to - this.time
    this.time = to
    clock.advanceTo(to)
    return this.settle(until)
  }

  private sleepOf(cpu: number): Sleep {
    const { scheduler, core } = this.hardware
    if (scheduler.activity(cpu) === 'waiting') return 'waiting'
    const flags = core.state(cpu).getUint32(STATE_OFFSETS.rflags, true)
    return (flags & INTERRUPTS_ON) !== 0 ? 'listens' : 'deaf'
  }

  private stuck(): StopReason {
    const waitsFor = { waiting: 'startup', deaf: 'nmi', listens: 'interrupt' } as const
    const vcpus = Array.from({ length: this.hardware.configuration.vcpus }, (_, cpu) => {
      return { cpu, rip: this.hardware.registers(cpu).rip, waitsFor: waitsFor[this.sleepOf(cpu)] }
    })
    return { reason: 'stuck', vcpus }
  }

  /** Runs `cpu` for at most `budget` instructions and accounts for what it did. */
  private execute(cpu: number, budget: number): StopReason | undefined {
    const { core, clock, scheduler, lines } = this.hardware
    const { exports } = core
    exports.setTime(this.time)
    clock.elapsed = () => exports.retiredNow()
    clock.setHorizon(this.time + budget)
    this.yieldRequested = false
    this.executing = cpu
    const exit = this.enter(cpu, budget)
    this.executing = -1
    clock.elapsed = () => 0
    clock.setHorizon(Number.NEGATIVE_INFINITY)
    const count = exports.retired()
    this.time += count
    this.retired[cpu] = (this.retired[cpu] as number) + count
    scheduler.retire(count)
    const stop = this.left(cpu, exit)
    if (exit !== EXIT_WAIT_SIPI) lines.hasRun(cpu)
    clock.advanceTo(this.time)
    return stop
  }

  /** A defect that shows while a vCPU executes says where it was, and how to come there again. */
  private enter(cpu: number, budget: number): number {
    const { exports } = this.hardware.core
    try {
      return exports.run(cpu, budget)
    } catch (error) {
      this.executing = -1
      const { time, inputs, hardware } = this
      throw atPosition(error, hardware.configuration, {
        ...{ cpu, rip: BigInt.asUintN(64, exports.ripNow()), time: time + exports.retiredNow(), from: time, inputs },
      })
    }
  }

  /** What it means that a vCPU left for this reason. */
  private left(cpu: number, exit: number): StopReason | undefined {
    const { scheduler, lines } = this.hardware
    switch (exit) {
      case EXIT_HALT:
        scheduler.halt(cpu)
        return undefined
      case EXIT_WAIT_SIPI:
        lines.waitForStartup(cpu)
        return undefined
      case EXIT_SHUTDOWN:
        this.shutDown(cpu)
        return undefined
      case EXIT_BREAK:
        return { reason: 'breakpoint', cpu, address: this.hardware.registers(cpu).rip }
      case EXIT_WATCH: {
        const { address, access } = this.hardware.watchpoints.take()
        return { reason: 'watchpoint', cpu, address, access }
      }
      case EXIT_YIELD:
        if (!this.yieldRequested) scheduler.endSlice() // PAUSE: let another vCPU make progress
        return undefined
      default:
        return undefined
    }
  }

  private shutDown(cpu: number): void {
    const shutdown = this.hardware.core.state(cpu).getUint32(STATE_SHUTDOWN, true)
    const at = (i: number): number => ((shutdown & ~SHUTDOWN_BY_INTERRUPT) >>> (8 * i)) & 0xff
    const { rip } = this.hardware.registers(cpu)
    const fault = {
      cpu,
      rip,
      vectors: [at(1), at(2), at(3)] as const,
      origin: at(0),
      byInterrupt: (shutdown & SHUTDOWN_BY_INTERRUPT) !== 0,
    }
    this.tripleFaults.fire(fault)
    if (this.pendingReset !== undefined) return
    this.pendingReset = 'triple-fault'
    this.tripleFault = fault
  }

  /** Tells listeners of output, and acts on requests to stop or reset. */
  private settle(until: RunLimit['until']): StopReason | undefined {
    let matched = false
    for (const channel of [0, 1] as const) {
      const output = this.consoleLines.take(channel, this.time)
      if (output === undefined) continue
      this.console.fire(output)
      if (until?.(output) === true) matched = true
    }
    if (this.pending !== undefined) {
      this.off = this.pending
      this.pending = undefined
      return this.off
    }
    if (this.pendingReset !== undefined) {
      const cause = this.pendingReset
      if (this.hardware.configuration.onReset === 'stop') {
        this.pendingReset = undefined
        this.off = { reason: 'reset', cause, ...(this.tripleFault && { tripleFault: this.tripleFault }) }
        return this.off
      }
      this.resets++
      this.powerUp()
      this.reset.fire(cause)
    }
    return matched ? { reason: 'output' } : undefined
  }

  /** Everything but RAM, the disk's blocks and the core. */
  save(writer: StateWriter): void {
    writer.f64(this.time)
    writer.f64(this.idleTime)
    writer.f64(this.resets)
    for (const count of this.retired) writer.f64(count)
    this.hardware.lines.save(writer)
    writer.string(encodeStop(this.off))
    this.hardware.save(writer)
  }

  load(reader: StateReader): void {
    this.time = reader.f64()
    this.idleTime = reader.f64()
    this.resets = reader.f64()
    for (let cpu = 0; cpu < this.retired.length; cpu++) this.retired[cpu] = reader.f64()
    this.hardware.lines.load(reader)
    this.off = decodeStop(reader.string())
    this.hardware.load(reader)
  }

  /** After another state was loaded: what was on its way in the old one is gone. */
  restored(): void {
    this.inputs = 0
    this.forget()
    this.consoleLines.clear()
  }
}
