// The last stretch of a core's life, to be lived again: the state at some checkpoint, what had been set before it that is no state, and
// all operations since. Older ones are forgotten, checkpoint by checkpoint.

import type { PageImage } from '../../src/machine/page-image.js'
import type { Executors, Operation } from './operations.js'
import { Settings } from './settings.js'

/** A state in which both executors were equal. */
export interface Station {
  readonly image: PageImage
  readonly saved: Uint8Array
  /** Instructions of this core until then. */
  readonly instructions: number
  readonly jit: Executors
}

/** Checkpoints to go back: code that is wrong only when it is hot needs some way to become so. */
const KEPT = 6

export class History {
  private readonly settings = new Settings()
  private stations: { readonly station: Station; readonly operations: Operation[] }[]

  constructor(station: Station) {
    this.stations = [{ station, operations: [] }]
  }

  note(operation: Operation): void {
    this.stations.at(-1)?.operations.push(operation)
  }

  get last(): Station {
    return (this.stations.at(-1) as (typeof this.stations)[number]).station
  }

  /** Both are equal here. */
  checkpoint(station: Station): void {
    this.stations.push({ station, operations: [] })
    if (this.stations.length <= KEPT) return
    const forgotten = this.stations.shift()
    for (const operation of forgotten?.operations ?? []) this.settings.keep(operation)
  }

  /** What came before is of no use any more. */
  restart(station: Station): void {
    for (const { operations } of this.stations) for (const operation of operations) this.settings.keep(operation)
    this.stations = [{ station, operations: [] }]
  }

  /** Where to begin, what is to be set there, and what happened since. */
  recall(): { readonly station: Station; readonly settings: Settings; readonly operations: Operation[] } {
    return {
      station: (this.stations[0] as (typeof this.stations)[number]).station,
      settings: this.settings.copy(),
      operations: this.stations.flatMap(({ operations }) => operations),
    }
  }
}
