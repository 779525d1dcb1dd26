// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When may code be freed that a task may have been interrupted in?
 *
 * Linux waits until every task has slept of its own will or been in user mode
 * (synchronize_rcu_tasks). Here the stacks are asked: an address that a task
 * will go on at, or return to, is a word on its stack. While all CPUs stand still,
 * in an interrupt, the stacks of two kinds of tasks are searched:
 *
 *  - those that wait for a CPU: they may have been preempted anywhere;
 *  - those that were running, from the frame of that interrupt upwards.
 *
 * A task that sleeps is left out: nothing on the way to a handler sleeps. A
 * stale word can only make us wait longer.
 */
#include <linux/kernel.h>
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>
#include "ftrace_internal.h"

#define PATIENCE	(5 * HZ)
#define SLEEPER_ENTRIES 100

struct search {
	stack_word_fn hit;
	bool found;
};

static void search_stack(struct search *search, struct task_struct *task, unsigned long from)
{
	unsigned long base = (unsigned long)task_stack_page(task);
	unsigned long *word = (unsigned long *)ALIGN(from, sizeof(*word));

	if (from - base >= THREAD_SIZE)
		return;
	for (; word < (unsigned long *)(base + THREAD_SIZE); word++)
		if (search->hit(*word)) {
			search->found = true;
			return;
		}
}

static void search_waiting(struct task_struct *task, void *arg)
{
	search_stack(arg, task, task->thread.sp);
}

/* All other CPUs stand still, none of them in the scheduler. */
static int search_all(void *arg)
{
	unsigned int cpu;

	lockdep_assert_irqs_disabled();
	sched_for_each_waiting(search_waiting, arg);
	for_each_online_cpu(cpu)
		if (cpu != smp_processor_id())
			search_stack(arg, cpu_curr(cpu), stopped_stack_pointer(cpu));
	return 0;
}

#ifdef CONFIG_DEBUG_KERNEL

static bool is_on_stack(struct task_struct *task, stack_word_fn hit)
{
	unsigned long entries[SLEEPER_ENTRIES], flags = task_rq_lock(task);
	bool found = false;
	int nr = 0;

	if (!task->on_cpu && !task->on_rq && task->__state != TASK_DEAD)
		nr = stack_trace_save_tsk_reliable(task, entries, SLEEPER_ENTRIES);
	while (nr > 0)
		found |= hit(entries[--nr]);
	task_rq_unlock(task, flags);
	return found;
}

/* Those that are left out above: do their stacks, unwound reliably, bear it out? */
bool is_on_stack_of_sleeper(stack_word_fn hit)
{
	struct task_struct *leader, *task;
	bool found = false;

	spin_lock(&tasklist_lock);
	for_each_process_thread(leader, task)
		found |= is_on_stack(task, hit);
	spin_unlock(&tasklist_lock);
	return found;
}

#endif

void wait_until_off_all_stacks(stack_word_fn hit, const char *what)
{
	struct search search = { .hit = hit };
	unsigned long since = jiffies;
	bool said = false;

	might_sleep();
	for (;;) {
		search.found = false;
		stop_machine(search_all, &search);
		if (!search.found)
			return;
		if (!said && jiffies - since > PATIENCE) {
			pr_warn("%s: a task has been in code that shall be freed for %d s\n", what,
				PATIENCE / HZ);
			said = true;
		}
		schedule_timeout_uninterruptible(1);
	}
}
