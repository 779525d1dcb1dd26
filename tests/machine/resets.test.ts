// Resets from inside, with the real firmware: where a program goes on, and what a whole machine with pc-testdev has.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { decodeSnapshot, encodeSnapshot, Machine, type MachineOptions } from '../../src/machine/index.js'
import { assemble } from '../cpu/assemble.js'
import { flatKernel } from './flat-kernel.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const coreWasm = new WebAssembly.Module(readFileSync(join(root, 'src/cpu/core.wasm')))
const firmware = new Uint8Array(readFileSync(join(root, 'images/built/firmware.bin')))
const MIB = 1024 * 1024

function machine(code: string, more: Partial<MachineOptions> = {}): Machine {
  const made = Machine.create({ coreWasm, firmware, memoryBytes: 8 * MIB, kernel: flatKernel(code), ...more })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

/** Real-mode code at 0:7100 that leaves with a status of its own, and how to get there by a reset. */
const resume = [...assemble('mov dx, 0xf4; mov al, 0x21; out dx, al; hlt', 0x7100, 16)]
  .map((byte, i) => `mov byte ptr [0x${(0x7100 + i).toString(16)}], 0x${byte.toString(16)}`)
  .join('\n')
const reset = (shutdown: number): string => `
  ${resume}
  mov dword ptr [0x467], 0x00007100
  mov al, 0x0f; out 0x70, al; mov al, 0x${shutdown.toString(16)}; out 0x71, al
  mov al, 0xd1; out 0x64, al; mov al, 0xfe; out 0x60, al
  hlt`

describe('a reset with the shutdown byte in CMOS', () => {
  it('goes on at the pointer at 40:67, once', () => {
    for (const shutdown of [0x05, 0x0a]) {
      const made = machine(reset(shutdown))
      expect(made.run({ instructions: 20_000_000 })).toEqual({ reason: 'exit', status: 0x43 })
      expect(made.statistics.resets).toBe(1)
    }
  })

  it('boots again where the byte says nothing of that', () => {
    const made = machine(reset(0))
    made.run({ instructions: 2_000_000 })
    expect(made.statistics.resets).toBeGreaterThan(1)
  })
})

describe('a machine with pc-testdev', () => {
  const code = `
  mov dword ptr [0xff000010], 0x21
  mov al, 0xff; out 0xe0, al
  mov eax, [0xff000010]
  out 0xf4, al`

  it('has its memory, and comes back from a snapshot file with it', () => {
    const made = machine(code, { pcTestdev: true })
    const decoded = decodeSnapshot(encodeSnapshot(made.snapshot()))
    if (!decoded.ok) throw new Error(decoded.message)
    for (const one of [made, Machine.from(decoded.value, coreWasm)]) {
      expect(one.run({ instructions: 20_000_000 })).toEqual({ reason: 'exit', status: 0x43 })
    }
  })

  it('is another than one without, where that address is open bus', () => {
    const plain = machine(code)
    expect(() => plain.restore(machine(code, { pcTestdev: true }).snapshot())).toThrow(/with pc-testdev/)
    expect(plain.run({ instructions: 20_000_000 })).toEqual({ reason: 'exit', status: 0xff })
  })
})
