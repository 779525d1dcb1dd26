// Functions under a VEX prefix inline: those that do in each half what SSE does in one, moves, broadcasts, sign masks and VZEROUPPER. All others are calls of
// the core.
//
// Promises: as emit-vector.ts. Lower halves are locals, as XMM registers are; upper ones stay in the state. Both halves are computed before either is
// written, since a destination may be a source.

import {
  FN_AVX_BROADCAST,
  FN_AVX_COMPARE,
  FN_AVX_COPY,
  FN_AVX_FLOAT,
  FN_AVX_FROM_GENERAL,
  FN_AVX_INTEGER,
  FN_AVX_MERGE,
  FN_AVX_SHIFT,
  FN_AVX_SIGN_MASK,
  FN_AVX_STORE,
  FN_AVX_ZERO,
  VEX_IMMEDIATE,
  VEX_MEMORY,
  VEX_WIDE,
  X_ALIGNED,
} from '../numbers/vector-functions.js'
import { BLENDPD, BLENDPS, INSERTPS, MOVMSKPD, MOVMSKPS, MPSADBW, SHUFPD } from '../numbers/vector-operations.js'
import { STATE_YMM_UPPER } from '../state-layout.js'
import type { Context } from './context.js'
import { floatEmitter } from './emit-vector-float.js'
import { integerEmitter } from './emit-vector-integer.js'
import { A_UPPER, B_UPPER, C, LOWER, UPPER, V0, VZERO } from './locals.js'
import { detailOf, functionOf, type Uop } from './uops.js'
import { type Emitter, first, result, type VectorUop } from './vector-uop.js'
import { W } from './wasm.js'
import { V } from './wasm-simd.js'

/** What is emitted of a function: an operation on halves, with or without its first source, or all of it. */
export interface AvxShape {
  readonly half?: Emitter
  readonly whole?: (c: Context, uop: Uop) => void
  readonly unary?: boolean
  readonly wide: boolean
  /** Bytes of a memory operand, 0: none. */
  readonly bytes: number
  readonly aligned: boolean
  readonly stores?: boolean
  /** May the quick way give up although no memory is read? */
  readonly partial?: boolean
}

const copy: Emitter = (v) => {
  v.c.code.get(v.b)
  result(v)
}

/** The low `bytes` of B, over and over. */
function repeat(bytes: number): Emitter {
  return (v) => {
    const { code } = v.c
    code.get(v.b)
    code.get(v.b)
    code.simd(V.shuffle)
    for (let i = 0; i < 16; i++) code.byte(i % bytes)
    result(v)
  }
}

/** The low `bytes` of B, and what is above them of A; without an A zero. */
function lowOf(bytes: number, binary: boolean): Emitter {
  return (v) => {
    const { code } = v.c
    code.get(v.b)
    code.get(binary ? first(v) : VZERO)
    code.simd(V.shuffle)
    for (let i = 0; i < 16; i++) code.byte(i < bytes ? i : 16 + i)
    result(v)
  }
}

/** As `upperImmediate` of core/vector/avx.ts. */
function upperImmediate(detail: number, immediate: number): number {
  if (detail === SHUFPD || detail === BLENDPD) return immediate >> 2
  if (detail === MPSADBW) return immediate >> 3
  return detail === BLENDPS ? immediate >> 4 : immediate
}

function signMask(c: Context, uop: Uop): void {
  const { code, f } = c
  const detail = detailOf(uop)
  const op = detail === MOVMSKPS ? V.bitMask32 : detail === MOVMSKPD ? V.bitMask64 : V.bitMask8
  code.get(f.vector(uop.s2))
  code.simd(op)
  if ((uop.high & VEX_WIDE) !== 0) {
    pushUpper(c, uop.s2)
    code.simd(op)
    code.i32(detail === MOVMSKPS ? 4 : detail === MOVMSKPD ? 2 : 16)
    code.op(W.i32Shl)
    code.op(W.i32Or)
  }
  code.op(W.i64ExtendI32U)
  f.set(uop.d)
}

function pushUpper(c: Context, r: number): void {
  c.code.get(C)
  c.code.simdMemory(V.load, STATE_YMM_UPPER + 16 * r)
}

/** Stores what `value` pushes as the upper half of register r. */
function storeUpper(c: Context, r: number, value: number): void {
  c.code.get(C)
  c.code.get(value)
  c.code.simdMemory(V.store, STATE_YMM_UPPER + 16 * r)
}

