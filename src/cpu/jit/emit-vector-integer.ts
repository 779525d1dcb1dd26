// The vector instructions that raise no floating-point exception, one by one: integer arithmetic, logic, shuffles, packing.
//
// Promises: each is total; its reference is the same case in core/vector/sse-integer.ts and core/vector/sse-extended-integer.ts, whose `operation` is the key here.
import {
  ANDNPD,
  ANDNPS,
  ANDPD,
  ANDPS,
  BLENDPD,
  BLENDPS,
  MOVDDUP,
  MOVSHDUP,
  MOVSLDUP,
  ORPD,
  ORPS,
  PABSB,
  PABSD,
  PABSW,
  PACKSSDW,
  PACKSSWB,
  PACKUSDW,
  PACKUSWB,
  PADDB,
  PADDD,
  PADDQ,
  PADDSB,
  PADDSW,
  PADDUSB,
  PADDUSW,
  PADDW,
  PALIGNR,
  PAND,
  PANDN,
  PAVGB,
  PAVGW,
  PBLENDW,
  PCMPEQB,
  PCMPEQD,
  PCMPEQQ,
  PCMPEQW,
  PCMPGTB,
  PCMPGTD,
  PCMPGTQ,
  PCMPGTW,
  PHADDD,
  PHADDSW,
  PHADDW,
  PHSUBD,
  PHSUBSW,
  PHSUBW,
  PMADDUBSW,
  PMADDWD,
  PMAXSB,
  PMAXSD,
  PMAXSW,
  PMAXUB,
  PMAXUD,
  PMAXUW,
  PMINSB,
  PMINSD,
  PMINSW,
  PMINUB,
  PMINUD,
  PMINUW,
  PMOVSXBD,
  PMOVSXBQ,
  PMOVSXBW,
  PMOVSXDQ,
  PMOVSXWD,
  PMOVSXWQ,
  PMOVZXBD,
  PMOVZXBQ,
  PMOVZXBW,
  PMOVZXDQ,
  PMOVZXWD,
  PMOVZXWQ,
  PMULDQ,
  PMULHRSW,
  PMULHUW,
  PMULHW,
  PMULLD,
  PMULLW,
  PMULUDQ,
  POR,
  PSADBW,
  PSHUFB,
  PSHUFD,
  PSHUFHW,
  PSHUFLW,
  PSIGNB,
  PSIGND,
  PSIGNW,
  PSLLD,
  PSLLDQ,
  PSLLQ,
  PSLLW,
  PSRAD,
  PSRAW,
  PSRLD,
  PSRLDQ,
  PSRLQ,
  PSRLW,
  PSUBB,
  PSUBD,
  PSUBQ,
  PSUBSB,
  PSUBSW,
  PSUBUSB,
  PSUBUSW,
  PSUBW,
  PUNPCKHBW,
  PUNPCKHDQ,
  PUNPCKHQDQ,
  PUNPCKHWD,
  PUNPCKLBW,
  PUNPCKLDQ,
  PUNPCKLQDQ,
  PUNPCKLWD,
  PXOR,
  SHUFPD,
  SHUFPS,
  UNPCKHPD,
  UNPCKHPS,
  UNPCKLPD,
  UNPCKLPS,
  XORPD,
  XORPS,
} from '../numbers/vector-operations.js'
import { V0, V1, VZERO, X1 } from './locals.js'
import { type Emitter, first, result, type VectorUop } from './vector-uop.js'
import { W } from './wasm.js'
import { V } from './wasm-simd.js'

