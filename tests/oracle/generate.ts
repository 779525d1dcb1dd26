// Generates flat 64-bit code: short straight sequences of instructions with a text for each, for oracles that execute the
// same bytes elsewhere and compare.
//
// Promises: the same sequence from the same seed. Memory operands stay in the 4 KiB window at `windowAddress` (RSI points
// at its middle and is never written); RSP keeps its value at the end. An instruction that leaves a flag undefined is
// followed by a CMP, so that no undefined bit is ever read or compared. Only forward jumps. Floating point stays among
// XMM12 and 13 (double) and XMM14 and 15 (single), which nothing else writes and which begin as ordinary numbers: so every NaN
// is the default one, and oracles that choose between two NaNs by another rule than x86 do not differ.

import type { Random } from '../../src/base/index.js'

export const windowAddress = 0x20_0000
export const windowBytes = 0x1000
export const stackAddress = 0x30_0000

export interface Instruction {
  readonly text: string
  readonly bytes: readonly number[]
}

const names = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
]
/** All but RSP and RSI. */
const writable = [0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15]
const sizes = [1, 2, 4, 8] as const

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T
}

function bytesOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i < 4 ? (value >> (8 * i)) & 255 : value < 0 ? 255 : 0))
}

/** Prefixes, opcode and ModRM with a register (reg, rm). */
function registerForm(
  prefix: readonly number[],
  size: number,
  opcode: readonly number[],
  reg: number,
  rm: number,
): number[] {
  const rex = 0x40 | (size === 8 ? 8 : 0) | (reg & 8 ? 4 : 0) | (rm & 8 ? 1 : 0)
  return [...(size === 2 ? [0x66] : []), ...prefix, rex, ...opcode, 0xc0 | ((reg & 7) << 3) | (rm & 7)]
}

/** The same with [RSI + displacement]. */
function memoryForm(
  prefix: readonly number[],
  size: number,
  opcode: readonly number[],
  reg: number,
  displacement: number,
): number[] {
  const rex = 0x40 | (size === 8 ? 8 : 0) | (reg & 8 ? 4 : 0)
  return [
    ...(size === 2 ? [0x66] : []),
    ...prefix,
    rex,
    ...opcode,
    0x86 | ((reg & 7) << 3),
    ...bytesOf(displacement, 4),
  ]
}

const arithmetic = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp']
const shift = ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sal', 'sar']
const conditions = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g']
/** Packed integer operations: opcode after 66 0F. */
const packed = [
  0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x74, 0x75, 0x76, 0xd1, 0xd2,
  0xd3, 0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe8, 0xe9,
  0xea, 0xeb, 0xec, 0xed, 0xee, 0xef, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe,
  0x14, 0x15, 0x54, 0x55, 0x56, 0x57,
]
/** Scalar and packed floating point: opcode after 0F; the prefix says which. */
const floating = [0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f, 0x51]

function register(random: Random): number {
  return pick(random, writable)
}

function displacement(random: Random): number {
  return random.below(2) ? random.between(-64, 63) : random.between(-1900, 1900)
}

function width(size: number): string {
  return { 1: 'byte', 2: 'word', 4: 'dword', 8: 'qword' }[size] ?? ''
}

/** Bytes of the source operand of an SSE instruction in either form. */
function vectorForm(random: Random, prefix: number, opcode: number, memory: boolean, text: string): Instruction {
  const destination = random.below(12)
  const source = random.below(16)
  const prefixes = prefix === 0 ? [] : [prefix]
  if (!memory) {
    const bytes = registerForm(prefixes, 4, [0x0f, opcode], destination, source)
    return { text: `${text} xmm${destination}, xmm${source}`, bytes }
  }
  const at = random.between(-60, 60) * 16
  return {
    text: `${text} xmm${destination}, [rsi + ${at}]`,
    bytes: memoryForm(prefixes, 4, [0x0f, opcode], destination, at),
  }
}

const defineFlags: Instruction = { text: 'cmp rax, rcx', bytes: [0x48, 0x39, 0xc8] }

