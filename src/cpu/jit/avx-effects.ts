// Which registers each function under a VEX prefix, and XSAVE and its kin, read and write (core/decode/avx-decode.ts); upper halves lie in the state.

import { SLOT_RAX, SLOT_RDX, SLOT_T0 } from '../numbers/operations.js'
import {
  FN_AVX_BLEND,
  FN_AVX_COMPARE,
  FN_AVX_DOT,
  FN_AVX_EXTRACT_HALF,
  FN_AVX_FLOAT,
  FN_AVX_FROM_GENERAL,
  FN_AVX_FROM_HALF,
  FN_AVX_GATHER,
  FN_AVX_INSERT,
  FN_AVX_INTEGER_TO_FLOAT,
  FN_AVX_MASKED_STORE,
  FN_AVX_MULTIPLY_ADD,
  FN_AVX_NARROW,
  FN_AVX_SIGN_MASK,
  FN_AVX_STORE,
  FN_AVX_TEST,
  FN_AVX_TO_HALF,
  FN_AVX_WIDEN,
  FN_AVX_ZERO,
  FN_XRSTOR,
  FN_XSAVE,
  VEX_IMMEDIATE,
  VEX_MEMORY,
  VEX_WIDE,
} from '../numbers/vector-functions.js'
import { functionOf, type Uop } from './uops.js'
import { ALL_VECTORS, type VectorEffects } from './vector-effects.js'

/** Those that may raise floating-point exceptions. */
const FLOATING = [
  FN_AVX_FLOAT,
  FN_AVX_COMPARE,
  FN_AVX_WIDEN,
  FN_AVX_NARROW,
  FN_AVX_INTEGER_TO_FLOAT,
  FN_AVX_DOT,
  FN_AVX_MULTIPLY_ADD,
  FN_AVX_FROM_HALF,
  FN_AVX_TO_HALF,
]

export function avxEffects(uop: Uop): VectorEffects {
  const fn = functionOf(uop)
  const { d, s1, s2 } = uop
  const isMemory = (uop.high & VEX_MEMORY) !== 0
  const base: VectorEffects = {
    reads: isMemory ? [SLOT_T0] : [],
    writes: [],
    vectorReads: isMemory || (uop.high & VEX_IMMEDIATE) !== 0 ? [d, s1] : [d, s1, s2],
    vectorWrites: [d],
    flags: false,
    mxcsr: FLOATING.includes(fn),
  }
  if (fn >= FN_XSAVE) {
    const loads = fn === FN_XRSTOR
    const vectorWrites = loads ? ALL_VECTORS : []
    return { ...base, reads: [SLOT_T0, SLOT_RAX, SLOT_RDX], vectorReads: ALL_VECTORS, vectorWrites, mxcsr: loads }
  }
  switch (fn) {
    case FN_AVX_STORE:
      return { ...base, vectorReads: [s2], vectorWrites: [] }
    case FN_AVX_MASKED_STORE:
      return { ...base, vectorReads: [s1, s2], vectorWrites: [] }
    case FN_AVX_EXTRACT_HALF:
    case FN_AVX_TO_HALF:
      return { ...base, vectorReads: isMemory ? [s2] : [d, s2], vectorWrites: isMemory ? [] : [d] }
    case FN_AVX_FROM_GENERAL:
    case FN_AVX_INTEGER_TO_FLOAT:
    case FN_AVX_INSERT:
      return { ...base, reads: isMemory ? [SLOT_T0] : [s2], vectorReads: [d, s1] }
    case FN_AVX_BLEND:
      return { ...base, vectorReads: [...base.vectorReads, (uop.high >> 4) & 15] }
    case FN_AVX_TEST:
      return { ...base, vectorWrites: [], flags: true }
    case FN_AVX_SIGN_MASK:
      return { ...base, reads: [d], writes: [d], vectorReads: [s2], vectorWrites: [] }
    case FN_AVX_ZERO: {
      const all = (uop.high & VEX_WIDE) !== 0 ? ALL_VECTORS : []
      return { ...base, vectorReads: all, vectorWrites: all }
    }
    case FN_AVX_GATHER:
      return { ...base, reads: [SLOT_T0], vectorWrites: [d, s1] }
    default:
      return base
  }
}
