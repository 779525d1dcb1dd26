// One folder for all that a run of the tests puts aside: its own files, and those of compilers, commands and guests that it starts. Whatever
// becomes of a test, it goes when the run ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Called by vitest before the first worker starts; what it returns is called after the last. */
export function setup(): () => void {
  const before = process.env['TMPDIR']
  const folder = mkdtempSync(join(tmpdir(), 'transplant-tests-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.env['TMPDIR'] = folder
  // A run that is interrupted ends without its last word to us.
  process.once('exit', remove)
  return () => {
    process.off('exit', remove)
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    remove()
  }
}
