// Many functions and many tasks at once: each entry gets its own version and is given back, and a task is found asleep in whichever of
// them it is. About 10 s.
import { beforeAll, expect, it } from 'vitest'
import type { MachineSession } from '../../src/guest/index.js'
import type { Snapshot } from '../../src/machine/index.js'
import { bootWith, buildModule, inGuest, kernelFacts, readKernel, testModule } from '../e2e/module-guest.js'
import { needs } from '../needs.js'
import { gone, settled } from './modules.js'

/** More functions than one page has stubs for, and, with those of the kernel, than are rewritten in one pass. */
const FUNCTIONS = 2049 - kernelFacts().patchableEntries.length + 40

/** Functions named by a prefix and a number from 0 on, each of which returns its number plus `base`, and a table of them. */
const numbered = (prefix: string, base: number, entry: string) => `
asm(".pushsection .text\\n.globl ${prefix}_table\\n"
    ".altmacro\\n.macro ${prefix} n\\n"
    ".type ${prefix}_\\\\n, @function\\n.globl ${prefix}_\\\\n\\n${prefix}_\\\\n:\\n"
    "${entry} movl $(${base} + \\\\n), %eax\\nret\\n.size ${prefix}_\\\\n, . - ${prefix}_\\\\n\\n"
    ".pushsection .rodata\\n.quad ${prefix}_\\\\n\\n.popsection\\n.endm\\n"
    ".pushsection .rodata\\n.balign 8\\n${prefix}_table:\\n.popsection\\n"
    ".set i, 0\\n.rept ${FUNCTIONS}\\n${prefix} %i\\n.set i, i + 1\\n.endr\\n.noaltmacro\\n.popsection\\n");
extern int (*const ${prefix}_table[])(void);`
const PATCHABLE = '.byte 0x0f, 0x1f, 0x44, 0, 0\\n'
const SITE = '.pushsection __mcount_loc, \\"a\\"\\n.quad crowd_\\\\n\\n.popsection\\n'

const includes = (...names: string[]) => names.map((name) => `#include <linux/${name}.h>\n`).join('')
const HEAD = includes('module', 'kernel', 'errno', 'proc_fs', 'seq_file', 'livepatch', 'sched', 'jiffies')

/** /proc/crowd says how many give their own number, how many that of the patch, and how many entries are at rest. */
const CROWD = `${HEAD}
#include <linux/string.h>
${numbered('crowd', 0, PATCHABLE).replace('.size', `${SITE}.size`)}
static int show(struct seq_file *m, void *v)
{
	static const u8 nop[5] = { 0x0f, 0x1f, 0x44, 0, 0 };
	int i, own = 0, others = 0, resting = 0;

	for (i = 0; i < ${FUNCTIONS}; i++) {
		int got = crowd_table[i]();

		own += got == i;
		others += got == 100000 + i;
		resting += !memcmp(crowd_table[i], nop, 5);
	}
	seq_printf(m, "%d own, %d others, %d resting\\n", own, others, resting);
	return 0;
}
static int start(void) { return proc_create_single("crowd", 0444, NULL, show) ? 0 : -ENOMEM; }
static void stop(void) { remove_proc_entry("crowd", NULL); }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
`
/** Replaces all of them, named in an order of its own. */
const VERSIONS = `${HEAD}
${numbered('version', 100000, '')}
static char names[${FUNCTIONS}][16];
static struct klp_func funcs[${FUNCTIONS} + 1];
static struct klp_object objs[] = { { .name = "crowd", .funcs = funcs }, { } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };
static int start(void)
{
	int i;

	for (i = 0; i < ${FUNCTIONS}; i++) {
		int n = i * 7 % ${FUNCTIONS};

		snprintf(names[i], sizeof(names[i]), "crowd_%d", n);
		funcs[i].old_name = names[i];
		funcs[i].new_func = version_table[n];
	}
	return klp_enable_patch(&patch);
}
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`

