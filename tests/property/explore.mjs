// `npm run explore [FIRST..LAST]`: the property tests of upgrades with many seeds, for a machine that has time.
import { spawnSync } from 'node:child_process'

const seeds = process.argv[2] ?? '1..200'
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'tests/property/upgrade-seeds.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, TRANSPLANT_SEEDS: seeds },
})
process.exit(status ?? 1)
