// One entry of a fast TLB. Derived: a subset of what tlb.ts holds, direct-mapped by linear page.
//
// A tag is the address of a linear page, or NO_TAG. A missing tag sends the access to the slow path, which is how these are noticed without
// cost elsewhere:
//   read tag missing   not translated, or a device
//   write tag missing  also: read-only, page not yet marked dirty, or decoded code in the page
import { TLB_FOLD_MASK, TLB_FOLD_SHIFT, TLB_INDEX_MASK, TLB_INDEX_SHIFT } from '../../numbers/sizes'

export const NO_TAG: u64 = 0xffffffffffffffff

@unmanaged
export class TlbEntry {
  readTag: u64
  writeTag: u64
  executeTag: u64
  addend: u32 // added to the low 32 bits of a linear address it gives a host pointer
  page: u32 // the physical page, with TLB_* in its low bits
}

/** The entry in which a linear address would be. */
// @ts-ignore: decorator
@inline
export function tlbEntry(tlb: usize, linear: u64): TlbEntry {
  const index = <u32>(linear >> TLB_INDEX_SHIFT) ^ (<u32>(linear >> TLB_FOLD_SHIFT) & TLB_FOLD_MASK)
  return changetype<TlbEntry>(tlb + (index & TLB_INDEX_MASK))
}

/** No access hits the entry any more. */
export function dropEntry(entry: TlbEntry): void {
  entry.readTag = NO_TAG
  entry.writeTag = NO_TAG
  entry.executeTag = NO_TAG
}
