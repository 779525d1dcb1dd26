// ELF files as values: what parseElf (elf-parser.ts) reads of one, and questions to it. Source: System V ABI, "Object Files", and the
// x86-64 psABI. Does no I/O; knows nothing of kernels, patches or machines.

/** ELF: type of the file. */
export const ET_REL = 1
/** ELF: type of the file. */
export const ET_EXEC = 2
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

/** A program header, its fields as Elf64_Phdr has them (gABI 5, p_*). */
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

/** A section header, its fields as Elf64_Shdr has them (gABI 4, sh_*), with its number and its name. */
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

/** An entry of the symbol table, as Elf64_Sym has it (gABI 4, st_*), with its number and its name. */
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

/** An entry of a relocation section, as Elf64_Rela has it (gABI 4, r_*), with the symbol by its number. */
export interface ElfRelocation {
  /** Offset in the section that `rela` section's info names (ET_REL), or an address (ET_EXEC with --emit-relocs). */
  readonly offset: bigint
  readonly type: number
  readonly symbol: number
  readonly addend: bigint
}

/** A note: owner, type and contents (gABI 5, Note Section). */
export interface ElfNote {
  readonly name: string
  readonly type: number
  readonly description: Uint8Array
}

/** An ELF file that was read: fields of its header (gABI 4, e_*), segments, sections, symbols. */
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

/** Of the notes of the owner "Scion", the one that makes an image a possible successor. Source: abi/handover.h. */
const NT_SCION_HANDOVER = 1

/** The note by which an image says that it can succeed another; its bytes are the image's own. Undefined without one. */
export function handoverNote(elf: ElfFile): ElfNote | undefined {
  return notes(elf).find((one) => one.name === 'Scion' && one.type === NT_SCION_HANDOVER)
}

/** Of the notes of the owner "Scion", the one that says how much memory the image needs. Source: images/kernel/include/abi/memory.h. */
const NT_SCION_MEMORY = 2

/**
 * The bytes of RAM, from address 0, that an image says it needs with an initrd of `initrdBytes` bytes: where its frames begin, the archive,
 * its files unpacked, and what it works with. Undefined for an image that says nothing of it.
 */
export function neededMemory(elf: ElfFile, initrdBytes: number): number | undefined {
  const note = notes(elf).find((one) => one.name === 'Scion' && one.type === NT_SCION_MEMORY)
  if (note === undefined || note.description.length < 16) return undefined
  const view = new DataView(note.description.buffer, note.description.byteOffset, note.description.byteLength)
  return Number(view.getBigUint64(0, true)) + 2 * initrdBytes + Number(view.getBigUint64(8, true))
}

const NT_GNU_BUILD_ID = 3

/** The GNU build-id in lower-case hexadecimal, or undefined. */
export function buildId(elf: ElfFile): string | undefined {
  const note = notes(elf).find((one) => one.name === 'GNU' && one.type === NT_GNU_BUILD_ID)
  if (note === undefined) return undefined
  return Array.from(note.description, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A copy of the `length` bytes that a loadable segment puts at a virtual `address`; undefined where the file holds nothing for part of it. */
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
