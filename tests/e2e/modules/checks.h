/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For modules that check the kernel from inside: a /proc file whose reader runs
 * the checks, and gets a line for each that failed and their number at the end.
 * The module defines run_checks(), and has checks_init() and checks_exit() as
 * its init and exit.
 */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

static struct seq_file *checks_out;
static int checks_done;

#define EXPECT(condition)                                                                  \
	do {                                                                               \
		checks_done++;                                                             \
		if (!(condition))                                                          \
			seq_printf(checks_out, "line %d: not %s\n", __LINE__, #condition); \
	} while (0)

static void run_checks(void);

static int checks_show(struct seq_file *m, void *v)
{
	checks_out = m;
	checks_done = 0;
	run_checks();
	seq_printf(m, "%d checks\n", checks_done);
	return 0;
}

static struct proc_dir_entry *checks_entry;

static int checks_init(void)
{
	checks_entry = proc_create_single(KBUILD_MODNAME, 0444, NULL, checks_show);
	return checks_entry ? 0 : -ENOMEM;
}

static void checks_exit(void)
{
	proc_remove(checks_entry);
}

MODULE_LICENSE("GPL");
