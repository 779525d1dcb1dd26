// Two-byte (0F) integer opcodes to uops; what is not here is asked of system-decode.ts and sse-decode.ts.
import {
  COLD_BSF,
  COLD_BSR,
  COLD_CMPXCHG,
  COLD_CMPXCHG16B,
  COLD_CMPXCHG8B,
  COLD_LZCNT,
  COLD_POPCNT,
  COLD_SHLD,
  COLD_SHRD,
  COLD_TZCNT,
} from '../../numbers/integer-functions'
import {
  OP_ADDF,
  OP_BSWAP32,
  OP_BSWAP64,
  OP_CC,
  OP_JCC,
  OP_MOV16,
  OP_MOV64,
  OP_MOV8,
  OP_NOP,
  OP_SELECT16,
  OP_SELECT32,
  OP_SELECT64,
  SLOT_T0,
  SLOT_T1,
  SLOT_T2,
  SLOT_T3,
  SLOT_ZERO,
} from '../../numbers/operations'
import { Decoder, sizeIndex } from './decoder'
import { systemDecode } from './system-decode'
import { FN_XSAVEC } from '../../numbers/vector-functions'
import { emitXsave, sseDecode } from './sse-decode'
import { moveSwapped } from './bit-decode'
import { cpuLevel } from '../state/layout'
import { cold, setBranch, branchDisplacement, sx, zx, bitTest, multiplyOp } from './decode-forms'

