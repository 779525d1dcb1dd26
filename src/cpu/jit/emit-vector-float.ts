// The vector instructions that may raise floating-point exceptions, done by WebAssembly's own arithmetic where that is certain to
// give the same bits and no flag that is not sticky already.
//
// An operand is PLAIN if it is zero, normal or infinite: a denormal one would set DE, a NaN IE or choose a payload. A result is as IEEE 754
// has it in round-to-nearest. What is left to look at, for each operation:
//   + -      finite result: no overflow, no invalid; a tiny sum is exact, so there is no underflow either
//   * /      finite result of at least twice the least normal number: rounding came nowhere near underflow; or an exact zero
//   sqrt     operand zero or positive
//   PE       must be sticky, unless the operation is exact: always, or as it turns out (doubles that are integers, say)
// All else is the core's (core/vector/sse-float.ts, the reference for every case here). Infinite operands need no test of their own: they
// give an infinite result or a NaN, or zero from a quotient whose dividend is not zero, and none of these passes.

import { MXCSR_PE } from '../numbers/registers.js'
import { FN_INTEGER_TO_FLOAT_MEMORY, X_ALIGNED } from '../numbers/vector-functions.js'
import {
  FLOAT_ADD,
  FLOAT_COMPARE,
  FLOAT_DIV,
  FLOAT_FORMAT,
  FLOAT_INTEGER,
  FLOAT_INTEGER_DOUBLE,
  FLOAT_MAX,
  FLOAT_MIN,
  FLOAT_MUL,
  FLOAT_SQRT,
  FLOAT_SUB,
  MAP_3A,
  ROUNDSD,
  ROUNDSS,
} from '../numbers/vector-operations.js'
import { D0, D1, FLAG_A, FLAG_B, S0, V1, V2, VZERO, X1 } from './locals.js'
import { functionOf } from './uops.js'
import { type Emitter, first, result, setParityCorrection, slowIf, type VectorUop } from './vector-uop.js'
import { W } from './wasm.js'
import { V } from './wasm-simd.js'

/** What differs between single and double precision. */
interface Format {
  readonly bytes: number
  readonly lanes: number
  readonly local: number
  readonly const: 'f32' | 'f64'
  /** The least normal number. */
  readonly least: number
  readonly vector: {
    readonly abs: number
    readonly eq: number
    readonly ge: number
    readonly lt: number
    readonly mask: number
    readonly extract: number
    readonly replace: number
    /** Addition, multiplication, subtraction, division, by opcode byte; and the rest. */
    readonly arithmetic: Readonly<Record<number, number>>
    readonly pmin: number
    readonly pmax: number
    readonly sqrt: number
    /** For the predicates of CMPxx without NaN: EQ LT LE UNORD NEQ NLT NLE ORD. */
    readonly compare: readonly number[]
    /** Nearest, floor, ceiling, truncation. */
    readonly round: readonly number[]
  }
  readonly scalar: {
    readonly abs: number
    readonly eq: number
    readonly lt: number
    readonly ge: number
    readonly arithmetic: Readonly<Record<number, number>>
    readonly sqrt: number
    readonly round: readonly number[]
  }
}

const ALWAYS = -1
const NEVER = -2

const SINGLE: Format = {
  bytes: 4,
  lanes: 4,
  local: S0,
  const: 'f32',
  least: 2 ** -126,
  vector: {
    abs: V.absSingle,
    eq: V.eqSingle,
    ge: V.geSingle,
    lt: V.ltSingle,
    mask: V.bitMask32,
    extract: V.extractSingle,
    replace: V.replaceSingle,
    arithmetic: {
      [FLOAT_ADD]: V.addSingle,
      [FLOAT_MUL]: V.mulSingle,
      [FLOAT_SUB]: V.subSingle,
      [FLOAT_DIV]: V.divSingle,
    },
    pmin: V.pminSingle,
    pmax: V.pmaxSingle,
    sqrt: V.sqrtSingle,
    compare: [V.eqSingle, V.ltSingle, V.leSingle, NEVER, V.neSingle, V.geSingle, V.gtSingle, ALWAYS],
    round: [V.nearestSingle, V.floorSingle, V.ceilSingle, V.truncSingle],
  },
  scalar: {
    abs: W.f32Abs,
    eq: W.f32Eq,
    lt: W.f32Lt,
    ge: W.f32Ge,
    arithmetic: { [FLOAT_ADD]: W.f32Add, [FLOAT_MUL]: W.f32Mul, [FLOAT_SUB]: W.f32Sub, [FLOAT_DIV]: W.f32Div },
    sqrt: W.f32Sqrt,
    round: [W.f32Nearest, W.f32Floor, W.f32Ceil, W.f32Trunc],
  },
}

