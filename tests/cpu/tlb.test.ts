// What the TLB keeps and what it drops (SDM 3A 4.10.4): stale translations, PCIDs, global pages, the no-flush bit, every INVPCID type.
//
// Each step is guest code that ends in HLT; between steps the host changes page-table entries in RAM, and nothing else.

import { describe, expect, it } from 'vitest'
import { EVENT_CR3, EVENT_PTE_WRITE, EVENT_TLB_FLUSH, EXIT_HALT, REGISTER_BITS } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import {
  CODE,
  CR4_BASE,
  CR4_PCIDE,
  CR4_PGE,
  DATA,
  PTE_A,
  PTE_D,
  PTE_G,
  PTE_P,
  PTE_PS,
  PTE_U,
  PTE_W,
  SystemMachine,
  TABLES,
} from './system-machine.js'

const TARGET = 0x400000
const OTHER = 0x600000
const FRAME_A = 0x800000
const FRAME_B = 0x801000
const NO_FLUSH = REGISTER_BITS.CR3_NO_FLUSH

/** Keystone reads every number as hexadecimal; the prefix keeps that unambiguous. */
function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

class Probe extends SystemMachine {
  constructor(cr4 = CR4_BASE, events?: (kind: number, a: number, b: number) => void) {
    super(events ? { event: (_c, kind, a, b) => events(kind, a, b) } : {})
    this.setQuad(FRAME_A, 0xan)
    this.setQuad(FRAME_B, 0xbn)
    this.setQuad(FRAME_A + 0x200000, 0x2an)
    this.place('hlt')
    this.enter(0, { cr4, cr3: BigInt(TABLES) })
  }

  /** Runs text as guest code without the host touching anything the TLB depends on. */
  script(text: string): void {
    this.place(`${text}\nhlt`)
    this.core.state(0).setBigUint64(CPU_STATE.rip, BigInt(CODE), true)
    this.setField(628, 0)
    const exit = this.core.run(0, 1000)
    const rip = this.core.state(0).getBigUint64(CPU_STATE.rip, true)
    if (exit !== EXIT_HALT || rip < BigInt(CODE))
      throw new Error(`script ended with ${exit} at ${rip.toString(16)}: ${text}`)
  }

  map(linear: number, frame: number, bits = 0n): void {
    this.setPte(linear, BigInt(frame) | PTE_P | PTE_W | bits)
  }

  read(linear: number): bigint {
    this.script(`mov rdi, ${hex(linear)}\nmov rax, [rdi]`)
    return this.core.state(0).getBigUint64(0, true)
  }

  cr3(value: bigint): void {
    this.script(`movabs rax, ${hex(value)}\nmov cr3, rax`)
  }

  cr4(value: bigint): void {
    this.script(`mov rax, ${hex(value)}\nmov cr4, rax`)
  }

  invpcid(type: number, pcid: number, linear: number): void {
    this.setQuad(DATA, BigInt(pcid))
    this.setQuad(DATA + 8, BigInt(linear))
    this.script(`mov rcx, ${hex(type)}\nmov rdi, ${hex(DATA)}\ninvpcid rcx, [rdi]`)
  }
}

