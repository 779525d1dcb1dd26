// Forms that several integer opcodes share: read-modify-write arithmetic, shifts, extensions, stack and branch operands, bit tests.
//
// Promises: memory forms check for writing before they change anything; prefixes are already in the decoder.
import { COLD_BT, COLD_POP, COLD_PUSH, COLD_RCL, COLD_RCR, COLD_STRING } from '../../numbers/integer-functions'
import {
  OP_ADCF,
  OP_ADDF,
  OP_ANDF,
  OP_CMPF,
  OP_COLD,
  OP_COLD_END,
  OP_IMULF16,
  OP_IMULF32,
  OP_IMULF64,
  OP_LOAD,
  OP_LOADS16_32,
  OP_LOADS16_64,
  OP_LOADS32_64,
  OP_LOADS8_32,
  OP_LOADS8_64,
  OP_LOADZ16,
  OP_LOADZ8,
  OP_MOV16,
  OP_MOV32,
  OP_MOV8,
  OP_ORF,
  OP_POP,
  OP_PUSH,
  OP_ROLF,
  OP_RORF,
  OP_SARF,
  OP_SBBF,
  OP_SHLF,
  OP_SHRF,
  OP_STORE,
  OP_SUBF,
  OP_SX16_32,
  OP_SX16_64,
  OP_SX32_64,
  OP_SX8_32,
  OP_SX8_64,
  OP_XORF,
  OP_ZX16_64,
  OP_ZX8_64,
  SEG_DS,
  SLOT_RCX,
  SLOT_T0,
  SLOT_T1,
  SLOT_T2,
  SLOT_ZERO,
} from '../../numbers/operations'
import { MODE_CODE64 } from '../state/state'
import { functionImmediate } from '../blocks/ir'
import { Decoder, NO_SEGMENT, sizeIndex } from './decoder'

export function cold(d: Decoder, fn: u32, dst: u32, s1: u32, s2: u32, x: u32, detail: u32, argument: i32): void {
  d.emit(OP_COLD, dst, s1, s2, x, functionImmediate(fn, detail, argument))
}

export function coldEnd(d: Decoder, fn: u32, dst: u32, s1: u32, s2: u32, x: u32, detail: u32, argument: i32): void {
  d.emit(OP_COLD_END, dst, s1, s2, x, functionImmediate(fn, detail, argument))
  d.end()
}

export function setBranch(d: Decoder, displacement: i64): void {
  let target = d.nextRip() + u64(displacement)
  if (d.code != MODE_CODE64) target &= d.operandSize == 2 ? 0xffff : 0xffffffff
  d.target = target
  d.end()
}

/** In 64-bit mode near branches are 64 bits wide whatever the prefixes say. */
export function branchDisplacement(d: Decoder): i64 {
  if (d.code != MODE_CODE64 && d.operandSize == 2) return i64(i16(d.fetch16()))
  return i64(i32(d.fetch32()))
}

/** Stack operand size of PUSH, POP, CALL, RET. */
export function stackSize(d: Decoder): u32 {
  if (d.code == MODE_CODE64) return d.operandSize == 2 ? 2 : 8
  return d.operandSize
}

/** Push slot(s2) + immediate. */
export function push(d: Decoder, s2: u32, immediate: i32): void {
  const size = stackSize(d)
  if (size == 8) d.emit(OP_PUSH, 0, 0, s2, 0, i64(immediate))
  else cold(d, COLD_PUSH, 0, 0, s2, size, 0, immediate)
}

export function pop(d: Decoder, slot: u32): void {
  const size = stackSize(d)
  if (size == 8) d.emit(OP_POP, slot, 0, 0, 0, 0)
  else cold(d, COLD_POP, slot, 0, 0, size, 0, 0)
}

export function arithmeticOp(kind: u32): u32 {
  switch (kind) {
    case 0:
      return OP_ADDF
    case 1:
      return OP_ORF
    case 2:
      return OP_ADCF
    case 3:
      return OP_SBBF
    case 4:
      return OP_ANDF
    case 5:
      return OP_SUBF
    case 6:
      return OP_XORF
  }
  return OP_CMPF
}

