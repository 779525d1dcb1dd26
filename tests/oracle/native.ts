// The oracle ELF on the host itself. The committed image need not be executable: a copy that is runs from a temporary folder.

import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FlatRunner } from './flat-runner.js'

export const oraclePath = fileURLToPath(new URL('../../images/built/oracle', import.meta.url))

/** What the oracle prints on the host CPU. */
export function native(...args: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'oracle-'))
  try {
    const program = join(folder, 'oracle')
    copyFileSync(oraclePath, program)
    chmodSync(program, 0o755)
    const result = spawnSync(program, args, { encoding: 'latin1', maxBuffer: 1 << 28 })
    if (result.status !== 0)
      throw new Error(`the oracle ended with ${result.status ?? result.signal ?? result.error} on the host`)
    return result.stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What it prints on the core. */
export function emulated(...args: string[]): string {
  return new FlatRunner().run(readFileSync(oraclePath), args).output
}
