// Decoding of the vector side: SSE, SSE2, SSE3, MMX, x87, FXSAVE and their control registers; the maps 0F 38 and 0F 3A are
// sse-extended-decode.ts.
//
// Promises: for every opcode it takes, a complete uop sequence ending in one OP_SSE; for encodings that its opcodes
// leave undefined, #UD. `sseDecode` returns false for opcodes of others. All checks that depend on control registers
// (CR0.EM, CR0.TS, CR4.OSFXSR) are made when the uop runs, in sse.ts, because blocks outlive those bits.
//
// The uop: function FN_* (sse.ts) in the low 16 bits of the immediate, `detail` = prefix * 256 + opcode byte (prefix 0
// none, 1 66, 2 F3, 3 F2), argument = the instruction's own immediate; d and s1 = vector register numbers, or slot
// offsets where a general register is meant; x = bytes of the memory operand, + X_ALIGNED if it must be aligned.
// A memory operand's linear address is in T0.
import { OP_LEA16, OP_LEA32, OP_LEA64, OP_SSE, SEG_DS, SLOT_RDI, SLOT_T0, SLOT_ZERO } from '../../numbers/operations'
import {
  FN_COPY,
  FN_COPY_LOW,
  FN_EMMS,
  FN_EXTRACT_WORD,
  FN_FLOAT,
  FN_FLOAT_TO_INTEGER,
  FN_FLOAT_TO_INTEGER_MEMORY,
  FN_FROM_GENERAL,
  FN_FXRSTOR,
  FN_FXSAVE,
  FN_HIGH_TO_LOW,
  FN_INSERT_WORD,
  FN_INTEGER,
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
  FN_MMX_LOAD,
  FN_MMX_MASKED_STORE,
  FN_MMX_SIGN_MASK,
  FN_MMX_STORE,
  FN_MMX_TO_GENERAL,
  FN_MMX_TO_VECTOR,
  FN_ORDER,
  FN_SIGN_MASK,
  FN_STORE,
  FN_STORE_HIGH,
  FN_STORE_MXCSR,
  FN_TO_GENERAL,
  FN_VECTOR_TO_MMX,
  FN_X87,
  FN_X87_WAIT,
  FN_XSAVE,
  IMMEDIATE_SOURCE,
  X_ALIGNED,
} from '../../numbers/vector-functions'
import { Decoder, NO_SEGMENT } from './decoder'
import { functionImmediate } from '../blocks/ir'
import { cpuLevel } from '../state/layout'
import { XSAVE_BYTES } from '../../numbers/sizes'
import { extendedDecode } from './sse-extended-decode'

/** Bytes of the memory operand of a computing instruction; 0 if (prefix, opcode) is none. */
export function computeBytes(p: u32, o: u32): u32 {
  switch (o) {
    case 0x51:
    case 0x58:
    case 0x59:
    case 0x5c:
    case 0x5d:
    case 0x5e:
    case 0x5f:
    case 0xc2:
      return p < 2 ? 16 : p == 2 ? 4 : 8
    case 0x52:
    case 0x53:
      return p == 0 ? 16 : p == 2 ? 4 : 0
    case 0x14:
    case 0x15:
    case 0x54:
    case 0x55:
    case 0x56:
    case 0x57:
    case 0xc6:
      return p < 2 ? 16 : 0
    case 0x5a:
      return p == 1 ? 16 : p == 2 ? 4 : 8
    case 0x5b:
      return p < 3 ? 16 : 0
    case 0xe6:
      return p == 0 ? 0 : p == 2 ? 8 : 16
    case 0x70:
      return p != 0 ? 16 : 0
    case 0x12: // MOVSLDUP, MOVDDUP
      return p == 2 ? 16 : p == 3 ? 8 : 0
    case 0x16: // MOVSHDUP
      return p == 2 ? 16 : 0
    case 0x7c:
    case 0x7d:
    case 0xd0: // HADD, HSUB, ADDSUB
      return p & 1 ? 16 : 0
    default:
  }
  if (p != 1) return 0
  if ((o >= 0x60 && o <= 0x6d) || (o >= 0x74 && o <= 0x76)) return 16
  if (o >= 0xd1 && o <= 0xfe && o != 0xd6 && o != 0xd7 && o != 0xe6 && o != 0xe7 && o != 0xf0 && o != 0xf7) return 16
  return 0
}

