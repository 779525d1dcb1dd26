// What a change leaves alone keeps its line numbers.
import { describe, expect, it } from 'vitest'
import { pinLines } from '../../../src/patch/index.js'

/** The number that the compiler has for each line, by its text. */
function numbers(text: string): Map<string, number> {
  const found = new Map<string, number>()
  let number = 1
  for (const line of text.split('\n')) {
    const directive = /^#line (\d+)$/.exec(line)
    if (directive) number = Number(directive[1])
    else found.set(line, number++)
  }
  return found
}

describe('pinned lines', () => {
  it('have their old numbers behind what was added and behind what was removed', () => {
    const before = 'a\nb\nc\nd\ne\nf\n'
    const pinned = pinLines(before, 'a\nnew\nnewer\nb\nc\ne\nf\n')
    const [old, now] = [numbers(before), numbers(pinned)]
    for (const line of ['a', 'b', 'c', 'e', 'f']) expect(now.get(line), line).toBe(old.get(line))
  })

  it('need no directive where nothing moved', () => {
    expect(pinLines('a\nb\nc\n', 'a\nB\nc\n')).toBe('a\nB\nc\n')
  })

  it.each([
    [
      'a comment',
      'x\n/* one\n two */\ny;\n',
      'x\n/* one\n more\n two */\ny;\n',
      'x\n/* one\n more\n two */\n#line 4\ny;\n',
    ],
    [
      'a macro that goes on',
      '#define A \\\n\tb\ny;\n',
      '#define A \\\n\tc \\\n\tb\ny;\n',
      '#define A \\\n\tc \\\n\tb\n#line 3\ny;\n',
    ],
    [
      "a macro's arguments",
      'WARN(a,\n\tb);\ny;\n',
      'WARN(a,\n\tc,\n\tb);\ny;\n',
      'WARN(a,\n\tc,\n\tb);\n#line 3\ny;\n',
    ],
    ['no string', 'x\ncall("(");\n', 'x\nn\ncall("(");\n', 'x\nn\n#line 2\ncall("(");\n'],
    ['no string before it', 'call("(\\"");\ny;\n', 'call("(\\"");\nn\ny;\n', 'call("(\\"");\nn\n#line 2\ny;\n'],
    [
      'no character',
      "c = '(';\nd = '\\'';\ny;\n",
      "c = '(';\nd = '\\'';\nn\ny;\n",
      "c = '(';\nd = '\\'';\nn\n#line 3\ny;\n",
    ],
    ['no comment of a line', 'x // (\ny;\n', 'x // (\nn\ny;\n', 'x // (\nn\n#line 2\ny;\n'],
  ])('are not put inside of %s', (_what, before, after, pinned) => {
    expect(pinLines(before, after)).toBe(pinned)
  })
})
