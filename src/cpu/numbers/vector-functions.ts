// Function numbers of OP_SSE: SSE, MMX and x87 instructions, executed by core/vector/sse.ts or compiled.

/** In x, beside the bytes of the memory operand: it must be aligned. */
export const X_ALIGNED: u32 = 0x80
/** As s1: there is no source register; the count of a shift is the argument. */
export const IMMEDIATE_SOURCE: u32 = 255

export const FN_INTEGER: u32 = 0 // register operands; + 1 = memory source
export const FN_INTEGER_MEMORY: u32 = 1
export const FN_FLOAT: u32 = 2
export const FN_FLOAT_MEMORY: u32 = 3
export const FN_MMX: u32 = 4
export const FN_MMX_MEMORY: u32 = 5
export const FN_LOAD: u32 = 6 // d = x bytes of memory, upper part zero
export const FN_STORE: u32 = 7 // low x bytes of s1 to memory
export const FN_COPY: u32 = 8
export const FN_MERGE: u32 = 9 // low x bytes of d = those of s1
export const FN_LOAD_LOW: u32 = 10 // low half of d = memory
export const FN_LOAD_HIGH: u32 = 11
export const FN_STORE_HIGH: u32 = 12
export const FN_HIGH_TO_LOW: u32 = 13 // MOVHLPS
export const FN_LOW_TO_HIGH: u32 = 14 // MOVLHPS
export const FN_COPY_LOW: u32 = 15 // MOVQ: low half, upper half zero
export const FN_FROM_GENERAL: u32 = 16 // d = x bytes of slot s1
export const FN_TO_GENERAL: u32 = 17 // slot d = x bytes of s1 (4 or 8, zero-extended)
export const FN_INTEGER_TO_FLOAT: u32 = 18 // CVTSI2SS/SD d, slot s1 of x bytes
export const FN_INTEGER_TO_FLOAT_MEMORY: u32 = 19
export const FN_FLOAT_TO_INTEGER: u32 = 20 // CVT(T)SS/SD2SI slot d, s1; x = bytes of d
export const FN_FLOAT_TO_INTEGER_MEMORY: u32 = 21
export const FN_ORDER: u32 = 22 // (U)COMISS/SD
export const FN_ORDER_MEMORY: u32 = 23
export const FN_SIGN_MASK: u32 = 24 // MOVMSKPS/PD, PMOVMSKB: slot d
export const FN_INSERT_WORD: u32 = 25 // PINSRW d, slot s1, argument
export const FN_INSERT_WORD_MEMORY: u32 = 26
export const FN_EXTRACT_WORD: u32 = 27 // PEXTRW slot d, s1, argument
export const FN_MASKED_STORE: u32 = 28 // MASKMOVDQU, MASKMOVQ: address in T0
export const FN_LOAD_MXCSR: u32 = 29
export const FN_STORE_MXCSR: u32 = 30
export const FN_FXSAVE: u32 = 31 // x = 1: 64-bit form
export const FN_FXRSTOR: u32 = 32
export const FN_MMX_LOAD: u32 = 33 // d = x bytes of memory
export const FN_MMX_STORE: u32 = 34
export const FN_MMX_COPY: u32 = 35 // d = s1
export const FN_MMX_FROM_GENERAL: u32 = 36
export const FN_MMX_TO_GENERAL: u32 = 37
export const FN_MMX_INSERT_WORD: u32 = 38
export const FN_MMX_INSERT_WORD_MEMORY: u32 = 39
export const FN_MMX_EXTRACT_WORD: u32 = 40
export const FN_MMX_SIGN_MASK: u32 = 41
export const FN_MMX_MASKED_STORE: u32 = 42
export const FN_EMMS: u32 = 43
export const FN_MMX_TO_VECTOR: u32 = 44 // MOVQ2DQ, CVTPI2PS, CVTPI2PD: d vector, s1 MMX
export const FN_MMX_TO_VECTOR_MEMORY: u32 = 45
export const FN_VECTOR_TO_MMX: u32 = 46 // MOVDQ2Q, CVT(T)PS2PI, CVT(T)PD2PI: d MMX, s1 vector
export const FN_VECTOR_TO_MMX_MEMORY: u32 = 47
export const FN_X87: u32 = 48 // detail = (opcode & 7) * 256 + ModRM; x = operand size 2 or 4 for environments
export const FN_X87_WAIT: u32 = 49

