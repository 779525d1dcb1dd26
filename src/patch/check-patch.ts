// Would this kernel take this patch? Answers before the guest is asked, with the guest's own rules and a better sentence.
//
// Reads the module alone: which functions it replaces is found by following the relocations of its struct klp_patch
// (the one structure that points at __this_module), so that it works for modules from gcc and from the assembler, and
// for modules built elsewhere. Must not know how the module was built.
import { accept, didYouMean, refuse, requireKind } from '../base/index.js'
import {
  type ElfFile,
  type ObjectFile,
  type ObjectRelocation,
  type ObjectSection,
  parseElf,
  R_X86_64_32,
  R_X86_64_32S,
  R_X86_64_64,
  R_X86_64_NONE,
  R_X86_64_PC32,
  R_X86_64_PC64,
  R_X86_64_PLT32,
  readObject,
  SHN_LIVEPATCH,
} from '../format/index.js'
import type { KernelFacts } from './kernel-facts.js'
import { parseLivepatchSymbol } from './klp-convert.js'
import { type ModuleLayout, thisModuleSection } from './module-layout.js'
import { patchableEntry } from './patchable.js'
import type { PatchRefusal, PatchResult } from './refusal.js'

/** A function that a patch replaces, and where its entry is. */
export interface PatchedFunction {
  /** 'vmlinux' or a module's name. */
  readonly object: string
  readonly name: string
  /** 0: the only one of that name; n: the n-th in kallsyms. */
  readonly position: number
  /** Address of the patchable entry; absent for functions of modules. */
  readonly entry?: bigint
  /** Bytes of the function that is replaced, where it is known. */
  readonly size?: number
}

/** What a patch module replaces, as its own bytes say. */
export interface CheckedPatch {
  readonly name: string
  readonly vermagic: string
  readonly replace: boolean
  readonly functions: readonly PatchedFunction[]
}

/** What a module patches, or the rule that it breaks. */
export type CheckResult = PatchResult<CheckedPatch>

/** With the terminator: images/kernel/include/linux/kallsyms.h. */
const KSYM_NAME_LEN = 128

const knownRelocations = new Set([
  R_X86_64_NONE,
  R_X86_64_64,
  R_X86_64_PC32,
  R_X86_64_PLT32,
  R_X86_64_32,
  R_X86_64_32S,
  R_X86_64_PC64,
])

/**
 * Applies the guest's rules to a module before a guest is asked: what it replaces, or why this kernel will not take it
 * (`PatchRefusalCode`). Throws nothing for what the bytes say; throws BAD_ARGUMENT for what is no Uint8Array or no facts.
 */
export function checkPatch(bytes: Uint8Array, kernel: KernelFacts): CheckResult {
  requireKind('kernel', kernel, 'object')
  const parsed = parseElf(bytes)
  if (!parsed.ok) {
    const code = parsed.code === 'truncated' || parsed.code === 'not-an-elf' ? parsed.code : 'wrong-kind'
    return refuse(code, parsed.message, 'Build the module again with `transplant patch build`.')
  }
  const read = readObject(parsed.value)
  if (!read.ok) return refuse('wrong-kind', read.message, read.hint)
  const identity = checkIdentity(parsed.value, read.value, kernel)
  if (!identity.ok) return identity
  const relocations = checkRelocations(read.value) ?? checkSymbols(read.value, kernel)
  if (relocations) return relocations
  const { replace, objects } = readObjects(read.value, kernel.layout)
  const contradiction = checkObjects(objects, kernel.layout)
  if (contradiction) return contradiction
  const functions: PatchedFunction[] = []
  for (const { name: object, functions: written } of objects) {
    for (const { name = '', position } of written ?? []) {
      const checked =
        object === 'vmlinux' ? checkFunction({ object, name, position }, kernel) : { object, name, position }
      if ('ok' in checked) return checked
      functions.push(checked)
    }
  }
  const twice = checkEntries(functions)
  if (twice) return twice
  return accept({ ...identity.value, replace, functions })
}

function checkIdentity(
  elf: ElfFile,
  object: ObjectFile,
  kernel: KernelFacts,
): PatchResult<{ readonly name: string; readonly vermagic: string }> {
  const { moduleStruct } = kernel.layout
  const self = object.sections.find((section) => section.name === thisModuleSection)
  if (!self || self.size !== moduleStruct.size) {
    return refuse(
      'bad-module',
      `no ${thisModuleSection} section of ${moduleStruct.size} bytes among ${elf.sections.length} sections: not a module of this kernel`,
      'Build the module again with `transplant patch build`.',
    )
  }
  const info = new Map<string, string>()
  for (const section of object.sections.filter((one) => one.name === '.modinfo')) {
    for (const text of textOf(section.data).split('\0')) {
      const at = text.indexOf('=')
      if (at > 0) info.set(text.slice(0, at), text.slice(at + 1))
    }
  }
  if (info.size === 0)
    return refuse('no-modinfo', 'no .modinfo section: not a module', 'Link it with its generated part.')
  const name = stringAt(self, moduleStruct.name)
  const vermagic = info.get('vermagic') ?? ''
  if (vermagic !== kernel.vermagic) {
    return refuse(
      'other-build',
      `${name} was built for '${vermagic}', the kernel is '${kernel.vermagic}'`,
      'Build it again for this kernel.',
    )
  }
  if (!info.has('livepatch')) {
    return refuse('not-a-livepatch', `${name} is not marked as a livepatch module`, 'Add MODULE_INFO(livepatch, "Y").')
  }
  return accept({ name, vermagic })
}

