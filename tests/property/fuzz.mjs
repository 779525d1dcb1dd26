// `npm run fuzz -- [--seed N] [--instructions N] [--programs N]`: fuzzed code in interpreter and JIT, for a machine that has time. A
// difference is shrunk and printed with the command that repeats it. Default: seed 1, 100 million instructions.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readOptions } from '../../tools/options.mjs'

const { values } = readOptions(fileURLToPath(import.meta.url), {
  options: { seed: { type: 'string' }, instructions: { type: 'string' }, programs: { type: 'string' } },
})
const numbers = Object.fromEntries(
  Object.entries({ seed: '1', instructions: '1e8', ...values }).map(([name, text]) => [name, Number(text)]),
)
const wrong = Object.entries(numbers).find(([, value]) => !(value >= 0))
if (wrong !== undefined) {
  console.error(`--${wrong[0]} wants a number.`)
  process.exit(2)
}
const test = 'go through the same states'
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'tests/property/jit-fuzz.test.ts', '-t', test],
  {
    stdio: 'inherit',
    env: { ...process.env, TRANSPLANT_FUZZ: JSON.stringify(numbers) },
  },
)
process.exit(status ?? 1)
