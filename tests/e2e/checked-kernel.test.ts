// The checked kernel, built with CONFIG_DEBUG_KERNEL: what its comments say of locks and constraints holds while its own tests, live
// patches and an upgrade run in it; and whoever breaks a rule is told where.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { withDemoFiles } from '../../src/lab/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { buildKernel } from '../../src/toolchain/index.js'
import { bootGuest, read } from '../lab/images.js'
import { needs } from '../needs.js'
import { livepatchCases } from './livepatch-cases.js'
import { createInitrd, MachineConsole, runCase } from './livepatch-guest.js'
import { attempt, inGuest, messages, resume, testModule } from './module-guest.js'

/** What is wrong by purpose (tests/e2e/modules/careless.c), and what the kernel says of it. */
const rules: Readonly<Record<string, RegExp>> = {
  task_without_lock: /^WARNING: .* at images\/kernel\/kernel\/pid\.c:\d+$/,
  area_without_lock: /^WARNING: .* at images\/kernel\/mm\/areas\.c:\d+$/,
  modules_without_lock: /^WARNING: .* at images\/kernel\/module\/main\.c:\d+$/,
  names_without_lock: /^WARNING: .* at images\/kernel\/fs\/dentry\.c:\d+$/,
  text_without_lock: /^WARNING: .* at images\/kernel\/arch\/text-patching\.c:\d+$/,
  sleep_in_atomic: /^WARNING: .* at images\/kernel\/kernel\/mutex\.c:\d+$/,
  other_order: /^mutex .* is taken under one that elsewhere is taken under it$/,
  interrupts_on: /^lock .* is taken in interrupts, and with interrupts on$/,
  switch_without_transition: /^constraint livepatch\/tasks\.c [12] does not hold$/,
  foreign_bytes: /^constraint trace\/sites\.c 3 does not hold$/,
}

needs('gcc')('a kernel that asserts what its comments say', () => {
  let booted: Snapshot
  let careless: Uint8Array
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'transplant-checked-'))
    try {
      const path = join(folder, 'checked.elf')
      await buildKernel({ defines: ['CONFIG_DEBUG_KERNEL'], suffix: '-checked', output: path })
      const kernel = read(path)
      const patches = read(await createInitrd(path, folder))
      const demo = read(join(folder, 'ko/demo.ko'))
      careless = await testModule('careless', [], kernel)
      const guest = await bootGuest({ kernel, initrd: withDemoFiles(patches, demo, kernel) })
      booted = guest.machine.snapshot()
      guest.dispose()
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 300_000)

  it('finds all of it held in its own tests', () =>
    inGuest(booted, async (guest) => {
      expect(await guest.agent.read('cat /proc/kallsyms')).toMatch(/ T lockdep_holds_spinlock$/m)
      expect((await attempt(guest, 'usertests -q')).said).toMatch(/# Totals: pass:\d+ fail:0 /)
    }))

  it.each(livepatchCases.map((one) => [one.name, one] as const))('finds all of it held: %s', (_name, one) =>
    inGuest(booted, (guest) => runCase(new MachineConsole(guest), one)),
  )

  it('finds all of it held through an upgrade to itself', () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read('kexec -l /boot/scion-next')
      await guest.agent.exec('kexec -e')
      expect(await guest.agent.read('dmesg')).toMatch(/liveupdate: Scion 1\.0 has taken over from 1\.0/)
      expect((await attempt(guest, 'usertests -q')).said).toMatch(/# Totals: pass:\d+ fail:0 /)
    }))

  it.each(Object.entries(rules))('tells who breaks a rule: %s', async (rule, said) => {
    const guest = await resume(booted)
    await guest.agent.put('/tmp/careless.ko', careless)
    // the order of locks is learned by taking them
    await guest.agent.read('insmod /lib/modules/livepatch-sample.ko')
    expect((await attempt(guest, `insmod /tmp/careless.ko rule=${rule}`)).status).not.toBe(0)
    expect(messages(guest)).toContainEqual(expect.stringMatching(said))
    guest.dispose()
  })
})
