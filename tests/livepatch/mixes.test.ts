// Patches, transitions, modules and tasks that meet at the wrong moment: what one of them does to the others. Each mix in a fork of one
// guest, about 10 s in all.
import { beforeAll, expect, it } from 'vitest'
import { MachineSession } from '../../src/guest/index.js'
import { needs } from '../needs.js'
import { buildModule, guestWith, patchOf } from './modules.js'

// A file whose reader sleeps until told to leave; a kernel thread asleep in a function of its own; a value.
const TARGET = `
#include <linux/kthread.h>
static bool leave;
module_param(leave, bool, 0644);
static struct task_struct *thread;
noinline int place(struct seq_file *m)
{
	while (!READ_ONCE(leave))
		msleep(10);
	seq_puts(m, "old\\n");
	return 0;
}
noinline void thread_place(void)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!kthread_should_stop())
		schedule();
	__set_current_state(TASK_RUNNING);
}
static int run(void *data)
{
	while (!kthread_should_stop()) {
		thread_place();
		cond_resched();
	}
	return 0;
}
static int show(struct seq_file *m, void *v) { return place(m); }
static int start(void)
{
	thread = kthread_run(run, NULL, "asleep");
	return !IS_ERR(thread) && proc_create_single("place", 0444, NULL, show) ? 0 : -ENOMEM;
}
static void stop(void)
{
	remove_proc_entry("place", NULL);
	kthread_stop(thread);
}
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`
const LATE = `
noinline int number(void) { barrier(); return 1; }
static int show(struct seq_file *m, void *v) { seq_printf(m, "%d\\n", number()); return 0; }
static int start(void) { return proc_create_single("number", 0444, NULL, show) ? 0 : -ENOMEM; }
static void stop(void) { remove_proc_entry("number", NULL); }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`
const place = (says: string) => `
static bool leave;
module_param(leave, bool, 0644);
static int version(struct seq_file *m)
{
	while (!READ_ONCE(leave))
		msleep(10);
	seq_puts(m, "${says}\\n");
	return 0;
}
`
const OF_TARGET = '.name = "target"'
const BOTH = `${place('both')}
static int other_number(void) { barrier(); return 2; }
static struct klp_func funcs[] = { { .old_name = "place", .new_func = version }, { } };
static struct klp_func late_funcs[] = { { .old_name = "number", .new_func = other_number }, { } };
static struct klp_object objs[] = { { .name = "target", .funcs = funcs }, { .name = "late", .funcs = late_funcs }, { } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };
static int start(void) { return klp_enable_patch(&patch); }
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`
const HELLO = 'static int hello(struct seq_file *m, void *v) { seq_puts(m, "patched\\n"); return 0; }'
// A function with two names, and patches that know it by one of them.
const ALIASED = `
noinline int by_first(void) { barrier(); return 1; }
int by_second(void) __attribute__((alias("by_first")));
static int show(struct seq_file *m, void *v) { seq_printf(m, "%d\\n", by_first()); return 0; }
static int start(void) { return proc_create_single("aliased", 0444, NULL, show) ? 0 : -ENOMEM; }
static void stop(void) { remove_proc_entry("aliased", NULL); }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`
const aliased = (name: string, value: number) =>
  `static int version(void) { return ${value}; }${patchOf({ [name]: 'version' }, '.name = "aliased"')}`
const replacing = (source: string) => source.replace('.objs = objs }', '.objs = objs, .replace = true }')
const sources: Readonly<Record<string, string>> = {
  target: TARGET,
  late: LATE,
  first: place('first') + patchOf({ place: 'version' }, OF_TARGET),
  second: place('second') + patchOf({ place: 'version' }, OF_TARGET),
  both: BOTH,
  thread: `static void version(void) { msleep(20); }${patchOf({ thread_place: 'version' }, OF_TARGET)}`,
  hello: HELLO + patchOf({ cmdline_proc_show: 'hello' }),
  replacing: replacing(HELLO + patchOf({ cmdline_proc_show: 'hello' })),
  aliased: ALIASED,
  other_name: aliased('by_second', 2),
  first_name: aliased('by_first', 3),
  replacing_name: replacing(aliased('by_second', 4)),
  refusing: `static int no(struct klp_object *obj) { return -ENODEV; }${HELLO}${patchOf({ cmdline_proc_show: 'hello' }, '.callbacks = { .pre_patch = no }')}`,
  retrying: `static int refusals = 1;
static int yes_or_no(struct klp_object *obj) { return refusals-- > 0 ? -ENODEV : 0; }
${HELLO}${patchOf({ cmdline_proc_show: 'hello' }, '.callbacks = { .pre_patch = yes_or_no }')}`.replace(
    'return klp_enable_patch(&patch);',
    `int first = klp_enable_patch(&patch), second;
	funcs[0].old_name = "not_there";
	second = klp_enable_patch(&patch);
	funcs[0].old_name = "cmdline_proc_show";
	return first == -ENODEV && second == -EINVAL ? klp_enable_patch(&patch) : -EFAULT;`,
  ),
  failing: (HELLO + patchOf({ cmdline_proc_show: 'hello' })).replace(
    'return klp_enable_patch(&patch);',
    'klp_enable_patch(&patch); return -EINVAL;',
  ),
}

