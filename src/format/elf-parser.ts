// ELF64 and ELF32 little-endian images and relocatable objects: bytes -> values. Every count and offset is checked
// against the file before it is used, so a truncated or hostile file yields a refusal that names the field, never an
// exception from deep inside.

import { accept, type Result, refuse, requireKind } from '../base/index.js'
import {
  type ElfFile,
  type ElfSection,
  type ElfSegment,
  type ElfSymbol,
  PT_LOAD,
  PT_NOTE,
  SHT_NOBITS,
  SHT_STRTAB,
  SHT_SYMTAB,
} from './elf.js'

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
  requireKind('bytes', bytes, 'bytes')
  try {
    return accept(new Parser(bytes, checkIdentity(bytes)).parse(parts === 'all'))
  } catch (error) {
    if (error instanceof Unreadable) return refuse(error.code, error.message, hints[error.code])
    throw error
  }
}

/** Word size of a file whose header is all there. */
function checkIdentity(bytes: Uint8Array): 32 | 64 {
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new Unreadable('not-an-elf', 'not an ELF file: the first four bytes are not 7f 45 4c 46')
  }
  if (bytes.length < 20) {
    throw new Unreadable('truncated', `truncated: ${bytes.length} bytes are less than an ELF header`)
  }
  const bits = bytes[4] === 2 ? 64 : bytes[4] === 1 ? 32 : undefined
  if (bits === undefined) {
    throw new Unreadable('bad-elf', `e_ident[EI_CLASS] is ${bytes[4]}; 1 (ELF32) or 2 (ELF64) expected`)
  }
  if (bytes[5] !== 1) throw new Unreadable('unsupported-elf', 'big-endian ELF files are not x86 images')
  const least = bits === 64 ? 64 : 52
  if (bytes.length < least) {
    throw new Unreadable('truncated', `truncated: ${bytes.length} bytes are less than the ${least}-byte ELF header`)
  }
  return bits
}

type SectionHeader = Omit<ElfSection, 'name'>

class Parser {
  private readonly bytes: Uint8Array
  private readonly bits: 32 | 64
  private readonly view: DataView

