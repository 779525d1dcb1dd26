// The handover's root page as the host reads it: by the types of an image, and only where image and page keep the same contract.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type MachineSession, requireKernelImage } from '../../src/guest/index.js'
import { withDemoFiles } from '../../src/lab/index.js'
import { handoverContract, readHandover } from '../../src/upgrade/index.js'
import { bootGuest, read, shippedAssets } from '../lab/images.js'

const bytes = read('images/built/scion-1.0.elf')
const image = requireKernelImage(bytes, 'scion-1.0')
let session: MachineSession
beforeAll(async () => {
  const { initrd, patchModule, nextKernel } = shippedAssets()
  session = await bootGuest({ initrd: withDemoFiles(initrd, patchModule, nextKernel) })
})
afterAll(() => session.dispose())

it('is not there before an upgrade', async () => {
  expect(await readHandover(session.port, image)).toMatchObject({ ok: false, code: 'no-handover' })
})

it('tells what was handed over, after one', async () => {
  await session.agent.read('kexec -l /boot/scion-next')
  await session.agent.exec('kexec -e')
  const root = await readHandover(session.port, image)
  expect(root).toMatchObject({
    ok: true,
    value: { compatible: 'scion-handover-v2', fromRelease: '1.0', toRelease: '1.1', number: 1, status: 'adopted' },
  })
  if (!root.ok) return
  expect(root.value.components.find((one) => one.compatible === 'scion-task-v3')?.count).toBeGreaterThan(3)
})

it('is refused by an image that knows another contract', async () => {
  // The contract stands in the note, and in the code that compares it.
  const text = Buffer.from(bytes).toString('latin1').replaceAll('scion-handover-v2', 'scion-handover-v9')
  const other = new Uint8Array(Buffer.from(text, 'latin1'))
  const stranger = requireKernelImage(other, 'a stranger')
  expect(handoverContract(stranger)).toBe('scion-handover-v9')
  expect(await readHandover(session.port, stranger)).toMatchObject({
    ok: false,
    code: 'unknown-handover',
    message: "the root page is 'scion-handover-v2', and the image knows 'scion-handover-v9'",
  })
})
