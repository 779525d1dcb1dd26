// Debug exceptions around instructions that fault, repeat, or follow MOV SS, and the resume flag (SDM 3A 6.8.3, 3B 17.3.1). About a second.
import { describe, expect, it } from 'vitest'
import { REGISTER_BITS } from '../../src/cpu/index.js'
import { CODE, CR4_BASE, DATA, KERNEL_DATA, STACK, STUBS, SystemMachine, TSS } from './system-machine.js'

const { TF, RF } = REGISTER_BITS
const ABSENT = 0xf00000
/** DR7: DR0 on execution; DR0 on stores and on any access, of a byte. */
const EXECUTION = 0x402n
const STORE = 0x10402n
const ACCESS = 0x30402n

class DebugMachine extends SystemMachine {
  constructor() {
    super()
    this.setPte(ABSENT, 0n)
    // The handler of #PF has a stack of its own.
    this.setQuad(TSS + 36, BigInt(STACK + 0x8000))
    this.gate(14, { ist: 1 })
    this.gate(0x40, {})
  }

  trace(text: string, registers: Parameters<SystemMachine['enter']>[1] = {}) {
    this.place(`${text}\nhlt`)
    this.enter(0, { dr6: 0xffff0ff0n, cr4: CR4_BASE, rdi: BigInt(DATA), rsi: BigInt(DATA), ...registers })
    return this.run()
  }

  /** RFLAGS as the last exception without an error code has pushed them. */
  get pushedFlags(): bigint {
    return this.quad(Number(this.get('rsp')) + 16)
  }
}

describe('the resume flag', () => {
  it('is what IRET loads, also where IRET itself began with it set', () => {
    const machine = new DebugMachine()
    const target = CODE + 0x100
    machine.place('ud2', target)
    const words = [BigInt(target), 8n, RF | 2n, BigInt(STACK), BigInt(KERNEL_DATA)]
    const breakpoints = { dr0: BigInt(CODE), dr1: BigInt(target), dr7: 0x405n, rsp: BigInt(STACK - 0x100) }
    for (const [flags, vector] of [
      [RF | 2n, 6],
      [2n, 1],
    ] as const) {
      for (const [i, word] of words.entries()) machine.setQuad(STACK - 0x100 + 8 * i, i === 2 ? flags : word)
      expect(machine.trace('iretq', { ...breakpoints, rflags: RF | 2n })).toMatchObject({ vector, rip: BigInt(target) })
    }
  })

  it('is clear in what INT pushes', () => {
    const machine = new DebugMachine()
    expect(machine.trace('int 0x40', { rflags: RF | 2n }).vector).toBe(0x40)
    expect(machine.pushedFlags).toBe(2n)
  })

  it('holds off the breakpoint on a repeated instruction until its last iteration', () => {
    const machine = new DebugMachine()
    const registers = { dr0: BigInt(CODE), dr7: EXECUTION, rcx: 10_000n }
    expect(machine.trace('rep stosb', registers)).toMatchObject({ vector: 1, rip: BigInt(CODE) })
    expect(machine.trace('rep stosb', { ...registers, rflags: RF | 2n }).vector).toBeUndefined()
    expect(machine.get('rcx')).toBe(0n)
  })

  it('is pushed by traps in the middle of a repeated instruction, and not by those after its last iteration', () => {
    const machine = new DebugMachine()
    for (const [rcx, flag] of [
      [5n, RF],
      [3n, 0n],
    ] as const) {
      expect(machine.trace('rep stosb', { dr0: BigInt(DATA + 2), dr7: STORE, rcx }).vector).toBe(1)
      expect(machine.pushedFlags).toBe(flag | 2n)
      expect(machine.trace('rep outsb', { rflags: TF | 2n, rcx: rcx - 2n, rdx: 0x300n }).vector).toBe(1)
      expect(machine.pushedFlags).toBe(flag | TF | 2n)
    }
  })
})

describe('a breakpoint on data', () => {
  it.each(['movsb', 'rep movsb', 'push [rsi]', 'call [rsi]'])(
    'is not hit by %s that faults after its first access',
    (text) => {
      const machine = new DebugMachine()
      const registers = { rdi: BigInt(ABSENT), rsp: BigInt(ABSENT + 8), rcx: 5n, dr0: BigInt(DATA), dr7: ACCESS }
      expect(machine.trace(text, registers)).toMatchObject({ vector: 14, rip: BigInt(CODE) })
      expect(machine.get('dr6')).toBe(0xffff0ff0n)
    },
  )

  it('is hit on both operands of MOVS', () => {
    const machine = new DebugMachine()
    const dr7 = ACCESS | 4n | (1n << 20n)
    const registers = { rdi: BigInt(DATA + 0x1000), dr0: BigInt(DATA), dr1: BigInt(DATA + 0x1000), dr7 }
    expect(machine.trace('movsb', registers)).toMatchObject({ vector: 1, rip: BigInt(CODE + 1) })
    expect(machine.get('dr6')).toBe(0xffff0ff3n)
  })

  it("is hit by what an exception pushes, and reported before its handler's first instruction", () => {
    const machine = new DebugMachine()
    expect(machine.trace('ud2', { dr0: BigInt(STACK - 40), dr7: STORE })).toMatchObject({
      vector: 1,
      rip: BigInt(STUBS + 16 * 6),
    })
    expect(machine.get('dr6')).toBe(0xffff0ff1n)
  })

  it.each([
    ['nop', CODE + 3],
    ['.byte 0xeb, 0x1e', CODE + 0x22],
    ['hlt', CODE + 3],
    ['mov [rdi + 8], eax', CODE + 5],
    ['int 0x40', STUBS + 16 * 0x40],
    ['rep stosb', CODE + 2],
    ['.byte 0x8e, 0x16\nnop', CODE + 5],
  ])('that MOV SS hits is reported after %s', (next, rip) => {
    const machine = new DebugMachine()
    machine.setQuad(DATA, BigInt(KERNEL_DATA))
    const registers = { rdi: BigInt(DATA + 0x1000), dr0: BigInt(DATA), dr7: ACCESS, rcx: 5n }
    expect(machine.trace(`.byte 0x8e, 0x16\n${next}`, registers)).toMatchObject({ vector: 1, rip: BigInt(rip) })
    expect(machine.get('dr6')).toBe(0xffff0ff1n)
  })
})