/** A op B. */
const BINARY: Readonly<Record<number, number>> = {
  [ANDPS]: V.and,
  [ANDPD]: V.and,
  [PAND]: V.and,
  [ORPS]: V.or,
  [ORPD]: V.or,
  [POR]: V.or,
  [XORPS]: V.xor,
  [XORPD]: V.xor,
  [PXOR]: V.xor,
  [PADDQ]: V.add64,
  [PMULLW]: V.mul16,
  [PSUBUSB]: V.subSatU8,
  [PSUBUSW]: V.subSatU16,
  [PMINUB]: V.minU8,
  [PADDUSB]: V.addSatU8,
  [PADDUSW]: V.addSatU16,
  [PMAXUB]: V.maxU8,
  [PAVGB]: V.average8,
  [PAVGW]: V.average16,
  [PSUBSB]: V.subSatS8,
  [PSUBSW]: V.subSatS16,
  [PMINSW]: V.minS16,
  [PADDSB]: V.addSatS8,
  [PADDSW]: V.addSatS16,
  [PMAXSW]: V.maxS16,
  [PMADDWD]: V.dot16,
  [PSUBB]: V.sub8,
  [PSUBW]: V.sub16,
  [PSUBD]: V.sub32,
  [PSUBQ]: V.sub64,
  [PADDB]: V.add8,
  [PADDW]: V.add16,
  [PADDD]: V.add32,
  [PACKSSWB]: V.narrow16S,
  [PCMPGTB]: V.gtS8,
  [PCMPGTW]: V.gtS16,
  [PCMPGTD]: V.gtS32,
  [PACKUSWB]: V.narrow16U,
  [PACKSSDW]: V.narrow32S,
  [PCMPEQB]: V.eq8,
  [PCMPEQW]: V.eq16,
  [PCMPEQD]: V.eq32,
  [PCMPEQQ]: V.eq64,
  [PACKUSDW]: V.narrow32U,
  [PCMPGTQ]: V.gtS64,
  [PMINSB]: V.minS8,
  [PMINSD]: V.minS32,
  [PMINUW]: V.minU16,
  [PMINUD]: V.minU32,
  [PMAXSB]: V.maxS8,
  [PMAXSD]: V.maxS32,
  [PMAXUW]: V.maxU16,
  [PMAXUD]: V.maxU32,
  [PMULLD]: V.mul32,
}

/** Operators of B alone, in their order. */
const UNARY: Readonly<Record<number, readonly number[]>> = {
  [PABSB]: [V.abs8],
  [PABSW]: [V.abs16],
  [PABSD]: [V.abs32],
  [PMOVSXBW]: [V.extendLow8S],
  [PMOVSXBD]: [V.extendLow8S, V.extendLow16S],
  [PMOVSXBQ]: [V.extendLow8S, V.extendLow16S, V.extendLow32S],
  [PMOVSXWD]: [V.extendLow16S],
  [PMOVSXWQ]: [V.extendLow16S, V.extendLow32S],
  [PMOVSXDQ]: [V.extendLow32S],
  [PMOVZXBW]: [V.extendLow8U],
  [PMOVZXBD]: [V.extendLow8U, V.extendLow16U],
  [PMOVZXBQ]: [V.extendLow8U, V.extendLow16U, V.extendLow32U],
  [PMOVZXWD]: [V.extendLow16U],
  [PMOVZXWQ]: [V.extendLow16U, V.extendLow32U],
  [PMOVZXDQ]: [V.extendLow32U],
}

/** Shifts: the operator, bits of an element, and whether it copies the sign. */
const SHIFTS: Readonly<Record<number, readonly [op: number, bits: number, arithmetic: boolean]>> = {
  [PSRLW]: [V.shrU16, 16, false],
  [PSRLD]: [V.shrU32, 32, false],
  [PSRLQ]: [V.shrU64, 64, false],
  [PSRAW]: [V.shrS16, 16, true],
  [PSRAD]: [V.shrS32, 32, true],
  [PSLLW]: [V.shl16, 16, false],
  [PSLLD]: [V.shl32, 32, false],
  [PSLLQ]: [V.shl64, 64, false],
}

