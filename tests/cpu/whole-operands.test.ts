// Instructions that fault leave everything as it was, and fault as one access would, whatever parts their operand has. A second.

import { describe, expect, it } from 'vitest'
import type { StateRegister } from '../../src/cpu/index.js'
import { STATE_X87 } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { FX_OFFSET, FX_TAGS } from '../../src/cpu/numbers/sizes.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine, STACK } from './harness.js'

type Registers = Partial<Record<StateRegister, bigint>>
const HOLE = DATA + 0x8000 // a page that is not present, between pages that are
const PAGE_TABLE = 0x14000 // of the second 2 MiB (harness.ts)
const LOWER_END = 0x8000_0000_0000n

function machineWith(code: string, registers: Registers): FlatMachine {
  const machine = new FlatMachine({ smallPages: true, interruptStack: true })
  machine.core.writeRam(PAGE_TABLE + ((HOLE >> 12) & 511) * 8, new Uint8Array(8))
  machine.load(assemble(code, CODE))
  machine.set(registers)
  return machine
}

const shared = machineWith('nop', {})

function run(code: string, registers: Registers) {
  shared.load(assemble(code, CODE))
  shared.restart(registers)
  return shared.run()
}

describe('an operand in two pages, one of them absent', () => {
  for (const [instruction, bytes] of [
    ['fstp tbyte ptr [rdi]', 10],
    ['fbstp [rdi]', 10],
    ['fnstenv [rdi]', 28],
    ['fnsave [rdi]', 108],
    ['fxsave [rdi]', 512],
    ['cmpxchg16b [rdi]', 16],
    ['movups [rdi], xmm0', 16],
    ['push rax', 8],
  ] as const) {
    it(`${instruction} stores nothing and changes nothing`, () => {
      const machine = machineWith(`fninit; fld1; ${instruction}`, {})
      const step = instruction.startsWith('fx') ? 16 : 1
      for (let inside = step; inside < bytes; inside += step === 1 ? 3 : step) {
        for (const at of [HOLE - inside, HOLE + 0x1000 - inside]) {
          if (instruction === 'cmpxchg16b [rdi]' && inside < 16) continue
          const stack = instruction.startsWith('push')
          const registers = { rdi: BigInt(at), rsp: BigInt(stack ? at + bytes : STACK), rbp: BigInt(DATA + 64) }
          machine.restart(registers)
          const before = machine.core.readRam(HOLE - 0x1000, 0x3000)
          const outcome = machine.run()
          expect(outcome.vector, `at ${inside} before the end`).toBe(14)
          expect(outcome.rip).toBe(BigInt(CODE + 4))
          expect(outcome.rsp).toBe(registers.rsp)
          const first = Math.max(at, HOLE)
          if (!stack) expect(machine.get('cr2'), `${inside} before the end`).toBe(BigInt(first))
          expect(Buffer.compare(machine.core.readRam(HOLE - 0x1000, 0x3000), before)).toBe(0)
          expect([...new Uint8Array(machine.core.state(0).buffer, machine.core.state(0).byteOffset + 1027, 2)]).toEqual(
            [0x38, 0x80],
          )
        }
      }
    })
  }

  it('REP with a 32-bit address size leaves RCX whole if its first iteration faults', () => {
    for (const instruction of ['rep stosb', 'rep movsb', 'repe cmpsb', 'repne scasb', 'rep lodsb']) {
      const code = [0x67, ...assemble(instruction, CODE)]
      const registers = { rcx: 0x1234_5678_9abc_def0n, rdi: BigInt(HOLE), rsi: BigInt(HOLE) }
      const machine = machineWith('nop', registers)
      machine.load(Uint8Array.from(code))
      expect(machine.run().vector, instruction).toBe(14)
      expect([machine.get('rcx'), machine.get('rdi'), machine.get('rsi')]).toEqual([
        registers.rcx,
        registers.rdi,
        registers.rsi,
      ])
    }
  })
})

