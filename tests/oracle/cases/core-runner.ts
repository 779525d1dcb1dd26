// Runs cases on the core alone, interpreted or compiled: at CPL 3 in long mode, with the memory and the selectors that the host's program has.
//
// Promises: what ends a case is an exception, whose gate leads to a HLT in a supervisor page; its frame, CR2 and all registers are the outcome.

import {
  CpuCore,
  type CpuModel,
  EXIT_HALT,
  type JitOption,
  noDevices,
  PAGE_BITS,
  STATE_XMM,
  STATE_YMM_UPPER,
} from '../../../src/cpu/index.js'
import { CPU_STATE } from '../../../src/cpu/layouts.js'
import { FX_MXCSR, FX_OFFSET, FX_RESERVED, FX_STATUS, FX_X87, FX_XMM } from '../../../src/cpu/numbers/sizes.js'
import {
  AT,
  CODE,
  FS_BASE,
  GS_BASE,
  type Outcome,
  PAGE,
  PAGE_KINDS,
  patchesOf,
  type TestCase,
  viewOf,
  WINDOW,
} from './record.js'

const RAM = 4 << 20
/** Linear address of what the kernel would have, whose physical addresses follow. */
const KERNEL = -(2 ** 47)
const TABLES = 0x10_0000
const STUBS = 0x1000
const GDT = 0x2000
const TSS = 0x3000
const IDT = 0x4000
const KERNEL_STACK = 0x8000
const CODE_PAGE = 0x20_0000
const WINDOW_PAGES = 0x21_0000
const WITH_CODE = new Set([8, 10, 11, 12, 13, 14, 17])
/** A repeated instruction over the whole window takes some dozens of portions. */
const BUDGET = 10_000

export class CoreRunner {
  private readonly core: CpuCore
  private readonly ram: Uint8Array
  private readonly memory: DataView
  private readonly template: Uint8Array
  private readonly state: DataView
  private readonly stateBytes: Uint8Array
  /** What the page of the code has to be. */
  private readonly code = new Uint8Array(PAGE)
  private nextTable = TABLES + PAGE

  constructor(wasm: Uint8Array | WebAssembly.Module, template: Uint8Array, cpu: CpuModel, jit: JitOption) {
    this.core = new CpuCore(wasm, noDevices(), 1, RAM, { cpu, jit })
    this.template = template
    this.ram = this.core.ram
    this.memory = new DataView(this.ram.buffer, this.ram.byteOffset, RAM)
    this.state = this.core.state(0)
    this.stateBytes = new Uint8Array(this.state.buffer, this.state.byteOffset, this.state.byteLength)
    this.mapMemory()
    this.buildTables()
    this.enterLongMode()
  }

  private map(linear: number, physical: number, rights: bigint): void {
    let table = TABLES
    for (let level = 3; level >= 1; level--) {
      const slot = table + Number((BigInt(linear) >> BigInt(12 + 9 * level)) & 511n) * 8
      if (this.memory.getBigUint64(slot, true) === 0n) {
        this.memory.setBigUint64(slot, BigInt(this.nextTable) | 7n, true)
        this.nextTable += PAGE
      }
      table = Number(this.memory.getBigUint64(slot, true) & ~0xfffn)
    }
    this.memory.setBigUint64(table + Number((BigInt(linear) >> 12n) & 511n) * 8, BigInt(physical) | rights, true)
  }

  private mapMemory(): void {
    for (let page = STUBS; page < KERNEL_STACK; page += PAGE) this.map(KERNEL + page, page, 3n)
    this.map(CODE, CODE_PAGE, 0x67n)
    this.ram.fill(0xcc, CODE_PAGE, CODE_PAGE + PAGE)
    for (let i = 0; i < PAGE_KINDS.length; i++) {
      const kind = PAGE_KINDS[i]
      if (kind !== '-')
        this.map(WINDOW + i * PAGE, WINDOW_PAGES + i * PAGE, PAGE_BITS.PTE_NX | (kind === 'w' ? 0x67n : 0x65n))
    }
    this.ram.set(this.template, WINDOW_PAGES)
  }

