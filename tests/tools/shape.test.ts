import { expect, it } from 'vitest'
import { wrongShapes } from '../../tools/shape/shape.mjs'

const none = { tables: new Set<string>(), tableFiles: new Set<string>() }
const wrongIn = (path: string, text: string): string[] => wrongShapes(new Map([[path, text]]), none)

const long = (lines: number): string => ['export function f() {', ...Array(lines - 2).fill('  g()'), '}'].join('\n')

it.each([
  ['src/a.ts', 'class A {\n  #count\n}', 2],
  ['src/a.ts', 'class A {\n  readonly #count = 0\n}', 2],
  ['src/a.ts', 'class A {\n  static async *#rest() {}\n}', 2],
  ['tools/a.mjs', 'class A {\n  #count\n}', 2],
  ['tests/x/a.mjs', 'class A {\n  get #count() {}\n}', 2],
  ['src/a.ts', "throw new Error('no')", 1],
  ['src/cli/a.ts', "f()\nreject(new RangeError('no'))", 2],
  ['src/cpu/jit/a.ts', "throw new TypeError('no')", 1],
  ['src/workers/a.ts', "return { ok: false, code: 'truncated' }", 1],
  ['src/a.ts', 'const made = {\n  ok: true,\n  value,\n}', 2],
  ['src/a.ts', 'return { ok: run.status === 0, text }', 1],
  ['src/a.ts', 'return { ok, text }', 1],
  ['src/a.ts', 'return { text, ok }', 1],
  ['src/a.ts', 'return {\n  text,\n  ok,\n}', 3],
  ['src/a.ts', "throw 'x'", 1],
  ['src/a.ts', 'if (x) throw `x`', 1],
  ['src/a.ts', "throw { code: 'RUN_LIMIT' }", 1],
  ['src/a.ts', "return Promise.reject('x')", 1],
  ['src/a.ts', 'throw undefined', 1],
])('%s may not say: %s', (path, text, line) => {
  expect(wrongIn(path, text)).toEqual([expect.stringMatching(`^${path}:${line}: `)])
})

it.each([
  ['src/a.ts', 'class A {\n  private count = 0\n}\nconst colour = "#a0b0c0"'],
  ['src/a.ts', '// new Error() is refused, and so is { ok: false }\ninterface R {\n  readonly ok: false\n}'],
  ['src/a.ts', "throw new TransplantError('RUN_LIMIT', 'no')"],
  ['src/base/errors.ts', 'return { ok: true, value }'],
  ['tests/x/a.ts', "throw new Error('no')"],
  ['src/a.ts', 'const { ok, value } = read()\nfor (const { name, ok } of all) f(ok)\nif (!made.ok) return made'],
  ['src/a.ts', 'interface R {\n  readonly ok: true\n}\nthrow error'],
  ['src/a.d.ts', 'interface Response {\n  ok: boolean\n}'],
])('%s may say: %s', (path, text) => {
  expect(wrongIn(path, text)).toEqual([])
})

it('a function of 81 lines and a file of 501 are too long, unless they are tables, and only while they are', () => {
  expect(wrongIn('src/a.ts', long(80))).toEqual([])
  expect(wrongIn('src/a.ts', long(81))).toEqual([expect.stringContaining('f has 81 lines')])
  expect(wrongIn('tests/a.ts', long(81))).toEqual([expect.stringContaining('f has 81 lines')])
  expect(wrongIn('tests/a.test.ts', long(81).replace('export function f', "needs('gcc')('all', () =>"))).toEqual([])
  expect(wrongIn('src/a.ts', 'f()\n'.repeat(500))).toEqual([])
  expect(wrongIn('src/a.ts', 'f()\n'.repeat(501))).toEqual([expect.stringContaining('has 501 lines')])
  const listed = { tables: new Set(['src/a.ts: f']), tableFiles: new Set<string>() }
  expect(wrongShapes(new Map([['src/a.ts', long(81)]]), listed)).toEqual([])
  expect(wrongShapes(new Map([['src/a.ts', long(80)]]), listed)).toEqual([
    'src/a.ts: f needs no excuse any more: take it off the list',
  ])
})

it.each([
  ['class A {\n', '  private readonly f = async (x: number) => {', '  }', '\n}'],
  ['class A {\n', '  f: Handler = (x) => {', '  }', '\n}'],
  ['class A {\n', '  f = (\n    x: number,\n  ): void => {', '  }', '\n}'],
  ['class A {\n', '  static f = function (x) {', '  }', '\n}'],
  ['const all = {\n', '  f: (x) => {', '  },', '\n}'],
  ['const all = {\n', '  f: async function (x) {', '  },', '\n}'],
  ['', 'let f = (x) => {', '}', ''],
])('however it is written: %s%s', (before, head, end, after) => {
  const text = (lines: number): string =>
    before + [head, ...Array(lines - 1 - head.split('\n').length).fill('    g()'), end].join('\n') + after
  expect(wrongIn('src/a.ts', text(80))).toEqual([])
  expect(wrongIn('src/a.ts', text(81))).toEqual([expect.stringContaining('f has 81 lines')])
})

it('a style sheet has at most 500 lines', () => {
  expect(wrongIn('src/web/page/a.css', 'a {}\n'.repeat(500))).toEqual([])
  expect(wrongIn('src/web/page/a.css', 'a {}\n'.repeat(501))).toEqual([expect.stringContaining('has 501 lines')])
})

it('a verdict may be called ok where the list says so, and only while it is', () => {
  const lists = { ...none, verdictFiles: new Set(['src/a.ts']) }
  expect(wrongShapes(new Map([['src/a.ts', 'const verdict = { ok: holds }']]), lists)).toEqual([])
  expect(wrongShapes(new Map([['src/a.ts', 'f()']]), lists)).toEqual([
    'src/a.ts needs no excuse any more: take it off the list',
  ])
})

it('in C too, where the head may have several lines', () => {
  const body = (lines: number): string => ['{', ...Array(lines - 3).fill('\tg();'), '}'].join('\n')
  const heads = ['int f(int x)', 'SYSCALL_DEFINE1(f, int, x)', 'static __always_inline struct s *f(int x)']
  for (const head of heads) {
    expect(wrongIn('images/kernel/a.c', `${head}\n${body(80)}\n`)).toEqual([])
    expect(wrongIn('images/kernel/a.c', `${head}\n${body(82)}\n`)).toEqual([expect.stringContaining('a.c: f has 82')])
  }
  const long = `static int f(struct s *one,\n\t     struct s *other)\n${body(80)}\n`
  expect(wrongIn('images/kernel/a.h', long)).toEqual([expect.stringContaining('a.h: f has 81')])
  expect(wrongIn('firmware/a.S', '\tnop\n'.repeat(501))).toEqual([expect.stringContaining('has 501 lines')])
})
