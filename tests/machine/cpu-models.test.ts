// Machines of x86-64-v2 and of x86-64-v3: what CPUID tells, what the other's instructions do, and that a snapshot knows which it is of.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { hashBytes, StateReader, StateWriter } from '../../src/base/index.js'
import type { CpuModel } from '../../src/cpu/index.js'
import { decodeSnapshot, encodeSnapshot, Machine } from '../../src/machine/index.js'
import { FlatMachine } from '../cpu/harness.js'
import { flatKernel } from './flat-kernel.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const coreWasm = new WebAssembly.Module(readFileSync(join(root, 'src/cpu/core.wasm')))
const firmware = new Uint8Array(readFileSync(join(root, 'images/built/firmware.bin')))
const UD = 6

function execute(cpu: CpuModel, code: readonly number[], registers: Parameters<FlatMachine['set']>[0] = {}) {
  const machine = new FlatMachine({ cpu })
  machine.load(Uint8Array.from(code))
  machine.set(registers)
  return { machine, outcome: machine.run() }
}

function cpuid(cpu: CpuModel, leaf: number): readonly number[] {
  const { machine } = execute(cpu, [0x0f, 0xa2], { rax: BigInt(leaf), rcx: 0n })
  return (['rax', 'rbx', 'rcx', 'rdx'] as const).map((name) => Number(machine.get(name)))
}

/** Bits of the second that the first has not. */
function added(leaf: number): readonly number[] {
  const [before, after] = [cpuid('x86-64-v2', leaf), cpuid('x86-64-v3', leaf)]
  return after.map((word, i) => (word & ~(before[i] as number)) >>> 0)
}

describe('a vCPU of x86-64-v3', () => {
  it('tells what it has beyond x86-64-v2, and nothing else', () => {
    // FMA MOVBE XSAVE AVX F16C; BMI1 AVX2 BMI2; LZCNT
    expect(added(1)).toEqual([0, 0, (1 << 12) | (1 << 22) | (1 << 26) | (1 << 28) | (1 << 29), 0])
    expect(added(7)).toEqual([0, (1 << 3) | (1 << 5) | (1 << 8), 0, 0])
    expect(added(0xd)).toEqual([7, 576, 832, 0])
    expect(added(0x8000_0001)).toEqual([0, 0, 1 << 5, 0])
  })

  it('has instructions that are other ones, or none, on x86-64-v2', () => {
    const tzcnt = [0xf3, 0x0f, 0xbc, 0xc1]
    const zero = { rax: 7n, rcx: 0n }
    expect(execute('x86-64-v3', tzcnt, zero).machine.get('rax')).toBe(32n)
    expect(execute('x86-64-v2', tzcnt, zero).machine.get('rax')).toBe(7n)
    const lzcnt = [0xf3, 0x0f, 0xbd, 0xc1]
    expect(execute('x86-64-v3', lzcnt, { rcx: 1n }).machine.get('rax')).toBe(31n)
    expect(execute('x86-64-v2', lzcnt, { rcx: 1n }).machine.get('rax')).toBe(0n)
    const store = [0x0f, 0x38, 0xf1, 0x01]
    const andn = [0xc4, 0xe2, 0x70, 0xf2, 0xc2]
    for (const code of [store, andn]) {
      expect(execute('x86-64-v2', code, { rcx: 0x200000n }).outcome.vector).toBe(UD)
      expect(execute('x86-64-v3', code, { rcx: 0x200000n }).outcome.vector).toBeUndefined()
    }
  })
})

describe('a machine', () => {
  const make = (cpu?: CpuModel) => {
    const kernel = flatKernel('mov eax, 7; xor ecx, ecx; cpuid; hlt')
    const made = Machine.create({ coreWasm, firmware, memoryBytes: 8 << 20, kernel, ...(cpu && { cpu }) })
    if (!made.ok) throw new Error(made.message)
    made.value.run({ instructions: 10_000_000 })
    return made.value
  }
  const decoded = (file: Uint8Array) => {
    const result = decodeSnapshot(file)
    if (!result.ok) throw new Error(result.message)
    return result.value
  }

  it('is of x86-64-v2 unless it is asked for more, and of nothing that does not exist', () => {
    expect(make().hash()).toBe(make('x86-64-v2').hash())
    expect(make().hash()).not.toBe(make('x86-64-v3').hash())
    expect(() => make('x86-64-v4' as CpuModel)).toThrow("There is no CPU 'x86-64-v4'.")
  })

  it('comes back from its snapshot with the same vCPUs, and from that of others not at all', () => {
    const machine = make('x86-64-v3')
    const snapshot = decoded(encodeSnapshot(machine.snapshot()))
    const again = Machine.from(snapshot, coreWasm)
    expect(again.configuration.cpu).toBe('x86-64-v3')
    expect(again.hash()).toBe(machine.hash())
    expect(() => make('x86-64-v2').restore(snapshot)).toThrow('1 vCPUs of x86-64-v3')
  })

  it('reads files from before there was a choice as those of x86-64-v2', () => {
    const machine = make()
    const header = new StateReader(encodeSnapshot(machine.snapshot()), 12)
    header.string()
    const body = header.blob()
    const reader = new StateReader(body)
    const older = new StateWriter()
    older.string(reader.string())
    older.f64(reader.f64())
    older.u32(reader.u32())
    expect(reader.string()).toBe('x86-64-v2')
    older.raw(reader.raw(reader.remaining))
    const file = new StateWriter()
    file.raw(new TextEncoder().encode('TPSNAPSH'))
    file.u32(3)
    file.string(hashBytes(older.finish()))
    file.blob(older.finish())
    expect(Machine.from(decoded(file.finish()), coreWasm).hash()).toBe(machine.hash())
  })
})
