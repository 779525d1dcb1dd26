// The sources of a release, and which of their objects are still to be made.
//
// Release 1.0 is images/kernel as it is. A release above it is images/releases/<release>/*.patch, applied in order to a copy of the
// sources, in which an unchanged file keeps its time: only what differs is compiled again.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { TransplantError } from '../base/index.js'
import { fentryFlags, kernelCompilerFlags } from '../patch/index.js'
import type { Toolchain } from './toolchain.js'

/** Flags of every C file of the kernel: a warning is an error. */
export const KERNEL_CFLAGS: readonly string[] = [...kernelCompilerFlags, '-Werror']

/** All files below `folder` with one of the endings, as sorted paths relative to `base`. */
export function filesBelow(base: string, folder: string, endings: readonly string[]): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(base, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) found.push(...filesBelow(base, path, endings))
    else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(path)
  }
  return found.sort()
}

/** The folder with the sources of a release: the tree itself, or a copy of it with the release's patches applied. */
export function sourcesOf(toolchain: Toolchain, release: string): string {
  const { root, buildFolder } = toolchain
  if (release === '1.0') return root
  const patches = join(root, 'images/releases', release)
  if (!existsSync(patches)) {
    throw new TransplantError(
      'NO_SUCH_RELEASE',
      `There is no images/releases/${release}.`,
      'Name a release that is there.',
    )
  }
  const copy = join(buildFolder, `source-${release}`)
  const fresh = join(buildFolder, `source-${release}.new`)
  rmSync(fresh, { recursive: true, force: true })
  cpSync(join(root, 'images/kernel'), join(fresh, 'images/kernel'), { recursive: true })
  cpSync(join(root, 'firmware'), join(fresh, 'firmware'), { recursive: true })
  for (const file of readdirSync(patches).sort()) {
    if (!file.endsWith('.patch')) continue
    toolchain.run('patch', ['-p1', '-s', '--no-backup-if-mismatch', '-i', join(patches, file)], fresh)
  }
  for (const file of filesBelow(fresh, '.', [''])) {
    const target = join(copy, file)
    const bytes = readFileSync(join(fresh, file))
    if (existsSync(target) && readFileSync(target).equals(bytes)) continue
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes)
  }
  for (const file of filesBelow(copy, '.', [''])) if (!existsSync(join(fresh, file))) rmSync(join(copy, file))
  rmSync(fresh, { recursive: true })
  return copy
}

/**
 * A tree that is another one but for some files of `folder` (undefined: not there). What is the same is a link to it; folders are real where
 * any file differs, so that a header beside a source, or above it, is looked for in the new tree.
 */
export function overlayTree(
  tree: string,
  target: string,
  folder: string,
  files: ReadonlyMap<string, string | undefined>,
): void {
  mkdirSync(dirname(join(target, folder)), { recursive: true })
  symlinkSync(join(tree, 'firmware'), join(target, 'firmware'))
  if (files.size === 0) symlinkSync(join(tree, folder), join(target, folder))
  for (const path of files.size === 0 ? [] : new Set([...filesBelow(tree, folder, ['']), ...files.keys()])) {
    const text = files.get(path)
    if (files.has(path) && text === undefined) continue
    mkdirSync(dirname(join(target, path)), { recursive: true })
    if (text === undefined) symlinkSync(join(tree, path), join(target, path))
    else writeFileSync(join(target, path), text)
  }
}

/** The words for gcc that make the object of a source, but for its name and the object's; run in the tree. */
export function kernelWords(tree: string, source: string): string[] {
  const language = source.endsWith('.S') ? ['-Wa,--noexecstack'] : fentryFlags
  const fixed = [`-ffile-prefix-map=${tree}=.`, `-frandom-seed=${source}`]
  return [...fixed, ...KERNEL_CFLAGS, ...language, '-Iimages/kernel/include', '-Ifirmware']
}

/** An object, and the words for gcc that make it; none if it is fresh. */
export interface ObjectPlan {
  readonly object: string
  readonly make?: { readonly words: readonly string[]; readonly identity: string }
}

/** The plan for one source. `file`: what is compiled in its place, to an object of its own. */
export function planObject(
  tree: string,
  folder: string,
  source: string,
  macros: readonly string[],
  file?: string,
): ObjectPlan {
  const object = join(folder, `${source.replaceAll('/', '-')}${file === undefined ? '' : '.replaced'}.o`)
  // A mutant may leave a variable unused.
  const mutant = file !== undefined || macros.length > 0 ? ['-Wno-error'] : []
  const words = [...kernelWords(tree, source), ...mutant, ...macros]
  const identity = words.join(' ')
  if (file !== undefined) {
    // It includes what the source includes, and what it says of itself is the source's name.
    const place = [`-ffile-prefix-map=${dirname(file)}=${dirname(source)}`, '-iquote', dirname(source)]
    return { object, make: { words: [...words, ...place, '-c', file, '-o', object], identity } }
  }
  if (isFresh(tree, object, identity)) return { object }
  return { object, make: { words: [...words, '-MMD', '-MF', `${object}.d`, '-c', source, '-o', object], identity } }
}

const modified = (path: string): number =>
  statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY

/** True if the object is newer than all it was made from (gcc's dependency file), and was made with the same words. */
function isFresh(tree: string, object: string, identity: string): boolean {
  if (!existsSync(object) || !existsSync(`${object}.d`) || !existsSync(`${object}.args`)) return false
  if (readFileSync(`${object}.args`, 'utf8') !== identity) return false
  const made = modified(object)
  const inputs = readFileSync(`${object}.d`, 'utf8').replaceAll('\\\n', ' ').split(/\s+/).slice(1)
  return inputs.filter((path) => path !== '').every((path) => modified(join(tree, path)) <= made)
}
