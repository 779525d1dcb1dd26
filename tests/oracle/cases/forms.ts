// The instruction forms that cases are made of: opcodes of user code up to x86-64-v2, with what follows them. Those of x86-64-v3 are
// v3-forms.ts.
//
// Left out: what processors do not share (66H before a near branch, REX.W before a far pointer; x87 functions that are approximations), what only some
// have (SSE4a, AES, SHA), what tells of the machine (CPUID, RDTSC, LAR), and what enters the kernel or changes FS and GS.

/** What follows the opcode: ModRM; an immediate of so many bytes or of the operand's size; an absolute address; a displacement of a branch. */
export type Tail = '' | 'b' | 'w' | 'z' | 'v' | 'wb' | 'moffs' | 'rel8' | 'relz'

export interface Form {
  readonly name: string
  /** Mandatory prefix, 0 none. */
  readonly mandatory: number
  readonly opcode: readonly number[]
  readonly modrm: boolean
  readonly tail: Tail
  /** Values of ModRM.reg; undefined: any. */
  readonly groups: readonly number[] | undefined
  /** 'm' only memory, 'r' only registers. */
  readonly operand: 'm' | 'r' | 'rm'
  readonly modes: readonly (32 | 64)[]
  readonly lockable: boolean
  /** Implicit accesses: to the stack, by the string registers. */
  readonly implicit: '' | 'stack' | 'frame' | 'string' | 'xlat' | 'masked' | 'gather' | 'fused' | 'xsave'
  readonly weight: number
  /** The fields of a VEX prefix. */
  readonly vex: Vex | undefined
}

export interface Vex {
  readonly map: 1 | 2 | 3
  /** The prefix in it: 0 none, 1 66H, 2 F3H, 3 F2H. */
  readonly prefix: number
  /** Lengths and W that are defined. */
  readonly lengths: readonly number[]
  readonly wide: readonly number[]
  /** Is vvvv an operand? */
  readonly second: boolean
}

const all: readonly (32 | 64)[] = [32, 64]
const forms: Form[] = []

export function form(opcode: readonly number[], options: Partial<Form> = {}): Form {
  const mandatory = options.mandatory ?? 0
  const bytes = [...(mandatory ? [mandatory] : []), ...opcode]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join(' ')
  const name = options.vex === undefined ? bytes : `vex ${options.vex.map}.${options.vex.prefix} ${bytes}`
  const defaults = {
    modrm: false,
    tail: '' as const,
    groups: undefined,
    operand: 'rm' as const,
    modes: all,
    lockable: false,
    implicit: '' as const,
    weight: 1,
    vex: undefined,
  }
  return { name, mandatory, opcode, ...defaults, ...options }
}

function add(opcode: readonly number[], options: Partial<Form> = {}): void {
  forms.push(form(opcode, options))
}

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const modrm = { modrm: true }

function arithmetic(): void {
  for (let kind = 0; kind < 8; kind++) {
    for (const low of [0, 1]) add([8 * kind + low], { ...modrm, lockable: kind < 7 })
    for (const low of [2, 3]) add([8 * kind + low], modrm)
    add([8 * kind + 4], { tail: 'b' })
    add([8 * kind + 5], { tail: 'z' })
  }
  add([0x80], { ...modrm, tail: 'b', lockable: true, weight: 2 })
  add([0x81], { ...modrm, tail: 'z', lockable: true, weight: 2 })
  add([0x83], { ...modrm, tail: 'b', lockable: true, weight: 2 })
  for (const op of [0x84, 0x85, 0x88, 0x89, 0x8a, 0x8b]) add([op], { ...modrm, weight: 2 })
  for (const op of [0x86, 0x87]) add([op], { ...modrm, lockable: true, weight: 3 })
  add([0x69], { ...modrm, tail: 'z' })
  add([0x6b], { ...modrm, tail: 'b' })
  for (const op of [0xc0, 0xc1]) add([op], { ...modrm, tail: 'b', weight: 2 })
  for (const op of [0xd0, 0xd1, 0xd2, 0xd3]) add([op], { ...modrm, weight: 2 })
  add([0xc6], { ...modrm, tail: 'b', groups: [0] })
  add([0xc7], { ...modrm, tail: 'z', groups: [0] })
  add([0xf6], { ...modrm, tail: 'b', groups: [0, 1] })
  add([0xf7], { ...modrm, tail: 'z', groups: [0, 1] })
  for (const op of [0xf6, 0xf7]) {
    add([op], { ...modrm, groups: [2, 3], lockable: true })
    add([op], { ...modrm, groups: [4, 5, 6, 7], weight: 2 })
  }
  add([0xfe], { ...modrm, groups: [0, 1], lockable: true })
  add([0xff], { ...modrm, groups: [0, 1], lockable: true })
  for (const op of range(0x90, 0x97)) add([op])
  for (const op of [0x98, 0x99, 0x9e, 0x9f, 0xf5, 0xf8, 0xf9, 0xfc, 0xfd]) add([op])
  for (const op of range(0xb0, 0xb7)) add([op], { tail: 'b' })
  for (const op of range(0xb8, 0xbf)) add([op], { tail: 'v' })
  for (const op of range(0xa0, 0xa3)) add([op], { tail: 'moffs', weight: 2 })
  add([0xa8], { tail: 'b' })
  add([0xa9], { tail: 'z' })
  add([0x8d], { ...modrm, operand: 'm' })
  add([0x8c], { ...modrm, groups: range(0, 5) })
  add([0x63], { ...modrm, weight: 2 })
  add([0xd7], { implicit: 'xlat', weight: 2 })
}

