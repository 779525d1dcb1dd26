// What compiled code says when it is left, and what its helpers say when they return (core/execute/enter-compiled.ts).

export const JIT_OK: u32 = 0
export const JIT_FAULT: u32 = 1
export const JIT_STOP: u32 = 2

/** What a region returns: kind, the uop's number in its block, the block's number in the region from bit 16 on. */
export const LEAVE_KIND: u32 = 7
export const LEAVE_UOP_SHIFT: u32 = 3
export const LEAVE_UOP_MASK: u32 = 0x1fff
export const LEAVE_BLOCK_SHIFT: u32 = 16
export const LEAVE_JUMP: u32 = 0 // c.rip is set: find the block there
export const LEAVE_FAULT: u32 = 1 // the uop raised a fault
export const LEAVE_STOP: u32 = 2 // the uop is done; its instruction must be the last before the dispatcher looks
export const LEAVE_UOP: u32 = 3 // the interpreter must go on with the uop
export const LEAVE_FUEL: u32 = 4 // the block's instructions do not fit; none of them is done, though they were taken from the fuel
export const LEAVE_TAKEN: u32 = 5 // the block is done: on to its target
export const LEAVE_NEXT: u32 = 6 // the block is done: on to its fallthrough
export const LEAVE_SYSTEM: u32 = 7 // the block is done, and c.rip is set; something may have changed that compiled code relies on
export const NEVER_HOT: i32 = 0x7fffffff

/** Behind the fields of a region's record (core/blocks/regions.ts): its code pages, u32 each, at most so many. */
export const REGION_PAGES: u32 = 16
export const REGION_PAGES_AT: usize = 28
/** The ways out that it remembers, a power of two: u32 block gone to; u8 number of the block it came from. */
export const REGION_WAYS: u32 = 16
export const REGION_TARGETS: usize = REGION_PAGES_AT + 4 * REGION_PAGES
export const REGION_SOURCES: usize = REGION_TARGETS + 4 * REGION_WAYS
/** Where its blocks begin: u32 pointer each. */
export const REGION_HEADER: usize = REGION_SOURCES + REGION_WAYS
