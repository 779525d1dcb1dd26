// Where the functions of a kernel stand in its sources: for what is said of a function that no diff names.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type RunningKernel, type SourceFunction, sourceFunctions, sourceName } from '../patch/index.js'
import { kernelSources } from './unit-objects.js'

/** A function and the source that has it. */
export interface SourcePlace {
  readonly path: string
  readonly function: SourceFunction
  /** What its source includes of the kernel's headers. */
  readonly includes: readonly string[]
}

/** The sources of one kernel. */
export class SourcePlaces {
  private readonly tree: string
  private readonly running: RunningKernel
  private readonly texts = new Map<string, string>()

  /** `tree`: the folder that has `images/kernel`. */
  constructor(tree: string, running: RunningKernel) {
    this.tree = tree
    this.running = running
  }

  /** The function at an address of the image; undefined for assembly, and for what a macro makes. */
  find(symbol: string, address: bigint): SourcePlace | undefined {
    const name = sourceName(symbol)
    const own = this.running.sourceOf(symbol, address)
    const paths = own === undefined ? kernelSources(this.tree).filter((path) => path.endsWith('.c')) : [own]
    for (const path of paths) {
      const text = this.text(path)
      if (!text.includes(name.replace(/^__x64_sys_/, ''))) continue
      const found = sourceFunctions(text).get(name)
      if (!found || (own === undefined && /\bstatic\b/.test(found.signature))) continue
      return { path, function: found, includes: this.includesOf(path) }
    }
    return undefined
  }

  /** Those that a module may include too; what a source's own headers include is among them. */
  private includesOf(path: string): string[] {
    const named = [...this.text(path).matchAll(/^#include ([<"])(.*)[>"]/gm)].flatMap(([, mark, name = '']) =>
      mark === '<' ? [name] : this.includesOf(join(dirname(path), name)),
    )
    return [...new Set(named)].filter((name) => existsSync(join(this.tree, 'images/kernel/include', name)))
  }

  private text(path: string): string {
    const known = this.texts.get(path)
    if (known !== undefined) return known
    const text = readFileSync(join(this.tree, path), 'utf8')
    this.texts.set(path, text)
    return text
  }
}
