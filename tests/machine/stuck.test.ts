// A machine in which nothing can happen any more says so, and who waits for what; one that waits for input does not. And what a
// triple fault tells.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeStop, Machine, type StopReason } from '../../src/machine/index.js'
import { whatCanWake } from '../../src/machine/wake.js'
import { makeApics } from './apics.js'
import { realModeRom } from './real-mode-rom.js'

const coreWasm = new WebAssembly.Module(
  new Uint8Array(readFileSync(new URL('../../src/cpu/core.wasm', import.meta.url))),
)

/** The 8259s with vectors from 20H and these inputs of the master open; the 8254 at 18 Hz; a handler that returns. */
const prologue = (mask: number): string => `
  mov al, 0x11; out 0x20, al; mov al, 0x20; out 0x21, al; mov al, 4; out 0x21, al; mov al, 1; out 0x21, al
  mov al, 0x${mask.toString(16)}; out 0x21, al
  mov al, 0x34; out 0x43, al; mov al, 0; out 0x40, al; out 0x40, al
  mov word ptr [0x500], 0x20b0; mov word ptr [0x502], 0x20e6; mov byte ptr [0x504], 0xcf
  mov word ptr [0x80], 0x500; mov word ptr [0x82], 0; mov word ptr [0x90], 0x500; mov word ptr [0x92], 0
  mov sp, 0x7000
`
const receiveInterrupts = 'mov dx, 0x3f9; mov al, 1; out dx, al\n'

