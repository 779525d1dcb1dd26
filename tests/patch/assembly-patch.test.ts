// A patch from assembly text: what the module holds, and what is refused with which words.
import { describe, expect, it } from 'vitest'
import { virtAddr } from '../../src/base/index.js'
import {
  findSection,
  parseElf,
  readObject,
  relocations,
  SHF_RELA_LIVEPATCH,
  SHN_LIVEPATCH,
  writeObject,
} from '../../src/format/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import {
  buildPatchFromAssembly,
  checkPatch,
  explainEntry,
  type KernelFacts,
  readEntryState,
} from '../../src/patch/index.js'
import { scionLayout } from './objects.js'

const symbol = (name: string, address: bigint) => ({ name, address: virtAddr(address), size: 64, isFunction: true })

const kernel: KernelFacts = {
  buildId: '00112233',
  vermagic: '1.0.0-scion SMP preempt mod_unload build-id=00112233',
  exports: new Set(['klp_enable_patch', 'seq_printf']),
  symbols: new Map([
    ['cmdline_proc_show', [symbol('cmdline_proc_show', 0xffffffff80001000n)]],
    ['seq_puts', [symbol('seq_puts', 0xffffffff80002000n)]],
    ['twice', [symbol('twice', 0xffffffff80003000n), symbol('twice', 0xffffffff80004000n)]],
    ['untraced', [symbol('untraced', 0xffffffff80005000n)]],
    ['klp_enable_patch', [symbol('klp_enable_patch', 0xffffffff80006000n)]],
  ]),
  layout: scionLayout(),
  patchableEntries: [0xffffffff80001000n, 0xffffffff80002000n, 0xffffffff80003000n, 0xffffffff80004000n],
  readBytes: () => undefined,
}

const source = (body: string) =>
  `.patch ${body}\n  push rbp\n  mov rbp, rsp\n  lea rsi, [rip + text]\n  call seq_puts\n  xor eax, eax\n  pop rbp\n  ret\n.rodata\ntext: .asciz "hello\\n"\n`

const build = (text: string) => buildPatchFromAssembly({ sourceName: 'my-patch.s', source: text, kernel })

async function built(text: string): Promise<Uint8Array> {
  const result = await build(text)
  if (!result.ok) throw new Error(result.message)
  return result.value.module
}

describe('a patch from assembly', () => {
  it('names an unexported symbol by .klp.sym and relocates it by .klp.rela', async () => {
    const parsed = parseElf(await built(source('cmdline_proc_show')))
    if (!parsed.ok) throw new Error(parsed.message)
    const elf = parsed.value
    const late = findSection(elf, '.klp.rela.vmlinux..text')
    expect(late && late.flags & SHF_RELA_LIVEPATCH).toBe(SHF_RELA_LIVEPATCH)
    const entries = relocations(elf, late!)
    expect(entries.map((entry) => elf.symbols[entry.symbol]?.name)).toEqual(['.klp.sym.vmlinux.seq_puts,0'])
    expect(elf.symbols[entries[0]!.symbol]?.section).toBe(SHN_LIVEPATCH)
    const ordinary = relocations(elf, findSection(elf, '.rela.text')!).map((entry) => elf.symbols[entry.symbol]?.name)
    expect(ordinary).toEqual(['text', 'klp_patch_of_this_module', 'klp_enable_patch'])
  })

  it('says which functions it replaces, found in its own bytes', async () => {
    const checked = checkPatch(await built(`.replace\n${source('cmdline_proc_show')}`), kernel)
    expect(checked).toMatchObject({
      ok: true,
      value: {
        name: 'my_patch',
        replace: true,
        functions: [{ object: 'vmlinux', name: 'cmdline_proc_show', entry: 0xffffffff80001000n }],
      },
    })
  })

  it('leaves a patchable NOP at each of its own entries', async () => {
    const parsed = parseElf(await built(source('cmdline_proc_show')))
    if (!parsed.ok) throw new Error(parsed.message)
    const read = readObject(parsed.value)
    if (!read.ok) throw new Error(read.message)
    const text = read.value.sections.find((section) => section.name === '.text')!
    const sites = read.value.sections.find((section) => section.name === '__mcount_loc')!
    const places = sites.relocations[0]!.entries.map((entry) => Number(entry.symbol.value))
    expect(places).toHaveLength(3)
    for (const place of places) expect([...text.data.subarray(place, place + 5)]).toEqual([0x0f, 0x1f, 0x44, 0, 0])
  })

  it('resolves a jump inside a function without a relocation', async () => {
    const parsed = parseElf(
      await built('.patch cmdline_proc_show\n  test edi, edi\n  je out\n  inc eax\nout:\n  ret\n'),
    )
    if (!parsed.ok) throw new Error(parsed.message)
    const read = readObject(parsed.value)
    if (!read.ok) throw new Error(read.message)
    const text = read.value.sections.find((section) => section.name === '.text')!
    expect([...text.data.subarray(5, 15)]).toEqual([0x85, 0xff, 0x0f, 0x84, 2, 0, 0, 0, 0xff, 0xc0])
  })

  it('gives the same bytes for the same text', async () => {
    expect(await built(source('cmdline_proc_show'))).toEqual(await built(source('cmdline_proc_show')))
  })

  it.each([
    ['unknown-function', source('no_such_function')],
    ['ambiguous-symbol', source('twice')],
    ['not-patchable', source('untraced')],
    ['unknown-symbol', source('cmdline_proc_show').replace('seq_puts', 'seq_nothing')],
    ['unknown-function', source('twice,3')],
    ['syntax', source('cmdline_proc_show').replace('xor eax', 'xyr eax')],
    ['syntax', '.patch cmdline_proc_show\n  ret\n.wrong\n'],
    ['syntax', '  ret\n'],
    ['no-change', '.rodata\n.byte 1\n'],
  ])('refuses with %s', async (code, text) => {
    expect(await build(text)).toMatchObject({ ok: false, code })
  })

  it('accepts the n-th of several functions of one name', async () => {
    expect(await build(source('twice,2'))).toMatchObject({
      ok: true,
      value: { patch: { functions: [{ position: 2, entry: 0xffffffff80004000n }] } },
    })
  })

  it('names the line of a mistake', async () => {
    expect(await build(source('cmdline_proc_show').replace('xor eax', 'xyr eax'))).toMatchObject({ line: 6 })
  })
})

