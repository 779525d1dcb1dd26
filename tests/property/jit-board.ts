// The machine of fuzzed programs: a core with one to three vCPUs in long mode, page tables with aliases, descriptor tables, and handlers
// that make every fault survivable. No devices: port and MMIO accesses are written down with their time and answered by a formula.
//
// The handlers: a fault goes on eight bytes behind its instruction, a page fault in PAGED is repaired seven times out of eight, and
// whoever leaves the code starts again at its entry. So a program, whatever is left of it, keeps running.

import { Random } from '../../src/base/index.js'
import {
  type CoreImports,
  CpuCore,
  EVENT_EXCEPTION,
  type JitOption,
  LINE_INTR,
  STATE_ATTRIBUTES,
  STATE_LIMITS,
  STATE_SELECTORS,
  STATE_XMM,
} from '../../src/cpu/index.js'
import { CPU_STATE } from '../../src/cpu/layouts.js'
import { assemble } from '../cpu/assemble.js'
import { layOut, little } from './jit-code.js'
import {
  ALIAS,
  AREA,
  CALL_COUNT,
  CALL_PAGES,
  CALL_RING,
  CALL_TRAP,
  CODE,
  CODE_END,
  FIRST_IRQ,
  GDT,
  HANDLERS,
  IDT,
  INTERRUPT_STACKS,
  LARGE_ALIAS,
  PAGED,
  PAGED_FRAMES,
  PAGED_PAGES,
  PAGED_TABLE,
  PORT_INTERRUPT,
  PORT_YIELD,
  RAM_BYTES,
  SHARED,
  STACK,
  TABLES,
  TSS,
  WINDOW,
} from './jit-places.js'
import type { Program } from './jit-program.js'
import { CONSTANTS, CONTROL_WORDS, interestingNumbers, MXCSR_VALUES } from './jit-vectors.js'

/** The entry points of the handlers, and the vectors that lead to them with the stack they switch to. */
const VECTORS: readonly (readonly [vector: number, entry: number, stack: number, privilege: number])[] = [
  [0, 0, 1, 0],
  [4, 0, 1, 3],
  [5, 0, 1, 0],
  [6, 0, 1, 0],
  [9, 0, 1, 0],
  [16, 7, 1, 0],
  [19, 0, 1, 0],
  [10, 1, 1, 0],
  [11, 1, 1, 0],
  [12, 1, 1, 0],
  [13, 1, 1, 0],
  [17, 1, 1, 0],
  [14, 2, 1, 0],
  [8, 3, 4, 0],
  [1, 4, 3, 0],
  [2, 5, 3, 0],
  [3, 5, 3, 3],
  [7, 6, 1, 0],
  [18, 3, 4, 0],
  [CALL_COUNT, 5, 0, 3],
  [CALL_RING, 8, 0, 3],
  [CALL_PAGES, 9, 2, 3],
  [CALL_TRAP, 10, 0, 3],
  [FIRST_IRQ, 5, 2, 0],
  [FIRST_IRQ + 1, 5, 0, 0],
  [FIRST_IRQ + 2, 11, 2, 0],
]
/** The number of the entry that LSTAR names. */
const SYSTEM_CALL = 12

const hex = (value: number) => `0x${value.toString(16)}`

