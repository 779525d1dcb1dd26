// Who calls whom in a kernel, from its image alone: a displacement behind a CALL or JMP that hits the entry of a function is a call of it.
// (No instruction need be decoded for that: four bytes that hit one of a thousand entries by chance are not to be expected.) Addresses of
// functions in code and data are found by the relocations that the linker has kept.
//
// From it follow what no diff says: which functions run only while the kernel starts, and which are on the stack of some task for ever.

import {
  type ElfFile,
  findSection,
  loadedBytes,
  R_X86_64_32,
  R_X86_64_32S,
  R_X86_64_64,
  relocations,
  SHF_ALLOC,
  SHT_RELA,
  STT_FUNC,
  sectionBytes,
} from '../../format/index.js'
import type { Disassembler } from '../../isa/index.js'

/** A function of the image. */
export interface GraphFunction {
  readonly name: string
  readonly address: bigint
  readonly size: number
  /** Those that call it or jump to it. */
  readonly callers: Set<GraphFunction>
  readonly callees: Set<GraphFunction>
  /** Those whose code has its address as a value. */
  readonly takers: Set<GraphFunction>
  /** It is named in data: by the section of the linker script that holds it, as far as that has bounds; else 'data'. */
  readonly tables: Set<string>
}

/** Sections of the linker script whose entries the kernel goes through while it starts. */
const START_TABLES: readonly (readonly [string, string, string])[] = [
  ['initcalls', '__initcall_start', '__initcall_end'],
  ['setup', '__start_setup', '__stop_setup'],
]
/** Sections that name functions without using them. */
const MENTIONS: readonly (readonly [string, string, string])[] = [
  ['mcount', '__start_mcount_loc', '__stop_mcount_loc'],
  ['exports', '__start___ksymtab', '__stop___ksymtab'],
]
/** The first functions of a CPU, of a kernel that takes over, and of the thread that becomes init. */
const STARTERS = ['start_kernel_pvh', 'start_kernel', 'start_secondary', 'liveupdate_arrive', 'kernel_init']
const THREAD_MAKERS = ['kthread_create_on_node', 'kernel_thread']
const SWITCH = 'switch_to_asm'

/** The calls of a kernel image. */
export class CallGraph {
  /** Ascending by address. */
  readonly functions: readonly GraphFunction[]
  private readonly elf: ElfFile
  private readonly disassembler: Disassembler
  private starting: ReadonlySet<GraphFunction> | undefined

  constructor(elf: ElfFile, disassembler: Disassembler) {
    this.elf = elf
    this.disassembler = disassembler
    const entries = new Map<bigint, GraphFunction>()
    for (const { name, value, size, type } of elf.symbols) {
      const named = type === STT_FUNC || name === SWITCH
      if (!named || entries.has(value)) continue
      const sets = {
        callers: new Set<GraphFunction>(),
        callees: new Set<GraphFunction>(),
        takers: new Set<GraphFunction>(),
      }
      entries.set(value, { name, address: value, size: Math.max(size, 1), ...sets, tables: new Set() })
    }
    this.functions = [...entries.values()].sort((a, b) => (a.address < b.address ? -1 : 1))
    this.findCalls(entries)
    this.findAddresses(entries)
  }

