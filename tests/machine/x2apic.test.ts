// x2APIC mode of the local APIC, against SDM 3A 11.12: entering and leaving, identifiers, destinations, registers by MSR.

import { describe, expect, it } from 'vitest'
import { makeApics as make } from './apics.js'

const BASE = 0x1b
const ON = 0x800
const EXTENDED = 0xc00

function extended(count: number) {
  const made = make(count)
  for (const apic of made.apics) {
    apic.writeMsr(BASE, 0xfee0_0000 + EXTENDED, 0)
    apic.writeMsr(0x80f, 0x1ff, 0)
  }
  const send = (from: number, destination: number, low: number): boolean =>
    made.apic(from).writeMsr(0x830, low, destination)
  const taken = (): number[] => {
    const list = made.apics.flatMap((one, i) => (one.acknowledge() >= 0 ? [i] : []))
    for (const i of list) made.apic(i).writeMsr(0x80b, 0, 0)
    return list
  }
  return { ...made, send, taken }
}

describe('x2APIC mode', () => {
  it('is entered from xAPIC mode only, left by disabling only, and never on without the APIC', () => {
    const { apic } = make()
    const to = (bits: number): boolean => apic(0).writeMsr(BASE, 0xfee0_0000 + bits, 0)
    expect(to(0x400)).toBe(false)
    expect(to(EXTENDED)).toBe(true)
    expect(apic(0).readMsr(BASE)).toBe(0xfee0_0d00)
    expect(apic(0).page).toBeUndefined()
    expect(to(ON)).toBe(false)
    expect(to(0x400)).toBe(false)
    expect(to(EXTENDED)).toBe(true)
    expect(to(0)).toBe(true)
    expect(to(EXTENDED)).toBe(false)
    expect(to(0x400)).toBe(false)
    expect(to(ON)).toBe(true)
    expect(apic(0).page).toBe(0xfee0_0000)
  })

  it('has the vCPU number as ID and a logical ID of cluster and member made from it', () => {
    const { apic } = extended(18)
    apic(17).reset()
    expect([apic(17).readMsr(0x802), apic(17).readMsr(0x80d)]).toEqual([17, 0x1_0002])
    expect(apic(3).readMsr(0x80d)).toBe(8)
    expect(apic(0).readMsr(0x803)).toBe(0x0005_0014)
  })

  it('reaches physical, logical and broadcast destinations of 32 bits', () => {
    const { send, taken } = extended(18)
    send(0, 17, 0x41)
    expect(taken()).toEqual([17])
    send(0, 0xffff_ffff, 0x41)
    expect(taken()).toHaveLength(18)
    send(0, 0xff, 0x41)
    expect(taken()).toEqual([])
    send(0, 0x0000_0005, 0x841)
    expect(taken()).toEqual([0, 2])
    send(0, 0x0001_0003, 0x841)
    expect(taken()).toEqual([16, 17])
    send(3, 0, 0xc_0041)
    expect(taken()).not.toContain(3)
  })

  it('sends to itself by one register, and records an illegal vector', () => {
    const { apic, taken } = extended(2)
    expect(apic(1).writeMsr(0x83f, 0x77, 0)).toBe(true)
    expect(apic(1).readMsr(0x823)).toBe(1 << 23)
    expect(taken()).toEqual([1])
    apic(1).writeMsr(0x83f, 5, 0)
    apic(1).writeMsr(0x828, 0, 0)
    expect(apic(1).readMsr(0x828)).toBe(0x20)
    expect(apic(1).writeMsr(0x83f, 0x100, 0)).toBe(false)
  })

  it('refuses reserved bits, read-only registers and what does not exist', () => {
    const { apic } = extended(2)
    const write = (msr: number, low: number, high = 0): boolean => apic(0).writeMsr(msr, low, high)
    for (const msr of [0x802, 0x803, 0x80a, 0x80d, 0x80e, 0x810, 0x818, 0x820, 0x82f, 0x831, 0x839, 0x83a])
      expect([msr, write(msr, 0)]).toEqual([msr, false])
    for (const msr of [0x808, 0x80b, 0x80f, 0x828, 0x832, 0x833, 0x834, 0x835, 0x836, 0x837, 0x838, 0x83e, 0x83f])
      expect([msr, write(msr, 0), write(msr, 0, 1)]).toEqual([msr, true, false])
    for (const [msr, bits] of [
      [0x808, 0x100],
      [0x80b, 1],
      [0x80f, 0x1000],
      [0x828, 1],
      [0x830, 0x1000],
      [0x830, 0x10_0000],
      [0x832, 0x100],
      [0x837, 0x800],
      [0x83e, 4],
    ] as const)
      expect([msr, write(msr, bits)]).toEqual([msr, false])
    expect(write(0x830, 0x4500, 0x1234)).toBe(true)
    expect(apic(0).readMsr(0x8000_0830)).toBe(0x1234)
    expect(apic(0).readMsr(0x830)).toBe(0x4500)
  })

  it('is entered with the high half of ICR cleared and everything else as it was', () => {
    const { apic, enable } = make()
    enable()
    apic(0).write(0x20, 4, 0x0500_0000)
    apic(0).write(0x310, 4, 0x0900_0000)
    apic(0).write(0x80, 4, 0x30)
    apic(0).writeMsr(BASE, 0xfee0_0000 + EXTENDED, 0)
    expect([0x802, 0x8000_0830, 0x808, 0x80f].map((msr) => apic(0).readMsr(msr))).toEqual([0, 0, 0x30, 0x1ff])
  })

  it('keeps the mode over INIT and loses it at power-up', () => {
    const { apic } = extended(2)
    apic(1).reset()
    expect(apic(1).readMsr(BASE)).toBe(0xfee0_0c00)
    apic(1).powerUp()
    expect(apic(1).readMsr(BASE)).toBe(0xfee0_0800)
  })
})
