// ELF64 and ELF32 little-endian images and relocatable objects: bytes -> values. Every count and offset is checked
// against the file before it is used, so a truncated or hostile file yields a refusal that names the field, never an
// exception from deep inside. Source: System V ABI, "Object Files", and the x86-64 psABI. Does no I/O; knows nothing
// of kernels, patches or machines.

import { accept, type Result, refuse } from '../base/index.js'

/** ELF: type of the file. */
export const ET_REL = 1
/** ELF: type of the file. */
export const ET_EXEC = 2
/** ELF: type of the file. */
export const ET_DYN = 3
/** ELF: machine of the header. */
export const EM_386 = 3
/** ELF: machine of the header. */
export const EM_X86_64 = 62

/** ELF: type of a segment. */
export const PT_LOAD = 1
/** ELF: type of a segment. */
export const PT_NOTE = 4

/** ELF: type of a section. */
export const SHT_PROGBITS = 1
/** ELF: type of a section. */
export const SHT_SYMTAB = 2
/** ELF: type of a section. */
export const SHT_STRTAB = 3
/** ELF: type of a section. */
export const SHT_RELA = 4
/** ELF: type of a section. */
export const SHT_NOTE = 7
/** ELF: type of a section. */
export const SHT_NOBITS = 8

/** ELF: flag of a section. */
export const SHF_WRITE = 1
/** ELF: flag of a section. */
export const SHF_ALLOC = 2
/** ELF: flag of a section. */
export const SHF_EXECINSTR = 4
/** Linux: relocations that the livepatch core applies instead of the module loader. */
export const SHF_RELA_LIVEPATCH = 0x00100000

/** ELF: section number with a meaning of its own. */
export const SHN_UNDEF = 0
/** From here on: no section. */
export const SHN_LORESERVE = 0xff00
/** Linux: a symbol that the livepatch core resolves. */
export const SHN_LIVEPATCH = 0xff20
/** ELF: section number with a meaning of its own. */
export const SHN_ABS = 0xfff1
/** ELF: section number with a meaning of its own. */
export const SHN_COMMON = 0xfff2

/** ELF: binding of a symbol. */
export const STB_LOCAL = 0
/** ELF: binding of a symbol. */
export const STB_GLOBAL = 1
/** ELF: binding of a symbol. */
export const STB_WEAK = 2
/** ELF: type of a symbol. */
export const STT_NOTYPE = 0
/** ELF: type of a symbol. */
export const STT_OBJECT = 1
/** ELF: type of a symbol. */
export const STT_FUNC = 2
/** ELF: type of a symbol. */
export const STT_SECTION = 3
/** ELF: type of a symbol. */
export const STT_FILE = 4

/** ELF: x86-64 relocation type. */
export const R_X86_64_NONE = 0
/** ELF: x86-64 relocation type. */
export const R_X86_64_64 = 1
/** ELF: x86-64 relocation type. */
export const R_X86_64_PC32 = 2
/** ELF: x86-64 relocation type. */
export const R_X86_64_PLT32 = 4
/** ELF: x86-64 relocation type. */
export const R_X86_64_32 = 10
/** ELF: x86-64 relocation type. */
export const R_X86_64_32S = 11
/** ELF: x86-64 relocation type. */
export const R_X86_64_PC64 = 24

/** A program header. */
export interface ElfSegment {
  readonly type: number
  /** PF_X = 1, PF_W = 2, PF_R = 4. */
  readonly flags: number
  readonly offset: number
  readonly virtualAddress: bigint
  readonly physicalAddress: bigint
  /** Bytes present in the file; the rest up to `memoryBytes` is zero. */
  readonly fileBytes: number
  readonly memoryBytes: number
  readonly align: bigint
}

/** A section header. */
export interface ElfSection {
  readonly index: number
  readonly name: string
  readonly type: number
  readonly flags: number
  readonly address: bigint
  readonly offset: number
  readonly size: number
  readonly link: number
  readonly info: number
  readonly align: number
  readonly entrySize: number
}

/** An entry of the symbol table. */
export interface ElfSymbol {
  readonly index: number
  readonly name: string
  readonly value: bigint
  readonly size: number
  /** STT_*. */
  readonly type: number
  /** STB_*. */
  readonly binding: number
  /** Section index, or SHN_*. */
  readonly section: number
}

/**
 * Whether a kernel's symbol table (kallsyms) lists a symbol of its image: every function, and data apart from what the compiler, the
 * export macros and the table itself made. The build fills the table by this rule, and a patch is checked by it.
 */
