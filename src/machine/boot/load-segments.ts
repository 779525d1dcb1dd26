// The loadable segments of a kernel image, checked against the RAM they go to.

import { accept, findOverlap, formatAddress, type Result, refuse } from '../../base/index.js'
import { type ElfFile, PT_LOAD } from '../../format/index.js'

export interface LoadedSegment {
  /** Physical address. */
  readonly address: number
  readonly bytes: Uint8Array
  /** Zero-filled beyond `bytes`. */
  readonly memoryBytes: number
}

export type SegmentRefusalCode = 'no-segments' | 'larger-than-ram' | 'overlapping-segments'

export function loadSegments(elf: ElfFile, memoryBytes: number): Result<LoadedSegment[], SegmentRefusalCode> {
  const segments = elf.segments
    .filter((segment) => segment.type === PT_LOAD && segment.memoryBytes > 0)
    .map((segment) => ({
      start: Number(segment.physicalAddress),
      end: Number(segment.physicalAddress) + segment.memoryBytes,
      bytes: elf.bytes.subarray(segment.offset, segment.offset + segment.fileBytes),
    }))
  if (segments.length === 0) {
    return refuse(
      'no-segments',
      'The kernel image has no loadable segment.',
      'Link an executable (ld), not an object file.',
    )
  }
  for (const { start, end } of segments) {
    if (end > memoryBytes) {
      return refuse(
        'larger-than-ram',
        `The kernel has a segment at ${formatAddress(start)}..${formatAddress(end)}, but RAM ends at ${formatAddress(memoryBytes)}.`,
        'Give the machine more memory (--memory), or link the kernel at a lower physical address.',
      )
    }
  }
  const overlap = findOverlap(segments)
  if (overlap !== undefined) {
    const [a, b] = overlap
    return refuse(
      'overlapping-segments',
      `The kernel's segments ${formatAddress(a.start)}..${formatAddress(a.end)} and ${formatAddress(b.start)}..${formatAddress(b.end)} overlap in physical memory.`,
      'Correct the physical addresses (AT) in the linker script.',
    )
  }
  return accept(segments.map(({ start, end, bytes }) => ({ address: start, bytes, memoryBytes: end - start })))
}

/** The range from the lowest to the highest byte, and its contents with gaps zeroed. */
export function flattenSegments(segments: readonly LoadedSegment[]): {
  readonly start: number
  readonly end: number
  readonly bytes: () => Uint8Array
} {
  const start = Math.min(...segments.map((segment) => segment.address))
  const end = Math.max(...segments.map((segment) => segment.address + segment.memoryBytes))
  return {
    start,
    end,
    bytes: () => {
      const flat = new Uint8Array(end - start)
      for (const segment of segments) flat.set(segment.bytes, segment.address - start)
      return flat
    },
  }
}
