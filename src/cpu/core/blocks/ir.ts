// The intermediate representation: micro-operations (uops), grouped in basic blocks.
//
// d, s1, s2 are byte offsets of slots in CpuState (state.ts). Where an operation has a second operand `b`, b = slot(s2) + immediate
// (one form for register and immediate: the other part is slot ZERO or 0). Addresses are slot(s1) + (slot(s2) << (x & 3)) + displacement,
// already linear. X_STACK in x: based on the stack segment. Narrow results merge into
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

@unmanaged
export class Uop {
  op: u16
  d: u8
  s1: u8
  s2: u8
  x: u8
  number: u8 // of the guest instruction in its block
  offset: u8 // of that instruction's first byte in its block
  low: i32 // the immediate of 64 bits, or a displacement
  high: i32 // its upper half, or an immediate of 32 bits
}

// @ts-ignore: decorator
@inline
export function uopOp(u: usize): u32 {
  return changetype<Uop>(u).op
}
// @ts-ignore: decorator
@inline
export function uopD(u: usize): u32 {
  return changetype<Uop>(u).d
}
// @ts-ignore: decorator
@inline
export function uopS1(u: usize): u32 {
  return changetype<Uop>(u).s1
}
// @ts-ignore: decorator
@inline
export function uopS2(u: usize): u32 {
  return changetype<Uop>(u).s2
}
// @ts-ignore: decorator
@inline
export function uopX(u: usize): u32 {
  return changetype<Uop>(u).x
}
// @ts-ignore: decorator
@inline
export function uopNumber(u: usize): u32 {
  return changetype<Uop>(u).number
}
// @ts-ignore: decorator
@inline
export function uopOffset(u: usize): u32 {
  return changetype<Uop>(u).offset
}
/** OP_SYSTEM, OP_SSE, OP_COLD: the function. */
// @ts-ignore: decorator
@inline
export function uopFunction(u: usize): u32 {
  return load<u16>(u, offsetof<Uop>('low'))
}
/** OP_SYSTEM, OP_SSE, OP_COLD: a second small parameter (bits 16..31 of the immediate). */
// @ts-ignore: decorator
@inline
export function uopDetail(u: usize): u32 {
  return load<u16>(u, offsetof<Uop>('low') + 2)
}
/** OP_SYSTEM, OP_SSE, OP_COLD: 32-bit argument, signed. */
// @ts-ignore: decorator
@inline
export function uopArgument(u: usize): i32 {
  return changetype<Uop>(u).high
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
  page: usize // its code page (code-pages.ts), which knows whether the translation of its bytes holds; NOWHERE when dropped
  count: u32 // guest instructions
  bytes: u32
  uops: usize
  target: u64
  fallthrough: u64
  chain0: usize // block at target; of an indirect branch the target last seen, a hint
  chain1: usize // block at fallthrough
  hashNext: usize
  pageNext: usize // next block that begins in the same physical page
  secondNext: usize // next block that continues into the same physical page
  secondPage: u32 // physical address of the second page, or NO_PAGE
  uopEnd: usize
  heat: i32 // entries left until it is hot; negative: ask enter-compiled.ts at each entry
  region: usize // compiled code that may be entered here (regions.ts), 0 none
  ordinal: u32 // number of this block in that region
  inRegions: u32 // some region may contain this block
}
/** In a block's mode: it was dropped, and no mode finds it any more. The code size stays for whoever is inside. */
export const MODE_DROPPED: u32 = 0x80000000

export function isDropped(b: Block): bool {
  return (b.mode & MODE_DROPPED) != 0
}

export const BLOCK_BYTES: usize = (offsetof<Block>() + 15) & ~15
export const BLOCK_MAX_INSTRUCTIONS: u32 = 48
