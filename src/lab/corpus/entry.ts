// The corpus: source changes as diffs, each with the verdict that is expected of it and, where it applies, a program that shows it. What
// stands in a diff before its first file is the entry: a title, text, and fields.
//
//     Refuse a process group below zero.
//
//     Why such a fix is made, in a few lines.
//
//     Kind: bounds check
//     Verdict: applies
//     Run: a command for the guest's shell
//     Before: a pattern that its output has without the patch, and not with it
//     After: a pattern that its output has with the patch, and not without it

import { accept, refuse } from '../../base/index.js'
import type { PatchResult, VerdictKind } from '../../patch/index.js'

/** One change of the corpus. */
export interface CorpusEntry {
  /** Its file's name without the ending. */
  readonly name: string
  readonly title: string
  /** What kind of fix it is, in words. */
  readonly kind: string
  readonly verdict: VerdictKind
  /** Codes of reasons that the verdict has to name, if it is not that the change applies. */
  readonly because: readonly string[]
  readonly program: CorpusProgram | undefined
  readonly diff: string
}

/** What shows a change in a guest. */
export interface CorpusProgram {
  /** For the guest's shell; what it prints is looked at, on both outputs. */
  readonly run: string
  readonly before: RegExp
  readonly after: RegExp
}

const VERDICTS: readonly VerdictKind[] = ['applies', 'needs-help', 'cannot']

/** Reads an entry from its diff. Refuses with 'bad-diff' and the field that is wrong. */
export function readCorpusEntry(name: string, diff: string): PatchResult<CorpusEntry> {
  const head = diff.slice(0, Math.max(0, /^(--- |diff )/m.exec(diff)?.index ?? 0))
  const fields = new Map<string, string>()
  for (const [, key = '', value = ''] of head.matchAll(/^(Kind|Verdict|Because|Run|Before|After): (.*)$/gm)) {
    fields.set(key, value)
  }
  const wrong = (what: string): PatchResult<never> =>
    refuse('bad-diff', `${name}: ${what}`, 'src/lab/corpus/entry.ts says what an entry has.')
  const title = head.split('\n')[0] ?? ''
  const verdict = VERDICTS.find((one) => one === fields.get('Verdict'))
  const kind = fields.get('Kind')
  if (title === '' || kind === undefined) return wrong('no title, or no Kind')
  if (verdict === undefined) return wrong(`Verdict is none of ${VERDICTS.join(', ')}`)
  const because = (fields.get('Because') ?? '').split(' ').filter((code) => code !== '')
  if ((verdict === 'applies') === because.length > 0)
    return wrong('Because is for what does not apply, and only for that')
  const [run, before, after] = ['Run', 'Before', 'After'].map((key) => fields.get(key))
  if (run === undefined) return accept({ name, title, kind, verdict, because, program: undefined, diff })
  if (before === undefined || after === undefined) return wrong('Run without Before and After')
  try {
    const program = { run, before: new RegExp(before, 'm'), after: new RegExp(after, 'm') }
    return accept({ name, title, kind, verdict, because, program, diff })
  } catch (error) {
    return wrong((error as Error).message)
  }
}
