// One object, compiled with -ffunction-sections and -fdata-sections, as what its source defines: functions, variables, constants, literals
// (strings, jump tables) and records (entries of tables that the linker script collects), and what each refers to.
//
// An element is a section, or the part of it that a symbol names where several share one. References point at elements of the same unit,
// or name what is elsewhere. Addends count from the start of the element, so that two builds of one source can be compared.

import { accept, refuse } from '../../base/index.js'
import {
  type ObjectFile,
  type ObjectRelocation,
  type ObjectSection,
  type ObjectSymbol,
  parseElf,
  R_X86_64_PC32,
  R_X86_64_PLT32,
  readObject,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHT_NOBITS,
  STB_LOCAL,
  STT_FILE,
  STT_SECTION,
} from '../../format/index.js'
import type { Disassembler } from '../../isa/index.js'
import type { PatchResult } from '../refusal.js'

/** What an element is; a literal has no name of its own. */
export type ElementKind = 'function' | 'variable' | 'constant' | 'literal' | 'record'

/** One thing that a unit defines. */
export interface Element {
  readonly kind: ElementKind
  /** Of a literal or a record without a symbol: its section's. */
  readonly name: string
  /** Known to other units. */
  readonly isGlobal: boolean
  readonly section: ObjectSection
  /** In bytes, in its section. */
  readonly offset: number
  readonly size: number
  /** In order of offset. */
  readonly references: readonly Reference[]
  /** The function of which this is the part that is seldom run (`name.cold`). */
  readonly parent: Element | undefined
}

/** One place in an element that holds an address. */
export interface Reference {
  /** In bytes, from the start of the element. */
  readonly offset: number
  /** R_X86_64_*. */
  readonly type: number
  /** Undefined: `name` is a symbol of another unit. */
  readonly target: Element | undefined
  readonly name: string
  /** From the start of the target. */
  readonly addend: bigint
}

/** What one source defines. */
export interface Unit {
  /** Of the source, from the root of the tree. */
  readonly path: string
  readonly elements: readonly Element[]
  /** By name; aliases lead to the same element. */
  readonly byName: ReadonlyMap<string, Element>
  /** Where functions may be patched: element and the offset of the NOP in it, by `__mcount_loc`. */
  readonly patchable: ReadonlyMap<Element, number>
  /** The section .BTF; undefined where there is none. */
  readonly types: Uint8Array | undefined
}

/** Sections that are no part of the program. */
const IGNORED = /^(\.comment|\.note\.GNU-stack|\.debug_.*|\.BTF|\.eh_frame)$/
const CODE_OR_DATA = /^\.(text|rodata|data|bss|noinstr\.text|head\.text)(\.|$)/
const SHF_MERGE = 0x10
/** Of a section whose entries are strings. */
export const SHF_STRINGS = 0x20
const MCOUNT = '__mcount_loc'

/** True for the addressing of an operand or a jump, which counts from the end of the instruction. */
export const isRelative = (type: number): boolean => type === R_X86_64_PC32 || type === R_X86_64_PLT32

type Draft = {
  -readonly [Key in keyof Element]: Element[Key]
}

/** Reads the object of the source `path`. */
export function readUnit(path: string, bytes: Uint8Array, disassembler: Disassembler): PatchResult<Unit> {
  const parsed = parseElf(bytes)
  if (!parsed.ok) return refuse('not-an-elf', `the object of ${path}: ${parsed.message}`, parsed.hint)
  const read = readObject(parsed.value)
  if (!read.ok) return refuse('wrong-kind', `the object of ${path}: ${read.message}`, read.hint)
  const object = read.value
  const layout = new Map<ObjectSection, Draft[]>()
  const byName = new Map<string, Element>()
  for (const section of object.sections) {
    if (IGNORED.test(section.name) || !(section.flags & SHF_ALLOC) || section.size === 0) continue
    layout.set(section, divide(section, object, byName))
  }
  const elements = [...layout.values()].flat()
  for (const [section, parts] of layout) {
    for (const relocation of section.relocations.flatMap((group) => group.entries)) {
      const owner = partAt(parts, relocation.offset)
      if (!owner) continue
      const references = owner.references as Reference[]
      references.push(referenceOf(section, relocation, owner, layout, disassembler))
    }
  }
  for (const element of elements) {
    ;(element.references as Reference[]).sort((a, b) => a.offset - b.offset)
    const warm = /^(.*)\.cold(\.\d+)?$/.exec(element.name)?.[1]
    if (warm !== undefined) element.parent = byName.get(warm)
  }
  const types = object.sections.find((section) => section.name === '.BTF')?.data
  const program = elements.filter((element) => element.section.name !== MCOUNT)
  return accept({ path, elements: program, byName, patchable: patchableOf(elements), types })
}

