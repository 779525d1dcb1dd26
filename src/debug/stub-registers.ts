// The registers of a vCPU as gdb is told of them: gdb's own features for x86-64 (gdb's manual, "i386 Features"), by the names and in
// the order that it expects, and one of ours for what the system has. Real and protected mode show the same registers: gdb cannot be told
// of another set in the middle of a session.

import { readU16, readU32 } from '../base/index.js'
import { FXSAVE, topOfStatus } from '../cpu/index.js'
import type { DebugPort, Registers, VectorState, WritableRegister } from '../machine/index.js'

/** All that a vCPU's registers are read from. */
export interface RegisterBank {
  readonly registers: Registers
  readonly vectors: VectorState
}

export interface StubRegister {
  readonly name: string
  readonly bits: number
  readonly type: string
  /** gdb's group for the registers that `info registers` leaves out. */
  readonly group?: string
  /** Little-endian, bits / 8 bytes. */
  read(bank: RegisterBank): Uint8Array
  /** Undefined: nobody can write it. */
  readonly write?: (target: DebugPort, cpu: number, bytes: Uint8Array) => Promise<void>
}

interface Feature {
  readonly name: string
  /** Types that its registers use. */
  readonly types: string
  readonly registers: readonly StubRegister[]
}

function littleEndian(value: bigint | number, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes)
  let rest = BigInt.asUintN(8 * bytes, BigInt(value))
  for (let i = 0; i < bytes; i++, rest >>= 8n) result[i] = Number(rest & 0xffn)
  return result
}

const numberOf = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)

/** A register that is a field of `Registers`. */
function plain(name: string, key: keyof Registers, bits: 32 | 64, type: string, writable = false): StubRegister {
  return {
    ...{ name, bits, type },
    read: ({ registers }) => littleEndian(registers[key] as bigint | number, bits / 8),
    ...(writable && {
      write: (target, cpu, bytes) => target.writeRegister(cpu, key as WritableRegister, numberOf(bytes)),
    }),
  }
}

async function editVectors(target: DebugPort, cpu: number, edit: (state: VectorState) => void): Promise<void> {
  const state = await target.readVectors(cpu)
  edit(state)
  await target.writeVectors(cpu, state)
}

/** A register that lies in the image of FXSAVE. */
function inImage(name: string, at: number, bytes: number, type: string, group?: string): StubRegister {
  return {
    ...{ name, bits: 8 * bytes, type, ...(group !== undefined && { group }) },
    read: ({ vectors }) => vectors.fxsave.slice(at, at + bytes),
    write: (target, cpu, value) => editVectors(target, cpu, ({ fxsave }) => fxsave.set(value, at)),
  }
}

// x87 //////////////////////////////////////////////////////////////////////////////////////////////////////////////////

const EMPTY = 3

/** 0 valid, 1 zero, 2 special: what the full tag word says of a register (SDM 1 8.1.7). */
function kindOfValue(value: Uint8Array): number {
  const exponent = readU16(value, 8) & 0x7fff
  const isInteger = ((value[7] as number) & 0x80) !== 0
  if (exponent === 0) return value.subarray(0, 8).every((byte) => byte === 0) ? 1 : 2
  return exponent === 0x7fff || !isInteger ? 2 : 0
}

/** The full tag word, which FXSAVE abridges to a bit for each register. */
function tagWord(image: Uint8Array): number {
  const top = topOfStatus(readU16(image, FXSAVE.status))
  let tags = 0
  for (let register = 0; register < 8; register++) {
    const at = FXSAVE.x87 + 16 * ((register - top) & 7)
    const isUsed = (((image[FXSAVE.tags] as number) >> register) & 1) !== 0
    tags |= (isUsed ? kindOfValue(image.subarray(at, at + 10)) : EMPTY) << (2 * register)
  }
  return tags
}

const abridged = (tags: number): number =>
  Array.from({ length: 8 }, (_, i) => ((tags >> (2 * i)) & 3) !== EMPTY).reduce((all, used, i) => all | (+used << i), 0)

/** gdb has 32 bits for what are 16 or 11. */
function control(name: string, at: number, mask: number): StubRegister {
  return {
    ...{ name, bits: 32, type: 'int', group: 'float' },
    read: ({ vectors }) => littleEndian(readU16(vectors.fxsave, at) & mask, 4),
    write: (target, cpu, value) =>
      editVectors(target, cpu, ({ fxsave }) => fxsave.set(littleEndian(readU32(value, 0) & mask, 2), at)),
  }
}

/** A half of a 64-bit pointer: FIP and FDP, which gdb calls offset and segment. */
const pointerHalf = (name: string, at: number): StubRegister => inImage(name, at, 4, 'int', 'float')

const tags: StubRegister = {
  ...{ name: 'ftag', bits: 32, type: 'int', group: 'float' },
  read: ({ vectors }) => littleEndian(tagWord(vectors.fxsave), 4),
  write: (target, cpu, value) =>
    editVectors(target, cpu, ({ fxsave }) => {
      fxsave[FXSAVE.tags] = abridged(readU32(value, 0))
    }),
}

// The sets //////////////////////////////////////////////////////////////////////////////////////////////////////////////

