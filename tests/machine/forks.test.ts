// Snapshots and forks by count: what they copy is what changed, a thousand of them do not multiply memory, and each goes its own way.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { decodeSnapshot, encodeSnapshot, footprint, Machine, type MachineOptions } from '../../src/machine/index.js'
import { smpRom } from './guests/smp.js'

const coreWasm = new WebAssembly.Module(
  readFileSync(fileURLToPath(new URL('../../src/cpu/core.wasm', import.meta.url))),
)
const MIB = 1024 * 1024
const PAGE = 4096

function make(options: Partial<MachineOptions> = {}): Machine {
  const made = Machine.create({ coreWasm, firmware: smpRom(), memoryBytes: 64 * MIB, vcpus: 2, seed: 1, ...options })
  if (!made.ok) throw new Error(made.message)
  return made.value
}

/** Writes `value` into `pages` pages that the guest does not use. */
function touch(machine: Machine, pages: number, value: number, first = 1024): void {
  for (let page = 0; page < pages; page++) {
    machine.writePhysical((first + 2 * page) * PAGE + 12, Uint8Array.of(value))
  }
}

/** What `work` copies. */
function copied(machine: Machine, work: () => void): { captured: number; restored: number } {
  const before = machine.pagesCopied
  work()
  const after = machine.pagesCopied
  return { captured: after.captured - before.captured, restored: after.restored - before.restored }
}

describe('what a snapshot copies', () => {
  it.each([64, 512])('is the pages stored to since the last one, of %i MiB', (mebibytes) => {
    const machine = make({ memoryBytes: mebibytes * MIB })
    machine.run({ instructions: 300_000 })
    let last = machine.snapshot()
    expect(copied(machine, () => machine.snapshot())).toEqual({ captured: 0, restored: 0 })
    for (const pages of [1, 10, 100, 1000]) {
      touch(machine, pages, pages & 255)
      const next = { snapshot: last }
      expect(copied(machine, () => (next.snapshot = machine.snapshot()))).toEqual({ captured: pages, restored: 0 })
      // Back over the pages in which the two differ, then over those and the ones stored to since.
      expect(copied(machine, () => machine.restore(last))).toEqual({ captured: 0, restored: pages })
      machine.restore(next.snapshot)
      touch(machine, 7, 9, 8000)
      touch(machine, 3, 9)
      const both = pages + 7 + Math.max(0, 3 - pages)
      expect(copied(machine, () => machine.restore(last))).toEqual({ captured: 0, restored: both })
      last = machine.snapshot()
    }
  })

  it('is what the guest stored to, when it runs in between', () => {
    const machine = make()
    machine.run({ instructions: 300_000 })
    const snapshot = machine.snapshot()
    for (let round = 0; round < 20; round++) {
      machine.run({ instructions: 20_000 })
      const { restored } = copied(machine, () => machine.restore(snapshot))
      expect(restored).toBeGreaterThan(0)
      expect(restored).toBeLessThan(12)
    }
  })
})