export function inKallsyms(symbol: ElfSymbol): boolean {
  if (symbol.name === '' || symbol.section === SHN_UNDEF || symbol.section >= SHN_LORESERVE) return false
  if (symbol.type === STT_SECTION || symbol.type === STT_FILE) return false
  if (symbol.type === STT_FUNC) return true
  return !/^(\.L|__ksymtab_|__UNIQUE_ID|__modinfo|kallsyms_(count|table|names)$)/.test(symbol.name)
}

/** An entry of a relocation section, with the symbol by its index. */
export interface ElfRelocation {
  /** Offset in the section that `rela` section's info names (ET_REL), or an address (ET_EXEC with --emit-relocs). */
  readonly offset: bigint
  readonly type: number
  readonly symbol: number
  readonly addend: bigint
}

/** A note: owner, type and contents. */
export interface ElfNote {
  readonly name: string
  readonly type: number
  readonly description: Uint8Array
}

/** An ELF file that was read: header fields, segments, sections, symbols. */
export interface ElfFile {
  readonly bytes: Uint8Array
  readonly bits: 32 | 64
  readonly type: number
  readonly machine: number
  readonly entry: bigint
  readonly flags: number
  readonly segments: readonly ElfSegment[]
  readonly sections: readonly ElfSection[]
  /** The symbol table (.symtab), empty when stripped or not asked for. */
  readonly symbols: readonly ElfSymbol[]
}

/** Why an ELF file cannot be read. */
export type ElfRefusalCode = 'not-an-elf' | 'truncated' | 'unsupported-elf' | 'bad-elf'

const hints: Readonly<Record<ElfRefusalCode, string>> = {
  'not-an-elf': 'Give an ELF file.',
  truncated: 'Copy or build the file again.',
  'unsupported-elf': 'Give an ELF file for x86.',
  'bad-elf': 'Check it with `readelf -a`.',
}

/** Thrown inside the parser only: unwinds to parseElf. */
class Unreadable {
  readonly code: ElfRefusalCode
  readonly message: string
  constructor(code: ElfRefusalCode, message: string) {
    this.code = code
    this.message = message
  }
}

/**
 * Parses an ELF file. Refuses with a code and a sentence that names the offending field. Who only loads the file asks for 'headers':
 * the symbols are most of the work, and no loader looks at them.
 */
export function parseElf(bytes: Uint8Array, parts: 'headers' | 'all' = 'all'): Result<ElfFile, ElfRefusalCode> {
  try {
    return accept(parse(bytes, parts === 'all'))
  } catch (error) {
    if (error instanceof Unreadable) return refuse(error.code, error.message, hints[error.code])
    throw error
  }
}

