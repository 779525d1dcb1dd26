// Generates flat 64-bit (or 32-bit) code: short straight sequences of instructions with a text for each, for oracles that execute the
// same bytes elsewhere and compare.
//
// Promises: the same sequence from the same seed. Memory operands stay in the 4 KiB window at `windowAddress` (RSI points
// at its middle, R15 is a small index; both keep their values); RSP keeps its value at the end. An instruction that leaves a flag undefined is
// followed by a CMP, so that no undefined bit is ever read or compared. Only forward jumps. Floating point stays among
// XMM12 and 13 (double) and XMM14 and 15 (single), which nothing else writes and which begin as ordinary numbers: so every NaN
// is the default one (in 32-bit code XMM4 to 7), and oracles that choose between two NaNs by another rule than x86 do not differ.

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
/** All but RSP, RSI and the index register R15. */
const writable = [0, 1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14]
const sizes = [1, 2, 4, 8] as const

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T
}

function bytesOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i < 4 ? (value >> (8 * i)) & 255 : value < 0 ? 255 : 0))
}

/** 32-bit code: no REX prefixes, eight registers. Set by `sequence`, which is therefore not re-entrant. */
let narrow = false

/** REX in 64-bit code. Elsewhere those bytes are INC and DEC. */
function rexPrefix(size: number, reg: number, rm: number): number[] {
  return narrow ? [] : [0x40 | (size === 8 ? 8 : 0) | (reg & 8 ? 4 : 0) | (rm & 8 ? 1 : 0)]
}

/** Prefixes, opcode and ModRM with a register (reg, rm). */
function registerForm(
  prefix: readonly number[],
  size: number,
  opcode: readonly number[],
  reg: number,
  rm: number,
): number[] {
  const rex = rexPrefix(size, reg, rm)
  return [...(size === 2 ? [0x66] : []), ...prefix, ...rex, ...opcode, 0xc0 | ((reg & 7) << 3) | (rm & 7)]
}

