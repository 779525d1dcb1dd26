// What a patch has to bring along, as one relocatable object: the changed functions, and of what these refer to only what the running
// kernel does not have.
//
// - A changed or new function is copied. A call of a changed function goes to the copy; its address, where it is taken, is the running
//   kernel's, which the patch redirects: what is kept in a structure stays right when the patch is gone.
// - New variables and constants, changed constants, and literals are copied. Variables that the kernel has are used where they are.
// - All else is a symbol of the kernel: by its bare name where it is exported, else as `.klp.sym.vmlinux.<name>,<position>`.

import { accept, refuse } from '../../base/index.js'
import {
  addRelocation,
  createSection,
  type ObjectFile,
  type ObjectSection,
  type ObjectSymbol,
  R_X86_64_64,
  R_X86_64_PLT32,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_LIVEPATCH,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_PROGBITS,
  STB_GLOBAL,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
} from '../../format/index.js'
import type { PatchResult } from '../refusal.js'
import type { UnitComparison } from './compare.js'
import { newFunctionName } from './glue.js'
import type { KernelName, RunningKernel } from './running.js'
import { bytesOf, type Element, isRelative, type Reference } from './unit.js'

/** A function of the running kernel, and the one of the patch that replaces it. */
export interface Replacement {
  readonly comparison: UnitComparison
  readonly element: Element
  readonly kernel: KernelName
  /** Of the object; there is a global one at its place, by the name that the unit around the patch uses. */
  readonly symbol: ObjectSymbol
}

/** What was extracted. */
export interface Extract {
  readonly object: ObjectFile
  readonly replacements: readonly Replacement[]
  /** What the object has beside the replacements: new functions, variables, constants. */
  readonly brought: readonly Element[]
}

interface Owned {
  readonly comparison: UnitComparison
  readonly element: Element
}

/**
 * Extracts what a patch needs of the compared units. `leave`: original functions that are not replaced, since they run no more. Refuses with
 * 'unknown-symbol' and 'unknown-function'.
 */
export function extractPatch(
  comparisons: readonly UnitComparison[],
  running: RunningKernel,
  leave: (comparison: UnitComparison, original: Element) => boolean,
): PatchResult<Extract> {
  return new Extraction(comparisons, running).run(leave)
}

class Extraction {
  private readonly object: ObjectFile = { sections: [], symbols: [] }
  private readonly globals = new Map<string, Owned>()
  private readonly symbols = new Map<Element, ObjectSymbol>()
  private readonly kernelSymbols = new Map<string, ObjectSymbol>()
  private readonly open: Owned[] = []
  private readonly placed: Owned[] = []
  private readonly comparisons: readonly UnitComparison[]
  private readonly running: RunningKernel

  constructor(comparisons: readonly UnitComparison[], running: RunningKernel) {
    this.comparisons = comparisons
    this.running = running
    for (const comparison of comparisons) {
      for (const element of comparison.patched.elements) {
        if (element.isGlobal && element.kind !== 'record') this.globals.set(element.name, { comparison, element })
      }
    }
  }

  run(leave: (comparison: UnitComparison, original: Element) => boolean): PatchResult<Extract> {
    const replacements: Replacement[] = []
    for (const comparison of this.comparisons) {
      for (const [element, change] of comparison.changes) {
        if (element.kind !== 'function' || change !== 'changed' || element.parent) continue
        const original = comparison.correlation.get(element) as Element
        if (leave(comparison, original)) continue
        const kernel = comparison.original && this.running.nameOf(comparison.original, original)
        if (!kernel) return unknownFunction(comparison.path, original.name)
        replacements.push({ comparison, element, kernel, symbol: this.take({ comparison, element }) })
      }
    }
    for (let owned = this.open.shift(); owned; owned = this.open.shift()) {
      for (const reference of owned.element.references) {
        const refused = this.relocate(owned, reference)
        if (refused) return refused
      }
    }
    const replacing = new Set(replacements.map((one) => one.element))
    const brought = this.placed.map((one) => one.element).filter((one) => !replacing.has(one) && one.kind !== 'literal')
    this.publish(replacements)
    return accept({ object: this.object, replacements, brought })
  }

  /** Global symbols: what the unit around the patch refers to. */
  private publish(replacements: readonly Replacement[]): void {
    replacements.forEach(({ symbol }, i) => {
      this.object.symbols.push({ ...symbol, name: newFunctionName(i), binding: STB_GLOBAL })
    })
    for (const { element, comparison } of this.placed) {
      const symbol = this.symbols.get(element)
      if (symbol && element.isGlobal && comparison.changes.get(element) === 'new') symbol.binding = STB_GLOBAL
    }
  }

  /** Copies an element into the object, once, with the part of it that is seldom run behind it; gives its symbol. */
  private take(owned: Owned): ObjectSymbol {
    const { comparison, element } = owned
    const known = this.symbols.get(element)
    if (known) return known
    const section = this.sectionFor(element)
    const at = append(section, element)
    const symbol: ObjectSymbol = {
      name: element.kind === 'literal' ? '' : element.name,
      value: BigInt(at),
      size: element.size,
      type: element.kind === 'function' ? STT_FUNC : element.kind === 'literal' ? STT_NOTYPE : STT_OBJECT,
      binding: STB_LOCAL,
      section,
    }
    this.object.symbols.push(symbol)
    this.symbols.set(element, symbol)
    this.placed.push(owned)
    this.open.push(owned)
    const nop = comparison.patched.patchable.get(element)
    if (nop !== undefined) this.listEntry(symbol, nop)
    const part = comparison.patched.elements.find((one) => one.parent === element)
    if (part) {
      this.take({ comparison, element: part })
      // A task that sleeps in the part sleeps in the function: the kernel looks at one range for both.
      symbol.size = section.size - at
    }
    return symbol
  }

