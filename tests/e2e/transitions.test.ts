// When a task may be moved to a patch's version, and when it must not: tasks stand at known places of a module, patches come and go, and
// what is asked is what can be seen from outside: sysfs, /proc/PID/patch_state, what files say, the log.
import { beforeAll, describe, expect, it } from 'vitest'
import { type KernelImage, type MachineSession, readKernelImage, readTasks } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { needs } from '../needs.js'
import {
  attempt,
  bootWith,
  buildModule,
  inGuest,
  kernelImage,
  messages,
  patchSource,
  type Replaced,
  testModule,
} from './module-guest.js'

const object = 'places'
const newValue = (value: number): Replaced => ({
  ...{ object, name: 'value' },
  code: `static int NEW(void) { return ${value}; }`,
})
/** Replaces the place where a reader sleeps by another one, which it leaves when the patch's own `leave` is written. */
const newPlace = (says: string): Replaced => ({
  ...{ object, name: 'asleep_here' },
  code: `static int NEW(struct seq_file *m, void *v)
{
	while (!READ_ONCE(leave))
		schedule_timeout_uninterruptible(HZ / 20);
	seq_printf(m, "${says}\\n");
	return 0;
}`,
})
const leave = 'static int leave;\nmodule_param(leave, int, 0644);'
/** Knows these states, each an id and a version, and tells of which version it found state 7 when it came. */
const withStates = (states: readonly (readonly number[])[]) =>
  patchSource(
    [newValue(5)],
    `#define STATES ${states.map(([id, version]) => `{ .id = ${id}, .version = ${version} }, `).join('')}
#include "states.h"`,
    'objs[0].callbacks.pre_patch = look_for_states; set_states(&patch);',
  )
const patches: Record<string, string> = {
  values: patchSource([newValue(2)]),
  more_values: patchSource([newValue(3)]),
  sleepers: patchSource([newPlace('first new place'), newValue(2)], leave),
  later_sleepers: patchSource([newPlace('second new place')], leave),
  runners: patchSource([{ object, name: 'running_here', code: 'static void NEW(void) { }' }, newValue(2)]),
  dozers: patchSource([{ object, name: 'dozing_here', code: 'static void NEW(void) { }' }]),
  workers: patchSource([{ object, name: 'worker', code: 'static void NEW(void) { }' }]),
  ...Object.fromEntries(
    [
      ['state_1', [[7, 1]]],
      ['state_2', [[7, 2]]],
      [
        'state_both',
        [
          [8, 1],
          [7, 3],
        ],
      ],
      ['state_other', [[8, 1]]],
    ].map(([name, states]) => [name, withStates(states as number[][])]),
  ),
  both: patchSource([
    newValue(4),
    {
      name: 'version_proc_show',
      code: 'static int NEW(struct seq_file *m, void *v) { seq_puts(m, "both\\n"); return 0; }',
    },
  ]),
}

/** Waits until the patch's transition is over: a busy guest looks ten times a second. */
const settled = (patch: string) =>
  `n=0; while [ "$(cat /sys/kernel/livepatch/${patch}/transition 2>/dev/null)" = 1 ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; [ $n -lt 100 ]`
const load = (patch: string) => `insmod /lib/test/${patch}.ko && ${settled(patch)}`
const disable = (patch: string) => `echo 0 > /sys/kernel/livepatch/${patch}/enabled`
const gone = (patch: string) =>
  `n=0; while [ -d /sys/kernel/livepatch/${patch} ] && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; [ ! -d /sys/kernel/livepatch/${patch} ]`
const value = (guest: MachineSession) => guest.agent.read('cat /proc/places_value')

async function transition(guest: MachineSession, patch: string): Promise<string> {
  return (await guest.agent.read(`sleep 1.3; cat /sys/kernel/livepatch/${patch}/transition`)).trim()
}

/** A reader of one of the module's files, once it stands where it is to stand; with its own process number. */
async function reader(guest: MachineSession, file: string) {
  const command = await guest.agent.start(`exec cat /proc/${file}`)
  await guest.agent.read('sleep 0.5')
  return command
}
const stateOf = async (guest: MachineSession, pid: number | string) =>
  (await guest.agent.read(`cat /proc/${pid}/patch_state`)).trim()

