// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first patch: /proc/cmdline says that it has been live patched.
 *
 *	% cat /proc/cmdline
 *	console=ttyS0
 *	% insmod livepatch-sample.ko
 *	% cat /proc/cmdline
 *	livepatch_sample: this has been live patched
 *	% echo 0 > /sys/kernel/livepatch/livepatch_sample/enabled
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/seq_file.h>

static int livepatch_cmdline_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s: %s\n", THIS_MODULE->name, "this has been live patched");
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "cmdline_proc_show", .new_func = livepatch_cmdline_proc_show },
	{},
};

static struct klp_object objs[] = {
	{ /* name being NULL means vmlinux */ .funcs = funcs },
	{},
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int livepatch_init_module(void)
{
	return klp_enable_patch(&patch);
}

static void livepatch_exit(void)
{
}

module_init(livepatch_init_module);
module_exit(livepatch_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
