/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A live patch for Debian's kernel, built with Debian's headers: /proc/cmdline says something else. */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>

static int patched_cmdline_proc_show(struct seq_file *m, void *v)
{
	seq_puts(m, "patched\n");
	return 0;
}

static struct klp_func funcs[] = {
	{
		.old_name = "cmdline_proc_show",
		.new_func = patched_cmdline_proc_show,
	},
	{},
};

static struct klp_object objects[] = {
	{
		.name = NULL, /* vmlinux */
		.funcs = funcs,
	},
	{},
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init cmdline_patch_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit cmdline_patch_exit(void)
{
}

module_init(cmdline_patch_init);
module_exit(cmdline_patch_exit);
MODULE_DESCRIPTION("says something else in /proc/cmdline");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