/** Bytes of the memory operand of a computing MMX instruction (no prefix), or 0. */
function mmxBytes(o: u32): u32 {
  if (o >= 0x60 && o <= 0x62) return 4
  if ((o >= 0x63 && o <= 0x6b) || o == 0x70 || (o >= 0x74 && o <= 0x76)) return 8
  if (o >= 0xd1 && o <= 0xfe && o != 0xd6 && o != 0xd7 && o != 0xe6 && o != 0xe7 && o != 0xf0 && o != 0xf7) return 8
  return 0
}

export function isFloat(o: u32): bool {
  if (o == 0x51 || o == 0x52 || o == 0x53) return true
  if (o >= 0x58 && o <= 0x5f) return true
  return o == 0xc2 || o == 0xe6 || o == 0x7c || o == 0x7d || o == 0xd0
}

export function emitFunction(
  d: Decoder,
  fn: u32,
  destination: u32,
  source: u32,
  x: u32,
  detail: u32,
  argument: i32,
): void {
  d.emit(OP_SSE, destination, source, 0, x, functionImmediate(fn, detail, argument))
}

/** `fn` on registers, `fn + 1` on memory of `bytes`; an immediate byte follows if `immediate`. */
export function emitPair(d: Decoder, fn: u32, bytes: u32, aligned: bool, detail: u32, immediate: bool): void {
  d.immediateBytes = immediate ? 1 : 0
  const memory = d.mod != 3
  if (memory) d.address(bytes, false)
  const argument = immediate ? <i32>d.fetch8() : 0
  emitFunction(d, memory ? fn + 1 : fn, d.reg, memory ? 0 : d.rm, bytes | (aligned ? X_ALIGNED : 0), detail, argument)
}

export function emitLoad(d: Decoder, fn: u32, bytes: u32, aligned: bool, detail: u32): void {
  d.address(bytes, false)
  emitFunction(d, fn, d.reg, 0, bytes | (aligned ? X_ALIGNED : 0), detail, 0)
}

function emitStore(d: Decoder, fn: u32, bytes: u32, aligned: bool, detail: u32): void {
  d.address(bytes, true)
  emitFunction(d, fn, 0, d.reg, bytes | (aligned ? X_ALIGNED : 0), detail, 0)
}

