// Paging: the permission matrix against a model written from SDM 3A 4.6, error codes, CR2, accessed and dirty bits, large pages.
import { describe, expect, it } from 'vitest'
import {
  CODE,
  CR4_BASE,
  CR4_SMAP,
  CR4_SMEP,
  DATA,
  PTE_A,
  PTE_D,
  PTE_NX,
  PTE_P,
  PTE_PS,
  PTE_U,
  PTE_W,
  STACK,
  SystemMachine,
  TABLES,
} from './system-machine.js'

const TARGET = 0x400000
const READ = 'mov rax, [rdi]'
const WRITE = 'mov [rdi], rax'
const EXECUTE = 'jmp rdi'

interface Case {
  readonly rights: bigint
  readonly upper: bigint
  readonly user: boolean
  readonly access: string
  readonly wp: boolean
  readonly smep: boolean
  readonly smap: boolean
  readonly ac: boolean
}

/** The error code, or -1 if the access is allowed (SDM 3A 4.6.1, 4.7). */
function expected(c: Case): number {
  const effective = c.rights & c.upper
  const user = (effective & PTE_U) !== 0n
  const writable = (effective & PTE_W) !== 0n
  const noExecute = ((c.rights | c.upper) & PTE_NX) !== 0n
  let code = (c.user ? 4 : 0) | (c.access === WRITE ? 2 : 0) | (c.access === EXECUTE ? 16 : 0)
  if ((c.upper & c.rights & PTE_P) === 0n) return code
  code |= 1
  if (c.user) {
    if (!user) return code
    if (c.access === WRITE && !writable) return code
    if (c.access === EXECUTE && noExecute) return code
    return -1
  }
  if (c.access === EXECUTE) return noExecute || (user && c.smep) ? code : -1
  if (user && c.smap && !c.ac) return code
  if (c.access === WRITE && !writable && c.wp) return code
  return -1
}

