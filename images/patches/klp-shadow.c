// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A new field for every task without touching struct task_struct: how often the
 * task has asked for its parent's pid, kept in a shadow variable, shown by
 * /proc/klp_shadow for the reader itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/livepatch.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#define SHADOW_CALLS 1

static struct proc_dir_entry *entry;

static int calls_ctor(void *obj, void *shadow_data, void *ctor_data)
{
	*(unsigned long *)shadow_data = 0;
	return 0;
}

static long shadow_sys_getppid(const struct pt_regs *regs)
{
	unsigned long *calls;

	calls = klp_shadow_get_or_alloc(current, SHADOW_CALLS, sizeof(*calls), GFP_KERNEL,
					calls_ctor, NULL);
	if (calls)
		++*calls;
	return task_ppid_nr(current);
}

static int calls_show(struct seq_file *m, void *v)
{
	unsigned long *calls = klp_shadow_get(current, SHADOW_CALLS);

	seq_printf(m, "%lu\n", calls ? *calls : 0);
	return 0;
}

static struct klp_func funcs[] = {
	{
		.old_name = "__x64_sys_getppid",
		.new_func = shadow_sys_getppid,
	}, { }
};

static struct klp_object objs[] = {
	{ .funcs = funcs }, { }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int klp_shadow_init(void)
{
	int ret;

	entry = proc_create_single("klp_shadow", 0444, NULL, calls_show);
	if (!entry)
		return -ENOMEM;
	ret = klp_enable_patch(&patch);
	if (ret)
		proc_remove(entry);
	return ret;
}

static void klp_shadow_exit(void)
{
	proc_remove(entry);
	klp_shadow_free_all(SHADOW_CALLS, NULL);
}

module_init(klp_shadow_init);
module_exit(klp_shadow_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
