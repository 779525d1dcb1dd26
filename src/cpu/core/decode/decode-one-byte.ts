// One-byte integer opcodes to uops; what is not here is asked of system-decode.ts and sse-decode.ts, and is #UD if it is theirs neither.
import {
  COLD_AAA,
  COLD_AAD,
  COLD_AAM,
  COLD_AAS,
  COLD_ADDSP,
  COLD_CALLI,
  COLD_CARRY,
  COLD_DAA,
  COLD_DAS,
  COLD_DIRECTION,
  COLD_DIV,
  COLD_ENTER,
  COLD_IDIV,
  COLD_IMUL,
  COLD_JMPI,
  COLD_LAHF,
  COLD_LEAVE,
  COLD_MUL,
  COLD_PEEK,
  COLD_POPA,
  COLD_PUSH,
  COLD_PUSHA,
  COLD_RET,
  COLD_SAHF,
  COLD_SALC,
} from '../../numbers/integer-functions'
import {
  OP_BRNZ,
  OP_CALL,
  OP_CALLI,
  OP_CC,
  OP_DECF,
  OP_INCF,
  OP_JCC,
  OP_JMP,
  OP_JMPI,
  OP_LEA16,
  OP_LEA32,
  OP_LEA64,
  OP_LEAVE,
  OP_LOAD,
  OP_MOV16,
  OP_MOV32,
  OP_MOV64,
  OP_MOV8,
  OP_NEGF,
  OP_NOP,
  OP_NOT,
  OP_RET,
  OP_SAR64,
  OP_SELECT64,
  OP_STORE,
  OP_STOREI,
  OP_SUB32,
  OP_SUB64,
  OP_SX16_32,
  OP_SX16_64,
  OP_SX32_64,
  OP_SX8_64,
  OP_TESTF,
  OP_ZX16_64,
  OP_ZX8_64,
  SEG_DS,
  SLOT_RBX,
  SLOT_RCX,
  SLOT_RDX,
  SLOT_T0,
  SLOT_T1,
  SLOT_T3,
  SLOT_T4,
  SLOT_ZERO,
} from '../../numbers/operations'
import { MODE_CODE64 } from '../state/state'
import { Decoder, NO_SEGMENT, sizeIndex } from './decoder'
import { systemDecode } from './system-decode'
import { sseDecode } from './sse-decode'
import {
  cold,
  coldEnd,
  setBranch,
  branchDisplacement,
  stackSize,
  push,
  pop,
  arithmeticOp,
  arithmeticRm,
  unaryRm,
  shiftRm,
  sx,
  stringOp,
  multiplyOp,
  exchange,
  loadAddress,
} from './decode-forms'

