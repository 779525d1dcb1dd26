// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bringing everybody to a stand.
 *
 * A user task is told by TIF_FREEZE. In user mode it is sent into the kernel by
 * an interrupt; in a system call that can be interrupted it leaves it with a
 * result that says so, and sees no signal (signal_pending() counts the flag,
 * get_signal() finds nothing). There, before it is decided whether the call is
 * executed again, it sleeps as TASK_FROZEN. One that is stopped by a signal, or dead,
 * is where it can stay. One that holds what cannot be carried, a file of /proc or its
 * parent's memory (vfork), runs on until it has let go of it. What cannot come to the
 * boundary in time is named, and all go on.
 *
 * Kernel threads are parked: they hold nothing then and are left behind.
 */
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>
#include "internal.h"

#define FREEZE_TIMEOUT (2 * NSEC_PER_SEC)

/* On the way out to user mode, no signal left to deliver. */
void liveupdate_freeze_task(struct pt_regs *regs)
{
	ASSERT_CONSTRAINT("arch/entry.c 2", user_mode(regs) && regs == current_pt_regs());
	current->frozen = true;
	for (;;) {
		/* before the look at the flag: thaw_tasks() clears it, then wakes */
		set_current_state(TASK_FROZEN);
		if (!test_thread_flag(TIF_FREEZE))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	current->frozen = false;
}

/* It runs on, or does so again: at the boundary it would hold forever what is in the way. */
static void let_run(struct task_struct *t)
{
	clear_tsk_thread_flag(t, TIF_FREEZE);
	wake_up_state(t, TASK_FROZEN);
}

static bool at_rest(struct task_struct *t)
{
	unsigned long flags = task_rq_lock(t);
	bool rest =
		!t->on_cpu && !t->on_rq &&
		(t->exit_state == EXIT_ZOMBIE ? t->__state == TASK_DEAD
					      : t->__state == TASK_FROZEN || task_is_stopped(t));

	task_rq_unlock(t, flags);
	return rest;
}

#ifdef CONFIG_DEBUG_KERNEL
bool all_tasks_are_at_rest(void)
{
	struct task_struct *p, *t;
	bool all = true;

	spin_lock(&tasklist_lock);
	for_each_user_process(p)
		for_each_thread(p, t)
			all &= t == current || at_rest(t);
	spin_unlock(&tasklist_lock);
	return all;
}
#endif

/* tasklist_lock held: a task that is not at rest, or NULL. */
static struct task_struct *ask_all(void)
{
	struct task_struct *p, *t, *awake = NULL;

	lockdep_assert_held(&tasklist_lock);
	for_each_user_process(p) {
		for_each_thread(p, t) {
			if (t == current)
				continue;
			if (!t->exit_state && holds_what_cannot_be_carried(t)) {
				awake = t;
				let_run(t);
				continue;
			}
			/* also one that is stopped: it may be continued by a task that has not frozen yet */
			if (!t->exit_state)
				set_tsk_thread_flag(t, TIF_FREEZE);
			if (at_rest(t))
				continue;
			awake = t;
			if (!wake_up_state(t, TASK_INTERRUPTIBLE))
				kick_process(t);
		}
	}
	return awake;
}

int freeze_tasks(void)
{
	u64 deadline = ktime_get_ns() + FREEZE_TIMEOUT;
	struct task_struct *awake;
	char name[TASK_COMM_LEN] = "";
	char state = '?';
	pid_t pid = 0;

	do {
		spin_lock(&tasklist_lock);
		awake = ask_all();
		if (awake) {
			pid = awake->pid;
			state = task_state_to_char(awake);
			get_task_comm(name, awake);
		}
		spin_unlock(&tasklist_lock);
		if (!awake)
			return 0;
		schedule_timeout_uninterruptible(1);
	} while (ktime_get_ns() < deadline);
	return liveupdate_refuse(
		-EBUSY, "task %d (%s) does not come to the boundary of user mode (state %c)", pid,
		name, state);
}

void thaw_tasks(void)
{
	struct task_struct *p, *t;

	spin_lock(&tasklist_lock);
	for_each_user_process(p) {
		for_each_thread(p, t) {
			clear_tsk_thread_flag(t, TIF_FREEZE);
			wake_up_state(t, TASK_FROZEN);
		}
	}
	spin_unlock(&tasklist_lock);
}

/* ---- kernel threads ---- */

static bool is_kthread(struct task_struct *p)
{
	return (p->flags & PF_KTHREAD) && !is_idle_task(p) && !p->exit_state;
}

unsigned int count_kthreads(void)
{
	struct task_struct *p;
	unsigned int n = 0;

	for_each_process(p)
		n += is_kthread(p);
	return n;
}

static bool at_parking(struct task_struct *p)
{
	unsigned long flags = task_rq_lock(p);
	bool parked = !p->on_cpu && !p->on_rq && p->__state == TASK_PARKED;

	task_rq_unlock(p, flags);
	return parked;
}

/* tasklist_lock held: a thread that is not parked, or NULL. */
static struct task_struct *ask_kthreads(void)
{
	struct task_struct *p, *busy = NULL;

	lockdep_assert_held(&tasklist_lock);
	for_each_process(p) {
		if (!is_kthread(p) || (p->kthread && kthread_is_parked(p) && at_parking(p)))
			continue;
		busy = p;
		if (p->kthread) {
			set_bit(KTHREAD_SHOULD_PARK, &p->kthread->flags);
			wake_up_state(p, TASK_NORMAL);
		}
	}
	return busy;
}

/* Nobody queues more: all user tasks are frozen. */
static int drain_work(u64 deadline)
{
	work_func_t func;

	DEBUG_ASSERT(all_tasks_are_at_rest());
	while ((func = workqueue_has_work(system_wq))) {
		if (ktime_get_ns() >= deadline)
			return liveupdate_refuse(-EBUSY, "work item %ps does not end", func);
		schedule_timeout_uninterruptible(1);
	}
	return 0;
}

int park_kthreads(void)
{
	u64 deadline = ktime_get_ns() + FREEZE_TIMEOUT;
	char name[TASK_COMM_LEN] = "";
	struct task_struct *busy;
	int ret = drain_work(deadline);

	if (ret)
		return ret;
	do {
		spin_lock(&tasklist_lock);
		busy = ask_kthreads();
		if (busy)
			get_task_comm(name, busy);
		spin_unlock(&tasklist_lock);
		if (!busy)
			return 0;
		schedule_timeout_uninterruptible(1);
	} while (ktime_get_ns() < deadline);
	return liveupdate_refuse(-EBUSY, "kernel thread %s cannot be parked", name);
}

void unpark_kthreads(void)
{
	struct task_struct *p;

	spin_lock(&tasklist_lock);
	for_each_process(p)
		if (is_kthread(p) && p->kthread)
			kthread_unpark(p);
	spin_unlock(&tasklist_lock);
}