const DOUBLE: Format = {
  bytes: 8,
  lanes: 2,
  local: D0,
  const: 'f64',
  least: 2 ** -1022,
  vector: {
    abs: V.absDouble,
    eq: V.eqDouble,
    ge: V.geDouble,
    lt: V.ltDouble,
    mask: V.bitMask64,
    extract: V.extractDouble,
    replace: V.replaceDouble,
    arithmetic: {
      [FLOAT_ADD]: V.addDouble,
      [FLOAT_MUL]: V.mulDouble,
      [FLOAT_SUB]: V.subDouble,
      [FLOAT_DIV]: V.divDouble,
    },
    pmin: V.pminDouble,
    pmax: V.pmaxDouble,
    sqrt: V.sqrtDouble,
    compare: [V.eqDouble, V.ltDouble, V.leDouble, NEVER, V.neDouble, V.geDouble, V.gtDouble, ALWAYS],
    round: [V.nearestDouble, V.floorDouble, V.ceilDouble, V.truncDouble],
  },
  scalar: {
    abs: W.f64Abs,
    eq: W.f64Eq,
    lt: W.f64Lt,
    ge: W.f64Ge,
    arithmetic: { [FLOAT_ADD]: W.f64Add, [FLOAT_MUL]: W.f64Mul, [FLOAT_SUB]: W.f64Sub, [FLOAT_DIV]: W.f64Div },
    sqrt: W.f64Sqrt,
    round: [W.f64Nearest, W.f64Floor, W.f64Ceil, W.f64Trunc],
  },
}

/** Pushes the number in every lane. */
function splat(v: VectorUop, t: Format, value: number): void {
  const view = new DataView(new ArrayBuffer(16))
  for (let i = 0; i < 16; i += t.bytes) {
    if (t === DOUBLE) view.setFloat64(i, value, true)
    else view.setFloat32(i, value, true)
  }
  v.c.code.simd(V.const)
  v.c.code.append(new Uint8Array(view.buffer))
}

/** Gives up unless PE is sticky, and MXCSR ordinary. */
function needPlainMode(v: VectorUop): void {
  v.c.f.unusual()
  slowIf(v)
}

/** Pops whether the operation is exact: gives up if it is not and PE is not sticky. */
function needExactOrPlain(v: VectorUop): void {
  const { code, f } = v.c
  f.unusual()
  code.op(W.i32Eqz)
  code.op(W.i32Or)
  code.op(W.i32Eqz)
  slowIf(v)
}

/** Pushes which lanes of a local are zero. */
function zeros(v: VectorUop, t: Format, local: number): void {
  v.c.code.get(local)
  v.c.code.get(VZERO)
  v.c.code.simd(t.vector.eq)
}

/** Pushes which lanes of a local are at least `least`, in magnitude. */
function atLeast(v: VectorUop, t: Format, local: number, least: number): void {
  v.c.code.get(local)
  v.c.code.simd(t.vector.abs)
  splat(v, t, least)
  v.c.code.simd(t.vector.ge)
}

/** Pushes which lanes of a local are zero, normal or infinite. */
function plain(v: VectorUop, t: Format, local: number): void {
  atLeast(v, t, local, t.least)
  zeros(v, t, local)
  v.c.code.simd(V.or)
}

function finite(v: VectorUop, t: Format, local: number): void {
  v.c.code.get(local)
  v.c.code.simd(t.vector.abs)
  splat(v, t, Number.POSITIVE_INFINITY)
  v.c.code.simd(t.vector.lt)
}

