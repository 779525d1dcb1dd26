// A work item that sleeps holds up neither the items behind it nor what livepatch does in the same queue; an upgrade does not wait for it
// for ever. About 8 s.
import { expect, it } from 'vitest'
import { bootWith, resume } from '../e2e/module-guest.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { buildModule, guestWith, patchOf } from './modules.js'

// An item that sleeps for as long as the module is there, and one queued behind it that counts.
const SLEEPER = `
static bool leave;
static int counted;
static void sleep_fn(struct work_struct *work) { while (!READ_ONCE(leave)) msleep(10); }
static void count_fn(struct work_struct *work) { counted++; msleep(1); }
static DECLARE_WORK(sleeper, sleep_fn);
static struct work_struct counters[20];
static int show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\\n", counted);
	return 0;
}
static int start(void)
{
	int i;

	if (!proc_create_single("counted", 0444, NULL, show))
		return -ENOMEM;
	schedule_work(&sleeper);
	for (i = 0; i < 20; i++) {
		INIT_WORK(&counters[i], count_fn);
		schedule_work(&counters[i]);
	}
	return 0;
}
static void stop(void)
{
	leave = true;
	flush_work(&sleeper);
	remove_proc_entry("counted", NULL);
}
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`

needs('gcc')('a work item that sleeps', () => {
  it.each([1, 2])('lets those behind it run, and patches come and go, with %i vCPU(s)', async (vcpus) => {
    const patch = `static int hello(struct seq_file *m, void *v) { seq_puts(m, "patched\\n"); return 0; }`
    const modules = {
      sleeper: await buildModule('sleeper', SLEEPER),
      patch: await buildModule('patch', patch + patchOf({ cmdline_proc_show: 'hello' })),
    }
    const session = await guestWith(modules, { vcpus })
    const { agent } = session
    await agent.read('insmod /tmp/sleeper.ko; sleep 1')
    expect(await agent.read('cat /proc/counted')).toBe('20\n')
    await agent.read('insmod /tmp/patch.ko; sleep 2')
    expect(await agent.read('cat /sys/kernel/livepatch/patch/transition /proc/cmdline')).toBe('0\npatched\n')
    // Who frees a patch is a work item too.
    await agent.read('echo 0 > /sys/kernel/livepatch/patch/enabled; sleep 3')
    expect((await agent.exec('[ -d /sys/kernel/livepatch/patch ]')).status).toBe(1)
    await agent.read('rmmod patch; rmmod sleeper')
    // Workers that nobody needs any more are gone.
    await agent.read('sleep 1')
    const workers = (await agent.read('cat /proc/[0-9]*/comm'))
      .split('\n')
      .filter((name) => name.startsWith('kworker/'))
    expect(workers.length).toBeLessThanOrEqual(3)
    expect(session.console.lines.join('\n')).not.toMatch(/Oops|BUG:|WARNING:|panic/)
    session.dispose()
  })

  it('keeps an upgrade away, which names it, and comes when it has ended', async () => {
    // Of a module that an upgrade may leave behind.
    const sleeper = await buildModule('sleeper', `${SLEEPER}MODULE_INFO(livepatch, "Y");`)
    const session = await resume(await bootWith({ sleeper, next: read('images/built/scion-1.1.elf') }))
    const { agent } = session
    await agent.read('insmod /lib/test/sleeper.ko; kexec -l /lib/test/next.ko')
    expect((await agent.exec('kexec -e')).status).toBe(1)
    const said = session.console.messages().map((message) => message.text)
    expect(said.join('\n')).toMatch(/liveupdate: refused: work item sleep_fn.* does not end/)
    expect(await agent.read('uname -r; rmmod sleeper; kexec -l /lib/test/next.ko; kexec -e; uname -r')).toMatch(
      /^1\.0\S*\n1\.1\S*\n$/,
    )
    session.dispose()
  })
})