function decodeSseMove(d: Decoder, p: u32, o: u32): bool {
  const detail = (p << 8) | o
  switch (o) {
    case 0x10:
    case 0x11: {
      d.fetchModrm()
      const bytes: u32 = p < 2 ? 16 : p == 2 ? 4 : 8
      const load = o == 0x10
      if (d.mod != 3) {
        if (load) emitLoad(d, FN_LOAD, bytes, false, detail)
        else emitStore(d, FN_STORE, bytes, false, detail)
      } else {
        emitFunction(d, p < 2 ? FN_COPY : FN_MERGE, load ? d.reg : d.rm, load ? d.rm : d.reg, bytes, detail, 0)
      }
      return true
    }
    case 0x12:
    case 0x16: {
      if (p > 1) return false
      d.fetchModrm()
      const high = o == 0x16
      if (d.mod != 3) emitLoad(d, high ? FN_LOAD_HIGH : FN_LOAD_LOW, 8, false, detail)
      else if (p == 0) emitFunction(d, high ? FN_LOW_TO_HIGH : FN_HIGH_TO_LOW, d.reg, d.rm, 8, detail, 0)
      else d.undefined()
      return true
    }
    case 0x13:
    case 0x17: {
      if (p > 1) return false
      d.fetchModrm()
      if (d.mod == 3) d.undefined()
      else emitStore(d, o == 0x17 ? FN_STORE_HIGH : FN_STORE, 8, false, detail)
      return true
    }
    case 0x28:
    case 0x29: {
      if (p > 1) return false
      d.fetchModrm()
      if (d.mod == 3) emitFunction(d, FN_COPY, o == 0x28 ? d.reg : d.rm, o == 0x28 ? d.rm : d.reg, 16, detail, 0)
      else if (o == 0x28) emitLoad(d, FN_LOAD, 16, true, detail)
      else emitStore(d, FN_STORE, 16, true, detail)
      return true
    }
    case 0x2b: {
      // MOVNTPS, MOVNTPD
      if (p > 1) return false
      d.fetchModrm()
      if (d.mod == 3) d.undefined()
      else emitStore(d, FN_STORE, 16, true, detail)
      return true
    }
    case 0x6e:
    case 0x7e: {
      if (p == 2 && o == 0x7e) {
        // MOVQ V, W
        d.fetchModrm()
        if (d.mod == 3) emitFunction(d, FN_COPY_LOW, d.reg, d.rm, 8, detail, 0)
        else emitLoad(d, FN_LOAD, 8, false, detail)
        return true
      }
      if (p > 1) return false
      d.fetchModrm()
      const bytes: u32 = d.rexW ? 8 : 4
      if (o == 0x6e) {
        if (d.mod != 3) emitLoad(d, p ? FN_LOAD : FN_MMX_LOAD, bytes, false, detail)
        else emitFunction(d, p ? FN_FROM_GENERAL : FN_MMX_FROM_GENERAL, d.reg, d.rm << 3, bytes, detail, 0)
      } else if (d.mod != 3) emitStore(d, p ? FN_STORE : FN_MMX_STORE, bytes, false, detail)
      else emitFunction(d, p ? FN_TO_GENERAL : FN_MMX_TO_GENERAL, d.rm << 3, d.reg, bytes, detail, 0)
      return true
    }
    case 0x6f:
    case 0x7f: {
      if (p > 2) return false
      d.fetchModrm()
      const load = o == 0x6f
      if (p == 0) {
        if (d.mod == 3) emitFunction(d, FN_MMX_COPY, load ? d.reg : d.rm, load ? d.rm : d.reg, 8, detail, 0)
        else if (load) emitLoad(d, FN_MMX_LOAD, 8, false, detail)
        else emitStore(d, FN_MMX_STORE, 8, false, detail)
      } else if (d.mod == 3) emitFunction(d, FN_COPY, load ? d.reg : d.rm, load ? d.rm : d.reg, 16, detail, 0)
      else if (load) emitLoad(d, FN_LOAD, 16, p == 1, detail)
      else emitStore(d, FN_STORE, 16, p == 1, detail)
      return true
    }
    case 0xd6: {
      if (p == 0) return false
      d.fetchModrm()
      if (p == 1) {
        // MOVQ W, V
        if (d.mod == 3) emitFunction(d, FN_COPY_LOW, d.rm, d.reg, 8, detail, 0)
        else emitStore(d, FN_STORE, 8, false, detail)
      } else if (d.mod != 3) d.undefined()
      else emitFunction(d, p == 2 ? FN_MMX_TO_VECTOR : FN_VECTOR_TO_MMX, d.reg, d.rm, 8, detail, 0)
      return true
    }
    case 0xf0: // LDDQU
      if (p != 3) return false
      d.fetchModrm()
      if (d.mod == 3) d.undefined()
      else emitLoad(d, FN_LOAD, 16, false, detail)
      return true
    case 0xe7: {
      // MOVNTQ, MOVNTDQ
      if (p > 1) return false
      d.fetchModrm()
      if (d.mod == 3) d.undefined()
      else if (p) emitStore(d, FN_STORE, 16, true, detail)
      else emitStore(d, FN_MMX_STORE, 8, false, detail)
      return true
    }
    case 0xc3: {
      // MOVNTI: a plain store, independent of the SSE state
      if (p != 0) return false
      d.fetchModrm()
      if (d.mod == 3) d.undefined()
      else {
        const bytes: u32 = d.rexW ? 8 : 4
        d.immediateBytes = 0
        d.storeRm(bytes, d.register(d.reg, bytes))
      }
      return true
    }
    default:
      return false
  }
}

