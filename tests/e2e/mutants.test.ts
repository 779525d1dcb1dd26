// Guests with a fault built in: each must be caught by what the demonstration and its checks look at. The kernels are built
// here, with one definition more (MUTANT_...), into a temporary folder; a release never has one.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type MachineSession, requireKernelImage } from '../../src/guest/index.js'
import { createDisassembler } from '../../src/isa/index.js'
import { type DemoAssets, followsInt3Protocol, runDemo } from '../../src/lab/index.js'
import { observePatch, patchTarget } from '../../src/patch/index.js'
import { buildKernel, buildPatches } from '../../src/toolchain/index.js'
import { bootGuest, read } from '../lab/images.js'
import { needs } from '../needs.js'

interface Guest {
  readonly kernel: Uint8Array
  module(name: string): Uint8Array
}

needs('gcc')('a guest with a fault built in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'transplant-mutants-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** A kernel with this fault (or none), and the patches for it. */
  async function build(mutant: string, release = '1.0'): Promise<Guest> {
    const path = join(folder, `${mutant}-${release}.elf`)
    const defines = mutant === 'NONE' ? [] : [mutant]
    await buildKernel({ release, defines, suffix: `-${mutant.toLowerCase()}`, output: path })
    const kernel = read(path)
    if (release !== '1.0') {
      return {
        kernel,
        module: () => {
          throw new Error('patches are for version 1.0')
        },
      }
    }
    const out = join(folder, mutant)
    await buildPatches({ kernelPath: path, out, names: ['demo', 'klp-target', 'klp-stack'] })
    return { kernel, module: (name) => read(join(out, `${name}.ko`)) }
  }

  async function followsProtocol(guest: Guest): Promise<boolean[]> {
    const session = await bootGuest({ kernel: guest.kernel })
    await session.agent.put('/tmp/demo.ko', guest.module('demo'))
    const report = await observePatch(
      session,
      await session.kernel([requireKernelImage(guest.kernel, 'the kernel')]),
      patchTarget(guest.module('demo'), guest.kernel, '/tmp/demo.ko'),
      await createDisassembler(),
    )
    session.dispose()
    return report.functions.map((one) => followsInt3Protocol(one.stages))
  }

  /** Whether a task that sleeps in a patched function holds the transition up, as it must. */
  async function holdsUp(guest: Guest): Promise<boolean> {
    const session: MachineSession = await bootGuest({ kernel: guest.kernel })
    const { agent } = session
    await agent.put('/tmp/klp-target.ko', guest.module('klp-target'))
    await agent.put('/tmp/klp-stack.ko', guest.module('klp-stack'))
    await agent.read('insmod /tmp/klp-target.ko')
    const sleeper = await agent.start('exec cat /proc/klp_target_wait')
    await agent.read('sleep 0.3; insmod /tmp/klp-stack.ko; sleep 3')
    const transition = (await agent.read('cat /sys/kernel/livepatch/klp_stack/transition')).trim()
    expect(sleeper.result).toBeUndefined()
    session.dispose()
    return transition === '1'
  }

  // Both sides of an upgrade come from the same sources, whatever the committed images were built from.
  let sound: Guest
  let soundNext: Guest
  beforeAll(async () => {
    sound = await build('NONE')
    soundNext = await build('NONE', '1.1')
  }, 300_000)

  function assets(first: Guest, next: Guest): DemoAssets {
    return {
      coreWasm: read('src/cpu/core.wasm'),
      firmware: read('images/built/firmware.bin'),
      initrd: read('images/built/initramfs.cpio'),
      ...{ kernel: first.kernel, nextKernel: next.kernel, patchModule: first.module('demo') },
    }
  }

  it('is told from a sound one: that one passes', async () => {
    expect(await followsProtocol(sound)).toEqual([true, true])
    expect(await holdsUp(sound)).toBe(true)
    const { checks } = await runDemo({ assets: assets(sound, soundNext) })
    expect(checks.filter((check) => !check.ok)).toEqual([])
  }, 300_000)

  it.each(['MUTANT_POKE_SKIP_INT3', 'MUTANT_POKE_SKIP_SYNC1', 'MUTANT_POKE_SKIP_SYNC2', 'MUTANT_POKE_SKIP_SYNC3'])(
    '%s: a step of the int3 protocol is left out, and the entry shows it',
    async (mutant) => {
      // Both functions must follow it; the next one's synchronization may hide that the first one's last is missing.
      expect(await followsProtocol(await build(mutant))).toContain(false)
    },
    300_000,
  )

  it('MUTANT_POKE_SKIP_INT3 fails the demonstration by name', async () => {
    const guest = await build('MUTANT_POKE_SKIP_INT3')
    const report = await runDemo({ assets: assets(guest, soundNext) })
    expect(report.ok).toBe(false)
    expect(report.checks.find((check) => check.name === 'each entry goes through the int3 protocol')?.ok).toBe(false)
  }, 300_000)

  it('MUTANT_KLP_SKIP_STACK_CHECK: the transition ends over a sleeper that it must wait for', async () => {
    expect(await holdsUp(await build('MUTANT_KLP_SKIP_STACK_CHECK'))).toBe(false)
  }, 300_000)

  it('MUTANT_RESTORE_WRONG_PTE: the new kernel finds the changed entry itself, before a program runs', async () => {
    const next = await build('MUTANT_RESTORE_WRONG_PTE', '1.1')
    // Which of its checks does depends on the neighbouring frame: one that was not handed over is refused when the entry is adopted, another
    // one is found by the comparison of all tables.
    await expect(runDemo({ assets: assets(sound, next) })).rejects.toMatchObject({
      code: 'GUEST_PANIC',
      message: expect.stringMatching(/liveupdate: (class mm cannot be retrieved|verification failed)/),
    })
  }, 300_000)

  it("MUTANT_SPOIL_PTE_AFTER_CHECKS: one wrong entry behind the new kernel's own checks fails the demonstration", async () => {
    const next = await build('MUTANT_SPOIL_PTE_AFTER_CHECKS', '1.1')
    const report = await runDemo({ assets: assets(sound, next) })
    expect(report.ok).toBe(false)
    const failed = report.checks.filter((check) => !check.ok)
    expect(failed.map((check) => check.name)).toEqual(['user page tables are the same bit for bit'])
    expect(failed[0]?.detail).toMatch(/^1 entries differ in .*: level 1 entry for 0x[0-9a-f]+ was 0x/)
  }, 300_000)
})