const BEDS = 7
const beds = Array.from({ length: BEDS }, (_, i) => i)
/** Functions that lie one behind the other, the reader of /proc/bed_N asleep in the N-th until it is woken; the last call of one returns into the next. */
const DORMITORY = `${HEAD}
static int leave[${BEDS}];
module_param_array(leave, int, NULL, 0644);
static __attribute__((noipa, used)) void rest(int n)
{
	while (!READ_ONCE(leave[n]))
		schedule_timeout_uninterruptible(HZ / 50);
}
asm(".pushsection .text\\n"
${beds
  .map(
    (n) => `    ".type bed_${n}, @function\\n.globl bed_${n}\\nbed_${n}:\\n${PATCHABLE}"
    "pushq %rbp\\nmovq %rsp, %rbp\\nmovl $${n}, %edi\\ncall rest\\npopq %rbp\\nret\\n.size bed_${n}, . - bed_${n}\\n"
    ".pushsection __mcount_loc, \\"a\\"\\n.quad bed_${n}\\n.popsection\\n"`,
  )
  .join('\n')}
    ".type edge, @function\\n.globl edge\\nedge:\\n${PATCHABLE}"
    "pushq %rbp\\nmovq %rsp, %rbp\\nmovl $0, %edi\\ncall rest\\n.size edge, . - edge\\n"
    ".type behind, @function\\n.globl behind\\nbehind:\\n${PATCHABLE}popq %rbp\\nret\\n.size behind, . - behind\\n"
    ".pushsection __mcount_loc, \\"a\\"\\n.quad edge, behind\\n.popsection\\n"
    ".popsection\\n");
void edge(void);
static int edge_show(struct seq_file *m, void *v) { edge(); seq_puts(m, "left\\n"); return 0; }
${beds.map((n) => `void bed_${n}(void);\nstatic int show_${n}(struct seq_file *m, void *v) { bed_${n}(); seq_puts(m, "slept in ${n}\\n"); return 0; }`).join('\n')}
static int start(void)
{
	${beds.map((n) => `proc_create_single("bed_${n}", 0444, NULL, show_${n});`).join('\n\t')}
	return proc_create_single("edge", 0444, NULL, edge_show) ? 0 : -ENOMEM;
}
module_init(start);
MODULE_LICENSE("GPL");
`
const awake = (functions: readonly string[]) => `${HEAD}
static void version(void) { }
static struct klp_func funcs[] = { ${functions.map((name) => `{ .old_name = "${name}", .new_func = version },`).join(' ')} { } };
static struct klp_object objs[] = { { .name = "dormitory", .funcs = funcs }, { } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };
static int start(void) { return klp_enable_patch(&patch); }
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`

/** Of a transition that has had time to end, and is held up. */
const transition = async (guest: MachineSession, patch: string) =>
  (await guest.agent.read(`sleep 0.3; cat /sys/kernel/livepatch/${patch}/transition`)).trim()