/** One instruction, or an instruction and what makes its flags defined. */
function instruction(random: Random): Instruction[] {
  const size = pick(random, sizes)
  const byte = size === 1 ? 0 : 1
  const a = register(random)
  const b = register(random)
  const at = displacement(random)
  const operand = `${names[a]}/${size}`
  switch (random.below(24)) {
    case 0:
    case 1: {
      const op = random.below(8)
      return withFlags(op, {
        text: `${arithmetic[op]} ${operand}, ${names[b]}`,
        bytes: registerForm([], size, [(op << 3) | byte], b, a),
      })
    }
    case 2: {
      const op = random.below(8)
      return withFlags(op, {
        text: `${arithmetic[op]} ${operand}, [rsi + ${at}]`,
        bytes: memoryForm([], size, [(op << 3) | 2 | byte], a, at),
      })
    }
    case 3: {
      const op = random.below(8)
      const lock = op !== 7 && random.below(4) === 0 ? [0xf0] : []
      return withFlags(op, {
        text: `${arithmetic[op]} [rsi + ${at}], ${operand}`,
        bytes: memoryForm(lock, size, [(op << 3) | byte], a, at),
      })
    }
    case 4: {
      const op = random.below(8)
      const value = random.u32() | 0
      const count = size === 1 ? 1 : size === 2 ? 2 : 4
      const short = size !== 1 && random.below(2) === 1
      const opcode = size === 1 ? 0x80 : short ? 0x83 : 0x81
      const bytes = [...registerForm([], size, [opcode], op, a), ...bytesOf(value, short ? 1 : count)]
      return withFlags(op, { text: `${arithmetic[op]} ${operand}, ${value}`, bytes })
    }
    case 5: {
      const op = random.below(8)
      const count = random.below(size === 8 ? 64 : 32)
      return [
        { text: `${shift[op]} ${operand}, ${count}`, bytes: [...registerForm([], size, [0xc0 | byte], op, a), count] },
        defineFlags,
      ]
    }
    case 6: {
      const op = pick(random, [0, 1, 4, 5, 7])
      return [{ text: `${shift[op]} ${operand}, cl`, bytes: registerForm([], size, [0xd2 | byte], op, a) }, defineFlags]
    }
    case 7: {
      const op = random.below(2)
      return [{ text: `${op ? 'dec' : 'inc'} ${operand}`, bytes: registerForm([], size, [0xfe | byte], op, a) }]
    }
    case 8: {
      const op = pick(random, [2, 3])
      return [
        {
          text: `${op === 2 ? 'not' : 'neg'} [rsi + ${at}] ${width(size)}`,
          bytes: memoryForm([], size, [0xf6 | byte], op, at),
        },
      ]
    }
    case 9: {
      const op = pick(random, [4, 5])
      return [
        { text: `${op === 4 ? 'mul' : 'imul'} ${operand}`, bytes: registerForm([], size, [0xf6 | byte], op, a) },
        defineFlags,
      ]
    }
    case 10: {
      const wide = size === 1 ? 8 : size
      return [
        { text: `imul ${names[a]}/${wide}, ${names[b]}`, bytes: registerForm([], wide, [0x0f, 0xaf], a, b) },
        defineFlags,
      ]
    }
    case 11:
      return [{ text: `mov ${operand}, [rsi + ${at}]`, bytes: memoryForm([], size, [0x8a | byte], a, at) }]
    case 12:
      return [{ text: `mov [rsi + ${at}], ${operand}`, bytes: memoryForm([], size, [0x88 | byte], a, at) }]
    case 13: {
      const wide = pick(random, [2, 4, 8])
      const opcode = pick(random, [0xb6, 0xb7, 0xbe, 0xbf])
      return [
        {
          text: `mov${opcode < 0xbe ? 'z' : 's'}x ${names[a]}/${wide}, ${names[b]}`,
          bytes: registerForm([], wide, [0x0f, opcode], a, b),
        },
      ]
    }
    case 14: {
      const index = register(random)
      const scale = random.below(4)
      const rex = 0x48 | (a & 8 ? 4 : 0) | (index & 8 ? 2 : 0) | (b & 8 ? 1 : 0)
      const sib = (scale << 6) | ((index & 7) << 3) | (b & 7)
      const value = random.u32() | 0
      return [
        {
          text: `lea ${names[a]}, [${names[b]} + ${names[index]} * ${1 << scale} + ${value}]`,
          bytes: [rex, 0x8d, 0x84 | ((a & 7) << 3), sib, ...bytesOf(value, 4)],
        },
      ]
    }
    case 15: {
      const condition = random.below(16)
      const wide = pick(random, [2, 4, 8])
      return [
        {
          text: `cmov${conditions[condition]} ${names[a]}/${wide}, ${names[b]}`,
          bytes: registerForm([], wide, [0x0f, 0x40 | condition], a, b),
        },
      ]
    }
    case 16: {
      const condition = random.below(16)
      return [
        { text: `set${conditions[condition]} ${names[a]}`, bytes: registerForm([], 1, [0x0f, 0x90 | condition], 0, a) },
      ]
    }
    case 17: {
      // A forward jump over an instruction of three bytes.
      const condition = random.below(16)
      return [
        {
          text: `j${conditions[condition]} over not ${names[a]}`,
          bytes: [0x70 | condition, 3, ...registerForm([], 8, [0xf7], 2, a)],
        },
      ]
    }
    case 18: {
      const wide = pick(random, [2, 4, 8])
      const op = pick(random, [4, 5, 6, 7])
      const bit = random.below(wide * 8)
      return [
        {
          text: `bt/${op} [rsi + ${at}] ${width(wide)}, ${bit}`,
          bytes: [...memoryForm([], wide, [0x0f, 0xba], op, at), bit],
        },
        defineFlags,
      ]
    }
    case 19:
      return [
        {
          text: `xadd [rsi + ${at}], ${operand}`,
          bytes: memoryForm(random.below(2) ? [0xf0] : [], size, [0x0f, 0xc0 | byte], a, at),
        },
      ]
    case 20:
      return [
        {
          text: `push ${names[a]}; pop ${names[b]}`,
          bytes: [0x40 | (a & 8 ? 1 : 0), 0x50 | (a & 7), 0x40 | (b & 8 ? 1 : 0), 0x58 | (b & 7)],
        },
      ]
    case 21:
    case 22: {
      const opcode = pick(random, packed)
      return [vectorForm(random, 0x66, opcode, random.below(3) === 0, `66 0f ${opcode.toString(16)}`)]
    }
    default: {
      const prefix = pick(random, [0, 0x66, 0xf2, 0xf3])
      const opcode = pick(random, floating)
      const first = prefix === 0 || prefix === 0xf3 ? 14 : 12
      const destination = first + random.below(2)
      const source = first + random.below(2)
      const bytes = registerForm(prefix === 0 ? [] : [prefix], 4, [0x0f, opcode], destination, source)
      return [{ text: `${prefix.toString(16)} 0f ${opcode.toString(16)} xmm${destination}, xmm${source}`, bytes }]
    }
  }
}

