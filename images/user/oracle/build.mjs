// SPDX-License-Identifier: GPL-2.0-or-later
// Builds the oracle: generate.mjs -> forms.S -> one static ELF.
//
// usage: node build.mjs [OUTPUT]     (default ../../built/oracle)
//
// Promises: the same bytes from the same compiler: no build-id, no time, no paths.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const output = process.argv[2] ?? fileURLToPath(new URL('../../built/oracle', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'oracle-'))

function run(command, args) {
  const result = spawnSync(command, args, { stdio: 'inherit', cwd: here })
  if (result.status !== 0) {
    rmSync(work, { recursive: true })
    process.exit(result.status ?? 1)
  }
}

run(process.execPath, ['generate.mjs', join(work, 'forms.S')])
run('gcc', ['-c', '-o', join(work, 'forms.o'), join(work, 'forms.S')])
run('gcc', ['-c', '-o', join(work, 'run.o'), 'run.S'])
run('gcc', ['-c', '-O2', '-Wall', '-Wextra', '-std=gnu11', '-ffreestanding', '-fno-pic', '-fno-stack-protector', '-fcf-protection=none',
  '-fno-asynchronous-unwind-tables', '-mgeneral-regs-only', '-mno-red-zone', '-fno-tree-loop-distribute-patterns', '-o', join(work, 'oracle.o'), 'oracle.c'])
run('gcc', ['-static', '-nostdlib', '-no-pie', '-Wl,--build-id=none', '-Wl,-z,noexecstack', '-s', '-o', output, join(work, 'run.o'), join(work, 'oracle.o'), join(work, 'forms.o')])
rmSync(work, { recursive: true })