function checkRelocations(object: ObjectFile): PatchRefusal | undefined {
  for (const section of object.sections) {
    for (const group of section.relocations) {
      const bad = group.entries.find((entry) => !knownRelocations.has(entry.type))
      if (bad) {
        return refuse(
          'unknown-relocation',
          `${group.name} has relocation type ${bad.type} against ${bad.symbol.name || 'a section'}, which the kernel does not know`,
          'Compile with -fno-pic -mcmodel=kernel.',
          { symbol: bad.symbol.name },
        )
      }
    }
  }
  return undefined
}

const functionsOf = ({ symbols }: KernelFacts): string[] =>
  [...symbols].flatMap(([name, places]) => (places.some(({ isFunction }) => isFunction) ? [name] : []))

const nearest = (name: string, { symbols }: KernelFacts): string =>
  didYouMean(name, symbols.keys()) || 'Name a symbol of that kernel, as its /proc/kallsyms lists it.'

function checkSymbols(object: ObjectFile, kernel: KernelFacts): PatchRefusal | undefined {
  for (const symbol of object.symbols) {
    if (symbol.section === 0 && symbol.name !== '' && symbol.binding !== 2 && !kernel.exports.has(symbol.name)) {
      return refuse(
        'unknown-symbol',
        `${symbol.name} is not exported by kernel ${kernel.buildId}, nor marked as a livepatch symbol`,
        nearest(symbol.name, kernel),
        { symbol: symbol.name },
      )
    }
    if (symbol.section !== SHN_LIVEPATCH) continue
    const named = parseLivepatchSymbol(symbol.name)
    if (!named)
      return refuse(
        'bad-module',
        `symbol ${symbol.name} is not of the form .klp.sym.<object>.<symbol>,<position>`,
        'Build the module again with `transplant patch build`.',
      )
    if (named.object === 'vmlinux' && !kernel.symbols.has(named.name)) {
      return refuse('unknown-symbol', `${named.name} is not in kernel ${kernel.buildId}`, nearest(named.name, kernel), {
        symbol: named.name,
      })
    }
  }
  return undefined
}

function checkFunction(wanted: PatchedFunction, kernel: KernelFacts): PatchedFunction | PatchRefusal {
  const places = kernel.symbols.get(wanted.name) ?? []
  if (places.length === 0) {
    return refuse(
      'unknown-function',
      `${wanted.name} is not in kernel ${kernel.buildId}`,
      didYouMean(wanted.name, functionsOf(kernel)) || 'It may have been inlined or renamed.',
      { symbol: wanted.name },
    )
  }
  if (wanted.position === 0 && places.length > 1) {
    return refuse(
      'ambiguous-symbol',
      `${wanted.name} is there ${places.length} times`,
      `Set .old_sympos to 1..${places.length}.`,
      { symbol: wanted.name },
    )
  }
  const place = places[Math.max(0, wanted.position - 1)]
  if (!place) {
    return refuse(
      'unknown-function',
      `${wanted.name},${wanted.position}: there are only ${places.length} of that name`,
      'Set .old_sympos to one that is there, or to 0 where there is only one.',
      { symbol: wanted.name },
    )
  }
  const entry = patchableEntry(place, kernel)
  if (entry === undefined) {
    return refuse(
      'not-patchable',
      `${wanted.name} has no patchable entry (__mcount_loc does not list ${place.address.toString(16)}): it is notrace, assembly, or no function`,
      'Patch its callers.',
      { symbol: wanted.name },
    )
  }
  return { ...wanted, entry, size: place.size }
}

/** A func as the module has it, before it is known whether it makes sense. */
interface WrittenFunction {
  readonly name: string | undefined
  readonly position: number
  readonly replaced: boolean
}

interface WrittenObject {
  readonly name: string
  /** None: the pointer is NULL. */
  readonly functions: readonly WrittenFunction[] | undefined
}

/** Follows __this_module <- klp_patch -> objects -> funcs through the relocations of the data. */
function readObjects(object: ObjectFile, layout: ModuleLayout): { replace: boolean; objects: WrittenObject[] } {
  const { klpObject, klpPatch } = layout
  const objects: WrittenObject[] = []
  let replace = false
  for (const section of object.sections) {
    for (const entry of relocationsOf(section)) {
      if (entry.symbol.name !== '__this_module' || entry.offset % klpPatch.size !== klpPatch.mod) continue
      const start = pointer(section, entry.offset + klpPatch.objs)
      if (!start) continue
      replace ||= section.data[entry.offset + klpPatch.replace] === 1
      for (let at = start.offset; ; at += klpObject.size) {
        const funcs = pointer(start.section, at + klpObject.funcs)
        const named = pointer(start.section, at + klpObject.name)
        if (!funcs && !named) break
        objects.push({
          name: named ? stringAt(named.section, named.offset) : 'vmlinux',
          functions: funcs && readFuncs(funcs.section, funcs.offset, layout),
        })
      }
    }
  }
  return { replace, objects }
}