needs('gcc')('of a crowd', () => {
  let booted: Snapshot
  beforeAll(async () => {
    booted = await bootWith({
      crowd: await buildModule('crowd', CROWD),
      versions: await buildModule('versions', VERSIONS),
      everything: await testModule('everything'),
      dormitory: await buildModule('dormitory', DORMITORY),
      // All of them, by an order that is none.
      awake: await buildModule('awake', awake(beds.map((n) => `bed_${(n * 3 + 2) % BEDS}`))),
      edge_patch: await buildModule('edge_patch', awake(['edge'])),
      behind_patch: await buildModule('behind_patch', awake(['behind'])),
    })
  })

  it('each function gets its own version, and is given back', () =>
    inGuest(booted, async (guest) => {
      const { agent } = guest
      await agent.read('insmod /lib/test/crowd.ko')
      for (let round = 0; round < 2; round++) {
        expect(await agent.read('cat /proc/crowd')).toBe(`${FUNCTIONS} own, 0 others, ${FUNCTIONS} resting\n`)
        await settled(guest, 'versions', 'insmod /lib/test/versions.ko')
        expect(await agent.read('cat /proc/crowd')).toBe(`0 own, ${FUNCTIONS} others, 0 resting\n`)
        await gone(guest, 'versions')
      }
      expect(await agent.read('cat /proc/crowd')).toBe(`${FUNCTIONS} own, 0 others, ${FUNCTIONS} resting\n`)
    }))

  it('all are traced together with the whole kernel, and nothing beside them is written', () =>
    inGuest(booted, async (guest) => {
      const { agent } = guest
      // Bytes of the kernel's data that belong to no object: whoever writes there has left his own.
      const objects = [...kernelFacts().symbols.values()].flat().sort((a, b) => Number(a.address - b.address))
      const gaps = objects.flatMap((one, i) => {
        const [end, next] = [one.address + BigInt(one.size), objects[i + 1]?.address ?? 0n]
        return !one.isFunction && one.size > 0 && next > end && next - end < 64n
          ? [{ end, size: Number(next - end) }]
          : []
      })
      expect(gaps.length).toBeGreaterThan(100)
      const contents = async () => {
        const texts: string[] = []
        for (const { end, size } of gaps)
          texts.push(`${end.toString(16)} ${Buffer.from(await readKernel(guest, end, size)).toString('hex')}`)
        return texts
      }
      await agent.read('insmod /lib/test/crowd.ko')
      const before = await contents()
      await agent.read('insmod /lib/test/everything.ko')
      expect(await agent.read('cat /proc/crowd')).toBe(`${FUNCTIONS} own, 0 others, 0 resting\n`)
      await agent.read('rmmod everything')
      expect(await agent.read('cat /proc/crowd')).toBe(`${FUNCTIONS} own, 0 others, ${FUNCTIONS} resting\n`)
      expect(await contents()).toEqual(before)
    }))

  it('those that come while everything is traced are too, and those that have gone are forgotten', () =>
    inGuest(booted, async ({ agent }) => {
      await agent.read('insmod /lib/test/crowd.ko; rmmod crowd; insmod /lib/test/everything.ko')
      for (let round = 0; round < 2; round++) {
        await agent.read('insmod /lib/test/crowd.ko')
        expect(await agent.read('cat /proc/crowd')).toBe(`${FUNCTIONS} own, 0 others, 0 resting\n`)
        await agent.read('rmmod crowd')
      }
      await agent.read('insmod /lib/test/crowd.ko; rmmod everything')
      expect(await agent.read('cat /proc/crowd')).toBe(`${FUNCTIONS} own, 0 others, ${FUNCTIONS} resting\n`)
    }))

  it('each task is found in its function, whichever it is, until it has left', () =>
    inGuest(booted, async (guest) => {
      const { agent } = guest
      await agent.read('insmod /lib/test/dormitory.ko')
      const sleepers: Awaited<ReturnType<typeof agent.start>>[] = []
      for (const n of beds) sleepers.push(await agent.start(`exec cat /proc/bed_${n}`))
      await agent.read('sleep 0.3; insmod /lib/test/awake.ko')
      const states = async () => {
        await agent.read('sleep 0.3')
        const texts: string[] = []
        for (const { pid } of sleepers)
          texts.push((await agent.exec(`cat /proc/${pid}/patch_state`)).stdout.trim() || 'gone')
        return texts
      }
      const left = new Set<number>()
      for (const n of beds) {
        expect(await transition(guest, 'awake')).toBe('1')
        expect(await states()).toEqual(beds.map((bed) => (left.has(bed) ? 'gone' : '0')))
        left.add(n)
        await agent.read(
          `echo ${beds.map((bed) => (left.has(bed) ? 1 : 0)).join(',')} > /sys/module/dormitory/parameters/leave`,
        )
        expect((await agent.wait(sleepers[n] as never)).stdout).toBe(`slept in ${n}\n`)
      }
      await settled(guest, 'awake', 'true')
    }))

  it('a task that will return to the beginning of the next function is in that, and not in this one', () =>
    inGuest(booted, async (guest) => {
      await guest.agent.read('insmod /lib/test/dormitory.ko')
      const sleeper = await guest.agent.start('exec cat /proc/edge')
      await settled(guest, 'edge_patch', 'sleep 0.3; insmod /lib/test/edge_patch.ko')
      expect(sleeper.result).toBeUndefined()
      await guest.agent.read('insmod /lib/test/behind_patch.ko')
      expect(await transition(guest, 'behind_patch')).toBe('1')
      await gone(guest, 'behind_patch')
      await guest.agent.read(`echo ${beds.map(() => 1)} > /sys/module/dormitory/parameters/leave`)
      expect((await guest.agent.wait(sleeper)).stdout).toBe('left\n')
    }))
})
