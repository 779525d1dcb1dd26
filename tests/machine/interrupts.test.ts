// Local APICs and the I/O APIC, against SDM 3A chapter 11 and the data sheet.

import { describe, expect, it } from 'vitest'
import { StateReader, StateWriter } from '../../src/base/index.js'
import { makeApics as make } from './apics.js'

describe('the local APIC', () => {
  it('takes nothing while software disabled', () => {
    const { apic, cpu, command } = make()
    command(0, 1, 0x41)
    expect(cpu(1).interrupt).toBe(false)
    expect(apic(1).acknowledge()).toBe(-1)
  })

  it('moves a vector from IRR to ISR and lets the next in after EOI', () => {
    const { apic, cpu, enable, command } = make()
    enable()
    command(0, 1, 0x41)
    command(0, 1, 0x45)
    expect(cpu(1).interrupt).toBe(true)
    expect(apic(1).acknowledge()).toBe(0x45)
    expect(cpu(1).interrupt).toBe(false) // 0x41 is of the same class
    expect(apic(1).read(0x120, 4)).toBe(1 << 5)
    expect(apic(1).read(0x220, 4)).toBe(1 << 1)
    apic(1).write(0xb0, 4, 0)
    expect(apic(1).acknowledge()).toBe(0x41)
  })

  it('lets a higher class interrupt a lower one', () => {
    const { apic, enable, command } = make()
    enable()
    command(0, 0, 0x31)
    expect(apic(0).acknowledge()).toBe(0x31)
    command(0, 0, 0x80)
    expect(apic(0).acknowledge()).toBe(0x80)
    expect(apic(0).read(0xa0, 4)).toBe(0x80)
  })

  it('holds back what the task priority covers, through TPR or CR8', () => {
    const { apic, cpu, enable, command } = make()
    enable()
    apic(0).taskPriorityClass = 4
    expect(apic(0).read(0x80, 4)).toBe(0x40)
    command(0, 0, 0x4f)
    expect(cpu(0).interrupt).toBe(false)
    apic(0).write(0x80, 4, 0x3f)
    expect(cpu(0).interrupt).toBe(true)
  })

  it('sends to self, to all, to all others, and by logical flat and cluster destination', () => {
    const { apic, cpu, apics, enable, command } = make(4)
    enable()
    const taken = (): number[] => {
      const list = apics.flatMap((one, i) => (one.acknowledge() >= 0 ? [i] : []))
      for (const i of list) apic(i).write(0xb0, 4, 0)
      return list
    }
    command(1, 0, 0x4_0041)
    expect(taken()).toEqual([1])
    command(1, 0, 0x8_0041)
    expect(taken()).toEqual([0, 1, 2, 3])
    command(1, 0, 0xc_0041)
    expect(taken()).toEqual([0, 2, 3])
    for (const one of apics) one.write(0xd0, 4, (1 << (24 + one.index)) >>> 0)
    command(0, 0b1010, 0x841)
    expect(taken()).toEqual([1, 3])
    apics.forEach((one, i) => {
      one.write(0xe0, 4, 0x0fff_ffff)
      one.write(0xd0, 4, ((i < 2 ? 0x10 : 0x20) | (1 << (i & 1))) << 24)
    })
    command(0, 0x23, 0x841)
    expect(taken()).toEqual([2, 3])
    command(0, 0xff, 0x41)
    expect(taken()).toEqual([0, 1, 2, 3])
    expect(cpu(0).log).toEqual([])
  })

  it('gives a lowest-priority message to the least busy, and takes turns among equals', () => {
    const { apic, apics, enable, command } = make(3)
    enable()
    apic(1).write(0x80, 4, 0x80)
    for (const one of apics) one.write(0xd0, 4, (1 << (24 + one.index)) >>> 0)
    const order: number[] = []
    for (let i = 0; i < 4; i++) {
      command(0, 0b111, 0x991)
      order.push(apics.findIndex((one) => one.acknowledge() >= 0))
      for (const one of apics) one.write(0xb0, 4, 0)
    }
    expect(order).toEqual([2, 0, 2, 0])
  })

  it('passes NMI, INIT and start-up on, and ignores INIT level de-assert', () => {
    const { cpu, command } = make()
    command(0, 1, 0x400)
    command(0, 1, 0xc500)
    command(0, 1, 0x8500)
    command(0, 1, 0x608)
    expect(cpu(1).log).toEqual(['nmi', 'init', 'startup 8'])
  })

  it('keeps its ID over INIT and loses the rest', () => {
    const { apic, enable, command } = make()
    enable()
    apic(1).write(0x20, 4, 0x0700_0000)
    command(0, 7, 0x4500)
    expect(apic(1).read(0x20, 4)).toBe(0x0700_0000)
    expect(apic(1).read(0xf0, 4)).toBe(0xff)
  })

  it('changes TMR where a vector is accepted, and nowhere else', () => {
    const { apic, enable, command, lines, route } = make()
    enable()
    route(10, 0x8079, 1)
    const tmr = (): number => apic(1).read(0x1b0, 4)
    const line = lines.line(10)
    line.set(true)
    expect(tmr()).toBe(1 << 25)
    expect(apic(1).acknowledge()).toBe(0x79)
    line.set(false)
    apic(1).write(0xb0, 4, 0)
    expect(tmr()).toBe(1 << 25)
    command(0, 1, 0x79)
    expect(tmr()).toBe(0)
  })

  it('is as after power-up when it was disabled globally, with the initial ID', () => {
    const { apic, cpu, enable, command } = make()
    enable()
    apic(1).write(0x20, 4, 0x0700_0000)
    for (const [offset, value] of [
      [0x80, 0x40],
      [0xd0, 0x0200_0000],
      [0xe0, 0x0fff_ffff],
      [0x350, 0x700],
      [0x380, 1000],
      [0x3e0, 0xb],
    ] as const)
      apic(1).write(offset, 4, value)
    command(0, 7, 0x41)
    apic(1).writeMsr(0x1b, 0xfee0_0000, 0)
    command(0, 1, 0x4400)
    command(0, 7, 0x4500)
    expect(cpu(1).log).toEqual([])
    apic(1).writeMsr(0x1b, 0xfee0_0800, 0)
    const registers = [0x20, 0x80, 0xd0, 0xe0, 0xf0, 0x220, 0x350, 0x380, 0x390, 0x3e0]
    expect(registers.map((offset) => apic(1).read(offset, 4))).toEqual([
      ...[0x0100_0000, 0, 0, 0xffff_ffff, 0xff, 0, 0x1_0000, 0, 0, 0],
    ])
    apic(0).writeMsr(0x1b, 0xfee0_0000, 0)
    apic(0).writeMsr(0x1b, 0xfee0_0800, 0)
    expect(apic(0).read(0x350, 4)).toBe(0x1_0000)
  })

  it('does not take a lowest-priority message while it is software disabled and another is not', () => {
    const { apic, apics, command } = make(2)
    for (const one of apics) one.write(0xd0, 4, (1 << (24 + one.index)) >>> 0)
    apic(1).write(0xf0, 4, 0x1ff)
    apic(1).write(0x80, 4, 0x20)
    command(0, 3, 0x941)
    expect(apic(1).acknowledge()).toBe(0x41)
  })

  it('counts down once, or again and again, with its divider', () => {
    const { clock, apic, enable } = make()
    enable()
    apic(0).write(0x3e0, 4, 3) // divide by 16
    apic(0).write(0x320, 4, 0x40)
    apic(0).write(0x380, 4, 1000)
    clock.advanceTo(8_000)
    expect(apic(0).read(0x390, 4)).toBe(500)
    clock.advanceTo(15_999)
    expect(apic(0).acknowledge()).toBe(-1)
    clock.advanceTo(16_000)
    expect(apic(0).acknowledge()).toBe(0x40)
    apic(0).write(0xb0, 4, 0)
    expect(apic(0).read(0x390, 4)).toBe(0)

    apic(0).write(0x3e0, 4, 0xb) // divide by 1
    apic(0).write(0x320, 4, 0x2_0040)
    apic(0).write(0x380, 4, 1000)
    let count = 0
    for (let i = 0; i < 100; i++) {
      clock.advanceTo(clock.now + 100)
      if (apic(0).acknowledge() === 0x40) count++
      apic(0).write(0xb0, 4, 0)
    }
    expect(count).toBe(10)
  })

  it('goes on counting while masked, and fires again once unmasked', () => {
    const { clock, apic, enable } = make()
    enable()
    apic(0).write(0x3e0, 4, 0xb)
    apic(0).write(0x320, 4, 0x3_0040)
    apic(0).write(0x380, 4, 1000)
    clock.advanceTo(2_300)
    expect(apic(0).read(0x390, 4)).toBe(700)
    expect(apic(0).acknowledge()).toBe(-1)
    expect(clock.nextDeadline).toBe(Number.POSITIVE_INFINITY)
    apic(0).write(0x320, 4, 0x2_0040)
    clock.advanceTo(3_000)
    expect(apic(0).acknowledge()).toBe(0x40)
  })

  it('fires at a TSC deadline, once, and not after zero disarmed it', () => {
    const { clock, apic, enable } = make()
    enable()
    apic(0).write(0x320, 4, 0x4_0040)
    expect(apic(0).writeMsr(0x6e0, 5_000, 0)).toBe(true)
    clock.advanceTo(4_999)
    expect(apic(0).acknowledge()).toBe(-1)
    clock.advanceTo(5_000)
    expect(apic(0).acknowledge()).toBe(0x40)
    apic(0).writeMsr(0x6e0, 9_000, 0)
    apic(0).writeMsr(0x6e0, 0, 0)
    clock.advanceTo(20_000)
    apic(0).write(0xb0, 4, 0)
    expect(apic(0).acknowledge()).toBe(-1)
  })

  it('masks its local entries when it is software disabled', () => {
    const { apic, enable } = make()
    enable()
    apic(0).write(0x320, 4, 0x40)
    apic(0).write(0xf0, 4, 0xff)
    expect(apic(0).read(0x320, 4)).toBe(0x1_0040)
    apic(0).write(0x320, 4, 0x40)
    expect(apic(0).read(0x320, 4)).toBe(0x1_0040)
  })

  it('records illegal vectors and registers in ESR, readable after a write to it', () => {
    const { apic, enable, command } = make()
    enable()
    command(0, 1, 0x05)
    apic(0).read(0x3f0, 4)
    expect(apic(0).read(0x280, 4)).toBe(0)
    apic(0).write(0x280, 4, 0)
    expect(apic(0).read(0x280, 4)).toBe(0xa0)
  })

  it('refuses reserved bits of APIC_BASE, and vanishes when disabled there', () => {
    const { apic } = make()
    expect(apic(0).readMsr(0x1b)).toBe(0xfee0_0900)
    expect(apic(1).readMsr(0x1b)).toBe(0xfee0_0800)
    expect(apic(0).writeMsr(0x1b, 0xfee0_0901, 0)).toBe(false)
    expect(apic(0).writeMsr(0x1b, 0xfee0_0b00, 0)).toBe(false)
    expect(apic(0).writeMsr(0x1b, 0xfee0_0900, 0x100)).toBe(false)
    expect(apic(0).writeMsr(0x1b, 0xfee0_0000, 0)).toBe(true)
    expect(apic(0).page).toBeUndefined()
  })

  it('keeps the count when the timer changes between one-shot and periodic, and an ended count at zero', () => {
    const { clock, apic, enable } = make()
    enable()
    const timer = (mode: number): void => apic(0).write(0x320, 4, (mode << 17) | 0x1_0040)
    const count = (): number => apic(0).read(0x390, 4)
    apic(0).write(0x3e0, 4, 0xb)
    timer(0)
    apic(0).write(0x380, 4, 1000)
    clock.advanceTo(600)
    timer(1)
    expect(count()).toBe(400)
    clock.advanceTo(5_700)
    expect(count()).toBe(300)
    timer(0)
    expect([count(), apic(0).read(0x380, 4)]).toEqual([300, 1000])
    clock.advanceTo(5_999)
    expect(count()).toBe(1)
    clock.advanceTo(6_500)
    expect(count()).toBe(0)
    timer(1)
    expect(count()).toBe(0)
    clock.advanceTo(9_000)
    expect(count()).toBe(0)
    timer(2)
    expect([count(), apic(0).read(0x380, 4)]).toEqual([0, 0])
    apic(0).write(0x380, 4, 1000)
    expect(apic(0).read(0x380, 4)).toBe(0)
  })

  it('lets a count that has ended stay so when the divider changes', () => {
    const { clock, apic, enable } = make()
    enable()
    apic(0).write(0x320, 4, 0x50)
    apic(0).write(0x3e0, 4, 0)
    apic(0).write(0x380, 4, 1000)
    clock.advanceTo(2000)
    expect(apic(0).acknowledge()).toBe(0x50)
    apic(0).write(0xb0, 4, 0)
    clock.advanceTo(2500)
    apic(0).write(0x3e0, 4, 0xa)
    expect(apic(0).read(0x390, 4)).toBe(0)
    clock.advanceTo(1_000_000)
    expect(apic(0).acknowledge()).toBe(-1)
  })

  it('goes on after save and load where it was', () => {
    const first = make()
    first.enable()
    first.command(0, 1, 0x41)
    const writer = new StateWriter()
    writer.section(first.apic(1))
    const second = make()
    new StateReader(writer.finish()).section(second.apic(1))
    expect(second.apic(1).acknowledge()).toBe(0x41)
  })
})

