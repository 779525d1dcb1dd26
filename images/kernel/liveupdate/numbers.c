// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers for objects. In the old kernel an object gets the next number of its
 * table when its record is written; in the new kernel when it has been made
 * from that record. So a number means the same object on both sides. The tables
 * are small; a look-up is a walk.
 */
#include <linux/slab.h>
#include "internal.h"

struct number_table super_numbers, inode_numbers, name_numbers, pipe_numbers;
struct number_table file_numbers, descriptor_numbers, directory_numbers;
struct number_table tty_numbers, mm_numbers, handler_numbers, group_numbers, timer_numbers;
struct number_table resume_numbers;
struct number_table table_sums;

static struct number_table *const all_tables[] = {
	&super_numbers,	     &inode_numbers,	 &name_numbers, &pipe_numbers,	  &file_numbers,
	&descriptor_numbers, &directory_numbers, &mm_numbers,	&handler_numbers, &group_numbers,
	&timer_numbers,	     &resume_numbers,	 &table_sums,	&tty_numbers,
};

u32 number_of(const struct number_table *table, const void *object)
{
	/* the latest is the likeliest */
	for (u32 i = table->count; i-- > 0;)
		if (table->item[i] == object)
			return i;
	return HANDOVER_NONE;
}

int number_add(struct number_table *table, void *object)
{
	if (table->count == table->capacity) {
		u32 capacity = table->capacity ? 2 * table->capacity : 64;
		void **item = kmalloc(capacity * sizeof(*item), GFP_KERNEL);

		if (!item)
			return -ENOMEM;
		memcpy(item, table->item, table->count * sizeof(*item));
		kfree(table->item);
		table->item = item;
		table->capacity = capacity;
	}
	table->item[table->count++] = object;
	return 0;
}

void *number_get(const struct number_table *table, u32 number)
{
	return number < table->count ? table->item[number] : NULL;
}

void numbers_forget(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(all_tables); i++) {
		kfree(all_tables[i]->item);
		memset(all_tables[i], 0, sizeof(*all_tables[i]));
	}
}
