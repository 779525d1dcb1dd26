// A unified diff against a tree of sources: read, checked, and applied to texts. Does no I/O: the caller brings the texts and keeps what
// comes out.
//
// A diff is applied only where its context stands, exactly, at its line or elsewhere in the file: a fix that lands in the wrong function
// is worse than none. Parsing and applying are jsdiff's; which hunk of which file does not fit, and what may be wrong, is said here.

import { applyPatch, parsePatch, reversePatch, type StructuredPatch } from 'diff'
import { accept, refuse, requireKind } from '../../base/index.js'
import type { PatchResult } from '../refusal.js'

/** One file that a diff changes. */
export interface ChangedFile {
  /** From the root of the tree, with `/`. */
  readonly path: string
  /** The text before; undefined for a new file. */
  readonly before: string | undefined
  /** The text after; undefined for a removed file. */
  readonly after: string | undefined
}

/** Reads a source by its path from the root of the tree; undefined where there is none. */
export type SourceReader = (path: string) => string | undefined

const NOWHERE = '/dev/null'

/**
 * The files that a diff changes, with their texts. Paths may have the usual `a/` and `b/`, or not; `folder` (`images/kernel`) may be
 * left out. Refuses with 'bad-diff', 'outside-tree', 'does-not-apply' or 'no-change'.
 */
export function applySourceDiff(diff: string, folder: string, read: SourceReader): PatchResult<readonly ChangedFile[]> {
  requireKind('diff', diff, 'text')
  let parts: StructuredPatch[]
  try {
    parts = parsePatch(diff.replaceAll('\r\n', '\n'))
  } catch (error) {
    return refuse('bad-diff', `not a unified diff: ${(error as Error).message}`, MAKE_DIFF)
  }
  parts = parts.filter((part) => part.hunks.length > 0 || (part.oldFileName ?? part.newFileName) !== undefined)
  if (parts.length === 0) return refuse('bad-diff', 'not a unified diff: no file is named in it', MAKE_DIFF)
  const files = new Map<string, ChangedFile>()
  for (const part of parts) {
    const placed = placeOf(part, folder, read)
    if (!placed.ok) return placed
    const { path } = placed.value
    const known = files.get(path)
    const before = known === undefined ? placed.value.before : known.after
    const after = applyOne(part, path, before)
    if (!after.ok) return after
    files.set(path, { path, before: known === undefined ? before : known.before, after: after.value })
  }
  const changed = [...files.values()].filter((file) => file.before !== file.after)
  if (changed.length === 0) return refuse('no-change', 'the diff changes no line', 'Make it from two different trees.')
  return accept(changed.sort((a, b) => (a.path < b.path ? -1 : 1)))
}

const MAKE_DIFF = 'Make one with `diff -u` or `git diff`.'

/** Where in the tree a part belongs: by the name that is there, with and without a leading folder. */
function placeOf(
  part: StructuredPatch,
  folder: string,
  read: SourceReader,
): PatchResult<{ readonly path: string; readonly before: string | undefined }> {
  const [from, to] = [part.oldFileName ?? '', part.newFileName ?? part.oldFileName ?? '']
  const creates = from === NOWHERE
  const named = creates ? to : from
  if (named === '' || named === NOWHERE) return refuse('bad-diff', 'a part of the diff names no file', MAKE_DIFF)
  const names = namesOf(named)
  if (!creates && to !== NOWHERE && !namesOf(to).some((name) => names.includes(name))) {
    return refuse(
      'bad-diff',
      `${from} becomes ${to}: a file keeps its name in a patch`,
      'Change the file in its place.',
    )
  }
  const climbs = names.some((name) => name.startsWith('/') || name.split('/').includes('..'))
  const candidates = names.flatMap((name) => [name, `${folder}/${name}`])
  const path = climbs ? undefined : candidates.find((name) => read(name) !== undefined)
  const bare = names[names.length - 1] as string
  const wanted = path ?? (bare.startsWith(`${folder}/`) ? bare : `${folder}/${bare}`)
  if (climbs || !wanted.startsWith(`${folder}/`)) {
    return refuse(
      'outside-tree',
      `${named} is no source of the kernel: only files below ${folder} can be patched`,
      `Name files from the root, as ${folder}/kernel/fork.c.`,
    )
  }
  if (path !== undefined) return accept({ path, before: read(path) })
  if (creates) return accept({ path: wanted, before: undefined })
  return refuse('does-not-apply', `there is no ${wanted}`, 'Make the diff against the sources of this kernel.')
}

/** A name as it stands, and without the `a/` or `b/` in front. */
function namesOf(name: string): string[] {
  return /^[ab]\//.test(name) ? [name, name.slice(2)] : [name]
}

function applyOne(part: StructuredPatch, path: string, before: string | undefined): PatchResult<string | undefined> {
  if (part.oldFileName === NOWHERE && before !== undefined) {
    return refuse(
      'does-not-apply',
      `${path} is to be a new file, but it is there`,
      'Take the diff against this kernel.',
    )
  }
  const text = before ?? ''
  const after = applyPatch(text, part)
  if (after !== false) return accept(part.newFileName === NOWHERE ? undefined : after)
  const index = part.hunks.findIndex(
    (_, i) => applyPatch(text, { ...part, hunks: part.hunks.slice(0, i + 1) }) === false,
  )
  const hunk = part.hunks[Math.max(0, index)]
  const header = hunk ? `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@` : ''
  const applied = applyPatch(text, reversePatch(part)) !== false
  return refuse(
    'does-not-apply',
    `${path}: hunk ${index + 1} of ${part.hunks.length} (${header}) does not fit`,
    applied ? 'The file has this change already.' : 'Make the diff against the sources of this kernel.',
  )
}