/** Pops a mask of lanes: gives up unless the lowest `count` are true. */
function needLanes(v: VectorUop, t: Format, count: number): void {
  const { code } = v.c
  code.simd(t.vector.mask)
  const all = (1 << count) - 1
  if (count < t.lanes) {
    code.i32(all)
    code.op(W.i32And)
  }
  code.i32(all)
  code.op(W.i32Ne)
  slowIf(v)
}

/** V2 = the lowest elements of A and B; gives up unless both are plain. */
function pair(v: VectorUop, t: Format): void {
  const { code } = v.c
  code.get(first(v))
  code.get(v.b)
  code.simd(V.shuffle)
  for (let i = 0; i < 16; i++)
    code.byte((i % t.bytes) + 16 * (Math.floor(i / t.bytes) & 1) + t.bytes * Math.floor(i / (2 * t.bytes)))
  code.set(V2)
  plain(v, t, V2)
  needLanes(v, t, 2)
}

function both(v: VectorUop, t: Format): void {
  plain(v, t, first(v))
  if (v.b !== first(v)) {
    plain(v, t, v.b)
    v.c.code.simd(V.and)
  }
}

/** Pushes the lowest element of a local. */
function low(v: VectorUop, t: Format, local: number): void {
  v.c.code.get(local)
  v.c.code.lane(t.vector.extract, 0)
}

/** The result is A with the lowest element from the format's scalar local. */
function scalarResult(v: VectorUop, t: Format): void {
  const { code } = v.c
  code.get(first(v))
  code.get(t.local)
  code.lane(t.vector.replace, 0)
  result(v)
}

function packedArithmetic(t: Format, opcode: number): Emitter {
  return (v) => {
    const { code } = v.c
    needPlainMode(v)
    code.get(first(v))
    code.get(v.b)
    code.simd(t.vector.arithmetic[opcode] as number)
    code.set(V1)
    both(v, t)
    finite(v, t, V1)
    code.simd(V.and)
    if (opcode === FLOAT_MUL || opcode === FLOAT_DIV) {
      atLeast(v, t, V1, 2 * t.least)
      zeros(v, t, V1)
      zeros(v, t, first(v))
      if (v.b !== first(v)) {
        zeros(v, t, v.b)
        code.simd(V.or)
      }
      code.simd(V.and)
      code.simd(V.or)
      code.simd(V.and)
    }
    needLanes(v, t, t.lanes)
    code.get(V1)
    result(v)
  }
}

/** Gives up if MXCSR is unusual in anything but a clear PE. */
function needOrdinaryMode(v: VectorUop): void {
  const { code, f } = v.c
  f.unusual()
  code.i32(~MXCSR_PE)
  code.op(W.i32And)
  slowIf(v)
}

/** Pushes how many of the lowest bits of a double's significand are zero. */
function trailingZeros(v: VectorUop, push: () => void): void {
  const { code } = v.c
  push()
  code.op(W.i64ReinterpretF64)
  code.i64(1n << 52n)
  code.op(W.i64Or)
  code.op(W.i64Ctz)
}

/**
 * Where PE is clear: gives up unless D0 is the exact result. A sum's error is a double (Knuth 4.2.2, theorem B); a product of m and n bits has
 * m + n bits at most, and a quotient is exact if its exact product with the divisor is the dividend.
 */
function needExactIfPrecise(v: VectorUop, opcode: number): void {
  const { code, f } = v.c
  const a = (): void => low(v, DOUBLE, first(v))
  const b = (): void => low(v, DOUBLE, v.b)
  const sum = (): void => code.get(D0)
  const fine = f.newLabel()
  f.block(fine)
  f.unusual()
  code.op(W.i32Eqz)
  f.brIf(fine)
  if (opcode === FLOAT_ADD || opcode === FLOAT_SUB) {
    // D1 = what the sum has of B; exact if what it lacks of A is what it has too much of B.
    sum()
    a()
    code.op(W.f64Sub)
    code.set(D1)
    a()
    sum()
    code.get(D1)
    code.op(W.f64Sub)
    code.op(W.f64Sub)
    code.get(D1)
    b()
    code.op(opcode === FLOAT_ADD ? W.f64Sub : W.f64Add)
    code.op(W.f64Eq)
  } else {
    const [x, y] = opcode === FLOAT_MUL ? [a, b] : [sum, b]
    trailingZeros(v, x)
    trailingZeros(v, y)
    code.op(W.i64Add)
    code.i64(53)
    code.op(W.i64GeU)
    if (opcode === FLOAT_DIV) {
      sum()
      b()
      code.op(W.f64Mul)
      a()
      code.op(W.f64Eq)
      code.op(W.i32And)
    }
  }
  code.op(W.i32Eqz)
  slowIf(v)
  f.end()
}