const GENERAL = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9'] as const
const MORE = ['r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const
const SELECTORS = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'] as const

const FLAGS = [
  ...['CF', '', 'PF', '', 'AF', '', 'ZF', 'SF', 'TF', 'IF', 'DF', 'OF', '', '', 'NT', ''],
  ...['RF', 'VM', 'AC', 'VIF', 'VIP', 'ID'],
]
const flagFields = FLAGS.map((name, bit) => `<field name="${name}" start="${bit}" end="${bit}"/>`).join('')

const core: Feature = {
  name: 'org.gnu.gdb.i386.core',
  types: `<flags id="i386_eflags" size="4">${flagFields}</flags>`,
  registers: [
    ...[...GENERAL, ...MORE].map((name) => {
      const type = name === 'rsp' || name === 'rbp' ? 'data_ptr' : 'int64'
      return plain(name, name, 64, type, true)
    }),
    plain('rip', 'rip', 64, 'code_ptr', true),
    plain('eflags', 'rflags', 32, 'i386_eflags', true),
    ...SELECTORS.map((name) => plain(name, name, 32, 'int32')),
    ...Array.from({ length: 8 }, (_, i) => inImage(`st${i}`, FXSAVE.x87 + 16 * i, 10, 'i387_ext')),
    control('fctrl', FXSAVE.control, 0xffff),
    control('fstat', FXSAVE.status, 0xffff),
    tags,
    pointerHalf('fiseg', FXSAVE.ip + 4),
    pointerHalf('fioff', FXSAVE.ip),
    pointerHalf('foseg', FXSAVE.dp + 4),
    pointerHalf('fooff', FXSAVE.dp),
    control('fop', FXSAVE.opcode, 0x7ff),
  ],
}

const VECTOR_TYPES = [
  ...['v8i:int8:16', 'v16i:int16:8', 'v32i:int32:4', 'v64i:int64:2', 'v4f:ieee_single:4', 'v2d:ieee_double:2'],
].map((text) => {
  const [id, type, count] = text.split(':')
  return `<vector id="${id}" type="${type}" count="${count}"/>`
})
const vectorFields = [
  ...['v4_float:v4f', 'v2_double:v2d', 'v16_int8:v8i', 'v8_int16:v16i', 'v4_int32:v32i', 'v2_int64:v64i'],
  'uint128:uint128',
].map((text) => {
  const [name, type] = text.split(':')
  return `<field name="${name}" type="${type}"/>`
})
const MXCSR_FLAGS = ['IE', 'DE', 'ZE', 'OE', 'UE', 'PE', 'DAZ', 'IM', 'DM', 'ZM', 'OM', 'UM', 'PM', '', '', 'FZ']
const mxcsrFields = MXCSR_FLAGS.map((name, bit) => `<field name="${name}" start="${bit}" end="${bit}"/>`).join('')

const sse: Feature = {
  name: 'org.gnu.gdb.i386.sse',
  types: [
    ...VECTOR_TYPES,
    `<union id="vec128">${vectorFields.join('')}</union>`,
    `<flags id="i386_mxcsr" size="4">${mxcsrFields}</flags>`,
  ].join(''),
  registers: [
    ...Array.from({ length: 16 }, (_, i) => inImage(`xmm${i}`, FXSAVE.xmm + 16 * i, 16, 'vec128')),
    inImage('mxcsr', FXSAVE.mxcsr, 4, 'i386_mxcsr', 'vector'),
  ],
}

const avx: Feature = {
  name: 'org.gnu.gdb.i386.avx',
  types: '',
  registers: Array.from({ length: 16 }, (_, i) => ({
    ...{ name: `ymm${i}h`, bits: 128, type: 'uint128' },
    read: ({ vectors }: RegisterBank) => vectors.ymmUpper?.slice(16 * i, 16 * i + 16) ?? new Uint8Array(16),
    write: (target: DebugPort, cpu: number, bytes: Uint8Array) =>
      editVectors(target, cpu, ({ ymmUpper }) => ymmUpper?.set(bytes, 16 * i)),
  })),
}

const segments: Feature = {
  name: 'org.gnu.gdb.i386.segments',
  types: '',
  registers: [plain('fs_base', 'fsBase', 64, 'int', true), plain('gs_base', 'gsBase', 64, 'int', true)],
}

const system: Feature = {
  name: 'org.transplant.i386.system',
  types: '',
  registers: [
    plain('k_gs_base', 'kernelGsBase', 64, 'int'),
    ...(['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer'] as const).map((name) => plain(name, name, 64, 'int')),
  ],
}

/** What gdb is told of, in the order of its numbers. */
export class RegisterSet {
  private readonly features: readonly Feature[]
  readonly all: readonly StubRegister[]

  constructor(hasAvx: boolean) {
    this.features = [core, sse, ...(hasAvx ? [avx] : []), segments, system]
    this.all = this.features.flatMap((feature) => feature.registers)
  }

  /** The target description, as one document. */
  get description(): string {
    const lines = this.features.map(({ name, types, registers }) => {
      const rows = registers.map((one) => {
        const group = one.group === undefined ? '' : ` group="${one.group}"`
        return `<reg name="${one.name}" bitsize="${one.bits}" type="${one.type}"${group}/>`
      })
      return `<feature name="${name}">${types}${rows.join('\n')}</feature>`
    })
    return [
      '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">',
      '<target><architecture>i386:x86-64</architecture>',
      ...lines,
      '</target>\n',
    ].join('\n')
  }
}
