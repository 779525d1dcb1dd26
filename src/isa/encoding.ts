// Encodings that Capstone reads otherwise than a processor: what they are is decided here, by prefixes, opcode and ModRM.
//
// Sources: SDM 2A 2.1 and 2.2 (prefixes), the LOCK chapter (which instructions take it), the opcode maps of volume 2D with
// their footnotes, and for x87 aliases what our core, as every processor since the 387, executes.

interface Encoding {
  readonly lock: boolean
  /** The last of F2 and F3; 0 for none. */
  readonly repeat: number
  /** 66 among the prefixes, which REX.W outweighs as an operand size. */
  readonly operandSize: boolean
  readonly rex: number
  /** 0F before the opcode. */
  readonly extended: boolean
  readonly opcode: number
  readonly opcodeAt: number
  /** The byte behind the opcode, ModRM where there is one. */
  readonly modRm: number
}

const LOCK = 0xf0
const legacyPrefixes = new Set([LOCK, 0xf2, 0xf3, 0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65])

function readEncoding(bytes: Uint8Array): Encoding {
  let at = 0
  let repeat = 0
  let rex = 0
  const seen = new Set<number>()
  for (; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (legacyPrefixes.has(byte)) {
      seen.add(byte)
      rex = 0
      if (byte === 0xf2 || byte === 0xf3) repeat = byte
    } else if ((byte & 0xf0) === 0x40) rex = byte
    else break
  }
  const extended = bytes[at] === 0x0f
  const opcodeAt = extended ? at + 1 : at
  return {
    ...{ lock: seen.has(LOCK), operandSize: seen.has(0x66), repeat, rex, extended, opcodeAt },
    ...{ opcode: bytes[opcodeAt] ?? 0, modRm: bytes[opcodeAt + 1] ?? 0 },
  }
}

/** How to read bytes in Capstone's place. */
export type Reading =
  | { readonly kind: 'bad' }
  /** Documented bytes of the same meaning, with so many prefixes fewer in front. */
  | { readonly kind: 'same'; readonly bytes: Uint8Array; readonly dropped: number; readonly mnemonic?: string }
  /** As Capstone reads it, but the operand is a word. */
  | { readonly kind: 'word' }

/** undefined where Capstone reads the bytes right, as far as is known. */
export function readingOf(bytes: Uint8Array): Reading | undefined {
  const encoding = readEncoding(bytes)
  const { lock, operandSize, rex, extended, opcode, opcodeAt, modRm } = encoding
  if (lock && !takesLock(encoding)) return { kind: 'bad' }
  if (extended) return readingOfExtended(bytes, encoding)
  if (opcode === 0x8e && ((modRm >> 3) & 7) === 1) return { kind: 'bad' }
  if (operandSize && (rex & 8) === 0 && (opcode === 0x68 || opcode === 0x6a)) return { kind: 'word' }
  if (opcode === 0xe8 || opcode === 0xe9 || opcode === 0xc2) return withoutOperandSize(bytes, opcodeAt)
  // Without REX.W nothing is extended: MOV has the same operands.
  if (opcode === 0x63 && (rex & 8) === 0) return { ...replaced(bytes, opcodeAt, [0x8b]), mnemonic: 'movsxd' }
  const alias = x87Alias(opcode, modRm)
  return alias === undefined ? undefined : replaced(bytes, opcodeAt, alias)
}

function readingOfExtended(bytes: Uint8Array, encoding: Encoding): Reading | undefined {
  const { rex, opcode, opcodeAt, modRm } = encoding
  const register = ((modRm >> 3) & 7) | ((rex & 4) << 1)
  if (opcode === 0x20 || opcode === 0x22) return [0, 2, 3, 4, 8].includes(register) ? undefined : { kind: 'bad' }
  if (opcode === 0x21 || opcode === 0x23) return register < 8 ? undefined : { kind: 'bad' }
  if ((opcode & 0xf0) === 0x80) return withoutOperandSize(bytes, opcodeAt)
  // UD0 and UD1 have a ModRM byte: IMUL has the same operands.
  if (opcode === 0xff) return { ...replaced(bytes, opcodeAt, [0xaf]), mnemonic: 'ud0' }
  if (opcode === 0xb9) return { ...replaced(bytes, opcodeAt, [0xaf]), mnemonic: 'ud1' }
  return isNoVector(encoding) ? { kind: 'bad' } : undefined
}

/** Another reading for bytes that Capstone does not take: hints are NOPs, and a repeat prefix without meaning is none. */
export function secondReading(bytes: Uint8Array): Reading | undefined {
  const { extended, opcode, opcodeAt, repeat, modRm } = readEncoding(bytes)
  if (extended && opcode === 0x0d && (modRm & 0x38) !== 0) return replaced(bytes, opcodeAt, [0x0d, modRm & 0xc7])
  if (extended && opcode >= 0x18 && opcode <= 0x1e) return { ...replaced(bytes, opcodeAt, [0x1f]), mnemonic: 'nop' }
  if (repeat === 0) return undefined
  // Where a repeat prefix selects the instruction, an operand size beside it says nothing.
  const idle = extended && !ignoresRepeat(opcode) ? [0x66] : [0xf2, 0xf3]
  const kept = bytes.filter((byte, i) => i >= opcodeAt || !idle.includes(byte))
  return { kind: 'same', bytes: kept, dropped: bytes.length - kept.length }
}

