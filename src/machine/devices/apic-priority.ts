// Which interrupt a local APIC's vCPU sees next (SDM 3A 11.8): the vectors requested (IRR) and in service (ISR), with their trigger
// modes (TMR), and the priorities of task and processor.

import type { StateReader, StateWriter } from '../../base/index.js'
import { VectorSet } from './vector-set.js'

export class ApicPriority {
  /** TPR. */
  task = 0
  readonly inService = new VectorSet()
  readonly triggerMode = new VectorSet()
  readonly requested = new VectorSet()

  reset(): void {
    this.task = 0
    for (const bits of this.vectors) bits.clear()
  }

  private get vectors(): readonly VectorSet[] {
    return [this.inService, this.triggerMode, this.requested]
  }

  /** PPR. */
  get processor(): number {
    const serviced = this.inService.highest
    const servicedClass = serviced < 0 ? 0 : serviced & 0xf0
    return (this.task & 0xf0) >= servicedClass ? this.task : servicedClass
  }

  request(vector: number, level: boolean): void {
    this.requested.set(vector, true)
    this.triggerMode.set(vector, level) // and at no other event: EOI leaves TMR alone (SDM 3A 11.8.4)
  }

  /** Is the vector's priority class above that of the processor? */
  admits(vector: number): boolean {
    return vector >= 16 && (vector & 0xf0) > (this.processor & 0xf0)
  }

  /** Moves a vector from IRR to ISR. */
  serve(vector: number): void {
    this.requested.set(vector, false)
    this.inService.set(vector, true)
  }

  /** The vector whose service ends, and whether it was triggered by level; undefined if none is in service. */
  end(): { readonly vector: number; readonly level: boolean } | undefined {
    const vector = this.inService.highest
    if (vector < 0) return undefined
    this.inService.set(vector, false)
    return { vector, level: this.triggerMode.has(vector) }
  }

  saveVectors(writer: StateWriter): void {
    for (const bits of this.vectors) bits.save(writer)
  }

  loadVectors(reader: StateReader): void {
    for (const bits of this.vectors) bits.load(reader)
  }
}
