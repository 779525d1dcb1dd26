// A patch module from assembly text, with nothing but npm packages: the same kind of ELF that gcc and klp-convert make.
//
// What an assembler cannot know is made here: the struct klp_patch with its objects and functions, the struct module, the
// module's init and exit, and .modinfo. Every function gets the 5-byte NOP and an entry in __mcount_loc, as gcc's do, so
// that a later patch can redirect it too. Jumps inside .text are resolved here and leave no symbols behind: kallsyms must
// find functions only. Promises: same text, same kernel: same bytes.
import { accept, refuse } from '../base/index.js'
import {
  addRelocation,
  createSection,
  type ObjectFile,
  type ObjectSection,
  type ObjectSymbol,
  R_X86_64_32S,
  R_X86_64_64,
  R_X86_64_PC32,
  R_X86_64_PLT32,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_UNDEF,
  SHT_PROGBITS,
  STB_GLOBAL,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_OBJECT,
  writeObject,
} from '../format/index.js'
import {
  type Assembler,
  createAssembler,
  createDisassembler,
  type Disassembler,
  type SymbolField,
} from '../isa/index.js'
import { parseAssembly, type Statement } from './assembly-source.js'
import { type BuildResult, requirePatchOptions } from './build-from-c.js'
import { checkPatch } from './check-patch.js'
import { FunctionEnd } from './function-end.js'
import type { KernelFacts } from './kernel-facts.js'
import { convertLivepatchSymbols } from './klp-convert.js'
import { type ModuleLayout, moduleName, nop5, thisModuleSection } from './module-layout.js'
import type { PatchRefusal, PatchResult } from './refusal.js'
import { GrowingBytes, LARGEST_SECTION, type SectionName, tooLarge } from './section-bytes.js'
import { stackDiagnostics } from './stack-balance.js'

/** What to assemble, and for which kernel. */
export interface AssemblePatchOptions {
  /** File name of the source; its stem becomes the module's name. */
  readonly sourceName: string
  readonly source: string
  readonly kernel: KernelFacts
}

interface Replacement {
  readonly object: string
  readonly name: string
  readonly position: number
  readonly symbol: ObjectSymbol
}

/**
 * A patch module from assembly text in Intel syntax, or why there is none (`PatchRefusalCode`; 'syntax' with the line). What the text says
 * throws nothing; throws BAD_ARGUMENT for options that are none, ENGINE_MISSING without Keystone.
 */
export async function buildPatchFromAssembly(options: AssemblePatchOptions): Promise<BuildResult> {
  requirePatchOptions(options)
  const parsed = parseAssembly(options.source)
  if (!parsed.ok) return parsed
  const builder = new ModuleBuilder(await createAssembler(), await createDisassembler(), options.kernel.layout)
  for (const statement of parsed.value) {
    const refusal = builder.add(statement)
    if (refusal) return refusal
  }
  const name = moduleName(options.sourceName)
  const finished = builder.finish(name, options.kernel.vermagic)
  if (!finished.ok) return finished
  const converted = convertLivepatchSymbols(finished.value, options.kernel)
  if (!converted.ok) return converted
  const module = writeObject(finished.value)
  const checked = checkPatch(module, options.kernel)
  if (!checked.ok) return checked
  const diagnostics = stackDiagnostics(options.sourceName, parsed.value)
  return accept({ name, module, converted: converted.value, diagnostics, patch: checked.value })
}

interface PendingField {
  readonly section: SectionName
  readonly offset: number
  readonly instructionEnd: number
  readonly field: SymbolField | 'pointer'
  readonly symbol: string
  readonly branch: boolean
  readonly line: number
}

class ModuleBuilder {
  private readonly assembler: Assembler
  private readonly disassembler: Disassembler
  private readonly layout: ModuleLayout
  private readonly contents: Record<SectionName, GrowingBytes> = {
    '.text': new GrowingBytes(),
    '.rodata': new GrowingBytes(),
    '.data': new GrowingBytes(),
  }
  private readonly sections: Record<SectionName, ObjectSection>
  private readonly labels = new Map<string, { section: SectionName; offset: number; symbol?: ObjectSymbol }>()
  private readonly symbols: ObjectSymbol[] = []
  private readonly undefinedSymbols = new Map<string, ObjectSymbol>()
  private readonly replacements: Replacement[] = []
  private readonly entries: number[] = []
  private readonly pending: PendingField[] = []
  private current: SectionName = '.text'
  private openFunction: { readonly symbol: ObjectSymbol; readonly end: FunctionEnd } | undefined
  private readonly ends: FunctionEnd[] = []
  private replace = false

