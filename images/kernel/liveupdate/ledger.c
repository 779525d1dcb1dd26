// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What became of everything: per class how many objects stayed where they were,
 * were entered under the same number into new tables, were made anew from
 * records, or were left behind on purpose. A record is counted when it is taken
 * (its layout says where), the rest where it happens; printed when the new kernel has taken over, and kept in /sys/kernel/liveupdate/ledger.
 */
#include <linux/kobject.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include "ledger.h"

static const char *const names[LEDGER_CLASSES] = {
	[LEDGER_PAGES] = "user pages",
	[LEDGER_TABLES] = "page tables",
	[LEDGER_CACHE] = "file pages",
	[LEDGER_PIPE_PAGES] = "pipe pages",
	[LEDGER_DEVICES] = "devices",
	[LEDGER_TASKS] = "tasks",
	[LEDGER_SPACES] = "address spaces",
	[LEDGER_AREAS] = "memory areas",
	[LEDGER_FILES] = "open files",
	[LEDGER_DESCRIPTORS] = "descriptors",
	[LEDGER_INODES] = "inodes",
	[LEDGER_NAMES] = "names",
	[LEDGER_PIPES] = "pipes",
	[LEDGER_SIGNALS] = "pending signals",
	[LEDGER_TIMERS] = "timers",
	[LEDGER_PIDS] = "pid numbers",
	[LEDGER_KTHREADS] = "kernel threads",
	[LEDGER_PATCHES] = "live patches",
};
static u64 counts[LEDGER_CLASSES][LEDGER_FATES];

void ledger_add(enum ledger_class line, enum ledger_fate fate, u64 count)
{
	counts[line][fate] += count;
}

#define HEADING "class             kept  re-hashed  rebuilt  dropped"

static int format_line(char *buf, size_t size, enum ledger_class line)
{
	const u64 *count = counts[line];

	return scnprintf(buf, size, "%-15s %6llu %10llu %8llu %8llu", names[line],
			 count[LEDGER_KEPT], count[LEDGER_REHASHED], count[LEDGER_REBUILT],
			 count[LEDGER_DROPPED]);
}

void ledger_print(void)
{
	char text[80];

	pr_info("liveupdate: ledger: " HEADING "\n");
	for (int i = 0; i < LEDGER_CLASSES; i++) {
		format_line(text, sizeof(text), i);
		pr_info("liveupdate: ledger: %s\n", text);
	}
}

/* One page of sysfs. */
int ledger_show(char *buf)
{
	int length = scnprintf(buf, PAGE_SIZE, HEADING "\n");

	for (int i = 0; i < LEDGER_CLASSES; i++) {
		length += format_line(buf + length, PAGE_SIZE - length, i);
		length += scnprintf(buf + length, PAGE_SIZE - length, "\n");
	}
	return length;
}
