// Fuzzed SSE to SSE4.2, MMX and x87 instructions, with values that round, overflow, are denormal or no numbers, and with changes of MXCSR
// and of the x87 control word. Undefined encodings and misaligned operands come up too: they fault, and the program goes on behind them.

import { encode, little, type Place } from './jit-code.js'
import { SHARED } from './jit-places.js'
import { RSI, type Writer } from './jit-writer.js'

/** Opcodes after 0F that take a prefix of 66, F2, F3 or none, without those that write a general register. */
const FLOATING = [
  0x10, 0x12, 0x14, 0x15, 0x16, 0x28, 0x51, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f,
  0x2e, 0x2f, 0x7c, 0x7d, 0xd0, 0xe6,
]
/** Those of them that every prefix turns into another instruction. */
const ARITHMETIC = [0x10, 0x51, 0x58, 0x59, 0x5a, 0x5c, 0x5d, 0x5e, 0x5f]
const TO_MEMORY = [0x11, 0x13, 0x17, 0x29, 0x2b, 0x7f, 0xd6, 0xe7]
const PACKED = [
  0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6f, 0x74, 0x75, 0x76, 0xd1,
  0xd2, 0xd3, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe8,
  0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd,
  0xfe,
]
const SHUFFLES = [0x70, 0xc2, 0xc6, 0xc4]
const THREE_BYTE = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x14, 0x15, 0x17, 0x1c, 0x1d, 0x1e,
  0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x28, 0x29, 0x2a, 0x2b, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x37, 0x38, 0x39,
  0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41,
]
const WITH_IMMEDIATE = [
  0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x14, 0x15, 0x16, 0x17, 0x20, 0x21, 0x22, 0x40, 0x41, 0x42, 0x60,
  0x61, 0x62, 0x63,
]
const PREFIXES = [0, 0x66, 0xf2, 0xf3]
/** MXCSR: default; each rounding; flush to zero and denormals are zeros; unmasked precision, division, invalid. */
export const MXCSR_VALUES = [0x1f80, 0x3f80, 0x5f80, 0x7f80, 0x9f80, 0x1fc0, 0xffc0, 0x0f80, 0x1d80, 0x1f00]
export const CONTROL_WORDS = [0x37f, 0x27f, 0x07f, 0x77f, 0xb7f, 0xf7f, 0x37e, 0x35f]
/** Where the program's constants lie: MXCSR values, control words, numbers worth a case. */
export const CONSTANTS = SHARED + 0x1000

function operand(w: Writer, bytes: number): Place {
  if (!w.chance(3)) return w.random.below(16)
  if (w.chance(6)) return w.memory(bytes)
  if (w.chance(4)) return { displacement: CONSTANTS + 0x100 + 16 * w.random.below(16) }
  return { base: RSI, displacement: 16 * w.random.between(-60, 60) }
}

export function vector(w: Writer): Writer {
  const { random } = w
  const reg = random.below(16)
  const prefix = w.pick(PREFIXES)
  const prefixes = prefix === 0 ? [] : [prefix]
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2: {
      const opcode = w.pick(w.chance(12) ? FLOATING : ARITHMETIC)
      return w.risky(encode({ size: 4, prefix: prefixes, opcode: [0x0f, opcode], reg, place: operand(w, 16) }))
    }
    case 3: {
      const place = { base: RSI, displacement: 16 * random.between(-60, 60) + (w.chance(8) ? 4 : 0) }
      return w.risky(encode({ size: 4, prefix: prefixes, opcode: [0x0f, w.pick(TO_MEMORY)], reg, place }))
    }
    case 4:
    case 5:
    case 6:
      return w.risky(encode({ size: 4, prefix: [0x66], opcode: [0x0f, w.pick(PACKED)], reg, place: operand(w, 16) }))
    case 7:
      return w.risky(
        encode({
          size: 4,
          prefix: prefixes,
          opcode: [0x0f, w.pick(SHUFFLES)],
          reg,
          place: operand(w, 16),
          immediate: [random.below(256)],
        }),
      )
    case 8:
    case 9:
      return w.risky(
        encode({ size: 4, prefix: [0x66], opcode: [0x0f, 0x38, w.pick(THREE_BYTE)], reg, place: operand(w, 16) }),
      )
    case 10: {
      const opcode = [0x0f, 0x3a, w.pick(WITH_IMMEDIATE)]
      const size = w.pick([4, 8] as const)
      const to =
        opcode[2] === 0x14 || opcode[2] === 0x15 || opcode[2] === 0x16 || opcode[2] === 0x17
          ? w.target(8)
          : operand(w, 16)
      return w.risky(encode({ size, prefix: [0x66], opcode, reg, place: to, immediate: [random.below(256)] }))
    }
    case 11: {
      // Conversions to and from general registers, MOVD and MOVQ, the masks.
      const size = w.pick([4, 8] as const)
      const which = random.below(4)
      if (which === 0)
        return w.risky(
          encode({ size, prefix: [w.pick([0xf2, 0xf3])], opcode: [0x0f, 0x2a], reg, place: w.source(size) }),
        )
      if (which === 1) {
        const opcode = [0x0f, w.pick([0x2c, 0x2d])]
        return w.risky(
          encode({ size, prefix: [w.pick([0xf2, 0xf3])], opcode, reg: w.target(size), place: operand(w, 8) }),
        )
      }
      if (which === 2)
        return w.risky(
          encode({ size, prefix: [0x66], opcode: [0x0f, w.pick([0x6e, 0x7e])], reg, place: w.target(size) }),
        )
      const opcode = [0x0f, w.pick([0x50, 0xd7])]
      return w.risky(encode({ size: 4, prefix: [0x66], opcode, reg: w.target(8), place: random.below(16) }))
    }
    case 12: {
      // Shifts by a constant.
      const opcode = w.pick([0x71, 0x72, 0x73])
      const group = w.pick([2, 3, 4, 6, 7])
      return w.risky(
        encode({
          size: 4,
          prefix: [0x66],
          opcode: [0x0f, opcode],
          reg: group,
          place: random.below(16),
          immediate: [random.below(72)],
        }),
      )
    }
    case 13: {
      const place = { displacement: CONSTANTS + 4 * random.below(MXCSR_VALUES.length) }
      if (w.chance(3)) return w.form({ size: 4, opcode: [0x0f, 0xae], reg: 3, place: { base: RSI, displacement: 64 } })
      return w.form({
        size: 4,
        opcode: [0x0f, 0xae],
        reg: w.chance(3) ? 3 : 2,
        place: w.chance(3) ? { base: RSI, displacement: 64 } : place,
      })
    }
    case 14: {
      const size = w.pick([1, 2, 4, 8] as const)
      const opcode = [0x0f, 0x38, size === 1 ? 0xf0 : 0xf1]
      const reg = w.pick([0, 1, 2, 3])
      return w.form({ size, prefix: [0xf2], opcode, reg, place: w.memory(size) })
    }
    default:
      return w.chance(12) ? saveAndRestore(w) : w.pick([mmx, x87])(w)
  }
}

