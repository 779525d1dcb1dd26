// A 256-bit register of a local APIC, one bit for each vector: IRR, ISR, TMR.

import type { StateReader, StateWriter } from '../../base/index.js'

export class VectorSet {
  private readonly words = new Uint32Array(8)

  clear(): void {
    this.words.fill(0)
  }

  /** Vectors 32 n to 32 n + 31, as the guest reads them. */
  word(n: number): number {
    return this.words[n] as number
  }

  has(vector: number): boolean {
    return (((this.words[vector >>> 5] as number) >>> (vector & 31)) & 1) !== 0
  }

  set(vector: number, on: boolean): void {
    const word = vector >>> 5
    const mask = 1 << (vector & 31)
    this.words[word] = on ? (this.words[word] as number) | mask : (this.words[word] as number) & ~mask
  }

  /** The highest vector; -1 if there is none. */
  get highest(): number {
    for (let word = 7; word >= 0; word--) {
      const value = this.words[word] as number
      if (value !== 0) return word * 32 + 31 - Math.clz32(value)
    }
    return -1
  }

  save(writer: StateWriter): void {
    for (const word of this.words) writer.u32(word)
  }

  load(reader: StateReader): void {
    for (let i = 0; i < 8; i++) this.words[i] = reader.u32()
  }
}
