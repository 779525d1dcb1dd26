// Integer instructions executed out of line: legacy stacks, multiplication and division, bit operations, decimal adjustment.
//
// Promises: as IR constraint 2: a function that faults has changed nothing. Flags that the SDM leaves undefined are set as current
// processors set them where that is known (stated beside each), and are masked in comparisons elsewhere.
import { VECTOR_SCRATCH_OFFSET } from '../../numbers/sizes'
import {
  COLD_AAA,
  COLD_AAD,
  COLD_AAM,
  COLD_AAS,
  COLD_ADDSP,
  COLD_BITADDR,
  COLD_BSF,
  COLD_BSR,
  COLD_BT,
  COLD_CALLI,
  COLD_CARRY,
  COLD_CMPXCHG,
  COLD_CMPXCHG16B,
  COLD_CMPXCHG8B,
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
  COLD_POP,
  COLD_POPA,
  COLD_POPCNT,
  COLD_PUSH,
  COLD_PUSHA,
  COLD_RCL,
  COLD_RCR,
  COLD_RET,
  COLD_SAHF,
  COLD_SALC,
  COLD_SHLD,
  COLD_SHRD,
  COLD_STRING,
} from '../../numbers/integer-functions'
import { SLOT_RAX, SLOT_RBP, SLOT_RDX, SLOT_T0, SLOT_T3 } from '../../numbers/operations'
import { AF, CF, DF, OF, PF, SF, ZF } from '../../numbers/registers'
import { CpuState, setSlot, slot } from '../state/state'
import { uopArgument, uopD, uopDetail, uopFunction, uopS1, uopS2, uopX } from '../blocks/ir'
import { flagAf, flagCf, flagOf, readArithmetic, setArithmetic } from '../state/flags'
import { setCarryOverflow } from './arithmetic'
import { divide } from './divide'
import { multiply } from './multiply'
import { VECTOR_DE, VECTOR_GP, raise, raiseNoCode } from '../state/fault'
import { probeWrite, readSize, readWhole, writeSize, writeWhole } from '../memory/linear'
import { checkTarget, setStackPointerMasked, stackLinear, stackMask } from '../system/segment-check'
import { bitOp } from './bits'
import { stringInstruction } from './string'

/** Writes a general register or temporary with the width of the operand. */
export function writeSlot(c: CpuState, offset: u32, size: u32, value: u64): void {
  const p = changetype<usize>(c) + offset
  if (size == 8) store<u64>(p, value)
  else if (size == 4) store<u64>(p, value & 0xffffffff)
  else if (size == 2) store<u16>(p, <u16>value)
  else store<u8>(p, <u8>value)
}

/** Reads it zero-extended. */
export function readSlot(c: CpuState, offset: u32, size: u32): u64 {
  const p = changetype<usize>(c) + offset
  return size == 8 ? load<u64>(p) : size == 4 ? load<u32>(p) : size == 2 ? load<u16>(p) : load<u8>(p)
}

export function signExtend(value: u64, size: u32): u64 {
  return size == 8 ? value : size == 4 ? u64(i64(<i32>value)) : size == 2 ? u64(i64(<i16>value)) : u64(i64(<i8>value))
}

function sizeMask(size: u32): u64 {
  return size == 8 ? ~0 : ((<u64>1) << (size << 3)) - 1
}

function push(c: CpuState, value: u64, size: u32): void {
  const sp = c.rsp - u64(size)
  const linear = stackLinear(c, sp, size, true)
  if (c.fault) return
  writeSize(c, linear, size, value)
  if (!c.fault) setStackPointerMasked(c, sp)
}

function peek(c: CpuState, size: u32): u64 {
  const linear = stackLinear(c, c.rsp, size, false)
  if (c.fault) return 0
  return readSize(c, linear, size)
}

function ret(c: CpuState, size: u32, drop: i32): void {
  const target = peek(c, size)
  if (c.fault) return
  checkTarget(c, target)
  if (c.fault) return
  setStackPointerMasked(c, c.rsp + u64(size) + u64(drop))
  c.rip = target
}

function call(c: CpuState, target: u64, size: u32): void {
  checkTarget(c, target)
  if (c.fault) return
  push(c, c.rip, size)
  if (!c.fault) c.rip = target
}

