// Interrupt controllers wired as on the board, with recorded vCPUs: local APICs on a bus, the I/O APIC, the 8259 pair.

import { VirtualClock } from '../../src/base/index.js'
import { SystemBus } from '../../src/machine/bus.js'
import { ApicBus } from '../../src/machine/devices/apic-bus.js'
import { InterruptLines } from '../../src/machine/devices/interrupt-lines.js'
import { IoApic } from '../../src/machine/devices/io-apic.js'
import { LocalApic } from '../../src/machine/devices/local-apic.js'
import { PicPair } from '../../src/machine/devices/pic.js'
import { RecordedCpu } from './fixtures.js'

export function makeApics(count = 2) {
  const clock = new VirtualClock()
  const bus = new SystemBus()
  const apicBus = new ApicBus()
  const pic = new PicPair(bus)
  const ioApic = new IoApic(apicBus)
  const lines = new InterruptLines(pic, ioApic)
  const cpus = Array.from({ length: count }, () => new RecordedCpu())
  const apics = cpus.map((cpu, i) => new LocalApic(i, clock, apicBus, cpu, i === 0 ? pic : undefined))
  pic.onChange = () => apics[0]?.update()
  const enable = (): void => {
    for (const apic of apics) apic.write(0xf0, 4, 0x1ff)
  }
  const apic = (i: number): LocalApic => apics[i] as LocalApic
  const cpu = (i: number): RecordedCpu => cpus[i] as RecordedCpu
  const command = (from: number, destination: number, low: number): void => {
    apic(from).write(0x310, 4, destination << 24)
    apic(from).write(0x300, 4, low)
  }
  const route = (pin: number, low: number, destination = 0): void => {
    ioApic.write(0, 4, 0x11 + 2 * pin)
    ioApic.write(0x10, 4, destination << 24)
    ioApic.write(0, 4, 0x10 + 2 * pin)
    ioApic.write(0x10, 4, low)
  }
  const entry = (pin: number): number => {
    ioApic.write(0, 4, 0x10 + 2 * pin)
    return ioApic.read(0x10)
  }
  return { clock, bus, pic, ioApic, lines, apic, cpu, apics, enable, command, route, entry }
}
