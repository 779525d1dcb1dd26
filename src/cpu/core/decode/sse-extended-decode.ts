// Decoding of the three-byte maps 0F 38 and 0F 3A: SSSE3, SSE4.1, SSE4.2 (SDM 2D tables ).
//
// Promises and uop as in sse-decode.ts, with `detail` = map (1 = 0F 38, 2 = 0F 3A) * 4096 + prefix * 256 + opcode byte. What is not here
// is left to others, and so #UD: MOVBE, AES, SHA, carry-less multiplication, everything with a VEX prefix.
import {
  FN_BLEND,
  FN_CRC32,
  FN_DOT,
  FN_EXTRACT,
  FN_EXTRACT_MEMORY,
  FN_FLOAT,
  FN_INSERT,
  FN_INSERT_MEMORY,
  FN_INTEGER,
  FN_LOAD,
  FN_MMX,
  FN_STRING,
  FN_STRING_MEMORY,
  FN_TEST,
} from '../../numbers/vector-functions'
import { Decoder } from './decoder'
import { emitFunction, emitLoad, emitPair } from './sse-decode'

/** Bytes of the memory operand of PMOVSX and PMOVZX: BW BD BQ WD WQ DQ. */
export function extensionBytes(o: u32): u32 {
  switch (o & 7) {
    case 1:
    case 4:
      return 4
    case 2:
      return 2
    default:
      return 8
  }
}

function decode38(d: Decoder, p: u32, o: u32): bool {
  const detail = 0x1000 | (p << 8) | o
  if (o >= 0xf0) {
    // CRC32 r, r/m8 and r, r/m16/32/64; without F2 these are MOVBE.
    if (o > 0xf1 || p != 3) return false
    d.fetchModrm()
    d.immediateBytes = 0
    const size: u32 = o == 0xf0 ? 1 : d.operandSize
    const source = d.loadRm(size)
    emitFunction(d, FN_CRC32, d.reg << 3, source, size, detail, 0)
    return true
  }
  const ssse3 = o <= 0x0b || (o >= 0x1c && o <= 0x1e)
  if (p > 1 || (p == 0 && !ssse3)) return false
  if (ssse3 || o == 0x28 || o == 0x29 || o == 0x2b || (o >= 0x37 && o <= 0x41)) {
    d.fetchModrm()
    if (p) emitPair(d, FN_INTEGER, 16, true, detail, false)
    else emitPair(d, FN_MMX, 8, false, detail, false)
    return true
  }
  if ((o >= 0x20 && o <= 0x25) || (o >= 0x30 && o <= 0x35)) {
    d.fetchModrm()
    emitPair(d, FN_INTEGER, extensionBytes(o), false, detail, false)
    return true
  }
  switch (o) {
    case 0x10:
    case 0x14:
    case 0x15:
      d.fetchModrm()
      emitPair(d, FN_BLEND, 16, true, detail, false)
      return true
    case 0x17:
      d.fetchModrm()
      emitPair(d, FN_TEST, 16, true, detail, false)
      return true
    case 0x2a: // MOVNTDQA
      d.fetchModrm()
      d.immediateBytes = 0
      if (d.mod == 3) d.undefined()
      else emitLoad(d, FN_LOAD, 16, true, detail)
      return true
    default:
      return false
  }
}

function decode3a(d: Decoder, p: u32, o: u32): bool {
  const detail = 0x2000 | (p << 8) | o
  if (p == 0 && o == 0x0f) {
    d.fetchModrm()
    emitPair(d, FN_MMX, 8, false, detail, true)
    return true
  }
  if (p != 1) return false
  switch (o) {
    case 0x08:
    case 0x09:
      d.fetchModrm()
      emitPair(d, FN_FLOAT, 16, true, detail, true)
      return true
    case 0x0a:
    case 0x0b:
      d.fetchModrm()
      emitPair(d, FN_FLOAT, o == 0x0a ? 4 : 8, false, detail, true)
      return true
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x0f:
    case 0x42:
      d.fetchModrm()
      emitPair(d, FN_INTEGER, 16, true, detail, true)
      return true
    case 0x40:
    case 0x41:
      d.fetchModrm()
      emitPair(d, FN_DOT, 16, true, detail, true)
      return true
    case 0x14:
    case 0x15:
    case 0x16:
    case 0x17: {
      d.fetchModrm()
      const bytes: u32 = o == 0x14 ? 1 : o == 0x15 ? 2 : o == 0x16 && d.rexW ? 8 : 4
      d.immediateBytes = 1
      const memory = d.mod != 3
      if (memory) d.address(bytes, true)
      const argument = <i32>d.fetch8()
      emitFunction(d, memory ? FN_EXTRACT_MEMORY : FN_EXTRACT, memory ? 0 : d.rm << 3, d.reg, bytes, detail, argument)
      return true
    }
    case 0x20:
    case 0x22: {
      d.fetchModrm()
      const bytes: u32 = o == 0x20 ? 1 : d.rexW ? 8 : 4
      d.immediateBytes = 1
      const memory = d.mod != 3
      if (memory) d.address(bytes, false)
      const argument = <i32>d.fetch8()
      emitFunction(d, memory ? FN_INSERT_MEMORY : FN_INSERT, d.reg, memory ? 0 : d.rm << 3, bytes, detail, argument)
      return true
    }
    case 0x21: {
      // INSERTPS: in memory there is one element to choose
      d.fetchModrm()
      d.immediateBytes = 1
      const memory = d.mod != 3
      if (memory) d.address(4, false)
      const argument = <i32>d.fetch8()
      emitFunction(
        d,
        memory ? FN_INTEGER + 1 : FN_INTEGER,
        d.reg,
        memory ? 0 : d.rm,
        4,
        detail,
        memory ? argument & 0x3f : argument,
      )
      return true
    }
    case 0x60:
    case 0x61:
    case 0x62:
    case 0x63: {
      d.fetchModrm()
      d.immediateBytes = 1
      const memory = d.mod != 3
      if (memory) d.address(16, false)
      const argument = <i32>d.fetch8()
      emitFunction(d, memory ? FN_STRING_MEMORY : FN_STRING, d.reg, memory ? 0 : d.rm, d.rexW ? 8 : 4, detail, argument)
      return true
    }
    default:
      return false
  }
}

/** `opcode` is 0F38NN or 0F3ANN; false if it is not of these extensions. */
export function extendedDecode(d: Decoder, opcode: u32): bool {
  const p: u32 = d.rep == 0xf3 ? 2 : d.rep == 0xf2 ? 3 : d.operandOverride ? 1 : 0
  return opcode >> 8 == 0x0f38 ? decode38(d, p, opcode & 0xff) : decode3a(d, p, opcode & 0xff)
}
