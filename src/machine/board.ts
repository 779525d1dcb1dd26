// The board: all devices of the machine, wired. Builds them, dispatches the core's accesses to them, resets, saves and
// loads them in one fixed order.
//
// The devices know bus, lines and clock; the board knows the devices; neither knows the machine, which hands in the lines
// of its vCPUs and listens to `power` and the UARTs.

import type { Clock, Savable, StateReader, StateWriter } from '../base/index.js'
import { PAGE_SIZE, writeU32, writeU64 } from '../base/index.js'
import { SystemBus } from './bus.js'
import { ApicBus } from './devices/apic-bus.js'
import type { CpuLines } from './devices/apic-messages.js'
import * as key from './devices/fw-cfg.js'
import { FwCfg } from './devices/fw-cfg.js'
import { INTERRUPT_LINES, InterruptLines } from './devices/interrupt-lines.js'
import { IO_APIC_BASE, IoApic } from './devices/io-apic.js'
import { LocalApic } from './devices/local-apic.js'
import { PcTestdev } from './devices/pc-testdev.js'
import { PicPair } from './devices/pic.js'
import { Pit } from './devices/pit.js'
import { Power } from './devices/power.js'
import { Rtc } from './devices/rtc.js'
import { UART_PORTS, Uart } from './devices/uart.js'
import { Vga } from './devices/vga.js'
import { DiskImage, VirtioBlock } from './devices/virtio-block.js'
import { VIRTIO_MMIO_FIRST_IRQ, VIRTIO_MMIO_SLOTS, VirtioMmio } from './devices/virtio-mmio.js'
import type { GuestMemory } from './guest-memory.js'
import type { InterruptControllers } from './wake.js'

export interface BoardConfiguration {
  readonly vcpus: number
  readonly memoryBytes: number
  readonly epoch: number
  readonly items: ReadonlyMap<number, Uint8Array>
  readonly disk: Uint8Array | undefined
  readonly pcTestdev?: boolean
}

function little(bytes: number, value: number): Uint8Array {
  const item = new Uint8Array(bytes)
  if (bytes === 8) writeU64(item, 0, BigInt(value))
  else if (bytes === 4) writeU32(item, 0, value)
  else item.set([value & 0xff, value >>> 8])
  return item
}

/** QEMU's "etc/e820": 20-byte entries of address, length and type; here all of RAM as one. */
function e820(memoryBytes: number): Uint8Array {
  const entry = new Uint8Array(20)
  writeU64(entry, 8, BigInt(memoryBytes))
  writeU32(entry, 16, 1)
  return entry
}

export class Board implements Savable, InterruptControllers {
  readonly tag = 'board'
  readonly version = 1
  readonly apics: readonly LocalApic[]
  readonly uarts: readonly [Uart, Uart]
  readonly power: Power
  readonly vga: Vga
  readonly disk: DiskImage | undefined
  private readonly bus = new SystemBus()
  private readonly parts: readonly (Savable & { reset?(): void })[]
  readonly pic: PicPair
  readonly ioApic: IoApic
  readonly sources: InterruptControllers['sources']

  constructor(configuration: BoardConfiguration, clock: Clock, memory: GuestMemory, cpus: readonly CpuLines[]) {
    const { bus } = this
    const apicBus = new ApicBus()
    this.pic = new PicPair(bus)
    this.ioApic = new IoApic(apicBus)
    bus.mapMemory(IO_APIC_BASE, PAGE_SIZE, this.ioApic)
    const lines = new InterruptLines(this.pic, this.ioApic)
    this.apics = cpus.map((cpu, i) => new LocalApic(i, clock, apicBus, cpu, i === 0 ? this.pic : undefined))
    this.pic.onChange = () => this.apics[0]?.update()
    const pit = new Pit(bus, clock, lines.line(0))
    this.uarts = [
      new Uart(bus, UART_PORTS[0], clock, lines.line(4)),
      new Uart(bus, UART_PORTS[1], clock, lines.line(3)),
    ]
    const rtc = new Rtc(bus, clock, lines.line(8), configuration.epoch, configuration.memoryBytes)
    this.power = new Power(bus, clock)
    this.vga = new Vga(bus, clock)
    const items = new Map(configuration.items)
    items.set(key.FW_CFG_RAM_SIZE, little(8, configuration.memoryBytes))
    items.set(key.FW_CFG_NB_CPUS, little(2, configuration.vcpus))
    items.set(key.FW_CFG_MAX_CPUS, little(2, configuration.vcpus))
    const fwCfg = new FwCfg(bus, memory, items, new Map([['etc/e820', e820(configuration.memoryBytes)]]))
    let block: VirtioBlock | undefined
    if (configuration.disk !== undefined) {
      this.disk = new DiskImage(configuration.disk)
      block = new VirtioBlock(this.disk, memory, clock)
    }
    const slots: VirtioMmio[] = []
    for (let slot = 0; slot < VIRTIO_MMIO_SLOTS; slot++) {
      const backend = slot === 0 ? block : undefined
      const transport = new VirtioMmio(bus, memory, slot, lines.line(VIRTIO_MMIO_FIRST_IRQ + slot), backend)
      if (backend !== undefined) backend.attach(transport)
      slots.push(transport)
    }
    this.sources = [
      { irq: 0, source: pit },
      { irq: 4, source: this.uarts[0] },
      { irq: 3, source: this.uarts[1] },
      { irq: 8, source: rtc },
      ...(block === undefined ? [] : [{ irq: VIRTIO_MMIO_FIRST_IRQ, source: block }]),
    ]
    const testdev = configuration.pcTestdev
      ? [
          new PcTestdev(
            bus,
            Array.from({ length: INTERRUPT_LINES }, (_, irq) => lines.line(irq)),
          ),
        ]
      : []
    this.parts = [
      apicBus,
      lines,
      this.pic,
      this.ioApic,
      ...this.apics,
      pit,
      ...this.uarts,
      rtc,
      this.power,
      this.vga,
      fwCfg,
      ...slots,
      ...testdev,
    ]
  }

  /** The reset signal: every device to its power-up state, the RTC's time and RAM excepted. */
  reset(): void {
    for (const apic of this.apics) apic.powerUp()
    for (const part of this.parts) if (!(part instanceof LocalApic)) part.reset?.()
    this.pic.onChange()
  }

  portRead(port: number, size: number): number {
    return this.bus.portRead(port, size)
  }

  portWrite(port: number, size: number, value: number): void {
    this.bus.portWrite(port, size, value)
  }

  memoryRead(cpu: number, address: number, size: number): number {
    const apic = this.apics[cpu]
    const page = apic?.page
    if (apic !== undefined && page !== undefined && address >= page && address < page + PAGE_SIZE) {
      return apic.read(address - page, size) >>> 0
    }
    return this.bus.memoryRead(address, size)
  }

  memoryWrite(cpu: number, address: number, size: number, value: number): void {
    const apic = this.apics[cpu]
    const page = apic?.page
    if (apic !== undefined && page !== undefined && address >= page && address < page + PAGE_SIZE) {
      apic.write(address - page, size, value)
    } else this.bus.memoryWrite(address, size, value)
  }

  save(writer: StateWriter): void {
    for (const part of this.parts) writer.section(part)
  }

  load(reader: StateReader): void {
    for (const part of this.parts) reader.section(part)
  }
}
