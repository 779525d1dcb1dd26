// The forms of vector instructions that tests/property/jit-vector.test.ts executes: 64-bit encodings with XMM1 or EAX, XMM2 or EDX, or the
// aligned operand at [RSI + 48].

export interface Form {
  readonly text: string
  readonly bytes: readonly number[]
  /** It stores to [RDI + 112] instead of reading [RSI + 48]. */
  readonly stores?: boolean
}

const NAMES = ['', '66', 'f3', 'f2']
const BYTES = [0, 0x66, 0xf3, 0xf2]

/** [RSI + 48] and [RDI + 112] as the rm operand. */
const SOURCE = [6, 48] as const
const TARGET = [7, 112] as const

interface Encoding {
  readonly prefix: number
  readonly opcode: readonly number[]
  readonly reg: number
  readonly rm: number | readonly [base: number, displacement: number]
  readonly wide?: boolean
  readonly immediate?: number
}

function encode({ prefix, opcode, reg, rm, wide, immediate }: Encoding): number[] {
  const mandatory = BYTES[prefix] as number
  return [
    ...(mandatory === 0 ? [] : [mandatory]),
    ...(wide === true ? [0x48] : []),
    0x0f,
    ...opcode,
    ...(typeof rm === 'number' ? [0xc0 | (reg << 3) | rm] : [0x40 | (reg << 3) | rm[0], rm[1]]),
    ...(immediate === undefined ? [] : [immediate]),
  ]
}

const hex = (n: number): string => n.toString(16).padStart(2, '0')

function nameOf(e: Encoding): string {
  const rm = typeof e.rm === 'number' ? `r${e.rm}` : 'memory'
  const immediate = e.immediate === undefined ? '' : ` ${hex(e.immediate)}`
  return `${NAMES[e.prefix]}${e.wide === true ? ' 48' : ''} 0f ${e.opcode.map(hex).join(' ')} r${e.reg}, ${rm}${immediate}`.trim()
}

function form(e: Encoding, stores = false): Form {
  return { text: nameOf(e), bytes: encode(e), ...(stores ? { stores } : {}) }
}

