// What our machine can tell beyond the common port, here or on another thread.

import type { Disposable, Event } from '../base/index.js'
import { EVENT_MODE } from '../cpu/index.js'
import type { CoreEvent, DeviceWrite, GuestCapabilities } from './guest-port.js'
import { requireCpu } from './run-control.js'

export interface Observable {
  readonly now: number
  readonly statistics: { readonly retired: readonly number[] }
  readonly onDeviceWrite: Event<DeviceWrite>
  watchCoreEvents(mask: number, listener: (event: CoreEvent) => void): Disposable | Promise<Disposable>
}

/** What a port can do beyond looking. */
export function capabilitiesOf(machine: Observable): Required<GuestCapabilities> {
  return {
    time: async () => machine.now,
    retired: async (cpu) => {
      const { retired } = machine.statistics
      requireCpu(cpu, retired.length)
      return retired[cpu] as number
    },
    deviceWrites: async (listener) => machine.onDeviceWrite(listener),
    coreEvents: async (mask, listener) => machine.watchCoreEvents(mask, listener),
    modeChanges: async (listener) =>
      machine.watchCoreEvents(EVENT_MODE, ({ cpu, a, b, time }) => listener({ cpu, to: a, from: b, time })),
  }
}
