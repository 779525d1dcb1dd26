// libunicorn as oracle: generated sequences of flat 64-bit code run there and on the core, and everything they can
// change is compared: registers, flags, XMM registers, memory.
//
// A difference is shrunk to the fewest steps that still differ, and printed with its bytes, its seed and both outcomes.
// Left out because Unicorn 2.0.1 is known to differ from hardware (the host-CPU oracle covers it): MXCSR's exception
// flags, CMPXCHG of doublewords with anything in the upper half of RAX or in a register destination.

import koffi from 'koffi'
import { expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { EXIT_HALT, STATE_XMM } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { libunicornPath, needs } from '../needs.js'
import { loadCore } from './flat-runner.js'
import {
  assemble,
  type Instruction,
  type Start,
  sequence,
  stackAddress,
  start,
  windowAddress,
  windowBytes,
} from './generate.js'

const codeAddress = 0x10_0000
const freshCode = 0x100_0000
const codeEnd = 0x800_0000
const comparedFlags = 0x8d5n

interface Outcome {
  readonly registers: readonly bigint[]
  readonly flags: bigint
  readonly vectors: readonly bigint[]
  readonly memory: Uint8Array
}

/** Runs code from a start to its last byte. */
interface Runner {
  run(code: Uint8Array, from: Start): Outcome
}

/** The core at CPL 0: in long mode with the first 16 MiB mapped onto themselves, or in protected mode without paging. */
class CoreRunner implements Runner {
  private readonly loaded = loadCore(16 << 20)
  private readonly view = new DataView(this.loaded.memory.buffer)
  private readonly bytes = new Uint8Array(this.loaded.memory.buffer)

  constructor(bits: 32 | 64) {
    const { ramOffset, state, core } = this.loaded
    core.synchronize(0)
    const table = 0x1000
    this.view.setBigUint64(ramOffset + table, 0x2003n, true)
    this.view.setBigUint64(ramOffset + 0x2000, 0x3003n, true)
    for (let i = 0; i < 8; i++) this.view.setBigUint64(ramOffset + 0x3000 + 8 * i, BigInt(i * 0x20_0000) | 0x83n, true)
    const set = (offset: number, value: number) => this.view.setBigUint64(state + offset, BigInt(value), true)
    set(CPU_STATE.cr0, bits === 64 ? 0x8000_0033 : 0x33)
    set(CPU_STATE.cr3, table)
    set(CPU_STATE.cr4, 0x620)
    set(CPU_STATE.efer, bits === 64 ? 0x500 : 0)
    for (let i = 0; i < 6; i++) {
      this.view.setUint32(state + CPU_STATE.esSelector + 4 * i, i === 1 ? 8 : 16, true)
      this.view.setUint32(state + CPU_STATE.esLimit + 4 * i, 0xffff_ffff, true)
      this.view.setUint32(
        state + CPU_STATE.esAttributes + 4 * i,
        i === 1 ? (bits === 64 ? 0xa09b : 0xc09b) : 0xc093,
        true,
      )
      set(CPU_STATE.esBase + 8 * i, 0)
    }
    core.ramChanged(table, 0x3000)
    core.stateChanged(0)
  }

  run(code: Uint8Array, from: Start): Outcome {
    const { ramOffset, state, core } = this.loaded
    core.synchronize(0) // RFLAGS are lazy: bring them out before they are replaced
    this.bytes.set(code, ramOffset + codeAddress)
    this.bytes[ramOffset + codeAddress + code.length] = 0xf4
    this.bytes.set(from.memory, ramOffset + windowAddress)
    this.bytes.fill(0, ramOffset + stackAddress - 64, ramOffset + stackAddress)
    core.ramChanged(codeAddress, code.length + 1)
    core.ramChanged(windowAddress, windowBytes)
    core.ramChanged(stackAddress - 64, 64)
    from.registers.forEach((value, i) => {
      this.view.setBigUint64(state + 8 * i, value, true)
    })
    from.vectors.forEach((value, i) => {
      this.view.setBigUint64(state + STATE_XMM + 8 * i, value, true)
    })
    this.view.setBigUint64(state + CPU_STATE.rip, BigInt(codeAddress), true)
    this.view.setBigUint64(state + CPU_STATE.eflags, BigInt(from.flags), true)
    this.view.setUint32(state + CPU_STATE.halted, 0, true)
    this.view.setUint32(state + CPU_STATE.mxcsr, 0x1f80, true)
    core.stateChanged(0)
    const reason = core.run(0, 100_000)
    const rip = this.view.getBigUint64(state + CPU_STATE.rip, true)
    if (reason !== EXIT_HALT) throw new Error(`the core stopped with ${reason} at ${rip.toString(16)}`)
    core.synchronize(0)
    return {
      registers: from.registers.map((_, i) => this.view.getBigUint64(state + 8 * i, true)),
      flags: this.view.getBigUint64(state + CPU_STATE.eflags, true) & comparedFlags,
      vectors: from.vectors.map((_, i) => this.view.getBigUint64(state + STATE_XMM + 8 * i, true)),
      memory: this.bytes.slice(ramOffset + windowAddress, ramOffset + windowAddress + windowBytes),
    }
  }
}

type Library = ReturnType<typeof koffi.load>
type NativeFunction = ReturnType<Library['func']>

class UnicornRunner implements Runner {
  private readonly library: Library
  private readonly engine: unknown
  private readonly writeMemory: NativeFunction
  private readonly readMemory: NativeFunction
  private readonly writeRegister: NativeFunction
  private readonly readRegister: NativeFunction
  private readonly begin: NativeFunction
  private readonly general: readonly number[]
  private static readonly general64 = [35, 38, 40, 37, 44, 36, 43, 39, 106, 107, 108, 109, 110, 111, 112, 113]
  private static readonly general32 = [19, 22, 24, 21, 30, 20, 29, 23]
  private static readonly flags = 25
  private static readonly xmm = 122
  private static readonly mxcsr = 249
  private nextCode = freshCode

  constructor(path: string, bits: 32 | 64) {
    this.general = bits === 64 ? UnicornRunner.general64 : UnicornRunner.general32
    this.library = koffi.load(path)
    const open = this.library.func('int uc_open(int, int, _Out_ void **)')
    const map = this.library.func('int uc_mem_map(void *, uint64_t, size_t, uint32_t)')
    this.writeMemory = this.library.func('int uc_mem_write(void *, uint64_t, const uint8_t *, size_t)')
    this.readMemory = this.library.func('int uc_mem_read(void *, uint64_t, _Out_ uint8_t *, size_t)')
    this.writeRegister = this.library.func('int uc_reg_write(void *, int, const uint8_t *)')
    this.readRegister = this.library.func('int uc_reg_read(void *, int, _Out_ uint8_t *)')
    this.begin = this.library.func('int uc_emu_start(void *, uint64_t, uint64_t, uint64_t, size_t)')
    const out: unknown[] = [null]
    if (open(4, bits >> 3, out) !== 0) throw new Error('uc_open failed')
    this.engine = out[0]
    if (map(this.engine, 0, codeEnd, 7) !== 0) throw new Error('uc_mem_map failed')
  }

  private set(register: number, values: readonly bigint[]): void {
    const buffer = new Uint8Array(16)
    const view = new DataView(buffer.buffer)
    values.forEach((value, i) => {
      view.setBigUint64(8 * i, value, true)
    })
    this.writeRegister(this.engine, register, buffer)
  }

  private get(register: number, count: number): bigint[] {
    const buffer = new Uint8Array(16)
    this.readRegister(this.engine, register, buffer)
    const view = new DataView(buffer.buffer)
    return Array.from({ length: count }, (_, i) => view.getBigUint64(8 * i, true))
  }

  run(code: Uint8Array, from: Start): Outcome {
    // Unicorn keeps translations of code it has seen, even when it is rewritten: each run gets fresh addresses.
    const at = this.nextCode
    this.nextCode += (code.length + 64) & ~15
    if (this.nextCode > codeEnd) throw new Error('no room for more code: use fewer rounds')
    this.writeMemory(this.engine, at, Uint8Array.from([...code, 0xf4]), code.length + 1)
    this.writeMemory(this.engine, windowAddress, from.memory, windowBytes)
    this.writeMemory(this.engine, stackAddress - 64, new Uint8Array(64), 64)
    from.registers.forEach((value, i) => {
      const register = this.general[i]
      if (register !== undefined) this.set(register, [value])
    })
    for (let i = 0; i < this.general.length; i++) this.set(UnicornRunner.xmm + i, from.vectors.slice(2 * i, 2 * i + 2))
    this.set(UnicornRunner.flags, [BigInt(from.flags)])
    this.set(UnicornRunner.mxcsr, [0x1f80n])
    const error: unknown = this.begin(this.engine, at, at + code.length, 0, 100_000)
    if (error !== 0) throw new Error(`uc_emu_start ended with ${error}`)
    const memory = new Uint8Array(windowBytes)
    this.readMemory(this.engine, windowAddress, memory, windowBytes)
    return {
      registers: this.general.map((register) => this.get(register, 1)[0] ?? 0n),
      flags: (this.get(UnicornRunner.flags, 1)[0] ?? 0n) & comparedFlags,
      vectors: Array.from({ length: this.general.length }, (_, i) => this.get(UnicornRunner.xmm + i, 2)).flat(),
      memory,
    }
  }
}

/** What differs, one line for each thing; empty if nothing does. */
function differences(expected: Outcome, actual: Outcome): string[] {
  const found: string[] = []
  const compare = (name: string, a: bigint, b: bigint) => {
    if (a !== b) found.push(`${name}: unicorn ${a.toString(16)}, core ${b.toString(16)}`)
  }
  expected.registers.forEach((value, i) => {
    compare(`register ${i}`, value, actual.registers[i] ?? 0n)
  })
  compare('flags', expected.flags, actual.flags)
  expected.vectors.forEach((value, i) => {
    compare(`xmm${i >> 1} ${i & 1 ? 'high' : 'low'}`, value, actual.vectors[i] ?? 0n)
  })
  expected.memory.forEach((value, i) => {
    compare(`memory ${(windowAddress + i).toString(16)}`, BigInt(value), BigInt(actual.memory[i] ?? 0))
  })
  return found
}

/** Removes steps while the rest still differs. */
function shrink(steps: Instruction[][], differs: (steps: Instruction[][]) => boolean): Instruction[][] {
  let smallest = steps
  for (let size = smallest.length >> 1; size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < smallest.length; ) {
      const shorter = [...smallest.slice(0, at), ...smallest.slice(at + size)]
      if (shorter.length > 0 && differs(shorter)) smallest = shorter
      else at += size
    }
  }
  return smallest
}

needs('libunicorn')('libunicorn as oracle', () => {
  for (const bits of [64, 32] as const) {
    it(`ends every generated sequence of ${bits}-bit code in the same state as the core`, () => {
      const unicorn = new UnicornRunner(libunicornPath() ?? '', bits)
      const core = new CoreRunner(bits)
      const rounds = Number(process.env['TRANSPLANT_UNICORN_ROUNDS'] ?? 1500)
      for (let seed = 1; seed <= rounds; seed++) {
        const random = new Random(seed)
        const from = start(random, bits)
        const steps = sequence(random, 4 + random.below(24), bits)
        const compare = (some: Instruction[][]) => {
          const code = assemble(some)
          return differences(unicorn.run(code, from), core.run(code, from))
        }
        if (compare(steps).length === 0) continue
        const smallest = shrink(steps, (some) => compare(some).length > 0)
        const hexadecimal = (bytes: readonly number[]) =>
          bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
        const listing = smallest.flat().map((one) => `  ${one.text.padEnd(48)} ${hexadecimal(one.bytes)}`)
        expect.fail(`seed ${seed}: after\n${listing.join('\n')}\n${compare(smallest).slice(0, 12).join('\n')}`)
      }
    })
  }
})