/** Shuffles that do not depend on an immediate: bytes of an element, then elements of A and, behind them, of B. */
const SHUFFLES: Readonly<Record<number, readonly number[]>> = {
  [UNPCKLPS]: [4, 0, 4, 1, 5],
  [UNPCKHPS]: [4, 2, 6, 3, 7],
  [UNPCKLPD]: [8, 0, 2],
  [UNPCKHPD]: [8, 1, 3],
  [PUNPCKLBW]: [1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23],
  [PUNPCKLWD]: [2, 0, 8, 1, 9, 2, 10, 3, 11],
  [PUNPCKLDQ]: [4, 0, 4, 1, 5],
  [PUNPCKHBW]: [1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31],
  [PUNPCKHWD]: [2, 4, 12, 5, 13, 6, 14, 7, 15],
  [PUNPCKHDQ]: [4, 2, 6, 3, 7],
  [PUNPCKLQDQ]: [8, 0, 2],
  [PUNPCKHQDQ]: [8, 1, 3],
  [MOVSLDUP]: [4, 4, 4, 6, 6],
  [MOVSHDUP]: [4, 5, 5, 7, 7],
  [MOVDDUP]: [8, 2, 2],
}

/** The elements, of A and B, that an immediate chooses. */
const CHOSEN: Readonly<Record<number, (immediate: number) => readonly number[]>> = {
  [SHUFPS]: (i) => [4, i & 3, (i >> 2) & 3, 4 + ((i >> 4) & 3), 4 + ((i >> 6) & 3)],
  [SHUFPD]: (i) => [8, i & 1, 2 + ((i >> 1) & 1)],
  [PSHUFD]: (i) => [4, ...fields(i).map((n) => 4 + n)],
  [PSHUFHW]: (i) => [2, 8, 9, 10, 11, ...fields(i).map((n) => 12 + n)],
  [PSHUFLW]: (i) => [2, ...fields(i).map((n) => 8 + n), 12, 13, 14, 15],
  [BLENDPS]: (i) => [4, ...blended(i, 4)],
  [BLENDPD]: (i) => [8, ...blended(i, 2)],
  [PBLENDW]: (i) => [2, ...blended(i, 8)],
}

function fields(immediate: number): number[] {
  return [0, 2, 4, 6].map((shift) => (immediate >> shift) & 3)
}

function blended(immediate: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + (((immediate >> i) & 1) === 1 ? count : 0))
}

function shuffle(v: VectorUop, a: number, b: number, [bytes, ...elements]: readonly number[]): void {
  const { code } = v.c
  const size = bytes as number
  code.get(a)
  code.get(b)
  code.simd(V.shuffle)
  for (const element of elements) for (let i = 0; i < size; i++) code.byte(element * size + i)
}

/** 16 bytes from byte `from` on of `low` and, above it, `high`. */
function window(v: VectorUop, low: number, high: number, from: number): void {
  if (from > 31) v.c.code.get(VZERO)
  else if (from > 15) window(v, high, VZERO, from - 16)
  else shuffle(v, low, high, [1, ...Array.from({ length: 16 }, (_, i) => i + from)])
}

function shift(v: VectorUop): void {
  const { code } = v.c
  const [op, bits, arithmetic] = SHIFTS[v.detail] as readonly [number, number, boolean]
  if (v.b === V0 && v.slow === undefined) {
    // By an immediate.
    const count = v.argument >>> 0
    if (count >= bits && !arithmetic) code.get(VZERO)
    else {
      code.get(first(v))
      code.i32(Math.min(count, bits - 1))
      code.simd(op)
    }
    result(v)
    return
  }
  code.get(v.b)
  code.lane(V.extract64, 0)
  code.set(X1)
  const fits = (): void => {
    code.get(X1)
    code.i64(bits)
    code.op(W.i64LtU)
    code.op(W.select)
  }
  code.get(first(v))
  code.get(X1)
  code.op(W.i32WrapI64)
  if (arithmetic) {
    code.i32(bits - 1)
    fits()
    code.simd(op)
  } else {
    code.simd(op)
    code.get(VZERO)
    fits()
  }
  result(v)
}

