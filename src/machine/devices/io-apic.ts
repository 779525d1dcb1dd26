// The I/O APIC: 24 inputs, each routed by a redirection entry to local APICs (82093AA data sheet; version 20H with an EOI
// register, as in later chipsets).
//
// Level-triggered: delivered while the input is high and Remote IRR is clear; the EOI of its vector clears Remote IRR and
// delivers again if the input is still high. Edge-triggered: delivered once per rising edge; an edge that arrives while
// the entry is masked is ignored and not delivered later (data sheet, "Interrupt mask"; KVM and QEMU do the same). NMI and
// INIT are edges whatever the entry's trigger mode says ("Delivery mode").

import type { Savable, StateReader, StateWriter } from '../../base/index.js'
import type { MemoryHandler } from '../bus.js'
import type { ApicBus, ApicMessage } from './apic-bus.js'
import { DELIVERY_LOWEST } from './apic-messages.js'
import type { InterruptInput } from './interrupt-lines.js'
import type { LocalApic } from './local-apic.js'

export const IO_APIC_BASE = 0xfec0_0000
export const IO_APIC_PINS = 24

const ENTRY_LOGICAL = 1 << 11
const ENTRY_ACTIVE_LOW = 1 << 13
const ENTRY_REMOTE_IRR = 1 << 14
const ENTRY_LEVEL = 1 << 15
const ENTRY_MASKED = 1 << 16
const ENTRY_WRITABLE = 0x1_afff

export class IoApic implements Savable, MemoryHandler, InterruptInput {
  readonly tag = 'io-apic'
  readonly version = 2
  private select = 0
  private id = 0
  private readonly low = new Uint32Array(IO_APIC_PINS)
  private readonly high = new Uint32Array(IO_APIC_PINS)
  private inputs = 0
  private readonly bus: ApicBus

  constructor(bus: ApicBus) {
    this.bus = bus
    bus.onEndOfInterrupt = (vector) => this.endOfInterrupt(vector)
    this.reset()
  }

  reset(): void {
    this.select = 0
    this.id = 0
    this.low.fill(ENTRY_MASKED)
    this.high.fill(0)
  }

  setInput(pin: number, level: boolean): void {
    const mask = 1 << pin
    const rises = level && (this.inputs & mask) === 0
    this.inputs = level ? this.inputs | mask : this.inputs & ~mask
    if (this.isLevel(pin)) this.deliverLevel(pin)
    else if (rises) this.deliver(pin)
  }

  private isLevel(pin: number): boolean {
    const entry = this.low[pin] as number
    return (entry & ENTRY_LEVEL) !== 0 && ((entry >>> 8) & 7) <= DELIVERY_LOWEST
  }

  private deliverLevel(pin: number): void {
    const entry = this.low[pin] as number
    if ((this.inputs & (1 << pin)) === 0 || (entry & (ENTRY_REMOTE_IRR | ENTRY_MASKED)) !== 0) return
    this.low[pin] = entry | ENTRY_REMOTE_IRR
    this.deliver(pin)
  }

  private deliver(pin: number): void {
    if (((this.low[pin] as number) & ENTRY_MASKED) === 0) this.bus.send(this.message(pin))
  }

  private message(pin: number): ApicMessage {
    const entry = this.low[pin] as number
    return {
      shorthand: 0,
      destination: (this.high[pin] as number) >>> 24,
      logical: (entry & ENTRY_LOGICAL) !== 0,
      mode: (entry >>> 8) & 7,
      vector: entry & 0xff,
      level: this.isLevel(pin),
    }
  }

  /** What a rise of the input would send, and to whom; undefined while the entry holds it back. */
  messageOf(pin: number): { mode: number; vector: number; targets: readonly LocalApic[] } | undefined {
    const entry = this.low[pin] as number
    if ((entry & ENTRY_MASKED) !== 0 || (this.isLevel(pin) && (entry & ENTRY_REMOTE_IRR) !== 0)) return undefined
    const message = this.message(pin)
    return { mode: message.mode, vector: message.vector, targets: this.bus.destinations(message) }
  }

  private endOfInterrupt(vector: number): void {
    for (let pin = 0; pin < IO_APIC_PINS; pin++) {
      const entry = this.low[pin] as number
      if ((entry & 0xff) !== vector || (entry & ENTRY_REMOTE_IRR) === 0) continue
      this.low[pin] = entry & ~ENTRY_REMOTE_IRR
      this.deliverLevel(pin)
    }
  }

  read(offset: number): number {
    if (offset === 0) return this.select
    if (offset !== 0x10) return 0
    if (this.select === 0 || this.select === 2) return this.id << 24
    if (this.select === 1) return 0x0017_0020
    const pin = (this.select - 0x10) >> 1
    if (pin < 0 || pin >= IO_APIC_PINS) return 0
    return ((this.select & 1) !== 0 ? this.high[pin] : this.low[pin]) as number
  }

  write(offset: number, _size: number, value: number): void {
    if (offset === 0) this.select = value & 0xff
    else if (offset === 0x40) this.endOfInterrupt(value & 0xff)
    else if (offset === 0x10) this.writeSelected(value)
  }

  private writeSelected(value: number): void {
    if (this.select === 0) this.id = (value >>> 24) & 0xf
    const pin = (this.select - 0x10) >> 1
    if (pin < 0 || pin >= IO_APIC_PINS) return
    if ((this.select & 1) !== 0) {
      this.high[pin] = value & 0xff00_0000
      return
    }
    const before = this.low[pin] as number
    // Remote IRR is read-only, and means nothing for an edge-triggered entry.
    let entry = value & (ENTRY_WRITABLE | ENTRY_ACTIVE_LOW)
    if ((entry & ENTRY_LEVEL) !== 0) entry |= before & ENTRY_REMOTE_IRR
    this.low[pin] = entry
    if (this.isLevel(pin)) this.deliverLevel(pin)
  }

  save(writer: StateWriter): void {
    writer.u32(this.select)
    writer.u32(this.id)
    for (let pin = 0; pin < IO_APIC_PINS; pin++) {
      writer.u32(this.low[pin] as number)
      writer.u32(this.high[pin] as number)
    }
    writer.u32(this.inputs)
  }

  load(reader: StateReader): void {
    this.select = reader.u32()
    this.id = reader.u32()
    for (let pin = 0; pin < IO_APIC_PINS; pin++) {
      this.low[pin] = reader.u32()
      this.high[pin] = reader.u32()
    }
    this.inputs = reader.u32() | 0
  }
}