/** Up to the entry that is zero in all three parts. */
function readFuncs(section: ObjectSection, start: number, { klpFunc }: ModuleLayout): WrittenFunction[] {
  const result: WrittenFunction[] = []
  const view = new DataView(section.data.buffer, section.data.byteOffset, section.data.byteLength)
  for (let at = start; at + klpFunc.size <= section.data.length; at += klpFunc.size) {
    const name = pointer(section, at + klpFunc.oldName)
    const replaced = hasRelocation(section, at + klpFunc.newFunc)
    const position = Number(view.getBigUint64(at + klpFunc.oldSympos, true))
    if (!name && !replaced && position === 0) break
    result.push({ name: name && stringAt(name.section, name.offset), position, replaced })
  }
  return result
}

/** What images/kernel/livepatch/check.c refuses, whatever else is loaded. */
function checkObjects(objects: readonly WrittenObject[], { moduleStruct }: ModuleLayout): PatchRefusal | undefined {
  const seen = new Set<string>()
  for (const { name, functions } of objects) {
    if (name === '' || name.length >= moduleStruct.nameBytes) {
      return refuse(
        'bad-patch',
        `the name of object '${name}' is empty or longer than ${moduleStruct.nameBytes - 1}`,
        'Correct the structures of the patch.',
      )
    }
    if (!functions) return refuse('bad-patch', `object '${name}' has no funcs`, 'Give it a list, or leave it out.')
    if (seen.has(name)) {
      return refuse('bad-patch', `object '${name}' is there twice`, 'Put all its functions into one object.')
    }
    seen.add(name)
    const wrong = checkFunctions(name, functions)
    if (wrong) return wrong
  }
  return undefined
}

function checkFunctions(object: string, functions: readonly WrittenFunction[]): PatchRefusal | undefined {
  const seen = new Set<string>()
  for (const { name, position, replaced } of functions) {
    if (name === undefined || name === '') {
      return refuse('bad-patch', `a function of object '${object}' has no old_name`, 'Say what it replaces.')
    }
    const symbol = { symbol: name }
    if (name.length >= KSYM_NAME_LEN) {
      return refuse(
        'bad-patch',
        `the name of function '${name}' is longer than ${KSYM_NAME_LEN - 1}`,
        'Correct the structures of the patch.',
        symbol,
      )
    }
    if (!replaced) {
      return refuse('bad-patch', `function '${name}' of object '${object}' has no new_func`, 'Give it one.', symbol)
    }
    // The only one of a name is the first of it.
    const key = `${name},${Math.max(1, position)}`
    if (seen.has(key)) {
      return refuse('bad-patch', `function '${key}' of object '${object}' is there twice`, 'Keep one of them.', symbol)
    }
    seen.add(key)
  }
  return undefined
}

/** Several names of one function: the kernel has one entry to redirect. */
function checkEntries(functions: readonly PatchedFunction[]): PatchRefusal | undefined {
  const names = new Map<bigint, string>()
  for (const { name, entry } of functions) {
    const other = entry === undefined ? undefined : names.get(entry)
    if (other !== undefined) {
      return refuse('bad-patch', `'${name}' and '${other}' are one function`, 'Keep one of them.', { symbol: name })
    }
    if (entry !== undefined) names.set(entry, name)
  }
  return undefined
}

/** By offset, made once for each section: a patch of a thousand functions asks three thousand times. */
const indexes = new WeakMap<ObjectSection, Map<number, ObjectRelocation>>()

function relocationsOf(section: ObjectSection): ObjectRelocation[] {
  return section.relocations.flatMap((group) => group.entries)
}

function relocationAt(section: ObjectSection, offset: number): ObjectRelocation | undefined {
  let index = indexes.get(section)
  if (!index) {
    index = new Map(relocationsOf(section).map((entry) => [entry.offset, entry]))
    indexes.set(section, index)
  }
  return index.get(offset)
}

/** A pointer that will not be NULL; what it points at may lie in the kernel. */
function hasRelocation(section: ObjectSection, offset: number): boolean {
  return relocationAt(section, offset)?.type === R_X86_64_64
}

/** Where the 64-bit pointer at `offset` will point inside the object. */
function pointer(section: ObjectSection, offset: number): { section: ObjectSection; offset: number } | undefined {
  const found = relocationAt(section, offset)
  if (found?.type !== R_X86_64_64 || typeof found.symbol.section === 'number') return undefined
  return { section: found.symbol.section, offset: Number(found.symbol.value + found.addend) }
}

function stringAt(section: ObjectSection, offset: number): string {
  return textOf(section.data.subarray(offset)).split('\0')[0] ?? ''
}

function textOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