function decodeSseGeneral(d: Decoder, p: u32, o: u32): bool {
  const detail = (p << 8) | o
  switch (o) {
    case 0x2a: {
      d.fetchModrm()
      if (p < 2) emitPair(d, FN_MMX_TO_VECTOR, 8, false, detail, false)
      else {
        const bytes: u32 = d.rexW ? 8 : 4
        if (d.mod != 3) emitLoad(d, FN_INTEGER_TO_FLOAT_MEMORY, bytes, false, detail)
        else emitFunction(d, FN_INTEGER_TO_FLOAT, d.reg, d.rm << 3, bytes, detail, 0)
      }
      return true
    }
    case 0x2c:
    case 0x2d: {
      d.fetchModrm()
      if (p < 2) emitPair(d, FN_VECTOR_TO_MMX, p ? 16 : 8, p == 1, detail, false)
      else {
        const memory = d.mod != 3
        if (memory) d.address(p == 2 ? 4 : 8, false)
        emitFunction(
          d,
          memory ? FN_FLOAT_TO_INTEGER_MEMORY : FN_FLOAT_TO_INTEGER,
          d.reg << 3,
          memory ? 0 : d.rm,
          d.rexW ? 8 : 4,
          detail,
          0,
        )
      }
      return true
    }
    case 0x2e:
    case 0x2f: {
      if (p > 1) return false
      d.fetchModrm()
      emitPair(d, FN_ORDER, p ? 8 : 4, false, detail, false)
      return true
    }
    case 0x50:
    case 0xd7: {
      if (p > 1) return false
      d.fetchModrm()
      if (d.mod != 3) d.undefined()
      else emitFunction(d, o == 0xd7 && p == 0 ? FN_MMX_SIGN_MASK : FN_SIGN_MASK, d.reg << 3, d.rm, 8, detail, 0)
      return true
    }
    case 0x71:
    case 0x72:
    case 0x73: {
      // Shifts by an immediate become shifts by a vector: opcodes D1..D3, E1, E2, F1..F3.
      if (p > 1) return false
      d.fetchModrm()
      const group = d.group()
      const count = <i32>d.fetch8()
      if (d.mod != 3) {
        d.undefined()
        return true
      }
      let operation: u32 = 0
      if (group == 2) operation = 0xd0 + (o & 3)
      else if (group == 6) operation = 0xf0 + (o & 3)
      else if (group == 4 && o != 0x73) operation = 0xe0 + (o & 3)
      else if (o == 0x73 && p == 1 && group == 3) operation = 0x73
      else if (o == 0x73 && p == 1 && group == 7) operation = 0x72
      if (operation == 0) d.undefined()
      else emitFunction(d, p ? FN_INTEGER : FN_MMX, d.rm, IMMEDIATE_SOURCE, 0, (p << 8) | operation, count)
      return true
    }
    case 0x77: {
      // EMMS
      if (p != 0) return false
      emitFunction(d, FN_EMMS, 0, 0, 0, detail, 0)
      return true
    }
    case 0xc4: {
      if (p > 1) return false
      d.fetchModrm()
      d.immediateBytes = 1
      const memory = d.mod != 3
      if (memory) d.address(2, false)
      const argument = <i32>d.fetch8()
      const fn = p ? FN_INSERT_WORD : FN_MMX_INSERT_WORD
      emitFunction(d, memory ? fn + 1 : fn, d.reg, memory ? 0 : d.rm << 3, 2, detail, argument)
      return true
    }
    case 0xc5: {
      if (p > 1) return false
      d.fetchModrm()
      const argument = <i32>d.fetch8()
      if (d.mod != 3) d.undefined()
      else emitFunction(d, p ? FN_EXTRACT_WORD : FN_MMX_EXTRACT_WORD, d.reg << 3, d.rm, 2, detail, argument)
      return true
    }
    case 0xf7: {
      if (p > 1) return false
      d.fetchModrm()
      if (d.mod != 3) d.undefined()
      else {
        // DS:rDI, or the overriding segment.
        const lea: u32 = d.addressSize == 8 ? OP_LEA64 : d.addressSize == 4 ? OP_LEA32 : OP_LEA16
        d.emit(lea, SLOT_T0, SLOT_RDI, SLOT_ZERO, 0, 0)
        d.emitSegment(SLOT_T0, SLOT_T0, d.segment == NO_SEGMENT ? SEG_DS : d.segment, 8 << p, true)
        emitFunction(d, p ? FN_MASKED_STORE : FN_MMX_MASKED_STORE, d.reg, d.rm, 8 << p, detail, 0)
      }
      return true
    }
    default:
      return false
  }
}

/** XSAVE and its kin: ModRM is fetched. */
export function emitXsave(d: Decoder, fn: u32, stores: bool): bool {
  d.address(XSAVE_BYTES, stores)
  emitFunction(d, fn, 0, 0, d.rexW ? 1 : 0, 0, 0)
  return true
}

/** 0F AE /0../3 on memory: FXSAVE, FXRSTOR, LDMXCSR, STMXCSR; /4../6 XSAVE, XRSTOR, XSAVEOPT. ModRM is fetched. False: not ours. */
function sseGroup15(d: Decoder): bool {
  if (d.mod == 3 || d.rep != 0 || d.operandOverride) return false
  if (d.group() > 3) return cpuLevel >= 3 && d.group() < 7 && emitXsave(d, FN_XSAVE + d.group() - 4, d.group() != 5)
  d.immediateBytes = 0
  switch (d.group()) {
    case 0:
      d.address(512, true)
      emitFunction(d, FN_FXSAVE, 0, 0, d.rexW ? 1 : 0, 0xae, 0)
      break
    case 1:
      d.address(512, false)
      emitFunction(d, FN_FXRSTOR, 0, 0, d.rexW ? 1 : 0, 0xae, 0)
      break
    case 2:
      d.address(4, false)
      emitFunction(d, FN_LOAD_MXCSR, 0, 0, 4, 0xae, 0)
      break
    default:
      d.address(4, true)
      emitFunction(d, FN_STORE_MXCSR, 0, 0, 4, 0xae, 0)
  }
  return true
}

