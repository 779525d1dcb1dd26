// One instruction of text to bytes, by Keystone, with the places where a symbol's address belongs.
//
// Promises: `assembleInstruction` never guesses a symbol's value. Each symbol named in the text is replaced
// by a far address, the instruction is assembled twice with two such addresses, and the field whose value
// moved by exactly their difference is the place to relocate. Far addresses also keep Keystone from choosing
// an 8-bit displacement that a relocation could not fill. Intel syntax, as in the SDM.
// Must not know ELF: it reports fields (offset, width, relative or absolute), not relocation types.
import type { KeystoneEncoder } from '@alexaltea/keystone-js'

export interface SymbolField {
  readonly symbol: string
  /** Offset of the field inside the instruction. */
  readonly offset: number
  readonly width: 4 | 8
  /** Relative to the end of the instruction (call, jmp, jcc, [rip + symbol]). */
  readonly relative: boolean
  /** Constant written beside the symbol: `[rip + symbol + 8]` gives 8. */
  readonly addend: number
}

export type AssembleResult =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly field?: SymbolField }
  | { readonly ok: false; readonly code: 'syntax' | 'no-field'; readonly message: string }

export interface Assembler {
  assembleInstruction(text: string): AssembleResult
}

let encoder: Promise<KeystoneEncoder> | undefined

/** Its script costs a tenth of a second: read where something is assembled, not where this module is imported. */
async function loadEncoder(): Promise<KeystoneEncoder> {
  const { default: loadKeystone } = await import('@alexaltea/keystone-js')
  const engine = await loadKeystone()
  const keystone = new engine.Keystone(engine.ARCH_X86, engine.MODE_64)
  keystone.option(engine.OPT_SYNTAX, engine.OPT_SYNTAX_INTEL)
  return keystone
}

/** Keystone in 64-bit mode, Intel syntax. Loaded and instantiated once. */
export async function createAssembler(): Promise<Assembler> {
  encoder ??= loadEncoder()
  const keystone = await encoder
  return { assembleInstruction: (text) => assembleInstruction(keystone, text) }
}

/** Words that are part of the instruction language and so never the name of a symbol. */
const reserved = new RegExp(
  `^(${[
    '[re]?[abcd]x|[abcd][lh]|[re]?[sd]i|[sd]il|[re]?[sb]p|[sb]pl|r\\d+[dwb]?|[re]?ip|[cdefgs]s|[cd]r\\d+|[xyz]?mm\\d+|st',
    'byte|word|dword|qword|xmmword|ptr|offset|short|near|far|rep|repe|repz|repne|repnz|lock',
  ].join('|')})$`,
  'i',
)

const nearLow = 0x31223344n
const nearHigh = 0x42554466n
const base = 0xffffffff00000000n

function assembleInstruction(keystone: KeystoneEncoder, text: string): AssembleResult {
  const mnemonicEnd = /^\s*((?:rep\w*|lock)\s+)?\S+/i.exec(text)?.[0].length ?? 0
  const operands = text.slice(mnemonicEnd)
  const symbol = (operands.match(/(?<![\w.$])[A-Za-z_.$][\w.$]*/g) ?? []).find((word) => !reserved.test(word))
  if (symbol === undefined) {
    const bytes = encode(keystone, text)
    return bytes ? { ok: true, bytes } : { ok: false, code: 'syntax', message: `cannot assemble "${text.trim()}"` }
  }
  const escaped = symbol.replace(/[.$]/g, '\\$&')
  const addend = readAddend(operands, escaped)
  const branch = /^\s*(call|j\w+)\s+[A-Za-z_.$]/i.test(text)
  const ripRelative = new RegExp(`\\[\\s*rip\\s*\\+\\s*${escaped}`, 'i').test(operands)
  const relative = branch || ripRelative
  const substitute = (value: bigint) => {
    const number = ripRelative || branch ? value : base | (value + 0x80000000n - 0x10000000n)
    const written = operands.replace(
      new RegExp(`(?<![\\w.$])${escaped}(?![\\w.$])(\\s*[+-]\\s*(0x[0-9a-f]+|\\d+))?`, 'i'),
      `0x${number.toString(16)}`,
    )
    return text.slice(0, mnemonicEnd) + written.replace(/\boffset\s+/i, '')
  }
  const first = encode(keystone, substitute(nearLow))
  const second = encode(keystone, substitute(nearHigh))
  if (!first || !second || first.length !== second.length) {
    return { ok: false, code: 'syntax', message: `cannot assemble "${text.trim()}"` }
  }
  const place = findField(first, second)
  if (!place)
    return { ok: false, code: 'no-field', message: `no 4- or 8-byte field for "${symbol}" in "${text.trim()}"` }
  const bytes = first.slice()
  bytes.fill(0, place.offset, place.offset + place.width)
  return { ok: true, bytes, field: { symbol, offset: place.offset, width: place.width, relative, addend } }
}

function readAddend(operands: string, escaped: string): number {
  const match = new RegExp(`(?<![\\w.$])${escaped}\\s*([+-])\\s*(0x[0-9a-f]+|\\d+)`, 'i').exec(operands)
  if (!match?.[2]) return 0
  return (match[1] === '-' ? -1 : 1) * Number(match[2])
}

function findField(first: Uint8Array, second: Uint8Array): { offset: number; width: 4 | 8 } | undefined {
  const one = new DataView(first.buffer, first.byteOffset, first.length)
  const two = new DataView(second.buffer, second.byteOffset, second.length)
  for (let offset = 0; offset + 8 <= first.length; offset++) {
    const value = one.getBigUint64(offset, true)
    if (
      value >> 32n === 0xffffffffn &&
      two.getBigUint64(offset, true) - value === nearHigh - nearLow &&
      sameOutside(first, second, offset, 8)
    ) {
      return { offset, width: 8 }
    }
  }
  for (let offset = 0; offset + 4 <= first.length; offset++) {
    if (
      two.getInt32(offset, true) - one.getInt32(offset, true) === Number(nearHigh - nearLow) &&
      sameOutside(first, second, offset, 4)
    ) {
      return { offset, width: 4 }
    }
  }
  return undefined
}

function sameOutside(first: Uint8Array, second: Uint8Array, offset: number, width: number): boolean {
  return first.every((byte, index) => (index >= offset && index < offset + width) || byte === second[index])
}

/** This build of Keystone reads a bare decimal number as hexadecimal ("add rax, 10" adds 16): every number gets its prefix. */
function withHexadecimalNumbers(text: string): string {
  return text.replace(/(?<![\w.$])\d{2,}(?![\w.$])/g, (digits) => `0x${BigInt(digits).toString(16)}`)
}

function encode(keystone: KeystoneEncoder, text: string): Uint8Array | undefined {
  const result = keystone.asm(withHexadecimalNumbers(text), 0n)
  return result.failed || result.mc.length === 0 ? undefined : result.mc.slice()
}