// Each line is one shell's, which looks by itself when to go on: it acts at moments of its own, between the tasks that are in transition.
const at = '/sys/kernel/livepatch'
const settled = (patch: string) => `while [ "$(cat ${at}/${patch}/transition)" = 1 ]; do sleep 0.05; done`
const disable = (patch: string) => `echo 0 > ${at}/${patch}/enabled`
const gone = (patch: string) => `while [ -d ${at}/${patch} ]; do sleep 0.01; done; rmmod ${patch}`
const reader = (out: string) => `cat /proc/place > /tmp/${out} & sleep 0.1`

const transition = (patch: string) => `cat ${at}/${patch}/transition`
const leave = (module: string) => `echo 1 > /sys/module/${module}/parameters/leave`

/** What a guest is told to do, and what it says. */
const mixes: readonly { name: string; does: readonly string[]; says: readonly string[] }[] = [
  {
    name: 'a patch over another, turned around twice while tasks sleep in the versions of both',
    does: [
      `insmod /tmp/first.ko; ${settled('first')}; ${reader('a')}; insmod /tmp/second.ko; ${reader('b')}; ${disable('first')}`,
      `${disable('second')}; ${transition('second')}; echo 1 > ${at}/second/enabled; ${transition('second')}; ${disable('second')}`,
      `${leave('second')}; ${gone('second')}; ${disable('first')}; ${transition('first')}; ${leave('first')}; ${gone('first')}`,
      'wait; cat /tmp/a /tmp/b',
    ],
    says: ['echo: write error: Device or resource busy', '1', '1', '1', 'first', 'second'],
  },
  {
    name: 'a patch that goes while a task sleeps in its version',
    does: [
      `insmod /tmp/first.ko; ${settled('first')}; ${reader('a')}; ${disable('first')}; sleep 3; ${transition('first')}; rmmod first`,
      `${leave('first')}; wait; cat /tmp/a; ${gone('first')}`,
    ],
    says: ['1', 'rmmod: ERROR: Module first is in use', 'first'],
  },
  {
    name: 'an atomic replace in the middle of a transition',
    does: [
      `${reader('a')}; insmod /tmp/first.ko; insmod /tmp/replacing.ko; ls ${at}; ${leave('target')}; wait; cat /tmp/a; ${settled('first')}`,
      `insmod /tmp/replacing.ko; ${settled('replacing')}; ${gone('first')}; cat /proc/cmdline; ${disable('replacing')}; ${gone('replacing')}`,
    ],
    says: [
      'insmod: ERROR: could not insert module /tmp/replacing.ko: Device or resource busy',
      ...['first', 'old', 'patched'],
    ],
  },
  {
    name: 'a module that comes and goes under a patch in transition, both ways',
    does: [
      `${reader('a')}; insmod /tmp/both.ko; ${reader('b')}`,
      `${['forth', 'back', 'forth'].map((way) => `insmod /tmp/late.ko; ${transition('both')}; sh -c "cat /proc/number"; echo ${way === 'forth' ? 0 : 1} > ${at}/both/enabled; sleep 0.1; sh -c "cat /proc/number"; rmmod late`).join('; ')}`,
      `insmod /tmp/late.ko; echo 1 > ${at}/both/enabled; ${leave('target')}; ${settled('both')}; cat /proc/number`,
      `${disable('both')}; ${leave('both')}; ${gone('both')}; cat /proc/number; rmmod late; wait; cat /tmp/a /tmp/b`,
    ],
    says: [...['1', '2', '1'], ...['1', '1', '2'], ...['1', '2', '1'], '2', '1', 'old', 'both'],
  },
  {
    name: 'a forced patch: it stays with its module, and others come and go over it',
    does: [
      `${reader('a')}; insmod /tmp/first.ko; sleep 0.1; echo 1 > ${at}/first/force; ${settled('first')}; insmod /tmp/second.ko; ${settled('second')}`,
      `${disable('second')}; ${gone('second')}; ${disable('first')}; while [ -d ${at}/first ]; do sleep 0.05; done; rmmod first; ${leave('target')}; wait; cat /tmp/a`,
    ],
    says: ['rmmod: ERROR: Module first is in use', 'old'],
  },
  {
    name: 'a patch whose callback says no, again and again',
    does: [
      `for i in 1 2 3; do insmod /tmp/refusing.ko; done; ls ${at}; insmod /tmp/hello.ko; ${settled('hello')}; cat /proc/cmdline; ${disable('hello')}; ${gone('hello')}`,
    ],
    says: [
      ...[1, 2, 3].map(() => 'insmod: ERROR: could not insert module /tmp/refusing.ko: No such device'),
      'patched',
    ],
  },
  {
    name: 'a patch that is refused, first by its callback, then for a name, and then is not',
    does: [
      `insmod /tmp/retrying.ko; ${settled('retrying')}; ls ${at}; cat /proc/cmdline; ${disable('retrying')}; ${gone('retrying')}; ls ${at}; cat /proc/cmdline`,
    ],
    says: ['retrying', 'patched', 'console=ttyS0'],
  },
  {
    name: 'patches that know a function by different names, and those that replace them',
    does: [
      `insmod /tmp/aliased.ko; insmod /tmp/first_name.ko; ${settled('first_name')}; insmod /tmp/other_name.ko; ${settled('other_name')}; cat /proc/aliased`,
      `insmod /tmp/replacing_name.ko; ${settled('replacing_name')}; cat /proc/aliased; ${gone('first_name')}; ${gone('other_name')}; cat /proc/aliased`,
      `insmod /tmp/first_name.ko; ${settled('first_name')}; cat /proc/aliased`,
      `insmod /tmp/replacing.ko; ${settled('replacing')}; ${gone('first_name')}; ${gone('replacing_name')}; cat /proc/aliased /proc/cmdline; ls ${at}/replacing`,
    ],
    says: [
      ...['2', '4', '4', '3', '1', 'patched'],
      ...['enabled', 'force', 'replace', 'stack_order', 'transition', 'vmlinux'],
    ],
  },
  {
    name: 'a patch module whose init fails after the patch was enabled: what runs is not freed, and can be removed',
    does: [
      `insmod /tmp/failing.ko; ${settled('failing')}; cat /proc/cmdline; rmmod failing; ${disable('failing')}; ${gone('failing')}; cat /proc/cmdline; insmod /tmp/hello.ko; cat /proc/cmdline`,
    ],
    says: [
      'insmod: ERROR: could not insert module /tmp/failing.ko: Invalid parameters',
      ...['patched', 'rmmod: ERROR: Module failing is in use', 'console=ttyS0', 'patched'],
    ],
  },
  {
    name: 'a kernel thread asleep in what is patched: it is woken after fifteen seconds, and moves',
    does: [
      `insmod /tmp/thread.ko; sleep 13; ${transition('thread')}; sleep 3; ${transition('thread')}; ${disable('thread')}; ${gone('thread')}`,
    ],
    says: ['1', '0'],
  },
  {
    name: 'a task that forks in the middle of a transition',
    does: [
      `${reader('a')}; insmod /tmp/first.ko; for i in 1 2 3 4 5 6; do (cat /proc/place > /tmp/b$i; cat /proc/place >> /tmp/b$i) & done; sleep 0.2`,
      `${transition('first')}; ${leave('target')}; ${settled('first')}; sleep 0.2; ${leave('first')}; wait; cat /tmp/a /tmp/b?; ${disable('first')}; ${gone('first')}`,
    ],
    says: ['1', 'old', ...Array.from({ length: 12 }, () => 'first')],
  },
]

