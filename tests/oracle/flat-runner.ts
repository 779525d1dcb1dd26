// Runs a static x86-64 Linux ELF on the CPU core alone: no machine, no kernel. The host stands in for the kernel.
//
// Promises: the program runs in long mode at CPL 3 in pages of its own; write, mmap, rt_sigaction, sigaltstack,
// rt_sigreturn and exit work as on Linux; exceptions arrive as signals with Linux's frame. It exists so that the
// instruction oracle can judge the core before and without any guest kernel. It must not know what the program tests.
//
// How: every IDT gate and LSTAR point at a HLT in a supervisor page. The core stops there (EXIT_HALT); the host reads which
// HLT it was, does the work on RAM and on the vCPU's state, and lets the guest go on at an IRETQ or SYSRETQ.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CoreExports, CpuCore, EXIT_BUDGET, EXIT_HALT, noDevices } from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { FX_OFFSET } from '../../src/cpu/numbers/sizes.js'

const ramBytes = 32 << 20
const stubPage = 0x10_0000 // HLT stubs: exception v at + 16 v, SYSCALL at + 4096
const syscallStub = stubPage + 0x1000
const descriptorPage = 0x10_2000 // GDT, TSS at + 0x100
const interruptTable = 0x10_3000
const kernelStack = 0x10_8000
const pageTables = 0x11_0000
const firstFreePage = 0x20_0000
const stackTop = 0x7fff_f000

const signalOf: Record<number, number> = {
  0: 8,
  1: 5,
  3: 5,
  4: 11,
  5: 11,
  6: 4,
  12: 7,
  13: 11,
  14: 11,
  16: 8,
  17: 7,
  19: 8,
}
const vectorsWithCode = new Set([8, 10, 11, 12, 13, 14, 17])
/** General registers in the order of Linux's gregs: r8..r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp. */
const gregOrder = [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4]

export interface FlatResult {
  readonly status: number
  readonly output: string
  readonly instructions: number
}

interface SignalAction {
  readonly handler: bigint
  readonly restorer: bigint
}

export const coreWasmPath = fileURLToPath(new URL('../../src/cpu/core.wasm', import.meta.url))

/** A core instance with `ram` bytes of RAM and no devices; shared by the oracles. Compiles as the test run says (tests/jit.ts). */
export function loadCore(ram: number, wasm: Uint8Array = readFileSync(coreWasmPath)) {
  const core = new CpuCore(wasm, noDevices(), 1, ram)
  const { buffer, byteOffset } = core.ram
  return { core: core.exports, memory: { buffer }, ramOffset: byteOffset, state: core.exports.statePointer(0) >>> 0 }
}

export class FlatRunner {
  private readonly core: CoreExports
  private readonly view: DataView
  private readonly bytes: Uint8Array
  private readonly ram: number
  private readonly state: number
  private nextPage = firstFreePage
  private nextTable = pageTables + 0x1000
  private readonly actions = new Map<number, SignalAction>()
  private alternateStack = 0n
  private readonly chunks: Uint8Array[] = []
  private instructions = 0

  constructor(wasm?: Uint8Array) {
    const loaded = loadCore(ramBytes, wasm)
    this.core = loaded.core
    this.view = new DataView(loaded.memory.buffer)
    this.bytes = new Uint8Array(loaded.memory.buffer)
    this.ram = loaded.ramOffset
    this.state = loaded.state
  }

  /** Runs the program to its exit. Throws if it does something the runner does not serve. */
  run(elf: Uint8Array, programArguments: readonly string[], budget = 4e9): FlatResult {
    this.setUp()
    const entry = this.load(elf)
    this.enter(entry, this.buildStack(programArguments))
    for (;;) {
      const reason = this.core.run(0, 0x4000_0000)
      this.instructions += this.core.retired()
      if (reason === EXIT_HALT) {
        const status = this.serve()
        if (status !== undefined) return { status, output: this.text(), instructions: this.instructions }
      } else if (reason !== EXIT_BUDGET)
        throw new Error(`core stopped with reason ${reason} at ${this.get(CPU_STATE.rip).toString(16)}`)
      if (this.instructions > budget) throw new Error(`no exit after ${this.instructions} instructions`)
    }
  }

  private text(): string {
    return this.chunks.map((chunk) => new TextDecoder('latin1').decode(chunk)).join('')
  }

