// Parts that device tests share: a bus one can poke, lines one can look at, RAM that is an array. All real, none mocked.

import { VirtualClock } from '../../src/base/index.js'
import { SystemBus } from '../../src/machine/bus.js'
import type { CpuLines } from '../../src/machine/devices/apic-messages.js'
import type { InterruptLine } from '../../src/machine/devices/interrupt-lines.js'
import { RamView } from '../../src/machine/guest-memory.js'

export class RecordedLine implements InterruptLine {
  level = false
  rises = 0
  set(level: boolean): void {
    if (level && !this.level) this.rises++
    this.level = level
  }
}

export class RecordedCpu implements CpuLines {
  interrupt = false
  readonly log: string[] = []
  setInterrupt(level: boolean): void {
    this.interrupt = level
  }
  raiseNmi(): void {
    this.log.push('nmi')
  }
  raiseInit(): void {
    this.log.push('init')
  }
  startup(vector: number): void {
    this.log.push(`startup ${vector.toString(16)}`)
  }
}

export function bench(): { bus: SystemBus; clock: VirtualClock; line: RecordedLine } {
  return { bus: new SystemBus(), clock: new VirtualClock(), line: new RecordedLine() }
}

export function arrayMemory(bytes: number): { memory: RamView; ram: Uint8Array } {
  const ram = new Uint8Array(bytes)
  return {
    ram,
    memory: new RamView(
      bytes,
      () => ram,
      () => {},
    ),
  }
}
