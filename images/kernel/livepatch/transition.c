// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving every task from one version of the code to the other.
 *
 * Each task is switched on its own, at a moment when it cannot be inside any
 * function whose meaning changes. Until then it goes on calling what it called
 * before; so no task ever mixes the versions of one patch.
 *
 * A task is switched
 *	- on its way from the kernel to user mode (klp_update_patch_state), or
 *	- in the idle loop, or
 *	- while it does not run, if its stack, unwound reliably, names no function
 *	  that changes (klp_try_switch_task), tried at the start and each second, or
 *	- by itself when it calls schedule() or cond_resched() and is a kthread.
 *
 * Constraints:
 *  1. Order of stores: klp_target_state and all patch_states, then transition of
 *     the funcs, then their insertion, then TIF_PATCH_PENDING. The handler reads
 *     them the other way round. x86 keeps stores in order and loads in order
 *     (SDM 3A 8.2.2); the barriers below keep the compiler to it.
 *  2. A task whose TIF_PATCH_PENDING is clear and whose patch_state is the target
 *     is done for good: nothing may set it back within the same transition.
 *  3. A new task has its parent's patch_state; copied under tasklist_lock, so
 *     that a walk over all tasks either finds it or has already set its parent.
 *  4. A stack that cannot be unwound reliably counts as blocking.
 *  5. At the end, func->transition is cleared before the patch_states go back to
 *     idle, and between the two no handler may still be reading.
 *
 * Fault seeding, for the tests that must catch it; never defined in a release:
 *   MUTANT_KLP_SKIP_STACK_CHECK	constraint 4 and the search are left out
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>
#include <linux/signal.h>
#include <linux/stacktrace.h>
#include <linux/workqueue.h>
#include <linux/printk.h>
#include <linux/jiffies.h>
#include "internal.h"

#ifdef MUTANT_KLP_SKIP_STACK_CHECK
#define STACK_CHECK		0
#else
#define STACK_CHECK		1
#endif

#define MAX_STACK_ENTRIES	100
#define SIGNALS_TIMEOUT		15	/* retries between two rounds of fake signals */

struct klp_patch *klp_transition_patch;
int klp_target_state = KLP_TRANSITION_IDLE;
/* /proc/sys/kernel/livepatch_verbose: say for each task why it was not switched. */
int klp_verbose;

static unsigned int klp_signals_cnt;

static void klp_transition_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(klp_transition_work, klp_transition_work_fn);

static const char *target_name(void)
{
	return klp_target_state == KLP_TRANSITION_PATCHED ? "patching" : "unpatching";
}

/* Every handler that began before this call has ended when it returns. */
static void klp_synchronize_transition(void)
{
	synchronize_rcu();
}

/* ---- one task ---- */

/* The task is at a place where no changing function can be on its stack. */
void klp_update_patch_state(struct task_struct *task)
{
	preempt_disable_notrace();
	/*
	 * The flag is cleared before the target is read: whoever sets the flag
	 * anew has set the target before (constraint 1).
	 */
	if (test_and_clear_tsk_thread_flag(task, TIF_PATCH_PENDING))
		WRITE_ONCE(task->patch_state, READ_ONCE(klp_target_state));
	preempt_enable_notrace();
}

int klp_patch_pending(struct task_struct *task)
{
	return test_tsk_thread_flag(task, TIF_PATCH_PENDING);
}

/* Does a return address lie in the version of @func that is going away? */
static int klp_check_stack_func(struct klp_func *func, unsigned long *entries, unsigned int nr)
{
	unsigned long start, size;
	struct klp_func *prev;
	struct klp_ops *ops;
	unsigned int i;

	if (klp_target_state == KLP_TRANSITION_UNPATCHED) {
		start = (unsigned long)func->new_func;
		size = func->new_size;
	} else {
		ops = klp_find_ops(func->old_func);
		if (!ops || func->stack_node.next == &ops->func_stack) {
			start = (unsigned long)func->old_func;
			size = func->old_size;
		} else {
			/* Patched before: the previous version is what may be running. */
			prev = list_entry(func->stack_node.next, struct klp_func, stack_node);
			start = (unsigned long)prev->new_func;
			size = prev->new_size;
		}
	}
	for (i = 0; i < nr; i++)
		if (entries[i] - start < size)
			return -EADDRINUSE;
	return 0;
}

/*
 * 0: the task may be switched. -EINVAL: its stack cannot be trusted.
 * -EADDRINUSE: @oldname is on it.
 */
static int klp_check_stack(struct task_struct *task, const char **oldname)
{
	unsigned long entries[MAX_STACK_ENTRIES];
	struct klp_object *obj;
	struct klp_func *func;
	int nr, ret;

	if (!STACK_CHECK)
		return 0;
	nr = stack_trace_save_tsk_reliable(task, entries, MAX_STACK_ENTRIES);
	if (nr < 0)
		return -EINVAL;
	klp_for_each_object(klp_transition_patch, obj) {
		if (!obj->patched)
			continue;
		klp_for_each_func(obj, func) {
			ret = klp_check_stack_func(func, entries, nr);
			if (ret) {
				*oldname = func->old_name;
				return ret;
			}
		}
	}
	return 0;
}

