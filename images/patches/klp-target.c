// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An ordinary module that patches are made for. /proc/klp_target shows a value
 * from one function; /proc/klp_target_wait sleeps inside another for as long as
 * the reader does not give up, so that a transition has somebody to wait for.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

static struct proc_dir_entry *value_entry, *wait_entry;

static noinline int klp_target_value(void)
{
	return 1;
}

static int value_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%d\n", klp_target_value());
	return 0;
}

/* Noinline, so that its frame is on the sleeper's stack. */
static noinline int klp_target_wait(struct seq_file *m, void *v)
{
	set_current_state(TASK_INTERRUPTIBLE);
	schedule_timeout(60 * HZ);
	/* Also woken, without a signal, by a transition that has waited long enough. */
	if (signal_pending(current))
		return -ERESTARTSYS;
	seq_printf(m, "timed out\n");
	return 0;
}

static int __init klp_target_init(void)
{
	pr_info("%s\n", __func__);
	value_entry = proc_create_single("klp_target", 0444, NULL, value_show);
	wait_entry = proc_create_single("klp_target_wait", 0444, NULL, klp_target_wait);
	return value_entry && wait_entry ? 0 : -ENOMEM;
}

static void __exit klp_target_exit(void)
{
	proc_remove(wait_entry);
	proc_remove(value_entry);
	pr_info("%s\n", __func__);
}

module_init(klp_target_init);
module_exit(klp_target_exit);
MODULE_LICENSE("GPL");
