// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Patches a function of the module klp-target in which a reader sleeps: while
 * somebody reads /proc/klp_target_wait, the transition cannot end, because the
 * sleeper's stack names the function. It ends when the reader gives up.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/seq_file.h>

static int patched_target_wait(struct seq_file *m, void *v)
{
	seq_printf(m, "patched: nobody waits\n");
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "klp_target_wait", .new_func = patched_target_wait },
	{},
};

static struct klp_object objs[] = {
	{ .name = "klp_target", .funcs = funcs },
	{},
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int klp_stack_init(void)
{
	return klp_enable_patch(&patch);
}

static void klp_stack_exit(void)
{
}

module_init(klp_stack_init);
module_exit(klp_stack_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