describe('forks', () => {
  it('go on apart from the machine and from each other, and it is as it was', () => {
    const machine = make()
    machine.run({ instructions: 300_000 })
    const hash = machine.hash()
    const forks = [1, 2, 3].map(() => machine.fork())
    const plain = make()
    plain.run({ instructions: 300_000 })
    const later = [50_000, 50_000, 50_000].map((instructions) => {
      plain.run({ instructions })
      return plain.hash()
    })
    // Interleaved: fork i runs in i + 1 steps.
    for (let step = 0; step < 3; step++) {
      forks.forEach((fork, i) => {
        if (step > i) return
        fork.use((m) => {
          m.run({ instructions: 50_000 })
          expect(m.hash()).toBe(later[step])
        })
        expect(fork.now).toBe(350_000 + 50_000 * step)
        expect(machine.hash()).toBe(hash)
      })
    }
    // A sister begins where its sister is; reseeded, it gets elsewhere.
    const sister = (forks[0] as (typeof forks)[0]).fork()
    sister.use((m) => {
      m.reseed(77)
      m.run({ instructions: 50_000 })
      expect(m.hash()).not.toBe(later[1])
    })
    forks[0]?.use((m) => {
      m.run({ instructions: 50_000 })
      expect(m.hash()).toBe(later[1])
    })
    expect(machine.hash()).toBe(hash)
  })

  it('leave the machine where it was also when their work throws', () => {
    const machine = make()
    machine.run({ instructions: 300_000 })
    const hash = machine.hash()
    const fork = machine.fork()
    const work = (): void =>
      fork.use((m) => {
        m.run({ instructions: 1000 })
        throw new Error('enough')
      })
    expect(work).toThrow('enough')
    expect(machine.hash()).toBe(hash)
    expect(fork.now).toBe(300_000)
  })

  it('a thousand of one instant are one machine in memory', () => {
    const machine = make()
    touch(machine, 3000, 1)
    machine.run({ instructions: 300_000 })
    const alone = footprint([machine.snapshot()])
    const forks = Array.from({ length: 1000 }, () => machine.fork())
    expect(footprint(forks.map((fork) => fork.snapshot))).toEqual(alone)
  })

  it('a thousand that have gone on take the pages they changed, and little more', () => {
    const machine = make()
    touch(machine, 3000, 1)
    machine.run({ instructions: 300_000 })
    const alone = footprint([machine.snapshot()])
    let changed = 0
    const forks = Array.from({ length: 1000 }, (_, i) => {
      const fork = machine.fork()
      fork.use((m) => {
        m.reseed(i)
        m.run({ instructions: 2000 })
        changed += copied(m, () => m.snapshot()).captured
      })
      return fork
    })
    const all = footprint(forks.map((fork) => fork.snapshot))
    expect(changed).toBeGreaterThan(1000)
    expect(changed).toBeLessThan(8000)
    expect(all.pages - alone.pages).toBeLessThanOrEqual(changed)
    // For each: its pages, the nodes over them, its state.
    const own = (all.bytes - alone.bytes) / forks.length
    expect(own).toBeLessThan((changed / forks.length) * (PAGE + 1200) + 12_000)
    // Whole copies would take this many times more.
    expect((forks.length * alone.bytes) / all.bytes).toBeGreaterThan(100)
  })

  it('have each its own disk', () => {
    const machine = make({ disk: new Uint8Array(20 * 1024) })
    machine.run({ instructions: 300_000 })
    const before = machine.snapshot()
    expect(before.disk?.count).toBe(5)
    const written = before.disk?.with([2], () => new Uint8Array(PAGE).fill(7))
    const other = { ...before, disk: written }
    machine.restore(other)
    expect(machine.diskContents()?.[2 * PAGE]).toBe(7)
    const hash = machine.hash()
    machine.restore(before)
    expect(machine.diskContents()?.[2 * PAGE]).toBe(0)
    expect(machine.hash()).not.toBe(hash)
    const decoded = decodeSnapshot(encodeSnapshot(other))
    if (!decoded.ok) throw new Error(decoded.message)
    expect(Machine.from(decoded.value, coreWasm).hash()).toBe(hash)
  })
})

describe('a machine made from a snapshot', () => {
  it('goes on as the first does, in memory of its own', () => {
    const machine = make()
    machine.run({ instructions: 300_000 })
    const other = Machine.from(machine.snapshot(), coreWasm)
    other.run({ instructions: 100_000 })
    machine.run({ instructions: 40_000 })
    machine.run({ instructions: 60_000 })
    expect(other.hash()).toBe(machine.hash())
  })

  it('is not to be had from one of another shape', () => {
    const snapshot = make().snapshot()
    expect(() => make({ vcpus: 1 }).restore(snapshot)).toThrow(/2 vCPUs/)
    expect(() => make({ memoryBytes: 4 * MIB }).restore(snapshot)).toThrow(/67108864 bytes/)
  })
})
