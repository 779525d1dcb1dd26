// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of modules, symbols, ftrace and livepatch outside of /sys:
 * /proc/modules, /proc/kallsyms, and in /proc/sys/kernel ftrace_enabled,
 * livepatch_verbose and tainted.
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

static long tainted_get(void)
{
	return get_taint();
}

/* Flags are added; none is ever taken off. */
static int tainted_set(long value)
{
	if (value < 0 || value >> TAINT_FLAGS_COUNT)
		return -EINVAL;
	for (unsigned int flag = 0; flag < TAINT_FLAGS_COUNT; flag++)
		if (value >> flag & 1)
			add_taint(flag, LOCKDEP_STILL_OK);
	return 0;
}

static int module_proc_init(void)
{
	if (!proc_create_single("modules", 0444, NULL, modules_seq_show) ||
	    !proc_create_single("kallsyms", 0444, NULL, kallsyms_seq_show) ||
	    !proc_sys_register("kernel", "ftrace_enabled", ftrace_enabled_get,
			       ftrace_enabled_set) ||
	    !proc_sys_register("kernel", "livepatch_verbose", verbose_get, verbose_set) ||
	    !proc_sys_register("kernel", "tainted", tainted_get, tainted_set))
		return -ENOMEM;
	return 0;
}
fs_initcall(module_proc_init);
