// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The demonstration's patch: two functions at once.
 *
 * task_parent_number() is called by running programs through getppid(); the new
 * version answers the same and counts. version_proc_show() tells the count: a
 * reader of /proc/version sees that the patch is in and that programs run
 * through it. Both change for a task at the same moment, or the count and the
 * text would belong to different versions.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/atomic.h>
#include <linux/livepatch.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/utsname.h>

static atomic64_t lookups;

static pid_t demo_task_parent_number(struct task_struct *t)
{
	atomic64_inc(&lookups);
	return task_ppid_nr(t);
}

static int demo_version_proc_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s version %s %s (live patched, %lld parent lookups)\n", utsname()->sysname,
		   utsname()->release, utsname()->version, (long long)atomic64_read(&lookups));
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "task_parent_number", .new_func = demo_task_parent_number },
	{ .old_name = "version_proc_show", .new_func = demo_version_proc_show },
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

static int demo_init(void)
{
	return klp_enable_patch(&patch);
}

static void demo_exit(void)
{
}

module_init(demo_init);
module_exit(demo_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
