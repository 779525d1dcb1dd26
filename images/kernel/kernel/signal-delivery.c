// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking signals: the next one that is not blocked, and what becomes of the task.
 *
 * Promises: get_signal() carries out the default actions (end, stop, nothing) and
 * returns only for a handler; faults of the instruction itself come first. What a
 * handler's frame looks like is arch/signal.c.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/string.h>
#include "signal.h"

static int next_signal(struct sigpending *pending, const sigset_t *blocked)
{
	unsigned long set = pending->signal.sig[0] & ~blocked->sig[0];

	if (!set)
		return 0;
	if (set & SIG_SYNCHRONOUS)
		set &= SIG_SYNCHRONOUS;
	return __ffs(set) + 1;
}

static void collect(struct sigpending *pending, int sig, siginfo_t *info)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each_entry(q, &pending->list, list) {
		if (q->info.si_signo != sig)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = q;
	}
	if (!more)
		sigdelset(&pending->signal, sig);
	if (first) {
		*info = first->info;
		list_del(&first->list);
		sigqueue_free(first);
	} else {
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
	}
}

/* siglock held. The next signal outside of @blocked, taken; 0 if none. */
int dequeue_signal(struct task_struct *t, const sigset_t *blocked, siginfo_t *info)
{
	struct sigpending *pending = &t->pending;
	int sig = next_signal(pending, blocked);

	lockdep_assert_held(&t->sighand->siglock);
	if (!sig) {
		pending = &t->signal->shared_pending;
		sig = next_signal(pending, blocked);
	}
	if (sig)
		collect(pending, sig, info);
	recalc_sigpending_tsk(t);
	return sig;
}

/*
 * Takes part in a group stop; siglock is held on entry and released. The last
 * thread to stop tells the parent.
 */
static void stop_here(struct task_struct *t)
{
	struct signal_struct *signal = t->signal;
	bool last;

	lockdep_assert_held(&t->sighand->siglock);
	t->group_stop_pending = false;
	last = signal->group_stop_count > 0 && --signal->group_stop_count == 0;
	if (last) {
		signal->group_stopped = true;
		signal->continued = false;
	}
	/* under siglock, so that SIGCONT finds either the flag or the state */
	__set_current_state(TASK_STOPPED);
	recalc_sigpending_tsk(t);
	spin_unlock_irq(&t->sighand->siglock);
	if (last) {
		spin_lock(&tasklist_lock);
		do_notify_parent_cldstop(t, CLD_STOPPED);
		spin_unlock(&tasklist_lock);
	}
	schedule();
}

static void begin_group_stop(struct task_struct *self, int sig)
{
	struct signal_struct *signal = self->signal;
	struct task_struct *t;

	signal->stop_code = sig;
	signal->group_stop_count = 0;
	for_each_thread(self, t) {
		if (t->flags & PF_EXITING || task_is_stopped(t))
			continue;
		signal->group_stop_count++;
		t->group_stop_pending = true;
		if (t != self)
			signal_wake_up(t, false);
	}
}

static void tell_continued(struct task_struct *t)
{
	spin_unlock_irq(&t->sighand->siglock);
	spin_lock(&tasklist_lock);
	do_notify_parent_cldstop(t, CLD_CONTINUED);
	spin_unlock(&tasklist_lock);
	spin_lock_irq(&t->sighand->siglock);
}

bool get_signal(struct ksignal *ksig)
{
	struct task_struct *t = current;
	struct sighand_struct *sighand = t->sighand;
	bool was_stopped = false;

	clear_thread_flag(TIF_NOTIFY_SIGNAL);
	spin_lock_irq(&sighand->siglock);
	for (;;) {
		struct k_sigaction *ka;
		int sig;

		if (t->signal->group_exit) {
			int code = t->signal->group_exit_code;

			spin_unlock_irq(&sighand->siglock);
			do_group_exit(code);
		}
		if (t->signal->group_exit_task && t->signal->group_exit_task != t) {
			spin_unlock_irq(&sighand->siglock);
			do_exit(0);
		}
		if (t->group_stop_pending) {
			stop_here(t);
			spin_lock_irq(&sighand->siglock);
			was_stopped = true;
			continue;
		}
		if (was_stopped && t->signal->continued) {
			was_stopped = false;
			tell_continued(t);
			continue;
		}
		sig = dequeue_signal(t, &t->blocked, &ksig->info);
		if (!sig) {
			spin_unlock_irq(&sighand->siglock);
			return false;
		}
		ka = &sighand->action[sig - 1];
		if (ka->sa.sa_handler == SIG_IGN)
			continue;
		if (ka->sa.sa_handler != SIG_DFL) {
			ksig->ka = *ka;
			ksig->sig = sig;
			if (ka->sa.sa_flags & SA_RESETHAND)
				ka->sa.sa_handler = SIG_DFL;
			spin_unlock_irq(&sighand->siglock);
			return true;
		}
		if (sigmask(sig) & SIG_IGNORED_BY_DEFAULT)
			continue;
		/* init dies of nothing but its own faults */
		if (is_global_init(t) && !(sigmask(sig) & SIG_SYNCHRONOUS))
			continue;
		if (sigmask(sig) & SIG_STOPS) {
			if (sig != SIGSTOP) {
				bool orphaned;

				spin_unlock_irq(&sighand->siglock);
				orphaned = is_current_pgrp_orphaned();
				spin_lock_irq(&sighand->siglock);
				if (orphaned)
					continue;
			}
			begin_group_stop(t, sig);
			continue;
		}
		spin_unlock_irq(&sighand->siglock);
		t->flags |= PF_SIGNALED;
		do_group_exit(sig);
	}
}

int set_current_blocked(sigset_t *set)
{
	struct task_struct *t = current;

	set->sig[0] &= ~SIG_UNBLOCKABLE;
	spin_lock_irq(&t->sighand->siglock);
	t->blocked = *set;
	recalc_sigpending_tsk(t);
	spin_unlock_irq(&t->sighand->siglock);
	return 0;
}

void restore_saved_sigmask(void)
{
	if (current->restore_sigmask) {
		sigset_t set = current->saved_sigmask;

		current->restore_sigmask = false;
		set_current_blocked(&set);
	}
}
