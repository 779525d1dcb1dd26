// A flat machine whose pages, segments and gates a test can change: for paging, exceptions and segment tests.
//
// Promises: 4 KiB pages of 0..16 MiB, supervisor-only and writable unless changed; selectors KERNEL_CODE, KERNEL_DATA, USER_CODE, USER_DATA as in
// a usual GDT, plus USER_CODE32; `place` assembles text at an address; `enter` puts vCPU 0 at a privilege level.

import {
  type CoreImports,
  PAGE_BITS,
  REGISTER_BITS,
  STATE_ATTRIBUTES,
  STATE_LIMITS,
  STATE_SELECTORS,
  type StateRegister,
} from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { assemble } from './assemble.js'
import { CODE, DATA, FlatMachine, STACK } from './harness.js'

export { CODE, DATA, STACK }
export const KERNEL_CODE = 0x08
export const KERNEL_DATA = 0x10
export const USER_CODE = 0x1b
export const USER_DATA = 0x23
export const TSS_SELECTOR = 0x28
export const FREE_SELECTOR = 0x38
export const USER_CODE32 = 0x43
export const KERNEL_CODE32 = 0x48
export const KERNEL_CODE16 = 0x50
export const GDT = 0x8000
export const IDT = 0x9000
export const TSS = 0xa000
export const TABLES = 0x10000
/** Where stub v of the harness lies: a HLT. */
export const STUBS = 0xb000
/** Top of the stack of RSP0. */
export const KERNEL_STACK = STACK + 0x10000

export const {
  PTE_PRESENT: PTE_P,
  PTE_WRITE: PTE_W,
  PTE_USER: PTE_U,
  PTE_ACCESSED: PTE_A,
  PTE_DIRTY: PTE_D,
  PTE_LARGE: PTE_PS,
  PTE_GLOBAL: PTE_G,
  PTE_NX,
} = PAGE_BITS

export const CR4_BASE = 0x106a0n
export const { CR4_PGE, CR4_PCIDE, CR4_SMEP, CR4_SMAP } = REGISTER_BITS

export interface Gate {
  readonly offset?: number
  readonly selector?: number
  readonly type?: number
  readonly dpl?: number
  readonly ist?: number
  readonly present?: boolean
}

export class SystemMachine extends FlatMachine {
  constructor(imports: Partial<CoreImports> = {}, vcpus = 1) {
    super({ smallPages: true, imports, vcpus })
    for (let linear = 0; linear < 16 << 20; linear += 4096) this.setPte(linear, BigInt(linear) | PTE_P | PTE_W)
    this.setQuad(GDT + 0x28, 0x00008b000000_0067n | (BigInt(TSS & 0xffffff) << 16n))
    this.setQuad(GDT + 0x30, 0n)
    this.setQuad(GDT + 0x40, 0x00cffb000000ffffn)
    this.setQuad(GDT + 0x48, 0x00cf9b000000ffffn)
    this.setQuad(GDT + 0x50, 0x00009b000000ffffn)
    this.setField(CPU_STATE.gdtrLimit, 0x1ff)
    this.core.exports.stateChanged(0)
  }

  /** A 32-bit field of the state area. */
  field(offset: number, cpu = 0): number {
    return this.core.state(cpu).getUint32(offset, true)
  }

  setField(offset: number, value: number, cpu = 0): void {
    this.core.state(cpu).setUint32(offset, value >>> 0, true)
  }

  quad(physical: number): bigint {
    const ram = this.core.ram
    return new DataView(ram.buffer, ram.byteOffset).getBigUint64(physical, true)
  }

  setQuad(physical: number, value: bigint): void {
    const ram = this.core.ram
    new DataView(ram.buffer, ram.byteOffset).setBigUint64(physical, BigInt.asUintN(64, value), true)
    this.core.exports.ramChanged(physical, 8)
  }

  pteAddress(linear: number): number {
    return TABLES + 0x3000 + 0x1000 * (linear >>> 21) + 8 * ((linear >>> 12) & 511)
  }

  pdeAddress(linear: number): number {
    return TABLES + 0x2000 + 8 * (linear >>> 21)
  }

  pte(linear: number): bigint {
    return this.quad(this.pteAddress(linear))
  }

  setPte(linear: number, value: bigint): void {
    this.setQuad(this.pteAddress(linear), value)
  }

  allowUser(linear: number, pages = 1): void {
    for (let i = 0; i < pages; i++) this.setPte(linear + 4096 * i, this.pte(linear + 4096 * i) | PTE_U)
  }

  gate(vector: number, gate: Gate): void {
    const offset = gate.offset ?? STUBS + 16 * vector
    const attributes = ((gate.present ?? true) ? 0x80 : 0) | ((gate.dpl ?? 0) << 5) | (gate.type ?? 14)
    const low =
      BigInt(offset & 0xffff) |
      (BigInt(gate.selector ?? KERNEL_CODE) << 16n) |
      (BigInt(gate.ist ?? 0) << 32n) |
      (BigInt(attributes) << 40n) |
      (BigInt(offset >>> 16) << 48n)
    this.setQuad(IDT + 16 * vector, low)
    this.setQuad(IDT + 16 * vector + 8, 0n)
  }

  place(text: string, at = CODE, bits: 16 | 32 | 64 = 64): number {
    const code = assemble(text, at, bits)
    this.core.writeRam(at, code)
    return code.length
  }

  segment(index: number, selector: number, attributes: number, base = 0n, limit = 0xffffffff): void {
    this.core.exports.synchronize(0)
    this.setField(STATE_SELECTORS + 4 * index, selector)
    this.setField(STATE_ATTRIBUTES + 4 * index, attributes)
    this.setField(STATE_LIMITS + 4 * index, limit)
    this.core.state(0).setBigUint64(CPU_STATE.esBase + 8 * index, base, true)
    this.core.exports.stateChanged(0)
  }

  /** vCPU 0 at privilege level 0 or 3 in 64-bit mode, RIP at CODE. */
  enter(cpl: 0 | 3, registers: Partial<Record<StateRegister, bigint>> = {}): void {
    for (let offset = CPU_STATE.halted; offset <= CPU_STATE.pendingDebug; offset += 4) this.setField(offset, 0)
    this.segment(1, cpl ? USER_CODE : KERNEL_CODE, cpl ? 0xa0fb : 0xa09b)
    this.segment(2, cpl ? USER_DATA : KERNEL_DATA, cpl ? 0xc0f3 : 0xc093)
    this.set({ rip: BigInt(CODE), rsp: BigInt(STACK), rflags: 2n, ...registers })
  }
}
