// The stub between two kernels, run natively: threads play the CPUs (fixtures/handover.c). What must hold is the contract in
// firmware/handover.h: who waits for whom, what each register holds, and that the way back is the same way.

import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { WARNINGS } from '../../src/toolchain/index.js'
import { needs } from '../needs.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

needs('gcc', 'x86-64-host')('the stub between two kernels', () => {
  it('holds the APs until they are released, forward and back, and loses no register of the contract', () => {
    const program = join(mkdtempSync(join(tmpdir(), 'handover-')), 'handover')
    const sources = ['tests/firmware/fixtures/handover.c', 'firmware/handover.S']
    execFileSync('gcc', ['-O1', ...WARNINGS, '-pthread', '-Ifirmware', '-o', program, ...sources], { cwd: root })
    const round = (switches: number): string =>
      [
        `BSP: root a000 cpu 0 mailbox 1 switches ${switches} inside 3`,
        'AP 1: waiting',
        'AP 2: waiting',
        'AP 3: waiting',
        'inside 0',
        '',
      ].join('\n')
    expect(execFileSync(program, { encoding: 'utf8', timeout: 20_000 })).toBe(`${round(1)}${round(2)}stub fits\n`)
  })
})
