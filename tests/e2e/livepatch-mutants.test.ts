// A check that cannot fail is a defect: a kernel without the stack check must be caught by the transcript of a task that
// sleeps in the patched function. (The mutants of the int3 protocol are caught in tests/oracle/text-poke.)
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildKernel } from '../../src/toolchain/index.js'
import { needs } from '../needs.js'
import { livepatchCases } from './livepatch-cases.js'
import { createInitrd, runCase } from './livepatch-guest.js'
import { QemuConsole } from './qemu-console.js'

const sleeper = livepatchCases.find((one) => one.name.startsWith('a task asleep'))
let folder = ''

needs('gcc', 'qemu-system-x86_64')('a kernel that skips the stack check', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'transplant-mutant-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is caught: the transition ends while a task still sleeps in the old function', async () => {
    const kernel = await buildKernel({
      suffix: '-mutant-stack-check',
      defines: ['MUTANT_KLP_SKIP_STACK_CHECK'],
      output: join(folder, 'mutant.elf'),
    })
    const guest = new QemuConsole({ kernel, initrd: await createInitrd(kernel, folder), cpus: 2 })
    try {
      await guest.waitFor(/[#$] $/)
      if (!sleeper) throw new Error('the transcript of the sleeper is gone')
      // The transition that should still be running has ended: the second patch is let in.
      await expect(runCase(guest, sleeper)).rejects.toThrow(/livepatch-sample\.ko/)
    } finally {
      await guest.close()
    }
  }, 180_000)
})
