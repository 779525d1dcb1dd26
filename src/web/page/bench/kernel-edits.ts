// A kernel's image that does without some calls: what a constraint is good for is seen where it does not hold. It is the image that is
// edited, before it boots, as if it had been compiled so.

import { TransplantError } from '../../../base/index.js'
import { type ElfFile, parseElf } from '../../../format/index.js'
import { nop5 } from '../../../patch/index.js'
import type { LeftOutCall } from '../protocol.js'

const CALL = 0xe8
const CALL_BYTES = 5

/** The image with a NOP in the place of each call. Throws KERNEL_NO_SYMBOL where there is none. */
export function withoutCalls(image: Uint8Array, calls: readonly LeftOutCall[]): Uint8Array {
  if (calls.length === 0) return image
  const parsed = parseElf(image)
  if (!parsed.ok) return image
  const edited = image.slice()
  for (const call of calls) edited.set(nop5, placeOf(parsed.value, image, call))
  return edited
}

/** Where the call lies in the file. */
function placeOf(elf: ElfFile, image: Uint8Array, { inside, callee, nth }: LeftOutCall): number {
  const symbol = (name: string) => elf.symbols.find((one) => one.name === name)
  const [caller, target] = [inside.map(symbol).find((one) => one !== undefined), symbol(callee)]
  const segment = elf.segments.find(
    ({ virtualAddress, fileBytes }) =>
      caller !== undefined && caller.value >= virtualAddress && caller.value < virtualAddress + BigInt(fileBytes),
  )
  if (caller !== undefined && target !== undefined && segment !== undefined) {
    const start = Number(caller.value - segment.virtualAddress) + segment.offset
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength)
    let left = nth
    for (let at = 0; at + CALL_BYTES <= Number(caller.size); at++) {
      const goesTo = caller.value + BigInt(at + CALL_BYTES) + BigInt(view.getInt32(start + at + 1, true))
      if (image[start + at] === CALL && BigInt.asUintN(64, goesTo) === target.value && left-- === 0) return start + at
    }
  }
  throw new TransplantError('KERNEL_NO_SYMBOL', `The kernel has no call ${nth} of '${callee}' in '${inside[0]}'.`)
}