/** From a register, from the destination itself, from memory. */
function operands(prefix: number, opcode: readonly number[], immediate?: number): Form[] {
  return [2, 1, SOURCE].map((rm) =>
    form({ prefix, opcode, reg: 1, rm, ...(immediate === undefined ? {} : { immediate }) }),
  )
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

const IMMEDIATES = [0x00, 0x1b, 0x4e, 0xb1, 0xe4, 0xff]

function twoByte(): Form[] {
  const forms: Form[] = []
  const all = (prefixes: readonly number[], opcodes: readonly number[], immediates?: readonly number[]): void => {
    for (const prefix of prefixes) {
      for (const opcode of opcodes) {
        for (const immediate of immediates ?? [undefined]) forms.push(...operands(prefix, [opcode], immediate))
      }
    }
  }
  all([0, 1, 2, 3], [0x51, 0x58, 0x59, 0x5a, 0x5c, 0x5d, 0x5e, 0x5f])
  all([0, 2], [0x52, 0x53])
  all([0, 1], [0x14, 0x15, 0x2e, 0x2f, 0x54, 0x55, 0x56, 0x57])
  all([0, 1, 2], [0x5b])
  all([1, 2, 3], [0xe6])
  all([1, 3], [0x7c, 0x7d, 0xd0])
  all([0, 1, 2, 3], [0xc2], range(0, 7))
  all([2, 3], [0x12])
  all([2], [0x16])
  all([0, 1], [0xc6], IMMEDIATES)
  all([1, 2, 3], [0x70], IMMEDIATES)
  all([1], [...range(0x60, 0x6d), 0x74, 0x75, 0x76])
  all(
    [1],
    range(0xd1, 0xfe).filter((o) => ![0xd6, 0xd7, 0xe6, 0xe7, 0xf0, 0xf7].includes(o)),
  )
  return forms
}

function threeByte(): Form[] {
  const with38 = [
    ...range(0x00, 0x0b),
    0x10,
    0x14,
    0x15,
    0x17,
    0x1c,
    0x1d,
    0x1e,
    ...range(0x20, 0x25),
    0x28,
    0x29,
    0x2b,
  ]
  const forms = [...with38, ...range(0x30, 0x35), ...range(0x37, 0x41)].flatMap((o) => operands(1, [0x38, o]))
  for (const o of range(0x08, 0x0f)) {
    const immediates = o < 0x0c ? range(0, 15) : o === 0x0f ? [0, 1, 7, 15, 16, 17, 31, 32, 255] : IMMEDIATES
    for (const immediate of immediates) forms.push(...operands(1, [0x3a, o], immediate))
  }
  for (const o of [0x21, 0x40, 0x41, 0x42]) {
    for (const immediate of IMMEDIATES) forms.push(...operands(1, [0x3a, o], immediate))
  }
  return forms
}

function moves(): Form[] {
  const forms: Form[] = []
  const loads: readonly (readonly [prefixes: readonly number[], opcode: number, register: boolean])[] = [
    [[0, 1, 2, 3], 0x10, true],
    [[0, 1], 0x28, true],
    [[1, 2], 0x6f, true],
    [[0], 0x12, true],
    [[0], 0x16, true],
    [[1], 0x12, false],
    [[1], 0x16, false],
    [[2], 0x7e, true],
    [[3], 0xf0, false],
  ]
  for (const [prefixes, opcode, register] of loads) {
    for (const prefix of prefixes) {
      if (register) for (const rm of [2, 1]) forms.push(form({ prefix, opcode: [opcode], reg: 1, rm }))
      forms.push(form({ prefix, opcode: [opcode], reg: 1, rm: SOURCE }))
    }
  }
  forms.push(form({ prefix: 1, opcode: [0x38, 0x2a], reg: 1, rm: SOURCE }))
  const stores: readonly (readonly [prefixes: readonly number[], opcode: number])[] = [
    [[0, 1, 2, 3], 0x11],
    [[0, 1], 0x13],
    [[0, 1], 0x17],
    [[0, 1], 0x29],
    [[0, 1], 0x2b],
    [[1, 2], 0x7f],
    [[1], 0xd6],
    [[1], 0xe7],
  ]
  for (const [prefixes, opcode] of stores) {
    for (const prefix of prefixes) forms.push(form({ prefix, opcode: [opcode], reg: 1, rm: TARGET }, true))
  }
  for (const [prefix, opcode] of [
    [0, 0x11],
    [2, 0x11],
    [3, 0x11],
    [1, 0x7f],
    [1, 0xd6],
  ] as const) {
    forms.push(form({ prefix, opcode: [opcode], reg: 1, rm: 2 }))
  }
  return forms
}

function general(): Form[] {
  const forms: Form[] = []
  for (const wide of [false, true]) {
    for (const prefix of [2, 3]) {
      for (const rm of [2, SOURCE]) {
        for (const opcode of [0x2a, 0x2c, 0x2d]) {
          forms.push(form({ prefix, opcode: [opcode], reg: opcode === 0x2a ? 1 : 0, rm, wide }))
        }
      }
    }
    for (const rm of [2, SOURCE]) {
      forms.push(form({ prefix: 1, opcode: [0x6e], reg: 1, rm, wide }))
      for (const immediate of [0, 1, 3])
        forms.push(form({ prefix: 1, opcode: [0x3a, 0x22], reg: 1, rm, wide, immediate }))
    }
    forms.push(form({ prefix: 1, opcode: [0x7e], reg: 1, rm: 0, wide }))
    forms.push(form({ prefix: 1, opcode: [0x7e], reg: 1, rm: TARGET, wide }, true))
    for (const immediate of [0, 1, 3]) {
      forms.push(form({ prefix: 1, opcode: [0x3a, 0x16], reg: 1, rm: 0, wide, immediate }))
      forms.push(form({ prefix: 1, opcode: [0x3a, 0x16], reg: 1, rm: TARGET, wide, immediate }, true))
    }
  }
  for (const immediate of [0, 2, 7, 13, 15]) {
    for (const rm of [2, SOURCE]) {
      forms.push(form({ prefix: 1, opcode: [0xc4], reg: 1, rm, immediate }))
      forms.push(form({ prefix: 1, opcode: [0x3a, 0x20], reg: 1, rm, immediate }))
    }
    forms.push(form({ prefix: 1, opcode: [0xc5], reg: 0, rm: 1, immediate }))
    for (const opcode of [0x14, 0x15, 0x17]) {
      forms.push(form({ prefix: 1, opcode: [0x3a, opcode], reg: 1, rm: 0, immediate }))
      forms.push(form({ prefix: 1, opcode: [0x3a, opcode], reg: 1, rm: TARGET, immediate }, true))
    }
  }
  for (const [prefix, opcode] of [
    [0, 0x50],
    [1, 0x50],
    [1, 0xd7],
  ] as const) {
    forms.push(form({ prefix, opcode: [opcode], reg: 0, rm: 1 }))
  }
  // Shifts by an immediate: the operation is in the reg field.
  for (const [opcode, groups] of [
    [0x71, [2, 4, 6]],
    [0x72, [2, 4, 6]],
    [0x73, [2, 3, 6, 7]],
  ] as const) {
    for (const reg of groups) {
      for (const immediate of [0, 1, 5, 8, 15, 16, 31, 32, 63, 64, 255]) {
        forms.push(form({ prefix: 1, opcode: [opcode], reg, rm: 1, immediate }))
      }
    }
  }
  return forms
}

/** Every form once. */
export function vectorForms(): readonly Form[] {
  return [...twoByte(), ...threeByte(), ...moves(), ...general()]
}
