// Turns a linked patch module into one that may name symbols the kernel does not export.
//
// A patch is written as if it stood inside the kernel: it calls static functions and reads static data. An ordinary
// module cannot: the loader resolves exported symbols only. So each undefined symbol that is not exported becomes
// `.klp.sym.<object>.<name>,<sympos>` with section index SHN_LIVEPATCH, and every relocation against it moves from
// `.rela.<section>` to `.klp.rela.<object>.<section>`, which the guest's livepatch core applies when the object is
// there (Linux: Documentation/livepatch/module-elf-format.rst).
//
// Promises: a symbol is converted only if the kernel has it exactly once, or the author said which one is meant with
// KLP_RELOC_SYMBOL (a record `object\0name\0position\0` in the section .klp.relocs, which is removed here).
// Must not know how the object was made (gcc or the assembler).
import { accept, didYouMean, refuse } from '../base/index.js'
import {
  isUndefined,
  type ObjectFile,
  type ObjectRelocation,
  type ObjectSymbol,
  SHF_ALLOC,
  SHF_RELA_LIVEPATCH,
  SHN_LIVEPATCH,
} from '../format/index.js'
import type { KernelFacts } from './kernel-facts.js'
import type { PatchResult } from './refusal.js'

export interface ConvertedSymbol {
  readonly object: string
  readonly name: string
  readonly position: number
}

/** What `.klp.sym.<object>.<symbol>,<position>` names; undefined for a name of another form. */
export function parseLivepatchSymbol(text: string): ConvertedSymbol | undefined {
  const match = /^\.klp\.sym\.([^.]+)\.(.+),(\d+)$/.exec(text)
  return match ? { object: match[1] ?? '', name: match[2] ?? '', position: Number(match[3]) } : undefined
}

/** The symbols that were converted, or had the form already. Edits `object` in place. */
export function convertLivepatchSymbols(
  object: ObjectFile,
  kernel: KernelFacts,
): PatchResult<readonly ConvertedSymbol[]> {
  const stated = takeStatedSymbols(object)
  const converted: ConvertedSymbol[] = []
  const target = new Map<ObjectSymbol, ConvertedSymbol>()
  for (const symbol of object.symbols) {
    const named = symbol.section === SHN_LIVEPATCH ? parseLivepatchSymbol(symbol.name) : undefined
    if (named) {
      converted.push(named)
      target.set(symbol, named)
    }
    if (!isUndefined(symbol)) continue
    const said = stated.get(symbol.name)
    if (!said && kernel.exports.has(symbol.name)) continue
    const choice = said ?? { object: 'vmlinux', name: symbol.name, position: 0 }
    if (choice.object === 'vmlinux') {
      const places = kernel.symbols.get(symbol.name)?.length ?? 0
      if (places === 0) {
        return refuse(
          'unknown-symbol',
          `the patch refers to ${symbol.name}, which kernel ${kernel.buildId} does not have`,
          didYouMean(symbol.name, kernel.symbols.keys()) ||
            'Name a symbol of that kernel, as its /proc/kallsyms lists it.',
          {
            symbol: symbol.name,
          },
        )
      }
      if (places > 1 && choice.position === 0) {
        return refuse(
          'ambiguous-symbol',
          `${symbol.name} is there ${places} times in kernel ${kernel.buildId}`,
          `Say which one with KLP_RELOC_SYMBOL(vmlinux, ${symbol.name}, 1..${places}).`,
          { symbol: symbol.name },
        )
      }
      if (choice.position > places) {
        return refuse(
          'unknown-symbol',
          `${symbol.name},${choice.position} is meant, but there are only ${places} in kernel ${kernel.buildId}`,
          'Name a symbol of that kernel, as its /proc/kallsyms lists it.',
          {
            symbol: symbol.name,
          },
        )
      }
    }
    converted.push(choice)
    target.set(symbol, choice)
    symbol.name = `.klp.sym.${choice.object}.${choice.name},${choice.position}`
    symbol.section = SHN_LIVEPATCH
  }
  for (const section of object.sections) {
    const moved = new Map<string, ObjectRelocation[]>()
    for (const group of section.relocations) {
      group.entries = group.entries.filter((entry) => {
        const choice = target.get(entry.symbol)
        if (!choice) return true
        const list = moved.get(choice.object) ?? []
        list.push(entry)
        moved.set(choice.object, list)
        return false
      })
    }
    section.relocations = section.relocations.filter((group) => group.entries.length > 0)
    for (const [name, entries] of moved) {
      section.relocations.push({
        name: `.klp.rela.${name}.${section.name}`,
        flags: SHF_RELA_LIVEPATCH | SHF_ALLOC,
        entries,
      })
    }
  }
  return accept(converted)
}

/** Reads and removes the section .klp.relocs. */
function takeStatedSymbols(object: ObjectFile): Map<string, ConvertedSymbol> {
  const stated = new Map<string, ConvertedSymbol>()
  for (const section of object.sections.filter((one) => one.name === '.klp.relocs')) {
    const words = Array.from(section.data, (byte) => String.fromCharCode(byte))
      .join('')
      .split('\0')
    for (let i = 0; i + 2 < words.length; i += 3) {
      const [owner, name, position] = [words[i] ?? '', words[i + 1] ?? '', Number(words[i + 2])]
      stated.set(name, { object: owner, name, position })
    }
    object.sections.splice(object.sections.indexOf(section), 1)
    object.symbols = object.symbols.filter((symbol) => symbol.section !== section)
  }
  return stated
}
