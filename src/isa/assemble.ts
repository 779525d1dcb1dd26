// One instruction of text to bytes, by Keystone, with the places where a symbol's address belongs.
//
// Promises: the bytes mean what was written, or there are none. Each line is read into its parts (syntax.ts), printed for
// Keystone in one form, and what comes back is read by Capstone and compared part by part (meaning.ts). Where Keystone is
// known to go wrong, the encoding is made here: absolute addresses, which it makes relative to RIP, PUSH of an immediate,
// and the long NOP.
//
// `assembleInstruction` never guesses a symbol's value. The instruction is assembled twice with two far addresses in the
// symbol's place, and the field whose value moved by exactly their difference is the place to relocate. Far addresses also
// keep Keystone from choosing an 8-bit displacement that a relocation could not fill. Intel syntax, as in the SDM.
// Must not know ELF: it reports fields (offset, width, relative or absolute), not relocation types.
import { accept, type Result, refuse, requireKind } from '../base/index.js'
import { createDisassembler, type Disassembler } from './disassemble.js'
import { Keystone } from './keystone.js'
import { difference } from './meaning.js'
import {
  type Expression,
  type MemoryOperand,
  type Operand,
  type ParsedInstruction,
  parseInstruction,
  printInstruction,
  registerWidth,
  SyntaxProblem,
} from './syntax.js'

/** The place inside an instruction that a symbol's address belongs in. */
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

/** The bytes of one instruction, and the symbol that it names, if any. */
export interface AssembledInstruction {
  /** 1 to 15; zeros in the place of a symbol. */
  readonly bytes: Uint8Array
  readonly field?: SymbolField
}

/** The bytes of one instruction, or why there are none; `message` names the instruction. */
export type AssembleResult = Result<AssembledInstruction, 'syntax' | 'no-field'>

/** Text to bytes, as `createAssembler` makes it. */
export interface Assembler {
  /**
   * One instruction in Intel syntax, as the SDM writes it. A line that cannot be right is refused: 'syntax', or 'no-field' where no field
   * could take its symbol's address. Throws BAD_ARGUMENT for what is no string.
   */
  assembleInstruction(text: string): AssembleResult
}

let engines: Promise<Encoder> | undefined

/**
 * Keystone in 64-bit mode, Intel syntax. Loaded and instantiated once. Throws ENGINE_MISSING where the package that carries it is not
 * there.
 */
export async function createAssembler(): Promise<Assembler> {
  engines ??= Promise.all([Keystone.create(), createDisassembler()]).then((both) => new Encoder(...both))
  const encoder = await engines
  return {
    assembleInstruction: (text) => {
      requireKind('text', text, 'text')
      return assembleInstruction(encoder, text)
    },
  }
}

/** Instructions that Keystone does not know. */
const fixed: Readonly<Record<string, readonly number[]>> = {
  endbr64: [0xf3, 0x0f, 0x1e, 0xfa],
  endbr32: [0xf3, 0x0f, 0x1e, 0xfb],
}

/** What Keystone calls what GNU as calls otherwise. */
const keystoneNames: Readonly<Record<string, string>> = {
  ...{ sysretq: 'sysret', sysexitq: 'sysexit', lretq: 'retfq', lret: 'retf', retn: 'ret', iret: 'iretd' },
  ...{ pushf: 'pushfq', popf: 'popfq', movsxd: 'movsxd' },
}

/** Whose memory operand is 64 bits wide unless it says otherwise. */
const qwordByDefault = new Set(['push', 'pop', 'call', 'jmp'])
const branches = /^(call|j\w+|loop\w*|xbegin)$/

const near = 0x31223344n
const far = 0x42554466n
/** Two addresses in the upper half, as a sign-extended 32-bit immediate can hold them. */
const upper = (value: bigint): bigint => BigInt.asIntN(32, value + 0x70000000n)

const refusal = (text: string, why: string, code: 'syntax' | 'no-field' = 'syntax'): AssembleResult =>
  refuse(code, `cannot assemble "${text.trim()}"${why === '' ? '' : `: ${why}`}`, 'Write it in Intel syntax.')

function assembleInstruction(encoder: Encoder, text: string): AssembleResult {
  try {
    const parsed = withDefaults(parseInstruction(text))
    const place = parsed.operands.findIndex((operand) => expressionOf(operand)?.symbol !== undefined)
    if (place < 0) return accept({ bytes: encoder.encode(parsed) })
    return withField(encoder, parsed, place, text)
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return refusal(text, problem.message)
    throw problem
  }
}

