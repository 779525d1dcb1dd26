// Runs the built command as a user does.

import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../lab/images.js'

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export const folder = mkdtempSync(join(tmpdir(), 'transplant-cli-'))

export function transplant(words: readonly string[], input = ''): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), ...words], {
    cwd: folder,
    // Not what the person who runs the tests has configured.
    env: { ...process.env, XDG_CONFIG_HOME: folder },
    input,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 64 * 1024 * 1024,
  })
  return { status, stdout, stderr }
}
