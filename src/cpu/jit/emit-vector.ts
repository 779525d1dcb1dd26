// OP_SSE inline: which function it is, its operands, and the two ways: the quick one here, and the core's (core/vector/sse.ts) for whatever the quick one
// does not cover, from a miss in the TLB to a floating-point exception.
//
// Promises: the quick way changes nothing before it is certain to end; MXCSR stays as it is on it. Registers and memory operand of
// each function: core/decode/sse-decode.ts.

import { TLB_ENTRY } from '../layouts.js'
import { LEAVE_UOP } from '../numbers/leaving.js'
import { OP_SSE, SLOT_T0 } from '../numbers/operations.js'
import {
  FN_AVX,
  FN_BLEND,
  FN_BLEND_MEMORY,
  FN_COPY,
  FN_COPY_LOW,
  FN_EXTRACT,
  FN_EXTRACT_MEMORY,
  FN_EXTRACT_WORD,
  FN_FLOAT,
  FN_FLOAT_MEMORY,
  FN_FLOAT_TO_INTEGER,
  FN_FLOAT_TO_INTEGER_MEMORY,
  FN_FROM_GENERAL,
  FN_HIGH_TO_LOW,
  FN_INSERT,
  FN_INSERT_MEMORY,
  FN_INSERT_WORD,
  FN_INSERT_WORD_MEMORY,
  FN_INTEGER,
  FN_INTEGER_MEMORY,
  FN_INTEGER_TO_FLOAT,
  FN_INTEGER_TO_FLOAT_MEMORY,
  FN_LOAD,
  FN_LOAD_HIGH,
  FN_LOAD_LOW,
  FN_LOW_TO_HIGH,
  FN_MERGE,
  FN_ORDER,
  FN_ORDER_MEMORY,
  FN_SIGN_MASK,
  FN_STORE,
  FN_STORE_HIGH,
  FN_TEST,
  FN_TEST_MEMORY,
  FN_TO_GENERAL,
  IMMEDIATE_SOURCE,
  UNDER_VEX,
  X_ALIGNED,
} from '../numbers/vector-functions.js'
import { BLENDVPS, MOVMSKPD, MOVMSKPS, PBLENDVB } from '../numbers/vector-operations.js'
import { type Context, WORDS } from './context.js'
import { avxShape, emitHalves, emitWholeStore } from './emit-avx.js'
import { callVector } from './emit-helper.js'
import { pointer, probe } from './emit-memory.js'
import { emitFromInteger, emitOrder, emitToInteger, floatEmitter } from './emit-vector-float.js'
import { extract, insert, integerEmitter } from './emit-vector-integer.js'
import { B_UPPER, FLAG_A, FLAG_B, V0, VZERO, X0 } from './locals.js'
import { detailOf, functionOf, type Uop } from './uops.js'
import { type Emitter, first, result, setParityCorrection, type VectorUop } from './vector-uop.js'
import { W } from './wasm.js'
import { V } from './wasm-simd.js'

interface Shape {
  readonly emit: Emitter
  /** Bytes of a memory operand that is read, 0: none. */
  readonly bytes?: number
  readonly aligned?: boolean
  /** May the quick way of the register form give up? */
  readonly partial?: boolean
  readonly flags?: boolean
}

const copy = (v: VectorUop) => {
  v.c.code.get(v.b)
  result(v)
}

/** A shuffle of A and B by quadwords. */
function quadwords(low: number, high: number): Emitter {
  return (v) => {
    const { code } = v.c
    code.get(first(v))
    code.get(v.b)
    code.simd(V.shuffle)
    for (const lane of [low, high]) for (let i = 0; i < 8; i++) code.byte(8 * lane + i)
    result(v)
  }
}

const merge = (v: VectorUop) => {
  const { code } = v.c
  code.get(first(v))
  code.get(v.b)
  if (v.uop.x === 4) {
    code.lane(V.extractSingle, 0)
    code.lane(V.replaceSingle, 0)
  } else {
    code.lane(V.extractDouble, 0)
    code.lane(V.replaceDouble, 0)
  }
  result(v)
}

const copyLow = (v: VectorUop) => {
  const { code } = v.c
  code.get(v.b)
  code.get(VZERO)
  code.simd(V.shuffle)
  for (let i = 0; i < 16; i++) code.byte(i < 8 ? i : 8 + i)
  result(v)
}

const fromGeneral = (v: VectorUop) => {
  const { code, f } = v.c
  code.get(VZERO)
  f.get(v.uop.s1)
  if (v.uop.x === 8) code.lane(V.replace64, 0)
  else {
    code.op(W.i32WrapI64)
    code.lane(V.replace32, 0)
  }
  result(v)
}

const toGeneral = (v: VectorUop) => {
  const { code, f } = v.c
  code.get(v.b)
  if (v.uop.x === 8) code.lane(V.extract64, 0)
  else {
    code.lane(V.extract32, 0)
    code.op(W.i64ExtendI32U)
  }
  f.set(v.uop.d)
}

