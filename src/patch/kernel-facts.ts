// What a patch has to know of the kernel it is for, read from the kernel's own ELF file: its build-id, its exported
// symbols, every symbol of kallsyms by name, the patchable entries (__mcount_loc), and the bytes at an address.
// Knows the file only; what the running guest looks like is the room guest's matter.
import { accept, refuse, virtAddr } from '../base/index.js'
import {
  buildId,
  type ElfFile,
  findSection,
  inKallsyms,
  loadedBytes,
  parseBtf,
  parseElf,
  SHN_UNDEF,
  STT_FUNC,
  sectionBytes,
} from '../format/index.js'
import type { KernelSymbol } from '../guest/index.js'
import { type ModuleLayout, readModuleLayout } from './module-layout.js'
import type { PatchResult } from './refusal.js'

/** What a patch has to know of its kernel. */
export interface KernelFacts {
  readonly buildId: string
  /** `uname -r`, as the kernel's vermagic has it. */
  readonly vermagic: string
  readonly exports: ReadonlySet<string>
  /** Addresses by name, in the order kallsyms (and so sympos) counts them. */
  readonly symbols: ReadonlyMap<string, readonly KernelSymbol[]>
  /** Addresses of the 5-byte NOPs at function entries, ascending. */
  readonly patchableEntries: readonly bigint[]
  /** Of the structures that a module carries. */
  readonly layout: ModuleLayout
  /** The `length` bytes that the image holds at a virtual `address`; undefined where it holds none for part of it. */
  readBytes(address: bigint, length: number): Uint8Array | undefined
}

const exportPrefix = '__ksymtab_'

/**
 * Reads build-id, exports, symbols and patchable entries from a kernel's ELF file. Refuses what is none ('not-an-elf', 'truncated'), or
 * has no build-id or types ('wrong-kind'). Throws KERNEL_NO_FIELD for types without modules or live patches.
 */
export function readKernelFacts(bytes: Uint8Array): PatchResult<KernelFacts> {
  const parsed = parseElf(bytes)
  if (!parsed.ok)
    return refuse(
      parsed.code === 'truncated' ? 'truncated' : 'not-an-elf',
      `kernel image: ${parsed.message}`,
      parsed.hint,
    )
  const elf = parsed.value
  const id = buildId(elf)
  if (id === undefined) return refuse('wrong-kind', 'kernel image: no build-id note', 'Link it with --build-id=sha1.')
  const types = findSection(elf, '.BTF')
  const btf = types && parseBtf(sectionBytes(elf, types))
  if (btf?.ok !== true) return refuse('wrong-kind', 'kernel image: no types (.BTF section)', 'Compile it with -gbtf.')
  const exports = new Set<string>()
  const symbols = new Map<string, KernelSymbol[]>()
  for (const symbol of elf.symbols) {
    if (symbol.section !== SHN_UNDEF && symbol.name.startsWith(exportPrefix))
      exports.add(symbol.name.slice(exportPrefix.length))
    if (!inKallsyms(symbol)) continue
    const list = symbols.get(symbol.name) ?? []
    const { name, size } = symbol
    list.push({ name, address: virtAddr(symbol.value), size, isFunction: symbol.type === STT_FUNC })
    symbols.set(symbol.name, list)
  }
  for (const list of symbols.values()) list.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  const readBytes = (address: bigint, length: number) => loadedBytes(elf, address, length)
  return accept({
    buildId: id,
    vermagic: readVermagic(symbols, readBytes, id),
    exports,
    symbols,
    patchableEntries: readEntries(elf),
    layout: readModuleLayout(btf.value),
    readBytes,
  })
}

/** The kernel's `vermagic` string holds `%s` where the build-id note goes: one cannot hash one's own hash. */
function readVermagic(
  symbols: ReadonlyMap<string, readonly KernelSymbol[]>,
  readBytes: (address: bigint, length: number) => Uint8Array | undefined,
  id: string,
): string {
  const place = symbols.get('vermagic_format')?.[0]
  const data = place && readBytes(place.address, place.size)
  if (!data) return `build-id=${id}`
  const end = data.indexOf(0)
  const text = String.fromCharCode(...data.subarray(0, end < 0 ? data.length : end))
  return text.replace('%s', id)
}

function readEntries(elf: ElfFile): bigint[] {
  const start = elf.symbols.find((symbol) => symbol.name === '__start_mcount_loc')
  const stop = elf.symbols.find((symbol) => symbol.name === '__stop_mcount_loc')
  const section = findSection(elf, '__mcount_loc')
  let data: Uint8Array | undefined
  if (start && stop) data = loadedBytes(elf, start.value, Number(stop.value - start.value))
  else if (section) data = sectionBytes(elf, section)
  if (!data) return []
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const entries: bigint[] = []
  for (let at = 0; at + 8 <= data.length; at += 8) {
    const address = view.getBigUint64(at, true)
    if (address !== 0n) entries.push(address)
  }
  return entries.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
