// What tracing and redirecting a function promise to it and to its callers: asked by modules inside of the guest, and of the bytes of
// all entries.
import { beforeAll, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { readEntryState } from '../../src/patch/index.js'
import { needs } from '../needs.js'
import { bootWith, inGuest, kernelFacts, messages, readKernel, rights, testModule } from './module-guest.js'

const names = ['registers', 'handlers', 'lingering', 'everything', 'fragments', 'straddlers', 'sites', 'stubs']

/** The lines that the module's file gives: one for each check that failed, and their number. */
async function checks(guest: MachineSession, name: string): Promise<string> {
  await guest.agent.read(`insmod /lib/test/${name}.ko`)
  return guest.agent.read(`cat /proc/${name}`)
}

needs('gcc')('a traced function', () => {
  const booted: Snapshot[] = []
  beforeAll(async () => {
    const modules: Record<string, Uint8Array> = {}
    for (const name of names) modules[name] = await testModule(name)
    for (const vcpus of [1, 2, 3]) booted[vcpus] = await bootWith(modules, vcpus)
  })
  const guests = (vcpus: number, test: (guest: MachineSession) => Promise<void>) =>
    inGuest(booted[vcpus] as Snapshot, test)

  it('finds every register as its caller or the handler left it, and so does whatever it is redirected to', () =>
    guests(2, async (guest) => {
      expect(await checks(guest, 'registers')).toBe('7 calls\n')
    }))

  it('is traced by those who want it, and by nobody else', () =>
    guests(2, async (guest) => {
      expect(await checks(guest, 'handlers')).toMatch(/^\d{3} checks\n$/)
      await guest.agent.read('rmmod handlers')
    }))

  it.each([1, 2])('keeps what it calls until the last task has left it, on %i vCPUs', (vcpus) =>
    guests(vcpus, async (guest) => {
      expect(await checks(guest, 'lingering')).toBe('12 checks\n')
      // It was not that long.
      expect(messages(guest).join('\n')).not.toMatch(/has been in code/)
    }),
  )

  it('gives its stubs back, and their pages with the last of them', () =>
    guests(2, async (guest) => {
      expect(await checks(guest, 'stubs')).toBe('6 checks\n')
    }))

  it('may lie across the end of a page, wherever the next frame is', () =>
    guests(2, async (guest) => {
      await guest.agent.read('insmod /lib/test/fragments.ko')
      expect(await checks(guest, 'straddlers')).toBe('60 checks\n')
      const places = (await guest.agent.read('cat /sys/module/straddlers/parameters/places')).trim().split(',')
      const apart = await Promise.all(
        places.map(async (place) => {
          const [here, next] = [await rights(guest, BigInt(place)), await rights(guest, BigInt(place) + 4096n)]
          return next.frame !== here.frame + 4096n
        }),
      )
      expect(apart).toContain(true)
    }))

  it.each([2, 3])('is rewritten under those who run over it, %i vCPUs, and nobody sees it half done', (vcpus) =>
    guests(vcpus, async (guest) => {
      expect(await checks(guest, 'sites')).toBe('198 checks\n')
    }),
  )

  it('is any of the kernel, and all of them at once', () =>
    guests(2, async (guest) => {
      const { patchableEntries } = kernelFacts()
      const states = async () => {
        const found = new Map<string, number>()
        for (const entry of patchableEntries) {
          const { state } = readEntryState(await readKernel(guest, entry, 5), entry)
          found.set(state, (found.get(state) ?? 0) + 1)
        }
        return Object.fromEntries(found)
      }
      const all = patchableEntries.length
      expect(all).toBeGreaterThan(1000)
      expect(await states()).toEqual({ 'at-rest': all })
      await guest.agent.read('insmod /lib/test/everything.ko')
      expect(await states()).toEqual({ call: all })
      const calls = async () => Number(await guest.agent.read('cat /sys/module/everything/parameters/calls'))
      const before = await calls()
      await guest.agent.read('for i in 1 2 3 4 5; do ls /proc | cat > /tmp/list; done')
      expect((await calls()) - before).toBeGreaterThan(10_000)
      await guest.agent.read('rmmod everything')
      expect(await states()).toEqual({ 'at-rest': all })
      await guest.agent.read('ls /proc | cat > /tmp/list')
    }))
})
