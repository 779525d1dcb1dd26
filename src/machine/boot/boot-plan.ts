// What booting a kernel image takes: the request, the plan, and the reasons to refuse one.

import { encodeText, writeU32 } from '../../base/index.js'
import type { LoadedSegment } from './load-segments.js'

/** Why a kernel cannot be booted. */
export type BootRefusalCode =
  | 'not-an-elf'
  | 'truncated'
  | 'bad-elf'
  | 'wrong-machine'
  | 'elf32-without-multiboot'
  | 'no-pvh-note'
  | 'no-segments'
  | 'larger-than-ram'
  | 'overlapping-segments'
  | 'entry-outside-image'
  | 'initrd-larger-than-ram'
  | 'unsupported-multiboot'
  | 'bad-multiboot-addresses'
  | 'over-firmware'
  | 'bad-linux-image'
  | 'old-linux-protocol'
  | 'command-line-too-long'

/** A kernel to boot, and with what. */
export interface KernelRequest {
  readonly image: Uint8Array
  readonly append: string
  readonly initrd: Uint8Array | undefined
  readonly memoryBytes: number
}

/** What firmware and RAM must hold so that a kernel boots. */
export interface BootPlan {
  readonly protocol: 'pvh' | 'multiboot' | 'linux'
  /** Where the firmware jumps to. */
  readonly entry: number
  readonly buildId: string | undefined
  /** Written into RAM at every power-up and reset, before the first instruction. */
  readonly preload: readonly LoadedSegment[]
  readonly items: ReadonlyMap<number, Uint8Array>
}

export function u32Item(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  writeU32(bytes, 0, value)
  return bytes
}

export function stringItem(text: string): Uint8Array {
  const bytes = encodeText(text)
  const item = new Uint8Array(bytes.length + 1)
  item.set(bytes)
  return item
}
