// Intel syntax, as GNU as reads it (-msyntax=intel -mnaked-reg): one line of text to a value, and back to text.
//
// What was asked for and what a disassembler reads in the bytes go through this one reader, so that both can be compared
// (meaning.ts). It takes one way of writing each thing and refuses what two assemblers read differently: a number that
// begins with 0 (octal, or not), a size without `ptr`, a symbol that may be a place or what is there.

export interface Expression {
  readonly value: bigint
  readonly symbol?: string
}

export interface MemoryOperand {
  readonly kind: 'memory'
  /** Bytes, where the text says it. */
  readonly size?: number
  readonly segment?: string
  readonly base?: string
  readonly index?: string
  readonly scale: number
  readonly displacement: Expression
}

export type Operand =
  | { readonly kind: 'register'; readonly name: string }
  | { readonly kind: 'immediate'; readonly expression: Expression; readonly offset: boolean }
  | MemoryOperand

export interface ParsedInstruction {
  readonly prefixes: readonly string[]
  readonly mnemonic: string
  readonly operands: readonly Operand[]
}

/** Bytes of each general-purpose, segment, control, debug, x87, MMX and SSE register. */
const registers = new Map<string, number>()
const define = (bytes: number, names: string): void => {
  for (const name of names.split(' ')) registers.set(name, bytes)
}
define(1, 'al cl dl bl ah ch dh bh spl bpl sil dil')
define(2, 'ax cx dx bx sp bp si di cs ds es fs gs ss')
define(4, 'eax ecx edx ebx esp ebp esi edi eip')
define(8, 'rax rcx rdx rbx rsp rbp rsi rdi rip')
define(10, 'st st(0) st(1) st(2) st(3) st(4) st(5) st(6) st(7)')
for (let number = 0; number < 16; number++) {
  define(8, `cr${number} dr${number}`)
  define(16, `xmm${number}`)
  define(32, `ymm${number}`)
  if (number < 8) define(8, `mm${number}`)
  else {
    define(1, `r${number}b`)
    define(2, `r${number}w`)
    define(4, `r${number}d`)
    define(8, `r${number}`)
  }
}

/** Bytes, or undefined where `name` is no register. */
export function registerWidth(name: string): number | undefined {
  return registers.get(name)
}

export const sizes: Readonly<Record<string, number>> = {
  ...{ byte: 1, word: 2, dword: 4, fword: 6, qword: 8, tbyte: 10, xword: 10, xmmword: 16, ymmword: 32 },
}
const segments = new Set(['cs', 'ds', 'es', 'fs', 'gs', 'ss'])
const prefixWords = new Set(['lock', 'rep', 'repe', 'repz', 'repne', 'repnz'])
/** Addresses are made of these: no byte or word registers, no control registers. */
const addressRegister = /^(r([abcd]x|[sd]i|[sb]p|\d+d?|ip)|e([abcd]x|[sd]i|[sb]p|ip))$/

/** Why a line cannot be read; the message follows "line n: ". */
export class SyntaxProblem extends Error {}

const tokenPattern =
  /\s*(?:(st\(\d\)|[A-Za-z_.$][\w.$]*)|(0x[0-9a-f]+(?![\w.])|0b[01]+(?![\w.])|0(?![\w.])|[1-9]\d*(?![\w.]))|'(\\?[\x20-\x7e])'|([[\]+\-*:,]))/iy

type Token = { readonly kind: 'word' | 'number' | 'mark'; readonly text: string; readonly value: bigint }

function tokens(text: string): Token[] {
  const result: Token[] = []
  tokenPattern.lastIndex = 0
  const end = text.trimEnd().length
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex
    const [, word, number, character, mark] = tokenPattern.exec(text) ?? []
    if (word !== undefined) result.push({ kind: 'word', text: word, value: 0n })
    else if (number !== undefined) result.push({ kind: 'number', text: number, value: BigInt(number) })
    else if (character !== undefined) result.push({ kind: 'number', text: character, value: characterCode(character) })
    else if (mark !== undefined) result.push({ kind: 'mark', text: mark, value: 0n })
    else throw new SyntaxProblem(problemAt(text.slice(at).trim()))
  }
  return result
}

function problemAt(rest: string): string {
  const [number] = /^\d[\w.]*/.exec(rest) ?? []
  if (number === undefined) return `"${rest}" cannot be read`
  return /^0\d+$/.test(number)
    ? `"${number}" begins with 0, which some read as octal; write it as decimal or 0x...`
    : `"${number}" is not a number; write decimal, 0x... or 0b...`
}

