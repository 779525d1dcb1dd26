// Relocatable ELF64 objects as a graph that can be edited, and back to bytes.
//
// `parseElf` gives indices into tables; whoever adds a symbol or moves a relocation to another section would have
// to renumber everything. Here sections, symbols and relocations refer to each other by reference, and the indices
// are made once, in `writeObject`. Promises: the same graph gives the same bytes; local symbols come first, as the
// gABI demands; a section header table is always written. Knows nothing of kernels or patches. Does no I/O.
import { accept, type Refusal, type Result, refuse, requireKind, TransplantError } from '../base/index.js'
import {
  type ElfFile,
  EM_X86_64,
  ET_REL,
  relocations,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  STB_LOCAL,
  STT_SECTION,
  sectionBytes,
} from './elf.js'

/** sh_flags: sh_info holds a section index. */
export const SHF_INFO_LINK = 0x40
const SHF_GROUP = 0x200

/** A symbol of an object, its numbers as Elf64_Sym has them (gABI 4). */
export interface ObjectSymbol {
  name: string
  value: bigint
  size: number
  /** STT_*. */
  type: number
  /** STB_*. */
  binding: number
  /** The section it lies in, or one of SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_LIVEPATCH. */
  section: ObjectSection | number
}

/** A relocation: where, of which type, against which symbol, as Elf64_Rela has it (gABI 4). */
export interface ObjectRelocation {
  offset: number
  /** R_X86_64_*. */
  type: number
  symbol: ObjectSymbol
  addend: bigint
}

/** One SHT_RELA section that applies to the section it is listed in. */
export interface RelocationGroup {
  name: string
  /** Flags beside SHF_INFO_LINK. */
  flags: number
  entries: ObjectRelocation[]
}

/** A section of an object with its bytes and its relocations; numbers as Elf64_Shdr has them (gABI 4). */
export interface ObjectSection {
  name: string
  type: number
  flags: number
  align: number
  entrySize: number
  data: Uint8Array
  /** Bytes in memory: equals `data.length` except for SHT_NOBITS. */
  size: number
  relocations: RelocationGroup[]
}

/** A relocatable object to be written: sections and symbols that refer to each other. */
export interface ObjectFile {
  sections: ObjectSection[]
  symbols: ObjectSymbol[]
}

const notAnObject = (why: string): Refusal<'not-an-object'> =>
  refuse('not-an-object', why, 'Give what `gcc -c` for x86-64 makes.')

/**
 * A parsed ET_REL file as a graph that can be edited. Refuses a file of another kind or machine, or whose tables point outside
 * ('not-an-object').
 */
export function readObject(elf: ElfFile): Result<ObjectFile, 'not-an-object'> {
  requireKind('elf', elf, 'object')
  if (elf.type !== ET_REL) return notAnObject(`e_type is ${elf.type}; 1 (ET_REL, a relocatable object) expected`)
  if (elf.machine !== EM_X86_64 || elf.bits !== 64) return notAnObject('not an x86-64 ELF64 object')
  const byIndex = new Map<number, ObjectSection>()
  for (const header of elf.sections) {
    if ([0, SHT_RELA, SHT_SYMTAB, SHT_STRTAB].includes(header.type)) continue
    if (header.flags & SHF_GROUP) return notAnObject(`section ${header.name} is part of a section group`)
    byIndex.set(header.index, {
      name: header.name,
      type: header.type,
      flags: header.flags,
      align: Math.max(1, header.align),
      entrySize: header.entrySize,
      data: sectionBytes(elf, header).slice(),
      size: header.size,
      relocations: [],
    })
  }
  const symbols: ObjectSymbol[] = []
  for (const symbol of elf.symbols) {
    const inside = byIndex.get(symbol.section)
    const reserved = symbol.section === SHN_UNDEF || symbol.section >= 0xff00
    if (!inside && !reserved)
      return notAnObject(`symbol ${symbol.name || symbol.index} lies in section ${symbol.section}, which is not there`)
    symbols.push({
      name: symbol.name,
      value: symbol.value,
      size: symbol.size,
      type: symbol.type,
      binding: symbol.binding,
      section: inside ?? symbol.section,
    })
  }
  for (const header of elf.sections) {
    if (header.type !== SHT_RELA) continue
    const target = byIndex.get(header.info)
    if (!target)
      return notAnObject(`relocation section ${header.name} applies to section ${header.info}, which is not there`)
    const entries: ObjectRelocation[] = []
    for (const relocation of relocations(elf, header)) {
      const symbol = symbols[relocation.symbol]
      if (!symbol) return notAnObject(`${header.name} names symbol ${relocation.symbol}, which is not there`)
      if (relocation.offset >= BigInt(target.size))
        return notAnObject(`${header.name} has an offset outside of ${target.name}`)
      entries.push({ offset: Number(relocation.offset), type: relocation.type, symbol, addend: relocation.addend })
    }
    target.relocations.push({ name: header.name, flags: header.flags & ~SHF_INFO_LINK, entries })
  }
  return accept({ sections: [...byIndex.values()], symbols: symbols.slice(1) })
}

