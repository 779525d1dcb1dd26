// The livepatch transcripts on the committed images, under QEMU, with one CPU and with four, while user programs compute. The
// patches are built here, for the image's own build-id, by the code behind `transplant patch build`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { needs } from '../needs.js'
import { livepatchCases } from './livepatch-cases.js'
import { createInitrd, runCase } from './livepatch-guest.js'
import { QemuConsole } from './qemu-console.js'

const kernel = fileURLToPath(new URL('../../images/built/scion-1.0.elf', import.meta.url))
let folder = ''
let initrd = ''

needs('gcc', 'qemu-system-x86_64')('live patching under QEMU', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'transplant-livepatch-'))
    initrd = await createInitrd(kernel, folder)
  }, 240_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  describe.each([1, 4])('with %i CPUs', (cpus) => {
    let guest: QemuConsole
    beforeAll(async () => {
      guest = new QemuConsole({ kernel, initrd, cpus })
      await guest.waitFor(/[#$] $/)
      // Work that calls into the kernel and work that hardly does, for as long as the guest lives.
      await guest.run('counter 1000000 1000000 > /tmp/counter & pipeline 1000000 > /tmp/pipeline &')
    }, 240_000)
    afterAll(() => guest.close())

    it.each(livepatchCases.map((one) => [one.name, one] as const))('%s', (_name, one) => runCase(guest, one), 240_000)
  })
})
