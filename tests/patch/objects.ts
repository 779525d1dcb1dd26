// Small objects and kernels that the patch room's tests are made of.
import { virtAddr } from '../../src/base/index.js'
import {
  addRelocation,
  createSection,
  type ObjectFile,
  type ObjectSymbol,
  R_X86_64_PLT32,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHN_UNDEF,
  SHT_PROGBITS,
  STB_GLOBAL,
  STT_NOTYPE,
} from '../../src/format/index.js'
import type { KernelSymbol } from '../../src/guest/index.js'
import { type KernelFacts, readKernelFacts } from '../../src/patch/index.js'
import { read } from '../lab/images.js'

/** The layout that the shipped kernel tells. */
export function scionLayout(): KernelFacts['layout'] {
  const facts = readKernelFacts(read('images/built/scion-1.0.elf'))
  if (!facts.ok) throw new Error(facts.message)
  return facts.value.layout
}

/** A kernel with these symbols, each at the addresses given; `entries` are patchable. */
export function kernelWith(
  symbols: Readonly<Record<string, readonly bigint[]>>,
  { exports = [], entries = [] }: { exports?: readonly string[]; entries?: readonly bigint[] } = {},
): KernelFacts {
  const all = Object.entries(symbols).map(([name, addresses]): [string, KernelSymbol[]] => [
    name,
    addresses.map((address, i) => ({ name, address: virtAddr(address), size: 16 + i, isFunction: true })),
  ])
  return {
    buildId: 'aa55',
    vermagic: '1.0.0-scion build-id=aa55',
    exports: new Set(exports),
    symbols: new Map(all),
    patchableEntries: entries,
    layout: scionLayout(),
    readBytes: () => undefined,
  }
}

/** An object whose .text and .data each call or name these undefined symbols, one relocation each, in order. */
export function objectNaming(names: readonly string[]): { object: ObjectFile; symbols: ObjectSymbol[] } {
  const symbols = names.map(
    (name): ObjectSymbol => ({ name, value: 0n, size: 0, type: STT_NOTYPE, binding: STB_GLOBAL, section: SHN_UNDEF }),
  )
  const sections = ['.text', '.data'].map((name) =>
    createSection(name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16, new Uint8Array(64)),
  )
  for (const section of sections)
    symbols.forEach((symbol, i) => {
      addRelocation(section, { offset: 4 * i, type: R_X86_64_PLT32, symbol, addend: -4n })
    })
  return { object: { sections, symbols: [...symbols] }, symbols }
}