  private buildTables(): void {
    const descriptors = [
      0n,
      0xcf9b000000ffffn,
      0xaf9b000000ffffn,
      0xcf93000000ffffn,
      0xcffb000000ffffn,
      0xcff3000000ffffn,
      0xaffb000000ffffn,
      0n,
      0x8b00_0000_0067n,
      ...[0n, 0n, 0n, 0n, 0n, 0n],
      // Linux keeps the number of the CPU in a limit; its programs may load the selector.
      0x40_f500_0000_0000n,
    ]
    descriptors.forEach((descriptor, i) => {
      this.memory.setBigUint64(GDT + 8 * i, descriptor, true)
    })
    this.memory.setBigUint64(TSS + 4, BigInt.asUintN(64, BigInt(KERNEL + KERNEL_STACK)), true)
    this.memory.setUint16(TSS + 102, 104, true)
    for (let vector = 0; vector < 32; vector++) {
      const stub = STUBS + 16 * vector
      this.ram[stub] = 0xf4
      const level = vector === 3 || vector === 4 ? 0xee00n : 0x8e00n
      this.memory.setBigUint64(IDT + 16 * vector, BigInt(stub) | 0x10_0000n | (level << 32n), true)
      this.memory.setBigUint64(IDT + 16 * vector + 8, 0xffff_8000n, true)
    }
    this.core.exports.ramChanged(0, RAM)
  }