/** The handlers of one vCPU; each entry is a jump of eight bytes at the front. */
function handlers(cpu: number): string {
  const area = AREA + 0x100 * cpu
  const at = (offset: number, width = 'dword') => `${width} ptr [${hex(area + offset)}]`
  const names = [
    'skip',
    'skipcode',
    'pagefault',
    'again',
    'debug',
    'count',
    'fpu',
    'mathfault',
    'ring',
    'pages',
    'trap',
    'irq',
    'syscall',
  ]
  return `
${names.map((name) => `jmp ${name}\n.align 8`).join('\n')}
skipcode:
  add rsp, 8
skip:
  push rax
  inc ${at(0)}
  mov rax, qword ptr [rsp+8]
  sub rax, ${hex(CODE)}
  cmp rax, ${hex(CODE_END - CODE)}
  jb inside
  sub rax, ${hex(ALIAS)}
  cmp rax, ${hex(CODE_END - CODE)}
  jb inside
  sub rax, ${hex(LARGE_ALIAS - ALIAS)}
  cmp rax, ${hex(CODE_END - CODE)}
  jae restart
inside:
  mov eax, ${at(0)}
  and eax, 0x7f
  jz restart
  add qword ptr [rsp+8], 8
  pop rax
  iretq
again:
  mov rsp, ${hex(INTERRUPT_STACKS + 0x4000 * cpu + 0x3f00)}
  push 0x10
  push 0
  push 2
  push 8
  push 0
  push rax
restart:
  inc ${at(4)}
  mov rax, ${at(0x40, 'qword')}
  mov qword ptr [rsp+8], rax
  mov qword ptr [rsp+0x10], 8
  mov qword ptr [rsp+0x18], 0x202
  mov rax, ${at(0x48, 'qword')}
  mov qword ptr [rsp+0x20], rax
  mov qword ptr [rsp+0x28], 0x10
  pop rax
  iretq
pagefault:
  push rax
  push rcx
  inc ${at(8)}
  mov rcx, cr2
  sub rcx, ${hex(PAGED)}
  cmp rcx, ${hex(PAGED_PAGES * 0x1000)}
  jae notours
  shr rcx, 0xc
  mov eax, ${at(8)}
  and eax, 7
  jz notours
  or dword ptr [${hex(PAGED_TABLE)}+rcx*8], 7
  and dword ptr [${hex(PAGED_TABLE + 4)}+rcx*8], 0
  mov rax, cr2
  invlpg [rax]
  pop rcx
  pop rax
  add rsp, 8
  iretq
notours:
  pop rcx
  pop rax
  jmp skipcode
debug:
  inc ${at(0xc)}
  push rax
  mov eax, ${at(0xc)}
  and eax, 0xf
  jnz traced
  and dword ptr [rsp+0x18], 0xfffffeff
traced:
  xor eax, eax
  mov dr6, rax
  pop rax
  iretq
count:
  inc ${at(0x10)}
  iretq
irq:
  push rdx
  inc ${at(0x10)}
  mov edx, 0x80
  out dx, al
  pop rdx
  iretq
fpu:
  clts
  iretq
mathfault:
  fnclex
  jmp skip
ring:
  test byte ptr [rsp+8], 3
  jz touser
  mov qword ptr [rsp+8], 8
  mov qword ptr [rsp+0x20], 0x10
  iretq
touser:
  mov qword ptr [rsp+8], 0x2b
  mov qword ptr [rsp+0x20], 0x23
  iretq
pages:
  push rax
  push rcx
  inc ${at(0x14)}
  mov eax, ${at(0x14)}
  mov ecx, eax
  shr ecx, 2
  and eax, ${hex(PAGED_PAGES - 1)}
  and ecx, 7
  mov cl, byte ptr [${hex(area + 0x60)}+rcx]
  and byte ptr [${hex(PAGED_TABLE)}+rax*8], cl
  shl rax, 0xc
  invlpg [rax+${hex(PAGED)}]
  pop rcx
  pop rax
  iretq
trap:
  or dword ptr [rsp+0x10], 0x100
  iretq
syscall:
  inc ${at(0x18)}
  .byte 0x48, 0x0f, 0x07
`
}

const PAGE_MASKS = [0xfe, 0xfd, 0xfb, 0x9f, 0xdf, 0xbf, 0xfe, 0x9d]
const handlerBytes = new Map<number, Uint8Array>()

function handlersOf(cpu: number): Uint8Array {
  const known = handlerBytes.get(cpu) ?? assemble(handlers(cpu), HANDLERS + 0x400 * cpu)
  handlerBytes.set(cpu, known)
  return known
}

export interface BoardOptions {
  readonly wasm: WebAssembly.Module
  readonly jit: JitOption
}

export class Board {
  readonly core: CpuCore
  /** What the core asked of the outside: kind, vCPU, address, size, value, time. */
  readonly log: number[] = []
  readonly entries: readonly number[]
  /** Exceptions that were delivered, in programs that ask for events. */
  readonly vectors = new Set<number>()
  /** Machine time at the start of the run in progress. */
  time = 0
  private readonly lineUp: boolean[]

  constructor(program: Program, options: BoardOptions) {
    this.lineUp = new Array(program.vcpus).fill(false)
    this.core = new CpuCore(options.wasm, this.imports(), program.vcpus, RAM_BYTES, { jit: options.jit })
    const { labels, bytes } = layOut(program.lines, CODE)
    this.entries = Array.from({ length: program.vcpus }, (_, cpu) => labels.get(`main${cpu}`) ?? CODE)
    this.fill(program, bytes)
    this.core.exports.ramChanged(0, RAM_BYTES)
    this.core.exports.clearDirty()
    this.core.exports.setCoherence(program.coherence, program.seed | 0, 0)
    this.core.exports.setEventMask(program.events)
    for (let cpu = 0; cpu < program.vcpus; cpu++) this.enter(cpu, program)
  }

