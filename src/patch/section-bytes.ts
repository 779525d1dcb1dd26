// Bytes of a section while it is written.
import { refuse } from '../base/index.js'
import type { PatchRefusal } from './refusal.js'

export type SectionName = '.text' | '.rodata' | '.data'

/** Bytes of .text, .rodata or .data; a guest has room for a few of them. */
export const LARGEST_SECTION = 1024 * 1024

export function tooLarge(section: SectionName, line: number): PatchRefusal {
  return refuse(
    'syntax',
    `line ${line}: ${section} has more than ${LARGEST_SECTION / 1024 / 1024} MiB`,
    'Make it smaller.',
    { line },
  )
}

export class GrowingBytes {
  private readonly parts: number[] = []
  get length(): number {
    return this.parts.length
  }
  append(bytes: Uint8Array): void {
    for (const byte of bytes) this.parts.push(byte)
  }
  align(boundary: number, fill: number): void {
    while (this.parts.length % boundary !== 0) this.parts.push(fill)
  }
  toBytes(): Uint8Array {
    return Uint8Array.from(this.parts)
  }
}
