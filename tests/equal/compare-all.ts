// A comparing test run: from here on every core of this process has a companion, and every machine says where its runs end. A difference
// fails the test in which it showed.

import { afterAll, afterEach, expect } from 'vitest'
import { Machine } from '../../src/machine/index.js'
import type { Difference } from './companion.js'
import { startComparing } from './comparing.js'
import { describeDifference } from './report.js'
import { noteTotals } from './totals.js'

/** For the setup file of a whole test run. */
export function compareAll(seed: number): void {
  const differences: Difference[] = []
  const comparing = startComparing(seed, (difference) => differences.push(difference))
  for (const name of ['run', 'runTo', 'step'] as const) {
    const own = Machine.prototype[name] as (...args: unknown[]) => unknown
    const within = function (this: Machine, ...args: unknown[]) {
      return comparing.within(() => own.apply(this, args))
    }
    Object.defineProperty(Machine.prototype, name, { value: within, configurable: true, writable: true })
  }
  const report = async () => {
    const texts = await Promise.all(differences.splice(0).map(describeDifference))
    const { testPath } = expect.getState()
    if (texts.length > 0)
      throw new Error([...texts, '', `repeat: TRANSPLANT_JIT=compare:${seed} npx vitest run ${testPath}`].join('\n'))
  }
  afterEach(report, 600_000)
  afterAll(async () => {
    await report()
    noteTotals(expect.getState().testPath ?? '', comparing.totals)
    const { instructions, checkpoints } = comparing.totals
    if (instructions > 0 && checkpoints === 0)
      throw new Error('This file executes guest code, and nothing was compared.')
  }, 600_000)
}