function parse(bytes: Uint8Array, withSymbols: boolean): ElfFile {
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new Unreadable('not-an-elf', 'not an ELF file: the first four bytes are not 7f 45 4c 46')
  }
  if (bytes.length < 20)
    throw new Unreadable('truncated', `truncated: ${bytes.length} bytes are less than an ELF header`)
  const bits = bytes[4] === 2 ? 64 : bytes[4] === 1 ? 32 : undefined
  if (bits === undefined)
    throw new Unreadable('bad-elf', `e_ident[EI_CLASS] is ${bytes[4]}; 1 (ELF32) or 2 (ELF64) expected`)
  if (bytes[5] !== 1) throw new Unreadable('unsupported-elf', 'big-endian ELF files are not x86 images')
  const headerBytes = bits === 64 ? 64 : 52
  if (bytes.length < headerBytes) {
    throw new Unreadable(
      'truncated',
      `truncated: ${bytes.length} bytes are less than the ${headerBytes}-byte ELF header`,
    )
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const u16 = (offset: number) => view.getUint16(offset, true)
  const u32 = (offset: number) => view.getUint32(offset, true)
  const u64 = (offset: number) => view.getBigUint64(offset, true)
  const word = (offset: number) => (bits === 64 ? u64(offset) : BigInt(u32(offset)))
  const wordBytes = bits / 8

  const small = (value: bigint, field: string): number => {
    if (value > 0xffff_ffff_ffffn) throw new Unreadable('bad-elf', `${field} is ${value}, larger than any file`)
    return Number(value)
  }
  const inFile = (offset: number, size: number, what: string): void => {
    if (offset + size > bytes.length) {
      throw new Unreadable(
        'truncated',
        `truncated: ${what} ends at byte ${offset + size}, the file has ${bytes.length}`,
      )
    }
  }

  const type = u16(16)
  const machine = u16(18)
  const entry = word(24)
  const tables = 24 + wordBytes
  const segmentOffset = small(word(tables), 'e_phoff')
  const sectionOffset = small(word(tables + wordBytes), 'e_shoff')
  const rest = tables + 2 * wordBytes
  const flags = u32(rest)
  const segmentSize = u16(rest + 6)
  const segmentCount = u16(rest + 8)
  const sectionSize = u16(rest + 10)
  const sectionCount = sectionOffset === 0 ? 0 : u16(rest + 12)
  const nameIndex = u16(rest + 14)

  const segments: ElfSegment[] = []
  if (segmentCount > 0) {
    const least = bits === 64 ? 56 : 32
    if (segmentSize < least)
      throw new Unreadable('bad-elf', `e_phentsize is ${segmentSize}, at least ${least} expected`)
    inFile(segmentOffset, segmentSize * segmentCount, 'the program header table')
  }
  for (let i = 0; i < segmentCount; i++) {
    const at = segmentOffset + i * segmentSize
    const segment: ElfSegment =
      bits === 64
        ? {
            type: u32(at),
            flags: u32(at + 4),
            offset: small(u64(at + 8), `program header ${i}: p_offset`),
            virtualAddress: u64(at + 16),
            physicalAddress: u64(at + 24),
            fileBytes: small(u64(at + 32), `program header ${i}: p_filesz`),
            memoryBytes: small(u64(at + 40), `program header ${i}: p_memsz`),
            align: u64(at + 48),
          }
        : {
            type: u32(at),
            flags: u32(at + 24),
            offset: u32(at + 4),
            virtualAddress: BigInt(u32(at + 8)),
            physicalAddress: BigInt(u32(at + 12)),
            fileBytes: u32(at + 16),
            memoryBytes: u32(at + 20),
            align: BigInt(u32(at + 28)),
          }
    if (segment.type === PT_LOAD || segment.type === PT_NOTE) {
      inFile(segment.offset, segment.fileBytes, `segment ${i}`)
      if (segment.type === PT_LOAD && segment.fileBytes > segment.memoryBytes) {
        throw new Unreadable(
          'bad-elf',
          `segment ${i}: p_filesz ${segment.fileBytes} is larger than p_memsz ${segment.memoryBytes}`,
        )
      }
    }
    segments.push(segment)
  }

  const headers: Omit<ElfSection, 'name'>[] = []
  const names: number[] = []
  if (sectionCount > 0) {
    const least = bits === 64 ? 64 : 40
    if (sectionSize < least)
      throw new Unreadable('bad-elf', `e_shentsize is ${sectionSize}, at least ${least} expected`)
    inFile(sectionOffset, sectionSize * sectionCount, 'the section header table')
  }
  for (let i = 0; i < sectionCount; i++) {
    const at = sectionOffset + i * sectionSize
    const label = `section ${i}`
    names.push(u32(at))
    const header: Omit<ElfSection, 'name'> =
      bits === 64
        ? {
            index: i,
            type: u32(at + 4),
            flags: small(u64(at + 8), `${label}: sh_flags`),
            address: u64(at + 16),
            offset: small(u64(at + 24), `${label}: sh_offset`),
            size: small(u64(at + 32), `${label}: sh_size`),
            link: u32(at + 40),
            info: u32(at + 44),
            align: small(u64(at + 48), `${label}: sh_addralign`),
            entrySize: small(u64(at + 56), `${label}: sh_entsize`),
          }
        : {
            index: i,
            type: u32(at + 4),
            flags: u32(at + 8),
            address: BigInt(u32(at + 12)),
            offset: u32(at + 16),
            size: u32(at + 20),
            link: u32(at + 24),
            info: u32(at + 28),
            align: u32(at + 32),
            entrySize: u32(at + 36),
          }
    if (header.type !== SHT_NOBITS && header.type !== 0) inFile(header.offset, header.size, label)
    headers.push(header)
  }
  const stringAt = (table: Omit<ElfSection, 'name'> | undefined, offset: number, what: string): string => {
    if (table === undefined || table.type !== SHT_STRTAB)
      throw new Unreadable('bad-elf', `${what}: its string table is missing`)
    if (offset >= table.size && !(offset === 0 && table.size === 0)) {
      throw new Unreadable('bad-elf', `${what}: name offset ${offset} is outside of its string table`)
    }
    let text = ''
    for (let at = table.offset + offset; at < table.offset + table.size; at++) {
      const byte = bytes[at] as number
      if (byte === 0) return text
      text += String.fromCharCode(byte)
    }
    if (table.size === 0) return ''
    throw new Unreadable('bad-elf', `${what}: its name is not terminated`)
  }
  const sections: ElfSection[] = headers.map((header, i) => ({
    ...header,
    name: i === 0 ? '' : stringAt(headers[nameIndex], names[i] as number, `section ${i}`),
  }))

  const symbols: ElfSymbol[] = []
  const table = withSymbols ? sections.find((section) => section.type === SHT_SYMTAB) : undefined
  if (table !== undefined) {
    const size = bits === 64 ? 24 : 16
    const count = Math.floor(table.size / size)
    for (let i = 0; i < count; i++) {
      const at = table.offset + i * size
      const info = bytes[at + (bits === 64 ? 4 : 12)] as number
      symbols.push({
        index: i,
        name: stringAt(headers[table.link], u32(at), `symbol ${i}`),
        value: bits === 64 ? u64(at + 8) : BigInt(u32(at + 4)),
        size: bits === 64 ? small(u64(at + 16), `symbol ${i}: st_size`) : u32(at + 8),
        type: info & 15,
        binding: info >> 4,
        section: u16(at + (bits === 64 ? 6 : 14)),
      })
    }
  }
  return { bytes, bits, type, machine, entry, flags, segments, sections, symbols }
}