function narrowOnly(): void {
  const modes = [32] as const
  for (const op of range(0x40, 0x4f)) add([op], { modes })
  for (const op of [0x27, 0x2f, 0x37, 0x3f, 0xd6, 0xce]) add([op], { modes })
  for (const op of [0xd4, 0xd5]) add([op], { modes, tail: 'b' })
  for (const op of [0x60, 0x61]) add([op], { modes, implicit: 'stack', weight: 6 })
  for (const op of [0x06, 0x0e, 0x16, 0x1e]) add([op], { modes, implicit: 'stack' })
  add([0x62], { ...modrm, modes, operand: 'm', weight: 6 })
  for (const op of [0xc4, 0xc5]) add([op], { ...modrm, modes, operand: 'm', weight: 6 })
  add([0x82], { ...modrm, modes, tail: 'b' })
}

function stack(): void {
  const implicit = 'stack'
  for (const op of range(0x50, 0x5f)) add([op], { implicit })
  add([0x68], { tail: 'z', implicit })
  add([0x6a], { tail: 'b', implicit })
  add([0x8f], { ...modrm, groups: [0], implicit, weight: 6 })
  add([0xff], { ...modrm, groups: [6], implicit, weight: 6 })
  add([0xff], { ...modrm, groups: [2, 4], implicit, weight: 4 })
  add([0xff], { ...modrm, groups: [3, 5], implicit, operand: 'm', weight: 3 })
  for (const op of [0x9c, 0x9d, 0xc3, 0xcb, 0xcf]) add([op], { implicit, weight: 2 })
  for (const op of [0xc2, 0xca]) add([op], { tail: 'w', implicit })
  add([0xc8], { tail: 'wb', implicit: 'frame', weight: 12 })
  add([0xc9], { implicit: 'frame', weight: 8 })
  add([0x0f, 0xa0], { implicit })
  add([0x0f, 0xa8], { implicit })
  add([0xe8], { tail: 'relz', implicit })
  for (const op of range(0x70, 0x7f)) add([op], { tail: 'rel8' })
  for (const op of [0xe0, 0xe1, 0xe2, 0xe3, 0xeb]) add([op], { tail: 'rel8' })
  for (const op of range(0x80, 0x8f)) add([0x0f, op], { tail: 'relz' })
  add([0xe9], { tail: 'relz' })
}

function strings(): void {
  for (const op of [0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf]) {
    for (const mandatory of [0, 0xf2, 0xf3]) add([op], { mandatory, implicit: 'string', weight: 4 })
  }
}

/** #GP, #UD and traps of instructions that a program may not execute. */
function refused(): void {
  for (const op of [0xcc, 0xf4, 0xfa, 0xfb]) add([op])
  for (const op of [0xe4, 0xe5, 0xe6, 0xe7]) add([op], { tail: 'b' })
  for (const op of [0xec, 0xed, 0xee, 0xef]) add([op])
  for (const op of [0x06, 0x08, 0x0b, 0x30, 0x32]) add([0x0f, op])
}

