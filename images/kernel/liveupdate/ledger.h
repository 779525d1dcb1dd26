/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The books of an upgrade: ledger.c. */
#ifndef _LIVEUPDATE_LEDGER_H
#define _LIVEUPDATE_LEDGER_H

#include <linux/types.h>

enum ledger_class {
	LEDGER_PAGES,
	LEDGER_TABLES,
	LEDGER_CACHE,
	LEDGER_PIPE_PAGES,
	LEDGER_DEVICES,
	LEDGER_TASKS,
	LEDGER_SPACES,
	LEDGER_AREAS,
	LEDGER_FILES,
	LEDGER_DESCRIPTORS,
	LEDGER_INODES,
	LEDGER_NAMES,
	LEDGER_PIPES,
	LEDGER_SIGNALS,
	LEDGER_TIMERS,
	LEDGER_PIDS,
	LEDGER_KTHREADS,
	LEDGER_PATCHES,
	LEDGER_CLASSES,
	LEDGER_NONE = LEDGER_CLASSES, /* is not counted */
};

enum ledger_fate {
	LEDGER_KEPT,	 /* stays where it was */
	LEDGER_REHASHED, /* entered under the same number into a new table */
	LEDGER_REBUILT,	 /* made anew from a record */
	LEDGER_DROPPED,	 /* left behind on purpose */
	LEDGER_FATES,
};

void ledger_add(enum ledger_class line, enum ledger_fate fate, u64 count);
void ledger_print(void);
int ledger_show(char *buf);

#endif
