// Counts of what costs time, in a core that is built for it (tests/performance/profile-linux.mjs, which has their names); any other has none of this.
const COUNTERS = 32
const counters = memory.data(8 * COUNTERS)

/** `findBlock`: found at once, entries of the hash table passed over, translations checked, decoded. */
export const FOUND: u32 = 0
export const PASSED: u32 = 1
export const CHECKED: u32 = 2
export const DECODED: u32 = 3
export const ARENA_EMPTIED: u32 = 4
export const BLOCK_DROPPED: u32 = 5
export const GENERATION: u32 = 6
export const TAGS_FLUSHED: u32 = 7
/** The second-level TLB: asked, filled by a walk of the tables. */
export const TLB_ASKED: u32 = 8
export const TLB_FILLED: u32 = 9
/** Compiled code: entries, instructions in it, going on in the interpreter, helpers called. */
export const ENTERED: u32 = 10
export const IN_REGIONS: u32 = 11
export const INTERPRETED: u32 = 12
export const HELPER_VECTOR: u32 = 13
export const HELPER_COLD: u32 = 14
export const HELPER_SYSTEM: u32 = 15
/** Ways out of it, by LEAVE_*. */
export const LEFT: u32 = 24

// @ts-ignore: decorator
@inline
export function count(what: u32, by: u64 = 1): void {
  if (isDefined(TRANSPLANT_COUNTING)) store<u64>(counters + (what << 3), load<u64>(counters + (what << 3)) + by)
}

export function countersPointer(): usize {
  return counters
}