  /** Where the copy of an element refers to what its reference says. */
  private relocate(owned: Owned, reference: Reference): ReturnType<typeof unknownSymbol> | undefined {
    const { comparison, element } = owned
    const own = this.symbols.get(element) as ObjectSymbol
    const section = own.section as ObjectSection
    const symbol = this.symbolFor(owned, reference)
    if (!symbol) return unknownSymbol(comparison.path, element.name, reference.name)
    const offset = Number(own.value) + reference.offset
    addRelocation(section, { offset, type: reference.type, symbol, addend: reference.addend })
    return undefined
  }

  private symbolFor({ comparison, element: user }: Owned, reference: Reference): ObjectSymbol | undefined {
    const owned = reference.target ? { comparison, element: reference.target } : this.globals.get(reference.name)
    if (!owned) return this.kernelSymbol(this.running.nameOfGlobal(reference.name), reference.name)
    const { element } = owned
    const change = owned.comparison.changes.get(element)
    const copied = element.kind === 'literal' || change === 'new' || element.parent !== undefined
    const taken = element.kind === 'function' ? !isAddress(user, reference) : element.kind === 'constant'
    if (copied || (change === 'changed' && taken)) return this.take(owned)
    const original = owned.comparison.correlation.get(element)
    if (!original || !owned.comparison.original) return undefined
    const name = this.running.nameOf(owned.comparison.original, original)
    // What kallsyms does not list can be copied where nobody can tell the copy from it.
    if (!name && element.kind === 'constant') return this.take(owned)
    return this.kernelSymbol(this.running.isExported(original) ? 'exported' : name, original.name)
  }

  private kernelSymbol(name: KernelName | 'exported' | undefined, bare: string): ObjectSymbol | undefined {
    if (name === undefined) return undefined
    const text = name === 'exported' ? bare : `.klp.sym.vmlinux.${name.name},${name.position}`
    const known = this.kernelSymbols.get(text)
    if (known) return known
    const symbol: ObjectSymbol = {
      ...{ name: text, value: 0n, size: 0, type: STT_NOTYPE, binding: STB_GLOBAL },
      section: name === 'exported' ? SHN_UNDEF : SHN_LIVEPATCH,
    }
    this.object.symbols.push(symbol)
    this.kernelSymbols.set(text, symbol)
    return symbol
  }

  private sectionFor(element: Element): ObjectSection {
    if (element.kind === 'function') return this.section('.text', SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR)
    if (element.kind !== 'variable') return this.section('.rodata', SHT_PROGBITS, SHF_ALLOC)
    if (element.section.type === SHT_NOBITS) return this.section('.bss', SHT_NOBITS, SHF_ALLOC | SHF_WRITE)
    return this.section('.data', SHT_PROGBITS, SHF_ALLOC | SHF_WRITE)
  }

  private section(name: string, type: number, flags: number): ObjectSection {
    const known = this.object.sections.find((one) => one.name === name)
    if (known) return known
    const made = createSection(name, type, flags, 1, new Uint8Array(0))
    this.object.sections.push(made)
    return made
  }

  /** An entry of the list of places where functions may be patched. */
  private listEntry(symbol: ObjectSymbol, nop: number): void {
    const section = this.section('__mcount_loc', SHT_PROGBITS, SHF_ALLOC)
    section.align = 8
    const offset = section.size
    grow(section, 8, new Uint8Array(8))
    addRelocation(section, { offset, type: R_X86_64_64, symbol, addend: BigInt(nop) })
  }
}

/**
 * Whether a reference to a function is its address as a value. A call is none, nor is a place inside of it: a table of jumps belongs to the
 * code that it leads back to.
 */
function isAddress(user: Element, { type, addend }: Reference): boolean {
  if (type === R_X86_64_PLT32 || user.kind === 'literal') return false
  return addend === (isRelative(type) ? -4n : 0n)
}

/** Adds an element's bytes at its alignment; gives the place. */
function append(section: ObjectSection, element: Element): number {
  section.align = Math.max(section.align, element.section.align)
  const at = Math.ceil(section.size / element.section.align) * element.section.align
  grow(section, at - section.size + element.size, bytesOf(element) ?? new Uint8Array(element.size), at)
  return at
}

/** Between functions stands int3: nobody gets there. */
const FILLER = 0xcc

function grow(section: ObjectSection, by: number, bytes: Uint8Array, at = section.size): void {
  const size = section.size + by
  if (section.type !== SHT_NOBITS) {
    const data = new Uint8Array(size).fill(section.flags & SHF_EXECINSTR ? FILLER : 0)
    data.set(section.data)
    data.set(bytes, at)
    section.data = data
  }
  section.size = size
}

function unknownFunction(path: string, name: string) {
  const what = `${path}: the symbol table of the kernel does not list ${name}()`
  return refuse('unknown-function', what, 'Give the image that these sources make.', { symbol: name })
}

function unknownSymbol(path: string, user: string, name: string) {
  const what = `${path}: ${user} refers to ${name}, which the kernel does not have`
  return refuse('unknown-symbol', what, 'Define it in the diff too.', { symbol: name })
}
