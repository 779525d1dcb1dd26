// SPDX-License-Identifier: GPL-2.0-or-later
/* While it is loaded, every function of the kernel is traced; `calls` counts. */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/ftrace.h>

static unsigned long calls;
module_param(calls, ulong, 0444);

static notrace void count(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			  struct ftrace_regs *fregs)
{
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}

static struct ftrace_ops ops = { .func = count, .flags = FTRACE_OPS_FL_SAVE_REGS };

static notrace int everything_init(void)
{
	return register_ftrace_function(&ops);
}

static notrace void everything_exit(void)
{
	unregister_ftrace_function(&ops);
}

module_init(everything_init);
module_exit(everything_exit);
MODULE_LICENSE("GPL");
