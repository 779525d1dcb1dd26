// Blocks and micro-operations as they lie in the core's memory (core/blocks/ir.ts).
//
// Promises: reading only. A block that was read stays as it was; the core may drop the original at any time between two compilations.

import { BLOCK, UOP } from '../layouts.js'
import { OP_BRNZ, OP_CMPJ32, OP_JCC, UOP_BYTES } from '../numbers/operations.js'

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
  /** Its code page (core/memory/code-pages.ts). */
  readonly page: number
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
      op: view.getUint16(u + UOP.op, true),
      d: view.getUint8(u + UOP.d),
      s1: view.getUint8(u + UOP.s1),
      s2: view.getUint8(u + UOP.s2),
      x: view.getUint8(u + UOP.x),
      number: view.getUint8(u + UOP.number),
      offset: view.getUint8(u + UOP.offset),
      immediate: view.getBigInt64(u + UOP.low, true),
      low: view.getInt32(u + UOP.low, true),
      high: view.getInt32(u + UOP.high, true),
    })
  }
  return {
    pointer,
    page: view.getUint32(pointer + BLOCK.page, true),
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
  return op === OP_BRNZ || (op >= OP_JCC && op < OP_JCC + 16) || op >= OP_CMPJ32
}

/** Of OP_COLD, OP_SYSTEM and OP_SSE: the function's number (core/blocks/ir.ts, uopFunction). */
export function functionOf(uop: Uop): number {
  return uop.low & 0xffff
}

/** Of the same: what more the function is told (uopDetail). */
export function detailOf(uop: Uop): number {
  return uop.low >>> 16
}
