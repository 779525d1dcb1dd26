// GuestPort over a machine in a worker: what stands on it (the agent's client, kernel views, the console log) works on such a
// machine unchanged. Reading is done by the worker, in one message each. Breakpoint handlers run here, the machine
// standing still meanwhile.

import { type Disposable, type Event, type PhysAddr, toDisposable, type VirtAddr, virtAddr } from '../base/index.js'
import {
  type AddressSpace,
  type BreakpointHandler,
  type ConsoleChannel,
  type ConsoleOutput,
  type CpuActivity,
  capabilitiesOf,
  type DebugPort,
  type GuestCapabilities,
  type GuestPort,
  type MachinePort,
  type Registers,
  RunControl,
  type RunLimit,
  type StopReason,
} from '../machine/index.js'
import type { PlainDebugCall, PlainPortCall } from './machine-calls.js'
import type { RemoteMachine } from './remote-machine.js'

type Ask = (name: string, args: readonly unknown[]) => Promise<unknown>

/** A GuestPort of a machine on another thread. */
export class RemotePort implements GuestPort {
  readonly kind = 'transplant'
  readonly onConsole: Event<ConsoleOutput>
  readonly capabilities: Required<GuestCapabilities>
  private readonly machine: RemoteMachine
  private readonly ask: Ask
  private readonly control = new RunControl()
  readonly onStop: Event<StopReason> = this.control.onStop

  constructor(machine: RemoteMachine, ask: Ask) {
    this.machine = machine
    this.ask = ask
    this.onConsole = machine.onConsole
    this.capabilities = capabilitiesOf(machine)
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

  private async plain<K extends PlainPortCall>(
    name: K,
    ...args: Parameters<MachinePort[K]>
  ): Promise<Awaited<ReturnType<MachinePort[K]>>> {
    this.control.requireStopped()
    return (await this.ask(`port.${name}`, args)) as Awaited<ReturnType<MachinePort[K]>>
  }

  readPhysical(address: PhysAddr, length: number): Promise<Uint8Array> {
    return this.plain('readPhysical', address, length)
  }

  readVirtual(address: VirtAddr, length: number, space: AddressSpace): Promise<Uint8Array> {
    return this.plain('readVirtual', address, length, space)
  }

  translate(address: VirtAddr, space: AddressSpace): Promise<PhysAddr | undefined> {
    return this.plain('translate', address, space)
  }

  registers(cpu: number): Promise<Registers> {
    return this.plain('registers', cpu)
  }

  activity(cpu: number): Promise<CpuActivity> {
    return this.plain('activity', cpu)
  }

  async run(limit: RunLimit = {}): Promise<StopReason> {
    return this.control.run(() => this.runToStop(limit))
  }

  private async runToStop(limit: RunLimit): Promise<StopReason> {
    const { machine } = this
    const { onProgress, ...rest } = limit
    const start = machine.now
    const end = start + (limit.instructions ?? Number.POSITIVE_INFINITY)
    for (;;) {
      const stop = await machine.run({
        ...rest,
        instructions: end - machine.now,
        onProgress: ({ time }) => onProgress?.({ instructions: time - start, time }),
      })
      if (stop.reason !== 'breakpoint' || (await this.control.handle(stop.cpu, stop.address))) return stop
      if (this.control.stopWanted) return { reason: 'stop-request' }
    }
  }

  async stop(): Promise<void> {
    await this.control.stop(() => this.machine.requestStop())
  }

  async step(cpu: number, count = 1): Promise<StopReason> {
    this.control.requireIdle()
    return this.control.stepped(await this.plain('step', cpu, count))
  }

  async setBreakpoint(address: VirtAddr, handler: BreakpointHandler = () => 'stop'): Promise<Disposable> {
    const canonical = virtAddr(address)
    const hold = await this.machine.setBreakpoint(canonical)
    const entry = this.control.handlers.add(canonical, handler)
    return toDisposable(() => {
      hold.dispose()
      entry.dispose()
    })
  }

  sendConsole(channel: ConsoleChannel, bytes: Uint8Array): Promise<void> {
    return this.machine.sendConsole(channel, bytes)
  }

  /**
   * The capability to write, for the gdb stub and for fault injection. Its methods throw GUEST_NO_MEMORY, GUEST_RUNNING and GUEST_NO_CPU,
   * as `DebugPort` says.
   */
  debugPort(): DebugPort {
    const call =
      (name: PlainDebugCall) =>
      async (...args: unknown[]): Promise<never> => {
        this.control.requireStopped()
        return (await this.ask(`debug.${name}`, args)) as never
      }
    return {
      setWatchpoint: async (...watched) => {
        this.control.requireStopped()
        return this.machine.setWatchpoint(...watched)
      },
      readVectors: call('readVectors'),
      writeVectors: call('writeVectors'),
      writeRegister: call('writeRegister'),
      writePhysical: call('writePhysical'),
      writeVirtual: call('writeVirtual'),
    }
  }
}
