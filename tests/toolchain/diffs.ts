// Diffs of the kernel's own sources for tests, made from a text and what takes its place.

import { existsSync } from 'node:fs'
import { createTwoFilesPatch } from 'diff'
import { buildPatchFromDiff, type DiffBuild, type DiffBuildOptions } from '../../src/toolchain/index.js'
import { read, root } from '../lab/images.js'

/** The diff that puts `to` in the place of `from`, which has to be in the file once. */
export function change(path: string, from: string, to: string): string {
  const name = `images/kernel/${path}`
  const before = existsSync(`${root}${name}`) ? new TextDecoder().decode(read(name)) : ''
  if (before.split(from).length !== 2)
    throw new Error(`${name} has this ${before.split(from).length - 1} times: ${from}`)
  return createTwoFilesPatch(
    `a/${name}`,
    `b/${name}`,
    before,
    before.replace(from, () => to),
    '',
    '',
  )
}

export async function outcome(diff: string, options: Partial<DiffBuildOptions> = {}) {
  return buildPatchFromDiff({ name: 'fix.diff', diff, kernel: read('images/built/scion-1.0.elf'), ...options })
}

/** What a diff becomes; fails where it is refused. */
export async function build(diff: string, options: Partial<DiffBuildOptions> = {}): Promise<DiffBuild> {
  const built = await outcome(diff, options)
  if (!built.ok) throw new Error(`${built.message} ${built.hint} ${built.detail ?? ''}`)
  return built.value
}
