// SPDX-License-Identifier: GPL-2.0-or-later
/* Says two things at the debug level when its file is read, and one to the trace. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/proc_fs.h>

static int speak_show(struct seq_file *m, void *data)
{
	pr_debug("speak is shown\n");
	pr_debug("as \"well\"\n");
	trace_printk("spoken %d times\n", 2);
	return 0;
}

static int start(void)
{
	return proc_create_single("speak", 0444, NULL, speak_show) ? 0 : -ENOMEM;
}

static void stop(void)
{
	remove_proc_entry("speak", NULL);
}

module_init(start);
module_exit(stop);