  // ---- State and memory ----

  private get(offset: number): bigint {
    return this.view.getBigUint64(this.state + offset, true)
  }

  private set(offset: number, value: bigint | number): void {
    this.view.setBigUint64(this.state + offset, BigInt.asUintN(64, BigInt(value)), true)
  }

  private set32(offset: number, value: number): void {
    this.view.setUint32(this.state + offset, value, true)
  }

  private physicalOf(linear: bigint): number {
    const physical = this.core.translate(0, Number(linear & 0xffff_ffffn), Number(linear >> 32n))
    if (physical < 0) throw new Error(`the program passed an unmapped address ${linear.toString(16)}`)
    return physical
  }

  private read64(linear: bigint): bigint {
    let value = 0n
    for (let i = 7n; i >= 0n; i--)
      value = (value << 8n) | BigInt(this.bytes[this.ram + this.physicalOf(linear + i)] ?? 0)
    return value
  }

  private write64(linear: bigint, value: bigint): void {
    const raw = BigInt.asUintN(64, value)
    for (let i = 0n; i < 8n; i++) {
      const physical = this.physicalOf(linear + i)
      this.bytes[this.ram + physical] = Number((raw >> (8n * i)) & 0xffn)
      this.core.ramChanged(physical, 1)
    }
  }

  private physicalWrite64(physical: number, value: bigint): void {
    this.view.setBigUint64(this.ram + physical, value, true)
    this.core.ramChanged(physical, 8)
  }

  /** Maps one page; returns its physical address. */
  private map(linear: number, user: boolean, physical?: number): number {
    let table = pageTables
    const address = BigInt(linear)
    for (let level = 3n; level >= 1n; level--) {
      const slot = table + Number((address >> (12n + 9n * level)) & 511n) * 8
      let entry = this.view.getBigUint64(this.ram + slot, true)
      if (!(entry & 1n)) {
        entry = BigInt(this.nextTable) | 7n
        this.nextTable += 0x1000
        this.physicalWrite64(slot, entry)
      }
      table = Number(entry & 0x000f_ffff_ffff_f000n)
    }
    const slot = table + Number((address >> 12n) & 511n) * 8
    const old = this.view.getBigUint64(this.ram + slot, true)
    if (old & 1n) return Number(old & 0x000f_ffff_ffff_f000n)
    let page = physical
    if (page === undefined) {
      page = this.nextPage
      this.nextPage += 0x1000
    }
    this.physicalWrite64(slot, BigInt(page) | (user ? 7n : 3n))
    return page
  }

  private setUp(): void {
    for (let page = stubPage; page < pageTables; page += 0x1000) this.map(page, false, page)
    // Stubs: HLT; IRETQ and HLT; SYSRETQ.
    for (let vector = 0; vector < 256; vector++) this.bytes.set([0xf4, 0x48, 0xcf], this.ram + stubPage + vector * 16)
    this.bytes.set([0xf4, 0x48, 0x0f, 0x07], this.ram + syscallStub)
    const gdt = descriptorPage
    const tss = descriptorPage + 0x100
    this.physicalWrite64(gdt + 0x08, 0x00af_9b00_0000_ffffn)
    this.physicalWrite64(gdt + 0x10, 0x00cf_9300_0000_ffffn)
    this.physicalWrite64(gdt + 0x20, 0x00cf_f300_0000_ffffn)
    this.physicalWrite64(gdt + 0x28, 0x00af_fb00_0000_ffffn)
    this.physicalWrite64(gdt + 0x30, 0x0000_8b00_0000_0067n | (BigInt(tss & 0xffffff) << 16n))
    this.physicalWrite64(tss + 4, BigInt(kernelStack))
    this.view.setUint16(this.ram + tss + 102, 104, true)
    for (let vector = 0; vector < 256; vector++) {
      const handler = BigInt(stubPage + vector * 16)
      const dpl = vector === 3 || vector === 4 ? 3n : 0n
      const low =
        (handler & 0xffffn) | (8n << 16n) | ((0x8en | (dpl << 5n)) << 40n) | (((handler >> 16n) & 0xffffn) << 48n)
      this.physicalWrite64(interruptTable + vector * 16, low)
      this.physicalWrite64(interruptTable + vector * 16 + 8, handler >> 32n)
    }
    this.set(CPU_STATE.cr0, 0x8005_0033)
    this.set(CPU_STATE.cr3, pageTables)
    this.set(CPU_STATE.cr4, 0x6a0 & ~0x80)
    this.set(CPU_STATE.efer, 0xd01)
    this.set(CPU_STATE.star, (0x1bn << 48n) | (8n << 32n))
    this.set(CPU_STATE.lstar, syscallStub)
    this.set(CPU_STATE.sfmask, 0x4_7700)
    this.set(CPU_STATE.gdtrBase, gdt)
    this.set32(CPU_STATE.gdtrLimit, 0x3f)
    this.set(CPU_STATE.idtrBase, interruptTable)
    this.set32(CPU_STATE.idtrLimit, 0xfff)
    this.set(CPU_STATE.trBase, tss)
    this.set32(CPU_STATE.trLimit, 0x67)
    this.set32(CPU_STATE.trSelector, 0x30)
    this.set32(CPU_STATE.trAttributes, 0x8b)
    this.set32(CPU_STATE.mxcsr, 0x1f80)
    this.view.setUint16(this.state + FX_OFFSET, 0x37f, true)
    this.view.setUint16(this.state + FX_OFFSET + 2, 0, true)
    this.view.setUint16(this.state + FX_OFFSET + 4, 0, true)
  }

