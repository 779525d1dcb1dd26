// What a machine lets see: where its run is, its vCPUs, memory, screen and disk, and what it tells as it happens. Nothing here moves the
// machine or changes it: what does is in machine.ts. Who only looks takes a MachineView and cannot do more.
//
// Everything may be asked at any time, from an event's listener too: then it is the state within the instruction that executes.

import {
  type Disposable,
  type Event,
  PAGE_SIZE,
  requireKind,
  requireWhole,
  TransplantError,
  type VirtAddr,
} from '../base/index.js'
import type { CompilerStatistics, JitOption } from '../cpu/index.js'
import type { Configuration } from './configuration.js'
import { Execution } from './execution.js'
import type {
  ConsoleOutput,
  CoreEvent,
  CpuActivity,
  DeviceWrite,
  Registers,
  ResetCause,
  StopReason,
  TripleFault,
  VectorState,
} from './guest-port.js'
import { Hardware } from './hardware.js'
import { MachineState } from './machine-state.js'
import { readVectors } from './registers.js'

/** Counts since power-up. */
export interface MachineStatistics {
  /** Retired by all vCPUs. */
  readonly instructions: number
  /** Virtual time in which no vCPU could run. */
  readonly idle: number
  /** Instructions retired by each vCPU. */
  readonly retired: readonly number[]
  /** Turns that the scheduler has given. */
  readonly slices: number
  /** By the guest or by the button. */
  readonly resets: number
}

/** A machine, to look at. */
export abstract class MachineView {
  readonly configuration: Configuration
  /** The CPU core that it runs on, for another machine like it. */
  readonly coreWasm: Uint8Array | WebAssembly.Module
  /** Serial output, in pieces that end with a line feed or with a slice. */
  readonly onConsole: Event<ConsoleOutput>
  /** The machine reset itself and boots again. */
  readonly onReset: Event<ResetCause>
  /** A vCPU shut down: told before the machine resets or stops for it. */
  readonly onTripleFault: Event<TripleFault>
  /** Every write to a port or to a device's memory. Fired while a vCPU executes: listeners only take notes. */
  readonly onDeviceWrite: Event<DeviceWrite>
  protected readonly hardware: Hardware
  protected readonly execution: Execution
  protected readonly state: MachineState

  /**
   * Of a configuration that was checked before, a snapshot's say; options are checked by `Machine.create`. `coreWasm`: the CPU core, its bytes or
   * compiled. Throws CORE_SIZE or CORE_ROM
   * for what the core cannot hold.
   */
  constructor(configuration: Configuration, coreWasm: Uint8Array | WebAssembly.Module, jit?: JitOption) {
    this.configuration = configuration
    this.coreWasm = coreWasm
    this.hardware = new Hardware(configuration, coreWasm, jit)
    this.execution = new Execution(this.hardware)
    this.state = new MachineState(this.hardware, this.execution)
    this.onConsole = this.execution.console.event
    this.onReset = this.execution.reset.event
    this.onTripleFault = this.execution.tripleFaults.event
    this.onDeviceWrite = this.hardware.deviceWrites.event
  }

  // The run /////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** Instructions retired by all vCPUs, plus the time skipped while none could run: the machine's virtual time, in ns. */
  get now(): number {
    return this.execution.time
  }

  /** Why the machine is off; undefined while it can run. */
  get poweredOff(): StopReason | undefined {
    return this.execution.off
  }

  /** Counts since power-up, as they are now. */
  get statistics(): MachineStatistics {
    const { time, idleTime, retired, resets } = this.execution
    const { slices } = this.hardware.scheduler
    return { instructions: time - idleTime, idle: idleTime, retired: [...retired], slices, resets }
  }

  /** What the compiler of hot blocks did so far. */
  get compilerStatistics(): CompilerStatistics {
    return this.hardware.core.compilerStatistics
  }

  /** Pages copied by all snapshots and restores so far: what they cost, without a clock. */
  get pagesCopied(): { readonly captured: number; readonly restored: number } {
    const { captured, restored } = this.hardware.pages
    return { captured, restored }
  }

  // vCPUs ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  /** How many there are; each is named by its number from 0 on, its APIC ID. */
  get vcpus(): number {
    return this.configuration.vcpus
  }