  private enterLongMode(): void {
    const { state } = this
    this.core.exports.startup(0, 0)
    this.core.exports.synchronize(0)
    const fields: [number, number][] = [
      [CPU_STATE.cr0, 0x8005_0033],
      [CPU_STATE.cr3, TABLES],
      [CPU_STATE.cr4, this.core.cpu === 'x86-64-v3' ? 0x4_0620 : 0x620],
      [CPU_STATE.xcr0, this.core.cpu === 'x86-64-v3' ? 7 : 1],
      [CPU_STATE.efer, 0xd01],
      [CPU_STATE.gdtrBase, KERNEL + GDT],
      [CPU_STATE.idtrBase, KERNEL + IDT],
      [CPU_STATE.trBase, KERNEL + TSS],
    ]
    for (const [offset, value] of fields) state.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true)
    const words: [number, number][] = [
      [CPU_STATE.gdtrLimit, 0x7f],
      [CPU_STATE.idtrLimit, 0x1ff],
      [CPU_STATE.trLimit, 0x67],
      [CPU_STATE.trSelector, 0x40],
      [CPU_STATE.trAttributes, 0x8b],
      [CPU_STATE.ldtrLimit, 0],
      [CPU_STATE.ldtrAttributes, 0],
    ]
    for (const [offset, value] of words) state.setUint32(offset, value, true)
  }

  private setSegments(narrow: boolean): void {
    const { state } = this
    const selectors = [0x2b, narrow ? 0x23 : 0x33, 0x2b, 0x2b, 0, 0]
    const bases = [0, 0, 0, 0, FS_BASE, GS_BASE]
    for (let s = 0; s < 6; s++) {
      const used = s < 4
      state.setUint32(CPU_STATE.esSelector + 4 * s, selectors[s] as number, true)
      state.setUint32(CPU_STATE.esLimit + 4 * s, used ? 0xffff_ffff : 0, true)
      state.setUint32(CPU_STATE.esAttributes + 4 * s, s === 1 ? (narrow ? 0xc0fb : 0xa0fb) : used ? 0xc0f3 : 0, true)
      state.setBigUint64(CPU_STATE.esBase + 8 * s, BigInt(bases[s] as number), true)
    }
  }

  private setVectors(record: Uint8Array): void {
    const { state, stateBytes } = this
    const view = viewOf(record)
    state.setUint32(CPU_STATE.mxcsr, view.getUint32(AT.fx + FX_MXCSR, true), true)
    stateBytes.set(record.subarray(AT.fx, AT.fx + FX_MXCSR), FX_OFFSET)
    const top = (view.getUint16(AT.fx + 2, true) >> 11) & 7
    for (let i = 0; i < 8; i++) {
      const from = AT.fx + 32 + 16 * i
      stateBytes.set(record.subarray(from, from + 10), FX_OFFSET + FX_X87 + 16 * ((top + i) & 7))
    }
    stateBytes.set(record.subarray(AT.fx + FX_XMM, AT.fx + FX_RESERVED), STATE_XMM)
    stateBytes.set(record.subarray(AT.upper, AT.upper + 256), STATE_YMM_UPPER)
  }

  private setMemory(record: Uint8Array): void {
    for (let i = 0; i < PAGE_KINDS.length; i++) {
      if (PAGE_KINDS[i] === 'w') this.ram.set(this.template.subarray(i * PAGE, (i + 1) * PAGE), WINDOW_PAGES + i * PAGE)
    }
    for (const { address, bytes } of patchesOf(record)) this.ram.set(bytes, WINDOW_PAGES + address - WINDOW)
  }

  /** The case's code between INT3s, whatever the one before was and has stored there. */
  private setCode(record: Uint8Array): void {
    const view = viewOf(record)
    const length = view.getUint32(AT.length, true)
    this.code.fill(0xcc)
    this.code.set(record.subarray(AT.code, AT.code + length), Number(view.getBigUint64(AT.rip, true)) - CODE)
    const there = this.ram.subarray(CODE_PAGE, CODE_PAGE + PAGE)
    if (Buffer.compare(there, this.code) === 0) return
    there.set(this.code)
    this.core.exports.ramChanged(CODE_PAGE, PAGE)
  }

  /** `times`: how often it is run from its beginning; what counts is the last. */
  run({ record }: TestCase, times = 1): Outcome {
    const { core, state, stateBytes } = this
    const view = viewOf(record)
    for (let i = 0; i < times; i++) {
      core.exports.synchronize(0)
      this.setMemory(record)
      this.setCode(record)
      stateBytes.set(record.subarray(0, 128), 0)
      state.setBigUint64(CPU_STATE.rip, view.getBigUint64(AT.rip, true), true)
      state.setBigUint64(CPU_STATE.eflags, view.getBigUint64(AT.flags, true), true)
      state.setUint32(CPU_STATE.halted, 0, true)
      this.setSegments(view.getUint32(AT.narrow, true) !== 0)
      this.setVectors(record)
      core.exports.stateChanged(0)
      const reason = core.run(0, BUDGET)
      if (reason !== EXIT_HALT) throw new Error(`the core stopped with reason ${reason}`)
    }
    core.exports.synchronize(0)
    return this.outcome()
  }

  private outcome(): Outcome {
    const { state, memory } = this
    const trap = (state.getUint32(CPU_STATE.rip, true) - 1 - STUBS) / 16
    const registers: bigint[] = []
    for (let r = 0; r < 16; r++) registers.push(state.getBigUint64(8 * r, true))
    const coded = WITH_CODE.has(trap)
    const frame = Number(BigInt.asUintN(32, registers[4] as bigint)) + (coded ? 8 : 0)
    const error = coded ? memory.getUint32(frame - 8, true) : 0
    registers[4] = memory.getBigUint64(frame + 24, true)
    return {
      registers,
      flags: memory.getBigUint64(frame + 16, true),
      rip: memory.getBigUint64(frame, true),
      trap,
      error,
      cr2: trap === 14 ? state.getBigUint64(CPU_STATE.cr2, true) : 0n,
      selector: memory.getUint16(frame + 8, true),
      fx: this.image(),
      upper: this.stateBytes.slice(STATE_YMM_UPPER, STATE_YMM_UPPER + 256),
      window: this.ram.subarray(WINDOW_PAGES, WINDOW_PAGES + PAGE_KINDS.length * PAGE),
    }
  }

  private image(): Uint8Array {
    const { state, stateBytes } = this
    const image = new Uint8Array(416)
    image.set(stateBytes.subarray(FX_OFFSET, FX_OFFSET + 5))
    image.set(stateBytes.subarray(CPU_STATE.mxcsr, CPU_STATE.mxcsr + 4), 24)
    const top = (state.getUint16(FX_OFFSET + FX_STATUS, true) >> 11) & 7
    for (let i = 0; i < 8; i++) {
      const from = FX_OFFSET + FX_X87 + 16 * ((top + i) & 7)
      image.set(stateBytes.subarray(from, from + 10), 32 + 16 * i)
    }
    image.set(stateBytes.subarray(STATE_XMM, STATE_XMM + 256), 160)
    return image
  }
}
