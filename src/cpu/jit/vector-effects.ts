// Which registers each function of OP_SSE reads and writes (core/decode/sse-decode.ts, core/decode/sse-extended-decode.ts).
//
// Promises: what a function may write is among what it reads, because it writes nothing when it faults; so storing what it reads
// in front of the call and taking back what it writes behind it is always right.

import { SLOT_RAX, SLOT_RCX, SLOT_RDX, SLOT_T0 } from '../numbers/operations.js'
import {
  FN_AVX,
  FN_BLEND,
  FN_BLEND_MEMORY,
  FN_COPY,
  FN_COPY_LOW,
  FN_CRC32,
  FN_DOT,
  FN_DOT_MEMORY,
  FN_EMMS,
  FN_EXTRACT,
  FN_EXTRACT_MEMORY,
  FN_EXTRACT_WORD,
  FN_FLOAT,
  FN_FLOAT_MEMORY,
  FN_FLOAT_TO_INTEGER,
  FN_FLOAT_TO_INTEGER_MEMORY,
  FN_FROM_GENERAL,
  FN_FXRSTOR,
  FN_FXSAVE,
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
  FN_LOAD_MXCSR,
  FN_LOW_TO_HIGH,
  FN_MASKED_STORE,
  FN_MERGE,
  FN_MMX,
  FN_MMX_COPY,
  FN_MMX_EXTRACT_WORD,
  FN_MMX_FROM_GENERAL,
  FN_MMX_INSERT_WORD,
  FN_MMX_SIGN_MASK,
  FN_MMX_TO_GENERAL,
  FN_MMX_TO_VECTOR,
  FN_MMX_TO_VECTOR_MEMORY,
  FN_ORDER,
  FN_ORDER_MEMORY,
  FN_SIGN_MASK,
  FN_STORE,
  FN_STORE_HIGH,
  FN_STRING,
  FN_STRING_MEMORY,
  FN_TEST,
  FN_TEST_MEMORY,
  FN_TO_GENERAL,
  FN_VECTOR_TO_MMX,
  FN_X87,
  FN_X87_WAIT,
  IMMEDIATE_SOURCE,
} from '../numbers/vector-functions.js'
import { avxEffects } from './avx-effects.js'
import { detailOf, functionOf, type Uop } from './uops.js'

export const ALL_VECTORS: readonly number[] = Array.from({ length: 16 }, (_, r) => r)

export interface VectorEffects {
  /** Slots of general registers. */
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  /** Numbers of XMM registers. */
  readonly vectorReads: readonly number[]
  readonly vectorWrites: readonly number[]
  /** Reads or writes the arithmetic flags. */
  readonly flags: boolean
  /** May change MXCSR. */
  readonly mxcsr: boolean
}

const NONE: VectorEffects = { reads: [], writes: [], vectorReads: [], vectorWrites: [], flags: false, mxcsr: false }

/** Functions that come as register form, and memory form with the next number. */
const FLOAT_PAIRS = [
  FN_FLOAT,
  FN_INTEGER_TO_FLOAT,
  FN_FLOAT_TO_INTEGER,
  FN_ORDER,
  FN_MMX_TO_VECTOR,
  FN_VECTOR_TO_MMX,
  FN_DOT,
]

/** FN_X87, by (opcode & 7) * 256 + ModRM. */
function x87Effects(detail: number): Partial<VectorEffects> {
  const opcode = detail >> 8
  const modrm = detail & 0xff
  if (modrm < 0xc0) return { reads: [SLOT_T0] }
  if (detail === 0x7e0) return { reads: [SLOT_RAX], writes: [SLOT_RAX] } // FNSTSW AX
  const moves = (opcode === 2 || opcode === 3) && modrm < 0xe0 // FCMOVcc
  const compares = (opcode === 3 || opcode === 7) && modrm >= 0xe8 // FUCOMI, FCOMI
  return { flags: moves || compares }
}