function pushAll(c: CpuState, size: u32): void {
  const old = c.rsp
  const start = c.rsp - u64(size) * 8
  const linear = stackLinear(c, start, size * 8, true)
  if (c.fault) return
  // EAX is pushed first.
  if (!probeWrite(c, linear + u64(size * 7), size, size) || !probeWrite(c, linear, size * 8, size)) return
  for (let r: u32 = 0; r < 8; r++) writeSize(c, linear + u64((7 - r) * size), size, r == 4 ? old : slot(c, r << 3))
  setStackPointerMasked(c, start)
}

function popAll(c: CpuState, size: u32): void {
  const linear = stackLinear(c, c.rsp, size * 8, false)
  if (c.fault) return
  const first = readSize(c, linear, size)
  if (c.fault) return
  readSize(c, linear + u64(size * 7), size)
  if (c.fault) return
  for (let r: u32 = 0; r < 8; r++) {
    if (r == 4) continue
    writeSlot(c, r << 3, size, r == 7 ? first : readSize(c, linear + u64((7 - r) * size), size))
  }
  setStackPointerMasked(c, c.rsp + u64(size) * 8)
}

/** ENTER: nested frames copy level - 1 frame pointers (SDM 2A ENTER). */
function enter(c: CpuState, size: u32, bytes: u32, level: u32): void {
  const mask = stackMask(c)
  const oldSp = c.rsp
  let sp = c.rsp - u64(size)
  let linear = stackLinear(c, sp, size, true)
  if (c.fault) return
  writeSize(c, linear, size, c.rbp)
  if (c.fault) return
  const frame = sp
  if (level > 0) {
    let from = c.rbp
    for (let i: u32 = 1; i < level; i++) {
      from -= u64(size)
      linear = stackLinear(c, from, size, false)
      if (c.fault) return
      const value = readSize(c, linear, size)
      if (c.fault) return
      sp -= u64(size)
      linear = stackLinear(c, sp, size, true)
      if (c.fault) return
      writeSize(c, linear, size, value)
      if (c.fault) return
    }
    sp -= u64(size)
    linear = stackLinear(c, sp, size, true)
    if (c.fault) return
    writeSize(c, linear, size, frame)
    if (c.fault) return
  }
  sp -= u64(bytes)
  // The final stack pointer must be writable.
  linear = stackLinear(c, sp, size, true)
  if (c.fault || !probeWrite(c, linear, size, size)) return
  setStackPointerMasked(c, sp)
  if (mask == 0xffff) writeSlot(c, SLOT_RBP, 2, frame)
  else if (size == 2) writeSlot(c, SLOT_RBP, 2, oldSp - 2)
  else writeSlot(c, SLOT_RBP, size, frame)
}

function leaveFrame(c: CpuState, size: u32): void {
  const mask = stackMask(c)
  const sp = c.rbp & mask
  const linear = stackLinear(c, sp, size, false)
  if (c.fault) return
  const value = readSize(c, linear, size)
  if (c.fault) return
  setStackPointerMasked(c, sp + u64(size))
  writeSlot(c, SLOT_RBP, size, value)
}

function bitTest(c: CpuState, u: usize): void {
  const size = uopX(u)
  const value = readSlot(c, uopS1(u), size)
  const bit = (slot(c, uopS2(u)) + u64(uopArgument(u))) & u64((size << 3) - 1)
  setCarryOverflow(c, (value >> bit) & 1, flagOf(c))
  const mask = (<u64>1) << bit
  switch (uopDetail(u)) {
    case 1:
      writeSlot(c, uopD(u), size, value | mask)
      break
    case 2:
      writeSlot(c, uopD(u), size, value & ~mask)
      break
    case 3:
      writeSlot(c, uopD(u), size, value ^ mask)
      break
  }
}

/** A bit string in memory: the operand that holds the bit lies (bit number, signed) / width operands away. */
function bitAddress(c: CpuState, u: usize): void {
  const size = uopX(u)
  const bit = <i64>signExtend(slot(c, uopS1(u)), size)
  const shift = i64(ctz(size) + 3)
  const moved = slot(c, uopD(u)) + u64((bit >> shift) << (shift - 3))
  setSlot(c, uopD(u), moved & sizeMask(uopDetail(u)))
}

