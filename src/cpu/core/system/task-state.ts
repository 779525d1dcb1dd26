// The registers of a task as its TSS holds them: 32-bit (SDM 3A figure 8-2) and 16-bit (figure 8-10).
//
// Promises: `readTask` leaves a whole image in the accessors below and changes nothing; `saveTask` writes the registers of now, and after
// `touchTask` has passed it cannot fault. All accesses are implicit supervisor accesses.
import { CpuState, segmentSelector, slot } from '../state/state'
import { readSystem16, readSystem32, readSystem8, writeSystem16, writeSystem32, writeSystem8 } from '../memory/linear'

/** Last byte a task switch reads or writes: through the word with the T bit; the 16-bit TSS ends with the LDT selector. */
export const TSS32_LAST: u32 = 0x67
export const TSS16_LAST: u32 = 0x2b

// Dwords from offset 0x1c on: CR3, EIP, EFLAGS, eight registers, six segments in hardware order, LDT, T bit and I/O map base. The 16-bit
// form has words from 0x0e on, without CR3, FS, GS and T.
const FIELDS: u32 = 19
const image = memory.data(76)

function field(n: u32): u32 {
  return load<u32>(image + (n << 2))
}

export function taskCr3(): u32 {
  return field(0)
}

export function taskRip(): u32 {
  return field(1)
}

export function taskFlags(): u32 {
  return field(2)
}

export function taskRegister(n: u32): u32 {
  return field(3 + n)
}

export function taskSelector(segment: u32): u32 {
  return field(11 + segment) & 0xffff
}

export function taskLdt(): u32 {
  return field(17) & 0xffff
}

export function taskTraps(): bool {
  return (field(18) & 1) != 0
}

function at(base: u64, offset: u32): u64 {
  return (base + u64(offset)) & 0xffffffff
}

export function readTask(c: CpuState, base: u64, wide: bool): bool {
  memory.fill(image, 0, 76)
  for (let n: u32 = wide ? 0 : 1; n < FIELDS; n++) {
    let value: u32
    if (wide) value = <u32>readSystem32(c, at(base, 0x1c + (n << 2)))
    else if (n > 14) {
      // No FS, GS and T; the LDT selector follows DS.
      if (n != 17) continue
      value = <u32>readSystem16(c, at(base, 0x2a))
    } else value = <u32>readSystem16(c, at(base, 0x0c + (n << 1)))
    if (c.fault) return false
    store<u32>(image + (n << 2), value)
  }
  return true
}

/** Raises the page fault that a store to this byte would raise. */
export function touch(c: CpuState, linear: u64): bool {
  const value = readSystem8(c, linear)
  if (c.fault) return false
  writeSystem8(c, linear, value)
  return c.fault == 0
}

/** Can the registers be saved here? */
export function touchTask(c: CpuState, base: u64, wide: bool): bool {
  return wide
    ? touch(c, at(base, 0x20)) && touch(c, at(base, 0x5f))
    : touch(c, at(base, 0x0e)) && touch(c, at(base, 0x29))
}

/** Saves EIP and EFLAGS as given, and the registers of now. CR3 and the LDT selector of a TSS are never written. */
export function saveTask(c: CpuState, base: u64, wide: bool, rip: u64, flags: u64): void {
  const end: u32 = wide ? 17 : 15
  for (let n: u32 = 1; n < end; n++) {
    const value = n == 1 ? rip : n == 2 ? flags : n < 11 ? slot(c, (n - 3) << 3) : u64(segmentSelector(c, n - 11))
    if (wide) {
      if (n < 11) writeSystem32(c, at(base, 0x1c + (n << 2)), value)
      else writeSystem16(c, at(base, 0x1c + (n << 2)), value)
    } else writeSystem16(c, at(base, 0x0c + (n << 1)), value)
  }
}
