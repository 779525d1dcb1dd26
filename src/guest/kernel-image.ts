// A kernel image as the host knows it: symbols, types, build-id, release. Made from the ELF file alone; says nothing of
// whether or where that kernel runs (kernel-view.ts).

import { accept, type Result, refuse, type VirtAddr, virtAddr } from '../base/index.js'
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

export interface KernelSymbol {
  readonly name: string
  /** The address at which the image was linked (arena A). */
  readonly address: VirtAddr
  readonly size: number
  readonly isFunction: boolean
}

/** `symbol+offset`, as Linux prints it. */
export interface SymbolAt {
  readonly symbol: KernelSymbol
  readonly offset: number
}

export class KernelImage {
  readonly elf: ElfFile
  readonly btf: Btf
  readonly buildId: string
  readonly #byName = new Map<string, KernelSymbol>()
  readonly #functions: readonly KernelSymbol[]

  constructor(elf: ElfFile, btf: Btf, id: string) {
    this.elf = elf
    this.btf = btf
    this.buildId = id
    for (const symbol of elf.symbols) {
      if (symbol.name === '' || symbol.section === 0) continue
      const entry = {
        name: symbol.name,
        address: virtAddr(symbol.value),
        size: symbol.size,
        isFunction: symbol.type === STT_FUNC,
      }
      if (!this.#byName.has(entry.name)) this.#byName.set(entry.name, entry)
    }
    this.#functions = [...this.#byName.values()]
      .filter((symbol) => symbol.isFunction)
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  }

  symbol(name: string): KernelSymbol | undefined {
    return this.#byName.get(name)
  }

  /** The function that holds a link address. */
  functionAt(address: bigint): SymbolAt | undefined {
    let low = 0
    let high = this.#functions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const symbol = this.#functions[middle] as KernelSymbol
      if (symbol.address <= address) low = middle + 1
      else high = middle
    }
    const symbol = this.#functions[low - 1]
    if (symbol === undefined) return undefined
    const offset = Number(address - symbol.address)
    return offset < Math.max(symbol.size, 1) ? { symbol, offset } : undefined
  }
}

export type ImageRefusal =
  | 'not-an-elf'
  | 'truncated'
  | 'unsupported-elf'
  | 'bad-elf'
  | 'no-symbols'
  | 'no-btf'
  | 'no-build-id'

/** Reads a Scion image. Refuses a file that lacks what the host needs to look into the running kernel. */
export function readKernelImage(bytes: Uint8Array): Result<KernelImage, ImageRefusal> {
  const parsed = parseElf(bytes)
  if (!parsed.ok) return refuse(parsed.code, parsed.message, 'Give an ELF64 kernel image, as images/built holds them.')
  const { elf } = parsed
  if (elf.symbols.length === 0) {
    return refuse('no-symbols', 'the image has no symbol table', 'Build it without stripping its .symtab.')
  }
  const id = buildId(elf)
  if (id === undefined) return refuse('no-build-id', 'the image has no build-id note', 'Link it with --build-id=sha1.')
  const section = findSection(elf, '.BTF')
  const btf = section === undefined ? undefined : parseBtf(sectionBytes(elf, section))
  if (btf === undefined) return refuse('no-btf', 'the image has no .BTF section', 'Compile it with -gbtf.')
  if (!btf.ok) return refuse('no-btf', btf.message, 'Compile it with -gbtf.')
  return accept(new KernelImage(elf, btf.btf, id))
}