/** Bytes of the memory operand of an x87 instruction, for the segment check. */
function x87Bytes(opcode: u32, group: u32, operandSize: u32): u32 {
  switch (opcode) {
    case 0xd8:
    case 0xda:
      return 4
    case 0xd9:
      if (group == 4 || group == 6) return operandSize == 2 ? 14 : 28
      return group == 5 || group == 7 ? 2 : 4
    case 0xdb:
      return group == 5 || group == 7 ? 10 : 4
    case 0xdc:
      return 8
    case 0xdd:
      if (group == 4 || group == 6) return operandSize == 2 ? 94 : 108
      return group == 7 ? 2 : 8
    case 0xde:
      return 2
    default:
      return group == 4 || group == 6 ? 10 : group == 5 || group == 7 ? 8 : 2
  }
}

/** Memory forms that store. */
function x87Stores(opcode: u32, group: u32): bool {
  switch (opcode) {
    case 0xd9:
      return group == 2 || group == 3 || group >= 6
    case 0xdb:
      return (group >= 1 && group <= 3) || group == 7
    case 0xdd:
      return (group >= 1 && group <= 3) || group >= 6
    case 0xdf:
      return (group >= 1 && group <= 3) || group >= 6
    default:
      return false
  }
}

/** Register forms (ModRM C0..FF) that exist; C0..FF of each opcode. */
function x87Exists(opcode: u32, modrm: u32): bool {
  if (modrm < 0xc0) {
    const group = (modrm >> 3) & 7
    if (opcode == 0xd9) return group != 1
    if (opcode == 0xdb) return group != 4 && group != 6
    if (opcode == 0xdd) return group != 5
    return true
  }
  switch (opcode) {
    case 0xd8:
    case 0xdc:
      return true
    case 0xd9:
      if (modrm < 0xd0 || modrm == 0xd0) return true
      if (modrm < 0xd8) return false
      if (modrm < 0xe0) return true // D8..DF: FSTP1, an old alias
      return modrm != 0xe2 && modrm != 0xe3 && modrm != 0xe6 && modrm != 0xe7 && modrm != 0xef
    case 0xda:
      return modrm < 0xe0 || modrm == 0xe9
    case 0xdb:
      return modrm < 0xe0 || (modrm >= 0xe0 && modrm <= 0xe4) || (modrm >= 0xe8 && modrm <= 0xf7)
    case 0xdd:
      return modrm < 0xf0
    case 0xde:
      return modrm < 0xd8 || modrm == 0xd9 || modrm >= 0xe0
    default:
      return modrm < 0xe0 || modrm == 0xe0 || (modrm >= 0xe8 && modrm <= 0xf7)
  }
}

function decodeX87(d: Decoder, opcode: u32): void {
  d.fetchModrm()
  if (!x87Exists(opcode, d.modrm)) {
    d.undefined()
    return
  }
  const size: u32 = d.operandSize == 2 ? 2 : 4
  if (d.mod != 3) {
    d.immediateBytes = 0
    d.address(x87Bytes(opcode, d.group(), size), x87Stores(opcode, d.group()))
  }
  emitFunction(d, FN_X87, 0, 0, size, ((opcode & 7) << 8) | d.modrm, 0)
}

/** True if the opcode is of the vector side (then decoded, perhaps as #UD). */
export function sseDecode(d: Decoder, opcode: u32): bool {
  if (opcode >= 0xd8 && opcode <= 0xdf) {
    decodeX87(d, opcode)
    return true
  }
  if (opcode == 0x9b) {
    emitFunction(d, FN_X87_WAIT, 0, 0, 0, 0, 0)
    return true
  }
  if (opcode > 0xffff) return extendedDecode(d, opcode)
  if (opcode >> 8 != 0x0f) return false
  const o = opcode & 0xff
  if (o == 0xae) return sseGroup15(d)
  const p: u32 = d.rep == 0xf3 ? 2 : d.rep == 0xf2 ? 3 : d.operandOverride ? 1 : 0
  const bytes = computeBytes(p, o)
  if (bytes) {
    d.fetchModrm()
    const immediate = o == 0x70 || o == 0xc2 || o == 0xc6
    emitPair(d, isFloat(o) ? FN_FLOAT : FN_INTEGER, bytes, bytes == 16, (p << 8) | o, immediate)
    return true
  }
  if (p == 0) {
    const mmx = mmxBytes(o)
    if (mmx) {
      d.fetchModrm()
      emitPair(d, FN_MMX, mmx, false, o, o == 0x70)
      return true
    }
  }
  return decodeSseMove(d, p, o) || decodeSseGeneral(d, p, o)
}