function expressionOf(operand: Operand): Expression | undefined {
  if (operand.kind === 'register') return undefined
  return operand.kind === 'memory' ? operand.displacement : operand.expression
}

function withDefaults(parsed: ParsedInstruction): ParsedInstruction {
  const { mnemonic, operands } = parsed
  const symbols = operands.filter((operand) => expressionOf(operand)?.symbol !== undefined)
  if (symbols.length > 1) throw new SyntaxProblem('one symbol at most')
  for (const operand of operands) {
    if (operand.kind !== 'immediate') continue
    const { symbol } = operand.expression
    if (branches.test(mnemonic)) {
      if (symbol === undefined) throw new SyntaxProblem('a branch goes to a symbol; its address is not known here')
    } else if (symbol !== undefined && !operand.offset) {
      throw new SyntaxProblem(`write "offset ${symbol}" for its address, or [rip + ${symbol}] for what is there`)
    }
  }
  if (!qwordByDefault.has(mnemonic)) return parsed
  const sized = operands.map((operand) =>
    operand.kind === 'memory' && operand.size === undefined ? { ...operand, size: 8 } : operand,
  )
  return { ...parsed, operands: sized }
}

function withField(encoder: Encoder, parsed: ParsedInstruction, place: number, text: string): AssembleResult {
  const operand = parsed.operands[place] as Operand
  const { symbol, value: addend } = expressionOf(operand) as Expression & { readonly symbol: string }
  const memory = operand.kind === 'memory'
  const relative = memory ? operand.base === 'rip' : branches.test(parsed.mnemonic)
  const address = !memory && !relative
  if (BigInt.asIntN(32, addend) !== addend) throw new SyntaxProblem(`${addend} is too much beside a symbol`)
  if (address) refuseNarrow(parsed, symbol)
  const substitute = (value: bigint): ParsedInstruction => ({
    ...parsed,
    operands: parsed.operands.map((one, i) => (i === place ? withValue(one, address ? upper(value) : value) : one)),
  })
  const [first, second] = [encoder.encode(substitute(near)), encoder.encode(substitute(far))]
  const field = first.length === second.length ? findField(first, second) : undefined
  if (field === undefined) return refusal(text, `no 4- or 8-byte field for "${symbol}"`, 'no-field')
  const bytes = first.slice()
  bytes.fill(0, field.offset, field.offset + field.width)
  return accept({ bytes, field: { symbol, ...field, relative, addend: Number(addend) } })
}

/** An address of the kernel has 64 bits: a narrower operand would cut it short. */
function refuseNarrow({ mnemonic, operands }: ParsedInstruction, symbol: string): void {
  const [first] = operands
  const width = first?.kind === 'register' ? registerWidth(first.name) : first?.kind === 'memory' ? first.size : 8
  if (width !== 8 && mnemonic !== 'push') throw new SyntaxProblem(`the address of "${symbol}" needs 64 bits`)
}

function withValue(operand: Operand, value: bigint): Operand {
  if (operand.kind === 'memory') return { ...operand, displacement: { value } }
  return operand.kind === 'immediate' ? { ...operand, expression: { value } } : operand
}

class Encoder {
  private readonly keystone: Keystone
  private readonly disassembler: Disassembler

  constructor(keystone: Keystone, disassembler: Disassembler) {
    this.keystone = keystone
    this.disassembler = disassembler
  }

  /** The bytes of an instruction without symbols, read back and compared. Throws SyntaxProblem. */
  encode(parsed: ParsedInstruction): Uint8Array {
    const bytes = this.bytesOf(parsed)
    const read = this.disassembler
      .disassemble(bytes, 0n)
      .map((found) => (found.mnemonic === '(bad)' ? undefined : readBack(`${found.mnemonic} ${found.operands}`)))
    if (read.some((one) => one === undefined)) throw new SyntaxProblem('no processor takes its encoding')
    const problem = difference(parsed, read as ParsedInstruction[])
    if (problem !== undefined) throw new SyntaxProblem(problem)
    return bytes
  }

  private bytesOf(parsed: ParsedInstruction): Uint8Array {
    const { mnemonic, operands, prefixes } = parsed
    const known = fixed[mnemonic]
    if (known !== undefined && operands.length === 0 && prefixes.length === 0) return Uint8Array.from(known)
    const [first] = operands
    if (mnemonic === 'push' && first?.kind === 'immediate' && operands.length === 1 && prefixes.length === 0) {
      return pushImmediate(first.expression.value)
    }
    const absolute = operands.findIndex(isAbsolute)
    if (absolute >= 0 && mnemonic !== 'movabs') return this.withAbsolute(parsed, absolute)
    return this.byKeystone(parsed)
  }