needs('gcc')('patches that meet', () => {
  let session: MachineSession
  let booted: ReturnType<MachineSession['machine']['snapshot']>
  beforeAll(async () => {
    const modules: Record<string, Uint8Array> = {}
    for (const [name, source] of Object.entries(sources)) modules[name] = await buildModule(name, source)
    session = await guestWith(modules)
    await session.agent.read('insmod /tmp/target.ko; sleep 0.2')
    booted = session.machine.snapshot()
  }, 120_000)

  it.each(mixes)('$name', async ({ does, says }) => {
    session.machine.restore(booted)
    const guest = new MachineSession(session.machine, { limit: 60e9 })
    await guest.agent.connect()
    const { stdout } = await guest.agent.exec(`(${does.join('\n')}) 2>&1`)
    const log = guest.console.lines.map((line) => line.text)
    guest.dispose()
    expect(stdout.trimEnd().split('\n')).toEqual(says)
    expect(log.filter((text) => /Oops|BUG:|WARNING:|panic/.test(text))).toEqual([])
  })
})

needs('gcc')('a patch under load', () => {
  it.each([2, 4])('comes and goes, with its module, again and again, with %i vCPUs', async (vcpus) => {
    const slow = `static long version(const struct pt_regs *regs) { return task_ppid_nr(current); }`
    const modules = { quick: await buildModule('quick', slow + patchOf({ __x64_sys_getppid: 'version' })) }
    const guest = await guestWith(modules, { vcpus })
    const spinners = Array.from({ length: vcpus + 1 }, () => 'spin syscall 4000000000 & all="$all $!";').join(' ')
    const { stdout, stderr } = await guest.agent.exec(
      `${spinners} for i in 1 2 3 4 5 6; do insmod /tmp/quick.ko; ${disable('quick')}; ${gone('quick')} || break; done; kill $all; echo done`,
    )
    expect(stderr + stdout).toBe('done\n')
    expect(
      guest.console.lines.map((line) => line.text).filter((text) => /Oops|BUG:|WARNING:|panic/.test(text)),
    ).toEqual([])
    guest.dispose()
  })
})