export const FN_BLEND: u32 = 50 // mask in XMM0; + 1 = memory source, here and below
export const FN_BLEND_MEMORY: u32 = 51
export const FN_TEST: u32 = 52
export const FN_TEST_MEMORY: u32 = 53
export const FN_DOT: u32 = 54
export const FN_DOT_MEMORY: u32 = 55
export const FN_STRING: u32 = 56 // x = bytes of the registers with lengths
export const FN_STRING_MEMORY: u32 = 57
export const FN_INSERT: u32 = 58 // d = x bytes of slot s1, at element `argument`
export const FN_INSERT_MEMORY: u32 = 59
export const FN_EXTRACT: u32 = 60 // slot d = x bytes of s1, zero-extended
export const FN_EXTRACT_MEMORY: u32 = 61
export const FN_CRC32: u32 = 62 // slots d and s1 of x bytes

// With a VEX prefix, executed by core/vector/avx.ts: d, first source s1, second source s2 or memory at T0; upper halves beyond the operation's width
// become zero. argument: the instruction's immediate, and:
export const VEX_WIDE: u32 = 0x100 // 256 bits
export const VEX_MEMORY: u32 = 0x200 // the second source is memory of x bytes
export const VEX_W: u32 = 0x400
export const VEX_IMMEDIATE: u32 = 0x800 // of a shift: the second source is the immediate
export const VEX_NARROW_ADDRESS: u32 = 0x1000 // of elements that are accessed one by one: their offsets have 32 bits
export const VEX_SCALE_SHIFT: u32 = 16 // of a gather: two bits
export const VEX_SEGMENT_SHIFT: u32 = 20 // the segment's number, where T0 is an offset: gathers and masked moves
/** As s2 of a function above that writes no vector register: the instruction has a VEX prefix, and needs what AVX needs. */
export const UNDER_VEX: u32 = 1

export const FN_AVX: u32 = 64 // the first of them
export const FN_AVX_INTEGER: u32 = 64 // as FN_INTEGER, in each half
export const FN_AVX_SHIFT: u32 = 65 // one count for all elements: the second source's low quadword
export const FN_AVX_FLOAT: u32 = 66 // as FN_FLOAT
export const FN_AVX_COMPARE: u32 = 67 // with 32 predicates
export const FN_AVX_EXTEND: u32 = 68 // each half of d from a half of x bytes
export const FN_AVX_WIDEN: u32 = 69 // conversions to elements of twice the size
export const FN_AVX_NARROW: u32 = 70 // conversions to elements of half the size
export const FN_AVX_COPY: u32 = 71 // x bytes, zero above
export const FN_AVX_STORE: u32 = 72 // x bytes of s2 to memory
export const FN_AVX_MERGE: u32 = 73 // s1 with the low x bytes of s2
export const FN_AVX_HALVES: u32 = 74 // MOVLPS, MOVHPS, MOVHLPS, MOVLHPS
export const FN_AVX_FROM_GENERAL: u32 = 75 // d = x bytes of slot s2
export const FN_AVX_INTEGER_TO_FLOAT: u32 = 76 // slot s2 or memory of x bytes
export const FN_AVX_INSERT: u32 = 77 // the same, at element `immediate` of s1
export const FN_AVX_DOT: u32 = 78
export const FN_AVX_BLEND: u32 = 79 // the mask's register is in the immediate's bits 4 to 7
export const FN_AVX_TEST: u32 = 80
export const FN_AVX_SIGN_MASK: u32 = 81 // slot d
export const FN_AVX_ZERO: u32 = 82 // VZEROUPPER; wide: VZEROALL
export const FN_AVX_BROADCAST: u32 = 83 // x bytes to all of d
export const FN_AVX_LANES: u32 = 84 // what has no SSE form and stays in its half
export const FN_AVX_ACROSS: u32 = 85 // and what does not
export const FN_AVX_EXTRACT_HALF: u32 = 86 // half `immediate` of s2
export const FN_AVX_MASKED_LOAD: u32 = 87 // elements of x bytes, mask s1
export const FN_AVX_MASKED_STORE: u32 = 88 // the same, from s2
export const FN_AVX_GATHER: u32 = 89 // elements of x bytes, mask s1, indices s2; T0: the base's offset
export const FN_AVX_MULTIPLY_ADD: u32 = 90 // d is the third source
export const FN_AVX_FROM_HALF: u32 = 91
export const FN_AVX_TO_HALF: u32 = 92 // register d, or memory, from s2

export const FN_XSAVE: u32 = 93 // x = 1: 64-bit form, here and below
export const FN_XRSTOR: u32 = 94
export const FN_XSAVEOPT: u32 = 95
export const FN_XSAVEC: u32 = 96
