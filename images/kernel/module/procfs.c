// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of modules, symbols, ftrace and livepatch outside of /sys:
 * /proc/modules, /proc/kallsyms, /proc/sys/kernel/ftrace_enabled and
 * /proc/sys/kernel/livepatch_verbose.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/proc_fs.h>
#include <linux/module.h>
#include <linux/kallsyms.h>
#include <linux/ftrace.h>

extern int klp_verbose;

static long ftrace_enabled_get(void)
{
	return ftrace_enabled;
}

static int ftrace_enabled_set(long value)
{
	return ftrace_set_enabled(value != 0);
}

static long verbose_get(void)
{
	return klp_verbose;
}

static int verbose_set(long value)
{
	klp_verbose = value != 0;
	return 0;
}

static int module_proc_init(void)
{
	if (!proc_create_single("modules", 0444, NULL, modules_seq_show) ||
	    !proc_create_single("kallsyms", 0444, NULL, kallsyms_seq_show) ||
	    !proc_sys_register("kernel", "ftrace_enabled", ftrace_enabled_get,
			       ftrace_enabled_set) ||
	    !proc_sys_register("kernel", "livepatch_verbose", verbose_get, verbose_set))
		return -ENOMEM;
	return 0;
}
fs_initcall(module_proc_init);
