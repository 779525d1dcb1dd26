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

static notrace unsigned int filter_position(const struct ftrace_ops *ops, unsigned long ip)
{
	unsigned int low = 0, high = ops->nr_filter;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (ops->filter[mid] < ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

notrace bool ftrace_ops_test(const struct ftrace_ops *ops, unsigned long ip)
{
	unsigned int at;

	if (!ops->filter)
		return true;
	at = filter_position(ops, ip);
	return at < ops->nr_filter && ops->filter[at] == ip;
}

void ftrace_free_filter(struct ftrace_ops *ops)
{
	kfree(ops->filter);
	ops->filter = NULL;
	ops->nr_filter = 0;
}

static int filter_remove(struct ftrace_ops *ops, unsigned long ip)
{
	unsigned int at = filter_position(ops, ip);

	if (at == ops->nr_filter || ops->filter[at] != ip)
		return -ENOENT;
	memmove(ops->filter + at, ops->filter + at + 1,
		(ops->nr_filter - at - 1) * sizeof(*ops->filter));
	ops->nr_filter--;
	return 0;
}

static int filter_add(struct ftrace_ops *ops, unsigned long ip)
{
	unsigned int at = filter_position(ops, ip);
	unsigned long *grown;

	if (at < ops->nr_filter && ops->filter[at] == ip)
		return 0;
	grown = kmalloc((ops->nr_filter + 1) * sizeof(*grown), GFP_KERNEL);
	if (!grown)
		return -ENOMEM;
	memcpy(grown, ops->filter, at * sizeof(*grown));
	grown[at] = ip;
	memcpy(grown + at + 1, ops->filter + at, (ops->nr_filter - at) * sizeof(*grown));
	kfree(ops->filter);
	ops->filter = grown;
	ops->nr_filter++;
	return 0;
}

/* @reset empties the filter first. -EINVAL: no patchable entry at @ip. */
int ftrace_set_filter_ip(struct ftrace_ops *ops, unsigned long ip, int remove, int reset)
{
	if (ops->flags & FTRACE_OPS_FL_ENABLED)
		return -EBUSY;
	if (reset)
		ftrace_free_filter(ops);
	if (remove)
		return filter_remove(ops, ip);
	ip = ftrace_location(ip);
	return ip ? filter_add(ops, ip) : -EINVAL;
}
