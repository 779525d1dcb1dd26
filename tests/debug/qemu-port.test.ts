// The same guest on QEMU, seen through its gdb stub: the port keeps its word, and what it shows of the guest is what ours shows.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { PAGE_BITS } from '../../src/cpu/index.js'
import { AgentClient, findKernel, readTasks, readUserTables, requireKernelImage } from '../../src/guest/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { type GuestPort, Machine, MachinePort } from '../../src/machine/index.js'
import { type QemuGuest, startQemu } from '../../src/node/index.js'
import { observePatch, patchTarget } from '../../src/patch/index.js'
import { root, shippedAssets } from '../lab/images.js'
import { guestPortContract, toPrompt } from '../machine/guest-port-contract.js'
import { needs } from '../needs.js'

const start = () =>
  startQemu({
    kernel: `${root}images/built/scion-1.0.elf`,
    initrd: `${root}images/built/initramfs.cpio`,
    append: 'console=ttyS0',
    vcpus: 2,
  })

needs('qemu-system-x86_64')('a port over QEMU', () => {
  let guest: QemuGuest
  beforeAll(async () => {
    guest = await start()
    await toPrompt(guest.port)
  })
  afterAll(() => guest.close())
  guestPortContract(() => guest.port)
})

const { PTE_ACCESSED, PTE_DIRTY, PTE_FRAME } = PAGE_BITS

/** A live patch in a guest that has just booted, its tasks, and the address space of its first process. */
async function look(port: GuestPort): Promise<unknown> {
  const agent = new AgentClient(port)
  await agent.connect()
  const { kernel, patchModule } = shippedAssets()
  const view = await findKernel(port, [requireKernelImage(kernel, 'scion-1.0')])
  if (view === undefined) throw new Error('no kernel')
  await agent.put('/tmp/demo.ko', patchModule)
  const target = patchTarget(patchModule, kernel, '/tmp/demo.ko', 'cat /proc/version')
  const { functions, transition, ...patch } = await observePatch({ agent }, view, target, await createDisassembler())
  const tasks = await readTasks(await view.on(0))
  const init = tasks.find((task) => task.pid === 1)
  const tables = await readUserTables(port, init?.pgd ?? 0n)
  agent.dispose()
  return {
    patch: { ...patch, messages: patch.messages.length },
    entries: functions.map((one) => ({
      ...one,
      stages: one.stages.map(({ when, state, bytes, listing }) => ({ when, state, bytes, listing })),
    })),
    // Whether insmod and its shell outlive the transition is each run's own.
    switched: transition.tasks
      .filter(({ pid }) => tasks.some((task) => task.pid === pid))
      .map(({ comm, started, completed }) => ({ comm, started, completed })),
    tasks: tasks.map(({ pid, comm, patchState }) => ({ pid, comm, patchState })),
    tables: tables.tables.map(({ level, base }) => ({ level, base })),
    // Which frame, and whether it has been used yet, is each run's own.
    mappings: tables.mappings.map(({ virtual, bytes, entry }) => ({
      ...{ virtual, bytes, flags: entry & ~PTE_FRAME & ~PTE_ACCESSED & ~PTE_DIRTY },
    })),
  }
}

needs('qemu-system-x86_64')('a live patch', () => {
  it('shows on QEMU what it shows here: entry bytes, tasks, patch states, page tables', async () => {
    const made = Machine.create({ ...shippedAssets(), append: 'console=ttyS0', vcpus: 2 })
    if (!made.ok) throw new Error(made.message)
    const ours = await look(new MachinePort(made.value))
    expect(ours).toMatchObject({ patch: { status: 0, enabled: '1', inTransition: '0' } })
    const guest = await start()
    try {
      expect(await look(guest.port)).toEqual(ours)
    } finally {
      guest.close()
    }
  })
})