function scalarArithmetic(t: Format, opcode: number): Emitter {
  return (v) => {
    const { code, f } = v.c
    if (t === DOUBLE) needOrdinaryMode(v)
    else needPlainMode(v)
    pair(v, t)
    low(v, t, first(v))
    low(v, t, v.b)
    code.op(t.scalar.arithmetic[opcode] as number)
    code.set(t.local)
    code.get(t.local)
    code.op(t.scalar.abs)
    code[t.const](Number.POSITIVE_INFINITY)
    code.op(t.scalar.lt)
    code.op(W.i32Eqz)
    slowIf(v)
    if (opcode === FLOAT_MUL || opcode === FLOAT_DIV) {
      const fine = f.newLabel()
      f.block(fine)
      code.get(t.local)
      code.op(t.scalar.abs)
      code[t.const](2 * t.least)
      code.op(t.scalar.ge)
      f.brIf(fine)
      // Zero, from a zero among the operands; what a zero divisor gives is not finite.
      zeros(v, t, V2)
      code.simd(t.vector.mask)
      code.i32(3)
      code.op(W.i32And)
      code.op(W.i32Eqz)
      slowIf(v)
      f.end()
    }
    if (t === DOUBLE) needExactIfPrecise(v, opcode)
    scalarResult(v, t)
  }
}

/** The root of anything that is plain and not negative is normal or zero or infinite. */
function root(t: Format, packed: boolean): Emitter {
  return (v) => {
    const { code } = v.c
    needPlainMode(v)
    code.get(v.b)
    splat(v, t, t.least)
    code.simd(t.vector.ge)
    zeros(v, t, v.b)
    code.simd(V.or)
    needLanes(v, t, packed ? t.lanes : 1)
    if (packed) {
      code.get(v.b)
      code.simd(t.vector.sqrt)
      result(v)
      return
    }
    low(v, t, v.b)
    code.op(t.scalar.sqrt)
    code.set(t.local)
    scalarResult(v, t)
  }
}

/** MIN and MAX give B if both are zero, which is what wasm's pmin and pmax do with the operands exchanged. */
function extreme(t: Format, packed: boolean, maximum: boolean): Emitter {
  return (v) => {
    const { code } = v.c
    if (packed) {
      both(v, t)
      needLanes(v, t, t.lanes)
    } else pair(v, t)
    if (!packed) code.get(first(v))
    code.get(v.b)
    code.get(first(v))
    code.simd(maximum ? t.vector.pmax : t.vector.pmin)
    if (!packed) {
      code.lane(t.vector.extract, 0)
      code.lane(t.vector.replace, 0)
    }
    result(v)
  }
}

function compare(t: Format, packed: boolean): Emitter {
  return (v) => {
    const { code } = v.c
    if (packed) {
      both(v, t)
      needLanes(v, t, t.lanes)
    } else pair(v, t)
    const op = t.vector.compare[v.argument & 7] as number
    if (op === NEVER) code.get(VZERO)
    else {
      code.get(op === ALWAYS ? VZERO : first(v))
      code.get(op === ALWAYS ? VZERO : v.b)
      code.simd(op === ALWAYS ? V.eq32 : op)
    }
    if (!packed) {
      code.get(first(v))
      code.simd(V.shuffle)
      for (let i = 0; i < 16; i++) code.byte(i < t.bytes ? i : 16 + i)
    }
    result(v)
  }
}

/** COMISS, COMISD and their quiet kin, which differ for NaNs only: ZF and CF, all other flags 0. */
export function emitOrder(v: VectorUop): void {
  const { code } = v.c
  const t = v.detail >> 8 !== 0 ? DOUBLE : SINGLE
  pair(v, t)
  code.i64(0)
  code.i64(1)
  low(v, t, first(v))
  low(v, t, v.b)
  code.op(t.scalar.eq)
  code.op(W.select)
  code.set(FLAG_A)
  setParityCorrection(v.c)
  code.i64(3n << 62n)
  code.i64(0)
  low(v, t, first(v))
  low(v, t, v.b)
  code.op(t.scalar.lt)
  code.op(W.select)
  code.set(FLAG_B)
}

