// AVX instructions that access memory element by element: masked loads and stores, gathers.
//
// Promises: an element whose mask bit is clear is not accessed and cannot fault. A masked move does all or nothing. A gather that faults keeps the
// elements that it has loaded, with the mask elements up to there cleared, so that it goes on where it was when it is restarted (SDM 2D VPGATHERDD). Neither checks alignment.
import { VECTOR_SCRATCH_OFFSET } from '../../numbers/sizes'
import {
  FN_AVX_MASKED_STORE,
  VEX_NARROW_ADDRESS,
  VEX_SCALE_SHIFT,
  VEX_SEGMENT_SHIFT,
  VEX_WIDE,
} from '../../numbers/vector-functions'
import { CpuState } from '../state/state'
import { uopArgument, uopD, uopDetail, uopFunction, uopS1, uopS2, uopX } from '../blocks/ir'
import { probeWrite, readWhole, writeWhole } from '../memory/linear'
import { linearIn } from '../system/segment-check'
import { upperRegister, vectorRegister } from './sse'
import { ZERO_VECTOR } from './sse-extended-integer'

/** Place of the byte at `offset` of YMM register r. */
// @ts-ignore: decorator
@inline
function place(c: CpuState, r: u32, offset: u32): usize {
  return (offset < 16 ? vectorRegister(c, r) : upperRegister(c, r) - 16) + offset
}

/** The top bit of the mask's element. */
// @ts-ignore: decorator
@inline
function isSelected(c: CpuState, mask: u32, offset: u32, bytes: u32): bool {
  return load<i8>(place(c, mask, offset + bytes - 1)) < 0
}

// @ts-ignore: decorator
@inline
function width(u: usize): u32 {
  return uopArgument(u) & VEX_WIDE ? 32 : 16
}

/** Linear address of the element so many bytes from the operand's base, its segment checked; c.fault. */
function elementAddress(c: CpuState, u: usize, distance: u64): u64 {
  const argument = <u32>uopArgument(u)
  let offset = c.t0 + distance
  if (argument & VEX_NARROW_ADDRESS) offset &= 0xffffffff
  return linearIn(c, (argument >> VEX_SEGMENT_SHIFT) & 7, offset, uopX(u), uopFunction(u) == FN_AVX_MASKED_STORE)
}

export function maskedLoad(c: CpuState, u: usize): void {
  const bytes = uopX(u)
  const p = changetype<usize>(c) + VECTOR_SCRATCH_OFFSET
  v128.store(p, ZERO_VECTOR)
  v128.store(p, ZERO_VECTOR, 16)
  for (let offset: u32 = 0; offset < width(u); offset += bytes) {
    if (!isSelected(c, uopS1(u), offset, bytes)) continue
    const linear = elementAddress(c, u, offset)
    if (c.fault || !readWhole(c, linear, p + offset, bytes, 1)) return
  }
  v128.store(vectorRegister(c, uopD(u)), v128.load(p))
  v128.store(upperRegister(c, uopD(u)), v128.load(p, 16))
}

export function maskedStoreElements(c: CpuState, u: usize): void {
  const bytes = uopX(u)
  const mask = uopS1(u)
  for (let offset: u32 = 0; offset < width(u); offset += bytes) {
    if (!isSelected(c, mask, offset, bytes)) continue
    const linear = elementAddress(c, u, offset)
    if (c.fault || !probeWrite(c, linear, bytes, 1)) return
  }
  for (let offset: u32 = 0; offset < width(u); offset += bytes) {
    if (isSelected(c, mask, offset, bytes))
      writeWhole(c, elementAddress(c, u, offset), place(c, uopS2(u), offset), bytes, 1)
  }
}

function setElement(at: usize, bytes: u32, value: u64): void {
  if (bytes == 8) store<u64>(at, value)
  else store<u32>(at, <u32>value)
}

export function gather(c: CpuState, u: usize): void {
  const bytes = uopX(u)
  const destination = uopD(u)
  const mask = uopS1(u)
  const indexBytes: u32 = uopDetail(u) & 1 ? 8 : 4
  const count = width(u) / max(bytes, indexBytes)
  for (let i: u32 = 0; i < count; i++) {
    const offset = i * bytes
    if (isSelected(c, mask, offset, bytes)) {
      const at = place(c, uopS2(u), i * indexBytes)
      const index = indexBytes == 8 ? load<i64>(at) : <i64>load<i32>(at)
      const linear = elementAddress(c, u, (<u64>index) << u64((uopArgument(u) >> VEX_SCALE_SHIFT) & 3))
      if (c.fault || !readWhole(c, linear, place(c, destination, offset), bytes, 1)) return
    }
    setElement(place(c, mask, offset), bytes, 0)
  }
  for (let offset = count * bytes; offset < 32; offset += bytes) setElement(place(c, destination, offset), bytes, 0)
  v128.store(vectorRegister(c, mask), ZERO_VECTOR)
  v128.store(upperRegister(c, mask), ZERO_VECTOR)
}
