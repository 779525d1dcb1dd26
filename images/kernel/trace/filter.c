// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which functions an ftrace_ops wants: a sorted array of entry addresses.
 *
 * Promises: no filter means every function; an address is accepted only if it
 * is a patchable entry. A filter may change only while the ops is not
 * registered, so that handlers read it without a lock.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/ftrace.h>
#include "ftrace_internal.h"

/* How many of the addresses lie below @ip. */
static notrace unsigned int count_below(const struct ftrace_ops *ops, unsigned long ip)
{
	unsigned int below = 0, above = ops->nr_filter;

	while (below != above) {
		unsigned int probe = below + (above - below) / 2;

		if (ops->filter[probe] >= ip)
			above = probe;
		else
			below = probe + 1;
	}
	return below;
}

static notrace bool holds(const struct ftrace_ops *ops, unsigned int at, unsigned long ip)
{
	return at < ops->nr_filter && ops->filter[at] == ip;
}

notrace bool ftrace_ops_test(const struct ftrace_ops *ops, unsigned long ip)
{
	return !ops->filter || holds(ops, count_below(ops, ip), ip);
}

void ftrace_free_filter(struct ftrace_ops *ops)
{
	DEBUG_ASSERT(!(ops->flags & FTRACE_OPS_FL_ENABLED));
	kfree(ops->filter);
	ops->filter = NULL;
	ops->nr_filter = 0;
}

static int take_out(struct ftrace_ops *ops, unsigned long ip)
{
	unsigned int at = count_below(ops, ip);

	DEBUG_ASSERT(!(ops->flags & FTRACE_OPS_FL_ENABLED));
	if (!holds(ops, at, ip))
		return -ENOENT;
	ops->nr_filter--;
	memmove(&ops->filter[at], &ops->filter[at + 1],
		(ops->nr_filter - at) * sizeof(ops->filter[0]));
	return 0;
}

static int put_in(struct ftrace_ops *ops, unsigned long ip)
{
	unsigned int at = count_below(ops, ip);
	unsigned long *longer;

	DEBUG_ASSERT(!(ops->flags & FTRACE_OPS_FL_ENABLED));
	if (holds(ops, at, ip))
		return 0;
	longer = kmalloc((ops->nr_filter + 1) * sizeof(*longer), GFP_KERNEL);
	if (!longer)
		return -ENOMEM;
	memcpy(longer, ops->filter, at * sizeof(*longer));
	memcpy(&longer[at + 1], &ops->filter[at], (ops->nr_filter - at) * sizeof(*longer));
	longer[at] = ip;
	ops->nr_filter++;
	kfree(ops->filter);
	ops->filter = longer;
	return 0;
}

/* @reset empties the filter first. -EINVAL: no patchable entry at @ip. */
int ftrace_set_filter_ip(struct ftrace_ops *ops, unsigned long ip, int remove, int reset)
{
	unsigned long entry = ftrace_location(ip);

	if (ops->flags & FTRACE_OPS_FL_ENABLED)
		return -EBUSY;
	if (reset)
		ftrace_free_filter(ops);
	if (remove)
		return take_out(ops, entry ? entry : ip);
	return entry ? put_in(ops, entry) : -EINVAL;
}
