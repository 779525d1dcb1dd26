// What a comparing test run compared: each test file's process leaves its numbers in a folder, and the run ends with their sums. As
// `globalSetup` of vitest.

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Totals } from './companion.js'

const VARIABLE = 'TRANSPLANT_COMPARED'

/** One line for a test file. */
export function noteTotals(path: string, totals: Totals): void {
  const file = process.env[VARIABLE]
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ path, ...totals })}\n`)
}

const million = (count: number): string => `${(count / 1e6).toFixed(1)} million`

export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'compared-'))
  const file = join(folder, 'totals')
  appendFileSync(file, '')
  process.env[VARIABLE] = file
  return () => {
    const files = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Totals & { readonly path: string })
    rmSync(folder, { recursive: true })
    const compared = files.filter(({ instructions }) => instructions > 0)
    const sum = (key: keyof Totals): number => compared.reduce((total, one) => total + one[key], 0)
    const lines = [
      '',
      'interpreter and compiled code, compared',
      ...compared
        .sort((a, b) => b.instructions - a.instructions)
        .map(
          (one) =>
            `  ${relative(process.cwd(), one.path).padEnd(44)} ${String(one.cores).padStart(6)} cores ${million(one.instructions).padStart(14)} instructions ${String(one.checkpoints).padStart(7)} checkpoints ${String(one.regions).padStart(7)} regions${one.restarts > 0 ? `, ${one.restarts} restarts` : ''}`,
        ),
      `  in all: ${compared.length} files, ${sum('cores')} cores, ${million(sum('instructions'))} instructions in ${sum('runs')} runs, ${sum('checkpoints')} checkpoints, ${sum('cuts')} cuts, ${sum('switches')} switches of the executor`,
      `  no guest code in their own process: ${
        files
          .filter(({ instructions }) => instructions === 0)
          .map(({ path }) => relative(process.cwd(), path))
          .sort()
          .join(', ') || 'none'
      }`,
    ]
    console.log(lines.join('\n'))
    if (sum('checkpoints') === 0) throw new Error('A comparing test run compared nothing.')
  }
}