/** Zero source: ZF set, destination kept. CF, OF, SF, AF, PF are undefined: cleared, and PF of the result, as AMD processors do. */
function bitScan(c: CpuState, u: usize, reverse: bool): void {
  const size = uopX(u)
  const value = readSlot(c, uopS1(u), size)
  if (value == 0) {
    setArithmetic(c, ZF | PF)
    return
  }
  const index = reverse ? 63 - clz(value) : ctz(value)
  setArithmetic(c, popcnt(index) & 1 ? 0 : PF)
  writeSlot(c, uopD(u), size, index)
}

/** SHLD, SHRD: CF the last bit shifted out, OF a change of sign; a 16-bit count above 16 is undefined. */
function doubleShift(c: CpuState, u: usize, right: bool): void {
  const size = uopX(u)
  const width = u64(size << 3)
  const argument = uopArgument(u)
  const count = u64(argument < 0 ? <u32>c.rcx & 255 : <u32>argument) & (size == 8 ? 63 : 31)
  const value = readSlot(c, uopS1(u), size)
  const fill = readSlot(c, uopS2(u), size)
  if (count == 0) {
    writeSlot(c, uopD(u), size, value)
    return
  }
  let result: u64
  let cf: u64
  if (size == 2) {
    // Counts above 16 are undefined: the source is shifted in twice, as on AMD processors.
    const whole = right ? value | (fill << 16) | (fill << 32) : (value << 32) | (fill << 16) | fill
    if (right) {
      result = whole >> count
      cf = (whole >> (count - 1)) & 1
    } else {
      result = (whole << count) >> 32
      cf = (whole >> (48 - count)) & 1
    }
  } else if (right) {
    result = (value >> count) | (fill << (width - count))
    cf = (value >> (count - 1)) & 1
  } else {
    result = (value << count) | (fill >> (width - count))
    cf = (value >> (width - count)) & 1
  }
  result &= sizeMask(size)
  writeSlot(c, uopD(u), size, result)
  c.flagResult = signExtend(result, size)
  c.flagAux = AF
  // For a count of 1 OF is a change of sign; above it is undefined, and this is what the same gates yield.
  setCarryOverflow(
    c,
    cf,
    right ? ((result >> (width - 1)) ^ (result >> (width - 2))) & 1 : ((result >> (width - 1)) & 1) ^ cf,
  )
}

/** RCL, RCR: rotation through CF, one bit at a time in effect. */
function rotateCarry(c: CpuState, u: usize, right: bool): void {
  const size = uopX(u)
  const width = size << 3
  let count = (<u32>slot(c, uopS2(u)) + <u32>uopArgument(u)) & (size == 8 ? 63 : 31)
  let value = readSlot(c, uopS1(u), size)
  let cf = flagCf(c)
  if (count == 0) {
    writeSlot(c, uopD(u), size, value)
    return
  }
  if (size <= 2) count %= width + 1
  const mask = sizeMask(size)
  const top = u64(width - 1)
  for (let i: u32 = 0; i < count; i++) {
    if (right) {
      const out = value & 1
      value = (value >> 1) | (cf << top)
      cf = out
    } else {
      const out = (value >> top) & 1
      value = ((value << 1) | cf) & mask
      cf = out
    }
  }
  writeSlot(c, uopD(u), size, value)
  const overflow = right ? ((value >> top) ^ (value >> (top - 1))) & 1 : ((value >> top) ^ cf) & 1
  setCarryOverflow(c, cf, overflow)
}

/** Flags of a - b at `size`. */
function compareFlags(c: CpuState, a: u64, b: u64, size: u32): void {
  const shift = u64(64 - (size << 3))
  const x = a << shift
  const y = b << shift
  const r = x - y
  c.flagResult = signExtend(a - b, size)
  c.flagCarry = (~x & y) | (~(x ^ y) & r)
  c.flagAux = (a ^ b ^ (a - b)) & AF
}

