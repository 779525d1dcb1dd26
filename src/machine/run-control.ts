// What every port keeps of a run: whether the guest runs, whether it was asked to stop, whose handlers a breakpoint has; and the
// refusals that all ports share.

import { Emitter, type Event, formatAddress, type PhysAddr, TransplantError, type VirtAddr } from '../base/index.js'
import { BreakpointHandlers } from './breakpoint-handlers.js'
import type { StopReason } from './guest-port.js'

/** Breakpoints, single steps and runs of a port, one caller at a time. */
export class RunControl {
  readonly handlers = new BreakpointHandlers()
  private runs = false
  private stopping = false
  /** A breakpoint handler is at work: it may look, but not run. */
  private handling = false
  private readonly stopEmitter = new Emitter<StopReason>()
  readonly onStop: Event<StopReason> = this.stopEmitter.event

  get running(): boolean {
    return this.runs
  }

  /** `stop` was called during this run. */
  get stopWanted(): boolean {
    return this.stopping
  }

  requireStopped(): void {
    if (this.runs) throw new TransplantError('GUEST_RUNNING', 'The guest is running.', 'Await stop() first.')
  }

  requireIdle(): void {
    this.requireStopped()
    if (!this.handling) return
    const hint = "Return 'stop' from it, and go on after run() has returned."
    throw new TransplantError('GUEST_RUNNING', 'A breakpoint handler cannot run or step the guest.', hint)
  }

  /** A whole run. Looking in is refused meanwhile. */
  async run(body: () => Promise<StopReason>): Promise<StopReason> {
    this.requireIdle()
    this.runs = true
    this.stopping = false
    try {
      const stop = await body()
      this.runs = false
      this.stopEmitter.fire(stop)
      return stop
    } finally {
      this.runs = false
    }
  }

  stepped(stop: StopReason): StopReason {
    this.stopEmitter.fire(stop)
    return stop
  }

  /** True to stop. Handlers may look into the stopped guest. */
  async handle(cpu: number, address: VirtAddr): Promise<boolean> {
    this.runs = false
    this.handling = true
    try {
      return await this.handlers.call({ cpu, address })
    } finally {
      this.handling = false
      this.runs = true
    }
  }

  /** `request` makes the run end soon; resolves when it has. */
  async stop(request: () => void | Promise<void>): Promise<void> {
    if (!this.runs) return
    this.stopping = true
    const stopped = new Promise<void>((resolve) => {
      const subscription = this.onStop(() => {
        subscription.dispose()
        resolve()
      })
    })
    await request()
    await stopped
  }
}

/** Throws where a port has no such vCPU. */
export function requireCpu(cpu: number, vcpus: number): void {
  if (Number.isInteger(cpu) && cpu >= 0 && cpu < vcpus) return
  throw new TransplantError('GUEST_NO_CPU', `There is no vCPU ${cpu}.`, `Use 0 to ${vcpus - 1}.`)
}

/** The error for a physical address that is no memory. */
export function noMemory(address: PhysAddr, length: number, memoryBytes: number): TransplantError {
  const range = `${formatAddress(address)}..${formatAddress(address + length)}`
  const hint = `RAM ends at ${formatAddress(memoryBytes)}.`
  return new TransplantError('GUEST_NO_MEMORY', `There is no memory at ${range}.`, hint)
}

/** The error for a virtual address that is not mapped. */
export function notMapped(address: VirtAddr): TransplantError {
  const message = `Nothing is mapped at ${formatAddress(address)}.`
  return new TransplantError('GUEST_NOT_MAPPED', message, 'Check the address and whose page tables are asked.')
}
