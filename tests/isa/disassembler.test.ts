// What bytes mean, with our own core and objdump as judges.
import { describe, expect, it } from 'vitest'
import { Random } from '../../src/base/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { needs } from '../needs.js'
import { CoreDecoder } from './core-decoder.js'
import { disassembleWithGnu } from './gnu-as.js'

const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Instructions of processors that have more than our core, and those that are #UD by definition. */
const notOurs =
  /^(ud[012]|v\w+|k\w+|xsave\w*|xrstor\w*|femms|pf\w+|pi2f\w|pswapd|pavgusb|pmulhrw|getsec|rsm|encl\w|sha\w+|xtest|xend|xabort|movnts[sd]|extrq|insertq|movbe|aes\w+|pclmulqdq|inv(ept|vpid|pcid|lpga)|clgi|stgi|skinit|clwb|clzero|ad[co]x|rdpid|rdseed|monitor|mwait|rdpkru|wrpkru|bnd\w+)$/

function randomCode(random: Random): Uint8Array {
  const prefixes = [0x66, 0xf2, 0xf3, 0xf0, 0x67, 0x64, 0x65]
  const bytes: number[] = []
  while (random.below(3) === 0 && bytes.length < 3) bytes.push(prefixes[random.below(prefixes.length)] as number)
  if (random.below(3) === 0) bytes.push(0x40 + random.below(16))
  if (random.below(2) === 0) bytes.push(0x0f)
  bytes.push(random.below(256))
  while (bytes.length < 16) bytes.push(random.below(4) === 0 ? 0 : random.below(256))
  return Uint8Array.from(bytes)
}

describe('the disassembler', () => {
  it.each([
    ['dd cc', ['fxch st(4)']],
    ['df cc', ['fxch st(4)']],
    ['dc d3', ['fcom st(3)']],
    ['dc db', ['fcomp st(3)']],
    ['de d3', ['fcomp st(3)']],
    ['df d2', ['fstp st(2)']],
    ['0f ff 00', ['ud0 eax, dword ptr [rax]']],
    ['0f b9 00', ['ud1 eax, dword ptr [rax]']],
    ['66 68 0f 00', ['push word 0xf']],
    ['66 6a ff', ['push word -1']],
    ['f0 f2 41 0f b7 d6', ['(bad)', 'movzx edx, r14w']],
    ['f0 01 c8', ['(bad)', 'add eax, ecx']],
    ['f0 01 08', ['lock add dword ptr [rax], ecx']],
    ['0f 1e f7', ['nop edi']],
    ['66 e9 01 00 00 00', ['jmp 0x1007']],
    ['0f 20 28', ['(bad)', 'and byte ptr [rax], ch']],
    ['8e c8', ['(bad)']],
  ])('reads %s as a processor does', async (bytes, texts) => {
    const list = (await createDisassembler()).disassemble(fromHex(bytes), 0x1000n)
    expect(list.slice(0, texts.length).map((one) => `${one.mnemonic} ${one.operands}`.trim())).toEqual(texts)
  })

  it('takes as many bytes for an instruction as our core, and refuses what it refuses', async () => {
    const [core, disassembler, random] = [new CoreDecoder(), await createDisassembler(), new Random(11)]
    const wrong: string[] = []
    for (let i = 0; i < 2500; i++) {
      const bytes = randomCode(random)
      const [found] = disassembler.disassemble(bytes, 0n)
      const ours = found?.mnemonic === '(bad)' ? 0 : found?.bytes.length
      const right = core.length(bytes)
      if (ours === right || (right === 0 && notOurs.test(found?.mnemonic ?? ''))) continue
      wrong.push(`${Buffer.from(bytes).toString('hex')}: ${ours} ${found?.mnemonic}, the core ${right}`)
    }
    expect(wrong).toEqual([])
  })
})

needs('objdump')('the disassembler beside objdump', () => {
  it('finds the same instruction lengths in code without prefixes that mean nothing', async () => {
    const [disassembler, random] = [await createDisassembler(), new Random(12)]
    const pieces = Array.from({ length: 3000 }, () => randomCode(random).filter((byte) => byte !== 0x66))
    const judged = disassembleWithGnu(pieces)
    const wrong = pieces.flatMap((bytes, i) => {
      const [found] = disassembler.disassemble(bytes, 0n)
      const [right] = judged[i] ?? []
      if (found === undefined || right === undefined || /\(bad\)/.test(right.text + found.mnemonic)) return []
      // objdump gives a REX prefix that counts for nothing a line of its own.
      if (/(^| )rex(\.\w+)?$/.test(right.text)) return []
      return found.bytes.length === right.length ? [] : [`${Buffer.from(bytes).toString('hex')} ${found.mnemonic}`]
    })
    expect(wrong).toEqual([])
  })
})
