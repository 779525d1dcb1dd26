// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The function tracer: each call of a wanted function is an event.
 *
 * Which functions are wanted follows from two sets: those chosen (none: all)
 * without those left out. When a set changes, a second ftrace_ops with the new
 * choice is registered before the first one goes, so that no call is missed;
 * the handler records for the one that is @active alone, so that none is
 * recorded twice.
 */
#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include "ftrace_internal.h"
#include "trace.h"

DEFINE_MUTEX(tracer_mutex);
struct function_set traced_set, untraced_set;
static struct ftrace_ops pair[2];
static struct ftrace_ops *active; /* NULL: nothing is wanted */
static bool selected;

static notrace void trace_call(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			       struct ftrace_regs *fregs)
{
	if (READ_ONCE(active) == ops)
		ring_write_function(ip, parent_ip);
}

/* The ops that shall be active; NULL where no function is wanted. */
static int make_next(struct ftrace_ops **out)
{
	struct ftrace_ops *next = active == &pair[0] ? &pair[1] : &pair[0];
	struct function_set wanted = {};
	int ret;

	*next = (struct ftrace_ops){ .func = trace_call, .flags = FTRACE_OPS_FL_SAVE_REGS };
	*out = next;
	if (!traced_set.nr && !untraced_set.nr)
		return 0;
	ret = set_difference(&wanted, &traced_set, &untraced_set);
	if (ret || !wanted.nr) {
		set_free(&wanted);
		*out = NULL;
		return ret;
	}
	/* the ops has the array from now on */
	next->filter = wanted.ip;
	next->nr_filter = wanted.nr;
	return 0;
}

int tracer_update(void)
{
	struct ftrace_ops *next = NULL, *old = active;
	int ret = 0;

	lockdep_assert_held(&tracer_mutex);
	if (selected)
		ret = make_next(&next);
	if (!ret && next)
		ret = register_ftrace_function(next);
	if (ret) {
		if (next)
			ftrace_free_filter(next);
		return ret;
	}
	WRITE_ONCE(active, next);
	if (old) {
		unregister_ftrace_function(old);
		ftrace_free_filter(old);
	}
	return 0;
}

const char *tracer_name(void)
{
	return READ_ONCE(selected) ? "function" : "nop";
}

int tracer_select(const char *name)
{
	bool before = selected;
	int ret;

	lockdep_assert_held(&tracer_mutex);
	if (strcmp(name, "nop") && strcmp(name, "function"))
		return -EINVAL;
	ret = strcmp(name, "nop") ? ring_alloc() : 0;
	if (ret)
		return ret;
	selected = !strcmp(name, "function");
	ret = before == selected ? 0 : tracer_update();
	if (ret)
		selected = before;
	return ret;
}

/* ---- modules ---- */

static bool forget_those_of(struct function_set *set, const struct module *mod)
{
	unsigned long start = (unsigned long)mod->mem[MOD_TEXT].base;
	unsigned int before = set->nr;

	for (unsigned int i = set->nr; i-- > 0;)
		if (set->ip[i] - start < mod->mem[MOD_TEXT].size)
			set_remove(set, set->ip[i]);
	return set->nr != before;
}

/* Its functions are still there, and nobody calls them any more. */
void tracer_module_going(const struct module *mod)
{
	bool changed;

	mutex_lock(&tracer_mutex);
	changed = forget_those_of(&traced_set, mod) | forget_those_of(&untraced_set, mod);
	/* what cannot be made anew goes on without it: a site that is gone is passed over */
	if (changed && active)
		tracer_update();
	mutex_unlock(&tracer_mutex);
}

/* Its functions are new: they are wanted where all but some are. */
void tracer_module_coming(void)
{
	mutex_lock(&tracer_mutex);
	if (active && !traced_set.nr && untraced_set.nr)
		tracer_update();
	mutex_unlock(&tracer_mutex);
}