describe('an address that is not canonical', () => {
  const beyond = 0x8000_0000_0000_0000n

  it('is #SS(0) for every implicit access to the stack', () => {
    for (const code of [
      'push rax',
      'push 5',
      'push word ptr [rdi]',
      '.byte 0x66; push rax',
      'pushfq',
      '.byte 0x66; pushf',
      'push fs',
      'call 0x100100',
      'call rax',
      'call [rdi]',
      'pop rax',
      '.byte 0x66; pop rax',
      'pop qword ptr [rdi]',
      'popfq',
      'pop fs',
      'ret',
      'ret 8',
      'retf',
      'retfq',
      'iretq',
      'enter 8, 0',
      'enter 8, 1',
    ]) {
      expect(run(code, { rsp: beyond, rdi: BigInt(DATA) }), code).toMatchObject({
        vector: 12,
        errorCode: 0,
        rip: BigInt(CODE),
      })
    }
    for (const code of ['leave', '.byte 0x66; leave', 'enter 32, 2', 'enter 32, 31', '.byte 0x66; enter 32, 3']) {
      expect(run(code, { rbp: beyond }), code).toMatchObject({ vector: 12, errorCode: 0, rip: BigInt(CODE) })
    }
  })

  it('is noticed at either end of the operand before any page is looked at', () => {
    for (const [code, bytes] of [
      ['mov eax, [B]', 4],
      ['mov [B], cx', 2],
      ['lock add qword ptr [B], 1', 8],
      ['movups xmm0, [B]', 16],
      ['movups [B], xmm0', 16],
      ['movq [B], xmm0', 8],
      ['movq mm0, [B]', 8],
      ['fld tbyte ptr [B]', 10],
      ['fstp tbyte ptr [B]', 10],
      ['fild qword ptr [B]', 8],
      ['fbld [B]', 10],
      ['fnstenv [B]', 28],
      ['fldenv [B]', 28],
      ['fnsave [B]', 108],
      ['frstor [B]', 108],
      ['cmpxchg8b [B]', 8],
      ['lgdt [B]', 10],
      ['sidt [B]', 10],
      ['lss eax, [B]', 6],
      ['push qword ptr [B]', 8],
      ['pop qword ptr [B]', 8],
      ['xadd [B], rax', 8],
      ['cmpxchg [B], ecx', 4],
      ['bts qword ptr [B], 3', 8],
    ] as const) {
      for (const [base, vector] of [
        ['rdi', 13],
        ['rbp', 12],
      ] as const) {
        for (const inside of [1, bytes - 1]) {
          const outcome = run(`fninit; ${code.replace('B', base)}`, { [base]: LOWER_END - BigInt(inside) })
          expect(outcome, `${code} by ${base}, ${inside} bytes below the end`).toMatchObject({
            vector,
            errorCode: 0,
            rip: BigInt(CODE + 2),
          })
        }
      }
    }
    for (const [base, vector] of [
      ['rdi', 13],
      ['rbp', 12],
    ] as const) {
      for (const code of ['fxsave', 'fxrstor']) {
        expect(run(`${code} [${base}]`, { [base]: LOWER_END - 256n }), code).toMatchObject({ vector, errorCode: 0 })
      }
    }
  })
})

describe('the x87 stack', () => {
  it('EMMS sets TOP to 0', () => {
    const machine = machineWith('fninit; fld1; fld1; fld1; emms; fld1; fnstsw ax', { rax: 0n })
    machine.run()
    expect(machine.get('rax') & 0xffffn).toBe(0x3800n)
  })

  it('FFREEP empties ST(i) and the register that it pops', () => {
    const machine = machineWith(`fninit; ${'fld1; '.repeat(8)}.byte 0xdf, 0xc2`, {})
    machine.run()
    expect(machine.core.state(0).getUint8(FX_OFFSET + FX_TAGS)).toBe(0xfa)
  })

  it('FCMOVcc with an empty register stores the indefinite, whatever the condition', () => {
    for (const code of [
      'fninit; fld1; xor eax, eax; fcmovne st(0), st(3)',
      'fninit; fld1; xor eax, eax; fcmove st(0), st(3)',
    ]) {
      const machine = machineWith(code, {})
      machine.run()
      const state = machine.core.state(0)
      expect([state.getBigUint64(STATE_X87 + 112, true), state.getUint16(STATE_X87 + 120, true)], code).toEqual([
        0xc000_0000_0000_0000n,
        0xffff,
      ])
    }
  })
})

describe('returns and debug exceptions', () => {
  it('IRET to an outer level makes a selector null and keeps the base', () => {
    const code = `
      mov eax, 0x10; mov gs, eax; mov ecx, 0xc0000101; mov eax, 0x200000; xor edx, edx; wrmsr
      push 0x23; push 0x2f0000; pushfq; push 0x1b; lea rax, [rip + user]; push rax; iretq
      user: mov ebx, gs; mov rax, gs:[8]; ud2`
    const machine = machineWith(code, {})
    machine.core.writeRam(DATA + 8, Uint8Array.of(0x5a))
    expect(machine.run().vector).toBe(6)
    expect([machine.get('rbx'), machine.get('rax')]).toEqual([0n, 0x5an])
  })

  it('an instruction breakpoint right behind MOV SS and POP SS does not act', () => {
    for (const load of ['mov ss, eax', 'lss esp, [rdi]']) {
      const code = (at: number) =>
        `mov eax, 0x10; mov rcx, 0x${at.toString(16)}; mov dr0, rcx; mov ecx, 0x402; mov dr7, rcx; ${load}; nop; nop; ud2`
      const behind = assemble(code(CODE), CODE).length - 4
      const machine = machineWith(code(CODE + behind), { rdi: BigInt(DATA) })
      machine.core.writeRam(DATA, Uint8Array.of(0, 0, 0x30, 0, 0x10, 0))
      expect(machine.run().vector, load).toBe(load.startsWith('mov') ? 6 : 1)
    }
  })

  it('a data breakpoint that MOV SS hits and INT1 behind it are one #DB', () => {
    const code = `mov rcx, 0x${DATA.toString(16)}; mov dr0, rcx; mov ecx, 0x30402; mov dr7, rcx; mov ss, [rdi]; .byte 0xf1; ud2`
    const machine = machineWith(code, { rdi: BigInt(DATA) })
    machine.core.writeRam(DATA, Uint8Array.of(0x10, 0))
    const outcome = machine.run()
    expect(outcome.vector).toBe(1)
    expect(outcome.rip).toBe(BigInt(CODE + assemble(code, CODE).length - 2))
    expect(machine.core.state(0).getBigUint64(CPU_STATE.dr6, true) & 15n).toBe(1n)
    expect(machine.core.state(0).getUint32(CPU_STATE.pendingDebug, true)).toBe(0)
  })
})
