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
])('%s may not say: %s', (path, text, line) => {
  expect(wrongIn(path, text)).toEqual([expect.stringMatching(`^${path}:${line}: `)])
})

it.each([
  ['src/a.ts', 'class A {\n  private count = 0\n}\nconst colour = "#a0b0c0"'],
  ['src/a.ts', '// new Error() is refused, and so is { ok: false }\ninterface R {\n  readonly ok: false\n}'],
  ['src/a.ts', "throw new TransplantError('RUN_LIMIT', 'no')"],
  ['src/base/errors.ts', 'return { ok: true, value }'],
  ['tests/x/a.ts', "throw new Error('no')"],
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
    'src/a.ts: f is not over the limit: take it off the list',
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
