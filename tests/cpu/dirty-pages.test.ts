// The core's list of pages stored to since the last look: each once, none missing, none too many.

import { describe, expect, it } from 'vitest'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine } from './harness.js'

const hex = (value: number): string => `0x${value.toString(16)}`

/** Stores to every second page of `pages` from DATA on, twice each. */
function storer(pages: number): FlatMachine {
  const machine = new FlatMachine()
  machine.load(
    assemble(
      `mov rdi, ${hex(DATA)}; mov ecx, ${hex(pages)}
       l: mov [rdi], ecx; mov [rdi + 8], ecx; add rdi, 0x2000; dec ecx; jnz l`,
      CODE,
    ),
  )
  machine.core.exports.clearDirty()
  return machine
}

const listed = (machine: FlatMachine): number[] => [...machine.core.dirtyPages()].sort((a, b) => a - b)

describe('dirty pages', () => {
  it('are listed once each, by stores of every kind', () => {
    const machine = storer(100)
    machine.run()
    const stored = Array.from({ length: 100 }, (_, i) => (DATA >> 12) + 2 * i)
    // The walker sets the accessed and dirty bits of the 2 MiB page.
    const tables = listed(machine).filter((page) => page < CODE >> 12)
    expect(listed(machine)).toEqual([...tables, ...stored])
    expect(tables.length).toBeLessThanOrEqual(3)
  })

  it('are listed again when they are stored to again after the list was cleared', () => {
    const machine = storer(10)
    machine.core.run(0, 3)
    expect(listed(machine)).toContain(DATA >> 12)
    machine.core.exports.clearDirty()
    expect(listed(machine)).toEqual([])
    machine.core.run(0, 1) // the same page, whose address the vCPU knows from before
    expect(listed(machine)).toEqual([DATA >> 12])
  })

  it('are listed when the host writes, and when a long copy does', () => {
    const machine = new FlatMachine()
    machine.load(assemble(`mov rsi, ${hex(DATA)}; mov rdi, 0x400000; mov ecx, 0x3001; rep movsb`, CODE))
    machine.run()
    machine.core.exports.clearDirty()
    machine.core.state(0).setUint32(CPU_STATE.halted, 0, true)
    machine.set({ rip: BigInt(CODE) })
    machine.run()
    expect(listed(machine)).toEqual([0x400, 0x401, 0x402, 0x403])
    machine.core.exports.clearDirty()
    machine.core.writeRam(0x7fff, Uint8Array.of(1, 2))
    expect(listed(machine)).toEqual([7, 8])
  })
})