function saveAndRestore(w: Writer): Writer {
  const place = { base: RSI, displacement: 0x800 }
  w.form({ size: 4, opcode: [0x0f, 0xae], reg: 0, place })
  w.form({ size: 4, opcode: [0x0f, 0xae], reg: 1, place })
  return w
}

export function mmx(w: Writer): Writer {
  const place = w.chance(3) ? w.memory(8) : w.random.below(8)
  const opcode = w.pick([...PACKED, 0x6e, 0x7e, 0x7f])
  w.risky(encode({ size: 4, opcode: [0x0f, opcode], reg: w.random.below(8), place }))
  if (w.chance(6)) w.bytes(0x0f, 0x77)
  return w
}

export function x87(w: Writer): Writer {
  const { random } = w
  if (w.chance(5)) {
    const place = { displacement: CONSTANTS + 0x80 + 2 * random.below(CONTROL_WORDS.length) }
    return w.form({ size: 4, opcode: [0xd9], reg: 5, place })
  }
  if (w.chance(8)) return w.bytes(...w.pick([[0xdb, 0xe3], [0xdb, 0xe2], [0x9b], [0xdf, 0xe0], [0xd9, 0xd0]]))
  const opcode = 0xd8 + random.below(8)
  // Loads come more often than their share, so that the stack is not always empty.
  if (w.chance(3))
    return w.risky(
      encode({ size: 4, opcode: [w.pick([0xd9, 0xdd, 0xdb, 0xdf])], reg: w.pick([0, 0, 5]), place: w.memory(8) }),
    )
  if (w.chance(2))
    return w.risky(encode({ size: 4, opcode: [opcode], reg: random.below(8), place: operandInWindow(w) }))
  return w.risky({ bytes: [opcode, 0xc0 | random.below(64)] })
}

function operandInWindow(w: Writer): Place {
  return { base: RSI, displacement: 8 * w.random.between(-100, 100) }
}

/** Numbers worth a case, as 16 vectors of 16 bytes. */
export function interestingNumbers(): number[] {
  const doubles = [
    0x7ff8000000000001n,
    0x7ff0000000000001n,
    0x7ff0000000000000n,
    0xfff0000000000000n,
    1n,
    0x000fffffffffffffn,
    0x8000000000000000n,
    0x3ff0000000000001n,
  ]
  doubles.push(
    0x7fefffffffffffffn,
    0x3fd5555555555555n,
    0xc1e0000000200000n,
    0x43e0000000000000n,
    0x4330000000000001n,
    0x3fefffffffffffffn,
    0xbff8000000000000n,
    0x0010000000000000n,
  )
  const singles = [0x7fc00001n, 0x7f800001n, 0x7f800000n, 0xff800000n, 1n, 0x807fffffn, 0x80000000n, 0x3f800001n]
  singles.push(0x7f7fffffn, 0x3eaaaaabn, 0xcf000001n, 0x4b000001n, 0x3f7fffffn, 0xbfc00000n, 0x00800000n, 0x40490fdbn)
  return [
    ...doubles.flatMap((value) => little(value, 8)),
    ...singles.flatMap((value) => little(value, 4)),
    ...singles.flatMap((value) => little(value, 4)).reverse(),
  ]
}
