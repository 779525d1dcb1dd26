// A kernel image as the host knows it: symbols, types, build-id, release. Made from the ELF file alone; says nothing of
// whether or where that kernel runs (kernel-view.ts).

import { accept, type Result, refuse, virtAddr } from '../base/index.js'
import {
  type Btf,
  buildId,
  type ElfFile,
  findSection,
  parseBtf,
  parseElf,
  STT_FUNC,
  sectionBytes,
} from '../format/index.js'
import { SymbolTable } from './symbols.js'

/** Symbols, types and build-id of a kernel's ELF file. */
export class KernelImage extends SymbolTable {
  readonly elf: ElfFile
  readonly btf: Btf
  readonly buildId: string

  /** Symbols have the addresses at which the image was linked. */
  constructor(elf: ElfFile, btf: Btf, id: string) {
    super(
      elf.symbols
        .filter((symbol) => symbol.name !== '' && symbol.section !== 0)
        .map(({ name, value, size, type }) => ({
          name,
          address: virtAddr(value),
          size,
          isFunction: type === STT_FUNC,
        })),
    )
    this.elf = elf
    this.btf = btf
    this.buildId = id
  }
}

/** Why a kernel image cannot be read. */
export type ImageRefusal =
  | 'not-an-elf'
  | 'truncated'
  | 'unsupported-elf'
  | 'bad-elf'
  | 'no-symbols'
  | 'no-btf'
  | 'no-build-id'

/**
 * Reads a Scion image. Refuses a file that lacks what the host needs to look into the running kernel: an ELF file that can be read,
 * symbols ('no-symbols'), a build-id ('no-build-id'), types ('no-btf').
 */
export function readKernelImage(bytes: Uint8Array): Result<KernelImage, ImageRefusal> {
  const parsed = parseElf(bytes)
  if (!parsed.ok) return refuse(parsed.code, parsed.message, 'Give an ELF64 kernel image, as images/built holds them.')
  const elf = parsed.value
  if (elf.symbols.length === 0) {
    return refuse('no-symbols', 'the image has no symbol table', 'Build it without stripping its .symtab.')
  }
  const id = buildId(elf)
  if (id === undefined) return refuse('no-build-id', 'the image has no build-id note', 'Link it with --build-id=sha1.')
  const section = findSection(elf, '.BTF')
  const btf = section === undefined ? undefined : parseBtf(sectionBytes(elf, section))
  if (btf === undefined) return refuse('no-btf', 'the image has no .BTF section', 'Compile it with -gbtf.')
  if (!btf.ok) return refuse('no-btf', btf.message, btf.hint)
  return accept(new KernelImage(elf, btf.value, id))
}