  constructor(assembler: Assembler, disassembler: Disassembler, layout: ModuleLayout) {
    this.assembler = assembler
    this.disassembler = disassembler
    this.layout = layout
    this.sections = {
      '.text': createSection('.text', SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16, new Uint8Array(0)),
      '.rodata': createSection('.rodata', SHT_PROGBITS, SHF_ALLOC, 16, new Uint8Array(0)),
      '.data': createSection('.data', SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 16, new Uint8Array(0)),
    }
  }

  add(statement: Statement): PatchRefusal | undefined {
    switch (statement.kind) {
      case 'replace':
        this.replace = true
        return undefined
      case 'section':
        this.current = statement.name
        return undefined
      case 'patch': {
        const { object, name, position } = statement
        const twice = this.replacements.some(
          (one) => one.object === object && one.name === name && one.position === position,
        )
        if (twice)
          return refuse('syntax', `line ${statement.line}: ${name} is patched twice`, 'Keep one of them.', {
            line: statement.line,
          })
        // Several of one name, in one object or another, are told apart by what they replace.
        const place = `${object === 'vmlinux' ? '' : `${object}_`}${name}${position === 0 ? '' : `_${position}`}`
        const symbol = this.beginFunction(`livepatch_${place}`, statement.line)
        if ('ok' in symbol) return symbol
        this.replacements.push({ object, name, position, symbol })
        return undefined
      }
      case 'function': {
        const symbol = this.beginFunction(statement.name, statement.line)
        return 'ok' in symbol ? symbol : undefined
      }
      case 'label':
        return this.addLabel(statement.name, statement.line)
      case 'bytes':
        if (this.contents[this.current].length + statement.bytes.length > LARGEST_SECTION) {
          return tooLarge(this.current, statement.line)
        }
        this.contents[this.current].append(statement.bytes)
        if (this.current === '.text') {
          this.openFunction?.end.bytes(
            this.disassembler,
            statement.bytes,
            statement.line,
            this.contents['.text'].length,
          )
        }
        return undefined
      case 'align':
        this.contents[this.current].align(statement.boundary, this.current === '.text' ? 0x90 : 0)
        // Where the section lies in memory decides too.
        this.sections[this.current].align = Math.max(this.sections[this.current].align, statement.boundary)
        return undefined
      case 'pointer':
        this.pend('pointer', statement.symbol, 0, 8, false, statement.line)
        this.contents[this.current].append(new Uint8Array(8))
        return undefined
      case 'instruction':
        return this.addInstruction(statement.text, statement.line)
    }
  }

  private beginFunction(name: string, line: number): ObjectSymbol | PatchRefusal {
    const broken = this.endFunction()
    if (broken) return broken
    this.current = '.text'
    const text = this.contents['.text']
    text.align(16, 0x90)
    const symbol: ObjectSymbol = {
      name,
      value: BigInt(text.length),
      size: 0,
      type: STT_FUNC,
      binding: STB_LOCAL,
      section: this.sections['.text'],
    }
    if (this.labels.has(name))
      return refuse('syntax', `line ${line}: ${name} is defined twice`, 'Rename one of them.', { line })
    this.labels.set(name, { section: '.text', offset: text.length, symbol })
    this.symbols.push(symbol)
    this.openFunction = { symbol, end: new FunctionEnd(name.replace(/^livepatch_/, ''), line) }
    this.entries.push(text.length)
    text.append(nop5)
    return symbol
  }

  private endFunction(): PatchRefusal | undefined {
    if (!this.openFunction) return undefined
    const { symbol, end } = this.openFunction
    const offset = this.contents['.text'].length
    symbol.size = offset - Number(symbol.value)
    this.openFunction = undefined
    this.ends.push(end)
    return end.close(offset)
  }

  private addLabel(name: string, line: number): PatchRefusal | undefined {
    if (this.labels.has(name))
      return refuse('syntax', `line ${line}: ${name} is defined twice`, 'Rename one of them.', { line })
    const offset = this.contents[this.current].length
    if (this.current === '.text') {
      this.labels.set(name, { section: '.text', offset })
      return undefined
    }
    const symbol: ObjectSymbol = {
      name,
      value: BigInt(offset),
      size: 0,
      type: STT_OBJECT,
      binding: STB_LOCAL,
      section: this.sections[this.current],
    }
    this.labels.set(name, { section: this.current, offset, symbol })
    this.symbols.push(symbol)
    return undefined
  }

