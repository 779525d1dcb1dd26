// A 64 KiB boot ROM of 16-bit code, for tests of what a machine does before any mode is switched. CS is F000H, DS is 0.

import { assemble } from '../cpu/assemble.js'

export function realModeRom(text: string): Uint8Array {
  const rom = new Uint8Array(0x10000)
  rom.set(assemble(text, 0, 16))
  rom.set([0xe9, 0x0d, 0x00], 0xfff0) // JMP 0
  return rom
}
