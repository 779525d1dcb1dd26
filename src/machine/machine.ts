// The machine: the CPU core, the board, the scheduler and the clock, run as one.
//
// 1. Time is the sum of the instructions retired by all vCPUs, plus what rule 2 skips. While a vCPU runs, devices see the
//    time of its current instruction; timers fire at exactly their instruction, since every run ends at the next deadline.
// 2. When no vCPU can run, time jumps to the next deadline, unless none can wake a vCPU (wake.ts): then the machine is idle
//    and stops, or stuck, where input cannot either.
// 3. Everything from outside (console input, single steps, resets by hand) enters between two instructions and is logged
//    with its exact position, so that (configuration, seed, inputs) repeats the run bit for bit (recording.ts).
// 4. Everything here is synchronous. Rooms above look in through MachinePort (machine-port.ts).
//
//   const made = Machine.create({ coreWasm, firmware, kernel, vcpus: 2, seed: 7 })
//   if (!made.ok) return report(made)
//   const machine = made.value
//   machine.onConsole(({ bytes }) => terminal.write(bytes))
//   const stop = machine.run({ instructions: 1_000_000_000 })

import {
  accept,
  type Disposable,
  Emitter,
  type Event,
  equalBytes,
  formatHash,
  hashBytes,
  hashWords,
  PAGE_SIZE,
  type Result,
  type Savable,
  StateReader,
  StateWriter,
  TransplantError,
  type VirtAddr,
  VirtualClock,
} from '../base/index.js'
import {
  type CompilerStatistics,
  CpuCore,
  EXIT_BREAK,
  EXIT_HALT,
  EXIT_SHUTDOWN,
  EXIT_WAIT_SIPI,
  EXIT_YIELD,
  type JitOption,
  STATE_OFFSETS,
  STATE_SHUTDOWN,
} from '../cpu/index.js'
import { Board } from './board.js'
import type { BootRefusalCode } from './boot/boot-plan.js'
import { Breakpoints } from './breakpoints.js'
import { type Configuration, configure, type MachineOptions } from './configuration.js'
import { ConsoleLines } from './console-lines.js'
import { CoreEvents } from './core-events.js'
import { coreImports } from './core-imports.js'
import { Fork } from './fork.js'
import { RamView } from './guest-memory.js'
import type {
  ConsoleChannel,
  ConsoleOutput,
  CoreEvent,
  CpuActivity,
  DeviceWrite,
  Registers,
  ResetCause,
  RunLimit,
  StopReason,
  TripleFault,
} from './guest-port.js'
import { RamPages } from './ram-pages.js'
import { architecturalRanges, readRegisters } from './registers.js'
import { watchRun } from './run-watch.js'
import { Scheduler } from './scheduler.js'
import { requireSameShape, type Snapshot } from './snapshot.js'
import { decodeStop, encodeStop } from './stop-text.js'
import { VcpuLines } from './vcpu-lines.js'
import { type Sleep, whatCanWake } from './wake.js'

/** Something from outside, at its exact position in the run: `time` instructions and `slices` slices since power-up. */
export type Input = { readonly time: number; readonly slices: number } & (
  | { readonly kind: 'console'; readonly channel: ConsoleChannel; readonly bytes: Uint8Array }
  | { readonly kind: 'step'; readonly cpu: number; readonly instructions: number }
  | { readonly kind: 'reset' }
)

/** Counts since power-up. */
export interface MachineStatistics {
  readonly instructions: number
  /** Virtual time in which no vCPU could run. */
  readonly idle: number
  readonly retired: readonly number[]
  readonly slices: number
  readonly resets: number
}

const FLAG_INTERRUPTS = 0x200
/** Bytes by which saved state may exceed the last one without moving. */
const STATE_ROOM = 4096