/** r/m = r/m op (slot s2 + immediate). */
export function arithmeticRm(d: Decoder, kind: u32, size: u32, s2: u32, immediate: i64, fetchImmediate: u32): void {
  const op = arithmeticOp(kind) + sizeIndex(size)
  if (d.mod == 3) {
    const r = d.register(d.rm, size)
    if (fetchImmediate) immediate = d.fetchImmediate(fetchImmediate)
    d.emit(op, r, r, s2, 0, immediate)
    return
  }
  d.immediateBytes = fetchImmediate
  if (kind == 7) {
    const r = d.loadRm(size)
    if (fetchImmediate) immediate = d.fetchImmediate(fetchImmediate)
    d.emit(op, 0, r, s2, 0, immediate)
    return
  }
  d.lockable = 1
  d.loadRmForWrite(size)
  if (fetchImmediate) immediate = d.fetchImmediate(fetchImmediate)
  d.emit(op, SLOT_T2, SLOT_T1, s2, 0, immediate)
  d.storeBack(size, SLOT_T2)
}

/** One-operand read-modify-write: NOT NEG INC DEC. */
export function unaryRm(d: Decoder, op: u32, size: u32): void {
  if (d.mod == 3) {
    const r = d.register(d.rm, size)
    d.emit(op + sizeIndex(size), r, r, SLOT_ZERO, 0, 0)
    return
  }
  d.lockable = 1
  d.loadRmForWrite(size)
  d.emit(op + sizeIndex(size), SLOT_T2, SLOT_T1, SLOT_ZERO, 0, 0)
  d.storeBack(size, SLOT_T2)
}

/** count: 0..255 immediate, or -1 for CL; `immediateBytes` tells whether the count is still to be fetched. */
export function shiftRm(d: Decoder, size: u32, count: i32, fetch: bool): void {
  const kind = d.group()
  d.immediateBytes = fetch ? 1 : 0
  const memory = d.mod != 3
  const source = d.loadRmForWrite(size)
  if (fetch) count = <i32>d.fetch8()
  const s2: u32 = count < 0 ? SLOT_RCX : SLOT_ZERO
  const immediate: i32 = count < 0 ? 0 : count & (size == 8 ? 63 : 31)
  const dst = memory ? SLOT_T2 : source
  const sz = sizeIndex(size)
  switch (kind) {
    case 0:
      d.emit(OP_ROLF + sz, dst, source, s2, 0, immediate)
      break
    case 1:
      d.emit(OP_RORF + sz, dst, source, s2, 0, immediate)
      break
    case 2:
      cold(d, COLD_RCL, dst, source, s2, size, 0, immediate)
      break
    case 3:
      cold(d, COLD_RCR, dst, source, s2, size, 0, immediate)
      break
    case 5:
      d.emit(OP_SHRF + sz, dst, source, s2, 0, immediate)
      break
    case 7:
      d.emit(OP_SARF + sz, dst, source, s2, 0, immediate)
      break
    default:
      d.emit(OP_SHLF + sz, dst, source, s2, 0, immediate)
  }
  if (memory) d.storeBack(size, SLOT_T2)
}

export function sx(d: Decoder, from: u32, to: u32): void {
  // MOVSX/MOVSXD reg(to) <- r/m(from)
  const r = d.register(d.reg, to)
  if (d.mod == 3) {
    const s = d.register(d.rm, from)
    if (from == 1) {
      if (to == 2) {
        d.emit(OP_SX8_64, SLOT_T1, 0, s, 0, 0)
        d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
      } else d.emit(to == 4 ? OP_SX8_32 : OP_SX8_64, r, 0, s, 0, 0)
    } else if (from == 2) {
      if (to == 2) d.emit(OP_MOV16, r, 0, s, 0, 0)
      else d.emit(to == 4 ? OP_SX16_32 : OP_SX16_64, r, 0, s, 0, 0)
    } else d.emit(to == 8 ? OP_SX32_64 : to == 4 ? OP_MOV32 : OP_MOV16, r, 0, s, 0, 0)
    return
  }
  d.operand(from, false)
  if (to == 2) {
    d.memory(from == 1 ? OP_LOADS8_64 : OP_LOADZ16, SLOT_T1)
    d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
  } else if (from == 1) d.memory(to == 4 ? OP_LOADS8_32 : OP_LOADS8_64, r)
  else if (from == 2) d.memory(to == 4 ? OP_LOADS16_32 : OP_LOADS16_64, r)
  else d.memory(to == 8 ? OP_LOADS32_64 : OP_LOAD + 2, r)
}

