// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Before the text of a patch is freed: the rule of redirect.c, looked at from the
 * other side. After the transition no stack names a function of the patch. A
 * sleeper that does is a fault of ours: it is reported, and the text stays until
 * it has gone on. A task that was preempted may hold an address for a while that
 * it no longer needs; it is waited for.
 */
#include <linux/kernel.h>
#include <linux/bug.h>
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include "internal.h"

static DEFINE_MUTEX(lock); /* what follows */
static const struct klp_plan *text;
static bool named;

static bool in_text(unsigned long word)
{
	return klp_plan_find(text, word);
}

static void look_for_name(struct task_struct *task)
{
	unsigned long entries[KLP_STACK_ENTRIES];
	unsigned long flags = task_rq_lock(task);
	int nr = 0;

	if (!task_curr(task) && task->__state != TASK_DEAD)
		nr = stack_trace_save_tsk_reliable(task, entries, KLP_STACK_ENTRIES);
	while (nr > 0)
		if (in_text(entries[--nr]))
			named = true;
	task_rq_unlock(task, flags);
}

void klp_wait_until_unused(struct klp_patch *patch)
{
	struct klp_plan *own = klp_own_text(patch);

	might_sleep();
	if (!own)
		return;
	mutex_lock(&lock);
	text = own;
	for (;;) {
		named = false;
		klp_for_each_task(look_for_name);
		if (!WARN_ON_ONCE(named))
			break;
		schedule_timeout_uninterruptible(HZ / 10);
	}
	wait_until_off_all_stacks(in_text, "livepatch");
	mutex_unlock(&lock);
	kvfree(own);
}
