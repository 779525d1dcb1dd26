// What the host CPU's oracle cannot show of x86-64-v3, since it runs at CPL 3 under a system that has enabled everything: when AVX may not run, who may
// enable it, and that its state is the vCPU's.

import { describe, expect, it } from 'vitest'
import { REGISTER_BITS, STATE_YMM_UPPER } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine, type Outcome } from './harness.js'

const CR0 = 0x80010033n
const CR4 = 0x106a0n
const { CR4_OSXSAVE: OSXSAVE, CR4_OSFXSR: OSFXSR, CR0_EM: EM, CR0_TS: TS } = REGISTER_BITS
const UD = 6
const NM = 7
const GP = 13

interface Options {
  readonly cr0?: bigint
  readonly cr4?: bigint
  readonly xcr0?: bigint
  readonly jit?: 'off' | { threshold: number }
}

function machineFor(code: string, options: Options): FlatMachine {
  const machine = new FlatMachine({ cpu: 'x86-64-v3', jit: options.jit ?? 'off' })
  machine.core.exports.synchronize(0)
  const state = machine.core.state(0)
  state.setBigUint64(CPU_STATE.cr0, options.cr0 ?? CR0, true)
  state.setBigUint64(CPU_STATE.cr4, options.cr4 ?? CR4 | OSXSAVE, true)
  state.setBigUint64(CPU_STATE.xcr0, options.xcr0 ?? 7n, true)
  machine.core.exports.stateChanged(0)
  machine.set({ rdi: BigInt(DATA), rcx: 0n })
  machine.load(assemble(code, CODE))
  return machine
}

function run(code: string, options: Options = {}): Outcome {
  return machineFor(code, options).run()
}

describe('AVX', () => {
  const instructions = [
    'vaddps ymm0, ymm1, ymm2',
    'vmovups [rdi], ymm0',
    'vzeroupper',
    'vmovd eax, xmm0',
    'vcomiss xmm0, xmm1',
    'vpextrd [rdi], xmm0, 1',
    'vldmxcsr [rdi]',
    'vpcmpistri xmm0, xmm1, 0',
    'vfmadd231sd xmm0, xmm1, xmm2',
    'vcvtph2ps ymm0, xmm1',
    'vmaskmovps ymm0, ymm1, [rdi]',
  ]

  it.each(instructions)('%s needs CR4.OSXSAVE, XCR0 and CR0.TS clear, whatever SSE needs', (instruction) => {
    expect(run(instruction).vector).toBeUndefined()
    expect(run(instruction, { cr4: CR4 }).vector).toBe(UD)
    expect(run(instruction, { xcr0: 3n }).vector).toBe(UD)
    expect(run(instruction, { cr0: CR0 | TS }).vector).toBe(NM)
    expect(run(instruction, { cr0: CR0 | TS, xcr0: 3n }).vector).toBe(UD)
    expect(run(instruction, { cr0: CR0 | EM, cr4: (CR4 | OSXSAVE) & ~OSFXSR }).vector).toBeUndefined()
  })

  it('leaves BMI alone', () => {
    for (const instruction of ['andn eax, ebx, ecx', 'shlx rax, rbx, rcx', 'pdep eax, ebx, ecx'])
      expect(run(instruction, { cr4: CR4, cr0: CR0 | TS }).vector).toBeUndefined()
  })

  it('is found switched off by compiled code too', () => {
    const loop =
      'mov ecx, 200; again: vpaddd ymm0, ymm1, ymm2; dec ecx; jnz again; mov rax, cr0; or al, 8; mov cr0, rax; mov ecx, 2; jmp again'
    expect(run(loop, { jit: { threshold: 2 } }).vector).toBe(NM)
  })
})

describe('XCR0', () => {
  const set = (low: number, more = '') => `mov eax, ${low}; xor edx, edx; xor ecx, ecx; ${more}; xsetbv; xgetbv`

  it('takes x87, with SSE, and with SSE and AVX', () => {
    for (const value of [1, 3, 7]) {
      const machine = machineFor(set(value), { xcr0: 1n })
      expect(machine.run().vector).toBeUndefined()
      expect(machine.get('rax')).toBe(BigInt(value))
    }
    for (const value of [0, 2, 5, 6, 15, 0x207]) expect(run(set(value)).vector).toBe(GP)
    expect(run(set(7, 'mov ecx, 1')).vector).toBe(GP)
    expect(run(set(7, 'mov edx, 1')).vector).toBe(GP)
  })

  it('is not there without CR4.OSXSAVE, which CPUID shows', () => {
    for (const code of ['xgetbv', 'xsetbv', 'xsave [rdi]', 'xrstor [rdi]', 'xsaveopt [rdi]', 'xsavec [rdi]'])
      expect(run(code, { cr4: CR4 }).vector).toBe(UD)
    const machine = machineFor('mov eax, 1; cpuid', {})
    machine.run()
    expect(machine.get('rcx') & (1n << 27n)).not.toBe(0n)
    const enable = (cpu: 'x86-64-v2' | 'x86-64-v3') => {
      const other = new FlatMachine({ cpu })
      other.load(assemble('mov rax, cr4; or eax, 0x40000; mov cr4, rax', CODE))
      return other.run().vector
    }
    expect(enable('x86-64-v3')).toBeUndefined()
    expect(enable('x86-64-v2')).toBe(GP)
  })

  it('tells what is in use, which is what differs from its initial state', () => {
    const inUse = (code: string) => {
      const machine = machineFor(`fninit; ${code}; mov ecx, 1; xgetbv`, {})
      machine.run()
      return machine.get('rax')
    }
    expect(inUse('vzeroall')).toBe(0n)
    expect(inUse('vzeroall; fld1')).toBe(1n)
    expect(inUse('vzeroall; vpcmpeqd xmm3, xmm3, xmm3')).toBe(2n)
    expect(inUse('vzeroall; vpcmpeqd ymm3, ymm3, ymm3; vpxor xmm0, xmm0, xmm0')).toBe(6n)
    expect(inUse('vpcmpeqd ymm3, ymm3, ymm3; vzeroupper')).toBe(2n)
  })
})

describe('the upper halves', () => {
  const fill = (machine: FlatMachine) => {
    const state = machine.core.state(0)
    for (let i = 0; i < 32; i++) state.setBigUint64(STATE_YMM_UPPER + 8 * i, BigInt(i + 1), true)
  }
  const read = (machine: FlatMachine) =>
    Array.from({ length: 32 }, (_, i) => Number(machine.core.state(0).getBigUint64(STATE_YMM_UPPER + 8 * i, true)))

  it('are saved with the core, and not taken by one of x86-64-v2', () => {
    const machine = machineFor('nop', {})
    fill(machine)
    const saved = machine.core.save()
    const other = new FlatMachine({ cpu: 'x86-64-v3' })
    other.core.load(saved)
    expect(read(other)).toEqual(Array.from({ length: 32 }, (_, i) => i + 1))
    expect(() => new FlatMachine().core.load(saved)).toThrow('does not fit this core')
  })

  it('survive INIT, as XCR0 does, and not a reset', () => {
    const machine = machineFor('nop', {})
    fill(machine)
    machine.core.exports.resetCpu(0, 0)
    expect(read(machine)[31]).toBe(32)
    expect(machine.core.state(0).getBigUint64(CPU_STATE.xcr0, true)).toBe(7n)
    machine.core.exports.resetCpu(0, 1)
    expect(read(machine).every((value) => value === 0)).toBe(true)
    expect(machine.core.state(0).getBigUint64(CPU_STATE.xcr0, true)).toBe(1n)
  })
})
