// Upgrades at random moments under random programs, on random schedules. A failing line of the report has all that is needed to run
// it again: seed, vCPUs, mean slice. `npm run explore` runs many.

import { describe, expect, it } from 'vitest'
import { freeMemory, UpgradeExplorer } from '../../src/lab/index.js'
import { shippedAssets } from '../lab/images.js'

const explorer = new UpgradeExplorer(shippedAssets())

const SLICES = [5000, 300]
const cases = [1, 2, 3, 4].map((seed) => ({
  seed,
  vcpus: 1 + (seed % 4),
  meanSlice: SLICES[Math.floor(seed / 4)] ?? 5000,
}))

describe('upgrades under load', () => {
  for (const one of cases) {
    it(`leave nothing wrong with seed ${one.seed}, ${one.vcpus} vCPUs, slices of ${one.meanSlice}`, async () => {
      expect(await explorer.run(one)).toEqual([])
    }, 900_000)
  }

  it('lose no memory, however often they are repeated', async () => {
    const session = await explorer.guest(2, 5)
    const free: number[] = []
    for (let n = 0; n < 7; n++) {
      await session.agent.read('usertests -q >/dev/null; keeper 3 3 1')
      expect(await explorer.upgradeOnce(session, [])).toEqual([])
      free.push(await freeMemory(session))
    }
    session.dispose()
    // The same kernel again and again, from its second time on: what the first time leaves is caches, not a leak.
    expect(free[4]).toBe(free[2])
    expect(free[6]).toBe(free[4])
    expect(free[5]).toBe(free[3])
  }, 900_000)
})