function compareExchange(c: CpuState, u: usize): void {
  const size = uopX(u)
  const old = readSlot(c, uopS1(u), size)
  const accumulator = readSlot(c, SLOT_RAX, size)
  // The address of a memory destination may be made of RAX, which therefore changes only after the store (decode-two-byte.ts).
  const accumulatorSlot = uopDetail(u) ? 0 : SLOT_T3
  setSlot(c, accumulatorSlot, c.rax)
  compareFlags(c, accumulator, old, size)
  if (accumulator == old) {
    const value = readSlot(c, uopS2(u), size)
    // A register destination is written on success only: a failure does not even clear its upper half.
    if (uopDetail(u)) writeSlot(c, uopS1(u), size, value)
    else setSlot(c, uopD(u), value)
  } else {
    setSlot(c, uopD(u), old)
    writeSlot(c, accumulatorSlot, size, old)
  }
}

function compareExchangeWide(c: CpuState, size: u32): void {
  const linear = slot(c, SLOT_T0)
  if (size == 8 && linear & 15) {
    raise(c, VECTOR_GP, 0)
    return
  }
  const operand = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  if (!probeWrite(c, linear, size * 2, size * 2) || !readWhole(c, linear, operand, size * 2, size * 2)) return
  const second = operand + size
  const low = size == 8 ? load<u64>(operand) : load<u32>(operand)
  const high = size == 8 ? load<u64>(second) : load<u32>(second)
  const equal = low == readSlot(c, SLOT_RAX, size) && high == readSlot(c, SLOT_RDX, size)
  if (equal) {
    if (size == 8) {
      store<u64>(operand, c.rbx)
      store<u64>(second, c.rcx)
    } else {
      store<u32>(operand, <u32>c.rbx)
      store<u32>(second, <u32>c.rcx)
    }
  }
  writeWhole(c, linear, operand, size * 2, size * 2)
  const flags = readArithmetic(c)
  if (equal) setArithmetic(c, flags | ZF)
  else {
    setArithmetic(c, flags & ~ZF)
    writeSlot(c, SLOT_RAX, size, low)
    writeSlot(c, SLOT_RDX, size, high)
  }
}

/** SZP of an 8-bit result with given CF and AF; OF cleared. */
function decimalFlags(c: CpuState, result: u32, cf: bool, af: bool): void {
  c.flagResult = u64(i64(<i8>result))
  c.flagAux = af ? AF : 0
  setCarryOverflow(c, u64(cf), 0)
}

function decimalAdjust(c: CpuState, subtract: bool): void {
  const al = <u32>c.rax & 255
  const oldCarry = flagCf(c) != 0
  let result = al
  let cf = false
  let af = false
  if ((al & 15) > 9 || flagAf(c)) {
    result = subtract ? result - 6 : result + 6
    cf = oldCarry || (subtract ? al < 6 : al > 0xf9)
    af = true
  }
  if (al > 0x99 || oldCarry) {
    result = subtract ? result - 0x60 : result + 0x60
    cf = true
  }
  store<u8>(changetype<usize>(c), <u8>result)
  decimalFlags(c, result & 255, cf, af)
}

function asciiAdjust(c: CpuState, subtract: bool): void {
  const adjust = (<u32>c.rax & 15) > 9 || flagAf(c) != 0
  let ax = <u32>c.rax & 0xffff
  if (adjust) ax = subtract ? ax - 0x106 : ax + 0x106
  ax &= 0xff0f
  store<u16>(changetype<usize>(c), <u16>ax)
  decimalFlags(c, ax & 255, adjust, adjust)
}

