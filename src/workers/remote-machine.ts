// A machine in a worker, so that the caller's thread stays free: the methods of Machine, each result promised.
//
// 1. Calls reach the machine in the order in which they are made. While it runs they are served between two stretches of a few
//    milliseconds, the machine standing still: input may be typed, memory looked at, a snapshot taken. What would bend the
//    run is GUEST_RUNNING.
// 2. `now`, `poweredOff` and `statistics` are those of its last answer or report.
// 3. A run is the one that a Machine in this thread makes, bit for bit: `until` is asked here, for each piece of output,
//    while the machine waits.
// 4. Snapshots cross as snapshot files. `dispose` ends the thread.
//
//   const made = await RemoteMachine.create(nodeWorkers(), { ...readAssets(), vcpus: 2 })
//   if (!made.ok) return report(made)
//   const machine = made.value
//   machine.onConsole(({ bytes }) => terminal.write(bytes))
//   const stop = await machine.run({ instructions: 1e10, onProgress, signal })
//   const agent = new AgentClient(machine.port())

import {
  accept,
  type Disposable,
  PAGE_SIZE,
  panic,
  type Result,
  TransplantError,
  toDisposable,
  type VirtAddr,
} from '../base/index.js'
import {
  type BootRefusalCode,
  type Configuration,
  type ConsoleChannel,
  type CoreEvent,
  CoreEvents,
  type CpuActivity,
  decodeSnapshot,
  encodeSnapshot,
  type Input,
  type Machine,
  type MachineOptions,
  type MachineStatistics,
  type Registers,
  type RunLimit,
  type Snapshot,
  type StopReason,
  type VectorState,
  type WatchedAccess,
} from '../machine/index.js'
import {
  type Answer,
  CORE_EVENT,
  type MachineEvent,
  type MachineStatus,
  type PlainMachineCall,
  type RemoteMachineApi,
  type Stretch,
  type StretchEnd,
  type StretchProgress,
} from './machine-calls.js'
import { RemotePort } from './remote-port.js'
import type { WorkerHost } from './transport.js'
import {
  type CallOptions,
  forwardedEvent,
  type PendingCall,
  WorkerClient,
  type WorkerOptions,
} from './worker-client.js'

interface Held {
  readonly configuration: Configuration
  readonly status: MachineStatus
}

/** A machine on another thread. */
export class RemoteMachine implements RemoteMachineApi, Disposable {
  readonly configuration: Configuration
  readonly onConsole: Machine['onConsole']
  readonly onReset: Machine['onReset']
  readonly onTripleFault: Machine['onTripleFault']
  readonly onInput: Machine['onInput']
  readonly onDeviceWrite: Machine['onDeviceWrite']
  private readonly client: WorkerClient
  private readonly coreEvents = new CoreEvents((mask) => {
    this.coreMask = this.ask('machine.forwardCoreEvents', [mask])
    // A machine that has ended tells of no events; who subscribes then is told so.
    this.coreMask.catch(() => {})
  })
  private coreMask: Promise<unknown> = Promise.resolve()
  private status: MachineStatus
  private running = false
  private stretch: PendingCall | undefined
  private stopWanted = false
  private lastBreakpoint = 0

  /**
   * As `Machine.create`, in a new worker: the machine, or why its kernel cannot be booted (`BootRefusalCode`). Throws
   * MACHINE_CONFIGURATION for an option that is none, WORKER_CRASHED or WORKER_ENDED where the worker does not live, WORKER_NOT_CLONABLE.
   */
  static async create(
    host: WorkerHost,
    options: MachineOptions,
    worker: WorkerOptions = {},
  ): Promise<Result<RemoteMachine, BootRefusalCode>> {
    const client = new WorkerClient(host, worker)
    return ended(client, async () => {
      const created = (await client.call('machine.create', [options]).result) as Result<Held, BootRefusalCode>
      if (created.ok) return accept(new RemoteMachine(client, created.value))
      client.dispose()
      return created
    })
  }