const signMask = (v: VectorUop) => {
  const { code, f } = v.c
  code.get(v.b)
  code.simd(v.detail === MOVMSKPS ? V.bitMask32 : v.detail === MOVMSKPD ? V.bitMask64 : V.bitMask8)
  code.op(W.i64ExtendI32U)
  f.set(v.uop.d)
}

const blend = (v: VectorUop) => {
  const { code, f } = v.c
  code.get(v.b)
  code.get(first(v))
  code.get(f.vector(0))
  code.i32(v.detail === PBLENDVB ? 7 : v.detail === BLENDVPS ? 31 : 63)
  if (v.detail === PBLENDVB) code.simd(V.shrS8)
  else code.simd(v.detail === BLENDVPS ? V.shrS32 : V.shrS64)
  code.simd(V.bitSelect)
  result(v)
}

/** PTEST: ZF and CF as core/state/flags.ts has them, all others 0. */
const test = (v: VectorUop) => {
  const { code } = v.c
  code.get(v.b)
  code.get(first(v))
  code.simd(V.and)
  code.simd(V.anyTrue)
  code.op(W.i64ExtendI32U)
  code.set(FLAG_A)
  setParityCorrection(v.c)
  code.i64(0)
  code.i64(3n << 62n)
  code.get(v.b)
  code.get(first(v))
  code.simd(V.andNot)
  code.simd(V.anyTrue)
  code.op(W.select)
  code.set(FLAG_B)
}

/** Bytes of x, the operand's size; the alignment is checked where x says so. */
function sized(uop: Uop): { readonly bytes: number; readonly aligned: boolean } {
  return { bytes: uop.x & ~X_ALIGNED, aligned: (uop.x & X_ALIGNED) !== 0 }
}

/** The function's quick way, by its number in core/decode/sse-decode.ts and core/decode/sse-extended-decode.ts. */
function shape(uop: Uop): Shape | undefined {
  const detail = detailOf(uop)
  const fn = functionOf(uop)
  switch (fn) {
    case FN_INTEGER:
    case FN_INTEGER_MEMORY: {
      const emit = integerEmitter(detail)
      return emit && { emit, ...(fn === FN_INTEGER_MEMORY ? sized(uop) : {}) }
    }
    case FN_FLOAT:
    case FN_FLOAT_MEMORY: {
      const emit = floatEmitter(detail, uop.high)
      return emit && { emit, partial: true, ...(fn === FN_FLOAT_MEMORY ? sized(uop) : {}) }
    }
    case FN_LOAD:
      return { emit: copy, ...sized(uop) }
    case FN_COPY:
      return { emit: copy }
    case FN_MERGE:
      return { emit: merge }
    case FN_LOAD_LOW:
      return { emit: quadwords(2, 1), bytes: 8 }
    case FN_LOAD_HIGH:
      return { emit: quadwords(0, 2), bytes: 8 }
    case FN_HIGH_TO_LOW:
      return { emit: quadwords(3, 1) }
    case FN_LOW_TO_HIGH:
      return { emit: quadwords(0, 2) }
    case FN_COPY_LOW:
      return { emit: copyLow }
    case FN_FROM_GENERAL:
      return { emit: fromGeneral }
    case FN_TO_GENERAL:
      return { emit: toGeneral }
    case FN_INTEGER_TO_FLOAT:
      return { emit: emitFromInteger, partial: true }
    case FN_INTEGER_TO_FLOAT_MEMORY:
      return { emit: emitFromInteger, ...sized(uop) }
    case FN_FLOAT_TO_INTEGER:
      return { emit: emitToInteger, partial: true }
    case FN_FLOAT_TO_INTEGER_MEMORY:
      return { emit: emitToInteger, bytes: detail >> 8 === 3 ? 8 : 4 }
    case FN_ORDER:
      return { emit: emitOrder, partial: true, flags: true }
    case FN_ORDER_MEMORY:
      return { emit: emitOrder, ...sized(uop), flags: true }
    case FN_SIGN_MASK:
      return { emit: signMask }
    case FN_INSERT_WORD:
    case FN_INSERT:
      return { emit: insert }
    case FN_INSERT_WORD_MEMORY:
    case FN_INSERT_MEMORY:
      return { emit: insert, bytes: uop.x }
    case FN_EXTRACT_WORD:
    case FN_EXTRACT:
      return { emit: extract }
    case FN_BLEND:
      return { emit: blend }
    case FN_BLEND_MEMORY:
      return { emit: blend, ...sized(uop) }
    case FN_TEST:
      return { emit: test, flags: true }
    case FN_TEST_MEMORY:
      return { emit: test, ...sized(uop), flags: true }
    default:
      return undefined
  }
}

/** The address in T0: gives up unless all bytes lie in one page whose tag holds, and are aligned if they must be. */
function check(c: Context, slow: number, tag: number, bytes: number, aligned: boolean): void {
  const { code, f } = c
  f.get(SLOT_T0)
  probe(c, tag, bytes)
  code.op(W.i32Eqz)
  f.brIf(slow)
  if (!aligned) return
  code.get(X0)
  code.op(W.i32WrapI64)
  code.i32(bytes - 1)
  code.op(W.i32And)
  f.brIf(slow)
}

