// GuestPort over a machine in a worker: what stands on it (the agent's client, kernel views, the console log) works on such a
// machine unchanged. Reading is done by the worker, in one message each. Breakpoint handlers run here, the machine
// standing still meanwhile.

import {
  type Disposable,
  Emitter,
  type Event,
  type PhysAddr,
  TransplantError,
  toDisposable,
  type VirtAddr,
  virtAddr,
} from '../base/index.js'
import {
  type AddressSpace,
  type BreakpointHandler,
  BreakpointHandlers,
  type ConsoleChannel,
  type ConsoleOutput,
  type CpuActivity,
  capabilitiesOf,
  type DebugPort,
  type GuestCapabilities,
  type GuestPort,
  type MachinePort,
  type Registers,
  type RunLimit,
  type StopReason,
} from '../machine/index.js'
import type { PlainDebugCall, PlainPortCall } from './machine-calls.js'
import type { RemoteMachine } from './remote-machine.js'

type Ask = (name: string, args: readonly unknown[]) => Promise<unknown>

export class RemotePort implements GuestPort {
  readonly kind = 'transplant'
  readonly onConsole: Event<ConsoleOutput>
  readonly capabilities: Required<GuestCapabilities>
  private readonly machine: RemoteMachine
  private readonly ask: Ask
  private running = false
  private stopping = false
  private handling = false
  private readonly handlers = new BreakpointHandlers()
  private readonly stopEmitter = new Emitter<StopReason>()
  readonly onStop: Event<StopReason> = this.stopEmitter.event

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
    return this.running ? 'running' : 'stopped'
  }

  private requireStopped(): void {
    if (this.running) throw new TransplantError('GUEST_RUNNING', 'The guest is running.', 'Await stop() first.')
  }

  private requireIdle(): void {
    this.requireStopped()
    if (!this.handling) return
    const hint = "Return 'stop' from it, and go on after run() has returned."
    throw new TransplantError('GUEST_RUNNING', 'A breakpoint handler cannot run or step the guest.', hint)
  }

  private async plain<K extends PlainPortCall>(
    name: K,
    ...args: Parameters<MachinePort[K]>
  ): Promise<Awaited<ReturnType<MachinePort[K]>>> {
    this.requireStopped()
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
    this.requireIdle()
    this.running = true
    this.stopping = false
    try {
      const stop = await this.runToStop(limit)
      this.running = false
      this.stopEmitter.fire(stop)
      return stop
    } finally {
      this.running = false
    }
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
      if (stop.reason !== 'breakpoint' || (await this.handleBreakpoint(stop.cpu, stop.address))) return stop
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
    const stopped = new Promise<void>((resolve) => {
      const subscription = this.stopEmitter.event(() => {
        subscription.dispose()
        resolve()
      })
    })
    await this.machine.requestStop()
    await stopped
  }

  async step(cpu: number, count = 1): Promise<StopReason> {
    this.requireIdle()
    const stop = await this.plain('step', cpu, count)
    this.stopEmitter.fire(stop)
    return stop
  }

  async setBreakpoint(address: VirtAddr, handler: BreakpointHandler = () => 'stop'): Promise<Disposable> {
    const canonical = virtAddr(address)
    const hold = await this.machine.setBreakpoint(canonical)
    const entry = this.handlers.add(canonical, handler)
    return toDisposable(() => {
      hold.dispose()
      entry.dispose()
    })
  }

  sendConsole(channel: ConsoleChannel, bytes: Uint8Array): Promise<void> {
    return this.machine.sendConsole(channel, bytes)
  }

  /** The capability to write, for the gdb stub and for fault injection. */
  debugPort(): DebugPort {
    const call =
      (name: PlainDebugCall) =>
      async (...args: unknown[]): Promise<void> => {
        this.requireStopped()
        await this.ask(`debug.${name}`, args)
      }
    return {
      writeRegister: call('writeRegister'),
      writePhysical: call('writePhysical'),
      writeVirtual: call('writeVirtual'),
    }
  }
}