export function coldOp(c: CpuState, u: usize): void {
  const size = uopX(u)
  switch (uopFunction(u)) {
    case COLD_PUSH:
      push(c, slot(c, uopS2(u)) + u64(i64(uopArgument(u))), size)
      return
    case COLD_POP: {
      const value = peek(c, size)
      if (c.fault) return
      setStackPointerMasked(c, c.rsp + u64(size))
      writeSlot(c, uopD(u), size, value)
      return
    }
    case COLD_PEEK: {
      const value = peek(c, size)
      if (!c.fault) setSlot(c, uopD(u), value)
      return
    }
    case COLD_ADDSP:
      setStackPointerMasked(c, c.rsp + u64(uopArgument(u)))
      return
    case COLD_PUSHA:
      pushAll(c, size)
      return
    case COLD_POPA:
      popAll(c, size)
      return
    case COLD_ENTER:
      enter(c, size, uopDetail(u), uopArgument(u))
      return
    case COLD_LEAVE:
      leaveFrame(c, size)
      return
    case COLD_RET:
      ret(c, size, uopArgument(u))
      return
    case COLD_JMPI: {
      const target = readSlot(c, uopS1(u), size)
      checkTarget(c, target)
      if (!c.fault) c.rip = target
      return
    }
    case COLD_CALLI:
      call(c, readSlot(c, uopS1(u), size), size)
      return
    case COLD_MUL:
      multiply(c, readSlot(c, uopS1(u), size), size, false)
      return
    case COLD_IMUL:
      multiply(c, readSlot(c, uopS1(u), size), size, true)
      return
    case COLD_DIV:
      divide(c, readSlot(c, uopS1(u), size), size, false)
      return
    case COLD_IDIV:
      divide(c, readSlot(c, uopS1(u), size), size, true)
      return
    case COLD_BT:
      bitTest(c, u)
      return
    case COLD_BITADDR:
      bitAddress(c, u)
      return
    case COLD_BSF:
      bitScan(c, u, false)
      return
    case COLD_BSR:
      bitScan(c, u, true)
      return
    case COLD_POPCNT: {
      const value = readSlot(c, uopS1(u), size)
      writeSlot(c, uopD(u), size, popcnt(value))
      setArithmetic(c, value == 0 ? ZF : 0)
      return
    }
    case COLD_SHLD:
      doubleShift(c, u, false)
      return
    case COLD_SHRD:
      doubleShift(c, u, true)
      return
    case COLD_RCL:
      rotateCarry(c, u, false)
      return
    case COLD_RCR:
      rotateCarry(c, u, true)
      return
    case COLD_CMPXCHG:
      compareExchange(c, u)
      return
    case COLD_CMPXCHG8B:
      compareExchangeWide(c, 4)
      return
    case COLD_CMPXCHG16B:
      compareExchangeWide(c, 8)
      return
    case COLD_LAHF:
      store<u8>(changetype<usize>(c) + 1, <u8>(readArithmetic(c) & 0xd5) | 2)
      return
    case COLD_SAHF:
      setArithmetic(c, (u64(load<u8>(changetype<usize>(c) + 1)) & (SF | ZF | AF | PF | CF)) | (flagOf(c) ? OF : 0))
      return
    case COLD_CARRY: {
      const detail = uopDetail(u)
      setCarryOverflow(c, detail == 2 ? flagCf(c) ^ 1 : u64(detail), flagOf(c))
      return
    }
    case COLD_DIRECTION:
      c.eflags = uopDetail(u) ? c.eflags | DF : c.eflags & ~DF
      return
    case COLD_DAA:
      decimalAdjust(c, false)
      return
    case COLD_DAS:
      decimalAdjust(c, true)
      return
    case COLD_AAA:
      asciiAdjust(c, false)
      return
    case COLD_AAS:
      asciiAdjust(c, true)
      return
    case COLD_AAM: {
      const base = <u32>uopArgument(u) & 255
      if (base == 0) {
        raiseNoCode(c, VECTOR_DE)
        return
      }
      const al = <u32>c.rax & 255
      store<u16>(changetype<usize>(c), <u16>(((al / base) << 8) | (al % base)))
      decimalFlags(c, al % base, false, false)
      return
    }
    case COLD_AAD: {
      const ax = <u32>c.rax
      // CF, AF and OF are undefined: those of the addition.
      const tens = (((ax >> 8) & 255) * (<u32>uopArgument(u) & 255)) & 255
      const ones = ax & 255
      const result = (ones + tens) & 255
      store<u16>(changetype<usize>(c), <u16>result)
      decimalFlags(c, result, ones + tens > 255, ((ones ^ tens ^ result) & 16) != 0)
      setCarryOverflow(c, flagCf(c), u64(((ones ^ result) & (tens ^ result)) >> 7) & 1)
      return
    }
    case COLD_SALC:
      store<u8>(changetype<usize>(c), flagCf(c) ? 255 : 0)
      return
    case COLD_STRING:
      stringInstruction(c, u)
      return
    default:
      bitOp(c, u)
  }
}