function splat16(v: VectorUop, value: number): void {
  v.c.code.i32(value)
  v.c.code.simd(V.splat16)
}

function splat64(v: VectorUop, value: bigint): void {
  v.c.code.i64(value)
  v.c.code.simd(V.splat64)
}

/** Pushes A op B for operators that take both. */
function operands(v: VectorUop, ...ops: readonly number[]): void {
  const { code } = v.c
  code.get(first(v))
  code.get(v.b)
  for (const op of ops) code.simd(op)
}

/** High halves of the products of words: the two halves of the products side by side, odd words of both. */
function highProducts(v: VectorUop, low: number, high: number): void {
  operands(v, low)
  operands(v, high)
  v.c.code.simd(V.shuffle)
  for (let i = 0; i < 8; i++) for (const byte of [2, 3]) v.c.code.byte(4 * i + byte)
}

/** Products of the even doublewords. */
function evenProducts(v: VectorUop, op: number): void {
  for (const operand of [first(v), v.b]) shuffle(v, operand, operand, [4, 0, 2, 0, 2])
  v.c.code.simd(op)
}

/** PHADD and PHSUB: even elements of A and B, the odd ones, `op`. */
function horizontal(op: number, bytes: number): Emitter {
  const count = 16 / bytes
  const every = (from: number): number[] => [bytes, ...Array.from({ length: count }, (_, i) => 2 * i + from)]
  return (v) => {
    shuffle(v, first(v), v.b, every(0))
    shuffle(v, first(v), v.b, every(1))
    v.c.code.simd(op)
  }
}

/** PSIGN: A where B is positive, -A where it is negative, else 0. */
function sign(less: number, subtract: number, unequal: number): Emitter {
  return (v) => {
    const { code } = v.c
    code.get(v.b)
    code.get(VZERO)
    code.simd(less)
    code.set(V1)
    code.get(first(v))
    code.get(V1)
    code.simd(V.xor)
    code.get(V1)
    code.simd(subtract)
    code.get(v.b)
    code.get(VZERO)
    code.simd(unequal)
    code.simd(V.and)
  }
}

/** The rest: each pushes its result. */
const OTHERS: Readonly<Record<number, Emitter>> = {
  [PSLLDQ]: (v) => window(v, VZERO, first(v), Math.max(0, 16 - (v.argument >>> 0))),
  [PSRLDQ]: (v) => window(v, first(v), VZERO, v.argument >>> 0),
  [PALIGNR]: (v) => window(v, v.b, first(v), v.argument >>> 0),
  [PMULHUW]: (v) => highProducts(v, V.multiplyLow16U, V.multiplyHigh16U),
  [PMULHW]: (v) => highProducts(v, V.multiplyLow16S, V.multiplyHigh16S),
  [PMULUDQ]: (v) => evenProducts(v, V.multiplyLow32U),
  [PMULDQ]: (v) => evenProducts(v, V.multiplyLow32S),
  // sums of absolute differences.
  [PSADBW]: (v) => {
    const { code } = v.c
    operands(v, V.maxU8)
    operands(v, V.minU8)
    code.simd(V.sub8)
    code.simd(V.addPairwise8U)
    code.simd(V.addPairwise16U)
    code.set(V1)
    code.get(V1)
    splat64(v, 0xffff_ffffn)
    code.simd(V.and)
    code.get(V1)
    code.i32(32)
    code.simd(V.shrU64)
    code.simd(V.add64)
  },
  // wasm's own gives 0 for every index above 15.
  [PSHUFB]: (v) => {
    const { code } = v.c
    code.get(first(v))
    code.get(v.b)
    splat64(v, 0x8f8f_8f8f_8f8f_8f8fn)
    code.simd(V.and)
    code.simd(V.swizzle)
  },
  [PHADDW]: horizontal(V.add16, 2),
  [PHADDD]: horizontal(V.add32, 4),
  [PHADDSW]: horizontal(V.addSatS16, 2),
  // unsigned bytes of A, signed ones of B.
  [PMADDUBSW]: (v) => {
    const { code } = v.c
    code.get(first(v))
    splat16(v, 0xff)
    code.simd(V.and)
    code.get(v.b)
    code.i32(8)
    code.simd(V.shl16)
    code.i32(8)
    code.simd(V.shrS16)
    code.simd(V.mul16)
    code.get(first(v))
    code.i32(8)
    code.simd(V.shrU16)
    code.get(v.b)
    code.i32(8)
    code.simd(V.shrS16)
    code.simd(V.mul16)
    code.simd(V.addSatS16)
  },
  [PHSUBW]: horizontal(V.sub16, 2),
  [PHSUBD]: horizontal(V.sub32, 4),
  [PHSUBSW]: horizontal(V.subSatS16, 2),
  [PSIGNB]: sign(V.ltS8, V.sub8, V.ne8),
  [PSIGNW]: sign(V.ltS16, V.sub16, V.ne16),
  [PSIGND]: sign(V.ltS32, V.sub32, V.ne32),
  // wraps where wasm's own saturates: at -1 * -1.
  [PMULHRSW]: (v) => {
    const { code } = v.c
    operands(v, V.roundedMultiply16)
    for (const operand of [first(v), v.b]) {
      code.get(operand)
      splat16(v, -32768)
      code.simd(V.eq16)
    }
    code.simd(V.and)
    code.simd(V.xor)
  },
}
for (const detail of [ANDNPS, ANDNPD, PANDN]) {
  ;(OTHERS as Record<number, Emitter>)[detail] = (v) => {
    v.c.code.get(v.b)
    v.c.code.get(first(v))
    v.c.code.simd(V.andNot)
  }
}

