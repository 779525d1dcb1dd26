// The running kernel, as its image has it: where each element of a unit lies, which of several symbols of one name it is, and whether the
// bytes there are those that the sources give (Ksplice's run-pre matching).
//
// Static symbols of the image are listed behind the name of their file, files in the order of the link, which is that of their paths. So a
// static function of one of two files `core.c` is found by its source, not by its name alone. Literals have no symbol: where they lie is
// what the code in the image says, and then they have to hold what the object holds.

import { type ElfFile, inKallsyms, R_X86_64_64, STB_LOCAL, STT_FILE } from '../../format/index.js'
import type { KernelFacts } from '../kernel-facts.js'
import { stringAt } from './compare.js'
import { bytesOf, type Element, isRelative, type Reference, type Unit } from './unit.js'

/** A symbol as a patch has to name it. */
export interface KernelName {
  readonly name: string
  /** 0: the only one of that name; n: the n-th in kallsyms. */
  readonly position: number
}

/** Where the running kernel is not what its sources give. */
export interface RunningDifference {
  readonly path: string
  readonly element: string
  readonly address: bigint | undefined
  /** A sentence's end: `fork.c: copy_process() ...`. */
  readonly what: string
}

/** Sizes of the fields that relocations fill, in bytes. */
const fieldBytes = (type: number): number => (type === R_X86_64_64 ? 8 : 4)

/** Looks for elements in an image. */
export class RunningKernel {
  private readonly facts: KernelFacts
  private readonly globals = new Map<string, bigint>()
  private readonly statics = new Map<string, Map<string, bigint>>()

  /** `sources`: the paths of the kernel's C files, in the order of the link. */
  constructor(elf: ElfFile, facts: KernelFacts, sources: readonly string[]) {
    this.facts = facts
    const left = [...sources]
    let file = new Map<string, bigint>()
    for (const symbol of elf.symbols) {
      if (symbol.type === STT_FILE) {
        file = new Map()
        const at = left.findIndex((source) => source.slice(source.lastIndexOf('/') + 1) === symbol.name)
        // Sources in between have given no symbol of their own.
        if (at >= 0) this.statics.set(left.splice(0, at + 1)[at] as string, file)
      } else if (symbol.name !== '' && symbol.section !== 0) {
        if (symbol.binding !== STB_LOCAL) this.globals.set(symbol.name, symbol.value)
        else if (inKallsyms(symbol) || !file.has(symbol.name)) file.set(symbol.name, symbol.value)
      }
    }
  }

  /** Where an element of the original unit lies; undefined for what has no symbol in the image. */
  addressOf(unit: Unit, element: Element): bigint | undefined {
    return element.isGlobal ? this.globals.get(element.name) : this.statics.get(unit.path)?.get(element.name)
  }

  /** The source that has the static symbol at an address; undefined for a global one. */
  sourceOf(name: string, address: bigint): string | undefined {
    for (const [path, symbols] of this.statics) if (symbols.get(name) === address) return path
    return undefined
  }

  /** How a patch names an element of the original unit; undefined where kallsyms does not list it. */
  nameOf(unit: Unit, element: Element): KernelName | undefined {
    const places = this.facts.symbols.get(element.name) ?? []
    const address = this.addressOf(unit, element)
    const index = places.findIndex((place) => place.address === address)
    if (index < 0) return undefined
    return { name: element.name, position: places.length === 1 ? 0 : index + 1 }
  }

  /** How a patch names a global symbol that another unit defines; undefined where the kernel has none. */
  nameOfGlobal(name: string): KernelName | 'exported' | undefined {
    if (this.facts.exports.has(name)) return 'exported'
    const places = this.facts.symbols.get(name) ?? []
    const index = places.findIndex((place) => place.address === this.globals.get(name))
    return index < 0 ? undefined : { name, position: places.length === 1 ? 0 : index + 1 }
  }

  /** Whether modules may use a global symbol by its bare name. */
  isExported(element: Element): boolean {
    return element.isGlobal && this.facts.exports.has(element.name)
  }

  /** True for a function whose entry can be redirected. */
  isPatchable(address: bigint): boolean {
    return this.facts.patchableEntries.includes(address) || this.facts.patchableEntries.includes(address + 4n)
  }

  /** What of a unit's functions differs in the image, at most one difference each. */
  differences(unit: Unit): RunningDifference[] {
    const found: RunningDifference[] = []
    const literals = new Map<Element, bigint>()
    for (const element of unit.elements) {
      if (element.kind !== 'function') continue
      const address = this.addressOf(unit, element)
      const what = address === undefined ? 'is not in the kernel' : this.matchElement(unit, element, address, literals)
      if (what !== undefined) found.push({ path: unit.path, element: element.name, address, what })
    }
    return found
  }

  private matchElement(
    unit: Unit,
    element: Element,
    address: bigint,
    literals: Map<Element, bigint>,
  ): string | undefined {
    const running = this.facts.readBytes(address, element.size)
    if (!running) return 'lies outside of the image'
    const expected = Uint8Array.from(bytesOf(element) ?? new Uint8Array(element.size))
    for (const reference of element.references) {
      const what = this.matchReference(unit, reference, address, running, literals)
      if (what !== undefined) return what
      const end = reference.offset + fieldBytes(reference.type)
      expected.set(running.subarray(reference.offset, end), reference.offset)
    }
    const at = expected.findIndex((byte, i) => byte !== running[i])
    return at < 0 ? undefined : `differs at its byte ${at}`
  }

  private matchReference(
    unit: Unit,
    reference: Reference,
    address: bigint,
    running: Uint8Array,
    literals: Map<Element, bigint>,
  ): string | undefined {
    const view = new DataView(running.buffer, running.byteOffset, running.byteLength)
    const { offset, type, target, addend, name } = reference
    if (offset + fieldBytes(type) > running.length) return 'is shorter than its object'
    const value = type === R_X86_64_64 ? view.getBigInt64(offset, true) : BigInt(view.getInt32(offset, true))
    const place = isRelative(type) ? address + BigInt(offset) : 0n
    const implied = BigInt.asUintN(64, value + place - addend)
    if (target?.kind === 'literal') return this.matchLiteral(unit, reference, target, implied, literals)
    const known = target ? this.addressOf(unit, target) : this.globals.get(name)
    if (known === undefined || known === implied) return undefined
    return `refers to 0x${implied.toString(16)} where ${name} is 0x${known.toString(16)}`
  }

  private matchLiteral(
    unit: Unit,
    reference: Reference,
    literal: Element,
    implied: bigint,
    literals: Map<Element, bigint>,
  ): string | undefined {
    const text = stringAt(reference)
    if (text !== undefined) {
      const bytes = this.facts.readBytes(implied + reference.addend, text.length + 1)
      const same = bytes?.every((byte, i) => byte === (i < text.length ? text.charCodeAt(i) : 0))
      return same === true ? undefined : `uses another string than ${JSON.stringify(text)}`
    }
    if (literals.get(literal) === implied) return undefined
    literals.set(literal, implied)
    const what = this.matchElement(unit, literal, implied, literals)
    return what === undefined ? undefined : `uses a table that ${what}`
  }
}
