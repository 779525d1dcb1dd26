// A fork: a machine of its own in everything but the memory it would take.
//
//   const fork = machine.fork()                    // of the running machine, at this instant
//   const stop = fork.use((m) => m.run({ instructions: 1_000_000 }))
//   fork.use((m) => m.hash())                      // where it got; `machine` itself is where it was
//
// A fork stands still between uses: it is then a snapshot, which shares all pages that are the same with the machine and with its sisters. To
// run, it borrows the machine it was made from (its carrier), which is moved to the fork and back: both cost only pages that differ.
// Thus a thousand forks take the memory of one machine and of what each has changed. For forks that run at the same time there is
// `Machine.from(fork.snapshot, coreWasm)`, a machine with memory of its own, here or on another thread.
// The carrier's listeners hear of what a fork does, as its breakpoints stop it; listen inside `use` to tell them apart.

import { requireKind } from '../base/index.js'
import type { Machine } from './machine.js'
import { requireSnapshot, type Snapshot } from './snapshot.js'

/** Another future of one instant; shares memory with it until it is changed. */
export class Fork {
  private readonly carrier: Machine
  private at: Snapshot

  /**
   * On a machine that carries it, from an instant of a machine of that shape. Throws BAD_ARGUMENT for what is no machine,
   * SNAPSHOT_CONFIGURATION for what is no snapshot.
   */
  constructor(carrier: Machine, at: Snapshot) {
    requireKind('carrier', carrier, 'object')
    requireSnapshot(at)
    this.carrier = carrier
    this.at = at
  }

  /** Where this fork is now. */
  get snapshot(): Snapshot {
    return this.at
  }

  /** Virtual time there, in ns. */
  get now(): number {
    return this.at.time
  }

  /**
   * Lets `work` have the machine at this fork's instant; the fork goes on from where it leaves it. If it throws, from where it was: what
   * `work` throws comes through. Throws BAD_ARGUMENT for what is no function.
   */
  use<T>(work: (machine: Machine) => T): T {
    requireKind('work', work, 'function')
    const { carrier } = this
    const back = carrier.snapshot()
    try {
      carrier.restore(this.at)
      const result = work(carrier)
      this.at = carrier.snapshot()
      return result
    } finally {
      carrier.restore(back)
    }
  }

  /** A sister at the same instant. */
  fork(): Fork {
    return new Fork(this.carrier, this.at)
  }
}
