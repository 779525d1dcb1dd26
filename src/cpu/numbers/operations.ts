// Micro-operations: numbers, size, and the slots of a vCPU's state that they name. What each does stands in core/blocks/ir.ts's head and here beside it.

export const UOP_BYTES: usize = 16

// Control.
export const OP_EXIT: u32 = 0 // return to the dispatcher before this instruction
export const OP_NEXT: u32 = 1 // the block was cut: go on at its fallthrough
export const OP_JMP: u32 = 2 // to the block's target
export const OP_JMPI: u32 = 3 // to slot s1 (64-bit)
export const OP_CALL: u32 = 4 // push fallthrough, go to target (64-bit)
export const OP_CALLI: u32 = 5 // push fallthrough, go to slot s1 (64-bit)
export const OP_RET: u32 = 6 // pop RIP, then add the immediate to RSP (64-bit)
export const OP_BRNZ: u32 = 7 // to target if slot s1 is not 0, else fallthrough
export const OP_SYSTEM: u32 = 8
export const OP_SSE: u32 = 9
export const OP_COLD: u32 = 10 // coldOp(c, u): function in the immediate
export const OP_COLD_END: u32 = 11 // the same, and it set c.rip
export const OP_NOP: u32 = 12
export const OP_FAULT: u32 = 13 // raise vector x; with error code 0 if the immediate is 1
export const OP_CC: u32 = 14 // d = condition x (CC_*) holds (0 or 1)
export const OP_SEGCHECK: u32 = 15 // d = linear address of offset s1 in segment x & 7, size immediate & FFFFH, write immediate & 10000H
export const SEGCHECK_WRITE: u32 = 0x10000
export const OP_JCC: u32 = 16 // + CC_*

// Conditions, as in the opcodes of Jcc; of each two the second is the first one's opposite.
export const CC_O: u32 = 0
export const CC_NO: u32 = 1
export const CC_B: u32 = 2
export const CC_AE: u32 = 3
export const CC_Z: u32 = 4
export const CC_NZ: u32 = 5
export const CC_BE: u32 = 6
export const CC_A: u32 = 7
export const CC_S: u32 = 8
export const CC_NS: u32 = 9
export const CC_P: u32 = 10
export const CC_NP: u32 = 11
export const CC_L: u32 = 12
export const CC_GE: u32 = 13
export const CC_LE: u32 = 14
export const CC_G: u32 = 15

// Moves.
export const OP_MOV8: u32 = 32
export const OP_MOV16: u32 = 33
export const OP_MOV32: u32 = 34
export const OP_MOV64: u32 = 35
export const OP_ZX8_64: u32 = 36 // d (all 64 bits) = zero-extended byte at s2
export const OP_ZX16_64: u32 = 37
export const OP_SX8_64: u32 = 38
export const OP_SX16_64: u32 = 39
export const OP_SX32_64: u32 = 40
export const OP_SX8_32: u32 = 41
export const OP_SX16_32: u32 = 42
export const OP_BSWAP32: u32 = 43
export const OP_BSWAP64: u32 = 44
export const OP_LEA64: u32 = 45
export const OP_LEA32: u32 = 46
export const OP_LEA16: u32 = 47 // zero-extended to 64 bits
export const OP_SELECT16: u32 = 48 // d = s1 != 0 ? b : d
export const OP_SELECT32: u32 = 49
export const OP_SELECT64: u32 = 50

// Memory.
/** In x, beside the scale: the address is based on the stack segment (#SS where it is not canonical). */
export const X_STACK: u32 = 0x80
export const OP_LOAD: u32 = 52 // + sz, into slot d, merging
export const OP_LOADZ8: u32 = 56 // zero-extended to 64
export const OP_LOADZ16: u32 = 57
export const OP_LOADS8_64: u32 = 58
export const OP_LOADS16_64: u32 = 59
export const OP_LOADS32_64: u32 = 60
export const OP_LOADS8_32: u32 = 61
export const OP_LOADS16_32: u32 = 62
export const OP_LEAVE: u32 = 63 // 64-bit
export const OP_LOADW: u32 = 64 // + sz, zero-extended; faults as a store would: the first half of a read-modify-write
export const OP_STORE: u32 = 68 // + sz, value in slot d
export const OP_STOREI: u32 = 72 // + sz, i32 displacement at 8, i32 immediate at 12
export const OP_PUSH: u32 = 76 // push b (64-bit)
export const OP_POP: u32 = 77 // pop d (64-bit)