export function vectorEffects(uop: Uop): VectorEffects {
  const fn = functionOf(uop)
  if (fn >= FN_AVX) return avxEffects(uop)
  const { d } = uop
  const s1 = uop.s1 & 15
  const slotD = uop.d & ~7
  const slotS = uop.s1 & ~7
  const mxcsr = FLOAT_PAIRS.includes(fn & ~1)
  const base: VectorEffects = { ...NONE, mxcsr }
  switch (fn) {
    case FN_INTEGER:
    case FN_FLOAT:
      return { ...base, vectorReads: uop.s1 === IMMEDIATE_SOURCE ? [d] : [d, s1], vectorWrites: [d] }
    case FN_INTEGER_MEMORY:
    case FN_FLOAT_MEMORY:
    case FN_LOAD:
    case FN_LOAD_LOW:
    case FN_LOAD_HIGH:
    case FN_INTEGER_TO_FLOAT_MEMORY:
    case FN_INSERT_WORD_MEMORY:
    case FN_MMX_TO_VECTOR_MEMORY:
    case FN_DOT_MEMORY:
    case FN_INSERT_MEMORY:
      return { ...base, reads: [SLOT_T0], vectorReads: [d], vectorWrites: [d] }
    case FN_STORE:
    case FN_STORE_HIGH:
    case FN_EXTRACT_MEMORY:
      return { ...base, reads: [SLOT_T0], vectorReads: [s1] }
    case FN_COPY:
    case FN_MERGE:
    case FN_HIGH_TO_LOW:
    case FN_LOW_TO_HIGH:
    case FN_COPY_LOW:
    case FN_DOT:
      return { ...base, vectorReads: [d, s1], vectorWrites: [d] }
    case FN_FROM_GENERAL:
    case FN_INTEGER_TO_FLOAT:
    case FN_INSERT_WORD:
    case FN_INSERT:
      return { ...base, reads: [slotS], vectorReads: [d], vectorWrites: [d] }
    case FN_TO_GENERAL:
    case FN_FLOAT_TO_INTEGER:
    case FN_SIGN_MASK:
    case FN_EXTRACT_WORD:
    case FN_EXTRACT:
      return { ...base, reads: [slotD], writes: [slotD], vectorReads: [s1] }
    case FN_FLOAT_TO_INTEGER_MEMORY:
      return { ...base, reads: [SLOT_T0, slotD], writes: [slotD] }
    case FN_ORDER:
    case FN_TEST:
      return { ...base, vectorReads: [d, s1], flags: true }
    case FN_ORDER_MEMORY:
    case FN_TEST_MEMORY:
      return { ...base, reads: [SLOT_T0], vectorReads: [d], flags: true }
    case FN_MASKED_STORE:
      return { ...base, reads: [SLOT_T0], vectorReads: [d, s1] }
    case FN_LOAD_MXCSR:
      return { ...base, reads: [SLOT_T0], mxcsr: true }
    case FN_FXSAVE:
      return { ...base, reads: [SLOT_T0], vectorReads: ALL_VECTORS }
    case FN_FXRSTOR:
      return { ...base, reads: [SLOT_T0], vectorReads: ALL_VECTORS, vectorWrites: ALL_VECTORS, mxcsr: true }
    case FN_MMX:
    case FN_MMX_COPY:
    case FN_EMMS:
    case FN_X87_WAIT:
      return base
    case FN_MMX_FROM_GENERAL:
    case FN_MMX_INSERT_WORD:
      return { ...base, reads: [slotS] }
    case FN_MMX_TO_GENERAL:
    case FN_MMX_EXTRACT_WORD:
    case FN_MMX_SIGN_MASK:
      return { ...base, reads: [slotD], writes: [slotD] }
    case FN_MMX_TO_VECTOR:
      return { ...base, vectorReads: [d], vectorWrites: [d] }
    case FN_VECTOR_TO_MMX:
      return { ...base, vectorReads: [s1] }
    case FN_X87:
      return { ...base, ...x87Effects(detailOf(uop)) }
    case FN_BLEND:
      return { ...base, vectorReads: [0, d, s1], vectorWrites: [d] }
    case FN_BLEND_MEMORY:
      return { ...base, reads: [SLOT_T0], vectorReads: [0, d], vectorWrites: [d] }
    case FN_STRING:
    case FN_STRING_MEMORY:
      return {
        ...base,
        reads: [SLOT_T0, SLOT_RAX, SLOT_RDX, SLOT_RCX],
        writes: [SLOT_RCX],
        vectorReads: fn === FN_STRING ? [0, d, s1] : [0, d],
        vectorWrites: [0],
        flags: true,
      }
    case FN_CRC32:
      return { ...base, reads: [slotD, slotS], writes: [slotD] }
    default: // the other ones of MMX with memory, and STMXCSR
      return { ...base, reads: [SLOT_T0] }
  }
}
