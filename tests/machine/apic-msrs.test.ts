// The local APIC as code sees it: x2APIC registers, the TSC deadline and TSC_ADJUST, task priority, through a whole machine's core.

import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/base/index.js'
import { ApicBus } from '../../src/machine/devices/apic-bus.js'
import { LocalApic } from '../../src/machine/devices/local-apic.js'
import { SystemMachine } from '../cpu/system-machine.js'
import { RecordedCpu } from './fixtures.js'

function machine() {
  const clock = new VirtualClock()
  const apic = new LocalApic(0, clock, new ApicBus(), new RecordedCpu())
  const made = new SystemMachine({
    apicMsrRead: (_cpu, msr) => apic.readMsr(msr),
    apicMsrWrite: (_cpu, msr, low, high) => (apic.writeMsr(msr >>> 0, low, high) ? 0 : 1),
    taskPriorityRead: () => apic.taskPriorityClass,
    taskPriorityWrite: (_cpu, value) => {
      apic.taskPriorityClass = value
    },
  })
  clock.elapsed = () => made.core.exports.retiredNow()
  const run = (text: string, registers: Parameters<SystemMachine['enter']>[1] = {}) => {
    made.place(`${text}\nud2`)
    made.enter(0, registers)
    return made.run()
  }
  const write = (msr: number, value: bigint): number | undefined =>
    run('wrmsr', { rcx: BigInt(msr), rax: value & 0xffffffffn, rdx: value >> 32n }).vector
  const read = (msr: number): bigint | undefined => {
    if (run('rdmsr', { rcx: BigInt(msr), rax: ~0n, rdx: ~0n }).vector !== 6) return undefined
    return made.get('rax') | (made.get('rdx') << 32n)
  }
  return { clock, apic, made, run, write, read }
}

describe('the registers of the local APIC', () => {
  it('are MSRs in x2APIC mode only, each as readable and writable as the manual says', () => {
    const { write, read } = machine()
    for (let msr = 0x800; msr < 0x840; msr++) expect([msr, read(msr), write(msr, 0n)]).toEqual([msr, undefined, 13])
    expect(write(0x1b, 0xfee00c00n)).toBe(6)
    const readable = [0x802, 0x803, 0x808, 0x80a, 0x80d, 0x80f, 0x828, 0x830, 0x838, 0x839, 0x83e]
    for (let i = 0x810; i < 0x828; i++) readable.push(i)
    for (let i = 0x832; i < 0x838; i++) readable.push(i)
    const writable = [0x808, 0x80b, 0x80f, 0x828, 0x832, 0x833, 0x834, 0x835, 0x836, 0x837, 0x838, 0x83e, 0x83f]
    for (let msr = 0x800; msr < 0x900; msr++) {
      expect([msr, read(msr) !== undefined]).toEqual([msr, readable.includes(msr)])
      if (msr !== 0x830) expect([msr, write(msr, 0n)]).toEqual([msr, writable.includes(msr) ? 6 : 13])
    }
    expect(write(0x80f, 0x1ffn)).toBe(6)
    expect(write(0x830, 0x12345678_00004500n)).toBe(6)
    expect(read(0x830)).toBe(0x12345678_00004500n)
  })

  it('count CR8 and TPR as one, and refuse a class above 15', () => {
    const { run, made, write, read } = machine()
    write(0x1b, 0xfee00c00n)
    expect(run('mov cr8, rax\nmov rbx, cr8', { rax: 9n }).vector).toBe(6)
    expect([made.get('rbx'), read(0x808)]).toEqual([9n, 0x90n])
    expect(run('mov cr8, rax', { rax: 16n })).toMatchObject({ vector: 13, errorCode: 0 })
  })

  it('vanish from CPUID with the APIC', () => {
    const { run, made, write } = machine()
    const bit = (): bigint => {
      run('cpuid', { rax: 1n })
      return (made.get('rdx') >> 9n) & 1n
    }
    expect(bit()).toBe(1n)
    expect(write(0x1b, 0xfee00000n)).toBe(6)
    expect(bit()).toBe(0n)
  })
})

describe('the TSC deadline', () => {
  it('is in TSC time, moves with the TSC, and reads as zero once it has fired', () => {
    const { clock, apic, made, write, read } = machine()
    apic.write(0xf0, 4, 0x1ff)
    expect(write(0x6e0, 5000n)).toBe(6)
    expect(read(0x6e0)).toBe(0n) // another mode
    apic.write(0x320, 4, 0x4_0040)
    made.core.exports.setTime(1000)
    clock.advanceTo(1000)
    expect(write(0x10, 1_000_000n)).toBe(6)
    expect(write(0x6e0, 1_002_000n)).toBe(6)
    expect(read(0x6e0)).toBe(1_002_000n)
    const deadline = clock.nextDeadline
    expect(deadline).toBeGreaterThan(2990)
    expect(deadline).toBeLessThan(3010)
    // TSC_ADJUST forward by 500: it fires 500 earlier.
    const adjust = read(0x3b) as bigint
    expect(write(0x3b, adjust + 500n)).toBe(6)
    expect(clock.nextDeadline).toBe(deadline - 500)
    clock.advanceTo(deadline - 500)
    expect(apic.acknowledge()).toBe(0x40)
    expect(read(0x6e0)).toBe(0n)
  })

  it('fires at once if it has passed, holds any 64-bit value, and is disarmed by zero', () => {
    const { clock, apic, write, read } = machine()
    apic.write(0xf0, 4, 0x1ff)
    apic.write(0x320, 4, 0x4_0040)
    write(0x6e0, 0xffff_ffff_ffff_fffen)
    expect(read(0x6e0)).toBe(0xffff_ffff_ffff_fffen)
    write(0x6e0, 0n)
    expect([read(0x6e0), clock.nextDeadline]).toEqual([0n, Number.POSITIVE_INFINITY])
    write(0x10, 1_000_000n)
    write(0x6e0, 1n)
    clock.advanceTo(100)
    expect(apic.acknowledge()).toBe(0x40)
  })

  it('leaves TSC_ADJUST counting every step of the TSC', () => {
    const { made, run, write, read } = machine()
    expect(read(0x3b)).toBe(0n)
    expect(write(0x3b, 0x1234_5678_9abcn)).toBe(6)
    expect(run('rdtsc').vector).toBe(6)
    expect(made.get('rdx')).toBe(0x1234n)
    expect(write(0x10, 0n)).toBe(6)
    expect(BigInt.asIntN(64, read(0x3b) as bigint)).toBeLessThan(1n)
    expect(run('rdtsc').vector).toBe(6)
    expect(made.get('rdx')).toBe(0n)
  })
})
