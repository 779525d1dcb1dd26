// Physical access within one page: RAM, ROM and devices.
//
// Constraints: 1. a store into decoded code drops that code before the next instruction (blocks.ts); 2. a page's dirty byte is set before its
// first store after clearDirty.
import { storeIntoCode } from '../blocks/blocks'
import { DEBUG } from '../state/debug'
import { mmioRead, mmioWrite } from '../state/imports'
import { isRam, markDirty, memoryAt, pageFlags, ramBase } from '../state/layout'
import { CpuState } from '../state/state'

function deviceRead(c: CpuState, physical: u64, size: u32): u64 {
  if (physical >> 32) return size == 8 ? ~0 : ((<u64>1) << (size << 3)) - 1
  const p = <u32>physical
  if (size == 8) return u64(mmioRead(c.index, p, 4)) | (u64(mmioRead(c.index, p + 4, 4)) << 32)
  if (size & (size - 1)) {
    let value: u64 = 0
    for (let i: u32 = 0; i < size; i++) value |= u64(mmioRead(c.index, p + i, 1) & 255) << (i << 3)
    return value
  }
  const value = u64(mmioRead(c.index, p, size))
  return value & (((<u64>1) << (size << 3)) - 1)
}

function deviceWrite(c: CpuState, physical: u64, size: u32, value: u64): void {
  if (physical >> 32) return
  const p = <u32>physical
  if (size == 8) {
    mmioWrite(c.index, p, 4, <u32>value)
    mmioWrite(c.index, p + 4, 4, <u32>(value >> 32))
  } else if (size & (size - 1)) {
    for (let i: u32 = 0; i < size; i++) mmioWrite(c.index, p + i, 1, <u32>(value >> (i << 3)) & 255)
  } else mmioWrite(c.index, p, size, size == 4 ? <u32>value : <u32>value & ((1 << (size << 3)) - 1))
}

export function physicalRead(c: CpuState, physical: u64, size: u32): u64 {
  const host = memoryAt(physical)
  if (DEBUG) assert((physical & 0xfff) + size <= 0x1000, 'a physical load crosses a page')
  if (host == 0) return deviceRead(c, physical, size)
  switch (size) {
    case 1:
      return load<u8>(host)
    case 2:
      return load<u16>(host)
    case 4:
      return load<u32>(host)
    case 8:
      return load<u64>(host)
  }
  let value: u64 = 0
  for (let i: u32 = 0; i < size; i++) value |= u64(load<u8>(host + i)) << (i << 3)
  return value
}

export function physicalWrite(c: CpuState, physical: u64, size: u32, value: u64): void {
  if (DEBUG) assert((physical & 0xfff) + size <= 0x1000, 'a physical store crosses a page')
  if (!isRam(physical)) {
    if (memoryAt(physical) == 0) deviceWrite(c, physical, size, value)
    return
  }
  const p = <u32>physical
  const page = p >> 12
  markDirty(page)
  const host = ramBase + p
  if (load<u8>(pageFlags + page)) storeIntoCode(c, p, size, value)
  switch (size) {
    case 1:
      store<u8>(host, <u8>value)
      return
    case 2:
      store<u16>(host, <u16>value)
      return
    case 4:
      store<u32>(host, <u32>value)
      return
    case 8:
      store<u64>(host, value)
      return
  }
  for (let i: u32 = 0; i < size; i++) store<u8>(host + i, <u8>(value >> (i << 3)))
}

export function physicalRead32(c: CpuState, physical: u64): u32 {
  return <u32>physicalRead(c, physical, 4)
}
export function physicalRead64(c: CpuState, physical: u64): u64 {
  return physicalRead(c, physical, 8)
}
export function physicalWrite32(c: CpuState, physical: u64, value: u32): void {
  physicalWrite(c, physical, 4, value)
}
export function physicalWrite64(c: CpuState, physical: u64, value: u64): void {
  physicalWrite(c, physical, 8, value)
}
