// Reading a unified diff, applying it, and what is said of one that does not fit.
import { describe, expect, it } from 'vitest'
import { applySourceDiff } from '../../../src/patch/index.js'

const FOLDER = 'images/kernel'
const TREE: Readonly<Record<string, string>> = {
  'images/kernel/kernel/a.c': 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\n',
  'images/kernel/include/b.h': 'int b;\n',
  'images/user/bin/ls.c': 'int main;\n',
}
const apply = (diff: string) => applySourceDiff(diff, FOLDER, (path) => TREE[path])
const hunk = (name: string, body: string) => `--- ${name}\n+++ ${name.replace(/^a\//, 'b/')}\n${body}`
const TWO = '@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n'

describe('a diff', () => {
  it.each(['a/images/kernel/kernel/a.c', 'images/kernel/kernel/a.c', 'a/kernel/a.c', 'kernel/a.c'])(
    'names a file as %s',
    (name) => {
      const files = apply(hunk(name, TWO))
      expect(files).toMatchObject({ ok: true, value: [{ path: 'images/kernel/kernel/a.c' }] })
      expect(files.ok && files.value[0]?.after).toContain('one\nTWO\nthree\n')
    },
  )

  it('may have text before its first file, and several files', () => {
    const files = apply(
      `A title.\n\nWhy.\n\n${hunk('a/kernel/a.c', TWO)}${hunk('a/include/b.h', '@@ -1 +1 @@\n-int b;\n+int c;\n')}`,
    )
    expect(files.ok && files.value.map((file) => file.path)).toEqual([
      'images/kernel/include/b.h',
      'images/kernel/kernel/a.c',
    ])
  })

  it('makes a file, and removes one', () => {
    const made = apply('--- /dev/null\n+++ b/images/kernel/kernel/new.c\n@@ -0,0 +1 @@\n+int n;\n')
    expect(made).toMatchObject({
      ok: true,
      value: [{ path: 'images/kernel/kernel/new.c', before: undefined, after: 'int n;\n' }],
    })
    const gone = apply('--- a/images/kernel/include/b.h\n+++ /dev/null\n@@ -1 +0,0 @@\n-int b;\n')
    expect(gone).toMatchObject({ ok: true, value: [{ path: 'images/kernel/include/b.h', after: undefined }] })
  })

  it('fits where its context has moved to', () => {
    const files = apply(hunk('a/kernel/a.c', '@@ -1,3 +1,3 @@\n ten\n-eleven\n+ELEVEN\n twelve\n'))
    expect(files.ok && files.value[0]?.after).toContain('ten\nELEVEN\ntwelve\n')
  })
})

describe('a diff that cannot be applied', () => {
  it('is refused with the file and the hunk', () => {
    const second = '@@ -10,3 +10,3 @@\n ten\n-eleventh\n+ELEVEN\n twelve\n'
    expect(apply(hunk('a/kernel/a.c', `${TWO}${second}`))).toMatchObject({
      ok: false,
      code: 'does-not-apply',
      message: 'images/kernel/kernel/a.c: hunk 2 of 2 (@@ -10,3 +10,3 @@) does not fit',
    })
  })

  it('is told apart from one that was applied before', () => {
    const again = '@@ -1,3 +1,3 @@\n one\n-zwei\n+two\n three\n'
    expect(apply(hunk('a/kernel/a.c', again))).toMatchObject({
      code: 'does-not-apply',
      hint: 'The file has this change already.',
    })
  })

  it.each([
    ['a file that is not there', hunk('a/kernel/c.c', TWO), 'does-not-apply', /no images\/kernel\/kernel\/c\.c/],
    ['a new file that is there', '--- /dev/null\n+++ b/kernel/a.c\n@@ -0,0 +1 @@\n+x\n', 'does-not-apply', /is there/],
    [
      'a program',
      hunk('a/images/user/bin/ls.c', '@@ -1 +1 @@\n-int main;\n+int x;\n'),
      'outside-tree',
      /images\/kernel/,
    ],
    ['a path that climbs', hunk('a/../etc/passwd', TWO), 'outside-tree', /no source/],
    ['an absolute path', hunk('/etc/passwd', TWO), 'outside-tree', /no source/],
    ['another name', `--- a/kernel/a.c\n+++ b/kernel/z.c\n${TWO}`, 'bad-diff', /keeps its name/],
    ['no diff at all', 'hello\n', 'bad-diff', /no file/],
    ['nothing', '', 'bad-diff', /no file/],
    [
      'a hunk that is cut short',
      hunk('a/kernel/a.c', '@@ -1,3 +1,3 @@\n one\n-two\n'),
      'bad-diff',
      /not a unified diff/,
    ],
    [
      'the same on both sides',
      hunk('a/kernel/a.c', '@@ -1,3 +1,3 @@\n one\n-two\n+two\n three\n'),
      'no-change',
      /no line/,
    ],
  ])('names %s', (_what, diff, code, message) => {
    expect(apply(diff)).toMatchObject({ ok: false, code, message: expect.stringMatching(message) })
  })
})
