// Which registers each function of OP_SSE reads and writes (core/decode/sse-decode.ts, core/decode/sse-extended-decode.ts).
//
// Promises: what a function may write is among what it reads, because it writes nothing when it faults; so storing what it reads
// in front of the call and taking back what it writes behind it is always right.
import { SLOT_T0, type Uop } from './uops.js'

const RAX = 0
const RCX = 1 << 3
const RDX = 2 << 3
const ALL: readonly number[] = Array.from({ length: 16 }, (_, r) => r)
/** As s1: there is no source register. */
const IMMEDIATE_SOURCE = 255

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
const FLOAT_PAIRS = [2, 18, 20, 22, 44, 46, 54]

/** FN_X87, by (opcode & 7) * 256 + ModRM. */
function x87Effects(detail: number): Partial<VectorEffects> {
  const opcode = detail >> 8
  const modrm = detail & 0xff
  if (modrm < 0xc0) return { reads: [SLOT_T0] }
  if (detail === 0x7e0) return { reads: [RAX], writes: [RAX] } // FNSTSW AX
  const moves = (opcode === 2 || opcode === 3) && modrm < 0xe0 // FCMOVcc
  const compares = (opcode === 3 || opcode === 7) && modrm >= 0xe8 // FUCOMI, FCOMI
  return { flags: moves || compares }
}

export function vectorEffects(uop: Uop): VectorEffects {
  const fn = uop.low & 0xffff
  const { d } = uop
  const s1 = uop.s1 & 15
  const slotD = uop.d & ~7
  const slotS = uop.s1 & ~7
  const mxcsr = FLOAT_PAIRS.includes(fn & ~1)
  const base: VectorEffects = { ...NONE, mxcsr }
  switch (fn) {
    case 0: // INTEGER
    case 2: // FLOAT
      return { ...base, vectorReads: uop.s1 === IMMEDIATE_SOURCE ? [d] : [d, s1], vectorWrites: [d] }
    case 1:
    case 3:
    case 6: // LOAD
    case 10: // LOAD_LOW
    case 11: // LOAD_HIGH
    case 19: // INTEGER_TO_FLOAT_MEMORY
    case 26: // INSERT_WORD_MEMORY
    case 45: // MMX_TO_VECTOR_MEMORY
    case 55: // DOT_MEMORY
    case 59: // INSERT_MEMORY
      return { ...base, reads: [SLOT_T0], vectorReads: [d], vectorWrites: [d] }
    case 7: // STORE
    case 12: // STORE_HIGH
    case 61: // EXTRACT_MEMORY
      return { ...base, reads: [SLOT_T0], vectorReads: [s1] }
    case 8: // COPY
    case 9: // MERGE
    case 13: // HIGH_TO_LOW
    case 14: // LOW_TO_HIGH
    case 15: // COPY_LOW
    case 54: // DOT
      return { ...base, vectorReads: [d, s1], vectorWrites: [d] }
    case 16: // FROM_GENERAL
    case 18: // INTEGER_TO_FLOAT
    case 25: // INSERT_WORD
    case 58: // INSERT
      return { ...base, reads: [slotS], vectorReads: [d], vectorWrites: [d] }
    case 17: // TO_GENERAL
    case 20: // FLOAT_TO_INTEGER
    case 24: // SIGN_MASK
    case 27: // EXTRACT_WORD
    case 60: // EXTRACT
      return { ...base, reads: [slotD], writes: [slotD], vectorReads: [s1] }
    case 21: // FLOAT_TO_INTEGER_MEMORY
      return { ...base, reads: [SLOT_T0, slotD], writes: [slotD] }
    case 22: // ORDER
    case 52: // TEST
      return { ...base, vectorReads: [d, s1], flags: true }
    case 23:
    case 53:
      return { ...base, reads: [SLOT_T0], vectorReads: [d], flags: true }
    case 28: // MASKED_STORE
      return { ...base, reads: [SLOT_T0], vectorReads: [d, s1] }
    case 29: // LOAD_MXCSR
      return { ...base, reads: [SLOT_T0], mxcsr: true }
    case 31: // FXSAVE
      return { ...base, reads: [SLOT_T0], vectorReads: ALL }
    case 32: // FXRSTOR
      return { ...base, reads: [SLOT_T0], vectorReads: ALL, vectorWrites: ALL, mxcsr: true }
    case 4: // MMX
    case 35: // MMX_COPY
    case 43: // EMMS
    case 49: // X87_WAIT
      return base
    case 36: // MMX_FROM_GENERAL
    case 38: // MMX_INSERT_WORD
      return { ...base, reads: [slotS] }
    case 37: // MMX_TO_GENERAL
    case 40: // MMX_EXTRACT_WORD
    case 41: // MMX_SIGN_MASK
      return { ...base, reads: [slotD], writes: [slotD] }
    case 44: // MMX_TO_VECTOR
      return { ...base, vectorReads: [d], vectorWrites: [d] }
    case 46: // VECTOR_TO_MMX
      return { ...base, vectorReads: [s1] }
    case 48:
      return { ...base, ...x87Effects(uop.low >>> 16) }
    case 50: // BLEND
      return { ...base, vectorReads: [0, d, s1], vectorWrites: [d] }
    case 51:
      return { ...base, reads: [SLOT_T0], vectorReads: [0, d], vectorWrites: [d] }
    case 56: // STRING
    case 57:
      return {
        ...base,
        reads: [SLOT_T0, RAX, RDX, RCX],
        writes: [RCX],
        vectorReads: fn === 56 ? [0, d, s1] : [0, d],
        vectorWrites: [0],
        flags: true,
      }
    case 62: // CRC32
      return { ...base, reads: [slotD, slotS], writes: [slotD] }
    default: // the other ones of MMX with memory, and STMXCSR
      return { ...base, reads: [SLOT_T0] }
  }
}
