// The stations of a build on disk: one numbered folder each, marked when it is complete, so that a person can look at what came out of
// each, and a build can go on from any of them.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accept, refuse } from '../base/index.js'
import type { PatchResult } from '../patch/index.js'

/** From a diff to a module, in this order. */
export const STATIONS = ['sources', 'original', 'patched', 'compare', 'extract', 'module'] as const

/** The name of one of them. */
export type Station = (typeof STATIONS)[number]

const COMPLETE = '.complete'

/** The folders of one build. */
export class Stations {
  private readonly root: string
  private readonly first: number

  /** `root`: the folder that holds them. `from`: those before it are taken as they are. */
  constructor(root: string, from: Station = 'sources') {
    this.root = root
    this.first = STATIONS.indexOf(from)
  }

  /** The folder of a station: `2-original`. */
  folder(station: Station): string {
    return join(this.root, `${STATIONS.indexOf(station) + 1}-${station}`)
  }

  /**
   * Does a station's work in its folder, emptied, and marks it; or finds it complete from an earlier run. Refuses with 'no-station' where
   * that is not so, or as `work` does.
   */
  async reach(
    station: Station,
    work: (folder: string) => PatchResult<void> | Promise<PatchResult<void>>,
  ): Promise<PatchResult<void>> {
    const folder = this.folder(station)
    if (STATIONS.indexOf(station) < this.first) {
      if (existsSync(join(folder, COMPLETE))) return accept(undefined)
      const from = STATIONS[this.first]
      return refuse(
        'no-station',
        `cannot go on from ${from}: ${folder} is not complete`,
        'Go on from an earlier station.',
      )
    }
    // What comes later is made from this one: old results must not look like new ones.
    for (const later of STATIONS.slice(STATIONS.indexOf(station))) {
      rmSync(this.folder(later), { recursive: true, force: true })
    }
    mkdirSync(folder, { recursive: true })
    const result = await work(folder)
    if (result.ok) writeFileSync(join(folder, COMPLETE), '')
    return result
  }
}

/** Writes a value for people and for a later run. */
export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

/** Reads what `writeJson` wrote. */
export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}
