// The intermediate representation: micro-operations (uops) of 16 bytes, grouped in basic blocks.
//
//   0 u16 op      2 u8 d      3 u8 s1      4 u8 s2      5 u8 x      6 u8 number of the guest instruction in its block
//   7 u8 offset of that instruction's first byte in its block      8 i64 immediate (or i32 displacement, i32 immediate)
//
// d, s1, s2 are byte offsets of slots in CpuState (state.ts). Where an operation has a second operand `b`, b = slot(s2) + immediate
// (one form for register and immediate: the other part is slot ZERO or 0). Addresses are slot(s1) + (slot(s2) << (x & 3)) + displacement,
// already linear. x bit 7 of a memory uop: based on the stack segment (non-canonical gives #SS). Narrow results merge into
// the slot as the architecture wants: 8 and 16 bits keep the rest, 32 bits clear the upper half. T slots hold intermediate values.
//
// Constraints a translator to WebAssembly may rely on:
//  1. control leaves a block only at its last uop, at OP_EXIT, or by a fault; every uop names its guest instruction.
//  2. uops of one instruction are contiguous; nothing architectural changes before the last uop of it that can fault.
//  3. an op whose name ends in F produces all arithmetic flags (INC/DEC keep CF); the same op without F produces none, and
//     the decoder has chosen it because nothing can see the flags before they are produced again.
//  4. OP_SYSTEM, OP_COLD_END and the branches end a block; OP_SSE and OP_COLD do not change RIP, mode or mappings.
//  5. a fused comparison and branch is two instructions that no boundary can separate inside the block.
// Size index sz: 0 8-bit, 1 16-bit, 2 32-bit, 3 64-bit, added to the base number.

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
export const OP_CC: u32 = 14 // d = condition x holds (0 or 1)
export const OP_SEGCHECK: u32 = 15 // d = linear address of offset s1 in segment x & 7, size immediate & FFFFH, write immediate & 10000H
export const SEGCHECK_WRITE: u32 = 0x10000
export const OP_JCC: u32 = 16 // + condition code

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

// @ts-ignore: decorator
@inline
export function uopOp(u: usize): u32 {
  return load<u16>(u)
}
// @ts-ignore: decorator
@inline
export function uopD(u: usize): u32 {
  return load<u8>(u, 2)
}
// @ts-ignore: decorator
@inline
export function uopS1(u: usize): u32 {
  return load<u8>(u, 3)
}
// @ts-ignore: decorator
@inline
export function uopS2(u: usize): u32 {
  return load<u8>(u, 4)
}
// @ts-ignore: decorator
@inline
export function uopX(u: usize): u32 {
  return load<u8>(u, 5)
}
// @ts-ignore: decorator
@inline
export function uopNumber(u: usize): u32 {
  return load<u8>(u, 6)
}
// @ts-ignore: decorator
@inline
export function uopOffset(u: usize): u32 {
  return load<u8>(u, 7)
}
// @ts-ignore: decorator
@inline
export function uopImmediate(u: usize): i64 {
  return load<i64>(u, 8)
}
/** OP_SYSTEM, OP_SSE, OP_COLD: the function. */
// @ts-ignore: decorator
@inline
export function uopFunction(u: usize): u32 {
  return load<u16>(u, 8)
}
/** OP_SYSTEM, OP_SSE, OP_COLD: a second small parameter (bits 16..31 of the immediate). */
// @ts-ignore: decorator
@inline
export function uopDetail(u: usize): u32 {
  return load<u16>(u, 10)
}
/** OP_SYSTEM, OP_SSE, OP_COLD: 32-bit argument, signed. */
// @ts-ignore: decorator
@inline
export function uopArgument(u: usize): i32 {
  return load<i32>(u, 12)
}

/** The immediate of OP_SYSTEM, OP_SSE, OP_COLD. */
// @ts-ignore: decorator
@inline
export function functionImmediate(fn: u32, detail: u32, argument: i32): i64 {
  return (i64(argument) << 32) | i64((detail & 0xffff) << 16) | i64(fn & 0xffff)
}

/** Header in front of a block's uops. */
@unmanaged
export class Block {
  rip: u64
  physical: u32 // of the first byte
  mode: u32
  generation: u32 // 16: equals c.generation or c.globalGeneration while the translation of its bytes is known to hold; 0 = dropped
  count: u32 // guest instructions
  bytes: u32
  uops: usize
  target: u64 // 32
  fallthrough: u64 // 40
  chain0: usize // 48: block at target; of an indirect branch the target last seen, a hint
  chain1: usize // 52: block at fallthrough
  hashNext: usize // 56
  pageNext: usize // 60: next block that begins in the same physical page
  secondNext: usize // 64: next block that continues into the same physical page
  secondPage: u32 // 68: physical address of the second page, or NO_PAGE
  sequence: u64 // 72: code-write log position its bytes were read at
  stale: u32 // 80: bytes were rewritten by another vCPU; may run until this one serializes
  uopEnd: usize // 84
  heat: i32 // 88: entries left until it is hot; negative: ask jit.ts at each entry
  region: usize // 92: compiled code that may be entered here (jit.ts), 0 none
  ordinal: u32 // 96: number of this block in that region
  inRegions: u32 // 100: some region may contain this block
}
export const BLOCK_BYTES: usize = 112
export const NO_PAGE: u32 = 0xffffffff
export const BLOCK_MAX_INSTRUCTIONS: u32 = 48
