// What was assembled means what was written, with GNU as as judge; the rest is refused, whatever the engine does.
import { describe, expect, it } from 'vitest'
import { createAssembler } from '../../src/isa/index.js'
import { needs } from '../needs.js'
import { assembleWithGnu, disassembleWithGnu } from './gnu-as.js'
import { RandomLines } from './random-lines.js'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('the assembler', () => {
  it.each([
    ['mov r12, qword ptr gs:[0x60]', '654c8b242560000000'],
    ['mov gs:[0x10], rcx', '6548890c2510000000'],
    ['xor rdi, qword ptr fs:[0x28]', '6448333c2528000000'],
    ['inc dword ptr gs:[0x1234]', '65ff042534120000'],
    ['jmp qword ptr gs:[0x10]', '65ff242510000000'],
    ['lea rbx, [0x414243]', '488d1c2543424100'],
    ['mov rdi, [0x4000]', '488b3c2500400000'],
    ['mov qword ptr ds:[0x4000], rcx', '48890c2500400000'],
    ['cmp byte ptr [0x1000], 5', '803c250010000005'],
    ['mov eax, fs:0x28', '648b042528000000'],
    ['mov eax, [0xffffffff80000000]', '8b042500000080'],
    ['push 0xffff', '68ffff0000'],
    ['push -129', '687fffffff'],
    ['push 0xffffffff80000000', '6800000080'],
    ['endbr64', 'f30f1efa'],
    ['sysretq', '480f07'],
    ['lretq', '48cb'],
    ['fld tbyte ptr [rdi]', 'db2f'],
    ['pop [rdx]', '8f02'],
    ["mov al, 'A'", 'b041'],
    ['mov rax, [rax + rsp]', '488b0404'],
    ['nop dword ptr [rax]', '0f1f00'],
    ['pushf', '9c'],
    ['fstsw ax', '9bdfe0'],
    ['mov eax, 0b11', 'b803000000'],
    ['movabs rax, [0x1122334455667788]', '48a18877665544332211'],
  ])('makes of "%s" %s', async (text, bytes) => {
    const result = (await createAssembler()).assembleInstruction(text)
    expect(result.ok ? hex(result.value.bytes) : result.message).toBe(bytes)
  })

  it.each([
    ['push 0xffffffff', /sign-extended 32-bit/],
    ['pop rip', /cannot assemble/],
    ['mov qword ptr [rsp + 0xfffffff888888888], 1', /displacement does not fit/],
    ['mov ah, byte ptr [r8]', /gives up/],
    ['mov eax, [eip + 4]', /address reads \[rax\]/],
    ['mov al, 300', /cannot assemble/],
    ['lock mov dword ptr [rdi], eax', /no processor/],
    ['lock add eax, [rdi]', /no processor/],
    ['sysret', /sysretq/],
    ['mov eax, 010', /octal/],
    ['mov eax, 10h', /not a number/],
    ['mov eax, dword [rdi]', /"dword ptr"/],
    ['jmp 0x10', /symbol/],
    ['mov rax, table', /offset table/],
    ['mov eax, offset table', /64 bits/],
    ['lea rax, [rdi + rsi*3]', /scale/],
    ['mov eax, [rdi + ecx]', /64-bit registers or of 32-bit/],
    ['mov eax, \u00e4', /cannot be read/],
    ['mov eax, [rip*1]', /"rip" cannot be an index/],
    ['mov eax, [1*eip]', /"eip" cannot be an index/],
    ['mov eax, 1 2', /not expected/],
    ['', /no instruction/],
  ])('refuses "%s" in a sentence', async (text, why) => {
    const result = (await createAssembler()).assembleInstruction(text)
    expect(result.ok ? hex(result.value.bytes) : result.message).toMatch(why)
    expect(result).toMatchObject({ ok: false, code: 'syntax', message: expect.stringContaining('cannot assemble "') })
  })

  it('goes on as before after every line that ends the engine', async () => {
    const assembler = await createAssembler()
    for (let i = 0; i < 200; i++) {
      expect(assembler.assembleInstruction('mov ah, byte ptr [r8]').ok).toBe(false)
      expect(assembler.assembleInstruction('mov r12, gs:[0x60]')).toMatchObject({ ok: true })
    }
    expect(process.exitCode ?? 0).toBe(0)
  })
})

needs('gcc', 'objdump')('the assembler beside GNU as', () => {
  it('gives no other meaning to any of 4,000 random lines, and takes most of what GNU as takes', async () => {
    const random = new RandomLines(20)
    const lines = Array.from({ length: 4000 }, () => random.next())
    const assembler = await createAssembler()
    const ours = lines.map((line) => assembler.assembleInstruction(line))
    const right = assembleWithGnu(lines)
    const other: { line: string; ours: string; gnu: string }[] = []
    let [same, refused] = [0, 0]
    for (const [i, result] of ours.entries()) {
      const gnu = right[i]
      if (!result.ok) refused += gnu === undefined ? 0 : 1
      else if (hex(result.value.bytes) === gnu) same++
      else other.push({ line: lines[i] as string, ours: hex(result.value.bytes), gnu: gnu ?? '' })
    }
    const texts = (pick: (one: (typeof other)[number]) => string): string[] =>
      disassembleWithGnu(other.map((one) => Uint8Array.from(Buffer.from(pick(one), 'hex')))).map((list) =>
        list.map(({ text }) => plain(text)).join('; '),
      )
    const [mine, theirs] = [texts((one) => one.ours), texts((one) => one.gnu)]
    expect(other.filter((_, i) => mine[i] !== theirs[i])).toEqual([])
    expect(same + other.length).toBeGreaterThan(2000)
    expect(refused).toBeLessThan(0.1 * (same + other.length))
  })
})

/** Without prefixes that mean nothing in 64-bit mode, and with base and index in one order. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/^(?:[cdes]s )+/, '')
    .replace(/\[(\w+)\+(\w+)\*1/, (_, base: string, index: string) => `[${[base, index].sort().join('+')}`)
    .replace(/(PTR )[cdes]s:/, '$1')
}
