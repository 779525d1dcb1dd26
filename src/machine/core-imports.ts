// What the CPU core asks of the machine while a vCPU executes: ports, devices' memory, interrupts, APIC registers, and listeners told.

import type { Clock, Emitter } from '../base/index.js'
import type { CoreImports } from '../cpu/index.js'
import type { Board } from './board.js'
import type { CoreEvents } from './core-events.js'
import type { DeviceWrite } from './guest-port.js'

/** The board is asked for late: it is built after the core. */
export interface CoreSurroundings {
  readonly board: () => Board
  readonly clock: Clock
  readonly deviceWrites: Emitter<DeviceWrite>
  readonly events: CoreEvents
}

export function coreImports({ board, clock, deviceWrites, events }: CoreSurroundings): CoreImports {
  const note = (cpu: number, space: DeviceWrite['space'], address: number, size: number, value: number): void => {
    if (deviceWrites.hasListeners) deviceWrites.fire({ cpu, space, address, size, value: value >>> 0, time: clock.now })
  }
  return {
    portRead: (_cpu, port, size) => board().portRead(port, size),
    portWrite: (cpu, port, size, value) => {
      note(cpu, 'port', port, size, value)
      board().portWrite(port, size, value >>> 0)
    },
    mmioRead: (cpu, address, size) => board().memoryRead(cpu, address >>> 0, size),
    mmioWrite: (cpu, address, size, value) => {
      note(cpu, 'memory', address >>> 0, size, value)
      board().memoryWrite(cpu, address >>> 0, size, value >>> 0)
    },
    acknowledgeInterrupt: (cpu) => board().apics[cpu]?.acknowledge() ?? -1,
    apicMsrRead: (cpu, msr) => board().apics[cpu]?.readMsr(msr) ?? 0,
    apicMsrWrite: (cpu, msr, low, high) => (board().apics[cpu]?.writeMsr(msr, low, high) === true ? 0 : 1),
    taskPriorityRead: (cpu) => board().apics[cpu]?.taskPriorityClass ?? 0,
    taskPriorityWrite: (cpu, value) => {
      const apic = board().apics[cpu]
      if (apic !== undefined) apic.taskPriorityClass = value
    },
    event: (cpu, kind, a, b) => events.fire({ cpu, kind, a: a >>> 0, b: b >>> 0, time: clock.now }),
  }
}