/** CVTSI2SS, CVTSI2SD: exact if the integer is small, else PE must be sticky. */
export function emitFromInteger(v: VectorUop): void {
  const { code, f } = v.c
  const t = v.detail >> 8 === 3 ? DOUBLE : SINGLE
  const wide = (v.uop.x & ~X_ALIGNED) === 8
  const memory = functionOf(v.uop) === FN_INTEGER_TO_FLOAT_MEMORY
  if (memory) {
    code.get(v.b)
    code.lane(V.extract64, 0)
  } else f.get(v.uop.s1)
  code.set(X1)
  if (wide || t === SINGLE) {
    // The magnitude fits the significand, or PE is sticky.
    const limit = t === DOUBLE ? 2n ** 53n : 2n ** 24n
    code.get(X1)
    if (!wide) {
      code.op(W.i32WrapI64)
      code.op(W.i64ExtendI32S)
    }
    code.i64(limit)
    code.op(W.i64Add)
    code.i64(2n * limit)
    code.op(W.i64LeU)
    needExactOrPlain(v)
  }
  code.get(X1)
  if (wide) code.op(t === DOUBLE ? W.f64ConvertI64S : W.f32ConvertI64S)
  else {
    code.op(W.i32WrapI64)
    code.op(t === DOUBLE ? W.f64ConvertI32S : W.f32ConvertI32S)
  }
  code.set(t.local)
  scalarResult(v, t)
}

/** CVTxx2SI, CVTTxx2SI: exact, or PE must be sticky; out of range is the core's. */
export function emitToInteger(v: VectorUop): void {
  const { code, f } = v.c
  const t = v.detail >> 8 === 3 ? DOUBLE : SINGLE
  const truncate = (v.detail & 1) === 0
  const wide = v.uop.x === 8
  low(v, t, v.b)
  code.op(t.scalar.round[truncate ? 3 : 0] as number)
  code.set(t.local)
  code.get(t.local)
  code.op(t.scalar.abs)
  code[t.const](wide ? 2 ** 63 : 2 ** 31)
  code.op(t.scalar.lt)
  code.op(W.i32Eqz)
  slowIf(v)
  code.get(t.local)
  low(v, t, v.b)
  code.op(t.scalar.eq)
  needExactOrPlain(v)
  code.get(t.local)
  if (wide) code.op(t === DOUBLE ? W.i64TruncF64S : W.i64TruncF32S)
  else {
    code.op(t === DOUBLE ? W.i32TruncF64S : W.i32TruncF32S)
    code.op(W.i64ExtendI32U)
  }
  f.set(v.uop.d)
}

/** CVTSS2SD: exact. */
function singleToDouble(v: VectorUop): void {
  const { code } = v.c
  plain(v, SINGLE, v.b)
  needLanes(v, SINGLE, 1)
  low(v, SINGLE, v.b)
  code.op(W.f64PromoteF32)
  code.set(D0)
  scalarResult(v, DOUBLE)
}

/** CVTPS2PD: exact. */
function singlesToDoubles(v: VectorUop): void {
  const { code } = v.c
  plain(v, SINGLE, v.b)
  needLanes(v, SINGLE, 2)
  code.get(v.b)
  code.simd(V.promoteLow)
  result(v)
}

/** Gives up unless V1, singles made from the lowest `count` doubles of B, is far from underflow and overflow, or zero for zero. */
function needSafeSingles(v: VectorUop, count: number): void {
  const { code } = v.c
  plain(v, DOUBLE, v.b)
  needLanes(v, DOUBLE, count)
  atLeast(v, SINGLE, V1, 2 * SINGLE.least)
  finite(v, SINGLE, V1)
  code.simd(V.and)
  // Zero for zero: the masks of B's doubles, brought to the singles' lanes.
  zeros(v, DOUBLE, v.b)
  code.get(VZERO)
  code.simd(V.shuffle)
  for (let i = 0; i < 16; i++) code.byte(i < 4 ? i : i < 8 ? 4 + i : 16)
  code.simd(V.or)
  needLanes(v, SINGLE, count)
}