function requireCount(name: string, value: number): void {
  if (value >= 0 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return
  throw new TransplantError('RUN_LIMIT', `'${name}' is ${value}.`, 'Give a whole number from 0 on, or leave it out.')
}

/** A PC with vCPUs, RAM and devices, deterministic. */
export class Machine implements Savable {
  readonly tag = 'machine'
  readonly version = 1
  readonly configuration: Configuration
  private readonly core: CpuCore
  private readonly board: Board
  private readonly clock = new VirtualClock()
  private readonly scheduler: Scheduler
  private readonly pages: RamPages
  private lastState: Uint8Array = new Uint8Array(0)
  private readonly retired: Float64Array
  private readonly lines: VcpuLines
  private time = 0
  private idleTime = 0
  private resets = 0
  private pending: StopReason | undefined
  private pendingReset: ResetCause | undefined
  private tripleFault: TripleFault | undefined
  private off: StopReason | undefined
  private stopWanted = false
  private yieldRequested = false
  private executing = -1
  private readonly consoleLines = new ConsoleLines(() => this.requestYield())
  private readonly breakpoints: Breakpoints

  private readonly consoleEmitter = new Emitter<ConsoleOutput>()
  /** Serial output, in pieces that end with a line feed or with a slice. */
  readonly onConsole: Event<ConsoleOutput> = this.consoleEmitter.event
  private readonly resetEmitter = new Emitter<ResetCause>()
  /** The machine reset itself and boots again. */
  readonly onReset: Event<ResetCause> = this.resetEmitter.event
  private readonly tripleFaultEmitter = new Emitter<TripleFault>()
  /** A vCPU shut down: told before the machine resets or stops for it. */
  readonly onTripleFault: Event<TripleFault> = this.tripleFaultEmitter.event
  private readonly inputEmitter = new Emitter<Input>()
  /** Everything that entered from outside, for a recording. */
  readonly onInput: Event<Input> = this.inputEmitter.event
  private readonly coreEvents = new CoreEvents((mask) => this.core.exports.setEventMask(mask))

  private readonly deviceWriteEmitter = new Emitter<DeviceWrite>()
  /** Every write to a port or to a device's memory. Fired while a vCPU executes: listeners only take notes. */
  readonly onDeviceWrite: Event<DeviceWrite> = this.deviceWriteEmitter.event

  /** A machine at its reset vector, or the reason why its kernel cannot be booted. */
  static create(options: MachineOptions): Result<Machine, BootRefusalCode> {
    const configured = configure(options)
    if (!configured.ok) return configured
    return accept(new Machine(configured.value, options.coreWasm, options.jit))
  }

  /** A machine of its own, with its own memory, that goes on where the snapshot was taken. */
  static from(snapshot: Snapshot, coreWasm: Uint8Array | WebAssembly.Module, jit?: JitOption): Machine {
    const machine = new Machine(snapshot.configuration, coreWasm, jit)
    machine.restore(snapshot)
    return machine
  }

  constructor(configuration: Configuration, coreWasm: Uint8Array | WebAssembly.Module, jit?: JitOption) {
    this.configuration = configuration
    const { vcpus, cpu, memoryBytes, seed, firmware, meanSlice } = configuration
    const { clock } = this
    const imports = coreImports({
      ...{ board: () => this.board, clock, deviceWrites: this.deviceWriteEmitter, events: this.coreEvents },
    })
    this.core = new CpuCore(coreWasm, imports, vcpus, memoryBytes, { cpu, jit })
    this.breakpoints = new Breakpoints(this.core)
    this.scheduler = new Scheduler(vcpus, seed, meanSlice)
    this.retired = new Float64Array(vcpus)
    this.lines = new VcpuLines(this.core, this.scheduler, vcpus)
    this.pages = new RamPages(this.core)
    const memory = new RamView(
      memoryBytes,
      () => this.core.ram,
      (address, length) => this.ramWritten(address, length),
    )
    const lines = Array.from({ length: vcpus }, (_, cpu) => this.lines.linesOf(cpu))
    this.board = new Board(
      {
        vcpus,
        memoryBytes,
        epoch: configuration.epoch,
        items: configuration.boot?.items ?? new Map(),
        disk: configuration.disk,
        pcTestdev: configuration.pcTestdev,
      },
      this.clock,
      memory,
      lines,
    )
    this.clock.onEarlier = () => this.requestYield()
    this.board.uarts.forEach((uart, channel) => {
      uart.onOutput((byte) => this.consoleLines.add(channel as ConsoleChannel, byte))
    })
    this.board.power.onRequest((request) => {
      if (request.kind === 'reset') this.pendingReset ??= request.cause
      else if (request.kind === 'exit') this.pending ??= { reason: 'exit', status: request.status }
      else this.pending ??= { reason: 'power-off' }
      this.requestYield()
    })
    // The ROM ends at 4 GiB and shows again below 1 MiB, where real mode reaches it.
    this.core.mapRom(0x1_0000_0000 - firmware.length, firmware)
    this.core.mapRom(0x10_0000 - firmware.length, firmware)
    this.core.exports.setCoherence(
      configuration.coherence === 'hardware' ? 1 : 0,
      Number(seed & 0xffff_ffffn) | 0,
      Number(seed >> 32n) | 0,
    )
    this.powerUp()
  }

  private requestYield(): void {
    if (this.executing < 0) return
    this.yieldRequested = true
    this.core.exports.requestYield()
  }

  private ramWritten(address: number, length: number): void {
    this.core.exports.ramChanged(address, length)
    this.pages.mark(address, length)
  }

  // Power and reset /////////////////////////////////////////////////////////////////////////////////////////////////

  private powerUp(): void {
    const { vcpus, boot } = this.configuration
    for (let cpu = 0; cpu < vcpus; cpu++) this.core.exports.resetCpu(cpu, 1)
    this.lines.reset()
    this.scheduler.reset()
    this.board.reset()
    for (const segment of boot?.preload ?? []) {
      const ram = this.core.ram
      ram.set(segment.bytes, segment.address)
      ram.fill(0, segment.address + segment.bytes.length, segment.address + segment.memoryBytes)
      this.ramWritten(segment.address, segment.memoryBytes)
    }
    this.pending = undefined
    this.pendingReset = undefined
    this.tripleFault = undefined
  }

  /** Presses the reset button. Time goes on; RAM keeps what the kernel's segments do not overwrite. */
  reset(): void {
    this.log({ kind: 'reset' })
    this.off = undefined
    this.resets++
    this.powerUp()
  }

  // Running /////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Instructions retired by all vCPUs, plus the time skipped while none could run: the machine's virtual time. */
  get now(): number {
    return this.time
  }

  /** Why the machine is off; undefined while it can run. */
  get poweredOff(): StopReason | undefined {
    return this.off
  }

  /** Ends the current `run` at the next instruction boundary; from an event listener or a breakpoint. */
  requestStop(): void {
    this.stopWanted = true
    this.requestYield()
  }

  /** Runs until something of `limit` holds or the machine stops. Throws RUN_LIMIT for a number that is none. */
  run(limit: RunLimit = {}): StopReason {
    requireCount('instructions', limit.instructions ?? 0)
    const end = limit.instructions === undefined ? Number.POSITIVE_INFINITY : this.time + limit.instructions
    const watch = watchRun(limit, this.time)
    this.stopWanted = false
    for (;;) {
      if (watch?.(this.time) === true) return { reason: 'stop-request' }
      const stop = this.advance(end, limit.until)
      if (stop !== undefined) return stop
    }
  }

  /** Runs to the exact position of a recorded input; undefined, or why the machine stopped before. */
  runTo(time: number, slices: number): StopReason | undefined {
    this.stopWanted = false
    while (this.time < time) {
      const stop = this.advance(time, undefined)
      if (stop !== undefined && stop.reason !== 'limit') return stop
    }
    // At that instant slices may have begun in which nothing retired; begin the same ones.
    while (this.time === time && this.scheduler.slices < slices) {
      const cpu = this.scheduler.pick()
      if (cpu < 0) break
      this.execute(cpu, 1)
      this.settle(undefined)
    }
    return undefined
  }

  /** One turn: lets one vCPU run up to the next thing to look at, or skips idle time. A reason ends the run. */
  private advance(end: number, until: RunLimit['until']): StopReason | undefined {
    if (this.off !== undefined) return this.off
    if (this.stopWanted) {
      this.stopWanted = false
      return { reason: 'stop-request' }
    }
    if (this.time >= end) return { reason: 'limit' }
    const cpu = this.scheduler.pick()
    if (cpu < 0) {
      const wake = whatCanWake(this.board, (vcpu) => this.sleepOf(vcpu))
      if (wake !== 'time') return wake === 'input' ? { reason: 'idle' } : this.stuck()
      const to = Math.min(Math.max(this.clock.nextDeadline, this.time), end)
      this.idleTime += to - this.time
      this.time = to
      this.clock.advanceTo(to)
      return this.settle(until)
    }
    const horizon = Math.min(end, this.clock.nextDeadline, this.time + this.scheduler.sliceLeft)
    const stop = this.execute(cpu, Math.max(1, horizon - this.time))
    return this.settle(until) ?? stop
  }

  private sleepOf(cpu: number): Sleep {
    if (this.scheduler.activity(cpu) === 'waiting') return 'waiting'
    const flags = this.core.state(cpu).getUint32(STATE_OFFSETS.rflags, true)
    return (flags & FLAG_INTERRUPTS) !== 0 ? 'listens' : 'deaf'
  }

  private stuck(): StopReason {
    const waitsFor = { waiting: 'startup', deaf: 'nmi', listens: 'interrupt' } as const
    const vcpus = Array.from({ length: this.vcpus }, (_, cpu) => {
      return { cpu, rip: this.registers(cpu).rip, waitsFor: waitsFor[this.sleepOf(cpu)] }
    })
    return { reason: 'stuck', vcpus }
  }

  /** Runs `cpu` for at most `budget` instructions and accounts for what it did. */
  private execute(cpu: number, budget: number): StopReason | undefined {
    const { exports } = this.core
    exports.setTime(this.time)
    this.clock.elapsed = () => exports.retiredNow()
    this.clock.setHorizon(this.time + budget)
    this.yieldRequested = false
    this.executing = cpu
    const exit = exports.run(cpu, budget)
    this.executing = -1
    this.clock.elapsed = () => 0
    this.clock.setHorizon(Number.NEGATIVE_INFINITY)
    const count = exports.retired()
    this.time += count
    this.retired[cpu] = (this.retired[cpu] as number) + count
    this.scheduler.retire(count)
    let stop: StopReason | undefined
    switch (exit) {
      case EXIT_HALT:
        this.scheduler.halt(cpu)
        break
      case EXIT_WAIT_SIPI:
        this.lines.waitForStartup(cpu)
        break
      case EXIT_SHUTDOWN:
        this.shutDown(cpu)
        break
      case EXIT_BREAK:
        stop = { reason: 'breakpoint', cpu, address: this.registers(cpu).rip }
        break
      case EXIT_YIELD:
        if (!this.yieldRequested) this.scheduler.endSlice() // PAUSE: let another vCPU make progress
        break
      default:
    }
    if (exit !== EXIT_WAIT_SIPI) this.lines.hasRun(cpu)
    this.clock.advanceTo(this.time)
    return stop
  }

  private shutDown(cpu: number): void {
    const at = (i: number): number => this.core.state(cpu).getUint8(STATE_SHUTDOWN + i)
    const fault = { cpu, rip: this.registers(cpu).rip, vectors: [at(1), at(2), at(3)] as const, origin: at(0) }
    this.tripleFaultEmitter.fire(fault)
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
      this.consoleEmitter.fire(output)
      if (until?.(output) === true) matched = true
    }
    if (this.pending !== undefined) {
      this.off = this.pending
      this.pending = undefined
      return this.off
    }
    if (this.pendingReset !== undefined) {
      const cause = this.pendingReset
      if (this.configuration.onReset === 'stop') {
        this.pendingReset = undefined
        this.off = { reason: 'reset', cause, ...(this.tripleFault && { tripleFault: this.tripleFault }) }
        return this.off
      }
      this.resets++
      this.powerUp()
      this.resetEmitter.fire(cause)
    }
    return matched ? { reason: 'output' } : undefined
  }

  /** Executes `instructions` on one vCPU while the others stand still. Logged as input: it bends the schedule. */
  step(cpu: number, instructions = 1): StopReason {
    this.requireCpu(cpu)
    requireCount('instructions', instructions)
    this.log({ kind: 'step', cpu, instructions })
    return this.stepUnlogged(cpu, instructions)
  }

  private stepUnlogged(cpu: number, instructions: number): StopReason {
    if (this.off !== undefined) return this.off
    const end = this.time + instructions
    while (this.time < end && this.scheduler.activity(cpu) === 'running') {
      const horizon = Math.min(end, this.clock.nextDeadline)
      const stop = this.execute(cpu, Math.max(1, horizon - this.time))
      const settled = this.settle(undefined) ?? stop
      if (settled !== undefined) return settled
    }
    return { reason: 'step', cpu }
  }

  // Input ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  private log(
    input:
      | { kind: 'console'; channel: ConsoleChannel; bytes: Uint8Array }
      | { kind: 'step'; cpu: number; instructions: number }
      | { kind: 'reset' },
  ): void {
    this.inputEmitter.fire({ time: this.time, slices: this.scheduler.slices, ...input })
  }

  /** Bytes typed at a serial port, now. */
  sendConsole(channel: ConsoleChannel, bytes: Uint8Array): void {
    this.log({ kind: 'console', channel, bytes: bytes.slice() })
    this.board.uarts[channel].send(bytes)
  }

  /** Gives a recorded input again; the machine must be at its position. */
  replayInput(input: Input): void {
    if (input.kind === 'console') this.sendConsole(input.channel, input.bytes)
    else if (input.kind === 'step') this.step(input.cpu, input.instructions)
    else this.reset()
  }

  /** From here on another schedule: how explorers reach other interleavings from one snapshot. */
  reseed(seed: number | bigint, meanSlice?: number): void {
    this.scheduler.reseed(seed, meanSlice)
  }

  // Looking in //////////////////////////////////////////////////////////////////////////////////////////////////////

  get vcpus(): number {
    return this.configuration.vcpus
  }

  get memoryBytes(): number {
    return this.configuration.memoryBytes
  }

  private requireCpu(cpu: number): void {
    if (Number.isInteger(cpu) && cpu >= 0 && cpu < this.vcpus) return
    throw new TransplantError(
      'NO_SUCH_VCPU',
      `There is no vCPU ${cpu}.`,
      this.vcpus === 1 ? 'This machine has vCPU 0 only.' : `This machine has vCPUs 0 to ${this.vcpus - 1}.`,
    )
  }

  activity(cpu: number): CpuActivity {
    this.requireCpu(cpu)
    return this.scheduler.activity(cpu)
  }

  registers(cpu: number): Registers {
    this.requireCpu(cpu)
    this.core.exports.synchronize(cpu)
    return readRegisters(this.core.state(cpu), this.board.apics[cpu]?.taskPriorityClass ?? 0)
  }

  /** A copy of RAM, ROM or the text screen's memory; undefined where part of the range is none of them. */
  readPhysical(address: number, length: number): Uint8Array | undefined {
    const { firmware, memoryBytes } = this.configuration
    const cells = this.board.vga.readMemory(address, length)
    if (cells !== undefined) return cells
    for (const end of [0x1_0000_0000, 0x10_0000]) {
      const start = end - firmware.length
      if (address >= start && address + length <= end) return firmware.slice(address - start, address - start + length)
    }
    return address >= 0 && address + length <= memoryBytes ? this.core.ram.slice(address, address + length) : undefined
  }

  /** The VGA adapter's screen of text: 25 rows of at most 80 characters, without spaces at their ends. */
  screenRows(): readonly string[] {
    return this.board.vga.rows
  }

  /** Guest RAM itself, for reading without a copy while the machine stands still. Never write to it. */
  get ram(): Uint8Array {
    return this.core.ram
  }

  /** Through the tables a vCPU uses now; undefined where nothing is mapped. */
  translate(cpu: number, address: VirtAddr): number | undefined {
    this.requireCpu(cpu)
    const physical = this.core.exports.translate(cpu, Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0)
    return physical < 0 ? undefined : physical
  }

  /** Stops `run` with reason 'breakpoint' before the instruction at `address` executes, on any vCPU. */
  setBreakpoint(address: VirtAddr): Disposable {
    return this.breakpoints.set(address)
  }

  /** Tells of the core's events in the mask (EVENT_*). Called while a vCPU executes: listeners only take notes. */
  watchCoreEvents(mask: number, listener: (event: CoreEvent) => void): Disposable {
    return this.coreEvents.watch(mask, listener)
  }

  get statistics(): MachineStatistics {
    return {
      instructions: this.time - this.idleTime,
      idle: this.idleTime,
      retired: [...this.retired],
      slices: this.scheduler.slices,
      resets: this.resets,
    }
  }

  /** What the compiler did so far. */
  get compilerStatistics(): CompilerStatistics {
    return this.core.compilerStatistics
  }

  /** The disk as the guest has written it; undefined without one. */
  diskContents(): Uint8Array | undefined {
    return this.board.disk?.contents()
  }

  // By hand: for debuggers and fault injection only (DebugPort) //////////////////////////////////////////////////////

  writePhysical(address: number, bytes: Uint8Array): boolean {
    if (address < 0 || address + bytes.length > this.memoryBytes) return false
    this.core.ram.set(bytes, address)
    this.ramWritten(address, bytes.length)
    return true
  }

  /** Changes a vCPU's state area in place. */
  editState(cpu: number, edit: (state: DataView) => void): void {
    this.requireCpu(cpu)
    this.core.exports.synchronize(cpu)
    edit(this.core.state(cpu))
    this.core.exports.stateChanged(cpu)
  }

  // State ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Shared with the last snapshot if nothing has changed: forks of one instant have one state. */
  private stateBytes(): Uint8Array {
    const writer = new StateWriter(this.lastState.length + STATE_ROOM)
    writer.section(this)
    const state = writer.finish()
    if (!equalBytes(state, this.lastState)) this.lastState = state
    return this.lastState
  }

  /** This instant, to go back to. Between runs. Costs the pages stored to since the last snapshot or restore. */
  snapshot(): Snapshot {
    const { configuration, time } = this
    const pages = this.pages.capture()
    return { configuration, time, pages, disk: this.board.disk?.written, state: this.stateBytes() }
  }

  /** Goes back (or forward) to a snapshot of this machine or of one with the same shape. Breakpoints stay. */
  restore(snapshot: Snapshot): void {
    requireSameShape(this.configuration, snapshot)
    this.pages.restore(snapshot.pages)
    if (this.board.disk !== undefined && snapshot.disk !== undefined) this.board.disk.written = snapshot.disk
    new StateReader(snapshot.state).section(this)
    this.lastState = snapshot.state
  }

  /** Another future of this instant, which takes no memory but for what it changes (fork.ts). */
  fork(): Fork {
    return new Fork(this, this.snapshot())
  }

  /** Pages copied by all snapshots and restores so far: what they cost, without a clock. */
  get pagesCopied(): { readonly captured: number; readonly restored: number } {
    return { captured: this.pages.captured, restored: this.pages.restored }
  }

  /** Sixteen hexadecimal digits over RAM, vCPUs, devices, time and schedule: equal exactly where the runs are. */
  hash(): string {
    const writer = new StateWriter()
    const pageHashes = this.pages.pageHashes()
    const out = new Uint32Array(2)
    hashWords(pageHashes, 0, pageHashes.length, out, 0)
    writer.string(formatHash(out[0] as number, out[1] as number))
    for (let cpu = 0; cpu < this.vcpus; cpu++) {
      this.core.exports.synchronize(cpu)
      const state = this.core.state(cpu)
      for (const [start, end] of architecturalRanges(this.configuration.cpu)) {
        writer.raw(new Uint8Array(state.buffer, state.byteOffset + start, end - start))
      }
    }
    this.saveOwn(writer)
    writer.string(this.board.disk?.hash() ?? '')
    return hashBytes(writer.finish())
  }

  /** The hash of one page of RAM. */
  pageHash(page: number): string {
    const hashes = this.pages.pageHashes()
    return formatHash(hashes[2 * page] as number, hashes[2 * page + 1] as number)
  }

  get pageCount(): number {
    return this.memoryBytes / PAGE_SIZE
  }

  save(writer: StateWriter): void {
    for (let cpu = 0; cpu < this.vcpus; cpu++) this.core.exports.synchronize(cpu)
    this.saveOwn(writer)
    writer.blob(this.core.save())
  }

  /** Everything but RAM, the disk's blocks and the core. */
  private saveOwn(writer: StateWriter): void {
    writer.f64(this.time)
    writer.f64(this.idleTime)
    writer.f64(this.resets)
    for (const count of this.retired) writer.f64(count)
    this.lines.save(writer)
    writer.string(encodeStop(this.off))
    writer.section(this.clock)
    writer.section(this.scheduler)
    writer.section(this.board)
  }

  load(reader: StateReader): void {
    this.time = reader.f64()
    this.idleTime = reader.f64()
    this.resets = reader.f64()
    for (let cpu = 0; cpu < this.vcpus; cpu++) this.retired[cpu] = reader.f64()
    this.lines.load(reader)
    this.off = decodeStop(reader.string())
    reader.section(this.clock)
    reader.section(this.scheduler)
    reader.section(this.board)
    this.core.load(reader.blob())
    this.pending = undefined
    this.pendingReset = undefined
    this.tripleFault = undefined
    this.consoleLines.clear()
  }
}
