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
  PAGE_SIZE,
  type Result,
  requireKind,
  requireOneOf,
  requireSeed,
  requireWhole,
  TransplantError,
  type VirtAddr,
} from '../base/index.js'
import type { CompilerStatistics, JitOption } from '../cpu/index.js'
import type { BootRefusalCode } from './boot/boot-plan.js'
import { type Configuration, configure, type MachineOptions } from './configuration.js'
import { Execution } from './execution.js'
import { Fork } from './fork.js'
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
  VectorState,
  WatchedAccess,
} from './guest-port.js'
import { Hardware } from './hardware.js'
import { MachineState } from './machine-state.js'
import { readVectors } from './registers.js'
import { requireSnapshot, type Snapshot } from './snapshot.js'
import type { Stops } from './timeline.js'

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

function requireCount(name: string, value: number): void {
  if (value >= 0 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return
  throw new TransplantError('RUN_LIMIT', `'${name}' is ${value}.`, 'Give a whole number from 0 on, or leave it out.')
}

type InputEvent =
  | { readonly kind: 'console'; readonly channel: ConsoleChannel; readonly bytes: Uint8Array }
  | { readonly kind: 'step'; readonly cpu: number; readonly instructions: number }
  | { readonly kind: 'reset' }

/** A PC with vCPUs, RAM and devices, deterministic. */
export class Machine {
  readonly configuration: Configuration
  private readonly hardware: Hardware
  private readonly execution: Execution
  private readonly state: MachineState
  private readonly inputEmitter = new Emitter<Input>()
  /** Serial output, in pieces that end with a line feed or with a slice. */
  readonly onConsole: Event<ConsoleOutput>
  /** The machine reset itself and boots again. */
  readonly onReset: Event<ResetCause>
  /** A vCPU shut down: told before the machine resets or stops for it. */
  readonly onTripleFault: Event<TripleFault>
  /** Everything that entered from outside, for a recording. */
  readonly onInput: Event<Input> = this.inputEmitter.event
  /** Every write to a port or to a device's memory. Fired while a vCPU executes: listeners only take notes. */
  readonly onDeviceWrite: Event<DeviceWrite>

  /** A machine at its reset vector, or the reason why its kernel cannot be booted. */
  static create(options: MachineOptions): Result<Machine, BootRefusalCode> {
    const configured = configure(options)
    if (!configured.ok) return configured
    return accept(new Machine(configured.value, options.coreWasm, options.jit))
  }

  /** A machine of its own, with its own memory, that goes on where the snapshot was taken. */
  static from(snapshot: Snapshot, coreWasm: Uint8Array | WebAssembly.Module, jit?: JitOption): Machine {
    requireSnapshot(snapshot)
    const machine = new Machine(snapshot.configuration, coreWasm, jit)
    machine.restore(snapshot)
    return machine
  }

  constructor(configuration: Configuration, coreWasm: Uint8Array | WebAssembly.Module, jit?: JitOption) {
    this.configuration = configuration
    this.hardware = new Hardware(configuration, coreWasm, jit)
    this.execution = new Execution(this.hardware)
    this.state = new MachineState(this.hardware, this.execution)
    this.onConsole = this.execution.console.event
    this.onReset = this.execution.reset.event
    this.onTripleFault = this.execution.tripleFaults.event
    this.onDeviceWrite = this.hardware.deviceWrites.event
  }

  // Running (execution.ts) //////////////////////////////////////////////////////////////////////////////////////////

  /** Instructions retired by all vCPUs, plus the time skipped while none could run: the machine's virtual time. */
  get now(): number {
    return this.execution.time
  }

  /** Why the machine is off; undefined while it can run. */
  get poweredOff(): StopReason | undefined {
    return this.execution.off
  }

  get statistics(): MachineStatistics {
    const { time, idleTime, retired, resets } = this.execution
    const { slices } = this.hardware.scheduler
    return { instructions: time - idleTime, idle: idleTime, retired: [...retired], slices, resets }
  }

  /** Ends the current `run` at the next instruction boundary; from an event listener or a breakpoint. */
  requestStop(): void {
    this.execution.requestStop()
  }

  /** Runs until something of `limit` holds or the machine stops. Throws RUN_LIMIT for a number that is none. */
  run(limit: RunLimit = {}): StopReason {
    requireKind('limit', limit, 'object')
    requireCount('instructions', limit.instructions ?? 0)
    return this.execution.run(limit)
  }

  /** Runs to the exact position of a recorded input; undefined, or why the machine stopped before. */
  runTo(time: number, slices: number): StopReason | undefined {
    requireWhole('time', time)
    requireWhole('slices', slices)
    return this.execution.runTo(time, slices)
  }

  /** Executes `instructions` on one vCPU while the others stand still. Logged as input: it bends the schedule. */
  step(cpu: number, instructions = 1): StopReason {
    this.requireCpu(cpu)
    requireCount('instructions', instructions)
    this.log({ kind: 'step', cpu, instructions })
    return this.execution.step(cpu, instructions)
  }

  /** From here on another schedule: how explorers reach other interleavings from one snapshot. */
  reseed(seed: number | bigint, meanSlice?: number): void {
    requireSeed(seed)
    if (meanSlice !== undefined) requireWhole('meanSlice', meanSlice, 1, 0x4000_0000)
    this.hardware.scheduler.reseed(seed, meanSlice)
  }

  // Input ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  private log(input: InputEvent): void {
    this.execution.inputs++
    this.inputEmitter.fire({ time: this.execution.time, slices: this.hardware.scheduler.slices, ...input })
  }

  /** Bytes typed at a serial port, now. */
  sendConsole(channel: ConsoleChannel, bytes: Uint8Array): void {
    requireOneOf('channel', channel, [0, 1])
    requireKind('bytes', bytes, 'bytes')
    this.log({ kind: 'console', channel, bytes: bytes.slice() })
    this.hardware.board.uarts[channel].send(bytes)
  }

  /** Presses the reset button. Time goes on; RAM keeps what the kernel's segments do not overwrite. */
  reset(): void {
    this.log({ kind: 'reset' })
    this.execution.pressReset()
  }

  /** Gives a recorded input again; the machine must be at its position. What a step has ended with. */
  replayInput(input: Input): StopReason | undefined {
    requireKind('input', input, 'object')
    if (input.kind === 'step') return this.step(input.cpu, input.instructions)
    if (input.kind === 'console') this.sendConsole(input.channel, input.bytes)
    else this.reset()
    return undefined
  }

  // Looking in (hardware.ts) ////////////////////////////////////////////////////////////////////////////////////////

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
    return this.hardware.scheduler.activity(cpu)
  }

  registers(cpu: number): Registers {
    this.requireCpu(cpu)
    return this.hardware.registers(cpu)
  }

  vectors(cpu: number): VectorState {
    this.requireCpu(cpu)
    return readVectors(this.hardware.core.state(cpu), this.configuration.cpu)
  }

  /** A copy of RAM, ROM or the text screen's memory; undefined where part of the range is none of them. */
  readPhysical(address: number, length: number): Uint8Array | undefined {
    requireWhole('address', address)
    requireWhole('length', length)
    return this.hardware.readPhysical(address, length)
  }

  /** The VGA adapter's screen of text: 25 rows of at most 80 characters, without spaces at their ends. */
  screenRows(): readonly string[] {
    return this.hardware.board.vga.rows
  }

  /** Guest RAM itself, for reading without a copy while the machine stands still. Never write to it. */
  get ram(): Uint8Array {
    return this.hardware.core.ram
  }

  /** Through the tables a vCPU uses now; undefined where nothing is mapped. */
  translate(cpu: number, address: VirtAddr): number | undefined {
    this.requireCpu(cpu)
    requireKind('address', address, 'address')
    const { exports } = this.hardware.core
    const physical = exports.translate(cpu, Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0)
    return physical < 0 ? undefined : physical
  }

  /** Stops `run` with reason 'breakpoint' before the instruction at `address` executes, on any vCPU. */
  setBreakpoint(address: VirtAddr): Disposable {
    requireKind('address', address, 'address')
    return this.hardware.breakpoints.set(address)
  }

  /** Stops `run` with reason 'watchpoint' after an instruction that accesses the range, on any vCPU. Throws GUEST_WATCHPOINTS. */
  setWatchpoint(address: VirtAddr, length: number, access: WatchedAccess): Disposable {
    requireKind('address', address, 'address')
    requireWhole('length', length, 1)
    requireOneOf('access', access, ['read', 'write', 'access'])
    return this.hardware.watchpoints.set({ address, length, access })
  }

  /** What `action` runs stops at these breakpoints and watchpoints alone, whoever holds others. */
  stoppingAt<T>(stops: Stops, action: () => T): T {
    const { breakpoints, watchpoints } = this.hardware
    return watchpoints.only(stops.watched, () => breakpoints.only(stops.places, action))
  }

  /** Tells of the core's events in the mask (EVENT_*). Called while a vCPU executes: listeners only take notes. */
  watchCoreEvents(mask: number, listener: (event: CoreEvent) => void): Disposable {
    requireWhole('mask', mask, 0, 0xffff_ffff)
    requireKind('listener', listener, 'function')
    return this.hardware.coreEvents.watch(mask, listener)
  }

  /** What the compiler did so far. */
  get compilerStatistics(): CompilerStatistics {
    return this.hardware.core.compilerStatistics
  }

  /** The disk as the guest has written it; undefined without one. */
  diskContents(): Uint8Array | undefined {
    return this.hardware.board.disk?.contents()
  }

  // By hand: for debuggers and fault injection only (DebugPort) //////////////////////////////////////////////////////

  writePhysical(address: number, bytes: Uint8Array): boolean {
    requireWhole('address', address)
    requireKind('bytes', bytes, 'bytes')
    if (address + bytes.length > this.memoryBytes) return false
    this.hardware.core.ram.set(bytes, address)
    this.hardware.ramWritten(address, bytes.length)
    return true
  }

  /** Changes a vCPU's state area in place. */
  editState(cpu: number, edit: (state: DataView) => void): void {
    this.requireCpu(cpu)
    requireKind('edit', edit, 'function')
    const { core } = this.hardware
    core.exports.synchronize(cpu)
    edit(core.state(cpu))
    core.exports.stateChanged(cpu)
  }

  // State (machine-state.ts) ////////////////////////////////////////////////////////////////////////////////////////

  /** This instant, to go back to. Between runs. Costs the pages stored to since the last snapshot or restore. */
  snapshot(): Snapshot {
    return this.state.snapshot()
  }

  /** Goes back (or forward) to a snapshot of this machine or of one with the same shape. Breakpoints stay. */
  restore(snapshot: Snapshot): void {
    this.state.restore(snapshot)
  }

  /** Another future of this instant, which takes no memory but for what it changes (fork.ts). */
  fork(): Fork {
    return new Fork(this, this.snapshot())
  }

  /** Pages copied by all snapshots and restores so far: what they cost, without a clock. */
  get pagesCopied(): { readonly captured: number; readonly restored: number } {
    const { captured, restored } = this.hardware.pages
    return { captured, restored }
  }

  /** Sixteen hexadecimal digits over RAM, vCPUs, devices, time and schedule: equal exactly where the runs are. */
  hash(): string {
    return this.state.hash()
  }

  /** The hash of one page of RAM. */
  pageHash(page: number): string {
    requireWhole('page', page, 0, this.pageCount - 1)
    return this.state.pageHash(page)
  }

  get pageCount(): number {
    return this.memoryBytes / PAGE_SIZE
  }
}
