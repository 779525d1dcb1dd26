// The 8259 pair, against its data sheet and SDM 3A chapter 11.

import { describe, expect, it } from 'vitest'
import type { SystemBus } from '../../src/machine/bus.js'
import { makeApics as make } from './apics.js'

describe('the 8259 pair', () => {
  const initialize = (bus: SystemBus): void => {
    for (const [port, value] of [
      [0x20, 0x11],
      [0x21, 0x20],
      [0x21, 4],
      [0x21, 1],
      [0xa0, 0x11],
      [0xa1, 0x28],
      [0xa1, 2],
      [0xa1, 1],
      [0x21, 0],
      [0xa1, 0],
    ] as const) {
      bus.portWrite(port, 1, value)
    }
  }

  it('reaches the boot processor through LINT0 before any APIC is programmed', () => {
    const { bus, lines, apic, cpu } = make()
    initialize(bus)
    lines.line(4).set(true)
    expect(cpu(0).interrupt).toBe(true)
    expect(cpu(1).interrupt).toBe(false)
    expect(apic(0).acknowledge()).toBe(0x24)
    expect(cpu(0).interrupt).toBe(false)
  })

  it('cascades the slave and wants an EOI for both', () => {
    const { bus, lines, pic } = make()
    initialize(bus)
    lines.line(12).set(true)
    expect(pic.acknowledge()).toBe(0x2c)
    lines.line(14).set(true)
    expect(pic.pending).toBe(false)
    bus.portWrite(0xa0, 1, 0x20)
    bus.portWrite(0x20, 1, 0x20)
    expect(pic.acknowledge()).toBe(0x2e)
  })

  it('keeps priority order and masks', () => {
    const { bus, lines, pic } = make()
    initialize(bus)
    bus.portWrite(0x21, 1, 0x02)
    const line = lines.line(3)
    line.set(true)
    lines.line(1).set(true)
    expect(pic.acknowledge()).toBe(0x23)
    bus.portWrite(0x21, 1, 0)
    expect(pic.acknowledge()).toBe(0x21) // higher priority than the 3 in service
    bus.portWrite(0x20, 1, 0x0b)
    expect(bus.portRead(0x20, 1)).toBe(0x0a)
  })

  it('is heard by LINT0 as an edge too: fixed, NMI, INIT', () => {
    const { bus, lines, apic, cpu, enable } = make()
    initialize(bus)
    enable()
    const line = lines.line(4)
    apic(0).write(0x350, 4, 0x60)
    for (const level of [true, false, true]) line.set(level)
    expect([apic(0).acknowledge(), apic(0).acknowledge()]).toEqual([0x60, -1])
    apic(0).write(0xb0, 4, 0)
    apic(0).write(0x350, 4, 0x400)
    expect(cpu(0).log).toEqual([])
    for (const level of [false, true, false, true]) line.set(level)
    apic(0).write(0x350, 4, 0x1_0400)
    for (const level of [false, true]) line.set(level)
    expect(cpu(0).log).toEqual(['nmi', 'nmi'])
    apic(0).write(0x350, 4, 0x600) // reserved
    for (const level of [false, true]) line.set(level)
    apic(0).write(0x350, 4, 0x500)
    for (const level of [false, true]) line.set(level)
    expect(cpu(0).log).toEqual(['nmi', 'nmi', 'init'])
  })

  it('loses no request of a slave that ends its interrupts by itself', () => {
    const { bus, lines, pic } = make()
    initialize(bus)
    for (const [port, value] of [
      [0xa0, 0x11],
      [0xa1, 0x28],
      [0xa1, 2],
      [0xa1, 3],
    ] as const)
      bus.portWrite(port, 1, value)
    for (const irq of [9, 12]) lines.line(irq).set(true)
    expect(pic.acknowledge()).toBe(0x29)
    bus.portWrite(0x20, 1, 0x20)
    expect(pic.acknowledge()).toBe(0x2c)
    bus.portWrite(0x20, 1, 0x20)
    expect(pic.pending).toBe(false)
  })

  it('requests for a high line from when it is made level-triggered, and for as long as it is high', () => {
    const { bus, lines, pic } = make()
    const line = lines.line(5)
    line.set(true)
    initialize(bus) // which forgets the edge
    expect(pic.pending).toBe(false)
    bus.portWrite(0x4d0, 1, 0x20)
    expect(pic.acknowledge()).toBe(0x25)
    bus.portWrite(0x20, 1, 0x20)
    expect(pic.acknowledge()).toBe(0x25)
    line.set(false)
    bus.portWrite(0x20, 1, 0x20)
    expect(pic.pending).toBe(false)
  })

  it('gives the spurious vector when the request has gone', () => {
    const { bus, lines, pic } = make()
    initialize(bus)
    const line = lines.line(5)
    line.set(true)
    line.set(false)
    expect(pic.pending).toBe(false)
    expect(pic.acknowledge()).toBe(0x27)
  })
})
