// GuestPort (and DebugPort) over our own Machine.
//
// Runs the machine in chunks. Between chunks it looks whether `stop` was asked for and calls `breathe`, where the
// application yields to its event loop (setImmediate in Node, a macrotask in a page): this room has no timers of its own.
// Breakpoint handlers run between two instructions and may await; the machine stands still meanwhile.

import type { Disposable, Event, PhysAddr, VirtAddr } from '../base/index.js'
import {
  Emitter,
  formatAddress,
  offsetVirt,
  PAGE_SIZE,
  physAddr,
  TransplantError,
  toDisposable,
  virtAddr,
} from '../base/index.js'
import { BreakpointHandlers } from './breakpoint-handlers.js'
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
import { walkPageTables } from './page-walk.js'
import { offsetOf } from './registers.js'

export interface MachinePortOptions {
  /** Instructions between two calls of `breathe`. Default 5 million. */
  readonly chunk?: number
  /** Called between chunks with the instructions run so far in this `run`. */
  readonly breathe?: (progress: RunProgress) => void | Promise<void>
}

const DEFAULT_CHUNK = 5_000_000

export class MachinePort implements GuestPort {
  readonly kind = 'transplant'
  readonly onConsole: Event<ConsoleOutput>
  readonly capabilities: Required<GuestCapabilities>
  private readonly machine: Machine
  private readonly chunk: number
  private readonly breathe: MachinePortOptions['breathe']
  private running = false
  private stopping = false
  /** A breakpoint handler is at work: it may look, but not run. */
  private handling = false
  private readonly handlers = new BreakpointHandlers()
  private readonly stopEmitter = new Emitter<StopReason>()
  readonly onStop: Event<StopReason> = this.stopEmitter.event

  constructor(machine: Machine, options: MachinePortOptions = {}) {
    this.machine = machine
    this.onConsole = machine.onConsole
    this.capabilities = capabilitiesOf(machine)
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
    return this.running ? 'running' : 'stopped'
  }

  private requireStopped(): void {
    if (this.running) throw new TransplantError('GUEST_RUNNING', 'The guest is running.', 'Await stop() first.')
  }

  private requireCpu(cpu: number): void {
    if (!Number.isInteger(cpu) || cpu < 0 || cpu >= this.vcpus) {
      throw new TransplantError('GUEST_NO_CPU', `There is no vCPU ${cpu}.`, `Use 0 to ${this.vcpus - 1}.`)
    }
  }

  async readPhysical(address: PhysAddr, length: number): Promise<Uint8Array> {
    this.requireStopped()
    const bytes = this.machine.readPhysical(address, length)
    if (bytes === undefined) {
      throw new TransplantError(
        'GUEST_NO_MEMORY',
        `There is no memory at ${formatAddress(address)}..${formatAddress(address + length)}.`,
        `RAM ends at ${formatAddress(this.memoryBytes)}.`,
      )
    }
    return bytes
  }

  async readVirtual(address: VirtAddr, length: number, space: AddressSpace): Promise<Uint8Array> {
    this.requireStopped()
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
    const list: { at: number; physical: PhysAddr; count: number }[] = []
    for (let at = 0; at < length; ) {
      const here = offsetVirt(address, at)
      const count = Math.min(length - at, PAGE_SIZE - Number(here & 0xfffn))
      const physical = this.translateNow(here, space)
      if (physical === undefined) {
        throw new TransplantError(
          'GUEST_NOT_MAPPED',
          `Nothing is mapped at ${formatAddress(here)}.`,
          'Check the address and whose page tables are asked.',
        )
      }
      list.push({ at, physical, count })
      at += count
    }
    return list
  }

  private translateNow(address: VirtAddr, space: AddressSpace): PhysAddr | undefined {
    if ('cpu' in space) {
      this.requireCpu(space.cpu)
      const physical = this.machine.translate(space.cpu, address)
      return physical === undefined ? undefined : physAddr(physical)
    }
    const { ram } = this.machine
    const view = new DataView(ram.buffer, ram.byteOffset, ram.byteLength)
    return walkPageTables(space.cr3, address, (at) => (at + 8 <= ram.length ? view.getBigUint64(at, true) : undefined))
  }