/** The elements of a section: one, or one for each symbol. */
function divide(section: ObjectSection, object: ObjectFile, byName: Map<string, Element>): Draft[] {
  const named = object.symbols
    .filter((symbol) => symbol.section === section && isName(symbol))
    .sort((a, b) => Number(a.value - b.value) || a.binding - b.binding)
  const starts = isPool(section)
    ? Array.from({ length: section.size / section.entrySize }, (_, i) => i * section.entrySize)
    : [...new Set(named.map((symbol) => Number(symbol.value)))]
  if (starts[0] !== 0) starts.unshift(0)
  return starts.map((offset, i) => {
    const symbols = named.filter((symbol) => Number(symbol.value) === offset)
    const primary = symbols.find((symbol) => symbol.binding !== STB_LOCAL) ?? symbols[0]
    const end = starts[i + 1] ?? section.size
    const element: Draft = {
      kind: kindOf(section, primary),
      name: primary?.name ?? section.name,
      isGlobal: primary !== undefined && primary.binding !== STB_LOCAL,
      ...{ section, offset, references: [], parent: undefined },
      size: primary !== undefined && primary.size > 0 ? Math.min(primary.size, end - offset) : end - offset,
    }
    for (const symbol of symbols) byName.set(symbol.name, element)
    return element
  })
}

/** Constants of one size that the linker keeps once each: every one is a literal of its own. */
function isPool({ flags, entrySize }: ObjectSection): boolean {
  return (flags & (SHF_MERGE | SHF_STRINGS)) === SHF_MERGE && entrySize > 0
}

function isName(symbol: ObjectSymbol): boolean {
  return symbol.type !== STT_SECTION && symbol.type !== STT_FILE && symbol.name !== '' && !symbol.name.startsWith('.L')
}

function kindOf(section: ObjectSection, symbol: ObjectSymbol | undefined): ElementKind {
  if (!CODE_OR_DATA.test(section.name)) return 'record'
  if (section.flags & SHF_EXECINSTR) return 'function'
  if (section.flags & SHF_WRITE) return 'variable'
  return symbol === undefined ? 'literal' : 'constant'
}

/** The element that holds an offset; what lies in the space between two belongs to the first. */
function partAt<T extends Element>(parts: readonly T[], offset: number): T | undefined {
  return parts.findLast((part) => part.offset <= offset) ?? parts[0]
}

function referenceOf(
  section: ObjectSection,
  { offset, type, symbol, addend }: ObjectRelocation,
  owner: Element,
  layout: ReadonlyMap<ObjectSection, readonly Element[]>,
  disassembler: Disassembler,
): Reference {
  const place = { offset: offset - owner.offset, type }
  const parts = typeof symbol.section === 'number' ? undefined : layout.get(symbol.section)
  if (!parts) return { ...place, target: undefined, name: symbol.name, addend }
  const at = Number(symbol.value)
  let wanted = at
  if (!isName(symbol) && parts.length > 1) {
    // What is meant is where the operand points, which a relative one counts from the end of its instruction.
    const skipped = isRelative(type) ? endOfInstruction(section, owner, offset, disassembler) - offset : 0
    wanted = at + Number(addend) + skipped
  }
  const target = partAt(parts, wanted) as Element
  return { ...place, target, name: target.name, addend: addend + BigInt(at - target.offset) }
}

function endOfInstruction(section: ObjectSection, owner: Element, offset: number, disassembler: Disassembler): number {
  let known = ends.get(owner)
  if (!known) {
    const code = section.data.subarray(owner.offset, owner.offset + owner.size)
    known = disassembler
      .disassemble(code, 0n)
      .map(({ address, bytes }) => owner.offset + Number(address) + bytes.length)
    ends.set(owner, known)
  }
  return known.find((end) => end > offset) ?? offset + 4
}

/** Where the instructions of an element end, in its section. */
const ends = new WeakMap<Element, readonly number[]>()

function patchableOf(elements: readonly Element[]): Map<Element, number> {
  const patchable = new Map<Element, number>()
  for (const element of elements) {
    if (element.section.name !== MCOUNT) continue
    for (const { target, addend } of element.references) if (target) patchable.set(target, Number(addend))
  }
  return patchable
}

/** The bytes of an element; undefined for those that are all zero and in no file. */
export function bytesOf(element: Element): Uint8Array | undefined {
  if (element.section.type === SHT_NOBITS) return undefined
  return element.section.data.subarray(element.offset, element.offset + element.size)
}
