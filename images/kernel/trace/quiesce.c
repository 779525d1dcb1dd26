// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When may a trampoline be freed?
 *
 * No site calls it any more and no CPU is in a handler; left is a task that was
 * interrupted between the trampoline's first instruction and its last and has
 * not come back yet. Linux waits until every task has slept of its own will or
 * been in user mode (synchronize_rcu_tasks); here each task is looked at:
 *
 *  - one that sleeps is not in a trampoline: nothing a trampoline calls sleeps;
 *  - one that waits for a CPU was preempted; the address it will return to is a
 *    word on its kernel stack, so the stack is searched for words that point
 *    into the trampoline. A stale word can only make us wait longer;
 *  - one that runs is interrupted and its stack searched the same way.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include "ftrace_internal.h"

struct range {
	unsigned long start, size;
	bool found;
};

static bool stack_points_into(struct task_struct *task, unsigned long sp, struct range *range)
{
	unsigned long end = (unsigned long)task_stack_page(task) + THREAD_SIZE;

	if (sp < (unsigned long)task_stack_page(task) || sp >= end)
		return false;
	for (sp = ALIGN(sp, sizeof(long)); sp < end; sp += sizeof(long))
		if (*(unsigned long *)sp - range->start < range->size)
			return true;
	return false;
}

/* On each CPU, from an interrupt: the frame of what was interrupted is on the stack. */
static void search_this_cpu(void *arg)
{
	struct range *range = arg;

	if (stack_points_into(current, (unsigned long)__builtin_frame_address(0), range))
		WRITE_ONCE(range->found, true);
}

static bool search_waiting_tasks(struct range *range)
{
	struct task_struct *leader, *task;
	unsigned long flags, rq_flags;
	bool found = false;

	spin_lock_irqsave(&tasklist_lock, flags);
	for_each_process_thread(leader, task) {
		rq_flags = task_rq_lock(task);
		if (task->on_rq && !task->on_cpu &&
		    stack_points_into(task, task->thread.sp, range))
			found = true;
		task_rq_unlock(task, rq_flags);
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return found;
}

void ftrace_wait_trampoline_unused(unsigned long start, unsigned long size)
{
	struct range range = { .start = start, .size = size };
	int tries;

	for (tries = 0; ; tries++) {
		range.found = false;
		/* Waiting ones first: one of them may start to run, but not the other way unseen. */
		if (!search_waiting_tasks(&range)) {
			smp_call_function(search_this_cpu, &range, 1);
			if (!range.found && !search_waiting_tasks(&range))
				return;
		}
		if (tries == 500)
			pr_warn("ftrace: a task has been in the trampoline at %px for 5 s\n",
				(void *)start);
		schedule_timeout_uninterruptible(1);
	}
}