describe('the I/O APIC', () => {
  it('delivers an edge once', () => {
    const { lines, apic, enable, route } = make()
    enable()
    route(4, 0x34)
    const line = lines.line(4)
    line.set(true)
    expect(apic(0).acknowledge()).toBe(0x34)
    apic(0).write(0xb0, 4, 0)
    expect(apic(0).acknowledge()).toBe(-1)
    line.set(false)
    line.set(true)
    expect(apic(0).acknowledge()).toBe(0x34)
  })

  it('holds a level with Remote IRR until EOI, and delivers again while it is high', () => {
    const { lines, apic, enable, route, entry } = make()
    enable()
    route(10, 0x8050, 1)
    const line = lines.line(10)
    line.set(true)
    expect(entry(10) & 0x4000).toBe(0x4000)
    expect(apic(1).acknowledge()).toBe(0x50)
    apic(1).write(0xb0, 4, 0)
    expect(apic(1).acknowledge()).toBe(0x50)
    line.set(false)
    apic(1).write(0xb0, 4, 0)
    expect(apic(1).acknowledge()).toBe(-1)
    expect(entry(10) & 0x4000).toBe(0)
  })

  it('ignores an edge that came while masked, and delivers a level that is still high', () => {
    const { lines, apic, enable, route } = make()
    enable()
    route(4, 0x1_0034)
    route(5, 0x1_8035)
    const line = lines.line(4)
    line.set(true)
    lines.line(5).set(true)
    expect(apic(0).acknowledge()).toBe(-1)
    route(4, 0x34)
    expect(apic(0).acknowledge()).toBe(-1)
    line.set(false)
    line.set(true)
    expect(apic(0).acknowledge()).toBe(0x34)
    apic(0).write(0xb0, 4, 0)
    route(5, 0x8035)
    expect(apic(0).acknowledge()).toBe(0x35)
  })

  it('sends NMI once per edge, though the entry says level', () => {
    const { lines, cpu, route, entry } = make()
    route(6, 0x8400)
    const line = lines.line(6)
    for (const level of [true, false, true]) line.set(level)
    expect(cpu(0).log).toEqual(['nmi', 'nmi'])
    expect(entry(6) & 0x4000).toBe(0)
  })

  it('sees the 8254 at pin 2, and shared lines as one', () => {
    const { lines, apic, enable, route } = make()
    enable()
    route(2, 0x30)
    lines.line(0).set(true)
    expect(apic(0).acknowledge()).toBe(0x30)
    apic(0).write(0xb0, 4, 0)
    route(8, 0x8058)
    const [a, b] = [lines.line(8), lines.line(8)]
    a.set(true)
    b.set(true)
    expect(apic(0).acknowledge()).toBe(0x58)
    a.set(false)
    apic(0).write(0xb0, 4, 0)
    expect(apic(0).acknowledge()).toBe(0x58)
  })
})