function machine(text: string, vcpus = 1): Machine {
  const made = Machine.create({
    ...{ coreWasm, firmware: realModeRom(text), memoryBytes: 4 << 20, vcpus, onReset: 'stop' },
  })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

const run = (text: string, vcpus = 1): StopReason => machine(text, vcpus).run({ instructions: 1_000_000_000 })

describe('a machine in which nothing can happen', () => {
  it('stops, and says which vCPU waits for what and where, though the 8254 goes on', () => {
    const stop = run(`${prologue(0)}cli\nhlt`, 2)
    expect(stop).toMatchObject({
      reason: 'stuck',
      vcpus: [
        { cpu: 0, waitsFor: 'nmi' },
        { cpu: 1, waitsFor: 'startup' },
      ],
    })
    expect(describeStop(stop)).toMatch(
      /vCPU 0 halted before 0x[0-9a-f]+ with interrupts off; vCPU 1 waits for INIT and SIPI/,
    )
  })

  it('is one that listens to masked sources only, or to one in service for ever', () => {
    expect(run(`${prologue(0xff)}${receiveInterrupts}sti\nhlt`)).toMatchObject({ vcpus: [{ waitsFor: 'interrupt' }] })
    // Interrupt 0 is never ended: 4 comes after it.
    const unended = `${prologue(0)}mov byte ptr [0x500], 0xcf\n${receiveInterrupts}sti\nagain: hlt\njmp again`
    expect(run(unended)).toMatchObject({ reason: 'stuck' })
  })

  it('is not one whose timer is open, which runs on', () => {
    const made = machine(`${prologue(0xfe)}again: sti\nhlt\njmp again`)
    expect(made.run({ instructions: 1_000_000_000 })).toEqual({ reason: 'limit' })
    expect(made.statistics.instructions).toBeGreaterThan(18 * 4)
  })

  it('is not one that waits for console input: that is idle, and input wakes it', () => {
    const made = machine(`${prologue(0xef)}${receiveInterrupts}sti\nhlt\nmov dx, 0xf4\nmov al, 3\nout dx, al`)
    expect(made.run({ instructions: 1_000_000_000 })).toEqual({ reason: 'idle' })
    made.sendConsole(0, new Uint8Array([65]))
    expect(made.run({ instructions: 1_000_000 })).toEqual({ reason: 'exit', status: 7 })
    expect(run(`${prologue(0xef)}${receiveInterrupts}cli\nhlt`)).toMatchObject({ reason: 'stuck' })
    expect(run(`${prologue(0xef)}sti\nhlt`)).toMatchObject({ reason: 'stuck' })
  })
})

describe('what can wake a machine', () => {
  const source = { isDue: true, awaitsInput: false }
  const make = () => {
    const made = makeApics(2)
    made.enable()
    made.apic(0).write(0x350, 4, 0x1_0000)
    const controllers = { ...made, sources: [{ irq: 4, source }] }
    const wake = (sleep: 'listens' | 'deaf' | 'waiting') =>
      whatCanWake(controllers, (cpu) => (cpu === 1 ? sleep : 'deaf'))
    return { ...made, wake }
  }

  it('is an open input of the I/O APIC whose vector a listening vCPU would take', () => {
    const { route, wake, apic, command, lines } = make()
    route(4, 0x1_0045, 1)
    expect(wake('listens')).toBe('nothing')
    route(4, 0x45, 1)
    expect([wake('listens'), wake('deaf'), wake('waiting')]).toEqual(['time', 'nothing', 'nothing'])
    apic(1).write(0x80, 4, 0x40)
    expect(wake('listens')).toBe('nothing')
    apic(1).write(0x80, 4, 0)
    command(0, 1, 0x49)
    apic(1).acknowledge()
    expect(wake('listens')).toBe('nothing')
    apic(1).write(0xb0, 4, 0)
    route(4, 0x8045, 1)
    expect(wake('listens')).toBe('time')
    lines.line(4).set(true)
    apic(1).acknowledge()
    lines.line(4).set(false)
    expect(wake('listens')).toBe('nothing') // Remote IRR waits for an EOI
  })

  it('is NMI to a deaf vCPU and INIT to any, unless its APIC is off', () => {
    const { route, wake, apic } = make()
    route(4, 0x400, 1)
    expect([wake('deaf'), wake('waiting')]).toEqual(['time', 'nothing'])
    route(4, 0x500, 1)
    expect(wake('waiting')).toBe('time')
    apic(1).writeMsr(0x1b, 0xfee0_0000, 0)
    expect(wake('waiting')).toBe('nothing')
  })

  it('is NMI by LINT0, even to a boot processor that is deaf', () => {
    const { bus, apic, pic, ...controllers } = makeApics(1)
    bus.portWrite(0x20, 1, 0x10)
    bus.portWrite(0x21, 1, 0x20)
    bus.portWrite(0x21, 1, 4)
    apic(0).write(0xf0, 4, 0x1ff)
    const wakes = (lint0: number, mask: number) => {
      apic(0).write(0x350, 4, lint0)
      bus.portWrite(0x21, 1, mask)
      return whatCanWake({ ...controllers, pic, sources: [{ irq: 4, source }] }, () => 'deaf')
    }
    expect([wakes(0x400, 0), wakes(0x400, 0x10), wakes(0x1_0400, 0)]).toEqual(['time', 'nothing', 'nothing'])
    expect([wakes(0x700, 0), wakes(0x45, 0)]).toEqual(['nothing', 'nothing'])
  })

  it('is no deadline beyond the end of time, which stays armed', () => {
    const { wake, apic } = make()
    apic(1).write(0x320, 4, 0x4_0040)
    apic(1).writeMsr(0x6e0, 0xffff_ffff, 0x1f_ffff)
    expect([wake('listens'), apic(1).readMsr(0x6e0)]).toEqual(['nothing', 0xffff_ffff])
    apic(1).writeMsr(0x6e0, 0xffff_fffe, 0x1f_ffff)
    expect(wake('listens')).toBe('time')
  })

  it('is an APIC timer that is armed and open', () => {
    const { wake, apic } = make()
    apic(1).write(0x320, 4, 0x40)
    expect(wake('listens')).toBe('nothing')
    apic(1).write(0x380, 4, 1000)
    expect([wake('listens'), wake('deaf')]).toEqual(['time', 'nothing'])
    apic(1).write(0x320, 4, 0x1_0040)
    expect(wake('listens')).toBe('nothing')
  })
})

describe('a triple fault', () => {
  it('that begins with an interrupt is not told as an exception of its vector', () => {
    // The 8259 at the BIOS's base: the timer's interrupt has the vector of #DF.
    const text = `${prologue(0xfe).replace('mov al, 0x20;', 'mov al, 8;')}lidt [0x600]\nsti\nhlt`
    const stop = run(text)
    expect(stop).toMatchObject({ tripleFault: { byInterrupt: true, origin: 8, vectors: [13, 13, 13] } })
    expect(describeStop(stop)).toContain(': interrupt 8H led to #GP, its delivery to #GP,')
  })

  const text = 'lidt [0x600]\nmov ax, ax\nud2'
  const fault = { cpu: 0, vectors: [13, 13, 13], origin: 6 }

  it('says vCPU, RIP and vectors, in the reason, the event, and after save and load', () => {
    const made = machine(text)
    const seen: unknown[] = []
    made.onTripleFault((one) => seen.push(one))
    const stop = made.run({ instructions: 1000 })
    expect(stop).toMatchObject({ reason: 'reset', cause: 'triple-fault', tripleFault: fault })
    expect(seen).toMatchObject([fault])
    const rip = 7n
    expect(seen).toMatchObject([{ rip }])
    expect(describeStop(stop)).toBe(
      'triple fault on vCPU 0 at RIP 0x7: #UD led to #GP, its delivery to #GP, and that of #DF to #GP',
    )
    const again = Machine.from(made.snapshot(), coreWasm)
    expect(again.poweredOff).toEqual(stop)
  })
})
