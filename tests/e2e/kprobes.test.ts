// Kprobes on ftrace: who may share a function with whom, what handlers see, and that a return probe hides no caller from the unwinder.
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { root } from '../lab/images.js'
import { needs } from '../needs.js'
import { attempt, bootWith, buildModule, inGuest, patchSource, testModule } from './module-guest.js'

const LIST = '/sys/kernel/debug/kprobes/list'
const ENABLED = '/sys/kernel/debug/kprobes/enabled'

const CMDLINE = 'static int NEW(struct seq_file *m, void *v) { seq_puts(m, "patched\\n"); return 0; }'
const NANOSLEEP = 'static long NEW(const struct pt_regs *regs) { return 0; }'

needs('gcc')('kprobes', () => {
  const booted: Snapshot[] = []
  beforeAll(async () => {
    const modules: Record<string, Uint8Array> = {
      patch: await buildModule('patch', patchSource([{ name: 'cmdline_proc_show', code: CMDLINE }])),
      sleeper: await buildModule('sleeper', patchSource([{ name: '__x64_sys_nanosleep', code: NANOSLEEP }])),
      talker: await testModule('talker'),
    }
    const source = readFileSync(`${root}tests/e2e/modules/probes.c`, 'utf8')
    for (const name of ['probes', 'others']) modules[name] = await buildModule(name, source)
    for (const vcpus of [1, 2]) booted[vcpus] = await bootWith(modules, vcpus)
  })
  const guest = (test: (guest: MachineSession) => Promise<void>, vcpus = 2) => inGuest(booted[vcpus]!, test)
  const load = (name: string, words = '') => `insmod /lib/test/${name}.ko file=${name} ${words}`

  describe.each([1, 2])('with %i vCPU(s)', (vcpus) => {
    it('are called before the function, and after its first instruction', () =>
      guest(async ({ agent }) => {
        await agent.read(`${load('probes')}; ${load('others', 'symbol=version_proc_show kind=claim')}`)
        expect(await agent.read('cat /proc/cmdline /proc/cmdline /proc/version')).toMatch(
          /^console=ttyS0\nconsole=ttyS0\nScion/,
        )
        expect(await agent.read('cat /proc/probes /proc/others')).toBe(
          'before 2 after 0 returned 0 value 0 missed 0 right\nbefore 1 after 1 returned 0 value 0 missed 0 right\n',
        )
        expect(await agent.read(`cat ${LIST}`)).toMatch(
          /^[0-9a-f]{16} {2}k {2}cmdline_proc_show\+0x0\/0x\w+ \[FTRACE\]\n[0-9a-f]{16} {2}k {2}version_proc_show\+0x0\/0x\w+ \[FTRACE\]\n$/,
        )
        await agent.read('rmmod probes; rmmod others')
        expect(await agent.read(`cat ${LIST} /proc/cmdline`)).toBe('console=ttyS0\n')
      }, vcpus))

    it('are called with what the function returns', () =>
      guest(async ({ agent }) => {
        await agent.read(load('probes', 'symbol=vfs_write kind=return'))
        expect(await agent.read('echo 12345 > /tmp/it; cat /proc/probes')).toMatch(
          /returned [1-9]\d* value 6 missed 0 right\n$/,
        )
        await agent.read('rmmod probes; cat /tmp/it')
      }, vcpus))
  })

  it('share a function with each other', () =>
    guest(async ({ agent }) => {
      await agent.read(`${load('probes', 'kind=claim')}; ${load('others', 'kind=claim')}`)
      await agent.read('cat /proc/cmdline')
      const seen = 'before 1 after 1 returned 0 value 0 missed 0 right\n'
      expect(await agent.read('cat /proc/probes /proc/others')).toBe(seen + seen)
      expect(await agent.read('cat /sys/kernel/tracing/enabled_functions')).toBe('cmdline_proc_show (1) R I\n')
      await agent.read('rmmod probes; cat /proc/cmdline')
      expect(await agent.read('cat /proc/others')).toMatch(/^before 2 after 2/)
      await agent.read('rmmod others')
      expect(await agent.read('cat /sys/kernel/tracing/enabled_functions')).toBe('')
    }))

  it('without a post_handler share it with a livepatch, whichever comes first', () =>
    guest(async ({ agent }) => {
      await agent.read(`${load('probes')}; insmod /lib/test/patch.ko; sleep 1`)
      expect(await agent.read('cat /proc/cmdline')).toBe('patched\n')
      await agent.read(load('others'))
      expect(await agent.read('cat /proc/cmdline')).toBe('patched\n')
      expect(await agent.read('cat /proc/probes')).toMatch(/^before 2 .*right\n$/)
      expect(await agent.read('cat /proc/others')).toMatch(/^before 1 .*right\n$/)
    }))

  it('with a post_handler own it: a livepatch is refused', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(load('probes', 'kind=claim'))
      expect((await attempt(session, 'insmod /lib/test/patch.ko')).said).toContain('Device or resource busy')
      expect(await agent.read('dmesg')).toContain(
        "failed to register ftrace handler for function 'cmdline_proc_show' (-16)",
      )
      await agent.read('rmmod probes; insmod /lib/test/patch.ko; sleep 1')
      expect((await attempt(session, load('probes', 'kind=claim'))).said).toContain('Device or resource busy')
      expect(await agent.read('cat /proc/cmdline')).toBe('patched\n')
    }))

  it.each([
    ['symbol=no_such_function', 'Unknown symbol'],
    ['offset=7', 'Invalid'],
    ['symbol=memcpy offset=1', 'Invalid'],
    ['symbol=local_clock', 'Invalid'],
  ])('are refused with %s', (words, said) =>
    guest(async (session) => {
      expect((await attempt(session, load('probes', words))).said).toMatch(said)
      expect(await session.agent.read(`cat ${LIST}`)).toBe('')
    }),
  )

  it('are switched off and on, one and all', () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(`${load('probes')}; ${load('others')}`)
      const counts = async () =>
        (await agent.read('cat /proc/cmdline > /dev/null; cat /proc/probes /proc/others')).match(/(?<=before )\d+/g)
      expect(await counts()).toEqual(['1', '1'])
      await agent.read('echo 0 > /sys/module/probes/parameters/on')
      expect(await counts()).toEqual(['1', '2'])
      expect(await agent.read(`cat ${LIST}`)).toContain('[DISABLED][FTRACE]')
      await agent.read(`echo 0 > ${ENABLED}; echo 1 > /sys/module/probes/parameters/on`)
      expect(await counts()).toEqual(['1', '2'])
      expect(await agent.read(`cat ${ENABLED}`)).toBe('0\n')
      await agent.read(`echo 1 > ${ENABLED}`)
      expect(await counts()).toEqual(['2', '3'])
    }))

  it("keep a module whose function they probe, and are there for the module's next function", () =>
    guest(async (session) => {
      const { agent } = session
      await agent.read(`insmod /lib/test/talker.ko; ${load('probes', 'symbol=speak_show')}; cat /proc/speak`)
      expect(await agent.read('cat /proc/probes')).toMatch(/^before 1/)
      expect(await attempt(session, 'rmmod talker')).toMatchObject({ status: 1 })
      await agent.read('rmmod probes; rmmod talker')
    }))

  it('at the return count the calls that they have no room for, and outlive calls that are under way', () =>
    guest(async ({ agent }) => {
      await agent.read(load('probes', 'symbol=__x64_sys_nanosleep kind=return most=2'))
      await agent.read('for i in 1 2 3 4; do sleep 1 & done; sleep 2')
      expect(await agent.read('cat /proc/probes')).toMatch(/returned 2 value 0 missed 3 right/)
      // One sleeps on where nobody waits for its return any more, one is killed there.
      await agent.read('sleep 3 & sleep 100 & echo $! > /tmp/it; rmmod probes; kill $(cat /tmp/it); sleep 4')
    }))

  it('at the return hide no caller: a patch waits for a task that sleeps below one', () =>
    guest(async ({ agent, port }) => {
      // The one return address that leads to the patched function is kept by the probe.
      await agent.read(load('probes', 'symbol=schedule_hrtimeout kind=return most=20'))
      await agent.read('sleep 4 & echo $! > /tmp/it; sleep 1')
      const stack = await agent.read('cat /proc/$(cat /tmp/it)/stack')
      expect(stack).toMatch(/schedule_hrtimeout\S+\n(.*\n)*.*__x64_sys_nanosleep\S+\n.*do_syscall_64\S+\n/)
      expect(stack).not.toContain('kretprobe_trampoline')
      const transition = 'cat /sys/kernel/livepatch/sleeper/transition'
      expect(await agent.read(`insmod /lib/test/sleeper.ko; cat /proc/uptime > /tmp/now; ${transition}`)).toBe('1\n')
      await port.run({ instructions: 5e9 })
      expect(await agent.read(transition)).toBe('0\n')
    }))
})