  /** Puts the vCPU at CPL 3, with all that has been written to RAM. */
  private enter(rip: number, rsp: number): void {
    this.core.ramChanged(0, ramBytes)
    const selectors = [0x23, 0x2b, 0x23, 0x23, 0x23, 0x23]
    selectors.forEach((selector, i) => {
      this.set32(CPU_STATE.esSelector + 4 * i, selector)
      this.set32(CPU_STATE.esLimit + 4 * i, 0xffff_ffff)
      this.set32(CPU_STATE.esAttributes + 4 * i, i === 1 ? 0xa0fb : 0xc0f3)
      this.set(200 + 8 * i, 0)
    })
    for (let i = 0; i < 16; i++) this.set(8 * i, 0)
    this.set(4 * 8, rsp)
    this.set(CPU_STATE.rip, rip)
    this.set(CPU_STATE.eflags, 0x202)
    this.core.stateChanged(0)
  }

  private load(elf: Uint8Array): number {
    const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength)
    const entry = Number(view.getBigUint64(24, true))
    const headers = Number(view.getBigUint64(32, true))
    const count = view.getUint16(56, true)
    for (let i = 0; i < count; i++) {
      const header = headers + i * view.getUint16(54, true)
      if (view.getUint32(header, true) !== 1) continue
      const offset = Number(view.getBigUint64(header + 8, true))
      const address = Number(view.getBigUint64(header + 16, true))
      const fileBytes = Number(view.getBigUint64(header + 32, true))
      const memoryBytes = Number(view.getBigUint64(header + 40, true))
      for (let page = address & ~0xfff; page < address + memoryBytes; page += 0x1000) this.map(page, true)
      for (let j = 0; j < fileBytes; j++) {
        const page = this.map((address + j) & ~0xfff, true)
        this.bytes[this.ram + page + ((address + j) & 0xfff)] = elf[offset + j] ?? 0
      }
    }
    return entry
  }

  private buildStack(programArguments: readonly string[]): number {
    let top = 0
    for (let page = stackTop - 0x10000; page < stackTop; page += 0x1000) top = this.map(page, true)
    const base = stackTop - 0x1000
    let used = 0x1000
    const pointers = ['program', ...programArguments].map((argument) => {
      const encoded = new TextEncoder().encode(argument)
      used -= encoded.length + 1
      this.bytes.set(encoded, this.ram + top + used)
      return base + used
    })
    const vector = [pointers.length, ...pointers, 0, 0, 0, 0]
    used = (used - vector.length * 8) & ~15
    vector.forEach((value, i) => {
      this.physicalWrite64(top + used + 8 * i, BigInt(value))
    })
    return base + used
  }

  // ---- The kernel's part ----

  /** At a HLT of ours. Returns the exit status when the program is done. */
  private serve(): number | undefined {
    this.set32(CPU_STATE.halted, 0)
    const rip = Number(this.get(CPU_STATE.rip))
    if (rip === syscallStub + 1) return this.systemCall()
    const vector = (rip - 1 - stubPage) >> 4
    if (vector < 0 || vector > 255) throw new Error(`halted at ${rip.toString(16)}`)
    let frame = Number(this.get(4 * 8))
    const code = vectorsWithCode.has(vector) ? this.view.getBigUint64(this.ram + frame, true) : 0n
    if (vectorsWithCode.has(vector)) frame += 8
    this.signal(vector, code, frame)
    return undefined
  }

  private systemCall(): number | undefined {
    const argument = [7, 6, 2, 10, 8, 9].map((register) => this.get(register * 8))
    const [a = 0n, b = 0n, c = 0n] = argument
    let result = 0n
    switch (Number(this.get(0))) {
      case 1: {
        const chunk = new Uint8Array(Number(c))
        for (let i = 0; i < chunk.length; i++) chunk[i] = this.bytes[this.ram + this.physicalOf(b + BigInt(i))] ?? 0
        this.chunks.push(chunk)
        result = c
        break
      }
      case 9:
        for (let page = 0n; page < b; page += 0x1000n) this.map(Number(a + page), true)
        result = a
        break
      case 13: {
        if (b !== 0n) this.actions.set(Number(a), { handler: this.read64(b), restorer: this.read64(b + 16n) })
        break
      }
      case 15:
        this.signalReturn()
        return undefined
      case 60:
      case 231:
        return Number(a & 0xffn)
      case 131:
        this.alternateStack = this.read64(a) + this.read64(a + 16n)
        break
      default:
        throw new Error(`system call ${this.get(0)} is not served`)
    }
    this.set(0, result)
    this.core.stateChanged(0)
    return undefined
  }

  /** Delivers the signal of an exception whose hardware frame (RIP, CS, RFLAGS, RSP, SS) lies at `frame`. */
  private signal(vector: number, code: bigint, frame: number): void {
    const number = signalOf[vector]
    const action = number === undefined ? undefined : this.actions.get(number)
    const rip = this.view.getBigUint64(this.ram + frame, true)
    if (number === undefined || action === undefined) {
      throw new Error(
        `exception ${vector} (error ${code.toString(16)}, CR2 ${this.get(CPU_STATE.cr2).toString(16)}) at ${rip.toString(16)}`,
      )
    }
    const flags = this.view.getBigUint64(this.ram + frame + 16, true)
    const rsp = this.view.getBigUint64(this.ram + frame + 24, true)
    const information = (this.alternateStack - 256n) & ~15n
    const context = information - 512n
    this.write64(information, BigInt(number))
    this.write64(information + 16n, vector === 14 ? this.get(CPU_STATE.cr2) : 0n)
    gregOrder.forEach((register, i) => {
      this.write64(context + 40n + 8n * BigInt(i), register === 4 ? rsp : this.get(register * 8))
    })
    this.write64(context + 40n + 8n * 16n, rip)
    this.write64(context + 40n + 8n * 17n, flags)
    this.write64(context - 8n, action.restorer)
    this.set(7 * 8, number)
    this.set(6 * 8, information)
    this.set(2 * 8, context)
    this.physicalWrite64(frame, action.handler)
    this.physicalWrite64(frame + 16, 0x202n)
    this.physicalWrite64(frame + 24, context - 8n)
    this.resume(frame)
  }

  private signalReturn(): void {
    const context = this.get(4 * 8)
    let rsp = 0n
    gregOrder.forEach((register, i) => {
      const value = this.read64(context + 40n + 8n * BigInt(i))
      if (register === 4) rsp = value
      else this.set(register * 8, value)
    })
    const frame = kernelStack - 64
    this.physicalWrite64(frame, this.read64(context + 40n + 8n * 16n))
    this.physicalWrite64(frame + 8, 0x2bn)
    this.physicalWrite64(frame + 16, this.read64(context + 40n + 8n * 17n) | 0x202n)
    this.physicalWrite64(frame + 24, rsp)
    this.physicalWrite64(frame + 32, 0x23n)
    this.resume(frame)
  }

  /** Goes on at an IRETQ with RSP at `frame`. */
  private resume(frame: number): void {
    this.set(4 * 8, frame)
    this.set(CPU_STATE.rip, stubPage + 1)
    this.core.stateChanged(0)
  }
}
