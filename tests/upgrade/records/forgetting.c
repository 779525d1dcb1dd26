// SPDX-License-Identifier: GPL-2.0-or-later
/* A writer and a reader that are complete; tests/upgrade/records.test.ts takes something away and looks that it does not compile. */
#include <linux/mm.h>
#include "record.h"

/* what a structure of the kernel may become */
struct wide_range {
	u64 start, size, usable;
};
struct short_range {
	u64 start, size;
};
struct child {
	int pid;
};

DEFINE_RECORD(range, RANGE_RECORD, struct memory_range *range)
DEFINE_MADE_RECORD(child, CHILD_RECORD, struct child *child)

void put_both(struct ser_writer *w, void *range, void *child);
u32 get_both(struct ser_reader *r, void *range);

void put_both(struct ser_writer *w, void *range, void *child)
{
	write_range(w, range);
	write_child(w, child);
}

static u32 get_child(struct ser_reader *r)
{
	TAKE_RECORD(r, child, CHILD_RECORD)

	return pid;
}

u32 get_both(struct ser_reader *r, void *range)
{
	const struct range_ser *record = record_take(r, LAYOUT_range);

	read_range(record, range);
	return get_child(r);
}