class StringTable {
  private readonly offsets = new Map<string, number>([['', 0]])
  private readonly bytes: number[] = [0]
  add(text: string): number {
    const known = this.offsets.get(text)
    if (known !== undefined) return known
    const offset = this.bytes.length
    for (let i = 0; i < text.length; i++) this.bytes.push(text.charCodeAt(i) & 0xff)
    this.bytes.push(0)
    this.offsets.set(text, offset)
    return offset
  }
  toBytes(): Uint8Array {
    return Uint8Array.from(this.bytes)
  }
}

interface Header {
  name: string
  type: number
  flags: number
  data: Uint8Array
  size: number
  link: number
  info: number
  align: number
  entrySize: number
}

/**
 * The bytes of the object. Symbols that no relocation uses are kept: kallsyms wants their names. Throws BAD_ARGUMENT where a relocation
 * names a symbol that the object does not list, or for what is no object.
 */
export function writeObject(object: ObjectFile): Uint8Array {
  const strings = new StringTable()
  const headers: Header[] = [
    { name: '', type: 0, flags: 0, data: new Uint8Array(0), size: 0, link: 0, info: 0, align: 0, entrySize: 0 },
  ]
  const sectionIndex = new Map<ObjectSection, number>()
  for (const section of object.sections) {
    sectionIndex.set(section, headers.length)
    headers.push({ ...section, link: 0, info: 0 })
  }
  const locals = object.symbols.filter((symbol) => symbol.binding === STB_LOCAL)
  const ordered = [...locals, ...object.symbols.filter((symbol) => symbol.binding !== STB_LOCAL)]
  const symbolIndex = new Map<ObjectSymbol, number>(ordered.map((symbol, index) => [symbol, index + 1]))
  const groups = object.sections.flatMap((section) =>
    section.relocations.filter((group) => group.entries.length > 0).map((group) => ({ section, group })),
  )
  const symbolTable = headers.length + groups.length
  for (const { section, group } of groups) {
    const data = encodeRelocations(group.entries, symbolIndex)
    headers.push({
      name: group.name,
      type: SHT_RELA,
      flags: group.flags | SHF_INFO_LINK,
      data,
      size: data.length,
      link: symbolTable,
      info: sectionIndex.get(section) ?? 0,
      align: 8,
      entrySize: 24,
    })
  }
  const table = encodeSymbols(ordered, strings, sectionIndex)
  headers.push({
    name: '.symtab',
    type: SHT_SYMTAB,
    flags: 0,
    data: table,
    size: table.length,
    link: symbolTable + 1,
    info: locals.length + 1,
    align: 8,
    entrySize: 24,
  })
  const names = strings.toBytes()
  headers.push({
    name: '.strtab',
    type: SHT_STRTAB,
    flags: 0,
    data: names,
    size: names.length,
    link: 0,
    info: 0,
    align: 1,
    entrySize: 0,
  })
  return layOut(headers)
}

function encodeRelocations(
  entries: readonly ObjectRelocation[],
  symbolIndex: ReadonlyMap<ObjectSymbol, number>,
): Uint8Array {
  const data = new Uint8Array(entries.length * 24)
  const view = new DataView(data.buffer)
  entries.forEach((entry, i) => {
    const index = symbolIndex.get(entry.symbol)
    if (index === undefined) {
      throw new TransplantError(
        'BAD_ARGUMENT',
        `a relocation names '${entry.symbol.name}', which is not among the object's symbols.`,
        'List every symbol that a relocation names.',
      )
    }
    view.setBigUint64(i * 24, BigInt(entry.offset), true)
    view.setUint32(i * 24 + 8, entry.type, true)
    view.setUint32(i * 24 + 12, index, true)
    view.setBigInt64(i * 24 + 16, entry.addend, true)
  })
  return data
}