  raise(cpu: number): void {
    this.lineUp[cpu] = true
    this.core.exports.setLine(cpu, LINE_INTR, 1)
  }

  private note(...entry: number[]): void {
    this.log.push(...entry, this.time + this.core.exports.retiredNow())
  }

  private imports(): CoreImports {
    return {
      portRead: (cpu, port, size) => {
        this.note(1, cpu, port, size)
        return (port * 77 + this.log.length) & (size === 1 ? 0xff : 0xffff)
      },
      portWrite: (cpu, port, size, value) => {
        this.note(2, cpu, port, size, value >>> 0)
        if (port === PORT_INTERRUPT) this.raise(cpu)
        if (port === PORT_YIELD) this.core.exports.requestYield()
      },
      mmioRead: (cpu, address, size) => {
        this.note(3, cpu, address >>> 0, size)
        return (Math.imul(address, 0x9e3779b1) ^ this.log.length) >>> 0
      },
      mmioWrite: (cpu, address, size, value) => {
        this.note(4, cpu, address >>> 0, size, value >>> 0)
        if ((address & 0xf0) === 0x40) this.raise(cpu)
        if ((address & 0xf0) === 0x50) this.core.exports.requestYield()
      },
      acknowledgeInterrupt: (cpu) => {
        if (this.lineUp[cpu] !== true) return -1
        this.lineUp[cpu] = false
        this.core.exports.setLine(cpu, LINE_INTR, 0)
        this.note(5, cpu)
        return FIRST_IRQ + (this.log.length % 3)
      },
      apicMsrRead: () => 0,
      apicMsrWrite: () => 1,
      taskPriorityRead: () => 0,
      taskPriorityWrite: () => {},
      event: (cpu, kind, a, b) => {
        this.note(6, cpu, kind, a >>> 0, b >>> 0)
        if (kind === EVENT_EXCEPTION) this.vectors.add(a)
      },
    }
  }

