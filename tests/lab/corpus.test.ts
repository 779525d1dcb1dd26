// What an entry of the corpus says of itself, and what is refused.
import { describe, expect, it } from 'vitest'
import { readCorpusEntry } from '../../src/lab/index.js'

const DIFF = '--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n'
const entry = (...fields: string[]) =>
  readCorpusEntry('x', `A title.\n\nWhy.\n\n${fields.map((field) => `${field}\n`).join('')}\n${DIFF}`)

describe('an entry of the corpus', () => {
  it('has title, kind and verdict, and a program where it is to be seen', () => {
    const read = entry('Kind: bounds check', 'Verdict: applies', 'Run: cat /x', 'Before: ^a$', 'After: ^b$')
    expect(read).toMatchObject({
      ok: true,
      value: {
        name: 'x',
        title: 'A title.',
        kind: 'bounds check',
        verdict: 'applies',
        because: [],
        program: { run: 'cat /x' },
      },
    })
    expect(read.ok && read.value.program?.before.test('c\na\n')).toBe(true)
  })

  it('names the reasons of what does not apply', () => {
    expect(entry('Kind: k', 'Verdict: cannot', 'Because: never-left notrace')).toMatchObject({
      ok: true,
      value: { because: ['never-left', 'notrace'], program: undefined },
    })
  })

  it.each([
    ['no kind', ['Verdict: applies'], /no Kind/],
    ['another verdict', ['Kind: k', 'Verdict: perhaps'], /none of applies/],
    ['a reason for what applies', ['Kind: k', 'Verdict: applies', 'Because: notrace'], /Because/],
    ['no reason for what does not', ['Kind: k', 'Verdict: cannot'], /Because/],
    ['a program without patterns', ['Kind: k', 'Verdict: applies', 'Run: x'], /Before and After/],
    ['a pattern that is none', ['Kind: k', 'Verdict: applies', 'Run: x', 'Before: (', 'After: a'], /expression/],
  ])('with %s is refused', (_what, fields, message) => {
    expect(entry(...fields)).toMatchObject({ ok: false, code: 'bad-diff', message: expect.stringMatching(message) })
  })
})