export function decodeOneByte(d: Decoder, op: u32): void {
  const size: u32 = op & 1 ? d.operandSize : 1
  const long = d.code == MODE_CODE64
  if (op < 0x40 && (op & 7) < 6) {
    const kind = op >> 3
    switch (op & 7) {
      case 0:
      case 1:
        d.fetchModrm()
        arithmeticRm(d, kind, size, d.register(d.reg, size), 0, 0)
        return
      case 2:
      case 3: {
        d.fetchModrm()
        const s = d.loadRm(size)
        const r = d.register(d.reg, size)
        d.emit(arithmeticOp(kind) + sizeIndex(size), r, r, s, 0, 0)
        return
      }
      default:
        d.emit(arithmeticOp(kind) + sizeIndex(size), 0, 0, SLOT_ZERO, 0, d.fetchImmediate(size))
        return
    }
  }
  if (op >= 0x50 && op < 0x58) {
    push(d, ((op & 7) | ((d.rex & 1) << 3)) << 3, 0)
    return
  }
  if (op >= 0x58 && op < 0x60) {
    pop(d, ((op & 7) | ((d.rex & 1) << 3)) << 3)
    return
  }
  if ((op & 0xf0) == 0x70) {
    const displacement = i64(i8(d.fetch8()))
    setBranch(d, displacement)
    d.emit(OP_JCC + (op & 15), 0, 0, 0, 0, 0)
    return
  }
  if (op >= 0x91 && op < 0x98) {
    const r = ((op & 7) | ((d.rex & 1) << 3)) << 3
    exchange(d, r, d.operandSize)
    return
  }
  if (op >= 0xb0 && op < 0xb8) {
    d.emit(OP_MOV8, d.register((op & 7) | ((d.rex & 1) << 3), 1), 0, SLOT_ZERO, 0, i64(d.fetch8()))
    return
  }
  if (op >= 0xb8 && op < 0xc0) {
    const r = ((op & 7) | ((d.rex & 1) << 3)) << 3
    if (d.operandSize == 8) d.emit(OP_MOV64, r, 0, SLOT_ZERO, 0, d.fetch64())
    else if (d.operandSize == 4) d.emit(OP_MOV32, r, 0, SLOT_ZERO, 0, i64(d.fetch32()))
    else d.emit(OP_MOV16, r, 0, SLOT_ZERO, 0, i64(d.fetch16()))
    return
  }
  if (op >= 0x40 && op < 0x50) {
    // INC/DEC, outside 64-bit mode
    const r = (op & 7) << 3
    d.emit((op & 8 ? OP_DECF : OP_INCF) + sizeIndex(d.operandSize), r, r, SLOT_ZERO, 0, 0)
    return
  }
  switch (op) {
    case 0x27:
    case 0x2f:
    case 0x37:
    case 0x3f:
      if (long) d.undefined()
      else cold(d, op == 0x27 ? COLD_DAA : op == 0x2f ? COLD_DAS : op == 0x37 ? COLD_AAA : COLD_AAS, 0, 0, 0, 1, 0, 0)
      return
    case 0x60:
      if (long) d.undefined()
      else cold(d, COLD_PUSHA, 0, 0, 0, d.operandSize, 0, 0)
      return
    case 0x61:
      if (long) d.undefined()
      else cold(d, COLD_POPA, 0, 0, 0, d.operandSize, 0, 0)
      return
    case 0x63:
      if (!long) break
      d.fetchModrm()
      sx(d, d.operandSize == 2 ? 2 : 4, d.operandSize)
      return
    case 0x68:
      push(d, SLOT_ZERO, <i32>d.fetchImmediate(d.operandSize == 2 ? 2 : 4))
      return
    case 0x6a:
      push(d, SLOT_ZERO, <i32>d.fetchImmediate(1))
      return
    case 0x69:
    case 0x6b: {
      d.fetchModrm()
      const bytes: u32 = op == 0x6b ? 1 : min<u32>(d.operandSize, 4)
      d.immediateBytes = bytes
      const s = d.loadRm(d.operandSize)
      const immediate = d.fetchImmediate(bytes)
      d.emit(multiplyOp(d.operandSize), d.reg << 3, s, SLOT_ZERO, 0, immediate)
      return
    }
    case 0x80:
    case 0x81:
    case 0x83:
      d.fetchModrm()
      arithmeticRm(d, d.group(), size, SLOT_ZERO, 0, op == 0x81 ? min<u32>(size, 4) : 1)
      return
    case 0x82:
      if (long) {
        d.undefined()
        return
      }
      d.fetchModrm()
      arithmeticRm(d, d.group(), 1, SLOT_ZERO, 0, 1)
      return
    case 0x84:
    case 0x85: {
      d.fetchModrm()
      const s = d.loadRm(size)
      d.emit(OP_TESTF + sizeIndex(size), 0, s, d.register(d.reg, size), 0, 0)
      return
    }
    case 0x86:
    case 0x87: {
      d.fetchModrm()
      const r = d.register(d.reg, size)
      if (d.mod == 3) {
        const other = d.register(d.rm, size)
        d.emit(OP_MOV8 + sizeIndex(size), SLOT_T1, 0, other, 0, 0)
        d.emit(OP_MOV8 + sizeIndex(size), other, 0, r, 0, 0)
        d.emit(OP_MOV8 + sizeIndex(size), r, 0, SLOT_T1, 0, 0)
      } else {
        d.lockable = 1
        d.loadRmForWrite(size)
        d.storeBack(size, r)
        d.emit(OP_MOV8 + sizeIndex(size), r, 0, SLOT_T1, 0, 0)
      }
      return
    }
    case 0x88:
    case 0x89:
      d.fetchModrm()
      d.storeRm(size, d.register(d.reg, size))
      return
    case 0x8a:
    case 0x8b:
      d.fetchModrm()
      if (d.mod == 3) d.emit(OP_MOV8 + sizeIndex(size), d.register(d.reg, size), 0, d.register(d.rm, size), 0, 0)
      else {
        d.operand(size, false)
        d.memory(OP_LOAD + sizeIndex(size), d.register(d.reg, size))
      }
      return
    case 0x8d:
      d.fetchModrm()
      if (d.mod == 3) {
        d.undefined()
        return
      }
      loadAddress(d)
      return
    case 0x8f:
      d.fetchModrm()
      if (d.group() != 0) {
        d.undefined()
        return
      }
      if (d.mod == 3) pop(d, d.rm << 3)
      else {
        const bytes = stackSize(d)
        d.stackBias = bytes
        cold(d, COLD_PEEK, SLOT_T1, 0, 0, bytes, 0, 0)
        d.operand(bytes, true)
        d.memory(OP_STORE + sizeIndex(bytes), SLOT_T1)
        cold(d, COLD_ADDSP, 0, 0, 0, bytes, 0, <i32>bytes)
      }
      return
    case 0x90:
      if (d.rex & 1) exchange(d, 8 << 3, d.operandSize)
      else d.emit(OP_NOP, 0, 0, 0, 0, 0)
      return
    case 0x98:
      if (d.operandSize == 8) d.emit(OP_SX32_64, 0, 0, 0, 0, 0)
      else if (d.operandSize == 4) d.emit(OP_SX16_32, 0, 0, 0, 0, 0)
      else {
        d.emit(OP_SX8_64, SLOT_T1, 0, 0, 0, 0)
        d.emit(OP_MOV16, 0, 0, SLOT_T1, 0, 0)
      }
      return
    case 0x99: {
      // CWD CDQ CQO: the sign of the accumulator through rDX
      const widen: u32 = d.operandSize == 8 ? OP_MOV64 : d.operandSize == 4 ? OP_SX32_64 : OP_SX16_64
      d.emit(widen, SLOT_T1, 0, 0, 0, 0)
      d.emit(OP_SAR64, SLOT_T1, SLOT_T1, SLOT_ZERO, 0, 63)
      d.emit(OP_MOV8 + sizeIndex(d.operandSize), SLOT_RDX, 0, SLOT_T1, 0, 0)
      return
    }
    case 0x9e:
      cold(d, COLD_SAHF, 0, 0, 0, 1, 0, 0)
      return
    case 0x9f:
      cold(d, COLD_LAHF, 0, 0, 0, 1, 0, 0)
      return
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa3: {
      const offset = d.addressSize == 8 ? d.fetch64() : d.addressSize == 4 ? u64(d.fetch32()) : u64(d.fetch16())
      const segment = d.segment == NO_SEGMENT ? SEG_DS : d.segment
      d.emit(OP_MOV64, SLOT_T0, 0, SLOT_ZERO, 0, offset)
      d.emitSegment(SLOT_T0, SLOT_T0, segment, size, op >= 0xa2)
      d.emit((op >= 0xa2 ? OP_STORE : OP_LOAD) + sizeIndex(size), 0, SLOT_T0, SLOT_ZERO, 0, 0)
      return
    }
    case 0xa4:
    case 0xa5:
      stringOp(d, 0, size)
      return
    case 0xa6:
    case 0xa7:
      stringOp(d, 1, size)
      return
    case 0xaa:
    case 0xab:
      stringOp(d, 2, size)
      return
    case 0xac:
    case 0xad:
      stringOp(d, 3, size)
      return
    case 0xae:
    case 0xaf:
      stringOp(d, 4, size)
      return
    case 0xa8:
    case 0xa9:
      d.emit(OP_TESTF + sizeIndex(size), 0, 0, SLOT_ZERO, 0, d.fetchImmediate(size))
      return
    case 0xc0:
    case 0xc1:
      d.fetchModrm()
      shiftRm(d, size, 0, true)
      return
    case 0xd0:
    case 0xd1:
      d.fetchModrm()
      shiftRm(d, size, 1, false)
      return
    case 0xd2:
    case 0xd3:
      d.fetchModrm()
      shiftRm(d, size, -1, false)
      return
    case 0xc2:
    case 0xc3: {
      const drop = op == 0xc2 ? <i32>d.fetch16() : 0
      if (long) {
        d.emit(OP_RET, 0, 0, 0, 0, i64(drop))
        d.end()
      } else coldEnd(d, COLD_RET, 0, 0, 0, d.operandSize, 0, drop)
      return
    }
    case 0xc6:
    case 0xc7: {
      d.fetchModrm()
      if (d.group() != 0) {
        d.undefined()
        return
      }
      const bytes = min<u32>(size, 4)
      d.immediateBytes = bytes
      if (d.mod == 3) {
        const immediate = d.fetchImmediate(bytes)
        d.emit(OP_MOV8 + sizeIndex(size), d.register(d.rm, size), 0, SLOT_ZERO, 0, immediate)
      } else {
        d.operand(size, true)
        const immediate = d.fetchImmediate(bytes)
        d.emit(
          OP_STOREI + sizeIndex(size),
          0,
          d.base,
          d.index,
          d.scale,
          (d.displacement & 0xffffffff) | (immediate << 32),
        )
      }
      return
    }
    case 0xc8: {
      const bytes = d.fetch16()
      const level = d.fetch8() & 31
      cold(d, COLD_ENTER, 0, 0, 0, stackSize(d), bytes, <i32>level)
      return
    }
    case 0xc9:
      if (stackSize(d) == 8) d.emit(OP_LEAVE, 0, 0, 0, 0, 0)
      else cold(d, COLD_LEAVE, 0, 0, 0, stackSize(d), 0, 0)
      return
    case 0xd4:
    case 0xd5: {
      if (long) {
        d.undefined()
        return
      }
      const base = <i32>d.fetch8()
      cold(d, op == 0xd4 ? COLD_AAM : COLD_AAD, 0, 0, 0, 1, 0, base)
      return
    }
    case 0xd6:
      if (long) d.undefined()
      else cold(d, COLD_SALC, 0, 0, 0, 1, 0, 0)
      return
    case 0xd7: {
      const segment = d.segment == NO_SEGMENT ? SEG_DS : d.segment
      d.emit(OP_ZX8_64, SLOT_T1, 0, 0, 0, 0)
      d.emit(d.addressSize == 8 ? OP_LEA64 : d.addressSize == 4 ? OP_LEA32 : OP_LEA16, SLOT_T0, SLOT_RBX, SLOT_T1, 0, 0)
      d.emitSegment(SLOT_T0, SLOT_T0, segment, 1, false)
      d.emit(OP_LOAD, 0, SLOT_T0, SLOT_ZERO, 0, 0)
      return
    }
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
      loop(d, op & 3)
      return
    case 0xe8: {
      const displacement = branchDisplacement(d)
      const next = d.nextRip()
      setBranch(d, displacement)
      if (long) d.emit(OP_CALL, 0, 0, 0, 0, 0)
      else {
        cold(d, COLD_PUSH, 0, 0, SLOT_ZERO, d.operandSize, 0, <i32>next)
        d.emit(OP_JMP, 0, 0, 0, 0, 0)
      }
      return
    }
    case 0xe9:
      setBranch(d, branchDisplacement(d))
      d.emit(OP_JMP, 0, 0, 0, 0, 0)
      return
    case 0xeb:
      setBranch(d, i64(i8(d.fetch8())))
      d.emit(OP_JMP, 0, 0, 0, 0, 0)
      return
    case 0xf5:
      cold(d, COLD_CARRY, 0, 0, 0, 0, 2, 0)
      return
    case 0xf8:
    case 0xf9:
      cold(d, COLD_CARRY, 0, 0, 0, 0, op & 1, 0)
      return
    case 0xfc:
    case 0xfd:
      cold(d, COLD_DIRECTION, 0, 0, 0, 0, op & 1, 0)
      return
    case 0xf6:
    case 0xf7: {
      d.fetchModrm()
      const kind = d.group()
      if (kind < 2) {
        const bytes = min<u32>(size, 4)
        d.immediateBytes = bytes
        const s = d.loadRm(size)
        d.emit(OP_TESTF + sizeIndex(size), 0, s, SLOT_ZERO, 0, d.fetchImmediate(bytes))
      } else if (kind == 2) unaryRm(d, OP_NOT, size)
      else if (kind == 3) unaryRm(d, OP_NEGF, size)
      else {
        const s = d.loadRm(size)
        cold(d, kind == 4 ? COLD_MUL : kind == 5 ? COLD_IMUL : kind == 6 ? COLD_DIV : COLD_IDIV, 0, s, 0, size, 0, 0)
      }
      return
    }
    case 0xfe:
    case 0xff:
      d.fetchModrm()
      decodeGroup5(d, op, size)
      return
  }
  if (systemDecode(d, op)) return
  if (sseDecode(d, op)) return
  d.undefined()
}

