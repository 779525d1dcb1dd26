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

integers()

/** Each as often as its weight. */
export const weightedV3Forms: readonly Form[] = weighted([...forms, ...legacyVectorForms])