  protected requireCpu(cpu: number): void {
    if (Number.isInteger(cpu) && cpu >= 0 && cpu < this.vcpus) return
    throw new TransplantError(
      'NO_SUCH_VCPU',
      `There is no vCPU ${cpu}.`,
      this.vcpus === 1 ? 'This machine has vCPU 0 only.' : `This machine has vCPUs 0 to ${this.vcpus - 1}.`,
    )
  }

  /** What a vCPU does: 'running', 'halted', or 'waiting' for its SIPI. Throws NO_SUCH_VCPU. */
  activity(cpu: number): CpuActivity {
    this.requireCpu(cpu)
    return this.hardware.scheduler.activity(cpu)
  }

  /** A copy of a vCPU's registers, all known. Throws NO_SUCH_VCPU. */
  registers(cpu: number): Registers {
    this.requireCpu(cpu)
    return this.hardware.registers(cpu)
  }

  /** A copy of what FXSAVE64 would store, and of the upper halves of YMM0 to YMM15 where there is AVX. Throws NO_SUCH_VCPU. */
  vectors(cpu: number): VectorState {
    this.requireCpu(cpu)
    return readVectors(this.hardware.core.state(cpu), this.configuration.cpu)
  }

  /**
   * The physical address behind a virtual one, through the tables that a vCPU uses now; undefined where nothing is mapped. Rights are not
   * checked, and no accessed bit is set. Throws NO_SUCH_VCPU, and BAD_ARGUMENT for an address that is no bigint.
   */
  translate(cpu: number, address: VirtAddr): number | undefined {
    this.requireCpu(cpu)
    requireKind('address', address, 'address')
    const { exports } = this.hardware.core
    const physical = exports.translate(cpu, Number(address & 0xffff_ffffn) | 0, Number(address >> 32n) | 0)
    return physical < 0 ? undefined : physical
  }

  /**
   * Tells of the core's events in the mask (a union of EVENT_* bits) until it is disposed of. Called while a vCPU executes: listeners only
   * take notes. Throws BAD_ARGUMENT for a mask that is no 32-bit number, or a listener that is no function.
   */
  watchCoreEvents(mask: number, listener: (event: CoreEvent) => void): Disposable {
    requireWhole('mask', mask, 0, 0xffff_ffff)
    requireKind('listener', listener, 'function')
    return this.hardware.coreEvents.watch(mask, listener)
  }

  // Memory and devices //////////////////////////////////////////////////////////////////////////////////////////////

  /** Bytes of RAM, from physical address 0 on. */
  get memoryBytes(): number {
    return this.configuration.memoryBytes
  }

  /** Pages of RAM, of 4 KiB. */
  get pageCount(): number {
    return this.memoryBytes / PAGE_SIZE
  }

  /** Guest RAM itself, for reading without a copy while the machine stands still. Never write to it. */
  get ram(): Uint8Array {
    return this.hardware.core.ram
  }

  /**
   * A copy of RAM, ROM or the text screen's memory; undefined where part of the range is none of them. Throws BAD_ARGUMENT for an address
   * or a length that is no whole number.
   */
  readPhysical(address: number, length: number): Uint8Array | undefined {
    requireWhole('address', address)
    requireWhole('length', length)
    return this.hardware.readPhysical(address, length)
  }

  /** The VGA adapter's screen of text: 25 rows of at most 80 characters, without spaces at their ends. */
  screenRows(): readonly string[] {
    return this.hardware.board.vga.rows
  }

  /** The disk as the guest has written it; undefined without one. */
  diskContents(): Uint8Array | undefined {
    return this.hardware.board.disk?.contents()
  }

  // The state as a number ///////////////////////////////////////////////////////////////////////////////////////////

  /** Sixteen hexadecimal digits over RAM, vCPUs, devices, time and schedule: equal exactly where the runs are. */
  hash(): string {
    return this.state.hash()
  }

  /** The hash of one page of RAM, by its number from 0 on. Throws BAD_ARGUMENT for a page that is not there. */
  pageHash(page: number): string {
    requireWhole('page', page, 0, this.pageCount - 1)
    return this.state.pageHash(page)
  }
}
