// A flat Multiboot kernel at 1 MiB: 32-bit code behind a header that gives the addresses.

import { writeU32 } from '../../src/base/index.js'
import { assemble } from '../cpu/assemble.js'

const AT = 0x10_0000
const HEADER_BYTES = 32

export function flatKernel(code: string): Uint8Array {
  const program = assemble(code, AT + HEADER_BYTES, 32)
  const image = new Uint8Array(HEADER_BYTES + program.length)
  const flags = 0x1_0000
  const words = [0x1bad_b002, flags, -(0x1bad_b002 + flags), AT, AT, 0, 0, AT + HEADER_BYTES]
  words.forEach((word, i) => {
    writeU32(image, 4 * i, word >>> 0)
  })
  image.set(program, HEADER_BYTES)
  return image
}
