// The objects of a change: which sources it reaches, through headers too, and each of them compiled.
//
// Every unit is compiled as the kernel's own is, with sections of its own for each function and datum: that moves code, and alters none of
// it but the lengths of jumps, which the assembler chooses by where they stand. So the original of what changes is compiled a second time
// as the kernel has it, for comparing with the kernel that runs.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { accept, refuse } from '../base/index.js'
import type { PatchResult } from '../patch/index.js'
import { filesBelow, kernelWords } from './kernel-sources.js'
import { environment, type Toolchain } from './toolchain.js'

/** How an object is made of a source: each function apart, with types for comparing layouts; that with lines too; as the kernel has it. */
export type Form = keyof typeof FORMS

const APART = ['-ffunction-sections', '-fdata-sections', '-gbtf']
const FORMS = { apart: APART, 'with-lines': [...APART, '-g'], 'as-linked': [] } as const

/** The name of the object of a source. */
export function objectName(source: string, form: Form): string {
  return `${source.replaceAll('/', '-')}${form === 'apart' ? '' : `.${form}`}.o`
}

/** The sources of the kernel in a tree, C and assembly, in the order of the link. */
export function kernelSources(tree: string): string[] {
  return filesBelow(tree, 'images/kernel', ['.c', '.S'])
}

/** Those of `sources` that a change of `changed` reaches: by themselves, or by what they include. */
export function reachedSources(toolchain: Toolchain, tree: string, changed: ReadonlySet<string>): string[] {
  const sources = kernelSources(tree)
  if (![...changed].some((path) => /\.(h|inc)$/.test(path))) return sources.filter((source) => changed.has(source))
  const run = toolchain.try('gcc', ['-MM', ...kernelWords(tree, 'x.c'), ...sources], tree)
  // A source that includes what is not there is reached: its compiler says so in its own words.
  const rules = run.stdout.replaceAll('\\\n', ' ').split('\n')
  const reached = new Set(sources.filter((source) => changed.has(source)))
  for (const rule of rules) {
    const [source, ...headers] = rule
      .replace(/^[^:]*:/, '')
      .trim()
      .split(/\s+/)
    if (source && headers.some((header) => changed.has(header))) reached.add(source)
  }
  return [...reached].sort()
}

/** What is to be compiled: a source of a tree, to an object in a folder. */
export interface UnitRequest {
  readonly source: string
  readonly form: Form
}

/** Compiles units, two at a time. Refuses with 'compile-failed' and the compiler's words on the first that does not compile. */
export async function compileUnits(
  tree: string,
  folder: string,
  requests: readonly UnitRequest[],
): Promise<PatchResult<void>> {
  mkdirSync(folder, { recursive: true })
  const queue = [...requests]
  let failed: { readonly source: string; readonly words: string } | undefined
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined && failed === undefined; one = queue.shift()) {
      const words = await compileOne(tree, folder, one)
      if (words !== undefined) failed ??= { source: one.source, words }
    }
  }
  await Promise.all([worker(), worker()])
  if (!failed) return accept(undefined)
  const { source, words } = failed
  return refuse('compile-failed', `${source} does not compile`, "The compiler's own words follow.", { detail: words })
}

/** The compiler's words where it fails. */
function compileOne(tree: string, folder: string, { source, form }: UnitRequest): Promise<string | undefined> {
  const output = join(folder, objectName(source, form))
  const words = [...kernelWords(tree, source), ...FORMS[form], '-c', source, '-o', output]
  return new Promise((resolve, reject) => {
    const child = spawn('gcc', words, { cwd: tree, stdio: ['ignore', 'ignore', 'pipe'], env: environment })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.on('error', reject)
    child.on('close', (status) => resolve(status === 0 ? undefined : said))
  })
}

/** The bytes of an object; undefined where there is none. */
export function readObjectFile(folder: string, source: string, form: Form): Uint8Array | undefined {
  const path = join(folder, objectName(source, form))
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined
}