/** The memory operand, to V0; the upper one of two halves to B_UPPER. */
function loadOperand(c: Context, slow: number, bytes: number, aligned: boolean): void {
  const { code } = c
  check(c, slow, TLB_ENTRY.readTag, bytes, aligned)
  if (bytes < 4) code.get(VZERO)
  pointer(c)
  if (bytes >= 4) code.simdMemory(bytes >= 16 ? V.load : bytes === 8 ? V.load64Zero : V.load32Zero, 0)
  else {
    code.memory(bytes === 2 ? W.i64Load16U : W.i64Load8U, 0)
    code.lane(V.replace64, 0)
  }
  code.set(V0)
  if (bytes < 32) return
  pointer(c)
  code.simdMemory(V.load, 16)
  code.set(B_UPPER)
}

/** STORE, STORE_HIGH and EXTRACT_MEMORY: an element of s1 to memory. */
function storeElement(c: Context, uop: Uop, slow: number): void {
  const { code, f } = c
  const fn = functionOf(uop)
  const { bytes, aligned } = sized(uop)
  const element = fn === FN_STORE ? 0 : fn === FN_STORE_HIGH ? 1 : uop.high & (16 / bytes - 1)
  check(c, slow, TLB_ENTRY.writeTag, bytes, aligned)
  pointer(c)
  code.get(f.vector(uop.s1))
  if (bytes === 16) code.simdMemory(V.store, 0)
  else {
    const op = bytes === 8 ? V.store64Lane : bytes === 4 ? V.store32Lane : bytes === 2 ? V.store16Lane : V.store8Lane
    code.simdMemory(op, 0)
    code.byte(element)
  }
}

const VECTOR_SOURCE = [
  FN_INTEGER,
  FN_FLOAT,
  FN_COPY,
  FN_MERGE,
  FN_HIGH_TO_LOW,
  FN_LOW_TO_HIGH,
  FN_COPY_LOW,
  FN_TO_GENERAL,
  FN_FLOAT_TO_INTEGER,
  FN_ORDER,
  FN_SIGN_MASK,
  FN_EXTRACT_WORD,
  FN_BLEND,
  FN_TEST,
  FN_EXTRACT,
]

/** Leaves the function, once in a block, if the instruction may not run. */
function needAvailable(c: Context, avx: boolean): void {
  if (avx ? c.avxChecked : c.vectorsChecked) return
  c.prepareLeave(LEAVE_UOP)
  if (avx) c.f.avxOff()
  else c.f.vectorsOff()
  c.f.leaveIf()
  if (avx) c.avxChecked = true
  else c.vectorsChecked = true
}

/** Emits the quick way, which may give up, and behind it the core's. */
function withHelper(c: Context, uop: Uop, quick: (slow: number) => void): void {
  const { f } = c
  const done = f.newLabel()
  const slow = f.newLabel()
  const flags = c.form
  f.block(done)
  f.block(slow)
  quick(slow)
  f.br(done)
  f.end()
  c.form = flags
  callVector(c, uop)
  f.end()
}

function emitAvx(c: Context, uop: Uop): boolean {
  const form = avxShape(uop)
  if (form === undefined) return false
  needAvailable(c, true)
  const { bytes, aligned, half, whole } = form
  if (form.stores === true) {
    withHelper(c, uop, (slow) => {
      check(c, slow, TLB_ENTRY.writeTag, bytes, aligned)
      emitWholeStore(c, uop, () => pointer(c))
    })
  } else if (half === undefined) whole?.(c, uop)
  else if (bytes > 0 || form.partial === true) {
    withHelper(c, uop, (slow) => {
      if (bytes > 0) loadOperand(c, slow, bytes, aligned)
      emitHalves(c, uop, form, half, slow)
    })
  } else emitHalves(c, uop, form, half, undefined)
  return true
}

/** Emits an OP_SSE inline; false if it has no quick way. */
export function emitVector(c: Context, uop: Uop): boolean {
  if (uop.op !== OP_SSE) return false
  const { f } = c
  const fn = functionOf(uop)
  if (fn >= FN_AVX) return emitAvx(c, uop)
  const isStore = fn === FN_STORE || fn === FN_STORE_HIGH || fn === FN_EXTRACT_MEMORY
  const form = isStore ? undefined : shape(uop)
  if (!isStore && form === undefined) return false
  needAvailable(c, uop.s2 === UNDER_VEX)
  const bytes = form?.bytes ?? 0
  const quick = (slow: number | undefined): void => {
    if (slow !== undefined && isStore) storeElement(c, uop, slow)
    if (form === undefined) return
    if (slow !== undefined && bytes > 0) loadOperand(c, slow, bytes, form.aligned === true)
    const b = VECTOR_SOURCE.includes(fn) && uop.s1 !== IMMEDIATE_SOURCE ? f.vector(uop.s1) : V0
    form.emit({ c, uop, detail: detailOf(uop), argument: uop.high, b, slow })
  }
  if (isStore || bytes > 0 || form?.partial === true) withHelper(c, uop, quick)
  else quick(undefined)
  if (form?.flags === true) c.form = WORDS
  return true
}
