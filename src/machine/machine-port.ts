// GuestPort (and DebugPort) over our own Machine.
//
// Runs the machine in chunks. Between chunks it looks whether `stop` was asked for and calls `breathe`, where the
// application yields to its event loop (setImmediate in Node, a macrotask in a page): this room has no timers of its own.
// Breakpoint handlers run between two instructions and may await; the machine stands still meanwhile.

import type { Disposable, Event, PhysAddr, VirtAddr } from '../base/index.js'
import {
  formatAddress,
  physAddr,
  requireKind,
  requireWhole,
  TransplantError,
  toDisposable,
  virtAddr,
} from '../base/index.js'
import { capabilitiesOf } from './capabilities.js'
import type {
  AddressSpace,
  BreakpointHandler,
  ConsoleChannel,
  ConsoleOutput,
  CpuActivity,
  DebugPort,
  GuestCapabilities,
  GuestPort,
  Registers,
  RunLimit,
  RunProgress,
  StopReason,
  WritableRegister,
} from './guest-port.js'
import type { Machine } from './machine.js'
import { pagePieces, walkPageTables } from './page-walk.js'
import { offsetOf, writeVectors } from './registers.js'
import { noMemory, notMapped, RunControl, requireCpu } from './run-control.js'

/** What runs and steps the machine: itself, or a Timeline that remembers the way. */
export interface MachineDriver {
  /** As `Machine.run`. Throws what it throws. */
  run(limit: Omit<RunLimit, 'onProgress'>): StopReason
  /** As `Machine.step`. Throws what it throws. */
  step(cpu: number, instructions: number): StopReason
}

/** How often a port lets others work. */
export interface MachinePortOptions {
  /** Default: the machine. */
  readonly driver?: MachineDriver
  /** Instructions between two calls of `breathe`. Default 5 million. */
  readonly chunk?: number
  /** Called between chunks with the instructions run so far in this `run`. */
  readonly breathe?: (progress: RunProgress) => void | Promise<void>
}

const DEFAULT_CHUNK = 5_000_000

/** A GuestPort of a machine on this thread. */
export class MachinePort implements GuestPort {
  readonly kind = 'transplant'
  readonly onConsole: Event<ConsoleOutput>
  readonly capabilities: Required<GuestCapabilities>
  private readonly machine: Machine
  private readonly driver: MachineDriver
  private readonly chunk: number
  private readonly breathe: MachinePortOptions['breathe']
  private readonly control = new RunControl()
  readonly onStop: Event<StopReason> = this.control.onStop

  /** Over a machine of this thread. Throws BAD_ARGUMENT for what is no machine or no option. */
  constructor(machine: Machine, options: MachinePortOptions = {}) {
    requireKind('machine', machine, 'object')
    requireKind('machine.run', machine.run, 'function')
    requireKind('options', options, 'object')
    if (options.chunk !== undefined) requireWhole('chunk', options.chunk, 1)
    if (options.breathe !== undefined) requireKind('breathe', options.breathe, 'function')
    this.machine = machine
    this.onConsole = machine.onConsole
    this.capabilities = capabilitiesOf(machine)
    this.driver = options.driver ?? machine
    this.chunk = options.chunk ?? DEFAULT_CHUNK
    this.breathe = options.breathe
  }

  get vcpus(): number {
    return this.machine.vcpus
  }

  get memoryBytes(): number {
    return this.machine.memoryBytes
  }

  get state(): 'stopped' | 'running' | 'off' {
    if (this.machine.poweredOff !== undefined) return 'off'
    return this.control.running ? 'running' : 'stopped'
  }

  async readPhysical(address: PhysAddr, length: number): Promise<Uint8Array> {
    this.control.requireStopped()
    const bytes = this.machine.readPhysical(address, length)
    if (bytes === undefined) throw noMemory(address, length, this.memoryBytes)
    return bytes
  }

  async readVirtual(address: VirtAddr, length: number, space: AddressSpace): Promise<Uint8Array> {
    this.control.requireStopped()
    requireKind('address', address, 'address')
    requireWhole('length', length, 0, this.memoryBytes)
    const result = new Uint8Array(length)
    for (const { at, physical, count } of this.pieces(address, length, space)) {
      result.set(await this.readPhysical(physical, count), at)
    }
    return result
  }

  /** A virtual range cut at page boundaries, translated. */
  private pieces(
    address: VirtAddr,
    length: number,
    space: AddressSpace,
  ): { at: number; physical: PhysAddr; count: number }[] {
    return pagePieces(address, length).map(({ from, at, count }) => {
      const physical = this.translateNow(from, space)
      if (physical === undefined) throw notMapped(from)
      return { at, physical, count }
    })
  }

