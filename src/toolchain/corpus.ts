// The corpus of source changes, tried one by one: each is built as a person would build it, judged against the verdict that it expects, and,
// where it applies, loaded into a guest, shown, and undone.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TransplantError } from '../base/index.js'
import { findSection, parseElf } from '../format/index.js'
import type { GuestSession, KernelImage } from '../guest/index.js'
import { type CorpusEntry, readCorpusEntry, type Trial, tryPatch } from '../lab/index.js'
import type { DiffReport } from '../patch/index.js'
import { buildPatchFromDiff } from './patch-from-diff.js'
import { Toolchain } from './toolchain.js'

/** The changes of `images/patches`, or those of these names. Throws BAD_ARGUMENT for a name that is not there, or an entry that is none. */
export function readCorpus(names: readonly string[] = [], toolchain = new Toolchain()): CorpusEntry[] {
  const folder = join(toolchain.root, 'images/patches')
  const there = readdirSync(folder)
    .filter((file) => file.endsWith('.diff'))
    .map((file) => file.slice(0, -'.diff'.length))
    .sort()
  const unknown = names.find((name) => !there.includes(name))
  if (unknown !== undefined) {
    throw new TransplantError('BAD_ARGUMENT', `There is no ${unknown}.diff.`, 'Name a diff of images/patches.')
  }
  return (names.length > 0 ? names : there).map((name) => {
    const entry = readCorpusEntry(name, readFileSync(join(folder, `${name}.diff`), 'utf8'))
    if (!entry.ok) throw new TransplantError('BAD_ARGUMENT', `${entry.message}.`, entry.hint)
    return entry.value
  })
}

/** What became of one change. */
export interface CorpusResult {
  readonly entry: CorpusEntry
  /** Undefined where it was refused. */
  readonly report: DiffReport | undefined
  /** Bytes of the module's text; 0 without a module. */
  readonly textBytes: number
  /** In a guest; undefined without a module. */
  readonly trial: Trial | undefined
  /** What is not as the entry expects; empty where all is. */
  readonly wrong: readonly string[]
}

/** Where modules are tried. */
export interface CorpusGuest {
  /** The image that runs in the guest. */
  readonly kernel: Uint8Array
  readonly images: readonly KernelImage[]
  /** A guest that has booted, for one module. */
  boot(): Promise<GuestSession>
}

/** Builds, judges, loads, shows and undoes one change. Throws what `buildPatchFromDiff` throws, TOOL_MISSING say, and what the guest's boot throws. */
export async function tryCorpusEntry(
  entry: CorpusEntry,
  guest: CorpusGuest,
  toolchain = new Toolchain(),
): Promise<CorpusResult> {
  const name = `${entry.name}.diff`
  const built = await buildPatchFromDiff({ name, diff: entry.diff, kernel: guest.kernel, toolchain })
  if (!built.ok) {
    return { entry, report: undefined, textBytes: 0, trial: undefined, wrong: [`${built.code}: ${built.message}`] }
  }
  const { report, module } = built.value
  const wrong = report.verdict === entry.verdict ? [] : [`the verdict is ${report.verdict}`]
  const codes = new Set<string>(report.reasons.map((reason) => reason.code))
  wrong.push(...entry.because.filter((code) => !codes.has(code)).map((code) => `${code} is no reason of it`))
  if (!module) return { entry, report, textBytes: 0, trial: undefined, wrong }
  const session = await guest.boot()
  try {
    const trial = await tryPatch(session, guest.images, module.name, module.module, entry.program)
    return { entry, report, textBytes: textBytes(module.module), trial, wrong: [...wrong, ...wrongIn(trial)] }
  } finally {
    session.dispose()
  }
}

function wrongIn({ before, after, undone, transition, error, complaints, output }: Trial): string[] {
  const shown = (text: string): string => JSON.stringify(text.slice(0, 200))
  return [
    ...(error === '' ? [] : [`the guest refuses it: ${error}`]),
    ...(transition === undefined ? ['the transition does not end'] : []),
    ...(before ? [] : [`before it is loaded the program prints ${shown(output.before)}`]),
    ...(after ? [] : [`when it is loaded the program prints ${shown(output.after)}`]),
    ...(undone ? [] : [`when it is gone the program prints ${shown(output.undone)}`]),
    ...complaints.map((text) => `the guest says: ${text}`),
  ]
}

function textBytes(module: Uint8Array): number {
  const elf = parseElf(module)
  return elf.ok ? (findSection(elf.value, '.text')?.size ?? 0) : 0
}
