// `npm run fuzz:loaders -- [--seed N] [--modules N] [--programs N] [--base NAME] [--from N]`: damaged modules and programs for the guest's
// loaders, for a machine that has time. What is wrong is shrunk and printed with the command that repeats it. Default: seed 1, 100,000
// of each; with --modules or --programs only that kind.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readOptions } from '../../tools/options.mjs'

const names = ['seed', 'modules', 'programs', 'base', 'from']
const { values } = readOptions(fileURLToPath(import.meta.url), {
  options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
})
const one = values.modules !== undefined || values.programs !== undefined
const texts = { seed: '1', modules: one ? '0' : '100000', programs: one ? '0' : '100000', ...values }
const { base, ...rest } = texts
const numbers = Object.fromEntries(Object.entries(rest).map(([name, text]) => [name, Number(text)]))
const wrong = Object.entries(numbers).find(([, value]) => !(Number.isInteger(value) && value >= 0))
if (wrong !== undefined) {
  console.error(`--${wrong[0]} wants a number.`)
  process.exit(2)
}
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'tests/property/loader-fuzz.test.ts', '-t', 'loader refuses or takes'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      TRANSPLANT_FUZZ_LOADERS: JSON.stringify(base === undefined ? numbers : { ...numbers, base }),
    },
  },
)
process.exit(status ?? 1)