function twoBytes(): void {
  const two = (op: number, options: Partial<Form> = {}) => add([0x0f, op], { ...modrm, ...options })
  for (const op of range(0x40, 0x4f)) two(op)
  for (const op of range(0x90, 0x9f)) two(op)
  for (const op of [0xa3, 0xa5, 0xad, 0xaf, 0xb6, 0xb7, 0xbe, 0xbf, 0xbc, 0xbd]) two(op, { weight: 2 })
  for (const op of [0xab, 0xb3, 0xbb]) two(op, { lockable: true, weight: 2 })
  for (const op of [0xa4, 0xac]) two(op, { tail: 'b' })
  two(0xba, { tail: 'b', groups: [4, 5, 6, 7], lockable: true, weight: 3 })
  for (const op of [0xb0, 0xb1, 0xc0, 0xc1]) two(op, { lockable: true, weight: 12 })
  two(0xc7, { groups: [1], operand: 'm', lockable: true, weight: 16 })
  two(0xb8, { mandatory: 0xf3 })
  two(0xb2, { operand: 'm', weight: 4 })
  for (const op of range(0xc8, 0xcf)) add([0x0f, op])
  for (const op of [0x18, 0x19, 0x1f]) two(op)
  two(0xae, { groups: [0, 1], operand: 'm', weight: 24 })
  two(0xae, { groups: [2, 3], operand: 'm', weight: 4 })
  two(0xae, { groups: [7], operand: 'm' })
}

const vectorOpcodes = [
  ...[0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x28, 0x29, 0x2a, 0x2c, 0x2d, 0x2e, 0x2f, 0x50],
  ...[...range(0x51, 0x76), 0x7c, 0x7d, 0x7e, 0x7f, ...range(0xd0, 0xfe), 0xc2, 0xc3, 0xc4, 0xc5, 0xc6],
]
const withImmediate = new Set([0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6])

function vectors(): void {
  add([0x0f, 0x77])
  for (const op of vectorOpcodes) {
    for (const mandatory of [0, 0x66, 0xf2, 0xf3]) {
      // RCPPS and its kin are approximations.
      if (op === 0x52 || op === 0x53) continue
      add([0x0f, op], {
        ...modrm,
        mandatory,
        tail: withImmediate.has(op) ? 'b' : '',
        implicit: op === 0xf7 ? 'masked' : '',
      })
    }
  }
  for (const mandatory of [0, 0x66]) add([0x0f, 0x2b], { ...modrm, mandatory })
  for (const op of [...range(0x00, 0x0b), 0x1c, 0x1d, 0x1e]) {
    for (const mandatory of [0, 0x66]) add([0x0f, 0x38, op], { ...modrm, mandatory })
  }
  for (const op of [
    0x10,
    0x14,
    0x15,
    0x17,
    ...range(0x20, 0x25),
    ...range(0x28, 0x2b),
    ...range(0x30, 0x35),
    ...range(0x37, 0x41),
  ])
    add([0x0f, 0x38, op], { ...modrm, mandatory: 0x66 })
  for (const op of [0xf0, 0xf1]) add([0x0f, 0x38, op], { ...modrm, mandatory: 0xf2 })
  add([0x0f, 0x3a, 0x0f], { ...modrm, tail: 'b' })
  for (const op of [
    ...range(0x08, 0x0f),
    ...range(0x14, 0x17),
    0x20,
    0x21,
    0x22,
    0x40,
    0x41,
    0x42,
    ...range(0x60, 0x63),
  ])
    add([0x0f, 0x3a, op], { ...modrm, tail: 'b', mandatory: 0x66 })
}

function x87(): void {
  for (const op of range(0xd8, 0xdf)) {
    add([op], { ...modrm, weight: 6 })
    add([op], { ...modrm, operand: 'm', weight: 12 })
  }
  add([0xd9], { ...modrm, operand: 'm', groups: [4, 6], weight: 10 })
  add([0xdb], { ...modrm, operand: 'm', groups: [5, 7], weight: 10 })
  add([0xdd], { ...modrm, operand: 'm', groups: [4, 6], weight: 10 })
  add([0xdf], { ...modrm, operand: 'm', groups: [4, 6], weight: 10 })
  add([0x9b])
}

arithmetic()
narrowOnly()
stack()
strings()
refused()
twoBytes()
vectors()
x87()

/** Each as often as its weight. */
export function weighted(all: readonly Form[]): Form[] {
  return all.flatMap((one) => Array.from({ length: one.weight }, () => one))
}

export const weightedForms: readonly Form[] = weighted(forms)
/** What works on XMM registers: with AVX it leaves the upper halves alone. */
export const legacyVectorForms: readonly Form[] = forms.filter(
  ({ opcode, modrm }) =>
    modrm && opcode[0] === 0x0f && (opcode.length === 3 || vectorOpcodes.includes(opcode[1] as number)),
)