  /**
   * As `Machine.from`, in a new worker. Throws SNAPSHOT_CONFIGURATION for what is no snapshot, WORKER_CRASHED or WORKER_ENDED where the
   * worker does not live.
   */
  static async from(
    host: WorkerHost,
    snapshot: Snapshot,
    coreWasm: MachineOptions['coreWasm'],
    jit?: MachineOptions['jit'],
    worker: WorkerOptions = {},
  ): Promise<RemoteMachine> {
    const client = new WorkerClient(host, worker)
    return ended(client, async () => {
      const held = await client.call('machine.from', [encodeSnapshot(snapshot), coreWasm, jit]).result
      return new RemoteMachine(client, held as Held)
    })
  }

  private constructor(client: WorkerClient, held: Held) {
    this.client = client
    this.configuration = held.configuration
    this.status = held.status
    this.onConsole = forwardedEvent(client, 'onConsole' satisfies MachineEvent)
    this.onReset = forwardedEvent(client, 'onReset' satisfies MachineEvent)
    this.onTripleFault = forwardedEvent(client, 'onTripleFault' satisfies MachineEvent)
    this.onInput = forwardedEvent(client, 'onInput' satisfies MachineEvent)
    this.onDeviceWrite = forwardedEvent(client, 'onDeviceWrite' satisfies MachineEvent)
    client.onEvent(([event, value]) => {
      if (event === CORE_EVENT) this.coreEvents.fire(value as CoreEvent)
    })
  }

  /** This machine as the seam that agents, kernel views and debuggers ask for. */
  port(): RemotePort {
    return new RemotePort(this, (name, args) => this.ask(name, args))
  }

  dispose(): void {
    this.client.dispose()
  }

  private async ask(name: string, args: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    return this.take(await this.client.call(name, args, options).result)
  }

  private take(answer: unknown): unknown {
    const { value, status } = answer as Answer
    this.status = status
    return value
  }

  private plain<K extends PlainMachineCall>(
    name: K,
    ...args: Parameters<Machine[K]>
  ): Promise<Awaited<ReturnType<Machine[K]>>> {
    return this.ask(`machine.${name}`, args) as Promise<Awaited<ReturnType<Machine[K]>>>
  }

  // Running /////////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * As `Machine.run`; the thread of the caller stays free. Throws GUEST_RUNNING where it runs already, WORKER_CRASHED or WORKER_ENDED
   * where the worker does not live, and what `Machine.run` throws.
   */
  async run(limit: RunLimit = {}): Promise<StopReason> {
    if (this.running) throw new TransplantError('GUEST_RUNNING', 'The machine is running.', 'Await its run first.')
    const { until, signal, onProgress } = limit
    let left = limit.instructions ?? Number.POSITIVE_INFINITY
    let matched = false
    let failure: { readonly thrown: unknown } | undefined
    /** What the caller's functions throw ends the run and is thrown by it, not by whatever delivers messages. */
    const guard = (action: () => void): void => {
      try {
        action()
      } catch (thrown) {
        failure ??= { thrown }
        this.stretch?.cancel()
      }
    }
    let done = 0
    this.running = true
    this.stopWanted = false
    const judging =
      until &&
      this.onConsole((output) =>
        guard(() => {
          if (until(output)) matched = true
        }),
      )
    try {
      for (;;) {
        const stretch: Stretch = { instructions: left, eachOutput: until !== undefined }
        const report = (value: unknown): void => {
          const { instructions, status } = value as StretchProgress
          this.status = status
          guard(() => onProgress?.({ instructions: done + instructions, time: status.now }))
        }
        this.stretch = this.client.call('machine.run', [stretch], { signal, onProgress: report })
        const { stop, start } = this.take(await this.stretch.result) as StretchEnd
        if (failure !== undefined) throw failure.thrown
        if (stop.reason !== 'output' || matched) return stop
        if (this.stopWanted) return { reason: 'stop-request' }
        done += this.now - start
        left -= this.now - start
      }
    } finally {
      this.running = false
      this.stretch = undefined
      judging?.dispose()
    }
  }

  /** Ends the run that is under way, between two slices. */
  async requestStop(): Promise<void> {
    this.stopWanted = true
    this.stretch?.cancel()
  }

