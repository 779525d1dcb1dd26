// Where the parts of a vCPU's state lie that are no fields, and how large its tables are.

/** Offset where the derived part begins; what is before it and [FX_OFFSET, FX_END) are saved. */
export const DERIVED_OFFSET: u32 = 736

/** x87 and SSE registers in FXSAVE layout, 16-aligned; the x87's in PHYSICAL order, not that of the stack: fxsave.ts rotates on FXSAVE and
 *  FXRSTOR. MXCSR lives in c.mxcsr. */
export const FX_OFFSET: u32 = 1024
/** That layout (SDM 1 table 10-2): the control word at 0, then what these name; registers are 16 bytes each. */
export const FX_STATUS: u32 = 2
export const FX_TAGS: u32 = 4 // abridged: bit i for physical register i, 0 empty
export const FX_OPCODE: u32 = 6
export const FX_IP: u32 = 8
export const FX_DP: u32 = 16
export const FX_MXCSR: u32 = 24
export const FX_MXCSR_MASK: u32 = 28
export const FX_X87: u32 = 32
export const FX_XMM: u32 = 160
export const FX_RESERVED: u32 = 416
export const FX_BYTES: u32 = 512
export const XMM_OFFSET: u32 = FX_OFFSET + FX_XMM
export const FX_END: u32 = FX_OFFSET + FX_BYTES

/** Working storage of x87, SSE and AVX (16-aligned, 512 bytes). Nothing survives an instruction in it. */
export const VECTOR_SCRATCH_OFFSET: u32 = 1536

/** Which groups of eight TLB entries may hold something, a bit each: for contexts 0 to 2 TLB_FILLED_WORDS words. Derived. */
export const TLB_FILLED_OFFSET: u32 = 2048
export const TLB_FILLED_WORDS: u32 = 4

/** Generations of PCIDs that are not in force (core/memory/code-pages.ts), PUT_ASIDE_ENTRIES of them. Derived. */
export const PUT_ASIDE_OFFSET: u32 = 2144
export const PUT_ASIDE_ENTRIES: u32 = 16

/** Upper halves of the YMM registers, 16 bytes each; the lower ones are the XMM registers. */
export const YMM_UPPER_OFFSET: u32 = 2304
export const YMM_UPPER_BYTES: u32 = 256

/** The XSAVE area of all that XCR0 may enable: the FXSAVE image, the header, the upper halves. */
export const XSAVE_HEADER: u32 = FX_BYTES
export const XSAVE_AVX: u32 = 576
export const XSAVE_BYTES: u32 = 832
export const STATE_BYTES: u32 = 2560
/** What of a linear address is its page's. */
export const PAGE_MASK: u64 = ~0xfff

/** Entries of a fast TLB (core/memory/tlb-entry.ts). */
export const TLB_ENTRIES: u32 = 2048
export const TLB_ENTRY_BYTES: u32 = 32
/** The hash that finds one, as a byte offset: ((linear >> INDEX_SHIFT) ^ ((linear >> FOLD_SHIFT) & FOLD_MASK)) & INDEX_MASK. Bits of two
 *  levels, so that arrays a power of two apart do not share all their entries. The lowest bit is the page's own: neighbours never share an
 *  entry, or an access from one into the other could hit by the tag of its last byte. */
export const TLB_INDEX_SHIFT: u64 = 7
export const TLB_FOLD_SHIFT: u64 = 16
export const TLB_FOLD_MASK: u32 = ~TLB_ENTRY_BYTES
export const TLB_INDEX_MASK: u32 = (TLB_ENTRIES - 1) * TLB_ENTRY_BYTES
export const TLB_BYTES: u32 = TLB_ENTRIES * TLB_ENTRY_BYTES
export const BLOCK_TABLE_ENTRIES: u32 = 131072
export const PAGE_TABLE_ENTRIES: u32 = 2048
export const JUMP_CACHE_ENTRIES: u32 = 8192
export const CODE_PAGE_ENTRIES: u32 = 1024
/** As the second page of a block, or of a code page: it has none. */
export const NO_PAGE: u32 = 0xffffffff