  private addInstruction(text: string, line: number): PatchRefusal | undefined {
    if (!this.openFunction || this.current !== '.text') {
      return refuse(
        'syntax',
        `line ${line}: an instruction outside of a function`,
        'Begin one with .patch or .function.',
        { line },
      )
    }
    if (this.contents['.text'].length > LARGEST_SECTION) return tooLarge('.text', line)
    const result = this.assembler.assembleInstruction(text)
    if (!result.ok) return refuse('syntax', `line ${line}: ${result.message}`, result.hint, { line })
    const { field, bytes } = result.value
    if (field) this.pend(field, field.symbol, field.offset, bytes.length, /^\s*(call|j\w+)\s/i.test(text), line)
    this.contents['.text'].append(bytes)
    this.openFunction.end.instruction(text, line, this.contents['.text'].length)
    return undefined
  }

  private pend(
    field: SymbolField | 'pointer',
    symbol: string,
    at: number,
    length: number,
    branch: boolean,
    line: number,
  ): void {
    const start = this.contents[this.current].length
    this.pending.push({
      section: this.current,
      offset: start + at,
      instructionEnd: start + length,
      field,
      symbol,
      branch,
      line,
    })
  }

  finish(name: string, vermagic: string): PatchResult<ObjectFile> {
    if (this.replacements.length === 0)
      return refuse('no-change', 'the source patches no function', 'Name one with .patch.')
    const broken = this.addEntryPoints() ?? this.endFunction()
    if (broken) return broken
    for (const section of ['.text', '.rodata', '.data'] as const) {
      this.sections[section].data = this.contents[section].toBytes()
      this.sections[section].size = this.contents[section].length
    }
    const refusal = this.resolve()
    if (refusal) return refusal
    const self = this.thisModule(name)
    const structures = this.livepatchData(self.symbol)
    const object: ObjectFile = {
      sections: [
        ...Object.values(this.sections).filter((section) => section.size > 0),
        ...structures,
        this.callSites(),
        self.section,
        createSection(
          '.modinfo',
          SHT_PROGBITS,
          SHF_ALLOC,
          1,
          encodeText(['license=GPL', 'livepatch=Y', `vermagic=${vermagic}`, `name=${name}`]),
        ),
      ],
      symbols: [...this.symbols, ...this.undefinedSymbols.values()],
    }
    return accept(object)
  }

  /** init_module: klp_enable_patch(&patch); cleanup_module: nothing. */
  private addEntryPoints(): PatchRefusal | undefined {
    const lines: Statement[] = [
      { kind: 'function', line: 0, name: 'init_module' },
      ...[
        'push rbp',
        'mov rbp, rsp',
        'lea rdi, [rip + klp_patch_of_this_module]',
        'call klp_enable_patch',
        'pop rbp',
        'ret',
      ].map((text): Statement => ({ kind: 'instruction', line: 0, text })),
      { kind: 'function', line: 0, name: 'cleanup_module' },
      { kind: 'instruction', line: 0, text: 'ret' },
    ]
    for (const line of lines) {
      const refusal = this.add(line)
      if (refusal) return refusal
    }
    return undefined
  }

  private resolve(): PatchRefusal | undefined {
    const livepatch: ObjectSymbol = {
      name: 'klp_patch_of_this_module',
      value: 0n,
      size: this.layout.klpPatch.size,
      type: STT_OBJECT,
      binding: STB_LOCAL,
      section: SHN_UNDEF,
    }
    this.symbols.push(livepatch)
    for (const place of this.pending) {
      const section = this.sections[place.section]
      const label = this.labels.get(place.symbol)
      const addend = place.field === 'pointer' ? 0 : place.field.addend
      const relative = place.field !== 'pointer' && place.field.relative
      if (label?.section === '.text' && place.section === '.text' && relative) {
        const target = label.offset + addend
        if (place.branch && !label.symbol) {
          for (const end of this.ends) {
            const broken = end.branch(target, place.line)
            if (broken) return broken
          }
        }
        new DataView(section.data.buffer).setInt32(place.offset, target - place.instructionEnd, true)
        continue
      }
      if (label && !label.symbol) {
        return refuse(
          'syntax',
          `line ${place.line}: ${place.symbol} is a place inside a function`,
          'Only jumps and calls may name it.',
          { line: place.line },
        )
      }
      const symbol = place.symbol === livepatch.name ? livepatch : (label?.symbol ?? this.undefinedSymbol(place.symbol))
      const wide = place.field === 'pointer' || place.field.width === 8
      addRelocation(section, {
        offset: place.offset,
        type: relative ? (place.branch ? R_X86_64_PLT32 : R_X86_64_PC32) : wide ? R_X86_64_64 : R_X86_64_32S,
        symbol,
        // A relative field counts from its own place, the instruction from its end.
        addend: BigInt(relative ? addend - (place.instructionEnd - place.offset) : addend),
      })
    }
    return undefined
  }

  private undefinedSymbol(name: string): ObjectSymbol {
    const known = this.undefinedSymbols.get(name)
    if (known) return known
    const symbol: ObjectSymbol = { name, value: 0n, size: 0, type: STT_NOTYPE, binding: STB_GLOBAL, section: SHN_UNDEF }
    this.undefinedSymbols.set(name, symbol)
    return symbol
  }