/** OR, AND and XOR leave AF undefined. */
function withFlags(operation: number, what: Instruction): Instruction[] {
  return operation === 1 || operation === 4 || operation === 6 ? [what, defineFlags] : [what]
}

/** `count` steps; a step is what must stay together. */
export function sequence(random: Random, count: number): Instruction[][] {
  return Array.from({ length: count }, () => instruction(random))
}

export function assemble(steps: readonly (readonly Instruction[])[]): Uint8Array {
  return Uint8Array.from(steps.flatMap((step) => step.flatMap((one) => one.bytes)))
}

export interface Start {
  readonly registers: readonly bigint[]
  readonly vectors: readonly bigint[]
  readonly memory: Uint8Array
  readonly flags: number
}

function value64(random: Random): bigint {
  const raw = (BigInt(random.u32()) << 32n) | BigInt(random.u32())
  switch (random.below(4)) {
    case 0:
      return pick(random, [
        0n,
        1n,
        0x7fn,
        0x80n,
        0xffn,
        0x7fffn,
        0x8000n,
        0xffffn,
        0x7fffffffn,
        0x80000000n,
        0xffffffffn,
        1n << 63n,
        (1n << 63n) - 1n,
        (1n << 64n) - 1n,
      ])
    case 1:
      return raw >> BigInt(random.below(64))
    default:
      return raw
  }
}

/** Registers, memory and flags to begin with. */
export function start(random: Random): Start {
  const registers = names.map(() => value64(random))
  registers[4] = BigInt(stackAddress)
  registers[6] = BigInt(windowAddress + windowBytes / 2)
  const ordinary = [
    0x3ff0000000000000n,
    0x4008000040400000n,
    0x3f8000003f000000n,
    0xc0490fdb40000000n,
    0x40590000c2c80000n,
    0xbfe5555555555555n,
  ]
  return {
    registers,
    vectors: Array.from({ length: 32 }, (_, i) =>
      i >= 24 || random.below(2) ? pick(random, ordinary) : value64(random),
    ),
    memory: Uint8Array.from({ length: windowBytes }, () => random.below(256)),
    flags: 2 | (random.u32() & 0x8d5),
  }
}
