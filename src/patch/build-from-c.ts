// A patch module from C source: what to compile, how, and what to do with the object.
//
// The compiler is not run here (this room knows no processes): the caller brings `compile`. The source is compiled as
// part of one generated unit that adds the module's identity (name, vermagic) and its struct module, as Linux's modpost
// does in a second file. Promises: one source, one kernel, one compiler give the same bytes.
import { accept, refuse, requireKind } from '../base/index.js'
import { isUndefined, type ObjectFile, parseElf, readObject, writeObject } from '../format/index.js'
import { type CheckedPatch, checkPatch } from './check-patch.js'
import { moduleCompilerFlags } from './compiler-flags.js'
import type { KernelFacts } from './kernel-facts.js'
import { type ConvertedSymbol, convertLivepatchSymbols } from './klp-convert.js'
import { moduleName, thisModuleSection } from './module-layout.js'
import type { PatchResult } from './refusal.js'

/** What a compiler is asked for. */
export interface CompileRequest {
  /** A complete C unit; includes `sourceName` by name, which the caller makes findable. */
  readonly unit: string
  readonly sourceName: string
  readonly source: string
  readonly flags: readonly string[]
}

/** An object file with the compiler's warnings; or a refusal, whose `detail` is what the compiler said. */
export type CompileOutcome = PatchResult<{ readonly object: Uint8Array; readonly diagnostics: string }>

/** The refusal of a source ('compile-failed'); `words`: the compiler's own. */
export function compileFailed(request: CompileRequest, words: string): CompileOutcome {
  const hint = "The compiler's own words follow."
  return refuse('compile-failed', `${request.sourceName} does not compile`, hint, { detail: words })
}

/** What to build, for which kernel, by which compiler. */
export interface BuildFromCOptions {
  /** File name of the source; its stem becomes the module's name. */
  readonly sourceName: string
  readonly source: string
  readonly kernel: KernelFacts
  /** Runs the compiler, or refuses with its words (`compileFailed`). */
  readonly compile: (request: CompileRequest) => CompileOutcome | Promise<CompileOutcome>
  /** Adds to the compiled object what was made elsewhere. */
  readonly extend?: (object: ObjectFile) => void
  /** False for a module that is no livepatch. Default: what the source says. */
  readonly check?: boolean
}

/** A patch module. */
export interface BuiltModule {
  readonly name: string
  /** The module's file. */
  readonly module: Uint8Array
  readonly converted: readonly ConvertedSymbol[]
  /** The compiler's warnings. */
  readonly diagnostics: string
  /** Absent where the module is no livepatch. */
  readonly patch?: CheckedPatch
}

/** A patch module, or why there is none. */
export type BuildResult = PatchResult<BuiltModule>

/** What both ways to a module are given. Throws BAD_ARGUMENT. */
export function requirePatchOptions(options: Pick<BuildFromCOptions, 'sourceName' | 'source' | 'kernel'>): void {
  requireKind('options', options, 'object')
  requireKind('sourceName', options.sourceName, 'text')
  requireKind('source', options.source, 'text')
  requireKind('kernel', options.kernel, 'object')
}

/**
 * A patch module from C, or why there is none (`PatchRefusalCode`); the caller brings the compiler, and what that throws comes through.
 * Throws BAD_ARGUMENT for options that are none.
 */
export async function buildPatchFromC(options: BuildFromCOptions): Promise<BuildResult> {
  requirePatchOptions(options)
  requireKind('compile', options.compile, 'function')
  const name = moduleName(options.sourceName)
  const outcome = await options.compile({
    unit: generateUnit(options.sourceName, options.kernel.vermagic),
    sourceName: options.sourceName,
    source: options.source,
    flags: [...moduleCompilerFlags, `-DKBUILD_MODNAME="${name}"`],
  })
  if (!outcome.ok) return outcome
  const { diagnostics } = outcome.value
  const parsed = parseElf(outcome.value.object)
  if (!parsed.ok) return refuse('not-an-elf', `the compiler's output: ${parsed.message}`, parsed.hint)
  const read = readObject(parsed.value)
  if (!read.ok) return refuse('wrong-kind', `the compiler's output: ${read.message}`, read.hint)
  const object = read.value
  object.sections = object.sections.filter((section) => !/^\.(comment|note\.GNU-stack|BTF)/.test(section.name))
  object.symbols = object.symbols.filter(
    (symbol) => typeof symbol.section === 'number' || object.sections.includes(symbol.section),
  )
  leaveOutMissingHooks(object)
  options.extend?.(object)
  const converted = convertLivepatchSymbols(object, options.kernel)
  if (!converted.ok) return converted
  const module = writeObject(object)
  const built = { name, module, converted: converted.value, diagnostics }
  if (!/MODULE_INFO\s*\(\s*livepatch\s*,/.test(options.source) || options.check === false) return accept(built)
  const checked = checkPatch(module, options.kernel)
  return checked.ok ? accept({ ...built, patch: checked.value }) : checked
}

/** What module_init() and module_exit() define, wherever in the source or what it includes they stand. */
const hooks: readonly string[] = ['init_module', 'cleanup_module']

/** A module without one of the two has zero in its place: the compiler, which cannot know, has asked for both. */
function leaveOutMissingHooks(object: ObjectFile): void {
  const missing = object.symbols.filter((symbol) => isUndefined(symbol) && hooks.includes(symbol.name))
  if (missing.length === 0) return
  for (const section of object.sections) {
    for (const group of section.relocations) {
      group.entries = group.entries.filter((entry) => !missing.includes(entry.symbol))
    }
    section.relocations = section.relocations.filter((group) => group.entries.length > 0)
  }
  object.symbols = object.symbols.filter((symbol) => !missing.includes(symbol))
}

function generateUnit(sourceName: string, vermagic: string): string {
  return [
    `#include "${sourceName}"`,
    '#include <linux/module.h>',
    `MODULE_INFO(vermagic, "${vermagic}");`,
    'MODULE_INFO(name, KBUILD_MODNAME);',
    'struct module __this_module',
    `__attribute__((used, section("${thisModuleSection}"))) = {`,
    '\t.name = KBUILD_MODNAME,',
    '\t.init = init_module,',
    '\t.exit = cleanup_module,',
    '};',
    '',
  ].join('\n')
}
