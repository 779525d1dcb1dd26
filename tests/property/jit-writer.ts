// What the generators of fuzzed code share: the lines written so far, the registers and memory they may use, and chance.
//
// Conventions, restored at the head of each routine and not relied upon for safety: RSI points into the vCPU's own window, R15 is a small
// index, RBP a frame on the stack, R12 to R14 count the rounds of nested loops. Everything else is free.

import type { Random } from '../../src/base/index.js'
import { AH, encode, type Form, type Line, type MemoryOperand, type Place, type Size } from './jit-code.js'
import { ALIAS, LARGE_ALIAS, MMIO, PAGED, PAGED_PAGES, SHARED, UNMAPPED } from './jit-places.js'

export const RSP = 4
export const RBP = 5
export const RSI = 6
export const RDI = 7
export const R15 = 15
export const LOOP_REGISTERS = [12, 13, 14] as const
const FREE = [0, 1, 2, 3, 7, 8, 9, 10, 11]
/** By length. */
const NOPS = [
  undefined,
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
]
const SIZES: readonly Size[] = [1, 2, 4, 8]

export class Writer {
  readonly random: Random
  readonly lines: Line[] = []
  /** Labels of routines that may be called. */
  readonly callable: string[] = []
  /** Labels of one-byte opcodes that may be rewritten into each other. */
  readonly patchable: string[] = []
  /** Labels of five-byte instructions whose last four may be anything. */
  readonly constants: string[] = []
  private labels = 0

  constructor(random: Random) {
    this.random = random
  }

  emit(...lines: Line[]): this {
    this.lines.push(...lines)
    return this
  }

  form(form: Form): this {
    this.lines.push(encode(form))
    return this
  }

  bytes(...bytes: number[]): this {
    this.lines.push({ bytes })
    return this
  }

  fresh(): string {
    return `L${this.labels++}`
  }

  place(label: string): this {
    this.lines.push({ bytes: [], label })
    return this
  }

  chance(oneIn: number): boolean {
    return this.random.below(oneIn) === 0
  }

  pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T
  }

  size(): Size {
    return this.pick(SIZES)
  }

  /** 2, 4 or 8. */
  wide(): Size {
    return this.pick(SIZES.slice(1))
  }

  /** A register to write: free, of the given size; AH to BH sometimes. */
  target(size: Size): number {
    return size === 1 && this.chance(3) ? AH + this.random.below(4) : this.pick(FREE)
  }

  /** A register to read. */
  source(size: Size): number {
    return size === 1 && this.chance(4) ? AH + this.random.below(4) : this.random.below(16)
  }

  /** AH to BH cannot stand beside a REX prefix. */
  pair(size: Size): [number, number] {
    const a = this.target(size)
    const b = this.source(size)
    if (size !== 1 || (a < AH && b < AH)) return [a, b]
    return [a < AH ? a & 3 : a, b < AH ? b & 3 : b]
  }

  immediate(size: Size): number {
    const value = this.chance(2) ? this.random.between(-130, 130) : this.random.u32() | 0
    return size === 1 ? value & 255 : value
  }

  /** Memory, in every way an address can be formed. Mostly harmless. */
  memory(size: number): MemoryOperand {
    const { random } = this
    switch (random.below(32)) {
      case 0:
        return { base: RSI, displacement: 0x1000 * random.between(-3, 3) - random.below(size + 1) }
      case 1:
        return { base: RSI, index: R15, scale: random.below(4), displacement: random.between(-128, 127) }
      case 2:
        return { base: RSI, index: R15, scale: random.below(4), displacement: random.between(-4000, 4000) }
      case 3:
        return { base: RBP, displacement: -8 * random.between(1, 8) }
      case 4:
        return { base: RSP, displacement: -8 * random.between(8, 16) }
      case 5:
        return { displacement: SHARED + random.below(64) * 8 }
      case 6:
        return { address: SHARED + random.below(512), displacement: 0 }
      case 7:
      case 8:
        return { displacement: PAGED + random.below(PAGED_PAGES) * 0x1000 + random.below(0x1000) }
      case 9:
        return { displacement: PAGED + random.below(PAGED_PAGES) * 0x1000 - random.below(size + 1) }
      case 10:
        return { displacement: LARGE_ALIAS + SHARED + random.below(64) * 8 }
      case 11:
        return { displacement: ALIAS + SHARED + random.below(512) }
      case 12:
        return { base: RSI, displacement: random.between(-100, 100), prefix: [0x67] }
      case 13:
        return { displacement: random.below(256), prefix: [this.pick([0x64, 0x65])] }
      case 14:
        return this.chance(4) ? { displacement: this.chance(2) ? MMIO + random.below(256) : UNMAPPED } : this.near()
      default:
        return this.near()
    }
  }

  private near(): MemoryOperand {
    return {
      base: RSI,
      displacement: this.chance(2) ? this.random.between(-16, 15) * 8 : this.random.between(-2000, 2000),
    }
  }

  /** A register or memory to write. */
  destination(size: Size): Place {
    return this.chance(3) ? this.memory(size) : this.target(size)
  }

  /** Room for a handler that goes on eight bytes after a fault. */
  risky(line: Line): this {
    this.emit(line)
    const padding = NOPS[8 - line.bytes.length]
    if (padding !== undefined) this.bytes(...padding)
    return this
  }
}
