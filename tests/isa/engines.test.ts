// Text to bytes and bytes to text: what the two engines answer through our wrappers.
import { describe, expect, it } from 'vitest'
import { createAssembler, createDisassembler } from '../../src/isa/index.js'

describe('the assembler', () => {
  it.each([
    ['call seq_printf', 1, 4, true, 0],
    ['jne out', 2, 4, true, 0],
    ['lea rdi, [rip + text]', 3, 4, true, 0],
    ['mov eax, [rip + counter + 4]', 2, 4, true, 4],
    ['cmp dword ptr [rip + counter], 5', 2, 4, true, 0],
    ['mov rsi, offset text', 3, 4, false, 0],
    ['movabs rax, offset text', 2, 8, false, 0],
    ['mov rax, qword ptr [table + rdi*8]', 4, 4, false, 0],
    ['lock inc dword ptr [rip + counter]', 3, 4, true, 0],
  ])('finds the field of the symbol in "%s"', async (text, offset, width, relative, addend) => {
    const result = (await createAssembler()).assembleInstruction(text)
    expect(result).toMatchObject({ ok: true, value: { field: { offset, width, relative, addend } } })
  })

  it.each([
    ['add rax, 10', '4883c00a'],
    ['sub rsp, 128', '4881ec80000000'],
    ['mov eax, [rdi + 24]', '8b4718'],
    ['mov [rax + 0x18], ecx', '894818'],
    ['mov eax, [rdi + 24 + rcx*8]', '8b44cf18'],
    ['mov r10d, 99', '41ba63000000'],
  ])('reads the numbers of "%s" as they are written', async (text, bytes) => {
    const result = (await createAssembler()).assembleInstruction(text)
    expect(result.ok && Buffer.from(result.value.bytes).toString('hex')).toBe(bytes)
  })

  it('reports no field where only registers and numbers are named', async () => {
    const result = (await createAssembler()).assembleInstruction('mov rdi, rsi')
    expect(result.ok && result.value.field).toBeUndefined()
  })

  it('refuses what is no instruction', async () => {
    expect((await createAssembler()).assembleInstruction('bogus x')).toMatchObject({ ok: false, code: 'syntax' })
  })
})

describe('the disassembler', () => {
  it('gives unsigned addresses in the upper half', async () => {
    const [first] = (await createDisassembler()).disassemble(Uint8Array.of(0x90), 0xffffffff80000000n)
    expect(first?.address).toBe(0xffffffff80000000n)
  })

  it('covers every byte, with (bad) for those that start no instruction', async () => {
    const list = (await createDisassembler()).disassemble(Uint8Array.of(0x06, 0x90, 0x0f), 0n)
    expect(list.map((one) => [one.mnemonic, one.bytes.length])).toEqual([
      ['(bad)', 1],
      ['nop', 1],
      ['(bad)', 1],
    ])
  })
})
