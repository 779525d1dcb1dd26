// A patch module whose structures point anywhere: each pointer that cannot be followed is refused by its name, nothing faults, no lock is
// left held; what is only unusual is taken. About 6 s.
import { beforeAll, expect, it } from 'vitest'
import type { Snapshot } from '../../src/machine/index.js'
import { attempt, bootWith, buildModule, inGuest, messages } from '../e2e/module-guest.js'
import { needs } from '../needs.js'
import { gone, settled } from './modules.js'

/** Statements before klp_enable_patch(&patch), and what the kernel has to say. */
const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a patch at no address': ['return klp_enable_patch(NULL);', /a patch that is not in memory: 0/],
  'a patch in the half of programs': ['return klp_enable_patch((void *)0x400000);', /that is not in memory: 0*400000/],
  'a patch where no address is': ['return klp_enable_patch((void *)(1UL << 63));', /that is not in memory/],
  'a patch around the end of memory': ['return klp_enable_patch((void *)-64L);', /that is not in memory/],
  'a patch that is constant': ['return klp_enable_patch((void *)&constant);', /the patch is not in the module's data/],
  "a patch in the kernel's data": [
    'return klp_enable_patch((void *)THIS_MODULE->list.next->prev->prev);',
    /a patch (whose mod is no module|without module or objects)|the patch is not in/,
  ],
  'no mod': ['patch.mod = NULL;', /without module or objects/],
  'a mod at no address': ['patch.mod = (void *)8;', /whose mod is no module: 0*8\b/],
  'a mod that is something else': ['patch.mod = (void *)funcs;', /whose mod is no module/],
  'no objs': ['patch.objs = NULL;', /without module or objects/],
  'objs at no address': ['patch.objs = (void *)8;', /objs are not in the module's data: 0*8\b/],
  'objs that are constant': ['patch.objs = (void *)constant_objs;', /objs are not in the module's data/],
  'objs in code': ['patch.objs = (void *)version;', /objs are not in the module's data/],
  "objs in the kernel's own data": ['patch.objs = (void *)&param_ops_int;', /objs are not in the module's data/],
  'objs in the patch itself': [
    'patch.mod = THIS_MODULE; patch.objs = (void *)&patch;',
    /objs lie in the patch itself|objs do not end|is no (text|code)/,
  ],
  'objs without an end': [
    'for (i = 0; i < 32; i++) endless_objs[i] = objs[0]; patch.objs = endless_objs;',
    /objs do not end in|of object \d+ is no|callback of object|lie in other structures/,
  ],
  'a name of an object at no address': ['objs[0].name = (char *)8;', /name of object 0 is no text: 0*8\b/],
  'a name of an object without an end': ['objs[0].name = endless_text;', /name of object 0 is no text/],
  'a name of an object that is long': ['objs[0].name = long_text;', /empty or longer than 55/],
  ...Object.fromEntries(
    ['pre_patch', 'post_patch', 'pre_unpatch', 'post_unpatch'].flatMap((call) => [
      [
        `${call} at no address`,
        [`objs[0].callbacks.${call} = (void *)8;`, /a callback of object 'vmlinux' is no code/],
      ],
      [`${call} in data`, [`objs[0].callbacks.${call} = (void *)funcs;`, /a callback of object 'vmlinux' is no code/]],
    ]),
  ),
  'funcs at no address': ['objs[0].funcs = (void *)8;', /funcs of object 'vmlinux' are not in the module's data/],
  'no funcs': ['objs[0].name = "target"; objs[0].funcs = NULL;', /object 'target' has no funcs/],
  'funcs that are constant': ['objs[0].funcs = (void *)constant_funcs;', /funcs of object 'vmlinux' are not in/],
  'funcs in the patch itself': [
    'objs[0].funcs = (void *)&patch;',
    /funcs of object 'vmlinux' (lie in other|do not end)|is no (text|code)/,
  ],
  'funcs in the objs': ['objs[0].funcs = (void *)&objs[1];', /funcs of object 'vmlinux' lie in other structures/],
  'funcs of two objects': [
    'objs[1].name = "other"; objs[1].funcs = funcs + 1; funcs[1] = funcs[0];',
    /funcs of object 'other' lie in other structures/,
  ],
  'funcs without an end': [
    'for (i = 0; i < 32; i++) endless_funcs[i] = funcs[0]; objs[0].funcs = endless_funcs;',
    /funcs of object 'vmlinux' do not end in|of function \d+ is no/,
  ],
  'an old_name at no address': ['funcs[0].old_name = (char *)8;', /old_name of function 0 is no text: 0*8\b/],
  'an old_name without an end': ['funcs[0].old_name = endless_text;', /old_name of function 0 is no text/],
  'an old_name that is long': [
    'funcs[0].old_name = long_text;',
    /the name of function 'x+\.\.\.' .* is longer than 127/,
  ],
  'no new_func': ['funcs[0].new_func = NULL;', /function 'cmdline_proc_show' of object 'vmlinux' has no new_func/],
  'a new_func at no address': ['funcs[0].new_func = (void *)8;', /new_func of function 0 is no code: 0*8\b/],
  'a new_func in data': ['funcs[0].new_func = (void *)funcs;', /new_func of function 0 is no code/],
  'states at no address': ['patch.states = (void *)8;', /states have no end: 0*8\b/],
  'states where no address is': ['patch.states = (void *)(1UL << 63);', /states have no end/],
}

/** What is unusual, and good. */
const sound: Readonly<Record<string, string>> = {
  'a patch as it ought to be': '',
  'constant states': 'patch.states = (void *)constant_states;',
  'internal fields with something in them': `patch.enabled = patch.forced = true; patch.kobj.state_initialized = true;
		patch.list.next = (void *)8; objs[0].patched = objs[0].dynamic = true; objs[0].mod = (void *)8;
		objs[0].kobj.state_initialized = true; funcs[0].patched = funcs[0].transition = funcs[0].nop = true;
		funcs[0].entry = (void *)8; funcs[0].dynamic = true; funcs[0].kobj.state_initialized = true;
		objs[0].callbacks.post_unpatch_enabled = true;`,
  'all on the heap': `struct klp_patch *all = kzalloc(sizeof(*all), GFP_KERNEL);

		all->objs = kzalloc(2 * sizeof(objs[0]), GFP_KERNEL);
		all->objs[0].funcs = kzalloc(40 * sizeof(funcs[0]), GFP_KERNEL);
		all->objs[0].funcs[0].old_name = kstrdup("cmdline_proc_show", GFP_KERNEL);
		all->objs[0].funcs[0].new_func = version;
		all->mod = THIS_MODULE;
		return klp_enable_patch(all);`,
  'a patch that is enabled twice': `int ret = klp_enable_patch(&patch);

		return ret ? ret : klp_enable_patch(&patch) == -EINVAL ? 0 : -EFAULT;`,
}
const cases = [...Object.keys(wrong), ...Object.keys(sound)]
const body = (name: string) => wrong[name]?.[0] ?? sound[name] ?? ''

const SOURCE = `
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/livepatch.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
static int which, i;
module_param(which, int, 0444);
static int version(struct seq_file *m, void *v) { seq_puts(m, "patched\\n"); return 0; }
static struct klp_func funcs[4] = { { .old_name = "cmdline_proc_show", .new_func = version } };
static struct klp_object objs[4] = { { .funcs = funcs } };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };
static const struct klp_func constant_funcs[2] = { { .old_name = "cmdline_proc_show", .new_func = version } };
static const struct klp_object constant_objs[2] = { { .funcs = funcs } };
static const struct klp_patch constant = { .mod = THIS_MODULE, .objs = objs };
static const struct klp_state constant_states[2] = { { .id = 1, .version = 1 } };
static int start(void)
{
	struct klp_object *endless_objs = kmalloc(32 * sizeof(objs[0]), GFP_KERNEL);
	struct klp_func *endless_funcs = kmalloc(32 * sizeof(funcs[0]), GFP_KERNEL);
	char *endless_text = kmalloc(4096, GFP_KERNEL), *long_text = kmalloc(512, GFP_KERNEL);

	memset(endless_text, 'x', 4096);
	memset(long_text, 'x', 300);
	long_text[300] = 0;
	switch (which) {
${cases.map((name, i) => `	case ${i}: {\n\t\t${body(name)}\n\t\tbreak;\n\t}`).join('\n')}
	}
	return klp_enable_patch(&patch);
}
static void stop(void) { }
module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
`
const at = '/sys/kernel/livepatch'

needs('gcc')('a patch', () => {
  let booted: Snapshot
  beforeAll(async () => {
    booted = await bootWith({ pointers: await buildModule('pointers', SOURCE) })
  })

  it('that points where nothing can be followed is refused by what is wrong, and leaves nothing', () =>
    inGuest(booted, async (guest) => {
      const found: string[] = []
      for (const name of Object.keys(wrong)) {
        const from = messages(guest).length
        const { said } = await attempt(guest, `insmod /lib/test/pointers.ko which=${cases.indexOf(name)}`)
        const log = messages(guest).slice(from).join('\n')
        if (!/Invalid parameters/.test(said) || !wrong[name]?.[1].test(log)) found.push(`${name}: ${said}${log}`)
      }
      expect(found).toEqual([])
      expect(await guest.agent.read(`ls ${at}; cat /proc/modules /proc/cmdline`)).toBe('console=ttyS0\n')
      await settled(guest, 'pointers', 'insmod /lib/test/pointers.ko which=99')
      await gone(guest, 'pointers')
    }))

  it.each(Object.keys(sound))('is taken, and goes again: %s', (name) =>
    inGuest(booted, async (guest) => {
      const { agent } = guest
      await settled(guest, 'pointers', `insmod /lib/test/pointers.ko which=${cases.indexOf(name)}`)
      expect(await agent.read('cat /proc/cmdline')).toBe('patched\n')
      await gone(guest, 'pointers')
      expect(await agent.read(`ls ${at}; cat /proc/modules /proc/cmdline`)).toBe('console=ttyS0\n')
    }),
  )
})
