// WebAssembly's binary format, as far as compiled code needs it: instruction bytes, LEB128 numbers, and a module around function bodies.
//
// Promises: `Code` grows as needed and never interprets what it is given; `encodeModule` gives a valid module if the bodies are valid.
// Source: WebAssembly Core Specification 2.0, chapter 5.

export const I32 = 0x7f
export const I64 = 0x7e
export const F32 = 0x7d
export const F64 = 0x7c
export const V128 = 0x7b
const EMPTY = 0x40

/** Opcodes of one byte. */
export const W = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  call: 0x10,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  i64Load: 0x29,
  i64Load8S: 0x30,
  i64Load8U: 0x31,
  i64Load16S: 0x32,
  i64Load16U: 0x33,
  i64Load32S: 0x34,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  i64Store8: 0x3c,
  i64Store16: 0x3d,
  i64Store32: 0x3e,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtS: 0x55,
  i64GtU: 0x56,
  i64LeS: 0x57,
  i64LeU: 0x58,
  i64GeS: 0x59,
  i64GeU: 0x5a,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  i64Clz: 0x79,
  i64Ctz: 0x7a,
  i64Popcnt: 0x7b,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64DivS: 0x7f,
  i64DivU: 0x80,
  i64RemS: 0x81,
  i64RemU: 0x82,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  i64Rotr: 0x8a,
  f32Eq: 0x5b,
  f32Lt: 0x5d,
  f32Ge: 0x60,
  f64Eq: 0x61,
  f64Lt: 0x63,
  f64Ge: 0x66,
  f32Abs: 0x8b,
  f32Ceil: 0x8d,
  f32Floor: 0x8e,
  f32Trunc: 0x8f,
  f32Nearest: 0x90,
  f32Sqrt: 0x91,
  f32Add: 0x92,
  f32Sub: 0x93,
  f32Mul: 0x94,
  f32Div: 0x95,
  f64Abs: 0x99,
  f64Ceil: 0x9b,
  f64Floor: 0x9c,
  f64Trunc: 0x9d,
  f64Nearest: 0x9e,
  f64Sqrt: 0x9f,
  f64Add: 0xa0,
  f64Sub: 0xa1,
  f64Mul: 0xa2,
  f64Div: 0xa3,
  i32WrapI64: 0xa7,
  i32TruncF32S: 0xa8,
  i32TruncF64S: 0xaa,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  i64TruncF32S: 0xae,
  i64TruncF64S: 0xb0,
  f32ConvertI32S: 0xb2,
  f32ConvertI64S: 0xb4,
  f32DemoteF64: 0xb6,
  f64ConvertI32S: 0xb7,
  f64ConvertI64S: 0xb9,
  f64PromoteF32: 0xbb,
  i32ReinterpretF32: 0xbc,
  i64ReinterpretF64: 0xbd,
  i64Extend8S: 0xc2,
  i64Extend16S: 0xc3,
  i64Extend32S: 0xc4,
} as const

/** Buffers that no sequence uses now: a module is made of many short ones. */
const spare: Uint8Array[] = []
const SPARE = 8
const NONE = new Uint8Array(0)
const floats = new DataView(new ArrayBuffer(8))