export function decodeTwoByte(d: Decoder): void {
  const op = d.fetch8()
  if (d.broken) return
  const size: u32 = op & 1 ? d.operandSize : 1
  if ((op & 0xf0) == 0x80) {
    setBranch(d, branchDisplacement(d))
    d.emit(OP_JCC + (op & 15), 0, 0, 0, 0, 0)
    return
  }
  if ((op & 0xf0) == 0x90) {
    d.fetchModrm()
    // The memory operand's segment check comes before; the flags are read without change.
    d.emit(OP_CC, SLOT_T2, 0, 0, op & 15, 0)
    d.storeRm(1, SLOT_T2)
    return
  }
  if ((op & 0xf0) == 0x40) {
    d.fetchModrm()
    const s = d.loadRm(d.operandSize)
    d.emit(OP_CC, SLOT_T2, 0, 0, op & 15, 0)
    d.emit(
      d.operandSize == 8 ? OP_SELECT64 : d.operandSize == 4 ? OP_SELECT32 : OP_SELECT16,
      d.reg << 3,
      SLOT_T2,
      s,
      0,
      0,
    )
    return
  }
  if (op >= 0xc8) {
    if (op < 0xd0) {
      const r = ((op & 7) | ((d.rex & 1) << 3)) << 3
      if (d.operandSize == 8) d.emit(OP_BSWAP64, r, r, 0, 0, 0)
      else if (d.operandSize == 4) d.emit(OP_BSWAP32, r, r, 0, 0, 0)
      else d.emit(OP_MOV16, r, 0, SLOT_ZERO, 0, 0) // undefined; processors clear the register
      return
    }
  }
  switch (op) {
    case 0x0b:
      d.undefined()
      return
    case 0x0d: // PREFETCHW and its kin: hints
      d.fetchModrm()
      if (d.mod == 3) d.undefined()
      else hint(d)
      return
    case 0x18:
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f:
      d.fetchModrm()
      hint(d)
      return
    case 0xa3:
    case 0xab:
    case 0xb3:
    case 0xbb:
      d.fetchModrm()
      bitTest(d, (op >> 3) & 3, false)
      return
    case 0xba:
      d.fetchModrm()
      if (d.group() < 4) d.undefined()
      else bitTest(d, d.group() - 4, true)
      return
    case 0xa4:
    case 0xa5:
    case 0xac:
    case 0xad: {
      d.fetchModrm()
      const bytes = d.operandSize
      const memory = d.mod != 3
      d.immediateBytes = op & 1 ? 0 : 1
      const s = d.loadRmForWrite(bytes)
      const count: i32 = op & 1 ? -1 : <i32>d.fetch8()
      cold(d, op < 0xa8 ? COLD_SHLD : COLD_SHRD, memory ? SLOT_T2 : s, s, d.reg << 3, bytes, 0, count)
      if (memory) d.storeBack(bytes, SLOT_T2)
      return
    }
    case 0xaf: {
      d.fetchModrm()
      const s = d.loadRm(d.operandSize)
      d.emit(multiplyOp(d.operandSize), d.reg << 3, d.reg << 3, s, 0, 0)
      return
    }
    case 0xb0:
    case 0xb1: {
      d.fetchModrm()
      if (d.mod != 3) d.lockable = 1
      const s = d.loadRmForWrite(size)
      cold(d, COLD_CMPXCHG, SLOT_T2, s, d.register(d.reg, size), size, d.mod == 3 ? 1 : 0, 0)
      if (d.mod != 3) {
        d.storeBack(size, SLOT_T2)
        d.emit(OP_MOV64, 0, 0, SLOT_T3, 0, 0)
      }
      return
    }
    case 0xb6:
    case 0xb7:
      d.fetchModrm()
      zx(d, op == 0xb6 ? 1 : 2, d.operandSize)
      return
    case 0xbe:
    case 0xbf:
      d.fetchModrm()
      sx(d, op == 0xbe ? 1 : 2, d.operandSize)
      return
    case 0xb8: {
      if (d.rep != 0xf3) break
      d.fetchModrm()
      const s = d.loadRm(d.operandSize)
      cold(d, COLD_POPCNT, d.reg << 3, s, 0, d.operandSize, 0, 0)
      return
    }
    case 0xb9: // UD1
      d.fetchModrm()
      d.undefined()
      return
    case 0xbc:
    case 0xbd: {
      d.fetchModrm()
      const s = d.loadRm(d.operandSize)
      const count = d.rep == 0xf3 && cpuLevel >= 3
      const fn = op == 0xbc ? (count ? COLD_TZCNT : COLD_BSF) : count ? COLD_LZCNT : COLD_BSR
      cold(d, fn, d.reg << 3, s, 0, d.operandSize, 0, 0)
      return
    }
    case 0xc0:
    case 0xc1: {
      d.fetchModrm()
      const mov = OP_MOV8 + sizeIndex(size)
      const r = d.register(d.reg, size)
      if (d.mod == 3) {
        const other = d.register(d.rm, size)
        d.emit(mov, SLOT_T1, 0, other, 0, 0)
        d.emit(OP_ADDF + sizeIndex(size), SLOT_T2, SLOT_T1, r, 0, 0)
        d.emit(mov, r, 0, SLOT_T1, 0, 0)
        d.emit(mov, other, 0, SLOT_T2, 0, 0)
      } else {
        d.lockable = 1
        d.loadRmForWrite(size)
        d.emit(OP_ADDF + sizeIndex(size), SLOT_T2, SLOT_T1, r, 0, 0)
        d.storeBack(size, SLOT_T2)
        d.emit(mov, r, 0, SLOT_T1, 0, 0)
      }
      return
    }
    case 0xc3: // MOVNTI
      d.fetchModrm()
      if (d.mod == 3 || d.rep || d.operandOverride) d.undefined()
      else d.storeRm(d.operandSize, d.reg << 3)
      return
    case 0xc7:
      d.fetchModrm()
      if (d.group() == 1 && d.mod != 3) {
        d.lockable = 1
        d.address(d.rexW ? 16 : 8, true)
        cold(d, d.rexW ? COLD_CMPXCHG16B : COLD_CMPXCHG8B, 0, 0, 0, 8, 0, 0)
        return
      }
      if (d.group() == 4 && d.mod != 3 && cpuLevel >= 3 && !d.rep && !d.operandOverride) {
        emitXsave(d, FN_XSAVEC, true)
        return
      }
      if (!systemDecode(d, 0x0fc7)) d.undefined()
      return
    case 0xae:
      d.fetchModrm()
      if (sseDecode(d, 0x0fae)) return
      if (!systemDecode(d, 0x0fae)) d.undefined()
      return
    case 0x38:
    case 0x3a: {
      const third = d.fetch8()
      if (d.broken) return
      const whole = (op == 0x38 ? 0x0f3800 : 0x0f3a00) | third
      if (whole == 0x0f38f0 || whole == 0x0f38f1) {
        if (moveSwapped(d, whole)) return
      }
      if (sseDecode(d, whole)) return
      if (!systemDecode(d, whole)) d.undefined()
      return
    }
  }
  if (systemDecode(d, 0x0f00 | op)) return
  if (sseDecode(d, 0x0f00 | op)) return
  d.undefined()
}

/** A multi-byte NOP: its operand is decoded and not accessed. */
function hint(d: Decoder): void {
  if (d.mod != 3) {
    const u = d.uop
    d.effectiveAddress(SLOT_T0)
    d.uop = u
  }
  d.emit(OP_NOP, 0, 0, 0, 0, 0)
}
