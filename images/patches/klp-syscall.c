// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Patches a system call that running programs make all the time, getpid(), and
 * counts in which version each call was answered: /proc/klp_syscall shows how
 * many calls the new version has had. The transition is per task: a program
 * gets the new version after its next return to user mode.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/livepatch.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

static struct proc_dir_entry *entry;
static atomic64_t calls;

static long patched_sys_getpid(const struct pt_regs *regs)
{
	atomic64_inc(&calls);
	return task_tgid_nr(current);
}

static int calls_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lld\n", (long long)atomic64_read(&calls));
	return 0;
}

static struct klp_func funcs[] = {
	{ .old_name = "__x64_sys_getpid", .new_func = patched_sys_getpid },
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

static int klp_syscall_init(void)
{
	int ret;

	entry = proc_create_single("klp_syscall", 0444, NULL, calls_show);
	if (!entry)
		return -ENOMEM;
	ret = klp_enable_patch(&patch);
	if (ret)
		proc_remove(entry);
	return ret;
}

static void klp_syscall_exit(void)
{
	proc_remove(entry);
}

module_init(klp_syscall_init);
module_exit(klp_syscall_exit);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
