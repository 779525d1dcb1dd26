// Operands in memory: whose address is made of a register that the instruction changes, of every size, in 64- and 32-bit code. About a second.

import { describe, expect, it } from 'vitest'
import type { JitOption } from '../../src/cpu/index.js'
import { FX_OFFSET, FX_TAGS } from '../../src/cpu/numbers/sizes.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine } from './harness.js'

/** Interpreted, and compiled at the second pass of the loop around the instruction. */
const executors: readonly (readonly [string, JitOption])[] = [
  ['interpreted', 'off'],
  ['compiled', { threshold: 2 }],
]

describe.each(executors)('an address made of the accumulator, %s', (_name, jit) => {
  const forms = [
    ['byte', 'cl', 1],
    ['word', 'cx', 2],
    ['dword', 'ecx', 4],
    ['qword', 'rcx', 8],
  ] as const
  for (const lock of ['', 'lock ']) {
    for (const [width, register, bytes] of forms) {
      it(`${lock}CMPXCHG ${width} leaves memory alone where the comparison fails, and only then loads rAX`, () => {
        const machine = new FlatMachine({ jit })
        const found = 0x1122_3344_5566_7709n
        const mask = (1n << BigInt(8 * bytes)) - 1n
        machine.load(
          assemble(
            `mov r9d, 100; again: mov rax, rdi; ${lock}cmpxchg ${width} ptr [rax + 8], ${register}; dec r9d; jnz again`,
            CODE,
          ),
        )
        machine.set({ rdi: BigInt(DATA), rcx: 0x5555_5555_5555_5555n })
        const memory = new Uint8Array(0x200).fill(0xa5)
        new DataView(memory.buffer).setBigUint64(8, found, true)
        machine.core.writeRam(DATA, memory)
        expect(machine.run().vector).toBeUndefined()
        expect(machine.core.readRam(DATA, 0x200)).toEqual(memory)
        const kept = bytes === 4 ? 0n : BigInt(DATA) & ~mask
        expect(machine.get('rax')).toBe(kept | (found & mask))
      })

      it(`${lock}CMPXCHG ${width} stores where the comparison succeeds`, () => {
        const machine = new FlatMachine({ jit })
        machine.load(
          assemble(
            `mov r9d, 100; again: mov [rdi + 8], rdi; mov rax, rdi; ${lock}cmpxchg ${width} ptr [rax + 8], ${register}; dec r9d; jnz again`,
            CODE,
          ),
        )
        machine.set({ rdi: BigInt(DATA), rcx: 0x5555_5555_5555_5555n })
        expect(machine.run().vector).toBeUndefined()
        const mask = (1n << BigInt(8 * bytes)) - 1n
        const stored = new DataView(machine.core.readRam(DATA + 8, 8).buffer).getBigUint64(0, true)
        expect(stored).toBe((BigInt(DATA) & ~mask) | (0x5555_5555_5555_5555n & mask))
        expect(machine.get('rax')).toBe(BigInt(DATA))
      })
    }
  }
})

describe('wide operands in 32-bit code', () => {
  it('FXSAVE and FXRSTOR move 288 of 512 bytes', () => {
    const machine = new FlatMachine({ compatibility: true })
    machine.load(
      assemble('fninit; fld1; pcmpeqd xmm7, xmm7; fxsave [edi]; pxor xmm7, xmm7; fninit; fxrstor [edi]', CODE, 32),
    )
    machine.set({ rdi: BigInt(DATA) })
    machine.core.writeRam(DATA, new Uint8Array(512).fill(0xaa))
    expect(machine.run().vector).toBeUndefined()
    const image = machine.core.readRam(DATA, 512)
    expect([...image.slice(2, 5)]).toEqual([0, 0x38, 0x80])
    expect(image.slice(272, 288)).toEqual(new Uint8Array(16).fill(0xff))
    expect(image.slice(288)).toEqual(new Uint8Array(224).fill(0xaa))
    expect(machine.core.xmm(0, 7)).toEqual([0xffff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn])
    expect(machine.core.state(0).getUint8(FX_OFFSET + FX_TAGS)).toBe(0x80)
  })

  it('FXSAVE whose 512 bytes do not fit the segment is #GP(0), or #SS(0) by EBP', () => {
    for (const [base, vector] of [
      ['edi', 13],
      ['ebp', 12],
    ] as const) {
      for (const instruction of ['fxsave', 'fxrstor']) {
        const machine = new FlatMachine({ compatibility: true })
        machine.load(assemble(`${instruction} [${base}]`, CODE, 32))
        machine.set({ rdi: 0xffff_fe10n, rbp: 0xffff_fe10n })
        expect(machine.run(), `${instruction} [${base}]`).toMatchObject({ vector, errorCode: 0 })
      }
    }
  })
})