/** The bytes of a section in the file; empty for SHT_NOBITS. A view, not a copy. */
export function sectionBytes(elf: ElfFile, section: ElfSection): Uint8Array {
  if (section.type === SHT_NOBITS) return new Uint8Array(0)
  return elf.bytes.subarray(section.offset, section.offset + section.size)
}

/** The first section of a name. */
export function findSection(elf: ElfFile, name: string): ElfSection | undefined {
  return elf.sections.find((section) => section.name === name)
}

/** The entries of a SHT_RELA section of an ELF64 file. */
export function relocations(elf: ElfFile, section: ElfSection): ElfRelocation[] {
  const data = sectionBytes(elf, section)
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const list: ElfRelocation[] = []
  for (let at = 0; at + 24 <= data.length; at += 24) {
    list.push({
      offset: view.getBigUint64(at, true),
      type: view.getUint32(at + 8, true),
      symbol: view.getUint32(at + 12, true),
      addend: view.getBigInt64(at + 16, true),
    })
  }
  return list
}

/** All notes in PT_NOTE segments, or in SHT_NOTE sections where there are no segments (objects). */
export function notes(elf: ElfFile): ElfNote[] {
  const areas = elf.segments
    .filter((segment) => segment.type === PT_NOTE)
    .map((segment) => elf.bytes.subarray(segment.offset, segment.offset + segment.fileBytes))
  if (areas.length === 0) {
    for (const section of elf.sections) if (section.type === SHT_NOTE) areas.push(sectionBytes(elf, section))
  }
  const list: ElfNote[] = []
  for (const area of areas) {
    const view = new DataView(area.buffer, area.byteOffset, area.byteLength)
    let at = 0
    while (at + 12 <= area.length) {
      const nameBytes = view.getUint32(at, true)
      const descriptionBytes = view.getUint32(at + 4, true)
      const type = view.getUint32(at + 8, true)
      const nameAt = at + 12
      const descriptionAt = nameAt + ((nameBytes + 3) & ~3)
      if (descriptionAt + descriptionBytes > area.length) break
      let name = ''
      for (let i = 0; i < nameBytes - 1; i++) name += String.fromCharCode(area[nameAt + i] as number)
      list.push({ name, type, description: area.subarray(descriptionAt, descriptionAt + descriptionBytes) })
      at = descriptionAt + ((descriptionBytes + 3) & ~3)
    }
  }
  return list
}

/** XEN_ELFNOTE_PHYS32_ENTRY: the 32-bit physical entry point of a PVH image. Source: Xen's elfnote.h, QEMU's load_elfboot. */
export const XEN_ELFNOTE_PHYS32_ENTRY = 18

/** The PVH entry point, or undefined when the image carries no PVH note. */
export function pvhEntry(elf: ElfFile): number | undefined {
  const note = notes(elf).find((one) => one.name === 'Xen' && one.type === XEN_ELFNOTE_PHYS32_ENTRY)
  if (note === undefined || note.description.length < 4) return undefined
  const view = new DataView(note.description.buffer, note.description.byteOffset, note.description.byteLength)
  return view.getUint32(0, true)
}

const NT_GNU_BUILD_ID = 3

/** The GNU build-id in lower-case hexadecimal, or undefined. */
export function buildId(elf: ElfFile): string | undefined {
  const note = notes(elf).find((one) => one.name === 'GNU' && one.type === NT_GNU_BUILD_ID)
  if (note === undefined) return undefined
  return Array.from(note.description, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A copy of what a loadable segment puts at a virtual address; undefined where the file holds nothing for part of it. */
export function loadedBytes(elf: ElfFile, address: bigint, length: number): Uint8Array | undefined {
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD) continue
    const offset = address - segment.virtualAddress
    if (offset >= 0n && offset + BigInt(length) <= BigInt(segment.fileBytes)) {
      const start = segment.offset + Number(offset)
      return elf.bytes.slice(start, start + length)
    }
  }
  return undefined
}
