// The instruction forms of x86-64-v3: BMI1, BMI2, LZCNT, MOVBE, XSAVE, and what a VEX prefix makes of the vector instructions.
import { type Form, form, legacyVectorForms, range, type Vex, weighted } from './forms.js'

const forms: Form[] = []
const BOTH = [0, 1]

function integers(): void {
  for (const op of [0xbc, 0xbd]) forms.push(form([0x0f, op], { modrm: true, mandatory: 0xf3, weight: 6 }))
  for (const op of [0xf0, 0xf1]) forms.push(form([0x0f, 0x38, op], { modrm: true, weight: 10 }))
  bits(2, 0, 0xf2)
  bits(2, 0, 0xf3)
  for (const prefix of [0, 2, 3]) bits(2, prefix, 0xf5)
  bits(2, 3, 0xf6)
  for (const prefix of range(0, 3)) bits(2, prefix, 0xf7)
  vex(3, 3, 0xf0, { lengths: [0], second: false }, { tail: 'b', weight: 8 })
}

function bits(map: 2 | 3, prefix: number, op: number): void {
  vex(map, prefix, op, { lengths: [0], second: true }, { weight: 8 })
}

function vex(map: 1 | 2 | 3, prefix: number, op: number, fields: Partial<Vex>, options: Partial<Form> = {}): void {
  const prefixFields: Vex = { map, prefix, lengths: BOTH, wide: BOTH, second: true, ...fields }
  forms.push(form([op], { modrm: true, tail: map === 3 ? 'b' : '', weight: 2, ...options, vex: prefixFields }))
}

const W0 = { wide: [0] }
const W1 = { wide: [1] }
const L0 = { lengths: [0] }
const L1 = { lengths: [1] }
const unary = { second: false }
const memory = { operand: 'm' } as const
const register = { operand: 'r' } as const

/** Map 0F. */
function first(): void {
  const one = (op: number, prefixes: readonly number[], fields: Partial<Vex> = {}, options: Partial<Form> = {}) => {
    for (const prefix of prefixes) vex(1, prefix, op, fields, options)
  }
  for (const op of [0x10, 0x11]) {
    one(op, [0, 1], unary)
    one(op, [2, 3], unary, memory)
    one(op, [2, 3], {}, register)
  }
  for (const op of [0x12, 0x16]) {
    one(op, [0, 1], L0, memory)
    one(op, [0], L0, register)
    one(op + 1, [0, 1], { ...L0, ...unary }, memory)
  }
  one(0x12, [2, 3], unary)
  one(0x16, [2], unary)
  for (const op of [0x28, 0x29]) one(op, [0, 1], unary)
  one(0x2b, [0, 1], unary, memory)
  for (const op of [0x14, 0x15, 0x54, 0x55, 0x56, 0x57]) one(op, [0, 1])
  one(0xc6, [0, 1], {}, { tail: 'b' })
  one(0x2a, [2, 3])
  for (const op of [0x2c, 0x2d]) one(op, [2, 3], unary)
  for (const op of [0x2e, 0x2f]) one(op, [0, 1], unary)
  one(0x50, [0, 1], unary, register)
  one(0x51, [0, 1], unary)
  one(0x51, [2, 3])
  for (const op of [0x58, 0x59, 0x5c, 0x5d, 0x5e, 0x5f]) one(op, [0, 1, 2, 3])
  one(0xc2, [0, 1, 2, 3], {}, { tail: 'b', weight: 6 })
  one(0x5a, [0, 1], unary)
  one(0x5a, [2, 3])
  one(0x5b, [0, 1, 2], unary)
  one(0xe6, [1, 2, 3], unary)
  for (const op of [0x7c, 0x7d, 0xd0]) one(op, [1, 3])
  integerOpcodes(one)
}