/** LOOPNE, LOOPE, LOOP, JrCXZ. */
function loop(d: Decoder, kind: u32): void {
  const rcx: u32 = SLOT_RCX
  let counter = rcx
  if (kind != 3) {
    if (d.addressSize == 8) d.emit(OP_SUB64, rcx, rcx, SLOT_ZERO, 0, 1)
    else if (d.addressSize == 4) d.emit(OP_SUB32, rcx, rcx, SLOT_ZERO, 0, 1)
    else {
      d.emit(OP_LEA16, SLOT_T1, rcx, SLOT_ZERO, 0, -1)
      d.emit(OP_MOV16, rcx, 0, SLOT_T1, 0, 0)
      counter = SLOT_T1
    }
  } else if (d.addressSize != 8) {
    d.emit(d.addressSize == 4 ? OP_MOV32 : OP_ZX16_64, SLOT_T1, 0, rcx, 0, 0)
    counter = SLOT_T1
  }
  let decision = counter
  if (kind == 3) {
    d.emit(OP_MOV64, SLOT_T4, 0, SLOT_ZERO, 0, 1)
    d.emit(OP_SELECT64, SLOT_T4, counter, SLOT_ZERO, 0, 0)
    decision = SLOT_T4
  } else if (kind != 2) {
    d.emit(OP_CC, SLOT_T3, 0, 0, kind == 1 ? 4 : 5, 0)
    d.emit(OP_MOV64, SLOT_T4, 0, SLOT_ZERO, 0, 0)
    d.emit(OP_SELECT64, SLOT_T4, counter, SLOT_T3, 0, 0)
    decision = SLOT_T4
  }
  setBranch(d, i64(i8(d.fetch8())))
  d.emit(OP_BRNZ, 0, decision, 0, 0, 0)
}

function decodeGroup5(d: Decoder, op: u32, size: u32): void {
  const kind = d.group()
  const long = d.code == MODE_CODE64
  if (kind == 0) {
    unaryRm(d, OP_INCF, size)
    return
  }
  if (kind == 1) {
    unaryRm(d, OP_DECF, size)
    return
  }
  if (op == 0xfe || kind == 7) {
    d.undefined()
    return
  }
  if (kind == 3 || kind == 5) {
    if (d.mod == 3 || !systemDecode(d, 0xff)) d.undefined()
    return
  }
  if (kind == 6) {
    const bytes = stackSize(d)
    push(d, d.loadRm(bytes), 0)
    return
  }
  const bytes: u32 = long ? 8 : d.operandSize
  const s = d.loadRm(bytes)
  if (long) {
    d.emit(kind == 2 ? OP_CALLI : OP_JMPI, 0, s, 0, 0, 0)
    d.end()
  } else coldEnd(d, kind == 2 ? COLD_CALLI : COLD_JMPI, 0, s, 0, bytes, 0, 0)
}
