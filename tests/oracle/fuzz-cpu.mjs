// `npm run fuzz:cpu -- [--seed N] [--cases N | --time SECONDS] [--cpu x86-64-v2|x86-64-v3] [--core FILE]`: generated cases on the host CPU and on the core. A difference is
// shrunk and printed with its bytes, registers and what differs; exit code 1. Default: seed 1, an hour. --core: another core.wasm.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readOptions } from '../../tools/options.mjs'

const { values } = readOptions(fileURLToPath(import.meta.url), {
  options: {
    seed: { type: 'string' },
    cases: { type: 'string' },
    time: { type: 'string' },
    core: { type: 'string' },
    cpu: { type: 'string' },
    limit: { type: 'string' },
  },
})
const texts = {
  seed: '1',
  limit: '5',
  ...(values.cases === undefined ? { time: values.time ?? '3600' } : { cases: values.cases }),
}
const given = { ...texts, ...Object.fromEntries(Object.entries(values).filter(([name]) => name in texts)) }
const numbers = Object.fromEntries(
  Object.entries(given).map(([name, text]) => [name === 'time' ? 'seconds' : name, Number(text)]),
)
const wrong = Object.entries(given).find(([, text]) => !(Number(text) >= 1))
if (wrong !== undefined || (values.cases !== undefined && values.time !== undefined)) {
  console.error(wrong === undefined ? 'Give --cases or --time, not both.' : `--${wrong[0]} wants a positive number.`)
  process.exit(2)
}
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'tests/oracle/cases.test.ts'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      TRANSPLANT_CASES: JSON.stringify({
        ...numbers,
        ...(values.core === undefined ? {} : { core: values.core }),
        ...(values.cpu === undefined ? {} : { cpu: values.cpu }),
      }),
    },
  },
)
process.exit(status ?? 1)
