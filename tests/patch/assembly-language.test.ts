// The language of assembly patches, directive by directive: what each makes, what each refuses and with which words, and where the limits are.
import { expect, it } from 'vitest'
import { virtAddr } from '../../src/base/index.js'
import { type ObjectFile, parseElf, readObject } from '../../src/format/index.js'
import { buildPatchFromAssembly, type KernelFacts } from '../../src/patch/index.js'
import { scionLayout } from './objects.js'

const symbol = (name: string, address: bigint) => ({ name, address: virtAddr(address), size: 64, isFunction: true })
const kernel: KernelFacts = {
  buildId: '00112233',
  vermagic: '1.0.0-scion SMP preempt mod_unload build-id=00112233',
  exports: new Set(['klp_enable_patch']),
  symbols: new Map([
    ['cmdline_proc_show', [symbol('cmdline_proc_show', 0xffffffff80001000n)]],
    ['klp_enable_patch', [symbol('klp_enable_patch', 0xffffffff80006000n)]],
  ]),
  layout: scionLayout(),
  patchableEntries: [0xffffffff80001000n],
  readBytes: () => undefined,
}

/** Line 1 and 2 are a patch; what follows begins at line 3. */
const build = (more: string) =>
  buildPatchFromAssembly({ sourceName: 'p.s', source: `.patch cmdline_proc_show\n  ret\n${more}\n`, kernel })

async function object(more: string): Promise<ObjectFile> {
  const built = await build(more)
  if (!built.ok) throw new Error(built.message)
  const parsed = parseElf(built.value.module)
  if (!parsed.ok) throw new Error(parsed.message)
  const read = readObject(parsed.value)
  if (!read.ok) throw new Error(read.message)
  return read.value
}
const section = (from: ObjectFile, name: string) => {
  const found = from.sections.find((one) => one.name === name)
  if (!found) throw new Error(`no ${name}`)
  return found
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const rodata = async (lines: string) => hex(section(await object(`.rodata\n${lines}`), '.rodata').data)

it.each([
  ['.byte 0, 1, 127, 128, 255, -1, -128, 0xfF', '00017f80ffff80ff'],
  ['.long 1, -1, 0xffffffff, -2147483648', '01000000ffffffffffffffff00000080'],
  [
    '.quad 1, -1, 18446744073709551615, -9223372036854775808',
    `01${'00'.repeat(7)}${'ff'.repeat(16)}${'00'.repeat(7)}80`,
  ],
  ['.zero 0\n.byte 7', '07'],
  ['.zero 3\n.byte 7', '00000007'],
  ['.zero 0x2', '0000'],
  ['.byte 1\n.align 4\n.byte 2', '0100000002'],
  ['.byte 1\n.align 1\n.byte 2', '0102'],
  ['.asciz "a\\n\\"#;é"', '610a22233bc3a900'],
  ['.asciz ""', '00'],
  ['.byte 1 ; 2', '01'],
  ['.byte 1 # 2', '01'],
  ['first: second: .byte 1', '01'],
])('%s is these bytes', async (lines, bytes) => {
  expect((await rodata(lines)).slice(0, bytes.length)).toBe(bytes)
  expect(await rodata(`${lines}\n.byte 0x5a`)).toContain(`${bytes}5a`)
})

it.each([
  ['.byte 256', '"256" does not fit 1 bytes'],
  ['.byte -129', '"-129" does not fit 1 bytes'],
  ['.long 0x100000000', '"0x100000000" does not fit 4 bytes'],
  ['.long -2147483649', '"-2147483649" does not fit 4 bytes'],
  ['.quad 0x10000000000000000', 'does not fit 8 bytes'],
  ['.byte 1,', '"" is not a number'],
  ['.byte one', '"one" is not a number'],
  ['.byte 0x', '"0x" is not a number'],
  ['.byte 1 2', '"1 2" is not a number'],
  ['.zero', '.zero wants a number of bytes from 0 to 1048576, not ""'],
  ['.zero 1048577', '.zero wants a number of bytes from 0 to 1048576, not "1048577"'],
  ['.zero -1', '.zero wants a number of bytes'],
  ['.zero 1.5', '.zero wants a number of bytes'],
  ['.align 0', '.align wants a power of two from 1 to 4096, not "0"'],
  ['.align 3', '.align wants a power of two'],
  ['.align 8192', '.align wants a power of two from 1 to 4096, not "8192"'],
  ['.align x', '.align wants a power of two'],
  ['.asciz text', '.asciz wants a string in double quotes'],
  ['.asciz "open', '.asciz wants a string in double quotes'],
  ['.asciz 5', '.asciz wants a string in double quotes'],
  ['.function 5', '.function wants a name'],
  ['.function', '.function wants a name'],
  ['.patch', '.patch wants [object:]function[,position], not ""'],
  ['.patch a:b:c', '.patch wants [object:]function[,position]'],
  ['.patch a,', '.patch wants [object:]function[,position]'],
  ['.patch a,4294967296', '"4294967296" is no position; the first of a name is 1'],
  ['.bss', 'unknown directive .bss'],
])('%s is refused with its line and what it wants', async (line, words) => {
  const refusal = await build(`.rodata\n.byte 1\n${line}`)
  expect(refusal).toMatchObject({ ok: false, code: 'syntax', line: 5, message: expect.stringMatching(/^line 5: /) })
  expect(refusal).toMatchObject({ message: expect.stringContaining(words) })
})

it('the largest of each is taken', async () => {
  const largest = await object('.data\n.zero 1048576\n.align 4096\nend: .quad end')
  const data = section(largest, '.data')
  expect(data.size).toBeGreaterThanOrEqual(1048576 + 8)
  expect(data.align).toBe(4096)
  expect(data.relocations[0]?.entries.map((entry) => entry.offset)).toContain(1048576)
})

it('.data, .rodata and .text go where they say, with rights of their own', async () => {
  const all = await object('.data\nvariable: .long 1\n.rodata\nconstant: .long 2\n.function helper\n  nop\n  ret')
  const rights = (name: string) => section(all, name).flags & 7
  expect(['.text', '.data', '.rodata'].map(rights)).toEqual([2 | 4, 2 | 1, 2])
  const of = (name: string) => all.symbols.find((one) => one.name === name)
  expect(hex(section(all, '.data').data)).toContain('01000000')
  expect(hex(section(all, '.rodata').data)).toContain('02000000')
  expect(of('helper')?.value).toBeGreaterThan(0n)
  expect(of('klp_enable_patch')).toMatchObject({ value: 0n, size: 0 })
})
