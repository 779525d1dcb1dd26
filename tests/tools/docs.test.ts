import { expect, it } from 'vitest'
import { wrongDocs } from '../../tools/docs/docs.mjs'

/** What is wrong in a room of one file that an entry exports whole. */
function wrongIn(text: string, exported = "export * from './room.js'"): string[] {
  return wrongDocs(
    new Map([
      ['src/index.ts', exported],
      ['src/room.ts', text],
    ]),
    ['src/index.ts'],
  )
}

const silent = (name: string, codes = ''): string[] => [
  `src/room.ts: the doc comment of ${name} does not say how it fails${codes}`,
]

it('a public name has a doc comment, and so has each method of a class or an interface', () => {
  expect(wrongIn('export function f() {}')).toEqual(['src/room.ts: f has no doc comment'])
  expect(wrongIn('export const size = 3')).toEqual(['src/room.ts: size has no doc comment'])
  expect(wrongIn('/** A. */\nexport class A {\n  f(): void {\n    g()\n\n    h()\n  }\n}')).toEqual([
    'src/room.ts: A.f has no doc comment',
  ])
  expect(wrongIn('/** A. */\nexport interface A {\n  f(): void\n  readonly g?: (x: number) => void\n}')).toEqual([
    'src/room.ts: A.f has no doc comment',
    'src/room.ts: A.g has no doc comment',
  ])
})

it('a number, an address and bytes say what they count, unless a standard or their name does', () => {
  const text = (doc: string, member: string) => `/** ${doc} */\nexport interface A {\n  ${member}\n}`
  for (const member of [
    'readonly size: number',
    'at?: bigint',
    'readonly base: PhysAddr | undefined',
    'data: Uint8Array',
  ]) {
    expect(wrongIn(text('A.', member))).toEqual([expect.stringMatching(/^src\/room.ts: A\.\w+ has no doc comment$/)])
    expect(wrongIn(text('A.', `/** Bytes. */\n  ${member}`))).toEqual([])
    expect(wrongIn(text('As the SDM names them.', member))).toEqual([])
  }
  expect(wrongIn(text('A.', 'readonly cpu: number'))).toEqual([])
  expect(wrongIn(text('A.', 'readonly name: string'))).toEqual([])
})

it('what is private, not exported, or not taken by the entry needs none', () => {
  expect(
    wrongIn('/** A. */\nexport class A {\n  private f(): void {}\n  readonly name: string\n}\nfunction g() {}'),
  ).toEqual([])
  expect(wrongIn('export function f() {}', "export { g } from './room.js'")).toEqual([])
})

it.each([
  ['throws a code', "if (x) throw new TransplantError('RUN_LIMIT', 'no')", ' (RUN_LIMIT)'],
  ['refuses', "if (x) return refuse('bad-elf', 'no', '')", ' (bad-elf)'],
  ['asks for an argument', "requireKind('x', x, 'text')", ''],
  ['throws what it was given', 'throw problem', ''],
  ['calls what throws', 'helper(x)', ' (NO_SUCH_VCPU)'],
])('a function that %s says so', (_what, body, codes) => {
  const helper = "function helper(x: string) {\n  throw new TransplantError('NO_SUCH_VCPU', x)\n}\n"
  const text = (doc: string) => `${helper}/** ${doc} */\nexport function f(x: string) {\n  ${body}\n}`
  expect(wrongIn(text('Does it.'))).toEqual(silent('f', codes))
  expect(wrongIn(text('Does it. Throws.'))).toEqual(silent('f', codes))
  expect(wrongIn(text("Throws RUN_LIMIT or NO_SUCH_VCPU; refuses ('bad-elf')."))).toEqual([])
  expect(wrongIn(text('Throws what `g` throws.'))).toEqual([])
})

it('another code than the one that is thrown does not do', () => {
  const text = "/** Throws RUN_LIMIT. */\nexport function f() {\n  throw new TransplantError('NO_SUCH_VCPU', '')\n}"
  expect(wrongIn(text)).toEqual(silent('f', ' (NO_SUCH_VCPU)'))
})

it('a function that gives a Result says why it may refuse', () => {
  const text = (doc: string) =>
    `/** ${doc} */\nexport function f(\n  x: string,\n): Result<string, FRefusal> {\n  return g(x)\n}`
  expect(wrongIn(text('Does it.'))).toEqual(silent('f'))
  expect(wrongIn(text('Does it, or refuses (`FRefusal`).'))).toEqual([])
})

it('a method does as well, by what its private helpers throw', () => {
  const text = (doc: string) =>
    `/** A. */\nexport class A {\n  /** ${doc} */\n  f(): void {\n    this.check()\n  }\n\n  private check(): void {\n    throw new TransplantError('RUN_LIMIT', '')\n  }\n}`
  expect(wrongIn(text('Does it.'))).toEqual(silent('A.f', ' (RUN_LIMIT)'))
  expect(wrongIn(text('Throws RUN_LIMIT.'))).toEqual([])
})

it('a method takes the comment of what promises it, and has to keep that', () => {
  const promise = (doc: string) => `/** P. */\nexport interface P {\n  /** ${doc} */\n  f(): void\n}\n`
  const kept =
    "/** A. */\nexport class A implements P {\n  f(): void {\n    throw new TransplantError('RUN_LIMIT', '')\n  }\n}"
  expect(wrongIn(promise('Throws RUN_LIMIT.') + kept)).toEqual([])
  expect(wrongIn(promise('Does it.') + kept)).toEqual(silent('A.f', ' (RUN_LIMIT)'))
})