/* Runs while the task cannot start or stop running. */
static int klp_check_and_switch_task(struct task_struct *task, const char **oldname)
{
	int ret;

	if (task_curr(task) && task != current)
		return -EBUSY;
	ret = klp_check_stack(task, oldname);
	if (ret)
		return ret;
	clear_tsk_thread_flag(task, TIF_PATCH_PENDING);
	WRITE_ONCE(task->patch_state, klp_target_state);
	return 0;
}

/* True: the task is in the target state, now or already. */
static bool klp_try_switch_task(struct task_struct *task)
{
	const char *oldname = NULL;
	unsigned long flags;
	int ret;

	if (task->patch_state == klp_target_state)
		return true;
	/* Nothing may have been decided yet for the patch to be checked against. */
	if (!klp_transition_patch)
		return false;
	flags = task_rq_lock(task);
	ret = klp_check_and_switch_task(task, &oldname);
	task_rq_unlock(task, flags);
	if (klp_verbose) {
		switch (ret) {
		case 0:
			break;
		case -EBUSY:
			pr_info("klp_try_switch_task: %s:%d is running\n", task->comm, task->pid);
			break;
		case -EINVAL:
			pr_info("klp_try_switch_task: %s:%d has an unreliable stack\n",
				task->comm, task->pid);
			break;
		case -EADDRINUSE:
			pr_info("klp_try_switch_task: %s:%d is sleeping on function %s\n",
				task->comm, task->pid, oldname);
			break;
		}
	}
	return !ret;
}

/*
 * A kthread that never leaves the kernel and never sleeps long enough to be
 * caught: it checks itself where it calls the scheduler. Cheap while no
 * transition runs.
 */
void klp_sched_try_switch(void)
{
	if (likely(!test_thread_flag(TIF_PATCH_PENDING)))
		return;
	preempt_disable_notrace();
	if (klp_patch_pending(current))
		klp_try_switch_task(current);
	preempt_enable_notrace();
}

/* Called under tasklist_lock (constraint 3). */
void klp_copy_process(struct task_struct *child)
{
	if (test_thread_flag(TIF_PATCH_PENDING))
		set_tsk_thread_flag(child, TIF_PATCH_PENDING);
	else
		clear_tsk_thread_flag(child, TIF_PATCH_PENDING);
	child->patch_state = current->patch_state;
}

/* ---- all tasks ---- */

static void for_each_task_and_idle(void (*fn)(struct task_struct *task))
{
	struct task_struct *task;
	struct task_struct *leader;
	unsigned long flags;
	int cpu;

	spin_lock_irqsave(&tasklist_lock, flags);
	for_each_process_thread(leader, task)
		fn(task);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	for_each_possible_cpu(cpu)
		if (idle_task(cpu))
			fn(idle_task(cpu));
}

static void task_set_initial(struct task_struct *task)
{
	task->patch_state = !klp_target_state;
}

static void task_set_pending(struct task_struct *task)
{
	if (task->patch_state != klp_target_state)
		set_tsk_thread_flag(task, TIF_PATCH_PENDING);
}

static void task_clear_pending(struct task_struct *task)
{
	clear_tsk_thread_flag(task, TIF_PATCH_PENDING);
}

static void task_set_idle_state(struct task_struct *task)
{
	task->patch_state = KLP_TRANSITION_IDLE;
}

static void task_force(struct task_struct *task)
{
	klp_update_patch_state(task);
}

/* The task is woken out of its system call, which is then begun again. */
static void task_signal(struct task_struct *task)
{
	if (!klp_patch_pending(task))
		return;
	if (task->flags & PF_KTHREAD)
		wake_up_state(task, TASK_INTERRUPTIBLE);
	else
		set_notify_signal(task);
}

static void for_each_func(struct klp_patch *patch, bool transition)
{
	struct klp_object *obj;
	struct klp_func *func;

	klp_for_each_object(patch, obj)
		klp_for_each_func(obj, func)
			__atomic_store_n(&func->transition, transition, __ATOMIC_RELEASE);
}

/* ---- the steps ---- */

void klp_init_transition(struct klp_patch *patch, int state)
{
	klp_transition_patch = patch;
	klp_target_state = state;
	pr_info("'%s': initializing %s transition\n", patch->mod->name, target_name());

	for_each_task_and_idle(task_set_initial);
	/* States before funcs: pairs with the acquire loads in klp_choose_func(). */
	smp_wmb();
	for_each_func(patch, true);
	smp_wmb();
}

void klp_start_transition(void)
{
	pr_notice("'%s': starting %s transition\n", klp_transition_patch->mod->name,
		  target_name());
	for_each_task_and_idle(task_set_pending);
	klp_signals_cnt = 0;
}

