// The 8259A pair (ports 20H, A0H; ELCR at 4D0H): master with the slave cascaded on input 2.
//
// Complete but for the MCS-80 mode: initialisation words, masks, fixed and rotating priority, special mask mode, automatic
// and (non-)specific EOI, special fully nested mode, polling, edge and level per input. `pending` is the INT pin that goes
// to LINT0 of the boot processor; `acknowledge` is the pair of INTA cycles. Source: Intel 8259A data sheet.

import type { Savable, StateReader, StateWriter } from '../../base/index.js'
import type { Bus, PortHandler } from '../bus.js'
import type { ExternalInterrupts } from './apic-messages.js'
import type { InterruptInput } from './interrupt-lines.js'

const CASCADE = 2

class Controller {
  mask = 0xff
  requested = 0
  inService = 0
  inputs = 0
  levelTriggered = 0
  vectorBase = 0
  /** Input of the lowest priority; 7 means the order 0 to 7. */
  lowest = 7
  step = 0 // which initialisation word comes next; 0 is operation
  needsWord4 = false
  single = false
  autoEndOfInterrupt = false
  rotateOnAutoEnd = false
  fullyNested = false
  specialMask = false
  readInService = false
  poll = false

  setInput(input: number, level: boolean): void {
    const bit = 1 << input
    if ((this.levelTriggered & bit) !== 0) {
      this.requested = level ? this.requested | bit : this.requested & ~bit
    } else if (level && (this.inputs & bit) === 0) this.requested |= bit
    else if (!level) this.requested &= ~bit // the request must stay high until the first INTA
    this.inputs = level ? this.inputs | bit : this.inputs & ~bit
  }

  /** ELCR. A level-triggered input requests for as long as it is high, be that since before. */
  setLevelTriggered(inputs: number): void {
    this.levelTriggered = inputs
    this.requested = (this.requested & ~inputs) | (this.inputs & inputs)
  }

  private rank(input: number): number {
    return (input - this.lowest - 1) & 7
  }

  private best(bits: number): number {
    let found = -1
    for (let input = 0; input < 8; input++) {
      if ((bits & (1 << input)) !== 0 && (found < 0 || this.rank(input) < this.rank(found))) found = input
    }
    return found
  }

  /** The input to serve now; -1 if none. */
  candidate(requested = this.requested): number {
    const input = this.best(requested & ~this.mask)
    if (input < 0) return -1
    // In special mask mode masked levels in service do not hold others back.
    let serviced = this.specialMask ? this.inService & ~this.mask : this.inService
    // Special fully nested: a further request of the slave in service goes through the master.
    if (this.fullyNested && input === CASCADE) serviced &= ~(1 << CASCADE)
    const current = this.best(serviced)
    return current < 0 || this.rank(input) < this.rank(current) ? input : -1
  }

  accept(input: number): void {
    const bit = 1 << input
    if (this.autoEndOfInterrupt) {
      if (this.rotateOnAutoEnd) this.lowest = input
    } else this.inService |= bit
    if ((this.levelTriggered & bit) === 0) this.requested &= ~bit
  }

  initialize(word: number): void {
    this.requested = this.inputs & this.levelTriggered
    this.mask = 0
    this.inService = 0
    this.lowest = 7
    this.specialMask = false
    this.readInService = false
    this.poll = false
    this.autoEndOfInterrupt = false
    this.rotateOnAutoEnd = false
    this.fullyNested = false
    this.needsWord4 = (word & 1) !== 0
    this.single = (word & 2) !== 0
    this.step = 2
  }

  /** OCW2: the end-of-interrupt and rotation commands. */
  command2(value: number): void {
    const input = value & 7
    switch (value >>> 5) {
      case 0:
        this.rotateOnAutoEnd = false
        break
      case 4:
        this.rotateOnAutoEnd = true
        break
      case 1:
      case 5: {
        const highest = this.best(this.specialMask ? this.inService & ~this.mask : this.inService)
        if (highest >= 0) {
          this.inService &= ~(1 << highest)
          if (value >>> 5 === 5) this.lowest = highest
        }
        break
      }
      case 3:
        this.inService &= ~(1 << input)
        break
      case 7:
        this.inService &= ~(1 << input)
        this.lowest = input
        break
      case 6:
        this.lowest = input
        break
      default: // 2: no operation
    }
  }

  command3(value: number): void {
    if ((value & 4) !== 0) this.poll = true
    if ((value & 2) !== 0) this.readInService = (value & 1) !== 0
    if ((value & 0x40) !== 0) this.specialMask = (value & 0x20) !== 0
  }

  writeData(value: number): void {
    switch (this.step) {
      case 0:
        this.mask = value
        return
      case 2:
        this.vectorBase = value & 0xf8
        this.step = this.single ? (this.needsWord4 ? 4 : 0) : 3
        return
      case 3:
        this.step = this.needsWord4 ? 4 : 0
        return
      default:
        this.fullyNested = (value & 0x10) !== 0
        this.autoEndOfInterrupt = (value & 2) !== 0
        this.step = 0
    }
  }

