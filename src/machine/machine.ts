// The machine: the CPU core, the board, the scheduler and the clock, run as one.
//
// 1. Time is the sum of the instructions retired by all vCPUs, plus what rule 2 skips. While a vCPU runs, devices see the
//    time of its current instruction; timers fire at exactly their instruction, since every run ends at the next deadline.
// 2. When no vCPU can run, time jumps to the next deadline, unless none can wake a vCPU (wake.ts): then the machine is idle
//    and stops, or stuck, where input cannot either.
// 3. Everything from outside (console input, single steps, resets by hand) enters between two instructions and is logged
//    with its exact position, so that (configuration, seed, inputs) repeats the run bit for bit (recording.ts).
// 4. Everything here is synchronous. Rooms above look in through MachinePort (machine-port.ts).
// 5. What only looks is in the class below this one (machine-view.ts): a Machine is a view that can be moved.
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
  type Result,
  requireKind,
  requireOneOf,
  requireSeed,
  requireWhole,
  TransplantError,
  type VirtAddr,
} from '../base/index.js'
import type { JitOption } from '../cpu/index.js'
import type { BootRefusalCode } from './boot/boot-plan.js'
import { configure, type MachineOptions } from './configuration.js'
import { Fork } from './fork.js'
import type { ConsoleChannel, RunLimit, StopReason, WatchedAccess } from './guest-port.js'
import { MachineView } from './machine-view.js'
import { requireSnapshot, type Snapshot } from './snapshot.js'
import type { Stops } from './timeline.js'

type InputEvent =
  | { readonly kind: 'console'; readonly channel: ConsoleChannel; readonly bytes: Uint8Array }
  | { readonly kind: 'step'; readonly cpu: number; readonly instructions: number }
  | { readonly kind: 'reset' }

/** Something from outside, at its exact position in the run: `time` instructions and `slices` slices since power-up. */
export type Input = {
  /** Virtual time at which it came, in instructions. */
  readonly time: number
  /** Turns given to vCPUs by then: of one time, which it was. */
  readonly slices: number
} & InputEvent