function fromGeneral(c: Context, uop: Uop): void {
  const { code, f } = c
  code.get(VZERO)
  f.get(uop.s2)
  if (uop.x === 8) code.lane(V.replace64, 0)
  else {
    code.op(W.i32WrapI64)
    code.lane(V.replace32, 0)
  }
  code.set(f.vectorWritten(uop.d))
  storeUpper(c, uop.d, VZERO)
}

function zeroUpper(c: Context): void {
  for (let r = 0; r < 16; r++) storeUpper(c, r, VZERO)
}

/** The function's quick way; undefined if there is none. */
export function avxShape(uop: Uop): AvxShape | undefined {
  const detail = detailOf(uop)
  const immediate = uop.high & 0xff
  const bytes = (uop.high & VEX_MEMORY) === 0 ? 0 : uop.x & ~X_ALIGNED
  const base = { wide: (uop.high & VEX_WIDE) !== 0, bytes, aligned: (uop.x & X_ALIGNED) !== 0 }
  const halves = (half: Emitter | undefined, more: Partial<AvxShape> = {}) => half && { ...base, half, ...more }
  switch (functionOf(uop)) {
    case FN_AVX_INTEGER:
      return detail === INSERTPS ? undefined : halves(integerEmitter(detail))
    case FN_AVX_SHIFT:
      return halves(integerEmitter(detail))
    case FN_AVX_FLOAT:
      return halves(floatEmitter(detail, immediate), { partial: true })
    case FN_AVX_COMPARE:
      return immediate > 7 ? undefined : halves(floatEmitter(detail, immediate), { partial: true })
    case FN_AVX_COPY: {
      const size = uop.x & ~X_ALIGNED
      return halves(size < 16 && bytes === 0 ? lowOf(size, false) : copy, { wide: size === 32, unary: true })
    }
    case FN_AVX_MERGE:
      return halves(lowOf(uop.x, true), { wide: false })
    case FN_AVX_BROADCAST:
      return halves(repeat(uop.x), { unary: true })
    case FN_AVX_STORE:
      return { ...base, stores: true }
    case FN_AVX_SIGN_MASK:
      return { ...base, whole: signMask }
    case FN_AVX_FROM_GENERAL:
      return { ...base, whole: fromGeneral }
    case FN_AVX_ZERO:
      return base.wide ? undefined : { ...base, whole: zeroUpper }
    default:
      return undefined
  }
}

/** Emits both halves and writes them. Memory is in V0 and B_UPPER by now. */
export function emitHalves(c: Context, uop: Uop, shape: AvxShape, half: Emitter, slow: number | undefined): void {
  const { code, f } = c
  const detail = detailOf(uop)
  const isImmediate = (uop.high & VEX_IMMEDIATE) !== 0
  const isMemory = shape.bytes > 0
  const immediate = uop.high & 0xff
  const isOneCount = functionOf(uop) === FN_AVX_SHIFT || functionOf(uop) === FN_AVX_BROADCAST
  const a = shape.unary === true ? VZERO : f.vector(uop.s1)
  const b = isMemory || isImmediate ? V0 : f.vector(uop.s2)
  const v: VectorUop = { c, uop, detail, argument: immediate, a, b, out: LOWER, slow }
  half(v)
  if (shape.wide) {
    if (shape.unary !== true) {
      pushUpper(c, uop.s1)
      code.set(A_UPPER)
    }
    let upper = isOneCount || isImmediate ? b : B_UPPER
    if (upper === B_UPPER && !isMemory) {
      if (shape.unary !== true && uop.s1 === uop.s2) upper = A_UPPER
      else {
        pushUpper(c, uop.s2)
        code.set(B_UPPER)
      }
    }
    half({ ...v, argument: upperImmediate(detail, immediate), a: A_UPPER, b: upper, out: UPPER })
  }
  code.get(LOWER)
  code.set(f.vectorWritten(uop.d))
  storeUpper(c, uop.d, shape.wide ? UPPER : VZERO)
}

/** Register s2, 16 or 32 bytes of it, to the place that `place` pushes. */
export function emitWholeStore(c: Context, uop: Uop, place: () => void): void {
  const { code, f } = c
  place()
  code.get(f.vector(uop.s2))
  code.simdMemory(V.store, 0)
  if ((uop.x & ~X_ALIGNED) === 16) return
  place()
  pushUpper(c, uop.s2)
  code.simdMemory(V.store, 16)
}