describe('the TLB', () => {
  it('keeps a translation whose entry has changed until INVLPG names the page', () => {
    const probe = new Probe()
    probe.map(TARGET, FRAME_A)
    probe.map(OTHER, FRAME_A)
    expect([probe.read(TARGET), probe.read(OTHER)]).toEqual([0xan, 0xan])
    probe.map(TARGET, FRAME_B)
    probe.map(OTHER, FRAME_B)
    expect([probe.read(TARGET), probe.read(OTHER)]).toEqual([0xan, 0xan])
    probe.script(`mov rdi, ${hex(TARGET + 123)}\ninvlpg [rdi]`)
    expect([probe.read(TARGET), probe.read(OTHER)]).toEqual([0xbn, 0xan])
    // A page that became absent is still readable.
    probe.setPte(OTHER, 0n)
    expect(probe.read(OTHER)).toBe(0xan)
  })

  it('sees a relaxed permission without invalidation, and sets the dirty bit at the first write only', () => {
    const writes: number[] = []
    const probe = new Probe(CR4_BASE, (kind, a) => kind === EVENT_PTE_WRITE && writes.push(a))
    probe.core.exports.setEventMask(EVENT_PTE_WRITE)
    probe.setPte(TARGET, BigInt(FRAME_A) | PTE_P)
    probe.read(TARGET)
    writes.length = 0
    probe.map(TARGET, FRAME_A, PTE_A)
    probe.script(`mov rdi, ${hex(TARGET)}\nmov qword ptr [rdi], 5`)
    expect(probe.pte(TARGET)).toBe(BigInt(FRAME_A) | PTE_P | PTE_W | PTE_A | PTE_D)
    expect(writes).toEqual([probe.pteAddress(TARGET)])
    probe.script(`mov rdi, ${hex(TARGET)}\nmov qword ptr [rdi], 6`)
    // Clearing D in memory is not seen while the translation is remembered as dirty.
    probe.map(TARGET, FRAME_A)
    probe.script(`mov rdi, ${hex(TARGET)}\nmov qword ptr [rdi], 7`)
    expect(probe.pte(TARGET)).toBe(BigInt(FRAME_A) | PTE_P | PTE_W)
    expect(writes).toEqual([probe.pteAddress(TARGET)])
  })

  it('drops non-global translations at MOV to CR3 and keeps global ones; toggling CR4.PGE drops all', () => {
    const probe = new Probe()
    probe.map(TARGET, FRAME_A)
    probe.map(OTHER, FRAME_A, PTE_G)
    probe.read(TARGET)
    probe.read(OTHER)
    probe.map(TARGET, FRAME_B)
    probe.map(OTHER, FRAME_B, PTE_G)
    probe.cr3(BigInt(TABLES))
    expect([probe.read(TARGET), probe.read(OTHER)]).toEqual([0xbn, 0xan])
    probe.cr4(CR4_BASE & ~CR4_PGE)
    expect(probe.read(OTHER)).toBe(0xbn)
    // With PGE clear the G bit means nothing.
    probe.map(OTHER, FRAME_A, PTE_G)
    probe.cr3(BigInt(TABLES))
    expect(probe.read(OTHER)).toBe(0xan)
    probe.cr4(CR4_BASE)
    probe.map(OTHER, FRAME_B, PTE_G)
    expect(probe.read(OTHER)).toBe(0xbn)
  })

  it('keeps INVLPG from nothing that is global', () => {
    const probe = new Probe()
    probe.map(OTHER, FRAME_A, PTE_G)
    probe.read(OTHER)
    probe.map(OTHER, FRAME_B, PTE_G)
    probe.script(`mov rdi, ${hex(OTHER)}\ninvlpg [rdi]`)
    expect(probe.read(OTHER)).toBe(0xbn)
  })

  it('keeps the translations of other PCIDs, and of the same one with bit 63 of CR3', () => {
    const probe = new Probe(CR4_BASE)
    probe.cr4(CR4_BASE | CR4_PCIDE)
    const one = BigInt(TABLES) | 1n
    const two = BigInt(TABLES) | 2n
    probe.map(TARGET, FRAME_A)
    probe.cr3(one)
    expect(probe.read(TARGET)).toBe(0xan)
    probe.map(TARGET, FRAME_B)
    probe.cr3(two)
    expect(probe.read(TARGET)).toBe(0xbn)
    probe.cr3(one | NO_FLUSH)
    expect(probe.read(TARGET)).toBe(0xan)
    probe.cr3(two | NO_FLUSH)
    expect(probe.read(TARGET)).toBe(0xbn)
    probe.cr3(one)
    expect(probe.read(TARGET)).toBe(0xbn)
    // CR3 never shows bit 63.
    probe.cr3(one | NO_FLUSH)
    expect(probe.get('cr3')).toBe(one)
  })

  it('counts what survives, by PCID', () => {
    const probe = new Probe(CR4_BASE)
    probe.cr4(CR4_BASE | CR4_PCIDE)
    const survivors = () => probe.core.exports.translations(0, 1)
    probe.cr3(BigInt(TABLES) | 1n)
    for (let i = 0; i < 20; i++) probe.read(TARGET + 4096 * i)
    const full = survivors()
    expect(full).toBeGreaterThanOrEqual(21)
    probe.cr3(BigInt(TABLES) | 2n)
    for (let i = 0; i < 20; i++) probe.read(TARGET + 4096 * i)
    expect(survivors()).toBe(full)
    probe.cr3(BigInt(TABLES) | 1n)
    expect(survivors()).toBeLessThan(4)
  })

  it('does with each type of INVPCID what the manual says', () => {
    for (const type of [0, 1, 2, 3]) {
      const probe = new Probe(CR4_BASE)
      probe.cr4(CR4_BASE | CR4_PCIDE)
      const one = BigInt(TABLES) | 1n
      const two = BigInt(TABLES) | 2n
      const GLOBAL = OTHER
      const SECOND = TARGET + 4096
      probe.map(TARGET, FRAME_A)
      probe.map(SECOND, FRAME_A)
      probe.map(GLOBAL, FRAME_A, PTE_G)
      for (const cr3 of [one, two]) {
        probe.cr3(cr3)
        for (const page of [TARGET, SECOND, GLOBAL]) probe.read(page)
      }
      probe.map(TARGET, FRAME_B)
      probe.map(SECOND, FRAME_B)
      probe.map(GLOBAL, FRAME_B, PTE_G)
      probe.invpcid(type, type > 1 ? 0 : 1, type === 0 ? TARGET : 0)
      const seen: string[] = []
      for (const cr3 of [two, one]) {
        probe.cr3(cr3 | NO_FLUSH)
        seen.push([TARGET, SECOND, GLOBAL].map((page) => probe.read(page).toString(16)).join(''))
      }
      expect(seen, `type ${hex(type)}`).toEqual(
        [
          ['aaa', 'baa'],
          ['aaa', 'bba'],
          ['bbb', 'bbb'],
          ['bba', 'bba'],
        ][type],
      )
    }
  })

  it('drops everything when CR4.PCIDE is cleared, and refuses to set it with a PCID in CR3', () => {
    const probe = new Probe(CR4_BASE)
    probe.map(OTHER, FRAME_A, PTE_G)
    probe.cr4(CR4_BASE | CR4_PCIDE)
    expect(probe.read(OTHER)).toBe(0xan)
    probe.map(OTHER, FRAME_B, PTE_G)
    expect(probe.read(OTHER)).toBe(0xan)
    probe.cr4(CR4_BASE)
    expect(probe.read(OTHER)).toBe(0xbn)
    probe.place('mov cr4, rax')
    probe.enter(0, { cr4: CR4_BASE, cr3: BigInt(TABLES) | 1n, rax: CR4_BASE | CR4_PCIDE })
    expect(probe.run()).toMatchObject({ vector: 13, errorCode: 0 })
  })

  it('drops a whole large page by INVLPG of any address in it', () => {
    const probe = new Probe()
    const pde = probe.pdeAddress(TARGET)
    probe.setQuad(pde, BigInt(FRAME_A) | PTE_P | PTE_W | PTE_PS)
    expect([probe.read(TARGET), probe.read(TARGET + 0x1000)]).toEqual([0xan, 0xbn])
    probe.setQuad(pde, BigInt(FRAME_A + 0x200000) | PTE_P | PTE_W | PTE_PS)
    expect(probe.read(TARGET)).toBe(0xan)
    probe.script(`mov rdi, ${hex(TARGET + 0x123456)}\ninvlpg [rdi]`)
    expect([probe.read(TARGET), probe.read(TARGET + 0x1000)]).toEqual([0x2an, 0n])
  })

  it('drops the entries of a page whose access faulted, so that the next access walks', () => {
    const probe = new Probe()
    probe.map(TARGET, FRAME_A, PTE_U)
    probe.setPte(TARGET, BigInt(FRAME_A) | PTE_P)
    probe.read(TARGET)
    probe.map(TARGET, FRAME_B, 0n)
    // The write is denied by what is remembered, walks, and finds the new frame.
    probe.script(`mov rdi, ${hex(TARGET)}\nmov qword ptr [rdi], 0x77`)
    expect(probe.quad(FRAME_B)).toBe(0x77n)
    expect(probe.read(TARGET)).toBe(0x77n)
  })

  it('announces MOV to CR3 and flushes, by kind and PCID', () => {
    const events: string[] = []
    const probe = new Probe(CR4_BASE, (kind, a, b) => events.push(`${kind}:${a.toString(16)}:${b}`))
    probe.cr4(CR4_BASE | CR4_PCIDE)
    probe.core.exports.setEventMask(EVENT_CR3 | EVENT_TLB_FLUSH)
    probe.cr3(BigInt(TABLES) | 3n)
    probe.cr3(BigInt(TABLES) | 3n | NO_FLUSH)
    probe.script(`mov rdi, ${hex(TARGET)}\ninvlpg [rdi]`)
    probe.invpcid(2, 0, 0)
    expect(events).toEqual(['4:10003:0', '8:1:3', '4:10003:1', '8:0:3', '8:2:0'])
  })

  it('survives save and load with its stale translations', () => {
    const probe = new Probe()
    probe.map(TARGET, FRAME_A)
    probe.read(TARGET)
    const saved = probe.core.save()
    probe.map(TARGET, FRAME_B)
    probe.cr3(BigInt(TABLES))
    expect(probe.read(TARGET)).toBe(0xbn)
    probe.core.load(saved)
    expect(probe.read(TARGET)).toBe(0xan)
  })

  it('evolves the same however the run is cut, even when data evict the page that is executing', () => {
    // Seven pages in the set of the code page, which has four ways, read in one block.
    const states = [1, 2, 5, 10_000].map((slice) => {
      const probe = new Probe()
      const pages = [1, 2, 3, 4, 5, 6, 7].map((k) => CODE + 0x200000 * k)
      probe.place(`again: ${pages.map((page) => `mov rdi, ${hex(page)}\nadd rax, [rdi]`).join('\n')}\njmp again`)
      probe.enter(0, { cr4: CR4_BASE, cr3: BigInt(TABLES) })
      for (let left = 997; left > 0; ) {
        probe.core.run(0, Math.min(left, slice))
        left -= probe.core.exports.retired()
      }
      return Buffer.from(probe.core.save()).toString('base64')
    })
    for (const state of states) expect(state === states[0]).toBe(true)
  })
})
