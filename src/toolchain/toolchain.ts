// Runs the compiler and its companions in a way that makes the same bytes everywhere: paths are mapped away, the locale is fixed, and
// inputs are given in a fixed order. Knows nothing of any particular image.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TransplantError } from '../base/index.js'
import { warningFlags } from '../patch/index.js'

/** Of all programs that build: the same words and times everywhere. */
export const environment = { ...process.env, LC_ALL: 'C', SOURCE_DATE_EPOCH: '0', TZ: 'UTC' }

/** Flags of all C: a warning is an error. */
export const WARNINGS: readonly string[] = [...warningFlags, '-Werror']

/** How a program ended, and what it said. */
export interface ToolOutcome {
  /** Its exit status, 0 where all went well; `null`: a signal ended it. */
  readonly status: number | null
  /** All of its standard output, as UTF-8. */
  readonly stdout: string
  /** All of its standard error, as UTF-8. */
  readonly stderr: string
}

/** gcc and binutils, and the tree of sources that they work on. */
export class Toolchain {
  /** The folder that has `images/` and `firmware/`. */
  readonly root: string
  /** For objects and what else may be thrown away. */
  readonly buildFolder: string
  /** For finished images. */
  readonly builtFolder: string

  /** `root`: the folder with the sources; default: this package. `buildFolder`: for objects; default: `images/build` in it. */
  constructor(root = fileURLToPath(new URL('../..', import.meta.url)), buildFolder = join(root, 'images/build')) {
    this.root = root.replace(/\/$/, '')
    this.buildFolder = buildFolder
    this.builtFolder = join(this.root, 'images/built')
  }

  /**
   * Runs a program, in `folder` or at the root, to its end, whatever its status: what a status other than 0 means is the caller's to say.
   * Throws TOOL_MISSING where there is no such program, with `hint`.
   */
  try(
    command: string,
    words: readonly string[],
    folder = this.root,
    hint = 'Install gcc, gcc-multilib and binutils.',
  ): ToolOutcome {
    const result = spawnSync(command, words, { cwd: folder, env: environment, encoding: 'utf8', maxBuffer: 1 << 28 })
    if (result.error) {
      throw new TransplantError('TOOL_MISSING', `${command} cannot be run: ${result.error.message}.`, hint)
    }
    return { status: result.status, stdout: result.stdout, stderr: result.stderr }
  }

  /** As `try`, and gives standard output. What the program says on standard error is passed on. Throws TOOL_FAILED with its words. */
  run(command: string, words: readonly string[], folder = this.root): string {
    const result = this.try(command, words, folder)
    if (result.stderr) process.stderr.write(result.stderr)
    if (result.status !== 0) {
      throw new TransplantError(
        'TOOL_FAILED',
        `${command} failed with status ${result.status}: ${words.join(' ')}`,
        'Its own words stand above.',
      )
    }
    return result.stdout
  }

  /** Compiles one source, named from the root, to an object in `<buildFolder>/<target>/`; gives its path. Throws what `Toolchain.run` throws. */
  compile(target: string, source: string, flags: readonly string[]): string {
    const folder = join(this.buildFolder, target)
    mkdirSync(folder, { recursive: true })
    const object = join(folder, `${source.replaceAll('/', '-')}.o`)
    const fixed = [`-ffile-prefix-map=${this.root}=.`, `-frandom-seed=${source}`]
    this.run('gcc', [...fixed, ...flags, '-c', source, '-o', object])
    return object
  }

  /** As gcc says: `12.2.0`. Throws what `Toolchain.run` throws. */
  compilerVersion(): string {
    return this.run('gcc', ['-dumpfullversion']).trim()
  }

  /** The first line of `ld --version`. Throws what `Toolchain.run` throws. */
  linkerVersion(): string {
    return this.run('ld', ['--version']).split('\n')[0] ?? ''
  }
}