static void klp_complete_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;
	struct klp_object *obj;

	pr_info("'%s': completing %s transition\n", patch->mod->name, target_name());

	if (patch->replace && klp_target_state == KLP_TRANSITION_PATCHED) {
		klp_unpatch_replaced_patches(patch);
		klp_discard_nops(patch);
	}
	if (klp_target_state == KLP_TRANSITION_UNPATCHED) {
		klp_unpatch_objects(patch);
		/* No handler may pick an unlinked func with transition cleared. */
		klp_synchronize_transition();
	}
	for_each_func(patch, false);
	/* No handler may meet an idle task state while it holds "in transition". */
	if (klp_target_state == KLP_TRANSITION_PATCHED)
		klp_synchronize_transition();
	for_each_task_and_idle(task_set_idle_state);

	klp_for_each_object(patch, obj) {
		if (!klp_is_object_loaded(obj))
			continue;
		if (klp_target_state == KLP_TRANSITION_PATCHED)
			klp_post_patch_callback(obj);
		else
			klp_post_unpatch_callback(obj);
	}
	pr_notice("'%s': %s complete\n", patch->mod->name, target_name());
	klp_target_state = KLP_TRANSITION_IDLE;
	klp_transition_patch = NULL;
}

/* The patch could not be enabled; no task has been told yet. */
void klp_cancel_transition(void)
{
	pr_info("'%s': canceling patching transition, going to unpatch\n",
		 klp_transition_patch->mod->name);
	klp_target_state = KLP_TRANSITION_UNPATCHED;
	klp_complete_transition();
}

static void klp_send_signals(void)
{
	if (klp_signals_cnt == SIGNALS_TIMEOUT)
		pr_notice("signaling remaining tasks\n");
	for_each_task_and_idle(task_signal);
}

/* An idle task is switched in its loop if it runs; wake it so that it gets there. */
static bool klp_try_switch_idle(void)
{
	bool complete = true;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct task_struct *task = idle_task(cpu);

		if (!task)
			continue;
		if (!cpu_online(cpu)) {
			/* It runs nothing and starts from the beginning. */
			clear_tsk_thread_flag(task, TIF_PATCH_PENDING);
			task->patch_state = klp_target_state;
		} else if (!klp_try_switch_task(task)) {
			complete = false;
			resched_cpu(cpu);
		}
	}
	return complete;
}

/*
 * Tries every task once. When all are switched, ends the transition; else a
 * worker tries again in a second.
 */
void klp_try_complete_transition(void)
{
	struct klp_patch *patch = klp_transition_patch;
	struct task_struct *leader, *task;
	unsigned long flags;
	bool complete = true;

	spin_lock_irqsave(&tasklist_lock, flags);
	for_each_process_thread(leader, task)
		if (!klp_try_switch_task(task))
			complete = false;
	spin_unlock_irqrestore(&tasklist_lock, flags);
	if (!klp_try_switch_idle())
		complete = false;

	if (!complete) {
		if (klp_signals_cnt && !(klp_signals_cnt % SIGNALS_TIMEOUT))
			klp_send_signals();
		klp_signals_cnt++;
		schedule_delayed_work(&klp_transition_work, HZ);
		return;
	}
	klp_complete_transition();
	if (!patch->enabled)
		klp_free_patch_async(patch);
	else if (patch->replace)
		klp_free_replaced_patches_async(patch);
}

static void klp_transition_work_fn(struct work_struct *work)
{
	mutex_lock(&klp_mutex);
	if (klp_transition_patch)
		klp_try_complete_transition();
	mutex_unlock(&klp_mutex);
}

/* Called with klp_mutex held while a transition runs: go back where we came from. */
void klp_reverse_transition(void)
{
	pr_info("'%s': reversing transition from %s\n", klp_transition_patch->mod->name,
		 klp_target_state == KLP_TRANSITION_PATCHED ? "patching to unpatching" :
							      "unpatching to patching");
	/*
	 * With all flags clear no task switches any more; after the wait nobody is
	 * in the middle of switching either, and the target can be turned around.
	 */
	for_each_task_and_idle(task_clear_pending);
	klp_synchronize_transition();
	klp_transition_patch->enabled = !klp_transition_patch->enabled;
	klp_target_state = !klp_target_state;
	smp_wmb();
	klp_start_transition();
	klp_try_complete_transition();
}

/*
 * The administrator declares that the tasks left are harmless. Some may run in
 * the old code for ever, so no module involved can be removed again.
 */
void klp_force_transition(void)
{
	struct klp_patch *patch;

	pr_warn("forcing remaining tasks to the patched state\n");
	for_each_task_and_idle(task_force);
	/* With replace, the old patches' code may be running too. */
	if (klp_transition_patch->replace) {
		list_for_each_entry(patch, &klp_patches, list)
			patch->forced = true;
	} else {
		klp_transition_patch->forced = true;
	}
}
