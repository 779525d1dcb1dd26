// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A transition: all tasks from one side to the other, one by one (tasks.c).
 *
 *	init		every task is on the side it comes from; the patch's functions
 *			are in transition
 *	start		every task is asked
 *	try		each is looked at once; those that run are prodded
 *	complete	what went away is unlinked, states and flags are given up
 *
 * What drives it to its end is the tasks: the one that switches last queues the
 * completion. The retry each second is for those that nothing else reaches, and
 * carries the signals, each SIGNALS_TIMEOUT seconds. Only one transition at a
 * time; klp_mutex is held through every step.
 *
 * Order of stores, which the handler relies on (redirect.c, constraint 5):
 *	beginning	states, then what the entries say
 *	end		what the entries say; synchronize; states
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include "internal.h"

#define SIGNALS_TIMEOUT 15 /* seconds between two rounds of fake signals */

struct klp_patch *klp_transition_patch;
static unsigned int seconds; /* since the transition was started */

static void completion_work_fn(struct work_struct *work);
static void retry_work_fn(struct work_struct *work);
static DECLARE_WORK(completion_work, completion_work_fn);
static DECLARE_DELAYED_WORK(retry_work, retry_work_fn);

static const char *direction(int target)
{
	return target == KLP_TRANSITION_PATCHED ? "patching" : "unpatching";
}

static bool going_to(int target)
{
	return klp_target_state == target;
}

/* For a patch that goes, the plan is made here, while it can be refused; one that comes gets it when it is in place. */
int klp_init_transition(struct klp_patch *patch, int target)
{
	lockdep_assert_held(&klp_mutex);
	if (target == KLP_TRANSITION_UNPATCHED) {
		int ret = klp_plan(patch, target);

		if (ret)
			return ret;
	}
	ASSERT_CONSTRAINT("livepatch/tasks.c 2", klp_nobody_is_asked());
	klp_transition_patch = patch;
	klp_target_state = target;
	dynamic_pr_info("'%s': initializing %s transition\n", patch->mod->name, direction(target));
	klp_set_all_states(!target);
	smp_wmb();
	ASSERT_CONSTRAINT("livepatch/redirect.c 5", klp_all_states_are(!target));
	klp_set_transition(patch, true);
	return 0;
}

void klp_start_transition(void)
{
	lockdep_assert_held(&klp_mutex);
	pr_notice("'%s': starting %s transition\n", klp_transition_patch->mod->name,
		  direction(klp_target_state));
	seconds = 0;
	klp_ask_all_tasks();
}

static void call_objects(struct klp_patch *patch, enum klp_call which)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		if (klp_is_object_loaded(obj))
			klp_callback(obj, which);
}

static void unpatch_objects(struct klp_patch *patch)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		klp_unpatch_object(obj, KLP_ALL_FUNCS);
}

/* For an assertion: does an entry still distinguish the two sides? */
static bool klp_in_transition(struct klp_patch *patch)
{
	struct klp_object *obj;
	struct klp_func *func;

	klp_for_each_object(patch, obj)
		klp_for_each_func(obj, func)
			if (func->transition)
				return true;
	return false;
}

/* Not inlined: observers stop here, when every task has switched. */
static noinline void klp_complete_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;
	int target = klp_target_state;

	lockdep_assert_held(&klp_mutex);
	ASSERT_CONSTRAINT("livepatch/tasks.c 1", klp_nobody_is_asked());
	dynamic_pr_info("'%s': completing %s transition\n", patch->mod->name, direction(target));
	klp_drop_plan();
	if (target == KLP_TRANSITION_UNPATCHED)
		unpatch_objects(patch);
	else if (patch->replace)
		klp_drop_replaced(patch);
	klp_set_transition(patch, false);
	/* a handler that has loaded the old addresses must not meet a state given up */
	synchronize_rcu();
	ASSERT_CONSTRAINT("livepatch/redirect.c 5", !klp_in_transition(patch));
	klp_set_all_states(KLP_TRANSITION_IDLE);
	call_objects(patch, target == KLP_TRANSITION_PATCHED ? KLP_POST_PATCH : KLP_POST_UNPATCH);
	pr_notice("'%s': %s complete\n", patch->mod->name, direction(target));
	klp_target_state = KLP_TRANSITION_IDLE;
	klp_transition_patch = NULL;
}

/* The patch could not be enabled; no task has been asked yet. */
void klp_cancel_transition(void)
{
	DEBUG_ASSERT(klp_nobody_is_asked());
	dynamic_pr_info("'%s': canceling patching transition, going to unpatch\n",
			klp_transition_patch->mod->name);
	klp_target_state = KLP_TRANSITION_UNPATCHED;
	klp_complete_transition();
}

static void free_what_is_left(struct klp_patch *patch)
{
	struct klp_patch *old, *next;

	if (!patch->enabled)
		klp_free_patch_later(patch);
	else if (patch->replace)
		list_for_each_entry_safe(old, next, &klp_patches, list) {
			if (old == patch)
				break;
			klp_free_patch_later(old);
		}
}

void klp_try_complete_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;

	lockdep_assert_held(&klp_mutex);
	if (!klp_try_all_tasks()) {
		schedule_delayed_work(&retry_work, HZ);
		return;
	}
	cancel_delayed_work(&retry_work);
	klp_complete_transition();
	free_what_is_left(patch);
}

/* ---- what drives it ---- */

void klp_all_tasks_switched(void)
{
	schedule_work(&completion_work);
}

static void completion_work_fn(struct work_struct *work)
{
	mutex_lock(&klp_mutex);
	if (klp_transition_patch)
		klp_try_complete_transition();
	mutex_unlock(&klp_mutex);
}

static void retry_work_fn(struct work_struct *work)
{
	mutex_lock(&klp_mutex);
	if (klp_transition_patch) {
		seconds++;
		if (seconds == SIGNALS_TIMEOUT)
			pr_notice("signaling remaining tasks\n");
		if (seconds % SIGNALS_TIMEOUT == 0)
			klp_signal_tasks();
		klp_try_complete_transition();
	}
	mutex_unlock(&klp_mutex);
}

/* ---- the administrator ---- */

/* Goes back to where it came from. -ENOMEM: it goes on as before. */
int klp_reverse_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;
	int from = klp_target_state, ret;

	lockdep_assert_held(&klp_mutex);
	klp_stop_asking();
	ret = klp_plan(patch, !from);
	if (ret) {
		klp_ask_all_tasks();
		return ret;
	}
	dynamic_pr_info("'%s': reversing transition from %s to %s\n", patch->mod->name,
			direction(from), direction(!from));
	patch->enabled = going_to(KLP_TRANSITION_UNPATCHED);
	ASSERT_CONSTRAINT("livepatch/tasks.c 2", klp_nobody_is_asked());
	klp_target_state = !from;
	smp_wmb();
	klp_start_transition();
	klp_try_complete_transition();
	return 0;
}

/*
 * The administrator declares that the tasks left are harmless. Some may run in
 * the old code for ever, so no module involved can be removed again.
 */
void klp_force_transition(void)
{
	struct klp_patch *patch;

	lockdep_assert_held(&klp_mutex);
	pr_warn("forcing remaining tasks to the patched state\n");
	klp_transition_patch->forced = true;
	/* what it replaces may be running too */
	if (klp_transition_patch->replace)
		list_for_each_entry(patch, &klp_patches, list)
			patch->forced = true;
	klp_force_all_tasks();
}