  fields(): number[] {
    const flags = [
      this.needsWord4,
      this.single,
      this.autoEndOfInterrupt,
      this.rotateOnAutoEnd,
      this.fullyNested,
      this.specialMask,
      this.readInService,
      this.poll,
    ]
    const bits = flags.reduce((all, flag, i) => all | (flag ? 1 << i : 0), 0)
    return [
      this.mask,
      this.requested,
      this.inService,
      this.inputs,
      this.levelTriggered,
      this.vectorBase,
      this.lowest,
      this.step,
      bits,
    ]
  }

  restore(next: () => number): void {
    this.mask = next()
    this.requested = next()
    this.inService = next()
    this.inputs = next()
    this.levelTriggered = next()
    this.vectorBase = next()
    this.lowest = next()
    this.step = next()
    const bits = next()
    this.needsWord4 = (bits & 1) !== 0
    this.single = (bits & 2) !== 0
    this.autoEndOfInterrupt = (bits & 4) !== 0
    this.rotateOnAutoEnd = (bits & 8) !== 0
    this.fullyNested = (bits & 16) !== 0
    this.specialMask = (bits & 32) !== 0
    this.readInService = (bits & 64) !== 0
    this.poll = (bits & 128) !== 0
  }
}

export class PicPair implements Savable, InterruptInput, ExternalInterrupts, PortHandler {
  readonly tag = 'pic'
  readonly version = 1
  readonly width = 1
  private master = new Controller()
  private slave = new Controller()

  /** The INT pin may have changed: the boot processor's APIC looks again. */
  onChange: () => void = () => {}

  constructor(bus: Bus) {
    bus.mapPorts(0x20, 2, this)
    bus.mapPorts(0xa0, 2, this)
    bus.mapPorts(0x4d0, 2, this)
  }

  reset(): void {
    const inputs = [this.master.inputs, this.slave.inputs] as const
    this.master = new Controller()
    this.slave = new Controller()
    this.master.inputs = inputs[0]
    this.slave.inputs = inputs[1]
    this.update()
  }

  setInput(irq: number, level: boolean): void {
    if (irq >= 8) this.slave.setInput(irq - 8, level)
    else if (irq !== CASCADE) this.master.setInput(irq, level)
    this.update()
  }

  private update(): void {
    this.master.setInput(CASCADE, this.slave.candidate() >= 0)
    this.onChange()
  }

  /** INT goes low when a request is acknowledged: what the slave has left (automatic EOI) is a new edge for the master. */
  private accept(controller: Controller, input: number): void {
    controller.accept(input)
    if (controller === this.slave) this.master.setInput(CASCADE, false)
  }

  get pending(): boolean {
    return this.master.candidate() >= 0
  }

  /** Whether a rise of this input would raise the INT pin, as things stand. */
  wouldServe(irq: number): boolean {
    const input = irq < 8 ? irq : CASCADE
    if (irq >= 8 && this.slave.candidate(1 << (irq - 8)) < 0) return false
    return this.master.candidate(1 << input) >= 0
  }

  acknowledge(): number {
    const input = this.master.candidate()
    if (input < 0) return this.master.vectorBase + 7 // spurious
    this.master.accept(input)
    let vector = this.master.vectorBase + input
    if (input === CASCADE) {
      const second = this.slave.candidate()
      if (second < 0) vector = this.slave.vectorBase + 7
      else {
        this.accept(this.slave, second)
        vector = this.slave.vectorBase + second
      }
    }
    this.update()
    return vector
  }

  read(port: number): number {
    if (port >= 0x4d0) return (port === 0x4d0 ? this.master : this.slave).levelTriggered
    const controller = port < 0xa0 ? this.master : this.slave
    if (controller.poll) {
      controller.poll = false
      const input = controller.candidate()
      if (input < 0) return 0
      this.accept(controller, input)
      this.update()
      return 0x80 | input
    }
    if ((port & 1) !== 0) return controller.mask
    return controller.readInService ? controller.inService : controller.requested
  }

  write(port: number, _size: number, value: number): void {
    if (port === 0x4d0) this.master.setLevelTriggered(value & 0xf8)
    else if (port === 0x4d1) this.slave.setLevelTriggered(value & 0xde)
    else {
      const controller = port < 0xa0 ? this.master : this.slave
      if ((port & 1) !== 0) controller.writeData(value)
      else if ((value & 0x10) !== 0) controller.initialize(value)
      else if ((value & 0x08) !== 0) controller.command3(value)
      else controller.command2(value)
    }
    this.update()
  }

  save(writer: StateWriter): void {
    for (const value of [...this.master.fields(), ...this.slave.fields()]) writer.u8(value)
  }

  load(reader: StateReader): void {
    this.master.restore(() => reader.u8())
    this.slave.restore(() => reader.u8())
  }
}