let image: KernelImage

/** patch_state of the boot CPU's idle task, which no file shows. */
async function idleState(guest: MachineSession): Promise<number> {
  const kernel = await guest.kernel([image])
  const state = await kernel.readField('task_struct', 'patch_state', kernel.address('init_task'))
  return Number(BigInt.asIntN(32, state))
}
async function allStates(guest: MachineSession): Promise<number[]> {
  const tasks = await readTasks(await guest.kernel([image]))
  return [...new Set([...tasks.map((task) => task.patchState), await idleState(guest)])]
}

needs('gcc')('a transition', () => {
  let booted: Snapshot
  beforeAll(async () => {
    const modules: Record<string, Uint8Array> = {
      places: await testModule('places'),
      shadows: await testModule('shadows'),
    }
    for (const [name, source] of Object.entries(patches)) modules[name] = await buildModule(name, source)
    booted = await bootWith(modules)
    const read = readKernelImage(kernelImage())
    if (!read.ok) throw new Error(read.message)
    image = read.value
  })
  const guest = (test: (session: MachineSession) => Promise<void>) =>
    inGuest(booted, async (session) => {
      await session.agent.read('insmod /lib/test/places.ko')
      await test(session)
    })

  it('changes a function for everybody and gives it back, without a trace in any task', () =>
    guest(async (session) => {
      for (let round = 0; round < 2; round++) {
        await session.agent.read(load('values'))
        expect(await value(session)).toBe('2\n')
        expect(await allStates(session)).toEqual([-1])
        await session.agent.read(`${disable('values')} && ${gone('values')} && rmmod values`)
        expect(await value(session)).toBe('1\n')
        expect(await allStates(session)).toEqual([-1])
      }
    }))

  it('waits for a task asleep in what it replaces, and for nobody else; who is not moved goes on as before', () =>
    guest(async (session) => {
      const sleeper = await reader(session, 'places_asleep')
      await session.agent.read('insmod /lib/test/sleepers.ko')
      expect(await transition(session, 'sleepers')).toBe('1')
      expect(await stateOf(session, sleeper.pid)).toBe('0')
      // A new task is as its parent, an idle one has long been moved.
      expect(await stateOf(session, 'self')).toBe('1')
      expect(await session.agent.read('cat /proc/self/patch_state; (cat /proc/self/patch_state)')).toBe('1\n1\n')
      expect(await idleState(session)).toBe(1)
      expect((await allStates(session)).sort()).toEqual([0, 1])
      expect(await value(session)).toBe('2\n')
      expect((await attempt(session, 'insmod /lib/test/values.ko')).said).toMatch(/busy/i)
      await session.agent.read(`echo 1 > /sys/module/places/parameters/leave; ${settled('sleepers')}`)
      expect(await session.agent.wait(sleeper)).toMatchObject({ status: 0, stdout: 'old place, value 1\n' })
      expect(await allStates(session)).toEqual([-1])
    }))

  it('says of each task that is asked why it does not move, while it is told to', () =>
    guest(async (session) => {
      const verbose = '/proc/sys/kernel/livepatch_verbose'
      const said = () => messages(session).filter((text) => text.includes('klp_try_switch_task:'))
      const sleeper = await reader(session, 'places_asleep')
      expect(await session.agent.read(`cat ${verbose}; insmod /lib/test/sleepers.ko`)).toBe('0\n')
      expect(await transition(session, 'sleepers')).toBe('1')
      expect(said()).toEqual([])
      expect(await session.agent.read(`echo 1 > ${verbose}; cat ${verbose}; sleep 1.3`)).toBe('1\n')
      const why = `livepatch: klp_try_switch_task: cat:${sleeper.pid} is sleeping on function asleep_here`
      expect(said()).toContain(why)
      expect(new Set(said().filter((text) => text.includes(` cat:${sleeper.pid} `)))).toEqual(new Set([why]))
      await session.agent.read(`echo 0 > ${verbose}`)
      const before = said().length
      await session.agent.read('sleep 1.3')
      expect(said()).toHaveLength(before)
    }))

  it('does not wait for a task asleep elsewhere', () =>
    guest(async (session) => {
      const sleeper = await reader(session, 'places_asleep')
      await session.agent.read(load('values'))
      expect(sleeper.result).toBeUndefined()
      await session.agent.read('echo 1 > /sys/module/places/parameters/leave')
      expect((await session.agent.wait(sleeper)).stdout).toBe('old place, value 2\n')
    }))

  it('goes back from where it is, and moves those that were moved back', () =>
    guest(async (session) => {
      const sleeper = await reader(session, 'places_asleep')
      await session.agent.read('insmod /lib/test/sleepers.ko')
      expect(await transition(session, 'sleepers')).toBe('1')
      expect(await value(session)).toBe('2\n')
      await session.agent.read(`${disable('sleepers')} && ${gone('sleepers')} && rmmod sleepers`)
      expect(await value(session)).toBe('1\n')
      expect(await allStates(session)).toEqual([-1])
      await session.agent.read('echo 1 > /sys/module/places/parameters/leave')
      expect((await session.agent.wait(sleeper)).stdout).toBe('old place, value 1\n')
    }))

  it('waits for a task that runs in the kernel on another CPU, whatever it did before', () =>
    guest(async (session) => {
      const runner = await reader(session, 'places_running')
      await session.agent.read('insmod /lib/test/runners.ko')
      expect(await transition(session, 'runners')).toBe('1')
      expect(await stateOf(session, runner.pid)).toBe('0')
      await session.agent.read(`echo 1 > /sys/module/places/parameters/leave; ${settled('runners')}`)
      expect((await session.agent.wait(runner)).stdout).toBe('ran, value 1\n')
      expect(await value(session)).toBe('2\n')
    }))

  it.each([1, 2, 3])('waits for a task whose stack cannot be unwound, in the %i. of three ways', (way) =>
    guest(async (session) => {
      await session.agent.read(`echo ${way} > /sys/module/places/parameters/lost`)
      const lost = await reader(session, 'places_lost')
      await session.agent.read('insmod /lib/test/values.ko')
      expect(await transition(session, 'values')).toBe('1')
      expect(await stateOf(session, lost.pid)).toBe('0')
      await session.agent.read(`echo 1 > /sys/module/places/parameters/leave; ${settled('values')}`)
      expect((await session.agent.wait(lost)).stdout).toBe('found again, value 1\n')
    }),
  )

  it('looks for the version before it, where patches stack', () =>
    guest(async (session) => {
      await session.agent.read(load('sleepers'))
      const sleeper = await reader(session, 'places_asleep')
      await session.agent.read('insmod /lib/test/later_sleepers.ko')
      expect(await transition(session, 'later_sleepers')).toBe('1')
      await session.agent.read(`echo 1 > /sys/module/sleepers/parameters/leave; ${settled('later_sleepers')}`)
      expect((await session.agent.wait(sleeper)).stdout).toBe('first new place\n')
      await session.agent.read('echo 1 > /sys/module/later_sleepers/parameters/leave')
      expect(await session.agent.read('cat /proc/places_asleep')).toBe('second new place\n')
    }))

  it('looks for the new version when it takes a patch away', () =>
    guest(async (session) => {
      await session.agent.read(load('sleepers'))
      const sleeper = await reader(session, 'places_asleep')
      await session.agent.read(disable('sleepers'))
      expect(await transition(session, 'sleepers')).toBe('1')
      expect(await stateOf(session, sleeper.pid)).toBe('1')
      expect(await stateOf(session, 'self')).toBe('0')
      expect(await value(session)).toBe('1\n')
      await session.agent.read(`echo 1 > /sys/module/sleepers/parameters/leave; ${gone('sleepers')}`)
      expect((await session.agent.wait(sleeper)).stdout).toBe('first new place\n')
      await session.agent.read('rmmod sleepers && echo 1 > /sys/module/places/parameters/leave')
      expect(await session.agent.read('cat /proc/places_asleep')).toBe('old place, value 1\n')
    }))

  it('moves tasks that never leave the kernel, and those that never enter it', () =>
    guest(async (session) => {
      const busy = await session.agent.start('while :; do :; done')
      await session.agent.read(load('workers'))
      await session.agent.signal(busy, 9)
      const work = async () => Number(await session.agent.read('cat /sys/module/places/parameters/work'))
      const before = await work()
      await session.agent.read('sleep 0.5')
      expect(await work()).toBe(before)
      await session.agent.read(`${disable('workers')} && ${gone('workers')}`)
      await session.agent.read('sleep 0.5')
      expect(await work()).toBeGreaterThan(before)
    }))

  it('ends at once when the tasks left are forced, and the patch stays for ever', () =>
    guest(async (session) => {
      const sleeper = await reader(session, 'places_asleep')
      await session.agent.read('insmod /lib/test/sleepers.ko')
      expect(await transition(session, 'sleepers')).toBe('1')
      await session.agent.read(`echo 1 > /sys/kernel/livepatch/sleepers/force; ${settled('sleepers')}`)
      expect(sleeper.result).toBeUndefined()
      await session.agent.read('echo 1 > /sys/module/places/parameters/leave')
      expect((await session.agent.wait(sleeper)).stdout).toBe('old place, value 2\n')
      await session.agent.read(`${disable('sleepers')} && ${gone('sleepers')}`)
      expect((await attempt(session, 'rmmod sleepers')).status).not.toBe(0)
    }))

  it('that replaces others and is forced keeps those for ever, too', () =>
    guest(async (session) => {
      await session.agent.read(load('values'))
      const sleeper = await reader(session, 'places_asleep')
      await session.agent.read('insmod /lib/test/sleepers.ko replace=1')
      expect(await transition(session, 'sleepers')).toBe('1')
      await session.agent.read(
        `echo 1 > /sys/kernel/livepatch/sleepers/force; ${settled('sleepers')} && ${gone('values')}`,
      )
      expect((await attempt(session, 'rmmod values')).status).not.toBe(0)
      await session.agent.read('echo 1 > /sys/module/places/parameters/leave')
      expect((await session.agent.wait(sleeper)).status).toBe(0)
    }))

  it('counts the children of tasks that have not moved: it ends with the last of all, not before', () =>
    guest(async (session) => {
      const forking = await session.agent.start('while [ ! -e /tmp/enough ]; do (:); (:); (:); done')
      const sleeper = await reader(session, 'places_asleep')
      for (let round = 0; round < 12; round++) {
        await session.agent.read(`insmod /lib/test/sleepers.ko; sleep 0.0${round}1`)
        expect(await stateOf(session, sleeper.pid)).toBe('0')
        expect(await session.agent.read('cat /sys/kernel/livepatch/sleepers/transition')).toBe('1\n')
        await session.agent.read(`${disable('sleepers')} && ${gone('sleepers')} && rmmod sleepers`)
      }
      await session.agent.read('echo > /tmp/enough; echo 1 > /sys/module/places/parameters/leave')
      await session.agent.wait(forking)
      expect((await session.agent.wait(sleeper)).stdout).toBe('old place, value 1\n')
      expect(await allStates(session)).toEqual([-1])
    }))

  it('wakes those that it waits for every 15 s, for as long as they need', () =>
    guest(async (session) => {
      const woken = async () => Number(await session.agent.read('cat /sys/module/places/parameters/woken'))
      const after = async (seconds: number) => {
        for (let i = 0; i < seconds; i++) await session.agent.read('sleep 1')
        return woken()
      }
      await session.agent.read('insmod /lib/test/dozers.ko')
      expect([await after(14), await after(3), await after(11)]).toEqual([0, 1, 1])
      expect(await transition(session, 'dozers')).toBe('1')
      expect(await after(2)).toBe(2)
      await session.agent.read(settled('dozers'))
      expect(messages(session).filter((text) => text.includes('signaling remaining tasks'))).toHaveLength(1)
    }))

  describe('of several patches', () => {
    it('gives the newest, in whichever order the others go', () =>
      guest(async (session) => {
        await session.agent.read(`${load('values')} && ${load('more_values')} && ${load('both')}`)
        expect(await value(session)).toBe('4\n')
        expect(await session.agent.read('cat /proc/version')).toBe('both\n')
        await session.agent.read(`${disable('more_values')} && ${gone('more_values')} && rmmod more_values`)
        expect(await value(session)).toBe('4\n')
        await session.agent.read(`${disable('both')} && ${gone('both')} && rmmod both`)
        expect(await value(session)).toBe('2\n')
        expect(await session.agent.read('cat /proc/version')).toMatch(/Scion|Linux/)
        await session.agent.read(`${disable('values')} && ${gone('values')} && rmmod values`)
        expect(await value(session)).toBe('1\n')
      }))

    it('gives the original of what the one that replaces them leaves out, but only to tasks that were moved', () =>
      guest(async (session) => {
        await session.agent.read(`${load('both')} && ${load('values')}`)
        const said = () => session.agent.read('cat /proc/places_value /proc/version')
        const sleeper = await reader(session, 'places_asleep')
        const before = await said()
        expect(before).toBe('2\nboth\n')
        // It comes, goes back, and comes again.
        for (let round = 0; round < 2; round++) {
          await session.agent.read('insmod /lib/test/later_sleepers.ko replace=1')
          expect(await transition(session, 'later_sleepers')).toBe('1')
          expect(await stateOf(session, sleeper.pid)).toBe('0')
          expect(await said()).toMatch(/^1\n.*(Scion|Linux)/)
          expect(await session.agent.read('ls /sys/kernel/livepatch/later_sleepers')).toContain('vmlinux')
          if (round > 0) break
          await session.agent.read(`${disable('later_sleepers')} && ${gone('later_sleepers')} && rmmod later_sleepers`)
          expect(await said()).toBe(before)
        }
        await session.agent.read(`echo 1 > /sys/module/places/parameters/leave; ${settled('later_sleepers')}`)
        expect((await session.agent.wait(sleeper)).stdout).toBe('old place, value 2\n')
        await session.agent.read(`${gone('both')} && ${gone('values')} && rmmod both && rmmod values`)
        expect(await said()).toMatch(/^1\n.*(Scion|Linux)/)
        expect(await session.agent.read('ls /sys/kernel/livepatch/later_sleepers')).not.toContain('vmlinux')
      }))

    it('keeps nothing of those that one replaces, in a module or in the kernel', () =>
      guest(async (session) => {
        await session.agent.read(`${load('both')} && ${load('runners')}`)
        expect(await value(session)).toBe('2\n')
        await session.agent.read(`insmod /lib/test/workers.ko replace=1 && ${settled('workers')}`)
        await session.agent.read(`${gone('both')} && ${gone('runners')} && rmmod both && rmmod runners`)
        expect(await value(session)).toBe('1\n')
        expect(await session.agent.read('cat /proc/version')).toMatch(/Scion|Linux/)
        expect(await session.agent.read('ls /sys/kernel/livepatch')).toBe('workers\n')
        expect(await session.agent.read('cat /sys/kernel/livepatch/workers/replace')).toBe('1\n')
        await session.agent.read(`${disable('workers')} && ${gone('workers')} && rmmod workers && rmmod places`)
      }))
  })

  it('meets a module that comes later, and one that comes again', () =>
    guest(async (session) => {
      await session.agent.read(`${load('both')} && ${load('values')}`)
      for (let round = 0; round < 2; round++) {
        expect(await value(session)).toBe('2\n')
        await session.agent.read('rmmod places')
        expect(await session.agent.read('cat /sys/kernel/livepatch/both/places/patched')).toBe('0\n')
        expect(await session.agent.read('cat /sys/kernel/livepatch/both/vmlinux/patched')).toBe('1\n')
        await session.agent.read('insmod /lib/test/places.ko')
        expect(await session.agent.read('cat /sys/kernel/livepatch/both/places/patched')).toBe('1\n')
      }
      await session.agent.read(`${disable('values')} && ${gone('values')} && rmmod values`)
      expect(await value(session)).toBe('4\n')
      await session.agent.read(`${disable('both')} && ${gone('both')} && rmmod both`)
      expect(await value(session)).toBe('1\n')
    }))

  it('shows itself in sysfs as on Linux, and refuses what makes no sense', () =>
    guest(async (session) => {
      await session.agent.read(`${load('values')} && ${load('both')}`)
      const at = '/sys/kernel/livepatch'
      const names = async (folder: string) => (await session.agent.read(`ls ${at}${folder}`)).trim().split(/\s+/).sort()
      expect(await names('')).toEqual(['both', 'values'])
      expect(await names('/both')).toEqual(
        ['enabled', 'force', 'places', 'replace', 'stack_order', 'transition', 'vmlinux'].sort(),
      )
      expect(await names('/both/places')).toEqual(['patched', expect.stringMatching(/^value,[01]$/)])
      expect(await session.agent.read(`cat ${at}/both/stack_order ${at}/values/stack_order`)).toBe('2\n1\n')
      expect(await session.agent.read(`cat ${at}/both/enabled ${at}/both/transition ${at}/both/replace`)).toBe(
        '1\n0\n0\n',
      )
      for (const [file, text] of [
        ['enabled', '1'],
        ['enabled', '2'],
        ['enabled', 'x'],
        ['force', '1'],
        ['force', 'x'],
        ['transition', '0'],
        ['stack_order', '1'],
      ]) {
        expect((await attempt(session, `echo ${text} > ${at}/both/${file}`)).status, `${text} > ${file}`).not.toBe(0)
      }
      expect((await attempt(session, `echo 0 > ${at}/both/force`)).status).toBe(0)
      expect((await attempt(session, `cat ${at}/both/force`)).status).not.toBe(0)
      expect((await attempt(session, 'rmmod both')).said).toMatch(/unavailable|in use|again/i)
      // Tracing cannot be switched off while patches need it, and with it off no patch comes.
      expect((await attempt(session, 'echo 0 > /proc/sys/kernel/ftrace_enabled')).said).toMatch(/busy/i)
      for (const patch of ['both', 'values'])
        await session.agent.read(`${disable(patch)} && ${gone(patch)} && rmmod ${patch}`)
      await session.agent.read('echo 0 > /proc/sys/kernel/ftrace_enabled')
      expect((await attempt(session, 'insmod /lib/test/values.ko')).said).toMatch(/busy/i)
      expect(await value(session)).toBe('1\n')
      await session.agent.read(`echo 1 > /proc/sys/kernel/ftrace_enabled && ${load('values')}`)
      expect(await value(session)).toBe('2\n')
      expect(messages(session).join('\n')).toContain("livepatch: 'values': patching complete")
    }))

  it('keeps out a patch that does not know the states of those before it', () =>
    guest(async (session) => {
      const told = async (patch: string) =>
        (await session.agent.read(`cd /sys/module/${patch}/parameters; cat own found`)).trim().split('\n').map(Number)
      const refused = async (command: string) => {
        expect((await attempt(session, command)).said, command).toMatch(/invalid/i)
        expect(messages(session).at(-1)).toMatch(/is not compatible with the already installed livepatches/)
      }
      await session.agent.read(load('state_2'))
      expect(await told('state_2')).toEqual([2, 0])
      await refused('insmod /lib/test/state_1.ko')
      await refused('insmod /lib/test/state_other.ko replace=1')
      await refused('insmod /lib/test/values.ko replace=1')
      await session.agent.read(`${load('state_other')} && ${load('values')}`)
      expect(await told('state_other')).toEqual([0, 2])
      await session.agent.read(`insmod /lib/test/state_both.ko replace=1 && ${settled('state_both')}`)
      expect(await told('state_both')).toEqual([3, 2])
      await session.agent.read(`${gone('state_2')} && rmmod state_2 && ${gone('values')} && ${gone('state_other')}`)
      await refused('insmod /lib/test/state_2.ko')
      await session.agent.read(`${disable('state_both')} && ${gone('state_both')} && ${load('state_1')}`)
      expect(await told('state_1')).toEqual([1, 0])
    }))

  it('brings shadow variables: one for each object and id', () =>
    guest(async (session) => {
      await session.agent.read('insmod /lib/test/shadows.ko')
      expect(await session.agent.read('cat /proc/shadows')).toMatch(/^\d+ checks\n$/)
    }))
})