// Arithmetic with flags: d = s1 op b, + sz.
export const OP_ADDF: u32 = 80
export const OP_SUBF: u32 = 84
export const OP_ANDF: u32 = 88
export const OP_ORF: u32 = 92
export const OP_XORF: u32 = 96
export const OP_CMPF: u32 = 100 // no result
export const OP_TESTF: u32 = 104
export const OP_ADCF: u32 = 108
export const OP_SBBF: u32 = 112
export const OP_INCF: u32 = 116
export const OP_DECF: u32 = 120
export const OP_NEGF: u32 = 124
export const OP_SHLF: u32 = 128 // count b, masked; count 0 changes no flag
export const OP_SHRF: u32 = 132
export const OP_SARF: u32 = 136

// Without flags, 32 and 64 bits.
export const OP_ADD32: u32 = 140
export const OP_ADD64: u32 = 141
export const OP_SUB32: u32 = 142
export const OP_SUB64: u32 = 143
export const OP_AND32: u32 = 144
export const OP_AND64: u32 = 145
export const OP_OR32: u32 = 146
export const OP_OR64: u32 = 147
export const OP_XOR32: u32 = 148
export const OP_XOR64: u32 = 149
export const OP_SHL32: u32 = 150
export const OP_SHL64: u32 = 151
export const OP_SHR32: u32 = 152
export const OP_SHR64: u32 = 153
export const OP_SAR32: u32 = 154
export const OP_SAR64: u32 = 155
export const OP_NOT: u32 = 156 // + sz
export const OP_NEG32: u32 = 160
export const OP_NEG64: u32 = 161
export const OP_IMULF16: u32 = 162
export const OP_IMULF32: u32 = 163
export const OP_IMULF64: u32 = 164
export const OP_IMUL32: u32 = 165
export const OP_IMUL64: u32 = 166
export const OP_ROLF: u32 = 168 // + sz
export const OP_RORF: u32 = 172

// Fused forms of a comparison and the conditional branch that ends the block (fuse.ts); flags are produced as by the comparison alone.
export const OP_CMPJ32: u32 = 176 // + FUSED_* index
export const OP_CMPJ64: u32 = 186
export const OP_CMPJ8: u32 = 196 // the first 6 conditions
export const OP_TESTJ8: u32 = 202 // Z NZ S NS
export const OP_TESTJ32: u32 = 206
export const OP_TESTJ64: u32 = 210

// The general registers that instructions name by themselves.
export const SLOT_RAX: u32 = 0
export const SLOT_RCX: u32 = 8
export const SLOT_RDX: u32 = 16
export const SLOT_RBX: u32 = 24
export const SLOT_RSP: u32 = 32
export const SLOT_RBP: u32 = 40
export const SLOT_RSI: u32 = 48
export const SLOT_RDI: u32 = 56
export const SLOT_T0: u32 = 128
export const SLOT_T1: u32 = 136
export const SLOT_T2: u32 = 144
export const SLOT_T3: u32 = 152
export const SLOT_T4: u32 = 160
export const SLOT_T5: u32 = 168
export const SLOT_T6: u32 = 176
export const SLOT_T7: u32 = 184
export const SLOT_ZERO: u32 = 192

// Segments, as instructions number them.
export const SEG_ES: u32 = 0
export const SEG_CS: u32 = 1
export const SEG_SS: u32 = 2
export const SEG_DS: u32 = 3
export const SEG_FS: u32 = 4
export const SEG_GS: u32 = 5

/** Base of segment s (SEG_*) is slot SLOT_SEGMENT_BASE + 8 * s. This IS the base; there is no other copy. */
export const SLOT_SEGMENT_BASE: u32 = 200
export const SLOT_T8: u32 = 248