  private thisModule(name: string): { section: ObjectSection; symbol: ObjectSymbol } {
    const { moduleStruct } = this.layout
    const data = new Uint8Array(moduleStruct.size)
    data.set(new TextEncoder().encode(name).subarray(0, moduleStruct.nameBytes - 1), moduleStruct.name)
    const section = createSection(thisModuleSection, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, moduleStruct.size, data)
    const symbol: ObjectSymbol = {
      name: '__this_module',
      value: 0n,
      size: moduleStruct.size,
      type: STT_OBJECT,
      binding: STB_GLOBAL,
      section,
    }
    this.symbols.push(symbol)
    for (const [label, offset] of [
      ['init_module', moduleStruct.init],
      ['cleanup_module', moduleStruct.exit],
    ] as const) {
      const target = this.labels.get(label)?.symbol
      if (target) addRelocation(section, { offset, type: R_X86_64_64, symbol: target, addend: 0n })
    }
    return { section, symbol }
  }

  /** klp_func[] per object, klp_object[], klp_patch: each array ends with an all-zero entry. */
  private livepatchData(self: ObjectSymbol): ObjectSection[] {
    const { klpFunc, klpObject, klpPatch } = this.layout
    const objects = [...new Set(this.replacements.map((one) => one.object))]
    const funcsBytes = this.replacements.length * klpFunc.size + objects.length * klpFunc.size
    const objectsAt = funcsBytes
    const patchAt = objectsAt + (objects.length + 1) * klpObject.size
    const data = createSection(
      '.data.livepatch',
      SHT_PROGBITS,
      SHF_ALLOC | SHF_WRITE,
      klpFunc.size,
      new Uint8Array(patchAt + klpPatch.size),
    )
    const view = new DataView(data.data.buffer)
    const names = new GrowingBytes()
    const strings = createSection('.rodata.livepatch', SHT_PROGBITS, SHF_ALLOC, 1, new Uint8Array(0))
    const base: ObjectSymbol = {
      name: 'livepatch_structures',
      value: 0n,
      size: patchAt,
      type: STT_OBJECT,
      binding: STB_LOCAL,
      section: data,
    }
    const text: ObjectSymbol = {
      name: 'livepatch_names',
      value: 0n,
      size: 0,
      type: STT_OBJECT,
      binding: STB_LOCAL,
      section: strings,
    }
    const point = (offset: number, symbol: ObjectSymbol, addend: number) =>
      addRelocation(data, { offset, type: R_X86_64_64, symbol, addend: BigInt(addend) })
    const pointName = (offset: number, name: string) => {
      point(offset, text, names.length)
      names.append(new TextEncoder().encode(`${name}\0`))
    }
    let at = 0
    objects.forEach((object, i) => {
      const objectAt = objectsAt + i * klpObject.size
      if (object !== 'vmlinux') pointName(objectAt + klpObject.name, object)
      point(objectAt + klpObject.funcs, base, at)
      for (const one of this.replacements.filter((candidate) => candidate.object === object)) {
        pointName(at + klpFunc.oldName, one.name)
        point(at + klpFunc.newFunc, one.symbol, 0)
        view.setBigUint64(at + klpFunc.oldSympos, BigInt(one.position), true)
        at += klpFunc.size
      }
      at += klpFunc.size
    })
    point(patchAt + klpPatch.mod, self, 0)
    point(patchAt + klpPatch.objs, base, objectsAt)
    data.data[patchAt + klpPatch.replace] = this.replace ? 1 : 0
    strings.data = names.toBytes()
    strings.size = strings.data.length
    const livepatch = this.symbols.find((symbol) => symbol.name === 'klp_patch_of_this_module')
    if (livepatch) {
      livepatch.section = data
      livepatch.value = BigInt(patchAt)
    }
    this.symbols.push(base, text)
    return [data, strings]
  }

  private callSites(): ObjectSection {
    const section = createSection(
      '__mcount_loc',
      SHT_PROGBITS,
      SHF_ALLOC | SHF_WRITE,
      8,
      new Uint8Array(this.entries.length * 8),
    )
    const functions = this.symbols.filter((symbol) => symbol.type === STT_FUNC)
    this.entries.forEach((entry, i) => {
      const symbol = functions.find((one) => one.value === BigInt(entry))
      if (symbol) addRelocation(section, { offset: i * 8, type: R_X86_64_64, symbol, addend: 0n })
    })
    return section
  }
}

function encodeText(words: readonly string[]): Uint8Array {
  return new TextEncoder().encode(words.map((word) => `${word}\0`).join(''))
}
