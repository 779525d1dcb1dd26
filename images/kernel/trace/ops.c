// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who wants which function: ftrace_ops coming and going, alone or many at once.
 *
 * Constraints:
 *  1. One IPMODIFY ops per function; it must not want all functions.
 *  2. An ops that joins has its stub and is on the list before a site calls it;
 *     one that leaves is called by no site before its stub is waited for.
 *  3. What leaves may be freed only when no CPU is in its handler and no task on
 *     the way to it: its stub is then on no stack (quiesce.c). A handler runs with
 *     the stub's address below it, so the wait covers both.
 *
 * ftrace_lock protects the list and the internal fields. The list handler walks
 * the list without it, with preemption off.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include "ftrace_internal.h"

static LIST_HEAD(registered);
int ftrace_enabled = 1;

/* ---- what runs behind an entry that several want ---- */

static notrace void call_all(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *unused,
			     struct ftrace_regs *fregs)
{
	struct list_head *at;

	preempt_disable_notrace();
	for (at = READ_ONCE(registered.next); at != &registered; at = READ_ONCE(at->next)) {
		struct ftrace_ops *ops = list_entry(at, struct ftrace_ops, list);

		if (ftrace_ops_test(ops, ip))
			ops->func(ip, parent_ip, ops, fregs);
	}
	preempt_enable_notrace();
}

struct ftrace_ops ftrace_list_ops = { .func = call_all };

static bool is_registered(const struct ftrace_ops *ops)
{
	const struct ftrace_ops *other;

	list_for_each_entry(other, &registered, list)
		if (other == ops)
			return true;
	return false;
}

/* ---- joining and leaving a site ---- */

static void join_site(struct dyn_ftrace *site, void *arg)
{
	struct ftrace_ops *ops = arg;

	lockdep_assert_held(&ftrace_lock);
	ASSERT_CONSTRAINT("trace/ops.c 1", !(ops->flags & FTRACE_OPS_FL_IPMODIFY) ||
						   (ops->filter && !site->claimed));
	ASSERT_CONSTRAINT("trace/ops.c 2", ops->trampoline && is_registered(ops));
	site->sole = site->nr_ops++ ? NULL : ops;
	site->claimed |= !!(ops->flags & FTRACE_OPS_FL_IPMODIFY);
	site->stale = true;
}

static void leave_site(struct dyn_ftrace *site, void *arg)
{
	struct ftrace_ops *ops = arg, *other;

	lockdep_assert_held(&ftrace_lock);
	DEBUG_ASSERT(site->nr_ops);
	site->sole = NULL;
	if (--site->nr_ops == 1)
		list_for_each_entry(other, &registered, list)
			if (other != ops && ftrace_ops_test(other, site->ip))
				site->sole = other;
	if (ops->flags & FTRACE_OPS_FL_IPMODIFY)
		site->claimed = false;
	site->stale = true;
}

static void for_each_wanted(struct ftrace_ops *ops, void (*fn)(struct dyn_ftrace *, void *))
{
	if (!ops->filter) {
		ftrace_for_each_site(fn, ops);
		return;
	}
	for (unsigned int i = 0; i < ops->nr_filter; i++) {
		struct dyn_ftrace *site = ftrace_find_site(ops->filter[i]);

		if (site)
			fn(site, ops);
	}
}

/* Entries of a module that comes; those who want all functions want these too. */
void ftrace_want_new_sites(struct dyn_ftrace *first, unsigned int nr)
{
	struct ftrace_ops *ops;

	lockdep_assert_held(&ftrace_lock);
	list_for_each_entry(ops, &registered, list)
		for (unsigned int i = 0; i < nr && !ops->filter; i++)
			join_site(&first[i], ops);
}

static bool any_claimed(struct ftrace_ops *ops)
{
	for (unsigned int i = 0; i < ops->nr_filter; i++) {
		struct dyn_ftrace *site = ftrace_find_site(ops->filter[i]);

		if (site && site->claimed)
			return true;
	}
	return false;
}

static int may_join(struct ftrace_ops *ops)
{
	bool permanent = ops->flags & FTRACE_OPS_FL_PERMANENT;
	bool ipmodify = ops->flags & FTRACE_OPS_FL_IPMODIFY;

	/* a permanent ops must work; with ftrace off it would not */
	if ((ops->flags & FTRACE_OPS_FL_ENABLED) || (permanent && !ftrace_enabled))
		return -EBUSY;
	if (ipmodify && (!ops->filter || !(ops->flags & FTRACE_OPS_FL_SAVE_REGS)))
		return -EINVAL;
	return ipmodify && any_claimed(ops) ? -EBUSY : 0;
}

/* ---- one ops; the sites are written by the caller ---- */

