// What enters a core from outside, as values: what the host calls and writes, and the runs with the answers of the outside. A core of
// the same kind that is given the same operations in the same order goes through the same states (replica.ts).

import { PAGE_SIZE } from '../../src/base/index.js'
import type { CoreExports, CoreImports, JitOption } from '../../src/cpu/index.js'

/** Exports that change a core and need nothing but their numbers. */
export const FORWARDED = [
  'resetCpu',
  'startup',
  'setLine',
  'requestYield',
  'setTime',
  'stateChanged',
  'setEventMask',
  'setBreakpoint',
  'setCoherence',
  'setLevel',
] as const satisfies readonly (keyof CoreExports)[]

export type Forwarded = (typeof FORWARDED)[number]

/** A call of the core to the outside. */
export interface Call {
  readonly name: keyof CoreImports
  readonly args: readonly number[]
  /** Instructions retired in this run before the one that calls. */
  readonly retired: number
  /** What the outside did to the core meanwhile. */
  readonly operations: Operation[]
  answer: number
}

/** How the core of the test and its replica execute. */
export interface Executors {
  readonly first: JitOption
  readonly second: JitOption
}

/** Where a run was cut in the replica, and what its compiler was told there. */
export interface Cut {
  readonly at: number
  readonly jit: JitOption | undefined
}

export interface Run {
  readonly kind: 'run'
  readonly cpu: number
  readonly budget: number
  /** As `setTime` said last. */
  readonly time: number
  readonly calls: Call[]
  readonly cuts: Cut[]
  retired: number
  exit: number
}

export type Operation =
  | Run
  | { readonly kind: 'export'; readonly name: Forwarded; readonly args: readonly number[] }
  | { readonly kind: 'ram'; readonly address: number; readonly length: number; readonly pieces: readonly Piece[] }
  | { readonly kind: 'state'; readonly cpu: number; readonly edits: readonly Piece[] }
  | { readonly kind: 'rom'; readonly address: number; readonly bytes: Uint8Array }
  | { readonly kind: 'load'; readonly saved: Uint8Array }
  | { readonly kind: 'jit'; readonly jit: Executors }

/** Bytes at an address or offset; no bytes: so many zeros. */
export interface Piece {
  readonly at: number
  readonly length: number
  readonly bytes: Uint8Array | undefined
}

const ZEROS = new Uint8Array(PAGE_SIZE)

/** A copy of [address, address + length) in which pages of zeros take nothing. */
export function copyOf(ram: Uint8Array, address: number, length: number): Piece[] {
  const pieces: Piece[] = []
  const end = Math.min(ram.length, address + length)
  for (let at = address; at < end; ) {
    const next = Math.min(end, (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE)
    const bytes = ram.subarray(at, next)
    const zero = Buffer.compare(bytes, ZEROS.subarray(0, next - at)) === 0
    pieces.push({ at, length: next - at, bytes: zero ? undefined : bytes.slice() })
    at = next
  }
  return pieces
}

/** The runs of bytes in which `now` is not `before`, within the ranges. */
export function changesOf(
  before: Uint8Array,
  now: Uint8Array,
  ranges: readonly (readonly [start: number, end: number])[],
): Piece[] {
  const pieces: Piece[] = []
  for (const [start, end] of ranges) {
    if (Buffer.compare(before.subarray(start, end), now.subarray(start, end)) === 0) continue
    for (let at = start; at < end; at++) {
      if (before[at] === now[at]) continue
      let next = at + 1
      while (next < end && before[next] !== now[next]) next++
      pieces.push({ at, length: next - at, bytes: now.slice(at, next) })
      at = next
    }
  }
  return pieces
}