function integerOpcodes(
  one: (op: number, prefixes: readonly number[], fields?: Partial<Vex>, options?: Partial<Form>) => void,
): void {
  const excluded = [0xd6, 0xd7, 0xe6, 0xe7, 0xf0, 0xf7]
  for (const op of [...range(0x60, 0x6d), 0x74, 0x75, 0x76, ...range(0xd1, 0xfe)]) {
    if (!excluded.includes(op)) one(op, [1])
  }
  one(0x70, [1, 2, 3], unary, { tail: 'b' })
  for (const op of [0x71, 0x72, 0x73]) one(op, [1], {}, { ...register, tail: 'b', groups: [2, 3, 4, 6, 7], weight: 4 })
  for (const op of [0x6e, 0x7e, 0xd6]) one(op, [1], { ...L0, ...unary })
  one(0x7e, [2], { ...L0, ...unary })
  for (const op of [0x6f, 0x7f]) one(op, [1, 2], unary)
  one(0xe7, [1], unary, memory)
  one(0xf0, [3], unary, memory)
  one(0xd7, [1], unary, register)
  one(0xf7, [1], { ...L0, ...unary }, { ...register, implicit: 'masked' })
  one(0xc4, [1], L0, { tail: 'b' })
  one(0xc5, [1], { ...L0, ...unary }, { ...register, tail: 'b' })
  one(0x77, [0], unary, { modrm: false })
  one(0xae, [0], { ...L0, ...unary }, { ...memory, groups: [2, 3] })
}

/** Map 0F 38. */
function second(): void {
  const one = (op: number, fields: Partial<Vex> = {}, options: Partial<Form> = {}) => vex(2, 1, op, fields, options)
  for (const op of [...range(0x00, 0x0b), 0x28, 0x29, 0x2b, ...range(0x37, 0x40)]) one(op)
  for (const op of [0x1c, 0x1d, 0x1e, 0x17, ...range(0x20, 0x25), ...range(0x30, 0x35)]) one(op, unary)
  for (const op of [0x0c, 0x0d]) one(op, W0)
  for (const op of [0x0e, 0x0f, 0x13]) one(op, { ...W0, ...unary }, { weight: 4 })
  for (const op of [0x16, 0x36]) one(op, { ...W0, ...L1 })
  for (const op of [0x18, 0x58, 0x59, 0x78, 0x79]) one(op, { ...W0, ...unary })
  for (const op of [0x19, 0x1a, 0x5a]) one(op, { ...W0, ...L1, ...unary }, op === 0x19 ? {} : memory)
  one(0x2a, unary, memory)
  for (const op of range(0x2c, 0x2f)) one(op, W0, { ...memory, weight: 6 })
  one(0x41, { ...L0, ...unary })
  for (const op of [0x45, 0x47]) one(op)
  one(0x46, W0)
  for (const op of [0x8c, 0x8e]) one(op, {}, { ...memory, weight: 8 })
  for (const op of range(0x90, 0x93)) one(op, {}, { ...memory, implicit: 'gather', weight: 16 })
  for (const form of [0x90, 0xa0, 0xb0])
    for (const op of range(6, 15)) one(form | op, {}, { weight: 6, implicit: 'fused' })
}

/** Map 0F 3A. */
function third(): void {
  const one = (op: number, fields: Partial<Vex> = {}, options: Partial<Form> = {}) => vex(3, 1, op, fields, options)
  for (const op of [0x00, 0x01]) one(op, { ...W1, ...L1, ...unary })
  one(0x02, W0)
  for (const op of [0x04, 0x05]) one(op, { ...W0, ...unary })
  for (const op of [0x06, 0x46, 0x18, 0x38]) one(op, { ...W0, ...L1 })
  for (const op of [0x08, 0x09]) one(op, unary)
  for (const op of [0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x42, 0x40]) one(op)
  for (const op of [0x14, 0x15, 0x16, 0x17, ...range(0x60, 0x63)]) one(op, { ...L0, ...unary })
  for (const op of [0x19, 0x39]) one(op, { ...W0, ...L1, ...unary })
  one(0x1d, { ...W0, ...unary }, { weight: 6 })
  for (const op of [0x20, 0x21, 0x22, 0x41]) one(op, L0)
  for (const op of [0x4a, 0x4b, 0x4c]) one(op, W0)
}

function states(): void {
  forms.push(form([0x0f, 0xae], { modrm: true, operand: 'm', groups: [4, 5, 6], implicit: 'xsave', weight: 40 }))
  forms.push(form([0x0f, 0xc7], { modrm: true, operand: 'm', groups: [4], implicit: 'xsave', weight: 16 }))
}

integers()
first()
second()
third()
states()

/** Each as often as its weight. */
export const weightedV3Forms: readonly Form[] = weighted([...forms, ...legacyVectorForms])