  constructor(bytes: Uint8Array, bits: 32 | 64) {
    this.bytes = bytes
    this.bits = bits
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  parse(withSymbols: boolean): ElfFile {
    const { bytes, bits } = this
    const wordBytes = bits / 8
    const tables = 24 + wordBytes
    const rest = tables + 2 * wordBytes
    const sectionOffset = this.fit(this.word(tables + wordBytes), 'e_shoff')
    const sectionCount = sectionOffset === 0 ? 0 : this.u16(rest + 12)
    const segments = this.segments(this.fit(this.word(tables), 'e_phoff'), this.u16(rest + 6), this.u16(rest + 8))
    const sections = this.sections(sectionOffset, this.u16(rest + 10), sectionCount, this.u16(rest + 14))
    return {
      ...{ bytes, bits, type: this.u16(16), machine: this.u16(18), entry: this.word(24), flags: this.u32(rest) },
      ...{ segments, sections, symbols: withSymbols ? this.symbols(sections) : [] },
    }
  }

  private u16(offset: number): number {
    return this.view.getUint16(offset, true)
  }

  private u32(offset: number): number {
    return this.view.getUint32(offset, true)
  }

  private u64(offset: number): bigint {
    return this.view.getBigUint64(offset, true)
  }

  private word(offset: number): bigint {
    return this.bits === 64 ? this.u64(offset) : BigInt(this.u32(offset))
  }

  /** A number that may be an offset or a size. */
  private fit(value: bigint, field: string): number {
    if (value > 0xffff_ffff_ffffn) throw new Unreadable('bad-elf', `${field} is ${value}, larger than any file`)
    return Number(value)
  }

  private requireInFile(offset: number, size: number, what: string): void {
    if (offset + size <= this.bytes.length) return
    const end = offset + size
    throw new Unreadable('truncated', `truncated: ${what} ends at byte ${end}, the file has ${this.bytes.length}`)
  }

  private segments(offset: number, size: number, count: number): ElfSegment[] {
    if (count === 0) return []
    const least = this.bits === 64 ? 56 : 32
    if (size < least) throw new Unreadable('bad-elf', `e_phentsize is ${size}, at least ${least} expected`)
    this.requireInFile(offset, size * count, 'the program header table')
    return Array.from({ length: count }, (_, i) => {
      const segment = this.segment(offset + i * size, i)
      if (segment.type !== PT_LOAD && segment.type !== PT_NOTE) return segment
      this.requireInFile(segment.offset, segment.fileBytes, `segment ${i}`)
      if (segment.type === PT_LOAD && segment.fileBytes > segment.memoryBytes) {
        const { fileBytes, memoryBytes } = segment
        throw new Unreadable('bad-elf', `segment ${i}: p_filesz ${fileBytes} is larger than p_memsz ${memoryBytes}`)
      }
      return segment
    })
  }

  private segment(at: number, i: number): ElfSegment {
    if (this.bits === 64) {
      return {
        type: this.u32(at),
        flags: this.u32(at + 4),
        offset: this.fit(this.u64(at + 8), `program header ${i}: p_offset`),
        virtualAddress: this.u64(at + 16),
        physicalAddress: this.u64(at + 24),
        fileBytes: this.fit(this.u64(at + 32), `program header ${i}: p_filesz`),
        memoryBytes: this.fit(this.u64(at + 40), `program header ${i}: p_memsz`),
        align: this.u64(at + 48),
      }
    }
    return {
      type: this.u32(at),
      flags: this.u32(at + 24),
      offset: this.u32(at + 4),
      virtualAddress: BigInt(this.u32(at + 8)),
      physicalAddress: BigInt(this.u32(at + 12)),
      fileBytes: this.u32(at + 16),
      memoryBytes: this.u32(at + 20),
      align: BigInt(this.u32(at + 28)),
    }
  }

  private sections(offset: number, size: number, count: number, nameTable: number): ElfSection[] {
    if (count === 0) return []
    const least = this.bits === 64 ? 64 : 40
    if (size < least) throw new Unreadable('bad-elf', `e_shentsize is ${size}, at least ${least} expected`)
    this.requireInFile(offset, size * count, 'the section header table')
    const headers = Array.from({ length: count }, (_, i) => {
      const header = this.sectionHeader(offset + i * size, i)
      if (header.type !== SHT_NOBITS && header.type !== 0) {
        this.requireInFile(header.offset, header.size, `section ${i}`)
      }
      return header
    })
    return headers.map((header, i) => ({
      ...header,
      name: i === 0 ? '' : this.string(headers[nameTable], this.u32(offset + i * size), `section ${i}`),
    }))
  }

  private sectionHeader(at: number, index: number): SectionHeader {
    const type = this.u32(at + 4)
    if (this.bits === 64) {
      return {
        ...{ index, type, flags: this.fit(this.u64(at + 8), `section ${index}: sh_flags`) },
        address: this.u64(at + 16),
        offset: this.fit(this.u64(at + 24), `section ${index}: sh_offset`),
        size: this.fit(this.u64(at + 32), `section ${index}: sh_size`),
        ...{ link: this.u32(at + 40), info: this.u32(at + 44) },
        align: this.fit(this.u64(at + 48), `section ${index}: sh_addralign`),
        entrySize: this.fit(this.u64(at + 56), `section ${index}: sh_entsize`),
      }
    }
    return {
      ...{ index, type, flags: this.u32(at + 8), address: BigInt(this.u32(at + 12)) },
      ...{ offset: this.u32(at + 16), size: this.u32(at + 20), link: this.u32(at + 24), info: this.u32(at + 28) },
      ...{ align: this.u32(at + 32), entrySize: this.u32(at + 36) },
    }
  }

  private symbols(sections: readonly ElfSection[]): ElfSymbol[] {
    const table = sections.find((section) => section.type === SHT_SYMTAB)
    if (table === undefined) return []
    const wide = this.bits === 64
    const size = wide ? 24 : 16
    return Array.from({ length: Math.floor(table.size / size) }, (_, index) => {
      const at = table.offset + index * size
      const info = this.bytes[at + (wide ? 4 : 12)] as number
      return {
        index,
        name: this.string(sections[table.link], this.u32(at), `symbol ${index}`),
        value: wide ? this.u64(at + 8) : BigInt(this.u32(at + 4)),
        size: wide ? this.fit(this.u64(at + 16), `symbol ${index}: st_size`) : this.u32(at + 8),
        type: info & 15,
        binding: info >> 4,
        section: this.u16(at + (wide ? 6 : 14)),
      }
    })
  }

  private string(table: SectionHeader | undefined, offset: number, what: string): string {
    if (table === undefined || table.type !== SHT_STRTAB) {
      throw new Unreadable('bad-elf', `${what}: its string table is missing`)
    }
    if (offset >= table.size && !(offset === 0 && table.size === 0)) {
      throw new Unreadable('bad-elf', `${what}: name offset ${offset} is outside of its string table`)
    }
    let text = ''
    for (let at = table.offset + offset; at < table.offset + table.size; at++) {
      const byte = this.bytes[at] as number
      if (byte === 0) return text
      text += String.fromCharCode(byte)
    }
    if (table.size === 0) return ''
    throw new Unreadable('bad-elf', `${what}: its name is not terminated`)
  }
}