  /** SIB without base and index: made of the form with RSP as base, which differs in two fields only. */
  private withAbsolute(parsed: ParsedInstruction, place: number): Uint8Array {
    const memory = parsed.operands[place] as MemoryOperand
    const { value } = memory.displacement
    if (BigInt.asIntN(32, value) !== BigInt.asIntN(64, value)) throw new SyntaxProblem('its displacement does not fit')
    const at = (displacement: bigint): Uint8Array =>
      this.byKeystone({
        ...parsed,
        operands: parsed.operands.map((operand, i) =>
          i === place ? { ...memory, base: 'rsp', displacement: { value: displacement } } : operand,
        ),
      })
    const bytes = at(near)
    const field = findField(bytes, at(far))
    const [modRm = 0, sib = 0] = field === undefined ? [] : bytes.subarray(field.offset - 2)
    if (field?.width !== 4 || (modRm & 0xc7) !== 0x84 || sib !== 0x24) {
      throw new SyntaxProblem('it takes no absolute address')
    }
    bytes[field.offset - 2] = modRm & 0x3f
    bytes[field.offset - 1] = 0x25
    new DataView(bytes.buffer).setInt32(field.offset, Number(BigInt.asIntN(32, value)), true)
    return bytes
  }

  private byKeystone(parsed: ParsedInstruction): Uint8Array {
    const mnemonic = keystoneNames[parsed.mnemonic] ?? parsed.mnemonic
    const encoded = this.keystone.encode(printInstruction({ ...withPlainSegment(parsed), mnemonic }))
    if (encoded.kind === 'died') throw new SyntaxProblem('the assembler gives up at it')
    if (encoded.kind === 'refused') throw new SyntaxProblem('')
    return mnemonic === 'nop' ? longNop(encoded.bytes) : encoded.bytes
  }
}

function readBack(text: string): ParsedInstruction | undefined {
  try {
    return parseInstruction(text)
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return undefined
    throw problem
  }
}

const isAbsolute = (operand: Operand): boolean =>
  operand.kind === 'memory' && operand.base === undefined && operand.index === undefined

/** A segment that is the default anyway needs no prefix. */
function withPlainSegment(parsed: ParsedInstruction): ParsedInstruction {
  const operands = parsed.operands.map((operand) => {
    if (operand.kind !== 'memory' || operand.segment !== 'ds') return operand
    const { segment: _default, ...plain } = operand
    return plain
  })
  return { ...parsed, operands }
}

/** PUSH sign-extends to 64 bits; Keystone cuts what does not fit. */
function pushImmediate(value: bigint): Uint8Array {
  const signed = BigInt.asIntN(64, value)
  if (BigInt.asIntN(32, signed) !== signed) throw new SyntaxProblem('PUSH takes a sign-extended 32-bit number')
  if (BigInt.asIntN(8, signed) === signed) return Uint8Array.of(0x6a, Number(signed) & 0xff)
  const bytes = Uint8Array.of(0x68, 0, 0, 0, 0)
  new DataView(bytes.buffer).setInt32(1, Number(signed), true)
  return bytes
}

/** 0F 1F /0, the NOP that the SDM documents; Keystone chooses the reserved 0F 18 /4. */
function longNop(bytes: Uint8Array): Uint8Array {
  const at = bytes.findIndex((byte, i) => byte === 0x0f && bytes[i + 1] === 0x18)
  if (at < 0) return bytes
  bytes[at + 1] = 0x1f
  bytes[at + 2] = (bytes[at + 2] as number) & 0xc7
  return bytes
}

function findField(first: Uint8Array, second: Uint8Array): { offset: number; width: 4 | 8 } | undefined {
  const one = new DataView(first.buffer, first.byteOffset, first.length)
  const two = new DataView(second.buffer, second.byteOffset, second.length)
  for (let offset = 0; offset + 8 <= first.length; offset++) {
    const value = one.getBigUint64(offset, true)
    if (
      value >> 32n === 0xffffffffn &&
      two.getBigUint64(offset, true) - value === far - near &&
      sameOutside(first, second, offset, 8)
    ) {
      return { offset, width: 8 }
    }
  }
  for (let offset = 0; offset + 4 <= first.length; offset++) {
    const moved = two.getInt32(offset, true) - one.getInt32(offset, true)
    if (moved === Number(far - near) && sameOutside(first, second, offset, 4)) return { offset, width: 4 }
  }
  return undefined
}

function sameOutside(first: Uint8Array, second: Uint8Array, offset: number, width: number): boolean {
  return first.every((byte, index) => (index >= offset && index < offset + width) || byte === second[index])
}