function characterCode(character: string): bigint {
  const special: Readonly<Record<string, number>> = { '\\n': 10, '\\t': 9, '\\r': 13, '\\0': 0, '\\\\': 92, "\\'": 39 }
  if (character.length === 1) return BigInt(character.charCodeAt(0))
  const code = special[character]
  if (code === undefined) throw new SyntaxProblem(`'${character}' is not a character that is known here`)
  return BigInt(code)
}

/** Reads one instruction. Throws SyntaxProblem. */
export function parseInstruction(text: string): ParsedInstruction {
  const prefixes: string[] = []
  let rest = text.trim()
  for (;;) {
    const [head = '', word = ''] = /^([a-z]\w*)\s*/i.exec(rest) ?? []
    if (word === '') throw new SyntaxProblem(`"${text.trim()}" begins with no instruction`)
    rest = rest.slice(head.length)
    const lower = word.toLowerCase()
    if (!prefixWords.has(lower) || rest === '') {
      return { prefixes, mnemonic: lower, operands: parseOperands(tokens(rest)) }
    }
    prefixes.push(lower)
  }
}

function parseOperands(all: readonly Token[]): Operand[] {
  if (all.length === 0) return []
  const parts: Token[][] = [[]]
  for (const token of all) {
    if (token.text === ',' && token.kind === 'mark') parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.map((part) => new OperandReader(part).read())
}

class OperandReader {
  private readonly tokens: readonly Token[]
  private at = 0

  constructor(all: readonly Token[]) {
    this.tokens = all
  }

  read(): Operand {
    const operand = this.operand()
    const left = this.tokens[this.at]
    if (left !== undefined) throw new SyntaxProblem(`"${left.text}" is not expected there`)
    return operand
  }

  private peek(): string {
    return this.tokens[this.at]?.text.toLowerCase() ?? ''
  }

  private take(text: string): boolean {
    if (this.peek() !== text) return false
    this.at++
    return true
  }

  private operand(): Operand {
    const size = sizes[this.peek()]
    if (size !== undefined) {
      const word = this.peek()
      this.at++
      if (!this.take('ptr')) throw new SyntaxProblem(`a size is written "${word} ptr"`)
      return { ...this.memory(), size }
    }
    const word = this.peek()
    const next = this.tokens[this.at + 1]?.text
    if (this.take('offset')) return { kind: 'immediate', expression: this.sum(false).displacement, offset: true }
    if (word === '[' || (segments.has(word) && next === ':')) return this.memory()
    if (registers.has(word)) {
      this.at++
      return { kind: 'register', name: word === 'st' ? 'st(0)' : word }
    }
    return { kind: 'immediate', expression: this.sum(false).displacement, offset: false }
  }

  private memory(): MemoryOperand {
    const segment = segments.has(this.peek()) ? this.peek() : undefined
    if (segment !== undefined) {
      this.at++
      if (!this.take(':')) throw new SyntaxProblem(`"${segment}" is not an address`)
    }
    let sum: Omit<MemoryOperand, 'kind' | 'size' | 'segment'>
    if (this.take('[')) {
      sum = this.sum(true)
      if (!this.take(']')) throw new SyntaxProblem('"]" is missing')
    } else if (segment !== undefined) sum = this.sum(false)
    else throw new SyntaxProblem('an address is written in brackets: [...]')
    return { kind: 'memory', ...(segment === undefined ? {} : { segment }), ...sum }
  }

  /** `base + index*scale + symbol + number`, in any order. */
  private sum(address: boolean): Omit<MemoryOperand, 'kind' | 'size' | 'segment'> {
    const found: { name: string; scale: number }[] = []
    let value = 0n
    let symbol: string | undefined
    let negative = this.take('-')
    if (!negative) this.take('+')
    for (;;) {
      const term = this.product()
      if (term.register !== undefined) {
        if (!address || negative) throw new SyntaxProblem(`"${term.register}" cannot stand in a sum there`)
        found.push({ name: term.register, scale: Number(term.value) })
      } else if (term.symbol !== undefined) {
        if (negative || symbol !== undefined) throw new SyntaxProblem('only one symbol can be added')
        symbol = term.symbol
      } else value += negative ? -term.value : term.value
      if (this.take('+')) negative = false
      else if (this.take('-')) negative = true
      else break
    }
    return { ...baseAndIndex(found), displacement: { value, ...(symbol === undefined ? {} : { symbol }) } }
  }

  private product(): { value: bigint; register?: string; symbol?: string } {
    let value = 1n
    let register: string | undefined
    let symbol: string | undefined
    let negative = false
    while (this.take('-')) negative = !negative
    const from = this.at
    do {
      const token = this.tokens[this.at++]
      if (token === undefined || token.kind === 'mark') throw new SyntaxProblem(`"${token?.text ?? ''}" is no value`)
      const name = token.text.toLowerCase()
      if (token.kind === 'number') value *= token.value
      else if (name === 'riz' || name === 'eiz') value = 0n
      else if (registers.has(name)) {
        if (register !== undefined) throw new SyntaxProblem('two registers cannot be multiplied')
        register = name
      } else symbol = token.text
    } while (this.take('*'))
    if (symbol !== undefined && (register !== undefined || value !== 1n || negative)) {
      throw new SyntaxProblem(`"${symbol}" cannot be multiplied`)
    }
    if (register !== undefined && this.at > from + 1 && INSTRUCTION_POINTER.test(register)) {
      throw new SyntaxProblem(`"${register}" cannot be an index`)
    }
    if (negative && register !== undefined) throw new SyntaxProblem(`"${register}" cannot be subtracted`)
    return {
      value: negative ? -value : value,
      ...(register === undefined ? {} : { register }),
      ...(symbol === undefined ? {} : { symbol }),
    }
  }
}

const INSTRUCTION_POINTER = /^[re]ip$/

function baseAndIndex(found: readonly { name: string; scale: number }[]): {
  base?: string
  index?: string
  scale: number
} {
  const [first, second] = found
  if (first === undefined) return { scale: 1 }
  for (const { name } of found) {
    if (!addressRegister.test(name)) throw new SyntaxProblem(`"${name}" cannot be part of an address`)
    if (registerWidth(name) !== registerWidth(first.name)) {
      throw new SyntaxProblem('an address is made of 64-bit registers or of 32-bit ones')
    }
  }
  if (second === undefined) {
    return first.scale === 1 ? { base: first.name, scale: 1 } : indexed(undefined, first)
  }
  if (found.length > 2) throw new SyntaxProblem('an address has at most a base and an index')
  // The stack pointer cannot be an index.
  const swap = (first.scale !== 1 && second.scale === 1) || (/^[re]sp$/.test(second.name) && second.scale === 1)
  const [base, index] = swap ? [second, first] : [first, second]
  if (base.scale !== 1) throw new SyntaxProblem('only one register of an address can be scaled')
  return indexed(base.name, index)
}

function indexed(base: string | undefined, index: { name: string; scale: number }) {
  if (![1, 2, 4, 8].includes(index.scale)) throw new SyntaxProblem(`a scale is 1, 2, 4 or 8, not ${index.scale}`)
  if (/^([re]sp|[re]ip)$/.test(index.name)) throw new SyntaxProblem(`"${index.name}" cannot be an index`)
  if (base !== undefined && INSTRUCTION_POINTER.test(base)) throw new SyntaxProblem(`"${base}" has no index beside it`)
  return { ...(base === undefined ? {} : { base }), index: index.name, scale: index.scale }
}

const hexadecimal = (value: bigint): string => (value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`)

/** The same instruction as text in one form, each number hexadecimal. Symbols must have become numbers. */
export function printInstruction({ prefixes, mnemonic, operands }: ParsedInstruction): string {
  return [...prefixes, `${mnemonic} ${operands.map(printOperand).join(', ')}`].join(' ').trim()
}

function printOperand(operand: Operand): string {
  if (operand.kind === 'register') return operand.name
  if (operand.kind === 'immediate') return hexadecimal(operand.expression.value)
  const { size, segment, base, index, scale, displacement } = operand
  const name = Object.keys(sizes).find((word) => sizes[word] === size)
  const registersOf = [
    ...(base === undefined ? [] : [base]),
    ...(index === undefined ? [] : [scale === 1 && base !== undefined ? index : `${index}*${scale}`]),
  ]
  const { value } = displacement
  const sum = registersOf.join(' + ')
  const number = value < 0n ? ` - ${hexadecimal(-value)}` : ` + ${hexadecimal(value)}`
  const inside = sum === '' ? hexadecimal(value) : value === 0n ? sum : sum + number
  return `${name === undefined ? '' : `${name} ptr `}${segment === undefined ? '' : `${segment}:`}[${inside}]`
}
