// Integer instructions of x86-64-v3 to uops: BMI1 and BMI2, which come with a VEX prefix, and MOVBE.
//
// Promises: functions return false for encodings that are not theirs. Flags that the SDM leaves undefined: see execute/bits.ts. None of these
// asks for the vector state to be enabled.
import {
  COLD_BEXTR,
  COLD_BZHI,
  COLD_LOWEST_BIT,
  COLD_MULX,
  COLD_PDEP,
  COLD_PEXT,
} from '../../numbers/integer-functions'
import {
  OP_ANDF,
  OP_BSWAP32,
  OP_BSWAP64,
  OP_MOV16,
  OP_MOV32,
  OP_MOV64,
  OP_NOT,
  OP_OR32,
  OP_SAR32,
  OP_SHL32,
  OP_SHR32,
  SLOT_T2,
  SLOT_T3,
  SLOT_ZERO,
} from '../../numbers/operations'
import { cpuLevel } from '../state/layout'
import { cold } from './decode-forms'
import { Decoder, sizeIndex } from './decoder'

/** MOVBE: 0F 38 F0 loads, F1 stores. */
export function moveSwapped(d: Decoder, opcode: u32): bool {
  if (d.rep || cpuLevel < 3) return false
  d.fetchModrm()
  if (d.mod == 3) return false
  const size = d.operandSize
  if (opcode == 0x0f38f0) {
    swap(d, d.reg << 3, d.loadRm(size), size)
    return true
  }
  swap(d, SLOT_T2, d.reg << 3, size)
  d.storeRm(size, SLOT_T2)
  return true
}

function swap(d: Decoder, to: u32, from: u32, size: u32): void {
  if (size == 8) d.emit(OP_BSWAP64, to, from, 0, 0, 0)
  else if (size == 4) d.emit(OP_BSWAP32, to, from, 0, 0, 0)
  else {
    d.emit(OP_BSWAP32, SLOT_T3, from, 0, 0, 0)
    d.emit(OP_SHR32, SLOT_T3, SLOT_T3, SLOT_ZERO, 0, 16)
    d.emit(OP_MOV16, to, 0, SLOT_T3, 0, 0)
  }
}

/** The op of 64 bits follows the one of 32. */
// @ts-ignore: decorator
@inline
function sized(op: u32, size: u32): u32 {
  return size == 8 ? op + 1 : op
}

function rotate(d: Decoder, size: u32): void {
  d.immediateBytes = 1
  const source = d.loadRm(size)
  const count = d.fetch8() & (size * 8 - 1)
  const to = d.reg << 3
  if (count == 0) {
    d.emit(size == 8 ? OP_MOV64 : OP_MOV32, to, 0, source, 0, 0)
    return
  }
  d.emit(sized(OP_SHR32, size), SLOT_T2, source, SLOT_ZERO, 0, count)
  d.emit(sized(OP_SHL32, size), SLOT_T3, source, SLOT_ZERO, 0, size * 8 - count)
  d.emit(sized(OP_OR32, size), to, SLOT_T2, SLOT_T3, 0, 0)
}

export function isBits(opcode: u32): bool {
  return (opcode >= 0x0f38f2 && opcode <= 0x0f38f7) || opcode == 0x0f3af0
}

/** `opcode`: 0F38NN or 0F3ANN, `p` the prefix in VEX. */
export function bitDecode(d: Decoder, p: u32, opcode: u32): bool {
  if (d.vexWide) return false
  const size: u32 = d.rexW ? 8 : 4
  const second = d.vexRegister << 3
  switch (opcode) {
    case 0x0f38f2: {
      // ANDN
      if (p != 0) return false
      d.fetchModrm()
      const source = d.loadRm(size)
      d.emit(OP_NOT + sizeIndex(size), SLOT_T2, second, 0, 0, 0)
      d.emit(OP_ANDF + sizeIndex(size), d.reg << 3, SLOT_T2, source, 0, 0)
      return true
    }
    case 0x0f38f3: {
      if (p != 0) return false
      d.fetchModrm()
      const group = d.group()
      if (group == 0 || group > 3) return false
      cold(d, COLD_LOWEST_BIT, second, d.loadRm(size), 0, size, group, 0)
      return true
    }
    case 0x0f38f5: {
      if (p == 1) return false
      d.fetchModrm()
      const source = d.loadRm(size)
      if (p == 0) cold(d, COLD_BZHI, d.reg << 3, source, second, size, 0, 0)
      else cold(d, p == 2 ? COLD_PEXT : COLD_PDEP, d.reg << 3, second, source, size, 0, 0)
      return true
    }
    case 0x0f38f6: {
      if (p != 3) return false
      d.fetchModrm()
      cold(d, COLD_MULX, d.reg << 3, d.loadRm(size), second, size, 0, 0)
      return true
    }
    case 0x0f38f7: {
      d.fetchModrm()
      const source = d.loadRm(size)
      if (p == 0) cold(d, COLD_BEXTR, d.reg << 3, source, second, size, 0, 0)
      else d.emit(sized(p == 1 ? OP_SHL32 : p == 2 ? OP_SAR32 : OP_SHR32, size), d.reg << 3, source, second, 0, 0)
      return true
    }
    case 0x0f3af0: {
      if (p != 3 || !d.vexNone) return false
      d.fetchModrm()
      rotate(d, size)
      return true
    }
  }
  return false
}