  step(cpu: number, instructions?: number): Promise<StopReason> {
    return this.plain('step', cpu, instructions)
  }

  runTo(time: number, slices: number): Promise<StopReason | undefined> {
    return this.plain('runTo', time, slices)
  }

  reset(): Promise<void> {
    return this.plain('reset')
  }

  // Input ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  sendConsole(channel: ConsoleChannel, bytes: Uint8Array): Promise<void> {
    return this.plain('sendConsole', channel, bytes)
  }

  replayInput(input: Input): Promise<StopReason | undefined> {
    return this.plain('replayInput', input)
  }

  reseed(seed: number | bigint, meanSlice?: number): Promise<void> {
    return this.plain('reseed', seed, meanSlice)
  }

  // Looking in //////////////////////////////////////////////////////////////////////////////////////////////////////

  get now(): number {
    return this.status.now
  }

  get poweredOff(): StopReason | undefined {
    return this.status.poweredOff
  }

  get statistics(): MachineStatistics {
    return this.status.statistics
  }

  get vcpus(): number {
    return this.configuration.vcpus
  }

  get memoryBytes(): number {
    return this.configuration.memoryBytes
  }

  get pageCount(): number {
    return this.memoryBytes / PAGE_SIZE
  }

  activity(cpu: number): Promise<CpuActivity> {
    return this.plain('activity', cpu)
  }

  registers(cpu: number): Promise<Registers> {
    return this.plain('registers', cpu)
  }

  vectors(cpu: number): Promise<VectorState> {
    return this.plain('vectors', cpu)
  }

  readPhysical(address: number, length: number): Promise<Uint8Array | undefined> {
    return this.plain('readPhysical', address, length)
  }

  translate(cpu: number, address: VirtAddr): Promise<number | undefined> {
    return this.plain('translate', cpu, address)
  }

  async setBreakpoint(address: VirtAddr): Promise<Disposable> {
    const handle = ++this.lastBreakpoint
    await this.ask('machine.setBreakpoint', [handle, address])
    return toDisposable(() => {
      // A machine that has ended has no breakpoints either.
      this.ask('machine.clearBreakpoint', [handle]).catch(() => {})
    })
  }

  async setWatchpoint(address: VirtAddr, length: number, access: WatchedAccess): Promise<Disposable> {
    const handle = ++this.lastBreakpoint
    await this.ask('machine.setWatchpoint', [handle, address, length, access])
    return toDisposable(() => {
      this.ask('machine.clearBreakpoint', [handle]).catch(() => {})
    })
  }

  async watchCoreEvents(mask: number, listener: (event: CoreEvent) => void): Promise<Disposable> {
    const hold = this.coreEvents.watch(mask, listener)
    await this.coreMask
    return hold
  }

  screenRows(): Promise<readonly string[]> {
    return this.plain('screenRows')
  }

  diskContents(): Promise<Uint8Array | undefined> {
    return this.plain('diskContents')
  }

  writePhysical(address: number, bytes: Uint8Array): Promise<boolean> {
    return this.plain('writePhysical', address, bytes)
  }

  // State ///////////////////////////////////////////////////////////////////////////////////////////////////////////

  /**
   * As `Machine.snapshot`. Throws WORKER_CRASHED or WORKER_ENDED where the worker does not live, and INTERNAL where what it sends is no
   * snapshot.
   */
  async snapshot(): Promise<Snapshot> {
    const decoded = decodeSnapshot((await this.client.call('machine.snapshot', []).result) as Uint8Array)
    return decoded.ok ? decoded.value : panic(`A snapshot did not cross between threads: ${decoded.message}`)
  }

  async restore(snapshot: Snapshot): Promise<void> {
    const file = encodeSnapshot(snapshot)
    await this.ask('machine.restore', [file], { transfer: [file.buffer] })
  }

  hash(): Promise<string> {
    return this.plain('hash')
  }

  pageHash(page: number): Promise<string> {
    return this.plain('pageHash', page)
  }
}

/** A worker whose machine could not be made is ended. */
async function ended<T>(client: WorkerClient, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (thrown) {
    client.dispose()
    throw thrown
  }
}
