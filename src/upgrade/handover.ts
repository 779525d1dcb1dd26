// The handover as the host reads it: the root page and the preserved-frame bitmap that the old kernel left for the new
// one. Follows images/kernel/include/abi/handover.h field by field; reads physical memory through GuestPort only. The
// host never repairs or completes anything here: it reports what it finds.

import {
  accept,
  type PhysAddr,
  physAddr,
  type Result,
  readCString,
  readSafeU64,
  readU32,
  readU64,
  refuse,
} from '../base/index.js'
import type { GuestPort } from '../machine/index.js'

/** Physical address of the root page (firmware/handover.h). */
export const HANDOVER_ROOT_PHYS = physAddr(0xa000)
const ROOT_MAGIC = 0x544f_4f52_4f48_4b54n
export const HANDOVER_COMPATIBLE = 'scion-handover-v1'

export type HandoverStatus = 'empty' | 'frozen' | 'refused' | 'adopted'
const STATUS: readonly HandoverStatus[] = ['empty', 'frozen', 'refused', 'adopted']

export interface HandoverComponent {
  /** "scion-task-v1": the component and the version of its records. */
  readonly compatible: string
  readonly firstBlock: PhysAddr
  readonly bytes: number
  readonly count: number
}

export interface HandoverRoot {
  readonly compatible: string
  readonly fromRelease: string
  readonly toRelease: string
  /** Upgrades since power-up, this one included. */
  readonly number: number
  readonly fromArena: PhysAddr
  readonly toArena: PhysAddr
  readonly ramFrames: number
  readonly bitmap: PhysAddr
  readonly preservedFrames: number
  readonly status: HandoverStatus
  /** Why the new kernel refused; empty if it did not. */
  readonly refusal: string
  readonly components: readonly HandoverComponent[]
}

export type HandoverRefusal = 'no-handover' | 'bad-handover'

export async function readHandover(port: GuestPort): Promise<Result<HandoverRoot, HandoverRefusal>> {
  const page = await port.readPhysical(HANDOVER_ROOT_PHYS, 4096)
  if (readU64(page, 0) !== ROOT_MAGIC) {
    return refuse('no-handover', 'no kernel has written a handover root page', 'Start an upgrade in the guest first.')
  }
  const text = (offset: number, length: number) => readCString(page.subarray(offset, offset + length), 0)
  const components: HandoverComponent[] = []
  const count = readU32(page, 0xb4)
  if (count > 24) {
    return refuse('bad-handover', `the root page claims ${count} components; at most 24 fit`, 'The page is damaged.')
  }
  for (let i = 0; i < count; i++) {
    const at = 0x160 + i * 0x38
    components.push({
      compatible: text(at, 32),
      firstBlock: physAddr(readSafeU64(page, at + 0x20)),
      bytes: readSafeU64(page, at + 0x28),
      count: readSafeU64(page, at + 0x30),
    })
  }
  return accept({
    compatible: text(0x08, 32),
    fromRelease: text(0x28, 32),
    toRelease: text(0x48, 32),
    number: readSafeU64(page, 0x68),
    fromArena: physAddr(readSafeU64(page, 0x70)),
    toArena: physAddr(readSafeU64(page, 0x78)),
    ramFrames: readSafeU64(page, 0x80),
    bitmap: physAddr(readSafeU64(page, 0x88)),
    preservedFrames: readSafeU64(page, 0x98),
    status: STATUS[readU32(page, 0xbc)] ?? 'empty',
    refusal: text(0xc0, 160),
    components,
  })
}
