// What must hold of translations, for the assertions of the debug build. Nothing here changes anything.
import { PTE_FRAME } from '../../numbers/paging'
import { CR0_PG } from '../../numbers/registers'
import { TLB_BYTES, TLB_ENTRIES, TLB_ENTRY_BYTES } from '../../numbers/sizes'
import { dirtyPages, isRam, memoryAt, pageFlags } from '../state/layout'
import { CONTEXT_USER, CpuState } from '../state/state'
import { TLB_EXECUTE, TLB_WRITE, isFilled } from './fast-tlb'
import { NO_TAG, TlbEntry, tlbEntry } from './tlb-entry'
import { foundOffsetMask, foundValue, lookup } from './tlb'

/** Does the second-level TLB, or the lack of paging, say that the page of `linear` is that of `physical`? */
export function remembers(c: CpuState, linear: u64, physical: u64): bool {
  if ((c.cr0 & CR0_PG) == 0) return ((linear ^ physical) & 0xfffff000) == 0
  return (
    lookup(c, linear) && (((foundValue & PTE_FRAME) | (linear & foundOffsetMask)) & PTE_FRAME) == (physical & PTE_FRAME)
  )
}

/** An entry of a fast TLB: its tags are one page that hashes to it, and say no more than the second-level TLB and the page's marks. */
export function isSoundEntry(c: CpuState, context: u32, entry: TlbEntry): bool {
  const page = entry.readTag
  if (page == NO_TAG) return entry.writeTag == NO_TAG && entry.executeTag == NO_TAG
  const physical = entry.page & 0xfffff000
  if (context > CONTEXT_USER || page & 0xfff || tlbEntry(c.tlbBase + context * TLB_BYTES, page) != entry) return false
  if (entry.addend + <u32>page != <u32>memoryAt(physical) || !isFilled(c, context, entry)) return false
  if (entry.executeTag != NO_TAG && (entry.executeTag != page || (entry.page & TLB_EXECUTE) == 0)) return false
  if (entry.writeTag != NO_TAG) {
    if (entry.writeTag != page || (entry.page & TLB_WRITE) == 0 || !isRam(physical)) return false
    if (load<u8>(dirtyPages + (physical >> 12)) == 0 || load<u8>(pageFlags + (physical >> 12)) != 0) return false
  }
  return remembers(c, page, physical)
}

/** `count` entries of each fast TLB of c, from number `first` on. */
export function areSoundEntries(c: CpuState, first: u32, count: u32): bool {
  const contexts = c.tlbBase
  for (let context: u32 = 0; context <= CONTEXT_USER + 1; context++) {
    for (let i = first; i < min(first + count, TLB_ENTRIES); i++) {
      const entry = changetype<TlbEntry>(contexts + context * TLB_BYTES + i * TLB_ENTRY_BYTES)
      if (!isSoundEntry(c, context, entry)) return false
    }
  }
  return true
}
