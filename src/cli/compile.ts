// Runs gcc for `transplant patch build`: one generated unit, in a folder of its own, so that no path gets into the object.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accept, EXIT_CODES } from '../base/index.js'
import { type CompileOutcome, type CompileRequest, compileFailed } from '../patch/index.js'
import { kernelHeaders } from './assets.js'
import { CommandFailure } from './output.js'

export function compileWithGcc(request: CompileRequest): CompileOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-patch-'))
  try {
    writeFileSync(join(folder, request.sourceName), request.source)
    writeFileSync(join(folder, 'unit.c'), request.unit)
    const words = [
      ...request.flags,
      ...['-I', kernelHeaders(), `-ffile-prefix-map=${folder}=.`],
      ...['-c', 'unit.c', '-o', 'unit.o'],
    ]
    const run = spawnSync('gcc', words, { cwd: folder, encoding: 'utf8' })
    if (run.error !== undefined) {
      throw new CommandFailure(
        EXIT_CODES.skipped,
        'no-compiler',
        `gcc cannot be run: ${run.error.message}.`,
        'Install gcc, or write the patch in assembly: images/patches/assembled-cmdline.s shows how.',
      )
    }
    if (run.status !== 0) return compileFailed(request, run.stderr)
    return accept({ object: new Uint8Array(readFileSync(join(folder, 'unit.o'))), diagnostics: run.stderr })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
