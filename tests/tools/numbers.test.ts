import { expect, it } from 'vitest'
import { wrongNumbers } from '../../tools/numbers/numbers.mjs'

const home = 'export const CR9_ON: u64 = 0x80000000\nexport const CR9_LOW: u64 = 0x10000\nexport const XF: u64 = 512\n'

/** What is wrong in this tree, besides the home of some numbers. */
const wrongIn = (files: Record<string, string>): string[] =>
  wrongNumbers(new Map(Object.entries({ 'src/cpu/numbers/registers.ts': home, ...files })))

it.each([
  ['src/cpu/core/memory/mmu.ts', 'const CR9_ON: u64 = 0x80000000'],
  ['src/cpu/jit/emit.ts', 'export const CR9_ON = 2147483648 // as there'],
  ['src/debug/monitor.ts', 'const CR9_ON = 1n << 31n'],
  ['src/debug/monitor.ts', 'const [FLAG, CR9_ON] = [512n, 1n << 31n]'],
  ['src/machine/registers.ts', 'const BITS = {\n  CR9_ON: 0x8000_0000n,\n}'],
  ['tests/cpu/a.test.ts', "it('pages', () => {\n  const CR9_ON = 0x80000000n\n})"],
  ['tests/oracle/a.mjs', 'let XF = 0x200n'],
])('%s may not define what has a home: %s', (path, text) => {
  expect(wrongIn({ [path]: text })).toEqual([expect.stringContaining('has a home: take it from src/cpu/numbers/')])
})

it.each([
  'if (c.cr0 & 12) raise(c)',
  'return (c.cr0 & 1) != 0',
  'c.efer & 0x400 ? next : 0',
  'c.dr7 &= ~0x155',
  'c.eflags |= 2',
  'c.mxcsr = 0x1f80',
  'if ((c.xcr0 & 6) == 6) return',
  'const cause = 8 & c.cr4',
  'native = (mxcsr & 0xffe0) == 0',
  'const on = (savedCr0 & 0x8000_0000n) !== 0n',
  'const long = rflagsBefore >> 9n',
  'const flags = state.getUint32(STATE_OFFSETS.rflags, true)\nreturn (flags & 0x200) !== 0',
  'const INTERRUPTS = 0x200\nconst flags = core.state(cpu).getUint32(STATE_OFFSETS.rflags, true)\nreturn flags & INTERRUPTS',
  'const NO_EXECUTE = 1n << 11n\nreturn (efer & NO_EXECUTE) !== 0n',
  'const LONG_MODE = 0x400n\nreturn (LONG_MODE & registers.efer) !== 0n',
])('bits of a register have names: %s', (text) => {
  expect(wrongIn({ 'src/cpu/core/system/a.ts': text })).toEqual([expect.stringContaining('beside a register')])
})

it.each([
  'const bytes = await port.readPhysical(at, 4096)',
  'const end = alignUp(start + length, 0x1000)',
  'const room = alignDown(top, 4096n)',
  'const at = frame * 4096',
  'const offset = Number(address & 0xfffn)',
  'const page = Math.floor(address / 4096), next = pages * 0x1000',
])('the size of a page has its name: %s', (text) => {
  expect(wrongIn({ 'src/guest/a.ts': text })).toEqual([expect.stringContaining('is the size of a page')])
})

it('a case is not named by a comment', () => {
  const cases =
    'switch (form) {\n  case 0x08: // FORM_string\n  case 0xb9: // UD1\n  case CC_O: // CC_O\n  case 2: // ranges'
  expect(wrongIn({ 'src/format/a.ts': cases })).toEqual([
    'src/format/a.ts:2: FORM_string is a comment: make it the case',
  ])
})

it('a constant stands in one file of src, in whatever room', () => {
  const one = { 'src/format/elf.ts': 'export const ET_REL = 1' }
  expect(wrongIn({ ...one, 'src/web/page/drop.ts': 'const ET_REL = 0x1' })).toEqual([
    'src/web/page/drop.ts:1: ET_REL is in src/format/elf.ts already',
  ])
  expect(wrongIn({ ...one, 'src/web/page/drop.ts': 'const [ET_ANY, ET_REL] = [0, 1]' })).toEqual([
    'src/web/page/drop.ts:1: ET_REL is in src/format/elf.ts already',
  ])
  expect(wrongIn({ ...one, 'tests/web/a.test.ts': 'const ET_REL = 1' })).toEqual([])
})

it('a constant stands in one file of the CPU, however it is written', () => {
  const one = { 'src/cpu/core/decode/sse-decode.ts': 'export const X_ALIGNED: u32 = 0x80' }
  expect(wrongIn({ ...one, 'src/cpu/jit/emit-vector.ts': 'const X_ALIGNED = 128' })).toEqual([
    'src/cpu/jit/emit-vector.ts:1: X_ALIGNED is in src/cpu/core/decode/sse-decode.ts already',
  ])
  expect(wrongIn({ ...one, 'src/cpu/jit/emit-vector.ts': 'const X_ALIGNED = 64' })).toEqual([])
  expect(wrongIn({ 'src/cpu/numbers/paging.ts': 'export const CR9_LOW: u64 = 0x10000' })).toEqual([
    'src/cpu/numbers/paging.ts: CR9_LOW is in src/cpu/numbers/registers.ts already',
  ])
})

it('says nothing of names taken from there, of widths, zeros and comments, and of what the manual says in a test', () => {
  const right = [
    'const { CR9_ON, XF } = REGISTER_BITS',
    'const CR9_LOW = REGISTER_BITS.CR9_LOW | REGISTER_BITS.CR9_ON',
    'c.cr4 = 0',
    'const low = c.cr3 & 0xffffffff',
    'if (c.cr0 & CR9_ON) c.cr0 &= ~CR9_ON',
    '// const CR9_ON = 1n << 31n, and c.cr0 & 12',
    "const text = { XF: 512, at: 'https://intel.com' }",
    'const LOW = 1n\nconst all = LOW | (c.efer & XF ? 2n : 0n)',
    'const bytes = await port.readPhysical(at, PAGE_SIZE)',
    'const flags = elf.flags\nif ((flags & 4) !== 0) return',
  ]
  expect(wrongIn({ 'src/machine/a.ts': right.join('\n') })).toEqual([])
  expect(wrongIn({ 'tests/cpu/a.test.ts': 'expect(cr0 & 12n).toBe(0n)' })).toEqual([])
})
