// The interrupt wiring of the board: a device's line goes to the I/O APIC and, below 16, to the 8259 pair.
//
// Several devices may share a number: the line is high while any of them holds it high. ISA interrupt 0 (the 8254)
// arrives at I/O APIC pin 2, as on every PC and as the MADT's interrupt source override says.

import type { Savable, StateReader, StateWriter } from '../../base/index.js'

/** One device's end of an interrupt line. */
export interface InterruptLine {
  set(level: boolean): void
}

/** An interrupt controller's input. */
export interface InterruptInput {
  setInput(input: number, level: boolean): void
}

/** Interrupt numbers 0 to 23. */
export const INTERRUPT_LINES = 24

/** The I/O APIC's input for an interrupt number. */
export function ioApicPin(irq: number): number {
  return irq === 0 ? 2 : irq
}

export class InterruptLines implements Savable {
  readonly tag = 'interrupt-lines'
  readonly version = 1
  private readonly sources: Uint8Array[] = Array.from({ length: INTERRUPT_LINES }, () => new Uint8Array(0))
  private readonly pic: InterruptInput
  private readonly ioApic: InterruptInput

  constructor(pic: InterruptInput, ioApic: InterruptInput) {
    this.pic = pic
    this.ioApic = ioApic
  }

  /** A new source on line `irq` (0 to 23). Called while the machine is built. */
  line(irq: number): InterruptLine {
    const before = this.sources[irq] as Uint8Array
    const index = before.length
    this.sources[irq] = new Uint8Array(index + 1)
    return {
      set: (level) => {
        const sources = this.sources[irq] as Uint8Array
        const wasHigh = sources.includes(1)
        sources[index] = level ? 1 : 0
        const isHigh = level || sources.includes(1)
        if (isHigh !== wasHigh) this.propagate(irq, isHigh)
      },
    }
  }

  private propagate(irq: number, level: boolean): void {
    if (irq < 16) this.pic.setInput(irq, level)
    this.ioApic.setInput(ioApicPin(irq), level)
  }

  save(writer: StateWriter): void {
    for (const sources of this.sources) writer.blob(sources)
  }

  load(reader: StateReader): void {
    for (let irq = 0; irq < INTERRUPT_LINES; irq++) this.sources[irq] = reader.blob()
  }
}
