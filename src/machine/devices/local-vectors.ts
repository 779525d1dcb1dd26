// The local vector table (SDM 3A 11.5.1): what the timer, the pins LINT0 and LINT1 and an error of the APIC itself do to the vCPU.

import type { StateReader, StateWriter } from '../../base/index.js'
import { DELIVERY_FIXED, DELIVERY_INIT, DELIVERY_NMI } from './apic-messages.js'
import { LVT_ERROR, LVT_LEVEL, LVT_LINT0, LVT_MASKED, LVT_TIMER, LVT_WRITABLE } from './apic-registers.js'

export interface LocalMessage {
  readonly mode: number
  readonly vector: number
  readonly level: boolean
}

export class LocalVectors {
  private readonly entries = new Uint32Array(LVT_WRITABLE.length)

  reset(): void {
    this.entries.fill(LVT_MASKED)
  }

  read(index: number): number {
    return this.entries[index] as number
  }

  /** `masked`: the APIC is software disabled, and the mask bit cannot be cleared (SDM 3A 11.4.7.2). */
  write(index: number, value: number, masked: boolean): void {
    this.entries[index] = (value & (LVT_WRITABLE[index] as number)) | (masked ? LVT_MASKED : 0)
  }

  maskAll(): void {
    for (let i = 0; i < this.entries.length; i++) this.entries[i] = this.read(i) | LVT_MASKED
  }

  isMasked(index: number): boolean {
    return (this.read(index) & LVT_MASKED) !== 0
  }

  vector(index: number): number {
    return this.read(index) & 0xff
  }

  mode(index: number): number {
    return index === LVT_TIMER || index === LVT_ERROR ? DELIVERY_FIXED : (this.read(index) >>> 8) & 7
  }

  /** One-shot, periodic or TSC deadline, as in bits 17 and 18. */
  get timerMode(): number {
    return (this.read(LVT_TIMER) >>> 17) & 3
  }

  /** What an event says to the vCPU; undefined if it is masked, reserved, or ExtINT, which is no message. */
  message(index: number): LocalMessage | undefined {
    const mode = this.mode(index)
    if (this.isMasked(index) || (mode !== DELIVERY_FIXED && mode !== DELIVERY_NMI && mode !== DELIVERY_INIT))
      return undefined
    return { mode, vector: this.vector(index), level: index === LVT_LINT0 && (this.read(index) & LVT_LEVEL) !== 0 }
  }

  save(writer: StateWriter): void {
    for (const entry of this.entries) writer.u32(entry)
  }

  load(reader: StateReader): void {
    for (let i = 0; i < this.entries.length; i++) this.entries[i] = reader.u32()
  }
}
