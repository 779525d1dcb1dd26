// The bus between local APICs and the I/O APIC: finds the destinations of a message (SDM 3A 11.6.2).
//
// Lowest-priority messages go to one destination, the enabled one with the lowest processor priority; among equals the next in
// turn after the last one chosen, so that load spreads and the choice is the same in every run.

import type { Savable, StateReader, StateWriter } from '../../base/index.js'
import { DELIVERY_LOWEST, type InterruptCommand } from './apic-messages.js'
import type { LocalApic } from './local-apic.js'

export interface ApicMessage extends InterruptCommand {
  /** The sender, where it is a local APIC. */
  readonly source?: LocalApic
}

export class ApicBus implements Savable {
  readonly tag = 'apic-bus'
  readonly version = 1
  private readonly apics: LocalApic[] = []
  private lastChosen = 0

  /** Where end-of-interrupt messages for level-triggered vectors go: the I/O APIC. */
  onEndOfInterrupt: (vector: number) => void = () => {}

  attach(apic: LocalApic): void {
    this.apics.push(apic)
  }

  /** Whom a message is addressed to, whether or not they take it. */
  destinations(message: ApicMessage): LocalApic[] {
    const { source, shorthand, destination } = message
    if (shorthand === 1) return source === undefined ? [] : [source]
    if (shorthand === 2) return [...this.apics]
    if (shorthand === 3) return this.apics.filter((apic) => apic !== source)
    if (destination === (source?.broadcast ?? 0xff)) return [...this.apics]
    return this.apics.filter((apic) =>
      message.logical ? apic.matchesLogical(destination) : apic.apicId === destination,
    )
  }

  send(message: ApicMessage): void {
    let targets = this.destinations(message)
    if (message.mode === DELIVERY_LOWEST) {
      targets = targets.filter((target) => target.acceptsInterrupts)
      if (targets.length > 1) targets = [this.chooseLowest(targets)]
    }
    for (const target of targets) target.accept(message.mode, message.vector, message.level)
  }

  private chooseLowest(targets: readonly LocalApic[]): LocalApic {
    const turn = (apic: LocalApic): number => (apic.index - this.lastChosen - 1 + this.apics.length) % this.apics.length
    const chosen = targets.reduce((best, apic) => {
      const difference = (apic.processorPriority >>> 4) - (best.processorPriority >>> 4)
      return difference < 0 || (difference === 0 && turn(apic) < turn(best)) ? apic : best
    })
    this.lastChosen = chosen.index
    return chosen
  }

  broadcastEndOfInterrupt(vector: number): void {
    this.onEndOfInterrupt(vector)
  }

  save(writer: StateWriter): void {
    writer.u32(this.lastChosen)
  }

  load(reader: StateReader): void {
    this.lastChosen = reader.u32()
  }
}
