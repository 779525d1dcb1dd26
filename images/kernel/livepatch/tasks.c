// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which version a task gets (task->patch_state), and when that may change.
 *
 * A task is switched
 *	- by itself on its way to user mode, where only entry code is on its stack;
 *	- by itself in the idle loop;
 *	- by itself where it calls the scheduler, or by whoever looks at it while it
 *	  does not run, if its stack, unwound reliably, names no function that goes
 *	  away (redirect.c says what a stack names);
 *	- when it has ended.
 *
 * Constraints:
 *  1. TIF_PATCH_PENDING says: asked, and not switched yet. Who takes the flag
 *     away writes the state, and nobody else; unswitched counts the flags. The task
 *     that takes the last one reports it: completion waits for no timer.
 *  2. The target is stored before any flag is set, and changed only when no flag
 *     is set and nobody is between taking a flag and writing the state. Both lie
 *     in sections with preemption off, so synchronize_rcu() waits for them.
 *  3. A new task has its parent's state and flag, copied under tasklist_lock, so
 *     that a walk over all tasks either finds it or has already set its parent.
 *  4. A stack that names a function that goes away blocks, and so does one that
 *     cannot be unwound reliably.
 *  5. Who looks at stacks does it with preemption off, for the plan's sake (plan.c).
 *
 * Fault seeding, for the tests that must catch it; never defined in a release:
 *   MUTANT_KLP_SKIP_STACK_CHECK	constraint 4 and the search are left out
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include "internal.h"

#ifdef MUTANT_KLP_SKIP_STACK_CHECK
#define STACK_CHECK 0
#else
#define STACK_CHECK 1
#endif

int klp_target_state = KLP_TRANSITION_IDLE;
/* /proc/sys/kernel/livepatch_verbose: say for each task why it was not switched. */
int klp_verbose;

static atomic_t unswitched; /* flags that are set */

/* ---- switching one task ---- */

/* Preemption is off. True: this was the last one. */
static notrace bool switch_task(struct task_struct *task)
{
	ASSERT_CONSTRAINT("livepatch/tasks.c 2", !preemptible());
	if (!test_and_clear_tsk_thread_flag(task, TIF_PATCH_PENDING))
		return false;
	WRITE_ONCE(task->patch_state, READ_ONCE(klp_target_state));
	ASSERT_CONSTRAINT("livepatch/tasks.c 1", atomic_read(&unswitched) > 0);
	ASSERT_CONSTRAINT("livepatch/tasks.c 2", task->patch_state != KLP_TRANSITION_IDLE);
	return atomic_dec_and_test(&unswitched);
}

/* The task is at a place where no changing function can be on its stack. Such places are not traced. */
notrace void klp_update_patch_state(struct task_struct *task)
{
	bool last;

	preempt_disable_notrace();
	last = switch_task(task);
	preempt_enable_notrace();
	if (last)
		klp_all_tasks_switched();
}

static int klp_patch_pending(struct task_struct *task)
{
	return test_tsk_thread_flag(task, TIF_PATCH_PENDING);
}

/* 0, or why not: -EINVAL the stack cannot be trusted, -EADDRINUSE @name is on it. */
static int look_at_stack(struct task_struct *task, const char **name)
{
	unsigned long entries[KLP_STACK_ENTRIES];
	const struct klp_plan *plan = klp_current_plan();
	const struct klp_range *range;
	int nr;

	ASSERT_CONSTRAINT("livepatch/tasks.c 5", !preemptible());
	if (!plan)
		return 0;
	nr = stack_trace_save_tsk_reliable(task, entries, KLP_STACK_ENTRIES);
	if (nr < 0)
		return -EINVAL;
	while (nr--) {
		range = klp_plan_find(plan, entries[nr]);
		if (range) {
			*name = range->name;
			return -EADDRINUSE;
		}
	}
	return 0;
}

static int check_stack(struct task_struct *task, const char **name)
{
	return STACK_CHECK ? look_at_stack(task, name) : 0;
}

/* The task cannot begin to run, nor stop, unless it is the current one. */
static int check_task(struct task_struct *task, const char **name)
{
	if (task != current && task_curr(task))
		return -EBUSY;
	/* it will never run again, whatever its stack says */
	if (task->__state == TASK_DEAD && task != current)
		return 0;
	return check_stack(task, name);
}

static void say_why(struct task_struct *task, int why, const char *name)
{
	if (why == -EBUSY)
		pr_info("klp_try_switch_task: %s:%d is running\n", task->comm, task->pid);
	else if (why == -EADDRINUSE)
		pr_info("klp_try_switch_task: %s:%d is sleeping on function %s\n", task->comm,
			task->pid, name);
	else if (why)
		pr_info("klp_try_switch_task: %s:%d has an unreliable stack\n", task->comm,
			task->pid);
}

/* For an assertion: may it be switched, whatever check_task() has made of it? */
static bool is_clear(struct task_struct *task)
{
	const char *name;

	return (task->__state == TASK_DEAD && task != current) || !look_at_stack(task, &name);
}

/* The same: was it interrupted in the kernel, and has not gone on since? */
static bool is_interrupted(struct task_struct *task)
{
	struct unwind_state state;

	for (unwind_start(&state, task, NULL); !state.done; unwind_next_frame(&state))
		if (state.regs && !user_mode(state.regs))
			return true;
	return false;
}

