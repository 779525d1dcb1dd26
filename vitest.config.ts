import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const comparing = process.env['TRANSPLANT_JIT']?.startsWith('compare') === true
const timeout = comparing ? 600_000 : 120_000

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/jit.ts'],
    globalSetup: ['tests/temporary.ts', ...(comparing ? ['tests/equal/totals.ts'] : [])],
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: timeout,
    hookTimeout: timeout,
  },
})