  /** The function at an address, or around it. */
  at(address: bigint): GraphFunction | undefined {
    let [low, high] = [0, this.functions.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.functions[middle] as GraphFunction).address <= address) low = middle + 1
      else high = middle
    }
    const found = this.functions[low - 1]
    return found && address < found.address + BigInt(found.size) ? found : undefined
  }

  /** True for a function that only the start of the kernel gets to: changed now, it would never run. */
  runsOnlyAtStart(one: GraphFunction): boolean {
    this.starting ??= this.findStarting()
    return this.starting.has(one)
  }

  /**
   * Why a function is on some task's stack for ever, as a sentence's end; undefined where it is not. Such a one is never switched, or its
   * new version is never entered.
   */
  whyNeverLeft(one: GraphFunction): string | undefined {
    if (this.sleepers().has(one)) return 'is on the stack of every task that sleeps'
    if (STARTERS.includes(one.name)) return undefined
    const makers = [...one.takers].filter((taker) =>
      [...taker.callees].some(({ name }) => THREAD_MAKERS.includes(name)),
    )
    if (makers.length > 0 && (this.loops(one) || !this.returns(one))) {
      return `is the body of a kernel thread, which ${makers[0]?.name}() starts: it is entered once`
    }
    const starter = [...one.callers].find((caller) => STARTERS.includes(caller.name))
    if (starter && !this.returns(one)) return `never returns: ${starter.name}() enters it once for each CPU`
    return undefined
  }

  /** From the switch of stacks upward for as long as there is one way, and `schedule()`, by which all sleep. */
  private sleepers(): ReadonlySet<GraphFunction> {
    const found = new Set(this.functions.filter(({ name }) => name === 'schedule'))
    let one = this.functions.find(({ name }) => name === SWITCH)
    while (one && !found.has(one)) {
      found.add(one)
      const callers: readonly GraphFunction[] = [...one.callers]
      one = callers.length === 1 ? callers[0] : undefined
    }
    return found
  }

  private instructions(one: GraphFunction) {
    const bytes = loadedBytes(this.elf, one.address, one.size)
    return bytes ? this.disassembler.disassemble(bytes, one.address) : []
  }

  private returns(one: GraphFunction): boolean {
    return this.instructions(one).some(({ mnemonic }) => mnemonic.startsWith('ret'))
  }

  private loops(one: GraphFunction): boolean {
    return this.instructions(one).some(({ mnemonic, operands, address }) => {
      if (!mnemonic.startsWith('j') || !operands.startsWith('0x')) return false
      const target = BigInt.asUintN(64, BigInt(operands))
      return target >= one.address && target <= address
    })
  }

  private findCalls(entries: ReadonlyMap<bigint, GraphFunction>): void {
    const text = findSection(this.elf, '.text')
    if (!text) return
    const bytes = sectionBytes(this.elf, text)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at + 5 <= bytes.length; at++) {
      if (bytes[at] !== 0xe8 && bytes[at] !== 0xe9) continue
      const place = text.address + BigInt(at)
      const callee = entries.get(BigInt.asUintN(64, place + 5n + BigInt(view.getInt32(at + 1, true))))
      const caller = callee && this.at(place)
      if (!callee || !caller) continue
      callee.callers.add(caller)
      caller.callees.add(callee)
    }
  }

  private findAddresses(entries: ReadonlyMap<bigint, GraphFunction>): void {
    const bounds = [...START_TABLES, ...MENTIONS].map(([name, from, to]) => {
      const value = (wanted: string): bigint => this.elf.symbols.find((symbol) => symbol.name === wanted)?.value ?? 0n
      return { name, from: value(from), to: value(to) }
    })
    const absolute = new Set([R_X86_64_64, R_X86_64_32, R_X86_64_32S])
    for (const section of this.elf.sections) {
      if (section.type !== SHT_RELA || !((this.elf.sections[section.info]?.flags ?? 0) & SHF_ALLOC)) continue
      for (const { offset, type, symbol, addend } of relocations(this.elf, section)) {
        if (!absolute.has(type)) continue
        const one = entries.get(BigInt.asUintN(64, (this.elf.symbols[symbol]?.value ?? 0n) + addend))
        if (!one) continue
        const taker = this.at(offset)
        if (taker) one.takers.add(taker)
        else one.tables.add(bounds.find(({ from, to }) => offset >= from && offset < to)?.name ?? 'data')
      }
    }
  }

  /** Least set: what the start's own tables and functions reach, and nothing else does. */
  private findStarting(): ReadonlySet<GraphFunction> {
    const starting = new Set(this.functions.filter((one) => STARTERS.includes(one.name)))
    const start = new Set(START_TABLES.map(([name]) => name))
    const mentions = new Set(MENTIONS.map(([name]) => name))
    for (let size = -1; size !== starting.size; ) {
      size = starting.size
      for (const one of this.functions) {
        const tables = [...one.tables].filter((table) => !mentions.has(table))
        const elsewhere = one.takers.size > 0 || tables.some((table) => !start.has(table))
        const called = one.callers.size > 0 || tables.length > 0
        if (!elsewhere && called && [...one.callers].every((caller) => caller === one || starting.has(caller))) {
          starting.add(one)
        }
      }
    }
    return starting
  }
}
