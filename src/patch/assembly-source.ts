// The language of assembly patches: lines to statements.
//
//	.patch [object:]function[,position]   what follows replaces that function
//	.function name                        a function of the patch's own
//	.replace                              the patch replaces all older ones
//	.text .rodata .data                   where what follows goes (.patch and .function imply .text)
//	label:                                a place; in .text visible within its function's section only
//	.asciz "text" .byte .long .quad n,... .zero n .align n
//	anything else                         one instruction in Intel syntax; names are symbols
//	; or #                                the rest of the line is a comment
//
// Only text here: no bytes, no ELF.
import { accept, refuse } from '../base/index.js'
import type { PatchRefusal, PatchResult } from './refusal.js'

export type Statement =
  | {
      readonly kind: 'patch'
      readonly line: number
      readonly object: string
      readonly name: string
      readonly position: number
    }
  | { readonly kind: 'function'; readonly line: number; readonly name: string }
  | { readonly kind: 'replace'; readonly line: number }
  | { readonly kind: 'section'; readonly line: number; readonly name: '.text' | '.rodata' | '.data' }
  | { readonly kind: 'label'; readonly line: number; readonly name: string }
  | { readonly kind: 'bytes'; readonly line: number; readonly bytes: Uint8Array }
  | { readonly kind: 'pointer'; readonly line: number; readonly symbol: string }
  | { readonly kind: 'align'; readonly line: number; readonly boundary: number }
  | { readonly kind: 'instruction'; readonly line: number; readonly text: string }

export type ParseResult = PatchResult<readonly Statement[]>

export function parseAssembly(source: string): ParseResult {
  const statements: Statement[] = []
  for (const [index, raw] of source.split('\n').entries()) {
    const line = index + 1
    let rest = stripComment(raw).trim()
    for (
      let label = /^([A-Za-z_.$][\w.$]*):\s*/.exec(rest);
      label?.[1];
      label = /^([A-Za-z_.$][\w.$]*):\s*/.exec(rest)
    ) {
      statements.push({ kind: 'label', line, name: label[1] })
      rest = rest.slice(label[0].length)
    }
    if (rest === '') continue
    if (!rest.startsWith('.')) {
      statements.push({ kind: 'instruction', line, text: rest })
      continue
    }
    const parsed = parseDirective(rest, line)
    if ('ok' in parsed) return parsed
    statements.push(parsed)
  }
  return accept(statements)
}

function stripComment(line: string): string {
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '\\' && quoted) i++
    else if (line[i] === '"') quoted = !quoted
    else if (!quoted && (line[i] === ';' || line[i] === '#')) return line.slice(0, i)
  }
  return line
}

function parseDirective(text: string, line: number): Statement | PatchRefusal {
  const [, directive = '', operand = ''] = /^(\.\w+)\s*(.*)$/.exec(text) ?? []
  switch (directive) {
    case '.patch': {
      const match = /^(?:([\w]+):)?([A-Za-z_][\w.]*?)(?:,(\d+))?$/.exec(operand)
      if (!match?.[2]) return syntax(line, `.patch wants [object:]function[,position], not "${operand}"`)
      const position = readNumber(match[3] ?? '0', 0, 0xffff_ffff)
      if (position === undefined) return syntax(line, `"${match[3]}" is no position; the first of a name is 1`)
      return { kind: 'patch', line, object: match[1] ?? 'vmlinux', name: match[2], position }
    }
    case '.function':
      return /^[A-Za-z_][\w.]*$/.test(operand)
        ? { kind: 'function', line, name: operand }
        : syntax(line, '.function wants a name')
    case '.replace':
      return { kind: 'replace', line }
    case '.text':
    case '.rodata':
    case '.data':
      return { kind: 'section', line, name: directive }
    case '.asciz':
      return parseString(operand, line)
    case '.zero':
      return parseZero(operand, line)
    case '.align':
      return parseAlignment(operand, line)
    case '.byte':
      return parseNumbers(operand, 1, line)
    case '.long':
      return parseNumbers(operand, 4, line)
    case '.quad':
      return /^[A-Za-z_.$][\w.$]*$/.test(operand)
        ? { kind: 'pointer', line, symbol: operand }
        : parseNumbers(operand, 8, line)
    default:
      return syntax(line, `unknown directive ${directive}`)
  }
}

/** Bytes of one .zero; a page holds what a patch needs, this much is for tables. */
const LARGEST_ZERO = 0x10_0000
/** Largest boundary: a page, as a module's sections have at most. */
const LARGEST_BOUNDARY = 4096

/** A whole number, decimal or 0x...; undefined where it is none or out of range. */
function readNumber(text: string, least: number, most: number): number | undefined {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) return undefined
  const value = Number(text)
  return value >= least && value <= most ? value : undefined
}

function parseZero(operand: string, line: number): Statement | PatchRefusal {
  const length = readNumber(operand, 0, LARGEST_ZERO)
  if (length === undefined)
    return syntax(line, `.zero wants a number of bytes from 0 to ${LARGEST_ZERO}, not "${operand}"`)
  return { kind: 'bytes', line, bytes: new Uint8Array(length) }
}

function parseAlignment(operand: string, line: number): Statement | PatchRefusal {
  const boundary = readNumber(operand, 1, LARGEST_BOUNDARY)
  if (boundary !== undefined && (boundary & (boundary - 1)) === 0) return { kind: 'align', line, boundary }
  return syntax(line, `.align wants a power of two from 1 to ${LARGEST_BOUNDARY}, not "${operand}"`)
}

function parseString(operand: string, line: number): Statement | PatchRefusal {
  let text: unknown
  try {
    text = JSON.parse(operand)
  } catch {
    return syntax(line, '.asciz wants a string in double quotes')
  }
  if (typeof text !== 'string') return syntax(line, '.asciz wants a string in double quotes')
  return { kind: 'bytes', line, bytes: new TextEncoder().encode(`${text}\0`) }
}

function parseNumbers(operand: string, width: 1 | 4 | 8, line: number): Statement | PatchRefusal {
  const words = operand.split(',').map((word) => word.trim())
  const bytes = new Uint8Array(words.length * width)
  const view = new DataView(bytes.buffer)
  for (const [i, word] of words.entries()) {
    if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(word)) return syntax(line, `"${word}" is not a number`)
    const value = word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word)
    const bits = BigInt(8 * width)
    if (value < -(1n << (bits - 1n)) || value >= 1n << bits)
      return syntax(line, `"${word}" does not fit ${width} bytes`)
    if (width === 8) view.setBigInt64(i * 8, BigInt.asIntN(64, value), true)
    else if (width === 4) view.setInt32(i * 4, Number(BigInt.asIntN(32, value)), true)
    else view.setInt8(i, Number(BigInt.asIntN(8, value)))
  }
  return { kind: 'bytes', line, bytes }
}

function syntax(line: number, message: string): PatchRefusal {
  return refuse('syntax', `line ${line}: ${message}`, 'Correct that line.', { line })
}
