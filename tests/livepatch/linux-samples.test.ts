// Linux's samples for livepatch and kprobes, of Debian's linux-source, unmodified: they compile against the kernel's headers, and do in
// the guest what their comments say. About 20 s.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { bootWith, inGuest } from '../e2e/module-guest.js'
import { needs } from '../needs.js'
import { LinuxSource } from './linux-source.js'

const FOLDERS = ['samples/livepatch', 'samples/kprobes']

/** The kernel's messages since the last look, without time stamps. */
async function log(guest: MachineSession): Promise<string[]> {
  const lines = (await guest.agent.read('dmesg -c')).split('\n')
  return lines.map((line) => line.replace(/^\[.*?\] /, '')).filter((line) => line !== '')
}

needs('linux-source', 'gcc')("Linux's samples", () => {
  let source: LinuxSource
  let booted: Snapshot
  beforeAll(async () => {
    source = new LinuxSource(FOLDERS)
    const modules: Record<string, Uint8Array> = {}
    for (const folder of FOLDERS)
      for (const name of source.names(folder, '.c')) modules[name] = await source.module(folder, name)
    booted = await bootWith(modules)
  }, 120_000)
  afterAll(() => source.dispose())

  const guest = (test: (guest: MachineSession) => Promise<void>) =>
    inGuest(booted, async (session) => {
      await log(session)
      await test(session)
    })
  const insmod = (...names: string[]) => names.map((name) => `insmod /lib/test/${name}.ko`).join('; ')
  const disable = (name: string) => `echo 0 > /sys/kernel/livepatch/${name}/enabled; sleep 1; rmmod ${name}`

  it('livepatch-sample: /proc/cmdline says something else', () =>
    guest(async ({ agent }) => {
      expect(await agent.read(`${insmod('livepatch-sample')}; sleep 1; cat /proc/cmdline`)).toBe(
        'this has been live patched\n',
      )
      expect(await agent.read(`${disable('livepatch_sample')}; cat /proc/cmdline`)).toBe('console=ttyS0\n')
    }))

  it('livepatch-callbacks: in order, for the kernel, a module that is there and one that comes', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(
        `insmod /lib/test/livepatch-callbacks-busymod.ko sleep_secs=0; ${insmod('livepatch-callbacks-demo')}; sleep 1`,
      )
      const calls = async (): Promise<string[]> => (await log(session)).filter((line) => line.includes('_callback:'))
      const demo = (name: string, object: string) => `livepatch_callbacks_demo: ${name}_callback: ${object}`
      const live = 'livepatch_callbacks_busymod -> [MODULE_STATE_LIVE] Normal state'
      const coming = 'livepatch_callbacks_mod -> [MODULE_STATE_COMING] Full formed, running module_init'
      const both = (name: string) => [demo(name, 'vmlinux'), demo(name, live)]
      expect(await calls()).toEqual([...both('pre_patch'), ...both('post_patch')])
      await agent.read(`${insmod('livepatch-callbacks-mod')}`)
      expect(await calls()).toEqual([demo('pre_patch', coming), demo('post_patch', coming)])
      await agent.read('rmmod livepatch_callbacks_mod')
      const going = 'livepatch_callbacks_mod -> [MODULE_STATE_GOING] Going away'
      expect(await calls()).toEqual([demo('pre_unpatch', going), demo('post_unpatch', going)])
      await agent.read(`${disable('livepatch_callbacks_demo')}; rmmod livepatch_callbacks_busymod`)
      expect(await calls()).toEqual([...both('pre_unpatch'), ...both('post_unpatch')])
    }))

  it('livepatch-shadow: two fixes attach data to objects that are there and that come, and take it away', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(`${insmod('livepatch-shadow-mod', 'livepatch-shadow-fix1', 'livepatch-shadow-fix2')}; sleep 4`)
      const said = await log(session)
      expect(said.join('\n')).toMatch(
        /livepatch_shadow_fix1: livepatch_fix1_dummy_alloc: dummy @ \w+, expires @ [1-9]\w*/,
      )
      await agent.read(
        `${disable('livepatch_shadow_fix2')}; ${disable('livepatch_shadow_fix1')}; rmmod livepatch_shadow_mod`,
      )
    }))

  it('kprobe_example: what the processor has at the entry of kernel_clone()', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(insmod('kprobe_example'))
      const [, address] = /^kprobe_init: Planted kprobe at (\w+)$/.exec((await log(session))[0] ?? '') ?? []
      const kallsyms = await agent.read('grep kernel_clone /proc/kallsyms')
      expect(kallsyms).toContain(`${address} T kernel_clone\n`)
      await agent.read('cat /proc/uptime | cat')
      const said = await log(session)
      const before = said.find((line) => line.startsWith('handler_pre'))
      const ip = (BigInt(`0x${address}`) + 1n).toString(16)
      expect(before).toMatch(
        new RegExp(`^handler_pre: <kernel_clone> p->addr = 0x${address}, ip = ${ip}, flags = 0x\\w+$`),
      )
      expect(
        said.some((line) => line.startsWith(`handler_post: <kernel_clone> p->addr = 0x${address}, flags = 0x`)),
      ).toBe(true)
      await agent.read('rmmod kprobe_example; cat /proc/uptime | cat')
      expect((await log(session)).pop()).toBe(`kprobe_exit: kprobe at ${address} unregistered`)
    }))

  it('kretprobe_example: what kernel_clone() returned, and how long it took', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(insmod('kretprobe_example'))
      expect((await log(session))[0]).toMatch(/^Planted return probe at kernel_clone: \w+$/)
      const pid = (await agent.read('cat /proc/uptime > /dev/null & echo $!')).trim()
      const returned = (await log(session)).filter((line) => line.includes(' returned '))
      for (const line of returned) expect(line).toMatch(/^kernel_clone returned \d+ and took [1-9]\d* ns to execute$/)
      expect(returned.join('\n')).toContain(`kernel_clone returned ${pid} and took`)
      await agent.read('rmmod kretprobe_example')
      expect((await log(session)).slice(-2).map((line) => line.replace(/ at \w+/, ''))).toEqual([
        'kretprobe unregistered',
        'Missed probing 0 instances of kernel_clone',
      ])
    }))
})
