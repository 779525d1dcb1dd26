// The comparing test run itself (TRANSPLANT_JIT=compare): right executors are equal in it, whatever the host does to a core; a wrong one is
// found, and the instruction is named.

import { afterEach, describe, expect, it } from 'vitest'
import { EXIT_HALT, STATE_HALTED } from '../../src/cpu/index.js'
import { Machine } from '../../src/machine/index.js'
import { assemble } from '../cpu/assemble.js'
import { CODE, DATA, FlatMachine } from '../cpu/harness.js'
import { shippedAssets } from '../lab/images.js'
import { withWrongCompiler } from '../lab/wrong-compiler.js'
import { wrongCore } from '../lab/wrong-core.js'
import type { Difference } from './companion.js'
import { type Comparing, startComparing } from './comparing.js'
import { describeDifference } from './report.js'

const found: Difference[] = []
let comparing: Comparing

function compare(other?: WebAssembly.Module): void {
  found.length = 0
  comparing = startComparing(1, (difference) => found.push(difference), other)
}

afterEach(() => comparing.stop())

/** Adds, rotates, flips bits and stores in a loop of RCX rounds. */
const LOOP = `
  mov rsi, 0x${DATA.toString(16)}
again:
  add rax, rcx
  rol rax, 7
  xor rax, 0x1234567
  mov [rsi + rcx*8], rax
  dec ecx
  jnz again`

function loop(rounds: bigint): FlatMachine {
  const machine = new FlatMachine()
  machine.load(assemble(LOOP, CODE))
  machine.set({ rcx: rounds })
  return machine
}

function boot(): Machine {
  const { coreWasm, firmware, kernel, initrd } = shippedAssets()
  const made = Machine.create({ coreWasm, firmware, kernel, initrd, memoryBytes: 40 << 20, append: 'console=ttyS0' })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

describe('a comparing test run', () => {
  it('compares each run of a bare core, all its instructions, and compiles in it', () => {
    compare()
    const machine = loop(5000n)
    expect(machine.run().exit).toBe(EXIT_HALT)
    expect(comparing.totals).toMatchObject({ cores: 1, runs: 1, instructions: 30_002, checkpoints: 1, restarts: 0 })
    expect(comparing.totals.regions).toBeGreaterThan(0)
    expect(found).toEqual([])
  })

  it('compares a booting machine at the end of its run and on the way, with cuts and switches', () => {
    compare()
    const machine = boot()
    comparing.within(() => machine.run({ instructions: 6_000_000 }))
    const { instructions, checkpoints, cuts, switches } = comparing.totals
    expect(instructions).toBe(machine.statistics.instructions)
    expect(instructions).toBeGreaterThan(500_000)
    expect(checkpoints).toBeGreaterThanOrEqual(Math.floor(instructions / 120_000))
    expect(cuts).toBeGreaterThan(20)
    expect(switches).toBeGreaterThan(1)
    expect(found).toEqual([])
  })

  it('follows what the host writes into registers, state and RAM, loads, and does inside a callback', () => {
    compare()
    const box: { machine?: FlatMachine } = {}
    const imports = {
      mmioRead: (_cpu: number, address: number) => {
        box.machine?.core.writeRam(DATA, Uint8Array.of(address & 255))
        box.machine?.core.exports.requestYield()
        return 77
      },
    }
    const machine = new FlatMachine({ ram: 8 << 20, imports })
    box.machine = machine
    machine.load(assemble(`mov eax, [rdi]; movzx ebx, byte ptr [rsi]; add eax, ebx`, CODE))
    const saved = machine.core.save()
    for (let round = 0; round < 5; round++) {
      machine.core.load(saved)
      machine.core.state(0).setUint32(STATE_HALTED, 0, true)
      machine.set({ rip: BigInt(CODE), rdi: BigInt(0x900000 + round), rsi: BigInt(DATA) })
      machine.core.setXmm(0, 3, BigInt(round), 9n)
      machine.run()
      machine.run()
      expect(machine.get('rax')).toBe(77n + BigInt(round))
    }
    expect(comparing.totals).toMatchObject({ runs: 10, checkpoints: 10 })
    expect(found).toEqual([])
  })

  it('begins again, and says so, after a device that throws', () => {
    compare()
    let broken = true
    const machine = new FlatMachine({
      ram: 8 << 20,
      imports: {
        mmioRead: () => {
          if (broken) throw new Error('broken')
          return 1
        },
      },
    })
    machine.load(assemble(`inc eax; mov ebx, [rdi]; inc eax`, CODE))
    machine.set({ rdi: 0x900000n })
    expect(() => machine.run()).toThrow('broken')
    broken = false
    machine.set({ rip: BigInt(CODE) })
    machine.run()
    expect(comparing.totals).toMatchObject({ restarts: 1, checkpoints: 1 })
    expect(found).toEqual([])
  })

  it('finds a host that writes RAM and does not say so', () => {
    compare()
    const machine = loop(3n)
    machine.core.ram.set(assemble('mov rax, 1; hlt', CODE), CODE)
    machine.run()
    expect(found.length).toBe(1)
  })
})

describe('a wrong executor', () => {
  it('whose compiled code has a wrong constant is found, with instruction and registers', async () => {
    compare()
    const text = await withWrongCompiler(0x1234567, 0x1234566, async () => {
      const machine = loop(5000n)
      machine.run()
      expect(machine.get('rcx')).toBe(0n) // what the test sees is right
      expect(found.length).toBe(1)
      return await describeDifference(found[0] as Difference)
    })
    expect(text).toMatch(/first: interpreter; second: compiled code \(threshold \d+\)/)
    expect(text).toMatch(/xor rax, 0x1234567.*\n(.*\n){0,4}.*<- shows after this one/)
    expect(text).toMatch(/vCPU 0 rax +[0-9a-f]{16} {2}[0-9a-f]{16}/)
  })

  it('of a bare core is found at its instruction', async () => {
    compare(wrongCore())
    const machine = new FlatMachine()
    machine.load(assemble('mov ecx, 9; l: dec ecx; jnz l; xor eax, eax; cpuid; inc ebx; inc ebx', CODE))
    machine.run()
    expect(found.length).toBe(1)
    const text = await describeDifference(found[0] as Difference)
    expect(text).toMatch(/cpuid.*<- shows after this one/)
    expect(text).toContain('rcx            000000006c65746e  000000006d65746e')
  })

  it('of a whole machine is found in the middle of a run, at its instruction', async () => {
    compare(wrongCore())
    const machine = boot()
    comparing.within(() => machine.run({ instructions: 50_000_000 }))
    expect(found.length).toBe(1)
    const text = await describeDifference(found[0] as Difference)
    expect(text).toMatch(/cpuid.*<- shows after this one/)
    expect(text).toContain('rcx            000000006c65746e  000000006d65746e')
  })
})