function requireCount(name: string, value: number): void {
  if (value >= 0 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return
  throw new TransplantError('RUN_LIMIT', `'${name}' is ${value}.`, 'Give a whole number from 0 on, or leave it out.')
}

/** A PC with vCPUs, RAM and devices, deterministic: what can be seen of it (`MachineView`), and what moves and changes it. */
export class Machine extends MachineView {
  private readonly inputEmitter = new Emitter<Input>()
  /** Everything that entered from outside, for a recording. */
  readonly onInput: Event<Input> = this.inputEmitter.event

  /**
   * A machine at its reset vector, or the reason why its kernel cannot be booted (`BootRefusalCode`). Throws MACHINE_CONFIGURATION for an
   * option that is none, and what the constructor throws.
   */
  static create(options: MachineOptions): Result<Machine, BootRefusalCode> {
    const configured = configure(options)
    if (!configured.ok) return configured
    return accept(new Machine(configured.value, options.coreWasm, options.jit))
  }

  /**
   * A machine of its own, with its own memory, that goes on where the snapshot was taken. `coreWasm`: the CPU core, its bytes or compiled. Throws SNAPSHOT_CONFIGURATION for what is no
   * snapshot.
   */
  static from(snapshot: Snapshot, coreWasm: Uint8Array | WebAssembly.Module, jit?: JitOption): Machine {
    requireSnapshot(snapshot)
    const machine = new Machine(snapshot.configuration, coreWasm, jit)
    machine.restore(snapshot)
    return machine
  }

  // Running (execution.ts) //////////////////////////////////////////////////////////////////////////////////////////

  /** Ends the current `run` at the next instruction boundary; from an event listener or a breakpoint. */
  requestStop(): void {
    this.execution.requestStop()
  }

  /**
   * Runs until something of `limit` holds or the machine stops; without one, until it stops. Throws RUN_LIMIT for a number of instructions
   * that is none, BAD_ARGUMENT for a limit that is no object, INTERNAL or CORE_ABORT with the place for a defect of ours, and what the
   * functions in `limit` and the listeners throw.
   */
  run(limit: RunLimit = {}): StopReason {
    requireKind('limit', limit, 'object')
    requireCount('instructions', limit.instructions ?? 0)
    return this.execution.run(limit)
  }

  /**
   * Runs to the exact position of a recorded input (`Input`): virtual `time` in instructions, and the turns (`slices`) given by then. Undefined, or why the machine stopped before. Throws BAD_ARGUMENT for numbers
   * that are none, and what `run` throws.
   */
  runTo(time: number, slices: number): StopReason | undefined {
    requireWhole('time', time)
    requireWhole('slices', slices)
    return this.execution.runTo(time, slices)
  }

  /**
   * Executes `instructions` on one vCPU while the others stand still. Logged as input: it bends the schedule. Throws NO_SUCH_VCPU,
   * RUN_LIMIT for a number that is none, and what `run` throws.
   */
  step(cpu: number, instructions = 1): StopReason {
    this.requireCpu(cpu)
    requireCount('instructions', instructions)
    this.log({ kind: 'step', cpu, instructions })
    return this.execution.step(cpu, instructions)
  }

  /**
   * From here on another schedule, of slices of `meanSlice` instructions on average: how explorers reach other interleavings from one
   * snapshot. Throws BAD_ARGUMENT for a seed outside 0 to 2^64 - 1 or a slice outside 1 to 2^30.
   */
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

  /** Bytes typed at a serial port, now; they wait in its FIFO and behind it. Throws BAD_ARGUMENT for another channel or what is no Uint8Array. */
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

  /**
   * Gives a recorded input again; the machine must be at its position. What a step has ended with; undefined for another input. Throws
   * BAD_ARGUMENT for what is no input, and what `step` throws.
   */
  replayInput(input: Input): StopReason | undefined {
    requireKind('input', input, 'object')
    if (input.kind === 'step') return this.step(input.cpu, input.instructions)
    if (input.kind === 'console') this.sendConsole(input.channel, input.bytes)
    else this.reset()
    return undefined
  }

  // Stops ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * Stops `run` with reason 'breakpoint' before the instruction at `address` executes, on any vCPU, until it is disposed of. Throws
   * BAD_ARGUMENT for an address that is no bigint.
   */
  setBreakpoint(address: VirtAddr): Disposable {
    requireKind('address', address, 'address')
    return this.hardware.breakpoints.set(address)
  }

  /**
   * Stops `run` with reason 'watchpoint' after an instruction that accesses one of `length` bytes from `address` on, on any vCPU, until it
   * is disposed of. Throws GUEST_WATCHPOINTS where there are too many, BAD_ARGUMENT for an argument that is none.
   */
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

  // By hand: for debuggers and fault injection only (DebugPort) //////////////////////////////////////////////////////

  /**
   * Writes to RAM, and ends what was decoded there; false, and nothing written, where the range leaves RAM. Throws BAD_ARGUMENT for an
   * address that is no whole number, or what is no Uint8Array.
   */
  writePhysical(address: number, bytes: Uint8Array): boolean {
    requireWhole('address', address)
    requireKind('bytes', bytes, 'bytes')
    if (address + bytes.length > this.memoryBytes) return false
    this.hardware.core.ram.set(bytes, address)
    this.hardware.ramWritten(address, bytes.length)
    return true
  }

  /** Changes a vCPU's state area (cpu/state-layout.ts) in place. Throws NO_SUCH_VCPU, BAD_ARGUMENT for what is no function, and what `edit` throws. */
  editState(cpu: number, edit: (state: DataView) => void): void {
    this.requireCpu(cpu)
    requireKind('edit', edit, 'function')
    const { core } = this.hardware
    core.exports.synchronize(cpu)
    edit(core.state(cpu))
    core.exports.stateChanged(cpu)
  }

  // State (machine-state.ts) ////////////////////////////////////////////////////////////////////////////////////////

  /** This instant, to go back to. Between runs (a breakpoint's handler is between two). Costs the pages stored to since the last snapshot or restore. */
  snapshot(): Snapshot {
    return this.state.snapshot()
  }

  /**
   * Goes back (or forward) to a snapshot of this machine or of one with the same shape. Breakpoints stay. Throws SNAPSHOT_CONFIGURATION for
   * a snapshot of another shape, or what is none.
   */
  restore(snapshot: Snapshot): void {
    this.state.restore(snapshot)
  }

  /** Another future of this instant, which takes no memory but for what it changes (fork.ts). */
  fork(): Fork {
    return new Fork(this, this.snapshot())
  }
}