/** The quick way of an operation, undefined if there is none. */
export function integerEmitter(detail: number): Emitter | undefined {
  if (detail in SHIFTS) return shift
  const binary = BINARY[detail]
  if (binary !== undefined) {
    return (v) => {
      if (binary === V.xor && v.b === first(v)) v.c.code.get(VZERO)
      else operands(v, binary)
      result(v)
    }
  }
  const unary = UNARY[detail]
  if (unary !== undefined) {
    return (v) => {
      v.c.code.get(v.b)
      for (const op of unary) v.c.code.simd(op)
      result(v)
    }
  }
  const elements = SHUFFLES[detail]
  if (elements !== undefined) {
    return (v) => {
      shuffle(v, first(v), v.b, elements)
      result(v)
    }
  }
  const chosen = CHOSEN[detail]
  if (chosen !== undefined) {
    return (v) => {
      shuffle(v, first(v), v.b, chosen(v.argument & 0xff))
      result(v)
    }
  }
  const other = OTHERS[detail]
  return (
    other &&
    ((v) => {
      other(v)
      result(v)
    })
  )
}

/** PINSRB, PINSRW, PINSRD, PINSRQ. */
export function insert(v: VectorUop): void {
  const { code, f } = v.c
  const bytes = v.uop.x
  code.get(first(v))
  if (v.slow === undefined) f.get(v.uop.s1)
  else {
    code.get(V0)
    code.lane(V.extract64, 0)
  }
  if (bytes < 8) code.op(W.i32WrapI64)
  code.lane(
    bytes === 1 ? V.replace8 : bytes === 2 ? V.replace16 : bytes === 4 ? V.replace32 : V.replace64,
    v.argument & (16 / bytes - 1),
  )
  result(v)
}

/** PEXTRB, PEXTRW, PEXTRD, PEXTRQ. */
export function extract(v: VectorUop): void {
  const { code, f } = v.c
  const bytes = v.uop.x
  const lane = v.argument & (16 / bytes - 1)
  code.get(v.b)
  if (bytes === 8) code.lane(V.extract64, lane)
  else {
    code.lane(bytes === 1 ? V.extract8U : bytes === 2 ? V.extract16U : V.extract32, lane)
    code.op(W.i64ExtendI32U)
  }
  f.set(v.uop.d)
}
