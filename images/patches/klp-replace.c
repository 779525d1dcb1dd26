// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A cumulative patch: /proc/version is changed, and whatever older patches
 * changed is given back to the original (atomic replace). Load it after
 * livepatch-sample and /proc/cmdline is the old one again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/livepatch.h>
#include <linux/seq_file.h>

static int replace = 1;
module_param(replace, int, 0644);
MODULE_PARM_DESC(replace, "replace all older patches (default 1)");

static int klp_version_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s: %s\n", THIS_MODULE->name, "this has been live patched");
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "version_proc_show", .new_func = klp_version_proc_show },
	{},
};

static struct klp_object objs[] = {
	{ .funcs = funcs },
	{},
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int klp_replace_init(void)
{
	patch.replace = replace;
	return klp_enable_patch(&patch);
}

static void klp_replace_exit(void)
{
}

module_init(klp_replace_init);
module_exit(klp_replace_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
