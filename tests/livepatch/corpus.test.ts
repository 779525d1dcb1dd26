// Modules of images/patches that follow running programs: a field for every task, and a system call that is made all the time. And what
// is said of a patch while it goes. About 8 s.
import { expect, it } from 'vitest'
import { readKernelImage, readStragglers } from '../../src/guest/index.js'
import { read } from '../lab/images.js'
import { needs } from '../needs.js'
import { buildModule, guestWith, patchOf } from './modules.js'

const shipped = (name: string) => read(`images/built/patches/${name}.ko`)
const gone = (name: string) =>
  `echo 0 > /sys/kernel/livepatch/${name}/enabled; while [ -d /sys/kernel/livepatch/${name} ]; do sleep 0.01; done; rmmod ${name}`

it('klp-shadow counts for each task, and a task that ends takes its count with it', async () => {
  const session = await guestWith({ 'klp-shadow': shipped('klp-shadow') })
  const { agent } = session
  await agent.read('insmod /tmp/klp-shadow.ko; sleep 0.1')
  // Each reader has never asked; whatever its task_struct was before, it begins at none.
  expect(await agent.read('for i in 1 2 3 4 5 6 7 8; do spin syscall 100 > /tmp/out; cat /proc/klp_shadow; done')).toBe(
    '0\n'.repeat(8),
  )
  // A task that has asked, by the file itself: it counts one variable for each task that lives.
  expect(Number(await agent.read('cat /proc/klp_shadow_variables'))).toBeLessThanOrEqual(1)
  await agent.read(gone('klp_shadow'))
  expect(session.console.lines.map((line) => line.text).join('\n')).not.toMatch(/Oops|BUG:|WARNING:/)
  session.dispose()
})

it('klp-syscall answers a call that programs make while it comes and goes', async () => {
  const session = await guestWith({ 'klp-syscall': shipped('klp-syscall') })
  const { agent } = session
  const running = await agent.start('spin getpid 300000')
  await agent.read('insmod /tmp/klp-syscall.ko; sleep 0.02')
  const calls = Number(await agent.read('cat /proc/klp_syscall'))
  expect(calls).toBeGreaterThan(100)
  await agent.read(gone('klp_syscall'))
  const { status, stdout } = await agent.wait(running)
  expect(status).toBe(0)
  expect(stdout).toMatch(/\d/)
  expect(session.console.lines.map((line) => line.text).join('\n')).not.toMatch(/Oops|BUG:|WARNING:/)
  session.dispose()
})

// A function that sleeps for as long as its reader wants, in the kernel's version and in the patch's.
const TARGET = `
static bool leave;
noinline int target_wait(struct seq_file *m)
{
	while (!READ_ONCE(leave))
		msleep(10);
	seq_puts(m, "old\\n");
	return 0;
}
static int show(struct seq_file *m, void *v) { return target_wait(m); }
static int show_leave(struct seq_file *m, void *v) { leave = true; return 0; }
static int start(void)
{
	return proc_create_single("wait", 0444, NULL, show) && proc_create_single("leave", 0444, NULL, show_leave) ? 0 : -ENOMEM;
}
static void stop(void) { remove_proc_entry("wait", NULL); remove_proc_entry("leave", NULL); }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`
const WAITS = `
static int version(struct seq_file *m) { msleep(3000); seq_puts(m, "new\\n"); return 0; }
`

needs('gcc')('who is behind', () => {
  it('is named while a patch comes and while it goes, threads and all, and nobody else', async () => {
    const modules = {
      target: await buildModule('target', TARGET),
      waits: await buildModule('waits', WAITS + patchOf({ target_wait: 'version' }, '.name = "target"')),
    }
    const session = await guestWith(modules)
    const { agent } = session
    const image = readKernelImage(read('images/built/scion-1.0.elf'))
    if (!image.ok) throw new Error(image.message)
    const behind = async () => (await readStragglers(await session.kernel([image.value]))).map((task) => task.comm)
    await agent.read('insmod /tmp/target.ko')
    const old = await agent.start('exec cat /proc/wait')
    await agent.read('sleep 0.1; insmod /tmp/waits.ko; sleep 0.1')
    expect(await behind()).toEqual(['cat'])
    await agent.read('cat /proc/leave; sleep 0.1')
    expect((await agent.wait(old)).stdout).toBe('old\n')
    expect(await behind()).toEqual([])
    const late = await agent.start('exec cat /proc/wait')
    await agent.read('sleep 0.1; echo 0 > /sys/kernel/livepatch/waits/enabled; sleep 0.1')
    expect(await behind()).toEqual(['cat'])
    expect(await agent.read('cat /proc/[0-9]*/patch_state')).toMatch(/1/)
    expect((await agent.wait(late)).stdout).toBe('new\n')
    await agent.read('sleep 0.1')
    expect(await behind()).toEqual([])
    session.dispose()
  })
})
