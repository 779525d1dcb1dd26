// The bit instructions of x86-64-v3: LZCNT, TZCNT, BMI1 and BMI2.
//
// Promises: flags exact where the SDM defines them; those that it leaves undefined are cleared, but for PF, which is the result's.
import { SLOT_RDX } from '../../numbers/operations'
import {
  COLD_BEXTR,
  COLD_BZHI,
  COLD_LOWEST_BIT,
  COLD_LZCNT,
  COLD_MULX,
  COLD_PDEP,
  COLD_PEXT,
  COLD_TZCNT,
} from '../../numbers/integer-functions'
import { uopD, uopDetail, uopFunction, uopS1, uopS2, uopX } from '../blocks/ir'
import { CpuState } from '../state/state'
import { multiplyHigh, setCarryOverflow } from './arithmetic'
import { readSlot, signExtend, writeSlot } from './cold'

/** SF, ZF and PF of the result, CF as given, OF and AF clear. */
function setFlags(c: CpuState, result: u64, carry: u64, size: u32): void {
  c.flagResult = signExtend(result, size)
  c.flagAux = 0
  setCarryOverflow(c, carry, 0)
}

function lowestBit(kind: u32, value: u64): u64 {
  if (kind == 1) return value & (value - 1)
  return kind == 2 ? value ^ (value - 1) : value & (0 - value)
}

function extractField(value: u64, control: u64): u64 {
  const start = control & 0xff
  const length = (control >> 8) & 0xff
  const shifted = start > 63 ? 0 : value >> start
  return length > 63 ? shifted : shifted & (((<u64>1) << length) - 1)
}

function gatherBits(value: u64, mask: u64): u64 {
  let result: u64 = 0
  for (let to: u64 = 1; mask; to <<= 1) {
    const bit = mask & (0 - mask)
    if (value & bit) result |= to
    mask ^= bit
  }
  return result
}

function scatterBits(value: u64, mask: u64): u64 {
  let result: u64 = 0
  for (; mask; value >>= 1) {
    const bit = mask & (0 - mask)
    if (value & 1) result |= bit
    mask ^= bit
  }
  return result
}

function multiply(c: CpuState, u: usize, size: u32, value: u64): void {
  const other = readSlot(c, SLOT_RDX, size)
  const low = value * other
  const high = size == 8 ? multiplyHigh(value, other) : low >> 32
  writeSlot(c, uopS2(u), size, size == 8 ? low : low & 0xffffffff)
  writeSlot(c, uopD(u), size, high)
}

export function bitOp(c: CpuState, u: usize): void {
  const size = uopX(u)
  const value = readSlot(c, uopS1(u), size)
  const bits = u64(size << 3)
  switch (uopFunction(u)) {
    case COLD_TZCNT: {
      const count = value ? ctz(value) : bits
      setFlags(c, count, u64(value == 0), size)
      writeSlot(c, uopD(u), size, count)
      return
    }
    case COLD_LZCNT: {
      const count = clz(value) - (64 - bits)
      setFlags(c, count, u64(value == 0), size)
      writeSlot(c, uopD(u), size, count)
      return
    }
    case COLD_LOWEST_BIT: {
      const kind = uopDetail(u)
      const result = lowestBit(kind, value)
      setFlags(c, result, u64((value != 0) == (kind == 3)), size)
      writeSlot(c, uopD(u), size, result)
      return
    }
    case COLD_BEXTR: {
      const result = extractField(value, readSlot(c, uopS2(u), size))
      setFlags(c, result, 0, size)
      writeSlot(c, uopD(u), size, result)
      return
    }
    case COLD_BZHI: {
      const index = readSlot(c, uopS2(u), 1)
      const result = index < bits ? value & (((<u64>1) << index) - 1) : value
      setFlags(c, result, u64(index >= bits), size)
      writeSlot(c, uopD(u), size, result)
      return
    }
    case COLD_PEXT:
      writeSlot(c, uopD(u), size, gatherBits(value, readSlot(c, uopS2(u), size)))
      return
    case COLD_PDEP:
      writeSlot(c, uopD(u), size, scatterBits(value, readSlot(c, uopS2(u), size)))
      return
    case COLD_MULX:
      multiply(c, u, size, value)
      return
    default:
      unreachable()
  }
}