/** CVTSD2SS. */
function doubleToSingle(v: VectorUop): void {
  const { code } = v.c
  needPlainMode(v)
  code.get(v.b)
  code.simd(V.demoteZero)
  code.set(V1)
  needSafeSingles(v, 1)
  code.get(first(v))
  code.get(V1)
  code.lane(V.extractSingle, 0)
  code.lane(V.replaceSingle, 0)
  result(v)
}

/** CVTPD2PS. */
function doublesToSingles(v: VectorUop): void {
  const { code } = v.c
  needPlainMode(v)
  code.get(v.b)
  code.simd(V.demoteZero)
  code.set(V1)
  needSafeSingles(v, 2)
  code.get(V1)
  result(v)
}

/** CVTDQ2PD is exact, CVTDQ2PS rounds. */
function fromIntegers(op: number): Emitter {
  return (v) => {
    if (op === V.convertToSingle) needPlainMode(v)
    v.c.code.get(v.b)
    v.c.code.simd(op)
    result(v)
  }
}

/** CVTPS2DQ, CVTTPS2DQ, CVTPD2DQ, CVTTPD2DQ. */
function toIntegers(t: Format, truncate: boolean): Emitter {
  return (v) => {
    const { code } = v.c
    needPlainMode(v)
    code.get(v.b)
    code.simd(t.vector.round[truncate ? 3 : 0] as number)
    code.set(V1)
    code.get(V1)
    code.simd(t.vector.abs)
    splat(v, t, 2 ** 31)
    code.simd(t.vector.lt)
    needLanes(v, t, t.lanes)
    code.get(V1)
    code.simd(t === SINGLE ? V.truncateSingle : V.truncateDoubleZero)
    result(v)
  }
}

/** ROUNDSS, ROUNDSD, ROUNDPS, ROUNDPD with a mode of their own or, where MXCSR is ordinary, with its. */
function round(t: Format, packed: boolean, immediate: number): Emitter {
  const mode = immediate & 4 ? 0 : immediate & 3
  return (v) => {
    const { code } = v.c
    if ((immediate & 12) !== 8) needPlainMode(v)
    plain(v, t, v.b)
    needLanes(v, t, packed ? t.lanes : 1)
    if (packed) {
      code.get(v.b)
      code.simd(t.vector.round[mode] as number)
      result(v)
      return
    }
    low(v, t, v.b)
    code.op(t.scalar.round[mode] as number)
    code.set(t.local)
    scalarResult(v, t)
  }
}

/** The quick way of an operation, undefined if there is none. */
export function floatEmitter(detail: number, immediate: number): Emitter | undefined {
  if (detail >= MAP_3A) {
    if (detail > ROUNDSD) return undefined
    return round((detail & 1) === 0 ? SINGLE : DOUBLE, detail < ROUNDSS, immediate)
  }
  const opcode = detail & 0xff
  const prefix = detail >> 8
  const t = (prefix & 1) === 0 ? SINGLE : DOUBLE
  const packed = prefix < 2
  switch (opcode) {
    case FLOAT_SQRT:
      return root(t, packed)
    case FLOAT_ADD:
    case FLOAT_MUL:
    case FLOAT_SUB:
    case FLOAT_DIV:
      return packed ? packedArithmetic(t, opcode) : scalarArithmetic(t, opcode)
    case FLOAT_MIN:
    case FLOAT_MAX:
      return extreme(t, packed, opcode === FLOAT_MAX)
    case FLOAT_COMPARE:
      return compare(t, packed)
    case FLOAT_FORMAT:
      return [singlesToDoubles, doublesToSingles, singleToDouble, doubleToSingle][prefix]
    case FLOAT_INTEGER:
      return prefix === 0 ? fromIntegers(V.convertToSingle) : toIntegers(SINGLE, prefix === 2)
    case FLOAT_INTEGER_DOUBLE:
      return prefix === 2 ? fromIntegers(V.convertToDouble) : toIntegers(DOUBLE, prefix === 1)
    default:
      return undefined
  }
}
