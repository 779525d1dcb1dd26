// The livepatch transcripts on the committed images, under QEMU, with one CPU and with four, while user programs compute. The
// patches are built here, for the image's own build-id, by the code behind `transplant patch build`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeCpio } from '../../tools/images/cpio.mjs'
import { buildPatches } from '../../tools/images/patches.mjs'
import { needs } from '../needs.js'
import { filterLog, livepatchCases } from './livepatch-cases.js'
import { QemuConsole } from './qemu-console.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kernel = join(root, 'images/built/scion-1.0.elf')
const programs = join(root, 'images/built/initramfs.cpio')
let folder = ''
let initrd = ''

needs('gcc', 'qemu-system-x86_64')('live patching under QEMU', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'transplant-livepatch-'))
    initrd = join(folder, 'initrd')
    const built = await buildPatches({ kernelPath: kernel, out: join(folder, 'ko') })
    const modules = writeCpio([
      { name: 'lib/modules', mode: 0o040755, data: new Uint8Array() },
      ...built.map(({ path }) => ({
        name: `lib/modules/${path.replace(/^.*\//, '')}`,
        mode: 0o100644,
        data: new Uint8Array(readFileSync(path)),
      })),
    ])
    writeFileSync(initrd, Buffer.concat([readFileSync(programs), modules]))
  }, 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  describe.each([1, 4])('with %i CPUs', (cpus) => {
    let guest: QemuConsole
    beforeAll(async () => {
      guest = new QemuConsole({ kernel, initrd, cpus })
      await guest.waitFor(/[#$] $/)
      // Work that calls into the kernel and work that never does, for as long as the guest lives.
      await guest.run('counter 1000000 1000000 > /tmp/counter & pipeline 1000000 > /tmp/pipeline &')
    }, 60_000)
    afterAll(() => guest.close())

    it.each(livepatchCases.map((one) => [one.name, one] as const))(
      '%s',
      async (_name, one) => {
        const from = guest.transcript.length
        let output = ''
        for (const command of one.commands) {
          const negated = command.startsWith('! ')
          const result = await guest.run(negated ? command.slice(2) : command)
          expect(result.status === 0, `${command}\n${result.output}`).toBe(!negated)
          output += result.output
        }
        expect(filterLog(guest.transcript.slice(from))).toEqual(one.log)
        let at = 0
        for (const word of one.output ?? []) {
          const found = output.indexOf(word, at)
          expect(found, `"${word}" in\n${output.slice(at)}`).toBeGreaterThanOrEqual(0)
          at = found + word.length
        }
      },
      60_000,
    )

    it('ends with a kernel that never oopsed', async () => {
      await guest.run('true')
      expect(guest.transcript).not.toMatch(/Oops|BUG:|Call Trace|WARNING:/)
    })
  })
})