/* True: it was the last one of all. Who is asked and does not run for long is said, if wanted. */
static bool try_task(struct task_struct *task)
{
	const char *name = NULL;
	unsigned long flags;
	bool last = false;
	int why;

	if (!klp_patch_pending(task))
		return false;
	flags = task_rq_lock(task);
	why = check_task(task, &name);
	ASSERT_CONSTRAINT("livepatch/tasks.c 4", why || is_clear(task));
	ASSERT_CONSTRAINT("livepatch/redirect.c 3", why || !is_interrupted(task));
	if (!why)
		last = switch_task(task);
	task_rq_unlock(task, flags);
	if (klp_verbose)
		say_why(task, why, name);
	return last;
}

/* The current task is about to sleep, or offers its CPU. */
void klp_sched_try_switch(void)
{
	if (likely(!test_thread_flag(TIF_PATCH_PENDING)))
		return;
	if (try_task(current))
		klp_all_tasks_switched();
}

/* From the scheduler: the task has run for the last time. */
void klp_task_dead(struct task_struct *task)
{
	klp_update_patch_state(task);
}

static void ask(struct task_struct *task)
{
	ASSERT_CONSTRAINT("livepatch/tasks.c 2", klp_target_state != KLP_TRANSITION_IDLE);
	if (!test_and_set_tsk_thread_flag(task, TIF_PATCH_PENDING))
		atomic_inc(&unswitched);
}

static void unask(struct task_struct *task)
{
	if (test_and_clear_tsk_thread_flag(task, TIF_PATCH_PENDING))
		atomic_dec(&unswitched);
}

/* Called under tasklist_lock (constraint 3). */
void klp_copy_process(struct task_struct *child)
{
	ASSERT_CONSTRAINT("livepatch/tasks.c 3", lockdep_is_held(&tasklist_lock) &&
							 find_task_by_vpid(child->pid) != child);
	child->patch_state = current->patch_state;
	if (test_thread_flag(TIF_PATCH_PENDING))
		ask(child);
}

/* ---- all tasks ---- */

void klp_for_each_task(void (*fn)(struct task_struct *task))
{
	struct task_struct *leader, *task;
	unsigned long flags;
	unsigned int cpu;

	spin_lock_irqsave(&tasklist_lock, flags);
	for_each_process_thread(leader, task)
		fn(task);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	for_each_possible_cpu(cpu)
		if (idle_task(cpu))
			fn(idle_task(cpu));
}

static int state_for_all; /* klp_mutex */

static void set_state(struct task_struct *task)
{
	ASSERT_CONSTRAINT("livepatch/tasks.c 1", !klp_patch_pending(task));
	WRITE_ONCE(task->patch_state, state_for_all);
}

void klp_set_all_states(int state)
{
	lockdep_assert_held(&klp_mutex);
	state_for_all = state;
	klp_for_each_task(set_state);
}

static void ask_if_behind(struct task_struct *task)
{
	if (task->patch_state != klp_target_state)
		ask(task);
}

void klp_ask_all_tasks(void)
{
	klp_for_each_task(ask_if_behind);
}

#ifdef CONFIG_DEBUG_KERNEL

/* Under klp_mutex. */
static unsigned int nr_flags, nr_states[3]; /* by state + 1 */

static void count_task(struct task_struct *task)
{
	nr_flags += klp_patch_pending(task);
	nr_states[task->patch_state + 1]++;
}

static void count_tasks(void)
{
	lockdep_assert_held(&klp_mutex);
	nr_flags = 0;
	memset(nr_states, 0, sizeof(nr_states));
	klp_for_each_task(count_task);
}

bool klp_nobody_is_asked(void)
{
	count_tasks();
	return !nr_flags && !atomic_read(&unswitched);
}

bool klp_all_states_are(int state)
{
	count_tasks();
	for (unsigned int i = 0; i < ARRAY_SIZE(nr_states); i++)
		if ((int)i != state + 1 && nr_states[i])
			return false;
	return true;
}

#endif

/* Nobody switches any more, nor is about to, when this returns. */
void klp_stop_asking(void)
{
	klp_for_each_task(unask);
	synchronize_rcu();
}

static void look_at(struct task_struct *task)
{
	try_task(task);
}

/* Those that run go through a place where they switch: user tasks the boundary, idle ones their loop. */
static void prod_running(void)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (klp_patch_pending(cpu_curr(cpu)))
			resched_cpu(cpu);
}

bool klp_try_all_tasks(void)
{
	unsigned int cpu;

	klp_for_each_task(look_at);
	/* a CPU that is not there runs nothing, and starts from the beginning */
	for_each_possible_cpu(cpu)
		if (idle_task(cpu) && !cpu_online(cpu))
			klp_update_patch_state(idle_task(cpu));
	prod_running();
	return !atomic_read(&unswitched);
}

void klp_force_all_tasks(void)
{
	klp_for_each_task(klp_update_patch_state);
}

/* It is woken out of its system call, which is then begun again. */
static void signal_task(struct task_struct *task)
{
	if (!klp_patch_pending(task))
		return;
	if (task->flags & PF_KTHREAD)
		wake_up_state(task, TASK_INTERRUPTIBLE);
	else
		set_notify_signal(task);
}

void klp_signal_tasks(void)
{
	klp_for_each_task(signal_task);
}