  private translateNow(address: VirtAddr, space: AddressSpace): PhysAddr | undefined {
    requireKind('address', address, 'address')
    requireKind('space', space, 'object')
    if ('cpu' in space) {
      requireCpu(space.cpu, this.vcpus)
      const physical = this.machine.translate(space.cpu, address)
      return physical === undefined ? undefined : physAddr(physical)
    }
    const { ram } = this.machine
    const view = new DataView(ram.buffer, ram.byteOffset, ram.byteLength)
    return walkPageTables(space.cr3, address, (at) => (at + 8 <= ram.length ? view.getBigUint64(at, true) : undefined))
  }

  async translate(address: VirtAddr, space: AddressSpace): Promise<PhysAddr | undefined> {
    this.control.requireStopped()
    return this.translateNow(address, space)
  }

  async registers(cpu: number): Promise<Registers> {
    this.control.requireStopped()
    requireCpu(cpu, this.vcpus)
    return this.machine.registers(cpu)
  }

  async activity(cpu: number): Promise<CpuActivity> {
    this.control.requireStopped()
    requireCpu(cpu, this.vcpus)
    return this.machine.activity(cpu)
  }

  async run(limit: RunLimit = {}): Promise<StopReason> {
    requireKind('limit', limit, 'object')
    return this.control.run(() => this.runChunks(limit))
  }

  private async runChunks(limit: RunLimit): Promise<StopReason> {
    const start = this.machine.now
    const end = start + (limit.instructions ?? Number.POSITIVE_INFINITY)
    const { onProgress, ...watched } = limit
    for (;;) {
      const stop = this.driver.run({ ...watched, instructions: Math.min(this.chunk, end - this.machine.now) })
      if (stop.reason === 'breakpoint') {
        if (await this.control.handle(stop.cpu, stop.address)) return stop
      } else if (stop.reason !== 'limit' || this.machine.now >= end) return stop
      if (this.control.stopWanted) return { reason: 'stop-request' }
      const progress = { instructions: this.machine.now - start, time: this.machine.now }
      onProgress?.(progress)
      await this.breathe?.(progress)
      if (this.control.stopWanted) return { reason: 'stop-request' }
    }
  }

  async stop(): Promise<void> {
    await this.control.stop(() => this.machine.requestStop())
  }

  async step(cpu: number, count = 1): Promise<StopReason> {
    this.control.requireIdle()
    requireCpu(cpu, this.vcpus)
    return this.control.stepped(this.driver.step(cpu, count))
  }

  async setBreakpoint(address: VirtAddr, handler: BreakpointHandler = () => 'stop'): Promise<Disposable> {
    requireKind('handler', handler, 'function')
    const canonical = virtAddr(address)
    const hold = this.machine.setBreakpoint(canonical)
    const entry = this.control.handlers.add(canonical, handler)
    return toDisposable(() => {
      hold.dispose()
      entry.dispose()
    })
  }

  async sendConsole(channel: ConsoleChannel, bytes: Uint8Array): Promise<void> {
    this.machine.sendConsole(channel, bytes)
  }

  /**
   * The capability to write, for the gdb stub and for fault injection. Its methods throw GUEST_NO_MEMORY, GUEST_RUNNING and GUEST_NO_CPU,
   * as `DebugPort` says.
   */
  debugPort(): DebugPort {
    const { machine } = this
    const write = (address: number, bytes: Uint8Array): void => {
      if (!machine.writePhysical(address, bytes)) {
        throw new TransplantError(
          'GUEST_NO_MEMORY',
          `There is no RAM at ${formatAddress(address)}.`,
          `RAM ends at ${formatAddress(machine.memoryBytes)}.`,
        )
      }
    }
    return {
      setWatchpoint: async (address, length, access) => machine.setWatchpoint(virtAddr(address), length, access),
      readVectors: async (cpu) => {
        this.control.requireStopped()
        requireCpu(cpu, this.vcpus)
        return machine.vectors(cpu)
      },
      writeVectors: async (cpu, vectors) => {
        this.control.requireStopped()
        requireCpu(cpu, this.vcpus)
        machine.editState(cpu, (state) => writeVectors(state, vectors))
      },
      writeRegister: async (cpu: number, name: WritableRegister, value: bigint) => {
        this.control.requireStopped()
        requireCpu(cpu, this.vcpus)
        machine.editState(cpu, (state) => state.setBigUint64(offsetOf(name), BigInt.asUintN(64, value), true))
      },
      writePhysical: async (address, bytes) => {
        this.control.requireStopped()
        write(address, bytes)
      },
      writeVirtual: async (address, bytes, space) => {
        this.control.requireStopped()
        for (const { at, physical, count } of this.pieces(address, bytes.length, space)) {
          write(physical, bytes.subarray(at, at + count))
        }
      },
    }
  }
}