/** A growing sequence of bytes. */
export class Code {
  private bytes = spare.pop() ?? new Uint8Array(4096)
  length = 0

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count))
    larger.set(this.bytes)
    this.bytes = larger
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1)
    this.bytes[this.length++] = value
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Unsigned LEB128 of a 32-bit number. */
  unsigned(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.byte(rest)
  }

  /** Signed LEB128 of a 32-bit number. */
  signed(value: number): void {
    let rest = value | 0
    for (;;) {
      const low = rest & 0x7f
      rest >>= 7
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low)
        return
      }
      this.byte(low | 0x80)
    }
  }

  /** Signed LEB128 of a 64-bit number. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value)
    if (rest >= -0x8000_0000n && rest < 0x8000_0000n) {
      this.signed(Number(rest))
      return
    }
    for (;;) {
      const low = Number(rest & 0x7fn)
      rest >>= 7n
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.byte(low)
        return
      }
      this.byte(low | 0x80)
    }
  }

  op(code: number): void {
    this.byte(code)
  }

  get(local: number): void {
    this.byte(W.localGet)
    this.unsigned(local)
  }

  set(local: number): void {
    this.byte(W.localSet)
    this.unsigned(local)
  }

  tee(local: number): void {
    this.byte(W.localTee)
    this.unsigned(local)
  }

  i32(value: number): void {
    this.byte(W.i32Const)
    this.signed(value)
  }

  i64(value: bigint | number): void {
    this.byte(W.i64Const)
    if (typeof value === 'bigint') this.signed64(value)
    else if (value === (value | 0)) this.signed(value)
    else this.signed64(BigInt(value))
  }

  /** A load or store; guest addresses have no alignment, and the hint means nothing to the engines. */
  memory(op: number, offset: number): void {
    this.byte(op)
    this.byte(0)
    this.unsigned(offset)
  }

  /** An instruction with the SIMD prefix. */
  simd(op: number): void {
    this.byte(0xfd)
    this.unsigned(op)
  }

  simdMemory(op: number, offset: number): void {
    this.simd(op)
    this.byte(0)
    this.unsigned(offset)
  }

  /** An instruction with the SIMD prefix and a lane. */
  lane(op: number, lane: number): void {
    this.simd(op)
    this.byte(lane)
  }

  f32(value: number): void {
    this.byte(W.f32Const)
    floats.setFloat32(0, value, true)
    this.append(new Uint8Array(floats.buffer, 0, 4))
  }

  f64(value: number): void {
    this.byte(W.f64Const)
    floats.setFloat64(0, value, true)
    this.append(new Uint8Array(floats.buffer))
  }

  call(index: number): void {
    this.byte(W.call)
    this.unsigned(index)
  }

  block(): void {
    this.byte(W.block)
    this.byte(EMPTY)
  }

  loop(): void {
    this.byte(W.loop)
    this.byte(EMPTY)
  }

  if(result = EMPTY): void {
    this.byte(W.if)
    this.byte(result)
  }

  /** A view of the bytes from `start` to `end`, until the next byte is written. */
  part(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start, end)
  }

  /** Ends the sequence. */
  release(): void {
    if (spare.length < SPARE && this.bytes !== NONE) spare.push(this.bytes)
    this.bytes = NONE
  }

  /** Ends the sequence and gives its bytes. */
  take(): Uint8Array {
    const bytes = this.bytes.slice(0, this.length)
    this.release()
    return bytes
  }
}

export interface FunctionType {
  readonly parameters: readonly number[]
  readonly results: readonly number[]
}

export interface ImportedFunction {
  readonly name: string
  readonly type: FunctionType
}

function section(module: Code, id: number, fill: (content: Code) => void): void {
  const content = new Code()
  fill(content)
  module.byte(id)
  module.unsigned(content.length)
  module.append(content.part(0, content.length))
  content.release()
}

function text(code: Code, value: string): void {
  code.unsigned(value.length)
  for (let i = 0; i < value.length; i++) code.byte(value.charCodeAt(i))
}

/**
 * A module of functions of one type, exported as '0', '1', …; it imports `env.memory` and the given functions (indices from 0
 * on), and `env.table` if asked. A body is its local declarations and instructions, without its size. The functions' type has the number of
 * imported functions.
 */
export function encodeModule(
  imports: readonly ImportedFunction[],
  type: FunctionType,
  bodies: readonly Uint8Array[],
  withTable = false,
): Uint8Array {
  const module = new Code()
  for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) module.byte(byte)
  section(module, 1, (c) => {
    c.unsigned(imports.length + 1)
    for (const { parameters, results } of [...imports.map((i) => i.type), type]) {
      c.byte(0x60)
      c.unsigned(parameters.length)
      for (const p of parameters) c.byte(p)
      c.unsigned(results.length)
      for (const r of results) c.byte(r)
    }
  })
  section(module, 2, (c) => {
    c.unsigned(imports.length + (withTable ? 2 : 1))
    text(c, 'env')
    text(c, 'memory')
    c.byte(2)
    c.byte(0)
    c.unsigned(1)
    if (withTable) {
      text(c, 'env')
      text(c, 'table')
      for (const byte of [1, 0x70, 0]) c.byte(byte)
      c.unsigned(1)
    }
    imports.forEach(({ name }, i) => {
      text(c, 'core')
      text(c, name)
      c.byte(0)
      c.unsigned(i)
    })
  })
  section(module, 3, (c) => {
    c.unsigned(bodies.length)
    for (let i = 0; i < bodies.length; i++) c.unsigned(imports.length)
  })
  section(module, 7, (c) => {
    c.unsigned(bodies.length)
    for (let i = 0; i < bodies.length; i++) {
      text(c, String(i))
      c.byte(0)
      c.unsigned(imports.length + i)
    }
  })
  section(module, 10, (c) => {
    c.unsigned(bodies.length)
    for (const body of bodies) {
      c.unsigned(body.length)
      c.append(body)
    }
  })
  return module.take()
}
