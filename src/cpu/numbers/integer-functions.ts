// Functions of OP_COLD and OP_COLD_END: integer instructions executed out of line (cold.ts, string.ts).
// x is the operand size in bytes unless said otherwise.

export const COLD_PUSH: u32 = 0 // push b = slot(s2) + argument; legacy stacks and 16-bit pushes
export const COLD_POP: u32 = 1 // d = popped value; size x
export const COLD_PEEK: u32 = 2 // d = value at the stack's top, stack pointer unchanged
export const COLD_ADDSP: u32 = 3 // stack pointer += argument
export const COLD_PUSHA: u32 = 4
export const COLD_POPA: u32 = 5
export const COLD_ENTER: u32 = 6 // detail: bytes, argument: level
export const COLD_LEAVE: u32 = 7
export const COLD_RET: u32 = 8 // ends; argument: bytes to drop
export const COLD_JMPI: u32 = 9 // ends; to slot s1, operand size x
export const COLD_CALLI: u32 = 10 // ends; push the next RIP, to slot s1
export const COLD_MUL: u32 = 11 // operand slot s1
export const COLD_IMUL: u32 = 12
export const COLD_DIV: u32 = 13
export const COLD_IDIV: u32 = 14
export const COLD_BT: u32 = 15 // detail: 0 BT 1 BTS 2 BTR 3 BTC; d = s1 with the bit changed; bit number slot(s2) + argument
export const COLD_BITADDR: u32 = 16 // d = d + displacement of bit number slot s1, operand size x; address size detail
export const COLD_BSF: u32 = 17 // d, source s1
export const COLD_BSR: u32 = 18
export const COLD_POPCNT: u32 = 19
export const COLD_SHLD: u32 = 20 // d = s1 shifted, filled from s2; count: argument, or CL if argument is -1
export const COLD_SHRD: u32 = 21
export const COLD_RCL: u32 = 22 // d = s1; count slot(s2) + argument
export const COLD_RCR: u32 = 23
export const COLD_CMPXCHG: u32 = 24 // s1 old value, s2 source, d value to store; sets flags and the accumulator
export const COLD_CMPXCHG8B: u32 = 25 // address T0
export const COLD_CMPXCHG16B: u32 = 26
export const COLD_LAHF: u32 = 27
export const COLD_SAHF: u32 = 28
export const COLD_CARRY: u32 = 29 // detail: 0 clear, 1 set, 2 complement
export const COLD_DIRECTION: u32 = 30 // detail: 0 clear, 1 set
export const COLD_DAA: u32 = 31
export const COLD_DAS: u32 = 32
export const COLD_AAA: u32 = 33
export const COLD_AAS: u32 = 34
export const COLD_AAM: u32 = 35 // argument: base
export const COLD_AAD: u32 = 36
export const COLD_SALC: u32 = 37
export const COLD_STRING: u32 = 38 // detail: see string.ts; without REP stays in the block

// x86-64-v3 (bits.ts).
export const COLD_TZCNT: u32 = 39 // d, source s1
export const COLD_LZCNT: u32 = 40
export const COLD_LOWEST_BIT: u32 = 41 // d, source s1; detail: 1 BLSR, 2 BLSMSK, 3 BLSI
export const COLD_BEXTR: u32 = 42 // d, source s1, start and length s2
export const COLD_BZHI: u32 = 43 // d, source s1, index s2
export const COLD_PEXT: u32 = 44 // d, source s1, mask s2
export const COLD_PDEP: u32 = 45
export const COLD_MULX: u32 = 46 // d: high half, s2: low half of RDX * s1; no flags
