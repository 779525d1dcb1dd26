// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plan of a transition: the functions that nobody may be in when it ends,
 * by address.
 *
 * Going to the patch, these are the versions that it replaces; going back, its
 * own. Made under klp_mutex; read by whoever looks at a stack, with preemption
 * off: a plan is replaced as a whole, and the old one freed when nobody reads it.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "internal.h"

static struct klp_plan *current_plan;

static unsigned int count_funcs(struct klp_patch *patch)
{
	struct klp_object *obj;
	struct klp_func *func;
	unsigned int nr = 0;

	klp_for_each_object(patch, obj)
		klp_for_each_func(obj, func)
			nr++;
	return nr;
}

/* The version that nobody may be in when the transition to @target ends. */
static struct klp_range going_away(struct klp_func *func, int target)
{
	struct klp_func *version =
		target == KLP_TRANSITION_UNPATCHED ? func : klp_version_below(func);

	if (version && !version->nop)
		return (struct klp_range){ (unsigned long)version->new_func, version->new_size,
					   func->old_name };
	return (struct klp_range){ (unsigned long)func->old_func, func->old_size, func->old_name };
}

/* Heap sort, by start. */
static void sift_down(struct klp_plan *plan, unsigned int from, unsigned int end)
{
	struct klp_range moved = plan->range[from];
	unsigned int child;

	for (; 2 * from + 1 < end; from = child) {
		child = 2 * from + 1;
		if (child + 1 < end && plan->range[child].start < plan->range[child + 1].start)
			child++;
		if (plan->range[child].start <= moved.start)
			break;
		plan->range[from] = plan->range[child];
	}
	plan->range[from] = moved;
}

static void sort_plan(struct klp_plan *plan)
{
	struct klp_range largest;
	unsigned int i;

	for (i = plan->nr / 2; i-- > 0;)
		sift_down(plan, i, plan->nr);
	for (i = plan->nr; i-- > 1;) {
		largest = plan->range[0];
		plan->range[0] = plan->range[i];
		plan->range[i] = largest;
		sift_down(plan, 0, i);
	}
}

static struct klp_plan *new_plan(struct klp_patch *patch)
{
	struct klp_plan *plan =
		kvmalloc(sizeof(*plan) + count_funcs(patch) * sizeof(plan->range[0]), GFP_KERNEL);

	if (plan)
		plan->nr = 0;
	return plan;
}

/* The text that the patch brought, whether anybody is sent there or not; free with kvfree(). */
struct klp_plan *klp_own_text(struct klp_patch *patch)
{
	struct klp_plan *plan = new_plan(patch);
	struct klp_object *obj;
	struct klp_func *func;

	if (!plan)
		return NULL;
	klp_for_each_object(patch, obj)
		klp_for_each_func(obj, func)
			if (!func->nop && func->new_size)
				plan->range[plan->nr++] =
					(struct klp_range){ (unsigned long)func->new_func,
							    func->new_size, func->old_name };
	sort_plan(plan);
	return plan;
}

static void replace_plan(struct klp_plan *plan)
{
	struct klp_plan *old = current_plan;

	lockdep_assert_held(&klp_mutex);
	rcu_assign_pointer(current_plan, plan);
	if (old) {
		synchronize_rcu();
		kvfree(old);
	}
}

/* To be called anew when functions of the patch come or go. -ENOMEM: the old plan stays. */
int klp_plan(struct klp_patch *patch, int target)
{
	struct klp_plan *plan = new_plan(patch);
	struct klp_object *obj;
	struct klp_func *func;

	if (!plan)
		return -ENOMEM;
	klp_for_each_object(patch, obj)
		klp_for_each_func(obj, func)
			if (func->patched)
				plan->range[plan->nr++] = going_away(func, target);
	sort_plan(plan);
	replace_plan(plan);
	return 0;
}

void klp_drop_plan(void)
{
	replace_plan(NULL);
}

/* Preemption is off until the caller is done with it. */
const struct klp_plan *klp_current_plan(void)
{
	lockdep_assert_preemption_disabled();
	return rcu_dereference(current_plan);
}

const struct klp_range *klp_plan_find(const struct klp_plan *plan, unsigned long addr)
{
	unsigned int below = 0, above = plan->nr;

	/* range[below - 1].start <= addr < range[above].start */
	while (below != above) {
		unsigned int probe = below + (above - below) / 2;

		if (plan->range[probe].start > addr)
			above = probe;
		else
			below = probe + 1;
	}
	if (!below || addr - plan->range[below - 1].start >= plan->range[below - 1].size)
		return NULL;
	return &plan->range[below - 1];
}
