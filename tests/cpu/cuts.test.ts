// The core goes through the same states however its runs are cut, saved and restored, and takes interrupts at exact boundaries.

import { describe, expect, it } from 'vitest'
import { EXIT_BREAK, EXIT_HALT, EXIT_YIELD, GENERAL_REGISTERS, LINE_INTR } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine, STACK } from './harness.js'

const PROGRAM = `
start:
  mov rsi, 0x${DATA.toString(16)}
  lea rdi, [rsi + 0x1000]
  mov rbx, 0x3039
  mov r8, 0xc8
outer:
  imul rbx, rbx, 0x41c64e6d
  add rbx, 0x3039
  mov rax, rbx
  xor edx, edx
  mov rcx, 0x3d1
  div rcx
  push rdx
  call mix
  pop r9
  mov [rsi + rdx*8], rbx
  test dl, 3
  jnz skip
  mov ecx, 0x28
  push rsi
  push rdi
  rep movsb
  pop rdi
  pop rsi
skip:
  cmp rdx, 0x1f4
  cmovb r10, rbx
  adc r11, rdx
  setc r12b
  lock xadd [rsi], r11
  dec r8
  jnz outer
  hlt
mix:
  push rbp
  mov rbp, rsp
  rol rbx, 7
  bt rbx, 5
  rcr rbx, 1
  xor rbx, [rbp + 0x10]
  leave
  ret
`
const code = assemble(PROGRAM, CODE)

function machine(): FlatMachine {
  const made = new FlatMachine()
  made.load(code)
  return made
}

function state(of: FlatMachine): string {
  const registers = GENERAL_REGISTERS.map((name) => of.get(name).toString(16))
  const memory = of.core.readRam(DATA, 12000).reduce((h, b) => (Math.imul(h, 31) + b) | 0, 7)
  const stack = of.core.readRam(STACK - 64, 64).reduce((h, b) => (Math.imul(h, 31) + b) | 0, 7)
  return [...registers, of.get('rip').toString(16), of.get('rflags').toString(16), memory, stack].join(' ')
}

describe('cuts', () => {
  it('change nothing: every length of slice gives the same states', () => {
    const marks = [100, 1000, 2500, 4000]
    const expected: string[] = []
    for (const slice of [4000, 1, 2, 3, 5, 17, 64, 999]) {
      const m = machine()
      let at = 0
      marks.forEach((mark, i) => {
        while (at < mark) {
          const n = Math.min(slice, mark - at)
          m.core.run(0, n)
          expect(m.core.exports.retired()).toBe(n)
          at += n
        }
        expected[i] ??= state(m)
        expect(state(m)).toBe(expected[i])
      })
    }
  })

  it('save and load in the middle of blocks continue bit for bit', () => {
    const whole = machine()
    whole.core.run(0, 3000)
    for (const at of [1, 7, 500, 1234]) {
      const first = machine()
      first.core.run(0, at)
      const second = machine()
      second.core.load(first.core.save())
      second.core.writeRam(0, first.core.readRam(0, first.core.ramBytes))
      second.core.run(0, 3000 - at)
      expect(state(second)).toBe(state(whole))
      expect(second.core.save().length).toBe(whole.core.save().length)
    }
  })

  it('a breakpoint stops before its instruction, and the run goes on from there', () => {
    const m = machine()
    const mix =
      CODE +
      code.length -
      assemble('push rbp; mov rbp, rsp; rol rbx, 7; bt rbx, 5; rcr rbx, 1; xor rbx, [rbp + 0x10]; leave; ret', 0).length
    m.core.exports.setBreakpoint(mix, 0, 1)
    let stops = 0
    let total = 0
    while (m.core.run(0, 1_000_000) === EXIT_BREAK) {
      total += m.core.exports.retired()
      stops++
      expect(m.get('rip')).toBe(BigInt(mix))
    }
    total += m.core.exports.retired()
    expect(stops).toBe(200)
    const plain = machine()
    expect(plain.core.run(0, 1_000_000)).toBe(EXIT_HALT)
    expect(plain.core.exports.retired()).toBe(total)
    expect(state(m)).toBe(state(plain))
  })

  it('an interrupt raised inside an MMIO store is taken before the next instruction, in the middle of a block', () => {
    const box: { m?: FlatMachine } = {}
    const m = new FlatMachine({
      ram: 8 << 20,
      imports: {
        mmioWrite: () => box.m?.core.exports.setLine(0, LINE_INTR, 1),
        acknowledgeInterrupt: () => {
          box.m?.core.exports.setLine(0, LINE_INTR, 0)
          return 0x40
        },
      },
    })
    box.m = m
    // inc eax ; mov [0x900000], eax ; inc eax ; inc eax
    m.load(assemble('inc eax; mov [rdi], eax; inc eax; inc eax', CODE))
    m.set({ rdi: 0x900000n, rflags: 0x202n })
    const outcome = m.run()
    expect(outcome.vector).toBe(0x40)
    expect(m.get('rax')).toBe(1n)
    expect(outcome.rip).toBe(BigInt(CODE + 4))
    expect(outcome.retired).toBe(2)
  })

  it('a yield requested inside a callback returns after the instruction, and nothing is lost', () => {
    const box: { m?: FlatMachine } = {}
    const m = new FlatMachine({ ram: 8 << 20, imports: { mmioWrite: () => box.m?.core.exports.requestYield() } })
    box.m = m
    m.load(assemble('inc eax; mov [rdi], eax; inc eax; inc eax', CODE))
    m.set({ rdi: 0x900000n })
    for (let round = 0; round < 3; round++) {
      m.core.state(0).setUint32(CPU_STATE.halted, 0, true)
      m.set({ rip: BigInt(CODE), rax: 0n })
      expect(m.core.run(0, 100)).toBe(EXIT_YIELD)
      expect(m.core.exports.retired()).toBe(2)
      expect(m.core.run(0, 100)).toBe(EXIT_HALT)
      expect(m.get('rax')).toBe(3n)
    }
  })

  it('rep movs of many bytes can be cut by an interrupt and resumes', () => {
    const m = machine()
    m.load(assemble('rep movsb', CODE))
    m.set({ rcx: 100_000n, rsi: BigInt(DATA), rdi: BigInt(0x400000) })
    m.core.writeRam(
      DATA,
      Uint8Array.from({ length: 100_000 }, (_, i) => i * 7),
    )
    let runs = 0
    while (m.core.run(0, 1) !== EXIT_HALT) runs++
    expect(runs).toBeGreaterThan(20)
    expect(m.core.readRam(0x400000, 100_000)).toEqual(m.core.readRam(DATA, 100_000))
    expect(m.get('rcx')).toBe(0n)
  })
})