function replaced(bytes: Uint8Array, at: number, by: readonly number[]): Reading & { readonly kind: 'same' } {
  const copy = bytes.slice()
  copy.set(by, at)
  return { kind: 'same', bytes: copy, dropped: 0 }
}

/** Near branches have a 32-bit displacement in 64-bit mode whatever the operand size says (SDM 2A, JMP, Jcc, CALL). */
function withoutOperandSize(bytes: Uint8Array, opcodeAt: number): Reading | undefined {
  const kept = bytes.filter((byte, i) => i >= opcodeAt || byte !== 0x66)
  const dropped = bytes.length - kept.length
  return dropped === 0 ? undefined : { kind: 'same', bytes: kept, dropped }
}

/** SDM 2A, LOCK: these with a destination in memory; on any other it is #UD. */
function takesLock({ extended, opcode, modRm }: Encoding): boolean {
  if (modRm >= 0xc0) return false
  const form = (modRm >> 3) & 7
  if (!extended) {
    if (opcode < 0x38) return (opcode & 7) < 2
    if (opcode === 0x80 || opcode === 0x81 || opcode === 0x83) return form !== 7
    if (opcode === 0xf6 || opcode === 0xf7) return form === 2 || form === 3
    if (opcode === 0xfe || opcode === 0xff) return form < 2
    return opcode === 0x86 || opcode === 0x87
  }
  if (opcode === 0xba) return form >= 5
  if (opcode === 0xc7) return form === 1
  return [0xab, 0xb3, 0xbb, 0xb0, 0xb1, 0xc0, 0xc1].includes(opcode)
}

/** Opcode and ModRM of the documented form. */
function x87Alias(opcode: number, modRm: number): readonly number[] | undefined {
  if (opcode < 0xd8 || opcode > 0xdf || modRm < 0xc0) return undefined
  const stack = modRm & 7
  switch ((opcode << 8) | (modRm & 0xf8)) {
    case 0xddc8:
    case 0xdfc8:
      return [0xd9, 0xc8 | stack] // FXCH
    case 0xdcd0:
      return [0xd8, 0xd0 | stack] // FCOM
    case 0xdcd8:
    case 0xded0:
      return [0xd8, 0xd8 | stack] // FCOMP
    case 0xd9d8:
    case 0xdfd0:
    case 0xdfd8:
      return [0xdd, 0xd8 | stack] // FSTP
    default:
      return undefined
  }
}

/** SDM 2D table A-3: where the vector instructions are, F2 and F3 are part of the opcode, and most have no such form. */
function isNoVector({ repeat, opcode, operandSize }: Encoding): boolean {
  if (opcode === 0x77 || opcode === 0xc3) return repeat !== 0 || operandSize
  if ((opcode === 0x52 || opcode === 0x53) && repeat === 0) return operandSize
  const vector =
    (opcode >= 0x10 && opcode <= 0x17) ||
    (opcode >= 0x28 && opcode <= 0x2f) ||
    (opcode >= 0x50 && opcode <= 0x7f) ||
    (opcode >= 0xc4 && opcode <= 0xc6) ||
    (opcode >= 0xd0 && opcode <= 0xfe)
  // SSE4A, which Capstone knows.
  if (!vector || repeat === 0 || [0x2b, 0x78, 0x79].includes(opcode)) return false
  return !(repeat === 0xf3 ? formsWithF3 : formsWithF2).has(opcode)
}

const scalar = [0x10, 0x11, 0x12, 0x2a, 0x2c, 0x2d, 0x51, 0x58, 0x59, 0x5a, 0x5c, 0x5d, 0x5e, 0x5f, 0x70, 0xd6, 0xe6]
const formsWithF2 = new Set([...scalar, 0x7c, 0x7d, 0xd0, 0xf0])
const formsWithF3 = new Set([...scalar, 0x16, 0x52, 0x53, 0x5b, 0x6f, 0x7e, 0x7f])

/** Two-byte opcodes that F2 and F3 select no other instruction of. */
function ignoresRepeat(opcode: number): boolean {
  if (opcode < 0x10 || (opcode >= 0x18 && opcode < 0x28) || (opcode >= 0x30 && opcode < 0x38)) return true
  if (opcode >= 0x40 && opcode < 0x50) return true
  return (opcode >= 0x80 && opcode < 0xc2 && opcode !== 0xb8) || (opcode >= 0xc8 && opcode < 0xd0)
}
