// Blocks and micro-operations as they lie in the core's memory (core/blocks/ir.ts is their owner; tests/cpu/state-layout.test.ts compares).
//
// Promises: reading only. A block that was read stays as it was; the core may drop the original at any time between two compilations.

export const OP = {
  EXIT: 0,
  NEXT: 1,
  JMP: 2,
  JMPI: 3,
  CALL: 4,
  CALLI: 5,
  RET: 6,
  BRNZ: 7,
  SYSTEM: 8,
  SSE: 9,
  COLD: 10,
  COLD_END: 11,
  NOP: 12,
  FAULT: 13,
  CC: 14,
  SEGCHECK: 15,
  JCC: 16,
  MOV8: 32,
  MOV16: 33,
  MOV32: 34,
  MOV64: 35,
  ZX8_64: 36,
  ZX16_64: 37,
  SX8_64: 38,
  SX16_64: 39,
  SX32_64: 40,
  SX8_32: 41,
  SX16_32: 42,
  BSWAP32: 43,
  BSWAP64: 44,
  LEA64: 45,
  LEA32: 46,
  LEA16: 47,
  SELECT16: 48,
  SELECT32: 49,
  SELECT64: 50,
  LOAD: 52,
  LOADZ8: 56,
  LOADZ16: 57,
  LOADS8_64: 58,
  LOADS16_64: 59,
  LOADS32_64: 60,
  LOADS8_32: 61,
  LOADS16_32: 62,
  LEAVE: 63,
  LOADW: 64,
  STORE: 68,
  STOREI: 72,
  PUSH: 76,
  POP: 77,
  ADDF: 80,
  SUBF: 84,
  ANDF: 88,
  ORF: 92,
  XORF: 96,
  CMPF: 100,
  TESTF: 104,
  ADCF: 108,
  SBBF: 112,
  INCF: 116,
  DECF: 120,
  NEGF: 124,
  SHLF: 128,
  SHRF: 132,
  SARF: 136,
  ADD32: 140,
  ADD64: 141,
  SUB32: 142,
  SUB64: 143,
  AND32: 144,
  AND64: 145,
  OR32: 146,
  OR64: 147,
  XOR32: 148,
  XOR64: 149,
  SHL32: 150,
  SHL64: 151,
  SHR32: 152,
  SHR64: 153,
  SAR32: 154,
  SAR64: 155,
  NOT: 156,
  NEG32: 160,
  NEG64: 161,
  IMULF16: 162,
  IMULF32: 163,
  IMULF64: 164,
  IMUL32: 165,
  IMUL64: 166,
  ROLF: 168,
  RORF: 172,
  CMPJ32: 176,
  CMPJ64: 186,
  CMPJ8: 196,
  TESTJ8: 202,
  TESTJ32: 206,
  TESTJ64: 210,
} as const

export const UOP_BYTES = 16
export const NO_PAGE = 0xffff_ffff
/** Offsets in a block's header. */
export const BLOCK = {
  rip: 0,
  physical: 8,
  mode: 12,
  generation: 16,
  count: 20,
  uops: 28,
  target: 32,
  fallthrough: 40,
  chain0: 48,
  chain1: 52,
  hashNext: 56,
  secondPage: 68,
  uopEnd: 84,
  heat: 88,
  region: 92,
  ordinal: 96,
} as const

/** Offsets in a region's record (core/execute/jit.ts). */
export const REGION = {
  index: 0,
  alive: 4,
  blocks: 12,
  instructions: 16,
  pages: 20,
  exits: 24,
  growAt: 28,
  generation0: 32,
  targets: 64,
  sources: 128,
  /** How many `targets` and `sources` there are. */
  ways: 16,
  header: 144,
} as const

export const SLOT_T0 = 128
export const SLOT_T3 = 152
export const SLOT_ZERO = 192
export const SLOT_SEGMENT_BASE = 200

export interface Uop {
  readonly op: number
  readonly d: number
  readonly s1: number
  readonly s2: number
  readonly x: number
  /** Number of the guest instruction in its block. */
  readonly number: number
  /** Where that instruction begins, in bytes from the block's first. */
  readonly offset: number
  /** The immediate, whole and as its two signed halves. */
  readonly immediate: bigint
  readonly low: number
  readonly high: number
}

export interface Block {
  readonly pointer: number
  readonly rip: bigint
  readonly physical: number
  /** Physical address of the page its first instruction extends into, or NO_PAGE. */
  readonly secondPage: number
  readonly count: number
  readonly target: bigint
  readonly fallthrough: bigint
  readonly uops: readonly Uop[]
}

export function readBlock(view: DataView, pointer: number): Block {
  const uops: Uop[] = []
  const end = view.getUint32(pointer + BLOCK.uopEnd, true)
  for (let u = view.getUint32(pointer + BLOCK.uops, true); u < end; u += UOP_BYTES) {
    uops.push({
      op: view.getUint16(u, true),
      d: view.getUint8(u + 2),
      s1: view.getUint8(u + 3),
      s2: view.getUint8(u + 4),
      x: view.getUint8(u + 5),
      number: view.getUint8(u + 6),
      offset: view.getUint8(u + 7),
      immediate: view.getBigInt64(u + 8, true),
      low: view.getInt32(u + 8, true),
      high: view.getInt32(u + 12, true),
    })
  }
  return {
    pointer,
    rip: view.getBigUint64(pointer + BLOCK.rip, true),
    physical: view.getUint32(pointer + BLOCK.physical, true),
    secondPage: view.getUint32(pointer + BLOCK.secondPage, true),
    count: view.getUint32(pointer + BLOCK.count, true),
    target: view.getBigUint64(pointer + BLOCK.target, true),
    fallthrough: view.getBigUint64(pointer + BLOCK.fallthrough, true),
    uops,
  }
}

/** Last uop: the one that ends the block. */
export function terminator(block: Block): Uop {
  return block.uops[block.uops.length - 1] as Uop
}

export function isConditional(op: number): boolean {
  return op === OP.BRNZ || (op >= OP.JCC && op < OP.JCC + 16) || op >= OP.CMPJ32
}