  private fill(program: Program, code: Uint8Array): void {
    const { ram } = this.core
    const view = new DataView(ram.buffer, ram.byteOffset, ram.byteLength)
    const entry = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true)
    entry(TABLES, (TABLES + 0x1000) | 7)
    entry(TABLES + 0x1000, (TABLES + 0x2000) | 7)
    entry(TABLES + 0x2000, 0x4000 | 7)
    entry(TABLES + 0x2008, 0x5000 | 7)
    entry(TABLES + 0x2010, PAGED_TABLE | 7)
    entry(TABLES + 0x2018, 0x87)
    for (let page = 0; page < 512; page++) {
      entry(0x4000 + 8 * page, (page * 0x1000) | (page % 7 === 3 ? 0x107 : 7))
      entry(0x5000 + 8 * page, (page * 0x1000) | 7)
    }
    for (let page = 0; page < PAGED_PAGES; page++) {
      entry(PAGED_TABLE + 8 * page, (PAGED_FRAMES + page * 0x1000) | (page % 4 === 3 ? 0 : page % 4 === 2 ? 1 : 7))
    }
    const gdt = [
      0n,
      0x00af9b000000ffffn,
      0x00cf93000000ffffn,
      0x00cffb000000ffffn,
      0x00cff3000000ffffn,
      0x00affb000000ffffn,
    ]
    gdt.forEach((descriptor, i) => {
      view.setBigUint64(GDT + 8 * i, descriptor, true)
    })
    for (let cpu = 0; cpu < program.vcpus; cpu++) {
      const base = HANDLERS + 0x400 * cpu
      ram.set(handlersOf(cpu), base)
      for (const [vector, number, stack, privilege] of VECTORS) {
        const at = IDT + 0xa00 * cpu + 16 * vector
        const handler = base + 8 * number
        const ist = program.interruptStacks || stack === 4 ? stack : 0
        ram.set([...little(handler, 2), 8, 0, ist, 0x8e | (privilege << 5), ...little(handler >>> 16, 2)], at)
      }
      const stacks = INTERRUPT_STACKS + 0x4000 * cpu
      const tss = TSS + 0x100 * cpu
      entry(tss + 4, stacks + 0xf00)
      for (let i = 0; i < 4; i++) entry(tss + 0x24 + 8 * i, stacks + 0x1000 * i + 0xe00 - 0x400 * (i & 1))
      view.setUint16(tss + 0x66, 0x68, true)
      entry(AREA + 0x100 * cpu + 0x40, this.entries[cpu] as number)
      entry(AREA + 0x100 * cpu + 0x48, STACK + 0x4000 * cpu + 0x3000)
      ram.set(PAGE_MASKS, AREA + 0x100 * cpu + 0x60)
    }
    // PUSH ES, which 64-bit code does not have: whoever leaves the program faults.
    ram.fill(0x06, CODE, CODE_END)
    ram.set(code, CODE)
    ram.set(
      MXCSR_VALUES.flatMap((value) => little(value, 4)),
      CONSTANTS,
    )
    ram.set(
      CONTROL_WORDS.flatMap((value) => little(value, 2)),
      CONSTANTS + 0x80,
    )
    ram.set(interestingNumbers(), CONSTANTS + 0x100)
    if (program.memorySeed === 0) return
    const random = new Random(program.memorySeed)
    for (let cpu = 0; cpu < program.vcpus; cpu++) {
      const middle = WINDOW + 0x1_0000 * cpu + 0x8000
      for (let at = middle - 0x1000; at < middle + 0x1000; at += 4) view.setUint32(at, random.u32(), true)
    }
    for (let at = SHARED; at < SHARED + 0x200; at += 4) view.setUint32(at, random.u32(), true)
  }

  private enter(cpu: number, program: Program): void {
    const { exports } = this.core
    exports.startup(cpu, 0)
    exports.synchronize(cpu)
    const state = this.core.state(cpu)
    const wide = (offset: number, value: number | bigint) => state.setBigUint64(offset, BigInt(value), true)
    program.registers[cpu]?.forEach((value, i) => {
      wide(8 * i, value)
    })
    wide(CPU_STATE.rsp, STACK + 0x4000 * cpu + 0x3000)
    wide(CPU_STATE.cr0, 0x8001_0033)
    wide(CPU_STATE.cr3, TABLES)
    wide(CPU_STATE.cr4, 0x1_06a0 & ~(program.seed & 0x80))
    wide(CPU_STATE.efer, 0xd01)
    wide(CPU_STATE.star, (0x18n << 48n) | (8n << 32n))
    wide(CPU_STATE.lstar, HANDLERS + 0x400 * cpu + 8 * SYSTEM_CALL)
    wide(CPU_STATE.sfmask, 0x700)
    wide(CPU_STATE.kernelGsBase, AREA + 0x100 * cpu)
    wide(CPU_STATE.gdtrBase, GDT)
    state.setUint32(CPU_STATE.gdtrLimit, 0x2f, true)
    wide(CPU_STATE.idtrBase, IDT + 0xa00 * cpu)
    state.setUint32(CPU_STATE.idtrLimit, 0x9ff, true)
    wide(CPU_STATE.trBase, TSS + 0x100 * cpu)
    state.setUint32(CPU_STATE.trLimit, 0x67, true)
    state.setUint32(CPU_STATE.trSelector, 0x30, true)
    state.setUint32(CPU_STATE.trAttributes, 0x8b, true)
    for (let i = 0; i < 6; i++) {
      state.setUint32(STATE_SELECTORS + 4 * i, i === 1 ? 8 : 0x10, true)
      state.setUint32(STATE_LIMITS + 4 * i, 0xffff_ffff, true)
      state.setUint32(STATE_ATTRIBUTES + 4 * i, i === 1 ? 0xa09b : 0xc093, true)
      wide(CPU_STATE.esBase + 8 * i, i >= 4 ? AREA + 0x100 * cpu + 0x80 : 0)
    }
    wide(CPU_STATE.rip, this.entries[cpu] as number)
    wide(CPU_STATE.eflags, program.seed & 0x100 ? 0x3202n : 0x202n)
    if (program.memorySeed !== 0) {
      const random = new Random(program.memorySeed + cpu)
      const numbers = interestingNumbers()
      for (let i = 0; i < 16; i++) {
        const from = 16 * random.below(16)
        for (let j = 0; j < 16; j++) state.setUint8(STATE_XMM + 16 * i + j, numbers[from + j] as number)
      }
    }
    exports.stateChanged(cpu)
  }
}
