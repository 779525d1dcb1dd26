// Upgrades at random moments under random programs, on random schedules. A failing line of the report has all that is needed to run
// it again: seed, vCPUs, mean slice. `npm run explore` runs many; TRANSPLANT_SEEDS=FIRST..LAST chooses which.

import { describe, expect, it } from 'vitest'
import { freeMemory, guest, runUpgrades, upgradeOnce } from './upgrade-runs.js'

const SLICES = [5000, 300, 20_000, 1000, 60, 20]
const [first, last] = (process.env['TRANSPLANT_SEEDS'] ?? '1..4').split('..').map(Number) as [number, number]
const cases = Array.from({ length: last - first + 1 }, (_, index) => {
  const seed = first + index
  return { seed, vcpus: 1 + (seed % 4), meanSlice: SLICES[Math.floor(seed / 4) % SLICES.length] ?? 5000 }
})

describe('upgrades under load', () => {
  for (const one of cases) {
    it(`leave nothing wrong with seed ${one.seed}, ${one.vcpus} vCPUs, slices of ${one.meanSlice}`, async () => {
      expect(await runUpgrades(one)).toEqual([])
    }, 900_000)
  }

  it('lose no memory, however often they are repeated', async () => {
    const session = await guest(2, 5)
    const free: number[] = []
    for (let n = 0; n < 7; n++) {
      await session.agent.read('usertests -q >/dev/null; keeper 3 3 1')
      expect(await upgradeOnce(session, [])).toEqual([])
      free.push(await freeMemory(session))
    }
    session.dispose()
    // The same kernel again and again, from its second time on: what the first time leaves is caches, not a leak.
    expect(free[4]).toBe(free[2])
    expect(free[6]).toBe(free[4])
    expect(free[5]).toBe(free[3])
  }, 900_000)
})