/** The same with [RSI + displacement]. */
function memoryForm(
  prefix: readonly number[],
  size: number,
  opcode: readonly number[],
  reg: number,
  displacement: number,
): number[] {
  return [
    ...(size === 2 ? [0x66] : []),
    ...prefix,
    ...rexPrefix(size, reg, 0),
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
  return pick(random, narrow ? writable.slice(0, 6) : writable)
}

function displacement(random: Random): number {
  return random.below(2) ? random.between(-64, 63) : random.between(-1900, 1900)
}

function width(size: number): string {
  return { 1: 'byte', 2: 'word', 4: 'dword', 8: 'qword' }[size] ?? ''
}

/** Bytes of the source operand of an SSE instruction in either form. */
function vectorForm(random: Random, prefix: number, opcode: number, memory: boolean, text: string): Instruction {
  const destination = random.below(narrow ? 4 : 12)
  const source = random.below(narrow ? 8 : 16)
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
  switch (random.below(36)) {
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
      const condition = random.below(16)
      const skipped = registerForm([], 8, [0xf7], 2, a)
      return [
        {
          text: `j${conditions[condition]} over not ${names[a]}`,
          bytes: [0x70 | condition, skipped.length, ...skipped],
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
    case 23:
      return narrow ? [defineFlags] : [indexed(random)]
    case 24:
      return [highByte(random)]
    case 25:
    case 26:
      return special(random)
    case 27:
      return [stringStep(random)]
    case 28:
      return narrow ? [defineFlags] : [loopStep(random)]
    case 29: {
      const wide = pick(random, [2, 4, 8])
      const opcode = pick(random, [0xa4, 0xac])
      const count = random.below(wide * 8 > 31 ? 31 : 15)
      return [
        {
          text: `sh${opcode === 0xa4 ? 'l' : 'r'}d ${names[a]}/${wide}, ${names[b]}, ${count}`,
          bytes: [...registerForm([], wide, [0x0f, opcode], b, a), count],
        },
        defineFlags,
      ]
    }
    case 30: {
      const wide = pick(random, [2, 4, 8])
      const rex = 0x40 | (wide === 8 ? 8 : 0) | (a & 8 ? 4 : 0) | (b & 8 ? 1 : 0)
      const low = random.between(-128, 127)
      const modrm = 0x40 | ((a & 7) << 3) | (b & 7)
      if ((b & 7) === 4) return [defineFlags]
      return [
        {
          text: `lea ${names[a]}/${wide}, [${names[b]} + ${low}]`,
          bytes: [...(wide === 2 ? [0x66] : []), rex, 0x8d, modrm, low & 255],
        },
      ]
    }
    case 31: {
      const wide = pick(random, [2, 4, 8])
      const condition = random.below(16)
      return [
        {
          text: `cmov${conditions[condition]} ${names[a]}/${wide}, [rsi + ${at}]`,
          bytes: memoryForm([], wide, [0x0f, 0x40 | condition], a, at),
        },
      ]
    }
    default: {
      const prefix = pick(random, [0, 0x66, 0xf2, 0xf3])
      const opcode = pick(random, floating)
      const first = (prefix === 0 || prefix === 0xf3 ? 14 : 12) & (narrow ? 7 : 15)
      const destination = first + random.below(2)
      const source = first + random.below(2)
      const bytes = registerForm(prefix === 0 ? [] : [prefix], 4, [0x0f, opcode], destination, source)
      return [{ text: `${prefix.toString(16)} 0f ${opcode.toString(16)} xmm${destination}, xmm${source}`, bytes }]
    }
  }
}

/** [RSI + R15 * scale + displacement], perhaps with a 32-bit address. */
function indexed(random: Random): Instruction {
  const size = pick(random, sizes)
  const r = register(random)
  const scale = random.below(4)
  const short = random.between(-128, 127)
  const narrow = random.below(4) === 0
  const load = random.below(2) === 1
  const rex = 0x40 | (size === 8 ? 8 : 0) | (r & 8 ? 4 : 0) | 2
  const opcode = (load ? 0x8a : 0x88) | (size === 1 ? 0 : 1)
  const bytes = [
    ...(narrow ? [0x67] : []),
    ...(size === 2 ? [0x66] : []),
    rex,
    opcode,
    0x44 | ((r & 7) << 3),
    (scale << 6) | (7 << 3) | 6,
    short & 255,
  ]
  const address = `[${narrow ? 'esi' : 'rsi'} + r15 * ${1 << scale} + ${short}]`
  const operand = `${names[r]}/${size}`
  return { text: load ? `mov ${operand}, ${address}` : `mov ${address}, ${operand}`, bytes }
}

/** Byte operations among AL..BL and AH..BH, without a REX prefix. */
function highByte(random: Random): Instruction {
  const low = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh']
  const a = random.below(8)
  const b = random.below(8)
  const [name, opcode] = pick(random, [
    ['add', 0x00],
    ['sub', 0x28],
    ['adc', 0x10],
    ['cmp', 0x38],
    ['mov', 0x88],
    ['xchg', 0x86],
  ] as const)
  return { text: `${name} ${low[a]}, ${low[b]}`, bytes: [opcode, 0xc0 | (b << 3) | a] }
}

/** Fixed encodings worth a case. */
function special(random: Random): Instruction[] {
  const list: readonly Instruction[] = [
    { text: 'cbw', bytes: [0x66, 0x98] },
    { text: 'cwde', bytes: [0x98] },
    { text: 'cdqe', bytes: [0x48, 0x98] },
    { text: 'cwd', bytes: [0x66, 0x99] },
    { text: 'cdq', bytes: [0x99] },
    { text: 'cqo', bytes: [0x48, 0x99] },
    { text: 'lahf', bytes: [0x9f] },
    { text: 'sahf', bytes: [0x9e] },
    { text: 'cmc', bytes: [0xf5] },
    { text: 'stc', bytes: [0xf9] },
    { text: 'clc', bytes: [0xf8] },
    { text: 'bswap r9', bytes: [0x49, 0x0f, 0xc9] },
    { text: 'bswap edx', bytes: [0x0f, 0xca] },
    { text: 'movsxd rbx, eax', bytes: [0x48, 0x63, 0xd8] },
    { text: 'xchg rax, r12', bytes: [0x49, 0x94] },
    { text: 'cmpxchg [rsi + 8], rcx', bytes: [0xf0, 0x48, 0x0f, 0xb1, 0x4e, 8] },
    { text: 'mov eax, eax; cmpxchg [rsi + 8], ecx', bytes: [0x89, 0xc0, 0x0f, 0xb1, 0x4e, 8] },
    { text: 'xchg [rsi + 24], rdx', bytes: [0x48, 0x87, 0x56, 24] },
    { text: 'or edx, 16; bsf ecx, edx; cmp rax, rcx', bytes: [0x83, 0xca, 16, 0x0f, 0xbc, 0xca, 0x48, 0x39, 0xc8] },
    {
      text: 'or rdx, 16; bsr rcx, rdx; cmp rax, rcx',
      bytes: [0x48, 0x83, 0xca, 16, 0x48, 0x0f, 0xbd, 0xca, 0x48, 0x39, 0xc8],
    },
    {
      text: 'pushfq; pop rax; and eax, 0x8d5; cmp rax, rcx',
      bytes: [0x9c, 0x58, 0x25, 0xd5, 8, 0, 0, 0x48, 0x39, 0xc8],
    },
    {
      text: 'xor edx, edx; or ecx, 1; div rcx; cmp rax, rcx',
      bytes: [0x31, 0xd2, 0x83, 0xc9, 1, 0x48, 0xf7, 0xf1, 0x48, 0x39, 0xc8],
    },
    {
      text: 'cdq; or ebx, 2; and ebx, 0x7fffffff; idiv ebx; cmp rax, rcx',
      bytes: [0x99, 0x83, 0xcb, 2, 0x81, 0xe3, 255, 255, 255, 0x7f, 0xf7, 0xfb, 0x48, 0x39, 0xc8],
    },
    { text: 'call over (not rax; ret)', bytes: [0xe8, 2, 0, 0, 0, 0xeb, 4, 0x48, 0xf7, 0xd0, 0xc3] },
    { text: 'push [rsi]; pop [rsi + 32]', bytes: [0xff, 0x36, 0x8f, 0x46, 32] },
    { text: 'push -7; pop rdi', bytes: [0x6a, 0xf9, 0x5f] },
    { text: 'xor eax, eax', bytes: [0x31, 0xc0, 0x48, 0x39, 0xc8] },
    { text: 'sub ecx, ecx; sbb edx, edx', bytes: [0x29, 0xc9, 0x19, 0xd2] },
    { text: 'mov eax, -2; inc eax; setz cl', bytes: [0xb8, 0xfe, 255, 255, 255, 0xff, 0xc0, 0x0f, 0x94, 0xc1] },
  ]
  // Without REX, LOCK would stand before a register form, and 49 94 exchange ESP.
  const usable = narrow ? list.filter(({ bytes }) => bytes[0] !== 0xf0 && bytes[1] !== 0x94) : list
  return [pick(random, usable)]
}

/** A string instruction between the window's middle and 512 bytes above it; RSI, RDI and DF come back. */
function stringStep(random: Random): Instruction {
  const [name, opcode] = pick(random, [
    ['movs', 0xa4],
    ['stos', 0xaa],
    ['lods', 0xac],
    ['scas', 0xae],
    ['cmps', 0xa6],
  ] as const)
  const size = pick(random, narrow ? ([1, 2, 4] as const) : sizes)
  const rep = pick(random, [0, 0xf3, 0xf2])
  const prefix = rep === 0xf2 && opcode !== 0xae && opcode !== 0xa6 ? 0xf3 : rep
  const backward = random.below(3) === 0
  const count = random.below(20)
  const bytes = [
    ...[0x56, 0x57], // push rsi; push rdi
    ...[0x48, 0x8d, 0xbe, ...bytesOf(pick(random, [512, 3, -5, 8]), 4)], // lea rdi, [rsi + ...]
    ...[0xb9, count, 0, 0, 0], // mov ecx, count
    ...(backward ? [0xfd] : []),
    ...(prefix ? [prefix] : []),
    ...(size === 2 ? [0x66] : []),
    ...(size === 8 ? [0x48] : []),
    opcode | (size === 1 ? 0 : 1),
    ...(backward ? [0xfc] : []),
    ...[0x5f, 0x5e],
  ]
  return {
    text: `${prefix ? `${prefix.toString(16)} ` : ''}${name}/${size}, ${count} times${backward ? ', downwards' : ''}`,
    bytes,
  }
}

/** ECX times: an addition and a store, so that blocks are chained. */
function loopStep(random: Random): Instruction {
  const count = 1 + random.below(30)
  const body = [0x48, 0x01, 0xd8, 0x41, 0x01, 0xc0, 0x66, 0x89, 0x46, 64] // add rax, rbx; add r8d, eax; mov [rsi + 64], ax
  const bytes = [0xb9, count, 0, 0, 0, ...body, 0xff, 0xc9, 0x75, 256 - body.length - 4]
  return { text: `${count} times: add rax, rbx; add r8d, eax; mov [rsi + 64], ax`, bytes }
}

/** OR, AND and XOR leave AF undefined. */
function withFlags(operation: number, what: Instruction): Instruction[] {
  return operation === 1 || operation === 4 || operation === 6 ? [what, defineFlags] : [what]
}

/** `count` steps; a step is what must stay together. In 32-bit code the texts still name 64-bit registers. */
export function sequence(random: Random, count: number, bits: 32 | 64 = 64): Instruction[][] {
  narrow = bits === 32
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
export function start(random: Random, bits: 32 | 64 = 64): Start {
  const registers = names.map(() => (bits === 64 ? value64(random) : value64(random) & 0xffffffffn))
  registers[4] = BigInt(stackAddress)
  registers[6] = BigInt(windowAddress + windowBytes / 2)
  registers[15] = BigInt(random.below(64))
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
      i >= 24 || (bits === 32 && i >= 8) || random.below(2) ? pick(random, ordinary) : value64(random),
    ),
    memory: Uint8Array.from({ length: windowBytes }, () => random.below(256)),
    flags: 2 | (random.u32() & 0x8d5),
  }
}
