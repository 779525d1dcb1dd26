// `npm run explore [FIRST..LAST]`: the property tests of upgrades and of the int3 protocol with many seeds, for a machine that has time.
import { spawnSync } from 'node:child_process'

const seeds = process.argv[2] ?? '1..200'
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'tests/property/upgrade-seeds.test.ts', 'tests/property/poke-schedules.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, TRANSPLANT_SEEDS: seeds },
})
process.exit(status ?? 1)