describe('control that would run off the end of a function', () => {
  it.each([
    ['an empty body', '', 1],
    ['a conditional jump', 'again:\n  test edi, edi\n  je again', 4],
    ['a call', '  xor eax, eax\n  call seq_puts', 3],
    ['a nop', '  ret\n  nop', 3],
    ['a label that is jumped to', '  test edi, edi\n  je out\n  ret\nout:', 3],
    ['a jump to data', '  jmp data\ndata: .byte 1', 2],
    ['bytes', '  .byte 0x90', 2],
  ])('is refused with its line: %s', async (_, body, line) => {
    const refused = { ok: false, code: 'syntax', line, message: expect.stringContaining('falls off the end of') }
    expect(await build(`.patch cmdline_proc_show\n${body}\n`)).toMatchObject(refused)
    expect(await build(`.patch cmdline_proc_show\n${body}\n.patch seq_puts\n  ret\n`)).toMatchObject(refused)
    const second = await build(`.patch seq_puts\n  ret\n.patch cmdline_proc_show\n${body}\n`)
    expect(second).toMatchObject({ ...refused, line: line + 2 })
  })

  it.each([
    '  call seq_puts\n  ud2',
    'again: hlt\n  jmp again',
    '  jmp seq_puts',
    '  rep ret',
    '  iretq',
    '  .byte 0x0f, 0x0b',
    '  je out\n  ret\nout:\n  .byte 0x0f, 0x0b',
    '  lea rsi, [rip + text]\n  ret\ntext: .asciz "data"',
  ])('does not where it ends so: %s', async (body) => {
    await built(`.patch cmdline_proc_show\n${body}\n.function other\n  ret\n`)
  })
})

describe('a module that does not fit', () => {
  it('is refused when cut short, at any length', async () => {
    const module = await built(source('cmdline_proc_show'))
    for (let length = 0; length < module.length; length += 97) {
      expect(checkPatch(module.subarray(0, length), kernel)).toMatchObject({
        ok: false,
        code: length < 4 ? 'not-an-elf' : 'truncated',
      })
    }
  })

  it('is refused when built for another build-id, naming both', async () => {
    const other = { ...kernel, buildId: 'ffee', vermagic: kernel.vermagic.replace('00112233', 'ffee') }
    const refusal = checkPatch(await built(source('cmdline_proc_show')), other)
    expect(refusal).toMatchObject({ ok: false, code: 'other-build' })
    expect(!refusal.ok && refusal.message).toMatch(/build-id=00112233.*build-id=ffee/)
  })

  it('is refused when it has a relocation the kernel does not know', async () => {
    const parsed = parseElf(await built(source('cmdline_proc_show')))
    if (!parsed.ok) throw new Error(parsed.message)
    const read = readObject(parsed.value)
    if (!read.ok) throw new Error(read.message)
    read.value.sections.find((section) => section.name === '.text')!.relocations[0]!.entries[0]!.type = 9
    expect(checkPatch(writeObject(read.value), kernel)).toMatchObject({ ok: false, code: 'unknown-relocation' })
  })

  it('is the same after being read and written again', async () => {
    const module = await built(source('cmdline_proc_show'))
    const parsed = parseElf(module)
    if (!parsed.ok) throw new Error(parsed.message)
    const read = readObject(parsed.value)
    if (!read.ok) throw new Error(read.message)
    expect(writeObject(read.value)).toEqual(module)
  })
})

describe('the bytes of an entry', () => {
  it('go from the NOP by int3 to the call', async () => {
    const steps = explainEntry(await createDisassembler(), 0xffffffff80001000n, 0xffffffffc0000000n)
    expect(steps.map((step) => step.name)).toEqual(['before', 'int3', 'tail', 'after'])
    expect(steps.map((step) => step.bytes[0])).toEqual([0x0f, 0xcc, 0xcc, 0xe8])
    expect(steps[3]?.listing[0]).toContain('call 0xffffffffc0000000')
    expect(readEntryState(steps[3]!.bytes, 0xffffffff80001000n)).toEqual({ state: 'call', target: 0xffffffffc0000000n })
    expect(readEntryState(steps[1]!.bytes, 0xffffffff80001000n)).toEqual({ state: 'breakpoint' })
  })
})
