// Where the structures that booting writes may lie: never over the kernel, never over what the firmware works with.

import { alignDown, alignUp, PAGE_SIZE, type Range, type Refusal, rangesOverlap, refuse } from '../../base/index.js'
import * as key from '../devices/fw-cfg.js'
import { type KernelRequest, u32Item } from './boot-plan.js'

/** What the firmware writes before it has read the kernel: BIOS data area; the other vCPUs' first page. */
const WRITTEN_EARLY: readonly Named[] = [
  { start: 0x400, end: 0x500, what: 'the BIOS data area' },
  { start: 0x8000, end: 0x9000, what: 'the page in which the other vCPUs start' },
]
/** The firmware's variables and stack, what it hands over, video memory, ROM (firmware/README.md, "Low memory"). */
const FIRMWARE: Named = { start: 0x8_0000, end: 0x10_0000, what: 'the memory of the firmware, of video and of the ROM' }
const HIGH = 0x10_0000
/** QEMU puts the initrd as high as it fits below 4 GiB, with room above it for ACPI tables. */
const ROOM_ABOVE_INITRD = 128 * 1024

interface Named extends Range<number> {
  readonly what: string
}

/** Refuses an image that the firmware would write over. `preloaded`: it is in RAM before the firmware runs. */
export function refuseFirmwareMemory(
  image: readonly Range<number>[],
  preloaded: boolean,
): Refusal<'over-firmware'> | undefined {
  for (const kept of preloaded ? [...WRITTEN_EARLY, FIRMWARE] : [FIRMWARE]) {
    const hit = image.find((part) => rangesOverlap(part, kept))
    if (hit === undefined) continue
    return refuse(
      'over-firmware',
      `The kernel's part at 0x${hit.start.toString(16)}..0x${hit.end.toString(16)} lies over 0x${kept.start.toString(16)}..0x${kept.end.toString(16)}, ${kept.what}.`,
      'Link the kernel at 1 MiB or above.',
    )
  }
  return undefined
}

/** Whether a range is RAM that neither firmware nor video nor ROM lie in. */
export function isUsable(range: Range<number>, memoryBytes: number): boolean {
  return range.end <= memoryBytes && !rangesOverlap(range, FIRMWARE)
}

/** A page-aligned place of `size` bytes outside of `taken`: at 9000H, where QEMU has it, or the first that is free; undefined if none is. */
export function findPlace(size: number, taken: readonly Range<number>[], memoryBytes: number): number | undefined {
  return [0x9000, PAGE_SIZE, ...taken.map(({ end }) => alignUp(end, PAGE_SIZE)), HIGH].find((start) => {
    const range = { start, end: start + size }
    return isUsable(range, memoryBytes) && !taken.some((part) => rangesOverlap(range, part))
  })
}

/** Whether it ends below the memory of the firmware, which lies between what is loaded there and what is from 1 MiB on. */
export function isLow(end: number): boolean {
  return end <= FIRMWARE.start
}

/** Adds the initrd to the items: as high as RAM and `limit` allow. A refusal where that is not above `kernelEnd`. */
export function placeInitrd(
  { initrd, memoryBytes }: KernelRequest,
  kernelEnd: number,
  limit: number,
  items: Map<number, Uint8Array>,
): Refusal<'initrd-larger-than-ram'> | undefined {
  if (initrd === undefined) return undefined
  const top = Math.min(memoryBytes - ROOM_ABOVE_INITRD - 1, limit)
  const address = alignDown(top - initrd.length, PAGE_SIZE)
  if (address < kernelEnd) {
    return refuse(
      'initrd-larger-than-ram',
      `The initrd of ${initrd.length} bytes does not fit into ${memoryBytes} bytes of RAM above the kernel, which ends at 0x${kernelEnd.toString(16)}.`,
      'Give the machine more memory (--memory).',
    )
  }
  items.set(key.FW_CFG_INITRD_ADDR, u32Item(address))
  items.set(key.FW_CFG_INITRD_SIZE, u32Item(initrd.length))
  items.set(key.FW_CFG_INITRD_DATA, initrd)
  return undefined
}