export function zx(d: Decoder, from: u32, to: u32): void {
  const r = d.register(d.reg, to)
  if (d.mod == 3) {
    const s = d.register(d.rm, from)
    if (to == 2) {
      d.emit(from == 1 ? OP_ZX8_64 : OP_ZX16_64, SLOT_T1, 0, s, 0, 0)
      d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
    } else d.emit(from == 1 ? OP_ZX8_64 : OP_ZX16_64, r, 0, s, 0, 0)
    return
  }
  d.operand(from, false)
  const load = from == 1 ? OP_LOADZ8 : OP_LOADZ16
  if (to == 2) {
    d.memory(load, SLOT_T1)
    d.emit(OP_MOV16, r, 0, SLOT_T1, 0, 0)
  } else d.memory(load, r)
}

/** String instructions: detail = kind | repeat << 4 | segment << 8 | address size << 12. */
export function stringOp(d: Decoder, kind: u32, size: u32): void {
  const segment = d.segment == NO_SEGMENT ? SEG_DS : d.segment
  const detail = kind | ((d.rep == 0 ? 0 : d.rep == 0xf3 ? 1 : 2) << 4) | (segment << 8) | (d.addressSize << 12)
  if (d.rep) coldEnd(d, COLD_STRING, 0, 0, 0, size, detail, 0)
  else cold(d, COLD_STRING, 0, 0, 0, size, detail, 0)
}

export function bitTest(d: Decoder, kind: u32, immediateForm: bool): void {
  const size = d.operandSize
  const s2 = immediateForm ? SLOT_ZERO : d.register(d.reg, size)
  if (d.mod == 3) {
    const r = d.register(d.rm, size)
    const argument = immediateForm ? <i32>d.fetch8() : 0
    cold(d, COLD_BT, r, r, s2, size, kind, argument)
    return
  }
  if (kind) d.lockable = 1
  d.immediateBytes = immediateForm ? 1 : 0
  if (immediateForm) {
    d.operand(size, kind != 0)
  } else {
    d.bitOperand(size, kind != 0, s2)
  }
  const argument = immediateForm ? <i32>d.fetch8() : 0
  d.memory((kind ? 64 : 52) + sizeIndex(size), SLOT_T1)
  cold(d, COLD_BT, SLOT_T2, SLOT_T1, s2, size, kind, argument)
  if (kind) d.memory(OP_STORE + sizeIndex(size), SLOT_T2)
}

export function multiplyOp(size: u32): u32 {
  return size == 8 ? OP_IMULF64 : size == 4 ? OP_IMULF32 : OP_IMULF16
}

export function exchange(d: Decoder, r: u32, size: u32): void {
  const mov = OP_MOV8 + sizeIndex(size)
  d.emit(mov, SLOT_T1, 0, r, 0, 0)
  d.emit(mov, r, 0, 0, 0, 0)
  d.emit(mov, 0, 0, SLOT_T1, 0, 0)
}

export function loadAddress(d: Decoder): void {
  const r = d.reg << 3
  if (d.operandSize == 8 || (d.operandSize == 4 && d.addressSize == 4)) d.effectiveAddress(r)
  else if (d.operandSize == 4 && d.addressSize == 8) {
    d.effectiveAddress(SLOT_T0)
    d.emit(OP_MOV32, r, 0, SLOT_T0, 0, 0)
  } else {
    d.effectiveAddress(SLOT_T0)
    d.emit(OP_MOV8 + sizeIndex(d.operandSize), r, 0, SLOT_T0, 0, 0)
  }
}
