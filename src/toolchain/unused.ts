// Finds the functions of the kernel that nothing reaches: not from the entry, nor from an export, a system call, an initcall or
// another record that the linker script keeps. Reads the objects' relocations, so a call that the compiler has folded away is none.
//
// A global function is a node of its own. Calls of a file's static functions leave no relocation, so these and the file's data are one
// node that is reached with any symbol of the file: what is listed is surely unused, and gcc itself names the static ones.

import { readFileSync } from 'node:fs'
import { panic } from '../base/index.js'
import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  parseElf,
  relocations,
  SHF_EXECINSTR,
  SHN_UNDEF,
  SHT_RELA,
  STB_LOCAL,
  STT_FUNC,
} from '../format/index.js'

/** A function by its name, and the path of the object that defines it. */
export interface UnusedFunction {
  readonly name: string
  readonly object: string
}

/** Kept for what they record, not because they use it: where functions begin, and how they are named. */
const MENTIONS_ALL = new Set(['__mcount_loc', '.eh_frame', '.BTF'])
/** Sections of data that belong to their file; all others are records that the linker script keeps. */
const ORDINARY = /^\.(text|rodata|data|bss)(\.|$)/
const ROOT = '\0'

class Graph {
  readonly functions = new Map<string, string>()
  private readonly edges = new Map<string, Set<string>>()

  add(from: string, to: string): void {
    const known = this.edges.get(from)
    if (known) known.add(to)
    else this.edges.set(from, new Set([to]))
  }

  reached(): Set<string> {
    const reached = new Set<string>()
    const open = [ROOT]
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (reached.has(node)) continue
      reached.add(node)
      open.push(...(this.edges.get(node) ?? []))
    }
    return reached
  }
}

/** Adds one object's functions and references to the graph. */
function addObject(graph: Graph, path: string): void {
  const parsed = parseElf(new Uint8Array(readFileSync(path)))
  if (!parsed.ok) panic(`${path}: ${parsed.message}`)
  const elf = parsed.value
  const rest = `${path}\0`
  const nodeOf = (symbol: ElfSymbol): string => (symbol.binding === STB_LOCAL ? rest : symbol.name)
  const defined = elf.symbols.filter((symbol) => symbol.section !== SHN_UNDEF)
  const functions = defined.filter((symbol) => symbol.type === STT_FUNC)
  for (const symbol of functions) if (symbol.binding !== STB_LOCAL) graph.functions.set(symbol.name, path)
  for (const symbol of defined) graph.add(nodeOf(symbol), rest)
  for (const [section, target] of relocated(elf)) {
    const code = (target.flags & SHF_EXECINSTR) !== 0
    const elsewhere = !code && ORDINARY.test(target.name) ? rest : ROOT
    for (const { offset, symbol } of relocations(elf, section)) {
      const inside = functions.find(
        (one) => one.section === target.index && offset >= one.value && offset < one.value + BigInt(one.size),
      )
      const to = elf.symbols[symbol]
      if (to) graph.add(inside ? nodeOf(inside) : elsewhere, nodeOf(to))
    }
  }
}

/** The sections of relocations that are uses, each with the section it is for. */
function relocated(elf: ElfFile): [ElfSection, ElfSection][] {
  return elf.sections.flatMap((section): [ElfSection, ElfSection][] => {
    const target = elf.sections[section.info]
    return section.type !== SHT_RELA || !target || MENTIONS_ALL.has(target.name) ? [] : [[section, target]]
  })
}

/** The global functions in `objects` (paths) that nothing reaches from `roots` (names), by object and name. Throws what `parseElf` throws. */
export function unusedFunctions(objects: readonly string[], roots: readonly string[]): UnusedFunction[] {
  const graph = new Graph()
  for (const root of roots) graph.add(ROOT, root)
  for (const object of objects) addObject(graph, object)
  const reached = graph.reached()
  return [...graph.functions]
    .filter(([name]) => !reached.has(name))
    .map(([name, object]) => ({ name, object }))
    .sort((a, b) => (a.object + a.name < b.object + b.name ? -1 : 1))
}
