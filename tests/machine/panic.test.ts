// A defect of the emulator itself, met while a guest runs: the error says where, and how to come there again.
import { describe, expect, it } from 'vitest'
import { panic, type TransplantError } from '../../src/base/index.js'
import { Machine } from '../../src/machine/index.js'
import { read } from '../lab/images.js'
import { leb128 } from '../lab/wrong-compiler.js'
import { flatKernel } from './flat-kernel.js'

const kernel = flatKernel(
  'mov ecx, 1000; again: inc ebx; loop again; xor eax, eax; cpuid; mov dx, 0xf4; out dx, al; hlt',
)
const CPUID = 0x10_0020 + 10

/** A core that traps where CPUID answers leaf 0: `unreachable` in the place of one of the constants. */
function trappingCore(): WebAssembly.Module {
  const core = Uint8Array.from(read('src/cpu/core.wasm'))
  const constant = [0x42, ...leb128(0x6c65746e)]
  const at = core.findIndex((_, i) => constant.every((byte, j) => core[i + j] === byte))
  if (at < 0) throw new Error('This core does not hold the constant.')
  core.set([0x00, ...constant.slice(1).map(() => 0x01)], at)
  return new WebAssembly.Module(core)
}

function machine(coreWasm: Uint8Array | WebAssembly.Module): Machine {
  const firmware = read('images/built/firmware.bin')
  const made = Machine.create({ coreWasm, firmware, kernel, memoryBytes: 4 << 20, vcpus: 2, seed: 77 })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

function defectOf(run: () => unknown): TransplantError {
  try {
    run()
  } catch (error) {
    return error as TransplantError
  }
  throw new Error('nothing was thrown')
}

describe('a defect while a guest runs', () => {
  it('names vCPU, RIP, instruction, seed and the way to come there again, which does', () => {
    const first = defectOf(() => machine(trappingCore()).run())
    expect(first).toMatchObject({ code: 'INTERNAL', message: expect.stringContaining('with seed 77, 2 vCPUs') })
    expect(first.cause).toMatchObject({ name: 'RuntimeError' })
    const [, rip, time] = /on vCPU 0 at RIP 0x([0-9a-f]+), at instruction (\d+)/.exec(first.message) ?? []
    expect(Number.parseInt(rip ?? '', 16)).toBe(CPUID)
    const from = Number(/runTo\((\d+), 0\)/.exec(first.hint)?.[1])
    const again = machine(trappingCore())
    expect(again.runTo(from, 0)).toBeUndefined()
    expect(again.now).toBe(from)
    expect(defectOf(() => again.run()).message).toBe(first.message)
    // A sound core is at that instruction then.
    const sound = machine(read('src/cpu/core.wasm'))
    sound.run({ instructions: Number(time) })
    expect(sound.registers(0).rip).toBe(BigInt(CPUID))
  })

  it('counts the inputs that have to be given again', () => {
    const one = machine(trappingCore())
    one.sendConsole(0, Uint8Array.of(65))
    expect(defectOf(() => one.run()).hint).toContain('and its 1 inputs')
  })

  it('is no other error: what a listener throws arrives as it was', () => {
    const one = machine(read('src/cpu/core.wasm'))
    const thrown = new Error('mine')
    one.onDeviceWrite(() => {
      throw thrown
    })
    expect(defectOf(() => one.run())).toBe(thrown)
    const other = machine(read('src/cpu/core.wasm'))
    other.onDeviceWrite(() => panic('this should have held.'))
    expect(defectOf(() => other.run()).message).toMatch(/this should have held.*on vCPU 0 at RIP 0x/s)
  })
})
