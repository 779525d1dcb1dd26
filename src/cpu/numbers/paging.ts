// Bits of a page-table entry (SDM 3A tables 4-15 to 4-20) and of a page fault's error code (4.7). Whoever reads entries as bigints takes ../bits.ts.

export const PTE_PRESENT: u64 = 1
export const PTE_WRITE: u64 = 2
export const PTE_USER: u64 = 4
export const PTE_ACCESSED: u64 = 0x20
export const PTE_DIRTY: u64 = 0x40
/** Of an entry above the last level: it maps a page. */
export const PTE_LARGE: u64 = 0x80
export const PTE_GLOBAL: u64 = 0x100
/** The physical address, bits 12 to 51. */
export const PTE_FRAME: u64 = 0x000ffffffffff000
export const PTE_NX: u64 = 0x8000000000000000

export const PF_PRESENT: u32 = 1
export const PF_WRITE: u32 = 2
export const PF_USER: u32 = 4
export const PF_RESERVED: u32 = 8
export const PF_FETCH: u32 = 16
