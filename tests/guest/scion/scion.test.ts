// What the memory of a Scion guest shows: stacks by frame pointers, live patches, and the layout that its image tells.

import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type MachineSession,
  readLayout,
  readLivePatches,
  readStack,
  readTasks,
  requireKernelImage,
  type ScionView,
} from '../../../src/guest/index.js'
import { withDemoFiles } from '../../../src/lab/index.js'
import { bootGuest, read, shippedAssets } from '../../lab/images.js'

const image = requireKernelImage(read('images/built/scion-1.0.elf'), 'scion-1.0')
let session: MachineSession
let kernel: ScionView
beforeAll(async () => {
  const { initrd, patchModule, nextKernel } = shippedAssets()
  session = await bootGuest({ initrd: withDemoFiles(initrd, patchModule, nextKernel) })
  kernel = await session.kernel([image])
})
afterAll(() => session.dispose())

it('an image tells its arenas and where the handover lies', () => {
  expect(readLayout(image)).toEqual({
    arenas: {
      A: { virtual: 0xffff_ffff_8000_0000n, physical: 0x20_0000 },
      B: { virtual: 0xffff_ffff_a000_0000n, physical: 0x100_0000 },
    },
    ...{ arenaBytes: 0xe0_0000n, stackBytes: 16_384, handoverRoot: 0xa000, handoverMagic: 0x544f_4f52_4f48_4b54n },
  })
})

it('tasks that sleep have whole stacks, from schedule() to the system call', async () => {
  await session.agent.start('sleep 100')
  await session.agent.runFor(20_000_000)
  const tasks = await readTasks(kernel)
  for (const task of tasks) {
    const { where, complete, calls } = await readStack(kernel, task)
    if (where === 'asleep') expect([task.comm, complete], calls.join(' < ')).toEqual([task.comm, true])
  }
  const task = tasks.find((one) => one.comm === 'sleep')
  if (task === undefined) throw new Error('no such task')
  const { calls } = await readStack(kernel, task)
  const functions = calls.map((call) => call.replace(/\+.*/, ''))
  expect(functions).toContain('schedule')
  expect(functions.some((name) => /nanosleep/.test(name))).toBe(true)
})

it('a live patch is in the kernel as long as it is loaded', async () => {
  expect(await readLivePatches(kernel)).toEqual([])
  await session.agent.read('insmod /lib/modules/demo.ko')
  const [patch] = await readLivePatches(kernel)
  expect(patch).toMatchObject({ name: 'demo', enabled: true, inTransition: false })
  expect(patch?.functions.length).toBeGreaterThan(0)
  for (const one of patch?.functions ?? []) {
    expect(one).toMatchObject({ object: 'vmlinux', patched: true, oldAddress: kernel.address(one.name) })
    expect(one.newAddress).not.toBe(0n)
  }
})
