// A machine inside its worker: calls by name, events while somebody listens. It runs in stretches of a few milliseconds, so
// that input, questions and a stop reach it in between; a run that is cut is the same run.

import { accept, type Disposable, panic, TransplantError, type VirtAddr } from '../base/index.js'
import {
  decodeSnapshot,
  encodeSnapshot,
  Machine,
  type MachineOptions,
  MachinePort,
  type Snapshot,
  type WatchedAccess,
} from '../machine/index.js'
import {
  type Answer,
  CORE_EVENT,
  MACHINE_EVENTS,
  type MachineEvent,
  type MachineStatus,
  PLAIN_DEBUG_CALLS,
  PLAIN_MACHINE_CALLS,
  PLAIN_PORT_CALLS,
  type Stretch,
  type StretchEnd,
  type StretchProgress,
} from './machine-calls.js'
import { type Call, type CallTable, Moved, type Surroundings } from './serve.js'

/** Instructions between two looks at the messages. */
const CHUNK = 2_000_000

export function machineCalls(surroundings: Surroundings): {
  readonly calls: CallTable
  listen(event: string, on: boolean): void
} {
  const server = new MachineServer(surroundings)
  return { calls: server.calls(), listen: (event, on) => server.listen(event as MachineEvent, on) }
}

class MachineServer {
  private readonly surroundings: Surroundings
  private held: Machine | undefined
  private running = false
  private readonly breakpoints = new Map<number, Disposable>()
  private coreEvents: Disposable | undefined
  private readonly listening = new Map<MachineEvent, Disposable>()

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings
  }

  private get machine(): Machine {
    return this.held ?? panic('A machine was called before it was created.')
  }

  private get status(): MachineStatus {
    const { now, poweredOff, statistics } = this.machine
    return { now, poweredOff, statistics }
  }

  calls(): CallTable {
    const answer = (value: unknown): Answer => ({ value, status: this.status })
    const plain: Record<string, CallTable[string]> = {}
    for (const name of PLAIN_MACHINE_CALLS) {
      plain[`machine.${name}`] = (_call, ...args: unknown[]) => {
        if (MOVES_TIME.has(name)) this.requireStanding()
        return answer(Reflect.apply(this.machine[name], this.machine, args))
      }
    }
    for (const name of PLAIN_PORT_CALLS) {
      plain[`port.${name}`] = async (_call, ...args: unknown[]) => {
        const port = new MachinePort(this.machine)
        return answer(await Reflect.apply(port[name], port, args))
      }
    }
    for (const name of PLAIN_DEBUG_CALLS) {
      plain[`debug.${name}`] = async (_call, ...args: unknown[]) => {
        const port = new MachinePort(this.machine).debugPort()
        return answer(await Reflect.apply(port[name], port, args))
      }
    }
    return {
      ...plain,
      'machine.create': (_call, options: MachineOptions) => {
        const created = Machine.create(options)
        if (!created.ok) return created
        return accept(this.hold(created.value))
      },
      'machine.from': (_call, file: Uint8Array, coreWasm: MachineOptions['coreWasm'], jit: MachineOptions['jit']) =>
        this.hold(Machine.from(decode(file), coreWasm, jit)),
      'machine.run': async (call, stretch: Stretch) => answer(await this.run(call, stretch)),
      'machine.snapshot': () => new Moved(encodeSnapshot(this.machine.snapshot())),
      'machine.restore': (_call, file: Uint8Array) => {
        this.requireStanding()
        return answer(this.machine.restore(decode(file)))
      },
      'machine.setBreakpoint': (_call, handle: number, address: VirtAddr) => {
        this.breakpoints.set(handle, this.machine.setBreakpoint(address))
        return answer(undefined)
      },
      'machine.forwardCoreEvents': (_call, mask: number) => {
        this.coreEvents?.dispose()
        this.coreEvents = this.machine.watchCoreEvents(mask, (event) => this.surroundings.fire(CORE_EVENT, event))
        return answer(undefined)
      },
      'machine.setWatchpoint': (_call, handle: number, address: VirtAddr, length: number, access: WatchedAccess) => {
        this.breakpoints.set(handle, this.machine.setWatchpoint(address, length, access))
      },
      'machine.clearBreakpoint': (_call, handle: number) => {
        this.breakpoints.get(handle)?.dispose()
        this.breakpoints.delete(handle)
        return answer(undefined)
      },
    }
  }

  private hold(machine: Machine): unknown {
    this.held = machine
    return { configuration: machine.configuration, status: this.status }
  }

  listen(event: MachineEvent, on: boolean): void {
    if (!MACHINE_EVENTS.includes(event)) return
    this.listening.get(event)?.dispose()
    this.listening.delete(event)
    // The kinds of event have as many kinds of value; here each is only passed on.
    const subscribe = this.machine[event] as (listener: (value: unknown) => void) => Disposable
    if (on)
      this.listening.set(
        event,
        subscribe((value) => this.surroundings.fire(event, value)),
      )
  }

  private requireStanding(): void {
    if (!this.running) return
    throw new TransplantError('GUEST_RUNNING', 'The machine is running.', 'Await its run first, or stop it.')
  }

  private async run(call: Call, { instructions, eachOutput }: Stretch): Promise<StretchEnd> {
    this.requireStanding()
    const { machine } = this
    const start = machine.now
    const end = start + instructions
    this.running = true
    try {
      for (;;) {
        const stop = machine.run({
          instructions: Math.min(CHUNK, end - machine.now),
          signal: call.signal,
          ...(eachOutput ? { until: () => true } : {}),
        })
        if (stop.reason !== 'limit' || machine.now >= end) return { stop, start }
        const progress: StretchProgress = { instructions: machine.now - start, status: this.status }
        call.progress(progress)
        await this.surroundings.breathe()
      }
    } finally {
      this.running = false
    }
  }
}

/** Calls that would bend a run that is under way. The others find the machine between two instructions. */
const MOVES_TIME: ReadonlySet<string> = new Set(['step', 'runTo', 'replayInput'])

function decode(file: Uint8Array): Snapshot {
  const decoded = decodeSnapshot(file)
  return decoded.ok ? decoded.value : panic(`A snapshot did not cross between threads: ${decoded.message}`)
}