  async translate(address: VirtAddr, space: AddressSpace): Promise<PhysAddr | undefined> {
    this.requireStopped()
    return this.translateNow(address, space)
  }

  async registers(cpu: number): Promise<Registers> {
    this.requireStopped()
    this.requireCpu(cpu)
    return this.machine.registers(cpu)
  }

  async activity(cpu: number): Promise<CpuActivity> {
    this.requireStopped()
    this.requireCpu(cpu)
    return this.machine.activity(cpu)
  }

  private requireIdle(): void {
    this.requireStopped()
    if (this.handling) {
      throw new TransplantError(
        'GUEST_RUNNING',
        'A breakpoint handler cannot run or step the guest.',
        "Return 'stop' from it, and go on after run() has returned.",
      )
    }
  }

  async run(limit: RunLimit = {}): Promise<StopReason> {
    this.requireIdle()
    this.running = true
    this.stopping = false
    try {
      const stop = await this.runChunks(limit)
      this.running = false
      this.stopEmitter.fire(stop)
      return stop
    } finally {
      this.running = false
    }
  }

  private async runChunks(limit: RunLimit): Promise<StopReason> {
    const start = this.machine.now
    const end = start + (limit.instructions ?? Number.POSITIVE_INFINITY)
    const { onProgress, ...watched } = limit
    for (;;) {
      const stop = this.machine.run({ ...watched, instructions: Math.min(this.chunk, end - this.machine.now) })
      if (stop.reason === 'breakpoint') {
        if (await this.handleBreakpoint(stop.cpu, stop.address)) return stop
      } else if (stop.reason !== 'limit' || this.machine.now >= end) return stop
      if (this.stopping) return { reason: 'stop-request' }
      const progress = { instructions: this.machine.now - start, time: this.machine.now }
      onProgress?.(progress)
      await this.breathe?.(progress)
      if (this.stopping) return { reason: 'stop-request' }
    }
  }

  /** True to stop. Handlers may look into the stopped guest. */
  private async handleBreakpoint(cpu: number, address: VirtAddr): Promise<boolean> {
    this.running = false
    this.handling = true
    try {
      return await this.handlers.call({ cpu, address })
    } finally {
      this.handling = false
      this.running = true
    }
  }

  async stop(): Promise<void> {
    if (!this.running) return
    this.stopping = true
    this.machine.requestStop()
    await new Promise<void>((resolve) => {
      const subscription = this.stopEmitter.event(() => {
        subscription.dispose()
        resolve()
      })
    })
  }

  async step(cpu: number, count = 1): Promise<StopReason> {
    this.requireIdle()
    this.requireCpu(cpu)
    const stop = this.machine.step(cpu, count)
    this.stopEmitter.fire(stop)
    return stop
  }

  async setBreakpoint(address: VirtAddr, handler: BreakpointHandler = () => 'stop'): Promise<Disposable> {
    const canonical = virtAddr(address)
    const hold = this.machine.setBreakpoint(canonical)
    const entry = this.handlers.add(canonical, handler)
    return toDisposable(() => {
      hold.dispose()
      entry.dispose()
    })
  }

  async sendConsole(channel: ConsoleChannel, bytes: Uint8Array): Promise<void> {
    this.machine.sendConsole(channel, bytes)
  }

  /** The capability to write, for the gdb stub and for fault injection. */
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
      writeRegister: async (cpu: number, name: WritableRegister, value: bigint) => {
        this.requireStopped()
        this.requireCpu(cpu)
        machine.editState(cpu, (state) => state.setBigUint64(offsetOf(name), BigInt.asUintN(64, value), true))
      },
      writePhysical: async (address, bytes) => {
        this.requireStopped()
        write(address, bytes)
      },
      writeVirtual: async (address, bytes, space) => {
        this.requireStopped()
        for (const { at, physical, count } of this.pieces(address, bytes.length, space)) {
          write(physical, bytes.subarray(at, at + count))
        }
      },
    }
  }
}