static int join(struct ftrace_ops *ops)
{
	int ret = may_join(ops);

	lockdep_assert_held(&ftrace_lock);
	if (ret)
		return ret;
	ops->trampoline = ftrace_stub_alloc(ops);
	if (!ops->trampoline)
		return -ENOMEM;
	ops->flags |= FTRACE_OPS_FL_ENABLED | FTRACE_OPS_FL_DYNAMIC;
	/* complete before call_all() can see it */
	ops->list.next = &registered;
	ops->list.prev = registered.prev;
	smp_store_release(&registered.prev->next, &ops->list);
	registered.prev = &ops->list;
	for_each_wanted(ops, join_site);
	return 0;
}

static void leave(struct ftrace_ops *ops)
{
	lockdep_assert_held(&ftrace_lock);
	ops->flags &= ~FTRACE_OPS_FL_ENABLED;
	/* its own next stays: call_all() may stand on it */
	ops->list.next->prev = ops->list.prev;
	WRITE_ONCE(ops->list.prev->next, ops->list.next);
	for_each_wanted(ops, leave_site);
	ftrace_stub_retire(ops->trampoline);
	ops->trampoline = 0;
}

/* ---- many ---- */

static void see_if_retired(struct dyn_ftrace *site, void *found)
{
	*(bool *)found |= ftrace_is_retired_stub(site->target);
}

static bool any_site_calls_retired_stub(void)
{
	bool found = false;

	ftrace_for_each_site(see_if_retired, &found);
	return found;
}

static void finish_leaving(void)
{
	int error = ftrace_write_sites();

	BUG_UNLESS_CONSTRAINT("trace/ops.c 2", error || !any_site_calls_retired_stub());
	synchronize_rcu();
	wait_until_off_all_stacks(ftrace_is_retired_stub, "ftrace");
	BUG_UNLESS_CONSTRAINT("trace/ops.c 3", !is_on_stack_of_sleeper(ftrace_is_retired_stub));
	ftrace_free_retired_stubs();
}

static int join_all(struct list_head *batch, struct ftrace_ops **culprit)
{
	struct ftrace_ops *ops, *undo;
	int ret = 0;

	list_for_each_entry(ops, batch, batch) {
		ret = join(ops);
		if (ret)
			break;
	}
	if (!ret) {
		ret = ftrace_write_sites();
		if (!ret)
			return 0;
		/* no single one is to blame: all go again */
		ops = list_first_entry(batch, struct ftrace_ops, batch);
		list_for_each_entry(undo, batch, batch)
			leave(undo);
	} else {
		list_for_each_entry(undo, batch, batch) {
			if (undo == ops)
				break;
			leave(undo);
		}
	}
	finish_leaving();
	*culprit = ops;
	return ret;
}

/* -EBUSY: another IPMODIFY ops has one of the functions, or ftrace is off. */
int register_ftrace_batch(struct list_head *batch, struct ftrace_ops **culprit)
{
	int ret;

	mutex_lock(&ftrace_lock);
	ret = join_all(batch, culprit);
	mutex_unlock(&ftrace_lock);
	return ret;
}

void unregister_ftrace_batch(struct list_head *batch)
{
	struct ftrace_ops *ops;

	if (list_empty(batch))
		return;
	mutex_lock(&ftrace_lock);
	list_for_each_entry(ops, batch, batch)
		leave(ops);
	finish_leaving();
	mutex_unlock(&ftrace_lock);
}

int register_ftrace_function(struct ftrace_ops *ops)
{
	struct ftrace_ops *culprit;
	LIST_HEAD(alone);
	int ret;

	list_add(&ops->batch, &alone);
	ret = register_ftrace_batch(&alone, &culprit);
	list_del_init(&ops->batch);
	return ret;
}
EXPORT_SYMBOL(register_ftrace_function);

int unregister_ftrace_function(struct ftrace_ops *ops)
{
	LIST_HEAD(alone);

	if (!(ops->flags & FTRACE_OPS_FL_ENABLED))
		return -EBUSY;
	list_add(&ops->batch, &alone);
	unregister_ftrace_batch(&alone);
	list_del_init(&ops->batch);
	return 0;
}
EXPORT_SYMBOL(unregister_ftrace_function);
EXPORT_SYMBOL(ftrace_set_filter_ip);
EXPORT_SYMBOL(ftrace_free_filter);

/* ---- kernel.ftrace_enabled ---- */

static void make_stale(struct dyn_ftrace *site, void *arg)
{
	site->stale = true;
}

static bool any_permanent(void)
{
	struct ftrace_ops *ops;

	list_for_each_entry(ops, &registered, list)
		if (ops->flags & FTRACE_OPS_FL_PERMANENT)
			return true;
	return false;
}

/* -EBUSY: a permanent ops is there. */
int ftrace_set_enabled(int on)
{
	int ret = -EBUSY;

	mutex_lock(&ftrace_lock);
	if (on || !any_permanent()) {
		ftrace_enabled = !!on;
		ftrace_for_each_site(make_stale, NULL);
		ret = ftrace_write_sites();
	}
	mutex_unlock(&ftrace_lock);
	return ret;
}
