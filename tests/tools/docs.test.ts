import { expect, it } from 'vitest'
import { wrongDocs } from '../../tools/docs/docs.mjs'

/** What is wrong in a room of one file that an entry exports whole; it may use another file. */
function wrongIn(text: string, exported = "export * from './room.js'", other = ''): string[] {
  return wrongDocs(
    new Map([
      ['src/index.ts', exported],
      ['src/room.ts', text],
      ['src/other.ts', other],
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
  expect(wrongIn('/** A thing. */\nexport class A {\n  f(): void {\n    g()\n\n    h()\n  }\n}')).toEqual([
    'src/room.ts: A.f has no doc comment',
  ])
  expect(wrongIn('/** A thing. */\nexport interface A {\n  f(): void\n  readonly g?: (x: number) => void\n}')).toEqual([
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
    expect(wrongIn(text('A thing.', member))).toEqual([
      expect.stringMatching(/^src\/room.ts: A\.\w+ has no doc comment$/),
    ])
    expect(wrongIn(text('A thing.', `/** Bytes. */\n  ${member}`))).toEqual([])
    expect(wrongIn(text('As the SDM names them.', member))).toEqual([])
  }
  expect(wrongIn(text('A thing.', 'readonly cpu: number'))).toEqual([])
  expect(wrongIn(text('A thing.', 'readonly name: string'))).toEqual([])
})

it('what is private, not exported, or not taken by the entry needs none', () => {
  expect(
    wrongIn('/** A thing. */\nexport class A {\n  private f(): void {}\n  readonly name: string\n}\nfunction g() {}'),
  ).toEqual([])
  expect(wrongIn('export function f() {}', "export { g } from './room.js'")).toEqual([])
})

it.each([
  ['throws a code', "if (x) throw new TransplantError('RUN_LIMIT', 'no')", ' (RUN_LIMIT)'],
  ['refuses', "if (x) return refuse('bad-elf', 'no', '')", ' (bad-elf)'],
  ['throws what it was given', 'throw x', ''],
  [
    'passes on what it caught',
    'try {\n    helper(x)\n  } catch (error) {\n    throw error\n  }',
    ' (NO_SUCH_VCPU), through helper',
  ],
  ['calls what throws', 'helper(x)', ' (NO_SUCH_VCPU), through helper'],
  ['has it called', '[x].map((one) => helper(one))', ' (NO_SUCH_VCPU), through helper'],
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
    `/** A thing. */\nexport class A {\n  /** ${doc} */\n  f(): void {\n    this.check()\n  }\n\n  private check(): void {\n    throw new TransplantError('RUN_LIMIT', '')\n  }\n}`
  expect(wrongIn(text('Does it.'))).toEqual(silent('A.f', ' (RUN_LIMIT), through check'))
  expect(wrongIn(text('Throws RUN_LIMIT.'))).toEqual([])
})

const OTHER = [
  'export function deep(): number {\n  return deeper()\n}',
  "function deeper(): number {\n  throw new TransplantError('RUN_LIMIT', '')\n}",
  'export class Deep {\n  constructor() {\n    deeper()\n  }\n}',
  'export class Lazy {\n  get value(): number {\n    return deeper()\n  }\n}',
  'export interface Port {\n  /** Throws GUEST_RUNNING. */\n  read(): void\n}',
].join('\n')

it.each([
  ['deep', 'export function f() {\n  deep()\n}', 'deep, deeper'],
  ['deep', 'export async function f() {\n  await deep()\n}', 'deep, deeper'],
  ['deep', 'export const f = function () {\n  deep()\n}', 'deep, deeper'],
  ['deep', 'export const f = (\n  x: string,\n) => {\n  deep()\n}', 'deep, deeper'],
  ['deep', 'export function f() {\n  const g = () => deep()\n  g()\n}', 'g, deep, deeper'],
  ['Deep', 'export function f() {\n  return new Deep()\n}', 'Deep, deeper'],
  ['Lazy', 'export function f(x: Lazy) {\n  return x.value\n}', 'value, deeper'],
  ['Port', 'export function f(port: Port) {\n  port.read()\n}', 'read'],
])('a function says how it fails that fails by %s of another file: %s', (name, text, way) => {
  const whole = (doc: string) => `import { ${name} } from './other.js'\n/** ${doc} */\n${text}`
  expect(wrongIn(whole('Does it.'), undefined, OTHER)).toEqual(silent('f', `, through ${way}`))
  expect(wrongIn(whole('Throws what `deep` throws.'), undefined, OTHER)).toEqual([])
})

it('a getter says it as well, and what ends a failure, or happens later, has nothing to say', () => {
  const getter =
    "/** A thing. */\nexport class A {\n  /** G. it. */\n  get g(): string {\n    throw new TransplantError('RUN_LIMIT', '')\n  }\n}"
  expect(wrongIn(getter)).toEqual(silent('A.g', ' (RUN_LIMIT)'))
  for (const body of [
    'try {\n    deep()\n  } catch {\n    return\n  }',
    'later().catch(() => deepest)',
    'return { f: () => deep() }',
    'stream.onBytes(() => deep())',
    "panic('never')",
  ]) {
    const text = `import { deep } from './other.js'\n/** Does it. */\nexport function f() {\n  ${body}\n}`
    expect(wrongIn(text, undefined, OTHER)).toEqual([])
  }
})

it('an argument that another function checks is its own to tell, but what a function checks itself is not', () => {
  const check = 'export function requireKind(x: unknown) {\n  throw x\n}\nexport function g() {\n  requireKind(1)\n}'
  const tree = (body: string) =>
    new Map([
      [
        'src/index.ts',
        `import { g, requireKind } from './base/arguments.js'\n/** Does it. */\nexport function f() {\n  ${body}\n}`,
      ],
      ['src/base/arguments.ts', check],
    ])
  expect(wrongDocs(tree('g()'), ['src/index.ts'])).toEqual([])
  expect(wrongDocs(tree('requireKind(1)'), ['src/index.ts'])).toEqual([expect.stringContaining('how it fails')])
})

it('a comment says something: more than a word, unless that is a unit', () => {
  const field = (doc: string) =>
    wrongIn(`/** A thing. */\nexport interface A {\n  /** ${doc} */\n  readonly size: number\n}`)
  for (const doc of ['X', 'x.', 'Size.', '-']) {
    expect(field(doc)).toEqual(['src/room.ts: the doc comment of A.size says nothing'])
  }
  for (const doc of ['Bytes.', 'STT_*.', 'Of the whole.']) expect(field(doc)).toEqual([])
})

it('numbers among the parameters are spoken of, unless their name or type does', () => {
  const text = (doc: string, parameter: string) => wrongIn(`/** ${doc} */\nexport function f(${parameter}) {}`)
  for (const parameter of ['length: number', 'length?: bigint', 'length: Uint8Array', 'length: number | bigint']) {
    expect(text('Reads it.', parameter)).toEqual(['src/room.ts: the doc comment of f does not say what length counts'])
    expect(text('Reads `length` bytes.', parameter)).toEqual([])
  }
  for (const parameter of ['cpu: number', 'bytes: Uint8Array', 'at: PhysAddr', 'name: string']) {
    expect(text('Reads it.', parameter)).toEqual([])
  }
})

it('fields of a type that an alias writes out are fields', () => {
  const text = (doc: string) =>
    wrongIn(
      `/** A thing. */\nexport type A = { kind: 'a' } | ({ kind: 'b' } & {\n  ${doc}\n  readonly size: number\n})`,
    )
  expect(text('')).toEqual(['src/room.ts: A.size has no doc comment'])
  expect(text('/** Bytes. */')).toEqual([])
})

it('a method takes the comment of what promises it, and has to keep that', () => {
  const promise = (doc: string) => `/** A promise. */\nexport interface P {\n  /** ${doc} */\n  f(): void\n}\n`
  const kept =
    "/** A thing. */\nexport class A implements P {\n  f(): void {\n    throw new TransplantError('RUN_LIMIT', '')\n  }\n}"
  expect(wrongIn(promise('Throws RUN_LIMIT.') + kept)).toEqual([])
  expect(wrongIn(promise('Does it.') + kept)).toEqual(silent('A.f', ' (RUN_LIMIT)'))
})