function encodeSymbols(
  symbols: readonly ObjectSymbol[],
  strings: StringTable,
  sectionIndex: ReadonlyMap<ObjectSection, number>,
): Uint8Array {
  const data = new Uint8Array((symbols.length + 1) * 24)
  const view = new DataView(data.buffer)
  symbols.forEach((symbol, i) => {
    const at = (i + 1) * 24
    const section =
      typeof symbol.section === 'number' ? symbol.section : (sectionIndex.get(symbol.section) ?? SHN_UNDEF)
    view.setUint32(at, symbol.type === STT_SECTION ? 0 : strings.add(symbol.name), true)
    data[at + 4] = (symbol.binding << 4) | symbol.type
    view.setUint16(at + 6, section, true)
    view.setBigUint64(at + 8, symbol.value, true)
    view.setBigUint64(at + 16, BigInt(symbol.size), true)
  })
  return data
}

function layOut(headers: Header[]): Uint8Array {
  const names = new StringTable()
  headers.push({
    name: '.shstrtab',
    type: SHT_STRTAB,
    flags: 0,
    data: new Uint8Array(0),
    size: 0,
    link: 0,
    info: 0,
    align: 1,
    entrySize: 0,
  })
  const nameOffsets = headers.map((header) => names.add(header.name))
  const last = headers[headers.length - 1] as Header
  last.data = names.toBytes()
  last.size = last.data.length
  let end = 64
  const offsets = headers.map((header) => {
    const align = Math.max(1, header.align)
    const offset = Math.ceil(end / align) * align
    if (header.type !== SHT_NOBITS && header.type !== 0) end = offset + header.data.length
    return header.type === 0 ? 0 : offset
  })
  const tableOffset = Math.ceil(end / 8) * 8
  const bytes = new Uint8Array(tableOffset + headers.length * 64)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, ET_REL, true)
  view.setUint16(18, EM_X86_64, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(40, BigInt(tableOffset), true)
  view.setUint16(52, 64, true)
  view.setUint16(58, 64, true)
  view.setUint16(60, headers.length, true)
  view.setUint16(62, headers.length - 1, true)
  headers.forEach((header, i) => {
    if (header.type !== SHT_NOBITS) bytes.set(header.data, offsets[i])
    const at = tableOffset + i * 64
    view.setUint32(at, nameOffsets[i] ?? 0, true)
    view.setUint32(at + 4, header.type, true)
    view.setBigUint64(at + 8, BigInt(header.flags), true)
    view.setBigUint64(at + 24, BigInt(offsets[i] ?? 0), true)
    view.setBigUint64(at + 32, BigInt(header.size), true)
    view.setUint32(at + 40, header.link, true)
    view.setUint32(at + 44, header.info, true)
    view.setBigUint64(at + 48, BigInt(header.align), true)
    view.setBigUint64(at + 56, BigInt(header.entrySize), true)
  })
  return bytes
}

/**
 * A section with `data` as its contents, ready to be listed in an object. `type`: SHT_*, `flags`: SHF_* or'd together, `align`: its alignment
 * in bytes, a power of two.
 */
export function createSection(
  name: string,
  type: number,
  flags: number,
  align: number,
  data: Uint8Array,
  entrySize = 0,
): ObjectSection {
  return { name, type, flags, align, entrySize, data, size: data.length, relocations: [] }
}

/** Adds a relocation to `section`, in its ordinary `.rela` group. */
export function addRelocation(section: ObjectSection, relocation: ObjectRelocation): void {
  const name = `.rela${section.name}`
  let group = section.relocations.find((one) => one.name === name)
  if (!group) {
    group = { name, flags: 0, entries: [] }
    section.relocations.push(group)
  }
  group.entries.push(relocation)
}

/** True where the symbol has to be found outside of the object. */
export function isUndefined(symbol: ObjectSymbol): boolean {
  return symbol.section === SHN_UNDEF && symbol.name !== ''
}
