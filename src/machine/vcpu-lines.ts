// The lines from the local APICs to the vCPUs: interrupt, NMI, INIT and start-up, as the core and the scheduler know them.
//
// A vCPU acts on INIT when it next runs; a start-up IPI that comes until then is kept for it.

import type { StateReader, StateWriter } from '../base/index.js'
import { type CpuCore, LINE_INIT, LINE_INTR, LINE_NMI } from '../cpu/index.js'
import type { CpuLines } from './devices/apic-messages.js'
import type { Scheduler } from './scheduler.js'

export class VcpuLines {
  private readonly pendingStartup: Int16Array
  private readonly initPending: Uint8Array
  private readonly core: CpuCore
  private readonly scheduler: Scheduler

  constructor(core: CpuCore, scheduler: Scheduler, vcpus: number) {
    this.core = core
    this.scheduler = scheduler
    this.pendingStartup = new Int16Array(vcpus).fill(-1)
    this.initPending = new Uint8Array(vcpus)
  }

  reset(): void {
    this.pendingStartup.fill(-1)
    this.initPending.fill(0)
  }

  linesOf(cpu: number): CpuLines {
    const { core, scheduler } = this
    return {
      setInterrupt: (level) => {
        core.exports.setLine(cpu, LINE_INTR, level ? 1 : 0)
        if (level && scheduler.activity(cpu) === 'halted') scheduler.wake(cpu)
      },
      raiseNmi: () => {
        core.exports.setLine(cpu, LINE_NMI, 1)
        if (scheduler.activity(cpu) === 'halted') scheduler.wake(cpu)
      },
      raiseInit: () => {
        core.exports.setLine(cpu, LINE_INIT, 1)
        this.initPending[cpu] = 1
        this.pendingStartup[cpu] = -1
        scheduler.wake(cpu)
      },
      startup: (vector) => {
        if (this.initPending[cpu] === 1) this.pendingStartup[cpu] = vector
        else if (scheduler.activity(cpu) === 'waiting') this.start(cpu, vector)
      },
    }
  }

  private start(cpu: number, vector: number): void {
    this.core.exports.startup(cpu, vector)
    this.scheduler.wake(cpu)
  }

  /** The vCPU ran: an INIT that was pending has been acted on. */
  hasRun(cpu: number): void {
    this.initPending[cpu] = 0
  }

  /** The vCPU acted on INIT and waits for a start-up IPI, which may have come. */
  waitForStartup(cpu: number): void {
    this.scheduler.wait(cpu)
    this.initPending[cpu] = 0
    const vector = this.pendingStartup[cpu] as number
    this.pendingStartup[cpu] = -1
    if (vector >= 0) this.start(cpu, vector)
  }

  save(writer: StateWriter): void {
    for (const vector of this.pendingStartup) writer.f64(vector)
    writer.raw(this.initPending)
  }

  load(reader: StateReader): void {
    for (let cpu = 0; cpu < this.pendingStartup.length; cpu++) this.pendingStartup[cpu] = reader.f64()
    this.initPending.set(reader.raw(this.initPending.length))
  }
}
