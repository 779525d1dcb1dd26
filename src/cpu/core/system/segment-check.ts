// Segment limits and types for operands outside 64-bit mode (SDM 3A 5.3, 5.5), and the stack as PUSH and POP see it there.
//
// Promises: nothing changes if the check fails; violations in SS are #SS(0), in others #GP(0). In 64-bit mode these functions only mask.
import {
  CpuState,
  MODE_CODE64,
  MODE_CODE_MASK,
  MODE_STACK32,
  segmentAttributes,
  segmentBase,
  segmentLimit,
  setSlot,
  slot,
} from '../state/state'
import { SEGCHECK_WRITE, SEG_CS, SEG_SS } from '../../numbers/operations'
import { uopD, Uop, uopS1, uopX } from '../blocks/ir'
import { VECTOR_GP, VECTOR_SS, raise } from '../state/fault'
import {
  ATTRIBUTE_BIG,
  ATTRIBUTE_CODE,
  ATTRIBUTE_EXPAND_DOWN,
  ATTRIBUTE_PRESENT,
  ATTRIBUTE_WRITABLE,
} from './descriptor-tables'

/** Linear address of `offset` in segment s, checked; c.fault on violation. */
export function linearIn(c: CpuState, s: u32, offset: u64, size: u32, write: bool): u64 {
  if ((c.mode & MODE_CODE_MASK) == MODE_CODE64) return s >= 4 ? segmentBase(c, s) + offset : offset
  const attributes = segmentAttributes(c, s)
  const limit = segmentLimit(c, s)
  const first = <u32>offset
  const last = first + (size - 1)
  let good = (attributes & ATTRIBUTE_PRESENT) != 0
  if (attributes & ATTRIBUTE_CODE) {
    // CS keeps a writable-looking form in real mode, where its type is data; a code segment is never writable.
    if (write || (attributes & ATTRIBUTE_WRITABLE) == 0) good = false
  } else if (write && (attributes & ATTRIBUTE_WRITABLE) == 0) good = false
  if ((attributes & (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)) == ATTRIBUTE_EXPAND_DOWN) {
    if (first <= limit || last < first || last > (attributes & ATTRIBUTE_BIG ? 0xffffffff : 0xffff)) good = false
  } else if (last > limit || last < first) good = false
  if (!good) {
    raise(c, s == SEG_SS ? VECTOR_SS : VECTOR_GP, 0)
    return 0
  }
  return (segmentBase(c, s) + u64(first)) & 0xffffffff
}

export function segmentCheck(c: CpuState, u: usize): void {
  const immediate = <u32>changetype<Uop>(u).low
  const linear = linearIn(c, uopX(u) & 7, slot(c, uopS1(u)), immediate & 0xffff, (immediate & SEGCHECK_WRITE) != 0)
  if (!c.fault) setSlot(c, uopD(u), linear)
}

/** Mask of the stack pointer. */
export function stackMask(c: CpuState): u64 {
  return (c.mode & MODE_CODE_MASK) == MODE_CODE64 ? ~0 : c.mode & MODE_STACK32 ? 0xffffffff : 0xffff
}

/** Linear address of `size` bytes at stack offset `offset`. */
export function stackLinear(c: CpuState, offset: u64, size: u32, write: bool): u64 {
  return linearIn(c, SEG_SS, offset & stackMask(c), size, write)
}

/** Writes the stack pointer with the width of the stack. */
export function setStackPointerMasked(c: CpuState, value: u64): void {
  const mask = stackMask(c)
  if (mask == 0xffff) c.rsp = (c.rsp & ~mask) | (value & mask)
  else c.rsp = value & mask
}

/** CS limit for a near branch target outside 64-bit mode; canonicality in it. */
export function checkTarget(c: CpuState, target: u64): void {
  if ((c.mode & MODE_CODE_MASK) == MODE_CODE64) {
    if (u64((i64(target) << 16) >> 16) != target) raise(c, VECTOR_GP, 0)
  } else if (<u32>target > segmentLimit(c, SEG_CS)) raise(c, VECTOR_GP, 0)
}
