// The fast TLB of each context: filling and dropping entries.
//
// Derived: a subset of what tlb.ts holds. Constraint: a translation that goes from the second-level TLB goes from here too; what code is known by it
// is forgotten with it (code-pages.ts).
import { TLB_BYTES, TLB_ENTRY_BYTES, TLB_FILLED_OFFSET, TLB_FILLED_WORDS, PAGE_MASK } from '../../numbers/sizes'
import { forgetCodePage, newGeneration } from './code-pages'
import { TAGS_FLUSHED, count } from '../state/counters'
import { DEBUG } from '../state/debug'
import { CONTEXTS, cpuAt, cpuCount, dirtyPages, isRam, memoryAt, pageFlags } from '../state/layout'
import { CONTEXT_USER, CpuState } from '../state/state'
import { isSoundEntry } from './sound-tlb'
import { NO_TAG, TlbEntry, dropEntry, tlbEntry } from './tlb-entry'

export const TLB_WRITE: u32 = 2 // writable, and the dirty bit is set
export const TLB_EXECUTE: u32 = 4
export const TLB_GLOBAL: u32 = 8

/** Enters a translation. `flags`: TLB_*; `physicalPage` is 4 KiB aligned. Devices are not entered. */
export function tlbInsert(c: CpuState, context: u32, linear: u64, physicalPage: u64, flags: u32): void {
  const entry = tlbEntry(c.tlbBase + context * TLB_BYTES, linear)
  const page = linear & PAGE_MASK
  const host = memoryAt(physicalPage)
  if (host == 0) {
    dropEntry(entry)
    return
  }
  markFilled(c, context, entry)
  entry.readTag = page
  let writeTag = NO_TAG
  if (flags & TLB_WRITE && isRam(physicalPage)) {
    const number = <usize>(physicalPage >> 12)
    if (load<u8>(dirtyPages + number) != 0 && load<u8>(pageFlags + number) == 0) writeTag = page
  }
  entry.writeTag = writeTag
  entry.executeTag = flags & TLB_EXECUTE ? page : NO_TAG
  entry.addend = <u32>host - <u32>page
  entry.page = <u32>physicalPage | flags
  if (DEBUG) assert(isSoundEntry(c, context, entry), 'a translation is entered that is none')
}

/** The generation in which the translation of `linear`, just made for a fetch, holds. */
export function generationOf(c: CpuState, linear: u64): u32 {
  const entry = tlbEntry(c.tlb, linear)
  return entry.readTag == (linear & PAGE_MASK) && entry.page & TLB_GLOBAL ? c.globalGeneration : c.generation
}

const GROUP_BYTES: usize = 8 * TLB_ENTRY_BYTES

// @ts-ignore: decorator
@inline
function filledWords(c: CpuState, context: u32): usize {
  return changetype<usize>(c) + TLB_FILLED_OFFSET + ((context * TLB_FILLED_WORDS) << 3)
}

/** Number of the group of eight entries with `entry`. */
// @ts-ignore: decorator
@inline
function groupOf(c: CpuState, context: u32, entry: TlbEntry): u32 {
  return <u32>(changetype<usize>(entry) - c.tlbBase - context * TLB_BYTES) / <u32>GROUP_BYTES
}

/** Notes that the group with `entry` may hold something. */
// @ts-ignore: decorator
@inline
function markFilled(c: CpuState, context: u32, entry: TlbEntry): void {
  const group = groupOf(c, context, entry)
  const word = filledWords(c, context) + ((group >> 6) << 3)
  store<u64>(word, load<u64>(word) | ((<u64>1) << u64(group & 63)))
}

/** Is the group with `entry` noted so? */
export function isFilled(c: CpuState, context: u32, entry: TlbEntry): bool {
  const group = groupOf(c, context, entry)
  return (load<u64>(filledWords(c, context) + ((group >> 6) << 3)) & ((<u64>1) << u64(group & 63))) != 0
}

export function tlbFlushAll(c: CpuState): void {
  for (let context: u32 = 0; context <= CONTEXT_USER; context++) {
    for (let i: u32 = 0; i < TLB_FILLED_WORDS; i++) {
      const word = filledWords(c, context) + (i << 3)
      let bits = load<u64>(word)
      store<u64>(word, 0)
      const base = c.tlbBase + context * TLB_BYTES + (i << 6) * GROUP_BYTES
      while (bits) {
        memory.fill(base + <usize>ctz(bits) * GROUP_BYTES, 0xff, GROUP_BYTES)
        bits &= bits - 1
      }
    }
  }
  newGeneration(c)
}

/** Global translations stay. The caller knows what that means for code (code-pages.ts). */
export function tlbFlushNonGlobal(c: CpuState): void {
  count(TAGS_FLUSHED)
  for (let context: u32 = 0; context <= CONTEXT_USER; context++) {
    for (let i: u32 = 0; i < TLB_FILLED_WORDS; i++) {
      const word = filledWords(c, context) + (i << 3)
      let bits = load<u64>(word)
      let kept: u64 = 0
      const base = c.tlbBase + context * TLB_BYTES + (i << 6) * GROUP_BYTES
      while (bits) {
        const first = base + <usize>ctz(bits) * GROUP_BYTES
        for (let at = first; at < first + GROUP_BYTES; at += TLB_ENTRY_BYTES) {
          const entry = changetype<TlbEntry>(at)
          if (entry.readTag == NO_TAG) continue
          if (entry.page & TLB_GLOBAL) kept |= bits & (0 - bits)
          else dropEntry(entry)
        }
        bits &= bits - 1
      }
      store<u64>(word, kept)
    }
  }
}

/** True if blocks may have been current whose bytes are in the page: they are no more. */
export function tlbFlushPage(c: CpuState, linear: u64): bool {
  for (let context: u32 = 0; context < CONTEXTS; context++) dropEntry(tlbEntry(c.tlbBase + context * TLB_BYTES, linear))
  return forgetCodePage(c, linear, true)
}

/** Every store to any page, or to one page, takes the out-of-line path once more (all vCPUs). Looks at the groups that may hold something. */
export function dropWriteTags(physicalPage: u32, all: bool): void {
  for (let i: u32 = 0; i < cpuCount; i++) {
    const c = cpuAt(i)
    for (let context: u32 = 0; context <= CONTEXT_USER; context++) {
      for (let w: u32 = 0; w < TLB_FILLED_WORDS; w++) {
        let bits = load<u64>(filledWords(c, context) + (w << 3))
        const base = c.tlbBase + context * TLB_BYTES + (w << 6) * GROUP_BYTES
        while (bits) {
          const first = base + <usize>ctz(bits) * GROUP_BYTES
          for (let at = first; at < first + GROUP_BYTES; at += TLB_ENTRY_BYTES) {
            const entry = changetype<TlbEntry>(at)
            if (all || (entry.page & 0xfffff000) == physicalPage) entry.writeTag = NO_TAG
          }
          bits &= bits - 1
        }
      }
    }
  }
}