describe('paging', () => {
  it('grants and refuses exactly what the permission bits say, with exact error codes, CR2 and accessed and dirty bits', () => {
    const machine = new SystemMachine()
    const rights = [0n, PTE_P, PTE_P | PTE_W, PTE_P | PTE_U, PTE_P | PTE_U | PTE_W].flatMap((r) => [r, r | PTE_NX])
    const uppers = [PTE_P | PTE_U | PTE_W, PTE_P | PTE_W, PTE_P | PTE_U, PTE_P | PTE_U | PTE_W | PTE_NX, PTE_U | PTE_W]
    let count = 0
    for (const access of [READ, WRITE, EXECUTE]) {
      machine.place(`${access}\nud2`, CODE)
      machine.place('ud2', TARGET + 0x10)
      for (const user of [false, true]) {
        machine.setPte(CODE, BigInt(CODE) | PTE_P | PTE_W | (user ? PTE_U : 0n))
        for (const r of rights) {
          for (const upper of uppers) {
            for (let bits = 0; bits < 16; bits++) {
              const c: Case = {
                rights: r,
                upper,
                user,
                access,
                wp: (bits & 1) !== 0,
                smep: (bits & 2) !== 0,
                smap: (bits & 4) !== 0,
                ac: (bits & 8) !== 0,
              }
              machine.setPte(TARGET, BigInt(TARGET) | r)
              machine.setQuad(machine.pdeAddress(TARGET), BigInt(TABLES + 0x5000) | upper)
              machine.enter(user ? 3 : 0, {
                cr0: c.wp ? 0x80010033n : 0x80000033n,
                cr4: CR4_BASE | (c.smep ? CR4_SMEP : 0n) | (c.smap ? CR4_SMAP : 0n),
                cr2: 0n,
                rdi: BigInt(TARGET + 0x10),
                rflags: c.ac ? 0x40002n : 2n,
              })
              const code = expected(c)
              const outcome = machine.run()
              const label = JSON.stringify(c, (_, v) => (typeof v === 'bigint' ? v.toString(16) : v))
              const after = machine.pte(TARGET)
              if (code >= 0) {
                expect(outcome.vector, label).toBe(14)
                expect(outcome.errorCode, label).toBe(code)
                expect(machine.get('cr2'), label).toBe(BigInt(TARGET + 0x10))
                expect(outcome.rip, label).toBe(BigInt(access === EXECUTE ? TARGET + 0x10 : CODE))
                expect(after, label).toBe(BigInt(TARGET) | r)
              } else {
                expect(outcome.vector, label).toBe(6)
                expect(machine.get('cr2'), label).toBe(0n)
                expect(after, label).toBe(BigInt(TARGET) | r | PTE_A | (access === WRITE ? PTE_D : 0n))
              }
              if (access === WRITE) machine.place('ud2', TARGET + 0x10)
              count++
            }
          }
        }
      }
    }
    expect(count).toBe(3 * 2 * 10 * 5 * 16)
  })

  it('reports reserved bits with RSVD, and NX as reserved while EFER.NXE is clear', () => {
    const machine = new SystemMachine()
    machine.place(`${READ}\nud2`)
    for (const bit of [40n, 45n, 51n]) {
      machine.setPte(TARGET, BigInt(TARGET) | PTE_P | PTE_W | (1n << bit))
      machine.enter(0, { rdi: BigInt(TARGET) })
      expect(machine.run()).toMatchObject({ vector: 14, errorCode: 9 })
    }
    for (const bit of [52n, 58n, 62n, 9n, 11n]) {
      machine.setPte(TARGET, BigInt(TARGET) | PTE_P | PTE_W | (1n << bit))
      machine.enter(0, { rdi: BigInt(TARGET) })
      expect(machine.run().vector).toBe(6)
    }
    machine.setPte(TARGET, BigInt(TARGET) | PTE_P | PTE_W | PTE_NX)
    machine.enter(0, { rdi: BigInt(TARGET), efer: 0x501n })
    expect(machine.run()).toMatchObject({ vector: 14, errorCode: 9 })
    // Bits 13..20 of a 2 MiB page.
    machine.setQuad(machine.pdeAddress(TARGET), BigInt(TARGET) | PTE_P | PTE_W | PTE_PS | 0x2000n)
    machine.enter(0, { rdi: BigInt(TARGET), efer: 0xd01n })
    expect(machine.run()).toMatchObject({ vector: 14, errorCode: 9 })
  })

  it('translates 2 MiB and 1 GiB pages and sets the accessed and dirty bits of their entries', () => {
    const machine = new SystemMachine()
    machine.place(`${WRITE}\nmov rax, [rsi]\nud2`)
    machine.setQuad(machine.pdeAddress(TARGET), BigInt(0x600000) | PTE_P | PTE_W | PTE_PS)
    machine.setQuad(TABLES + 0x1000 + 8 * 1, 0n | PTE_P | PTE_W | PTE_PS)
    machine.enter(0, { rdi: BigInt(TARGET + 0x12340), rsi: 0x40612340n, rax: 0x1122334455667788n })
    expect(machine.run().vector).toBe(6)
    expect(machine.quad(0x612340)).toBe(0x1122334455667788n)
    expect(machine.get('rax')).toBe(0x1122334455667788n)
    expect(machine.quad(machine.pdeAddress(TARGET))).toBe(0x600000n | PTE_P | PTE_W | PTE_PS | PTE_A | PTE_D)
    expect(machine.quad(TABLES + 0x1008)).toBe(PTE_P | PTE_W | PTE_PS | PTE_A)
  })

  it('checks both pages of a crossing store before it writes a byte', () => {
    const machine = new SystemMachine()
    machine.place(`${WRITE}\nud2`)
    machine.setPte(TARGET + 4096, 0n)
    machine.enter(0, { rdi: BigInt(TARGET + 4092), rax: -1n })
    expect(machine.run()).toMatchObject({ vector: 14, errorCode: 2 })
    expect(machine.get('cr2')).toBe(BigInt(TARGET + 4096))
    expect([...machine.core.readRam(TARGET + 4088, 8)]).toEqual(Array(8).fill(0))
    // And across two frames that are not neighbours.
    machine.setPte(TARGET + 4096, BigInt(DATA) | PTE_P | PTE_W)
    machine.enter(0, { rdi: BigInt(TARGET + 4092), rax: 0x1122334455667788n })
    expect(machine.run().vector).toBe(6)
    expect(machine.core.readRam(TARGET + 4092, 4)).toEqual(Uint8Array.of(0x88, 0x77, 0x66, 0x55))
    expect(machine.core.readRam(DATA, 4)).toEqual(Uint8Array.of(0x44, 0x33, 0x22, 0x11))
  })

  it('raises #GP for a non-canonical address and #SS if it is based on the stack', () => {
    const machine = new SystemMachine()
    const bad = 0x800000000000n
    for (const [text, vector] of [
      ['mov rax, [rdi]', 13],
      ['mov rax, [rsp]', 12],
      ['mov rax, [rbp + 8]', 12],
      ['push rax', 12],
      ['pop rax', 12],
      ['pushfq', 12],
      ['iretq', 12],
      ['retfq', 12],
      ['ret', 12],
      ['jmp rdi', 13],
    ] as const) {
      machine.place(`${text}\nud2`)
      machine.gate(vector, { ist: 1 })
      machine.setQuad(0xa000 + 36, BigInt(STACK + 0x20000))
      machine.enter(0, { rdi: bad, rsp: bad + 0x100n, rbp: bad })
      expect(machine.run(), text).toMatchObject({ vector, errorCode: 0, rip: BigInt(CODE) })
    }
  })

  it('uses supervisor privilege for descriptor tables, even at CPL 3 and with SMAP', () => {
    const machine = new SystemMachine()
    machine.place('mov ax, 0x23\nmov ds, ax\nud2')
    machine.allowUser(CODE)
    machine.enter(3)
    expect(machine.run().vector).toBe(6)
    machine.setPte(0x8000, 0x8000n | PTE_P | PTE_W | PTE_U)
    machine.enter(3, { cr4: CR4_BASE | CR4_SMAP, rflags: 0x40002n })
    const outcome = machine.run()
    // The GDT lies in a user page: with SMAP the implicit supervisor access is refused, whatever AC says; so is the handler's, hence shutdown.
    expect(outcome.exit).toBe(2)
  })
})
