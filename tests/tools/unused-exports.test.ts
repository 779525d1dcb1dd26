import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { askBiome } from '../../tools/core/biome.mjs'
import { unusedExports } from '../../tools/unused/unused.mjs'

const wrongIn = (files: Record<string, string>): string[] => unusedExports(new Map(Object.entries(files)))

describe('an export that nothing uses', () => {
  it('is found in every room, whatever passes it on', () => {
    const door = "export { readByte, readWord } from './bytes.js'"
    const bytes = '/** readByte */\nexport function readByte() {}\nexport const readWord = 2\n'
    const user = "import { readWord } from '../base/index.js' // not readByte\nreadWord\n"
    const files = { 'src/base/index.ts': door, 'src/base/bytes.ts': bytes, 'src/cpu/cpu.ts': user }
    expect(wrongIn(files)).toEqual(['src/base/bytes.ts: nothing uses readByte'])
    expect(wrongIn({ ...files, 'src/index.ts': "export { readByte } from './base/index.js'" })).toEqual([])
    expect(wrongIn({ ...files, 'tests/base/bytes.test.ts': 'readByte()' })).toEqual([])
  })

  it('in the core is what no other file imports, though others speak of one', () => {
    const files = {
      'src/cpu/core/state/fault.ts': 'export const VECTOR_BP: u32 = 3\nexport const VECTOR_OF: u32 = 4\n',
      'src/cpu/core/system/a.ts':
        "import { VECTOR_OF } from '../state/fault'\nexport function raise(): void { VECTOR_OF }",
      'src/cpu/core/index.ts': "import { raise } from './system/a'\nexport function run(): void { raise() }",
      'tests/cpu/a.test.ts': 'const VECTOR_BP = 3',
    }
    expect(wrongIn(files)).toEqual(['src/cpu/core/state/fault.ts: nothing uses VECTOR_BP'])
  })

  it('in the core needs no export where its own file is all that uses it', () => {
    const own = 'export const WIDE: u32 = 3\nfunction width(): u32 { return WIDE }\n'
    expect(wrongIn({ 'src/cpu/core/state/a.ts': own })).toEqual([
      'src/cpu/core/state/a.ts: nothing imports WIDE: it needs no export',
    ])
    expect(wrongIn({ 'src/debug/a.ts': own })).toEqual([])
  })
})

describe('the core before biome', () => {
  function ask(text: string) {
    const folder = mkdtempSync(join(tmpdir(), 'transplant-core-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'a.ts'), text)
    return askBiome(folder)
  }

  it.each([
    ['import', "import { raise } from './b'\n"],
    ['function', 'function bits(): u32 {\n  return 1\n}\n'],
    ['variable', 'export function bits(x: u32): u32 {\n  const sign = x >> 31\n  return x\n}\n'],
    ['parameter', '// @ts-ignore: decorator\n@inline\nexport function bits(x: u32, y: u32): u32 {\n  return x\n}\n'],
  ])('has no %s that nothing uses', (kind, text) => {
    const { warnings, formatted } = ask(text)
    expect(warnings).toMatch(/src\/cpu\/core\/a\.ts:\d+/)
    expect(warnings).toMatch(new RegExp(`${kind}.* is unused`))
    expect(formatted.size).toBe(0)
  })

  it('is formatted, decorators and all', () => {
    const right = '// @ts-ignore: decorator\n@inline\nexport function bits(x: u32): u32 {\n  return x & 1\n}\n'
    expect(ask(right)).toEqual({ formatted: new Map(), warnings: '' })
    expect(ask(right.replace('x & 1', 'x&1')).formatted).toEqual(new Map([['a.ts', right]]))
  })
})
