// Comparing executors: while it lasts, every core that is made in this process has a companion (companion.ts).

import { Random } from '../../src/base/index.js'
import { setCompanion, setDefaultJit } from '../../src/cpu/index.js'
import { Companion, type Comparison, type Difference, type Totals } from './companion.js'
import { Replica } from './replica.js'

export interface Comparing {
  readonly totals: Totals
  /** The run of a machine, at whose end its cores are compared. */
  within<T>(run: () => T): T
  /** Cores made from now on have no companion. */
  stop(): void
}

/** Cores are interpreted where nobody says otherwise, so that the replicas compile. `other`: another module for these. */
export function startComparing(
  seed: number,
  found: (difference: Difference) => void,
  other?: WebAssembly.Module,
): Comparing {
  const totals: Totals = {
    cores: 0,
    runs: 0,
    instructions: 0,
    checkpoints: 0,
    cuts: 0,
    switches: 0,
    regions: 0,
    restarts: 0,
  }
  let depth = 0
  const comparison: Comparison = {
    random: new Random(seed),
    totals,
    inMachine: () => depth > 0,
    due: new Set(),
    found,
    other,
  }
  const jit = setDefaultJit('off')
  const companion = setCompanion((module, imports, vcpus, ramBytes) =>
    Replica.making ? undefined : new Companion(comparison, module, imports, vcpus, ramBytes),
  )
  return {
    totals,
    within(run) {
      depth++
      try {
        return run()
      } finally {
        depth--
        if (depth === 0) for (const one of [...comparison.due]) one.checkpoint()
      }
    },
    stop() {
      setDefaultJit(jit)
      setCompanion(companion)
    },
  }
}
