// Bits of the registers, as in SDM 3A 2.3, 2.5, 2.2.1 and 2.6, 3B 17.2, and SDM 1 8.1 and 10.2.3. Whoever holds registers as bigints takes ../bits.ts.

export const CR0_PE: u64 = 1
export const CR0_MP: u64 = 2
export const CR0_EM: u64 = 4
export const CR0_TS: u64 = 8
export const CR0_ET: u64 = 16
export const CR0_NE: u64 = 32
export const CR0_WP: u64 = 0x10000
export const CR0_AM: u64 = 0x40000
export const CR0_NW: u64 = 0x20000000
export const CR0_CD: u64 = 0x40000000
export const CR0_PG: u64 = 0x80000000
// A sum where bit 31 is among them: TypeScript's | would make it a sign.
export const CR0_DEFINED: u64 =
  (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD) + CR0_PG
export const CR0_AT_RESET: u64 = CR0_CD | CR0_NW | CR0_ET
export const CR3_PCID: u64 = 0xfff
export const CR3_NO_FLUSH: u64 = 0x8000000000000000
export const CR4_TSD: u64 = 4
export const CR4_DE: u64 = 8
export const CR4_PSE: u64 = 0x10
export const CR4_PAE: u64 = 0x20
export const CR4_PGE: u64 = 0x80
export const CR4_PCE: u64 = 0x100
export const CR4_OSFXSR: u64 = 0x200
export const CR4_OSXMMEXCPT: u64 = 0x400
export const CR4_UMIP: u64 = 0x800
export const CR4_LA57: u64 = 0x1000
export const CR4_FSGSBASE: u64 = 0x10000
export const CR4_PCIDE: u64 = 0x20000
export const CR4_OSXSAVE: u64 = 0x40000
export const CR4_SMEP: u64 = 0x100000
export const CR4_SMAP: u64 = 0x200000
export const XCR0_X87: u64 = 1
export const XCR0_SSE: u64 = 2
export const XCR0_AVX: u64 = 4
export const EFER_SCE: u64 = 1
export const EFER_LME: u64 = 0x100
export const EFER_LMA: u64 = 0x400
export const EFER_NXE: u64 = 0x800

export const CF: u64 = 1
/** Bit 1 of RFLAGS reads as 1. */
export const FLAGS_ONES: u64 = 2
export const PF: u64 = 4
export const AF: u64 = 16
export const ZF: u64 = 64
export const SF: u64 = 128
export const TF: u64 = 256
export const IF: u64 = 512
export const DF: u64 = 1024
export const OF: u64 = 2048
export const IOPL: u64 = 0x3000
export const NT: u64 = 0x4000
export const RF: u64 = 0x10000
export const VM: u64 = 0x20000
export const AC: u64 = 0x40000
export const VIF: u64 = 0x80000
export const VIP: u64 = 0x100000
export const ID: u64 = 0x200000
/** All that can be set. */
export const FLAGS_DEFINED: u64 =
  CF | FLAGS_ONES | PF | AF | ZF | SF | TF | IF | DF | OF | IOPL | NT | RF | VM | AC | VIF | VIP | ID
/** OSZAPC. */
export const ARITHMETIC: u64 = CF | PF | AF | ZF | SF | OF

/** A trap by each of DR0 to DR3. */
export const DR6_B: u32 = 15
export const DR6_BD: u32 = 0x2000
export const DR6_BS: u32 = 0x4000
export const DR6_BT: u32 = 0x8000
/** Bits that read as 1, and the one that reads as 0. */
export const DR6_ONES: u64 = 0xffff0ff0
export const DR6_ZERO: u64 = 0x1000
/** L0 to L3. */
export const DR7_LOCAL: u64 = 0x55
export const DR7_LE: u64 = 0x100
export const DR7_ONES: u64 = 0x400
export const DR7_GD: u64 = 0x2000
/** Where R/W0 and LEN0 are; those of the next breakpoint are four bits on. */
export const DR7_KIND_SHIFT: u32 = 16
export const DR7_LENGTH_SHIFT: u32 = 18
export const DR7_DEFINED: u64 = 0xffff2bff

/** The six exceptions (SDM 1 8.5, 11.5.2), in the order of MXCSR's flags and the x87's. */
export const FLOAT_EXCEPTIONS: u32 = 0x3f
export const MXCSR_PE: u32 = 0x20
export const MXCSR_DAZ: u32 = 0x40
export const MXCSR_MASKS_SHIFT: u32 = 7
export const MXCSR_RC_SHIFT: u32 = 13
export const MXCSR_RC: u32 = 0x6000
export const MXCSR_FTZ: u32 = 0x8000
/** All bits that exist. */
export const MXCSR_DEFINED: u32 = 0xffff
export const MXCSR_AT_RESET: u32 = 0x1f80
/** What decides whether arithmetic may be WebAssembly's own (core/vector/sse-float.ts, way 1): all but the flags other than PE. */
export const MXCSR_NATIVE_BITS: u32 = 0xffe0
/** It may if those bits are these: all is masked, rounding to nearest, nothing flushed, PE already set. */
export const MXCSR_NATIVE: u32 = 0x1fa0

/** Control and status word of the x87. */
export const FCW_RC_SHIFT: u32 = 10
export const FCW_RC: u32 = 0xc00
export const FCW_ROUND_DOWN: u32 = 0x400
export const FCW_ROUND_TO_ZERO: u32 = 0xc00
export const FCW_PC: u32 = 0x300
export const FCW_WRITABLE: u32 = 0x1f3f
/** Bit 6 reads as 1. */
export const FCW_ONES: u32 = 0x40
/** After FNINIT. */
export const FCW_INITIAL: u32 = 0x37f
export const FSW_SF: u32 = 0x40
export const FSW_ES: u32 = 0x80
export const FSW_C0: u32 = 0x100
export const FSW_C1: u32 = 0x200
export const FSW_C2: u32 = 0x400
export const FSW_C3: u32 = 0x4000
export const FSW_CONDITIONS: u32 = FSW_C0 | FSW_C1 | FSW_C2 | FSW_C3
export const FSW_TOP_SHIFT: u32 = 11
export const FSW_TOP: u32 = 0x3800
export const FSW_B: u32 = 0x8000
