// A kernel that says how much memory it needs (images/kernel/include/abi/memory.h) is not started with less; with that it runs.

import { describe, expect, it } from 'vitest'
import { neededMemory, parseElf } from '../../src/format/index.js'
import { planBoot } from '../../src/machine/index.js'
import { bootGuest, read } from '../lab/images.js'

const MIB = 2 ** 20
const image = read('images/built/scion-1.0.elf')
const initrd = read('images/built/initramfs.cpio')
const plan = (memoryBytes: number, archive: Uint8Array | undefined = initrd) =>
  planBoot({ image, append: '', initrd: archive, memoryBytes })

describe('a machine with little memory', () => {
  const parsed = parseElf(image)
  const needed = neededMemory(parsed.ok ? parsed.value : expect.fail(parsed.message), initrd.length)!
  const wanted = Math.ceil(needed / MIB)

  it('is refused with a sentence that names what the kernel needs', () => {
    expect(plan(32 * MIB)).toMatchObject({
      ok: false,
      code: 'larger-than-ram',
      message: `The kernel needs ${wanted} MiB of memory with this initrd, but the machine has 32 MiB.`,
      hint: `Give the machine more memory (--memory ${wanted}).`,
    })
    expect(plan(needed - 1).ok).toBe(false)
    expect(plan(needed).ok).toBe(true)
  })

  it('needs less without an initrd, and more with a larger one', () => {
    expect(plan(31 * MIB, new Uint8Array(0)).ok).toBe(true)
    const larger = new Uint8Array(initrd.length + MIB)
    expect(plan(needed + 2 * MIB - 1, larger).ok).toBe(false)
    expect(plan(needed + 2 * MIB, larger).ok).toBe(true)
  })

  it.each([1, 16])('boots with what it needs, and runs programs: %i vCPUs', async (vcpus) => {
    const guest = await bootGuest({ memoryBytes: wanted * MIB, vcpus })
    expect(await guest.agent.read('cow 2 2 && pipeline 2 2 && echo alive')).toMatch(/alive\n$/)
    guest.dispose()
  })
})
