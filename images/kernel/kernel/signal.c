// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals: sending and queueing.
 *
 * Promises: a standard signal is queued once, a real-time signal each time; a
 * stop signal and SIGCONT take each other out of all queues; SIGKILL and
 * SIGSTOP cannot be blocked, caught or ignored. Taking them is
 * signal-delivery.c; the system calls are signal-syscalls.c.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "signal.h"

struct sigqueue *sigqueue_alloc(void)
{
	struct sigqueue *q = kzalloc(sizeof(*q), GFP_ATOMIC);

	if (q)
		INIT_LIST_HEAD(&q->list);
	return q;
}

void sigqueue_free(struct sigqueue *q)
{
	kfree(q);
}

void flush_sigqueue(struct sigpending *pending)
{
	struct sigqueue *q, *next;

	sigemptyset(&pending->signal);
	list_for_each_entry_safe(q, next, &pending->list, list) {
		list_del(&q->list);
		sigqueue_free(q);
	}
}

/* After exec: handlers are gone, what was ignored stays ignored. */
void flush_signal_handlers(struct task_struct *t, int force_default)
{
	for (int i = 0; i < _NSIG; i++) {
		struct k_sigaction *ka = &t->sighand->action[i];

		if (force_default || ka->sa.sa_handler != SIG_IGN)
			ka->sa.sa_handler = SIG_DFL;
		ka->sa.sa_flags = 0;
		ka->sa.sa_restorer = NULL;
		sigemptyset(&ka->sa.sa_mask);
	}
}

static bool has_pending(struct task_struct *t)
{
	unsigned long set = t->pending.signal.sig[0] | t->signal->shared_pending.signal.sig[0];

	return (set & ~t->blocked.sig[0]) || t->group_stop_pending || t->signal->group_exit ||
	       (t->signal->group_exit_task && t->signal->group_exit_task != t);
}

/* siglock held. */
void recalc_sigpending_tsk(struct task_struct *t)
{
	lockdep_assert_held(&t->sighand->siglock);
	if (has_pending(t))
		set_tsk_thread_flag(t, TIF_SIGPENDING);
	else
		clear_tsk_thread_flag(t, TIF_SIGPENDING);
}

void recalc_sigpending(void)
{
	recalc_sigpending_tsk(current);
}

/* siglock held. The task leaves its sleep, or user mode, and looks. */
void signal_wake_up(struct task_struct *t, bool fatal)
{
	lockdep_assert_held(&t->sighand->siglock);
	set_tsk_thread_flag(t, TIF_SIGPENDING);
	if (!wake_up_state(t, TASK_INTERRUPTIBLE | (fatal ? TASK_WAKEKILL | TASK_STOPPED : 0)))
		kick_process(t);
}

void set_notify_signal(struct task_struct *t)
{
	if (!test_and_set_tsk_thread_flag(t, TIF_NOTIFY_SIGNAL) &&
	    !wake_up_state(t, TASK_INTERRUPTIBLE))
		kick_process(t);
}

/* ---- sending ---- */

static bool sig_ignored(struct task_struct *t, int sig)
{
	void (*handler)(int) = t->sighand->action[sig - 1].sa.sa_handler;

	/* A blocked one may be wanted later, by another handler. */
	if (sigismember(&t->blocked, sig) && !(sigmask(sig) & SIG_UNBLOCKABLE))
		return false;
	if (is_global_init(t) && handler == SIG_DFL)
		return true;
	return handler == SIG_IGN ||
	       (handler == SIG_DFL && (sigmask(sig) & SIG_IGNORED_BY_DEFAULT));
}

static void remove_from_queue(struct sigpending *pending, unsigned long mask)
{
	struct sigqueue *q, *next;

	pending->signal.sig[0] &= ~mask;
	list_for_each_entry_safe(q, next, &pending->list, list) {
		if (sigmask(q->info.si_signo) & mask) {
			list_del(&q->list);
			sigqueue_free(q);
		}
	}
}

static void remove_from_group(struct task_struct *p, unsigned long mask)
{
	struct task_struct *t;

	remove_from_queue(&p->signal->shared_pending, mask);
	for_each_thread(p, t)
		remove_from_queue(&t->pending, mask);
}

void discard_pending(struct task_struct *p, int sig)
{
	lockdep_assert_held(&p->sighand->siglock);
	remove_from_group(p, sigmask(sig));
}

/* What sending does at once, whatever becomes of the signal. False: drop it. */
static bool prepare_signal(int sig, struct task_struct *p)
{
	struct signal_struct *signal = p->signal;
	struct task_struct *t;

	if (signal->group_exit)
		return sig == SIGKILL;
	if (sigmask(sig) & SIG_STOPS) {
		remove_from_group(p, sigmask(SIGCONT));
	} else if (sig == SIGCONT) {
		bool stopped = signal->group_stopped || signal->group_stop_count;

		remove_from_group(p, SIG_STOPS);
		signal->group_stopped = false;
		signal->group_stop_count = 0;
		signal->stop_code = 0;
		if (stopped)
			signal->continued = true;
		for_each_thread(p, t) {
			t->group_stop_pending = false;
			wake_up_state(t, TASK_STOPPED);
		}
	}
	return !sig_ignored(p, sig);
}

static bool wants_signal(int sig, struct task_struct *t)
{
	if (t->flags & PF_EXITING)
		return false;
	if (sig == SIGKILL)
		return true;
	return !sigismember(&t->blocked, sig) && !task_is_stopped(t);
}

/* Who is to take it? Woken if there is somebody. */
static void complete_signal(int sig, struct task_struct *p, bool group)
{
	struct task_struct *t = p;

	if (group && !wants_signal(sig, p)) {
		for_each_thread(p, t)
			if (wants_signal(sig, t))
				break;
		if (list_entry_is_head(t, &p->signal->thread_head, thread_node))
			return;
	} else if (!wants_signal(sig, p)) {
		return;
	}
	signal_wake_up(t, sig == SIGKILL);
}

static void fill_info(siginfo_t *to, int sig, struct siginfo *info)
{
	if (info == SEND_SIG_NOINFO || info == SEND_SIG_PRIV) {
		memset(to, 0, sizeof(*to));
		to->si_signo = sig;
		to->si_code = info == SEND_SIG_PRIV ? SI_KERNEL : SI_USER;
		if (info == SEND_SIG_NOINFO) {
			to->si_pid = current->tgid;
			to->si_uid = current_uid();
		}
	} else {
		*to = *info;
	}
}

/* siglock held. */
static int send_locked(int sig, struct siginfo *info, struct task_struct *t, bool group)
{
	struct sigpending *pending = group ? &t->signal->shared_pending : &t->pending;
	struct sigqueue *q;

	lockdep_assert_held(&t->sighand->siglock);
	if (!prepare_signal(sig, t))
		return 0;
	if (sig < SIGRTMIN && sigismember(&pending->signal, sig))
		return 0;
	q = sigqueue_alloc();
	if (q) {
		fill_info(&q->info, sig, info);
		list_add_tail(&q->list, &pending->list);
	} else if (sig >= SIGRTMIN) {
		return -EAGAIN;
	}
	sigaddset(&pending->signal, sig);
	complete_signal(sig, t, group);
	return 0;
}

static int do_send(int sig, struct siginfo *info, struct task_struct *t, bool group)
{
	struct sighand_struct *sighand;
	unsigned long flags;
	int ret = -ESRCH;

	if (sig < 0 || sig > _NSIG)
		return -EINVAL;
	/* who is reaped loses it, maybe right now: looked at again when it cannot go */
	sighand = READ_ONCE(t->sighand);
	if (!sighand)
		return -ESRCH;
	spin_lock_irqsave(&sighand->siglock, flags);
	if (t->sighand == sighand)
		ret = sig ? send_locked(sig, info, t, group) : 0;
	spin_unlock_irqrestore(&sighand->siglock, flags);
	return ret;
}

int send_sig_info(int sig, struct siginfo *info, struct task_struct *t)
{
	return do_send(sig, info, t, false);
}

int send_sig(int sig, struct task_struct *t, int priv)
{
	return do_send(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, t, false);
}

static bool may_signal(struct task_struct *t, struct siginfo *info)
{
	if (info == SEND_SIG_PRIV || (info != SEND_SIG_NOINFO && info->si_code > 0))
		return true;
	return current_euid() == 0 || current_euid() == t->uid || current_uid() == t->uid ||
	       current_uid() == t->suid;
}

int group_send_sig_info(int sig, struct siginfo *info, struct task_struct *t)
{
	if (!may_signal(t, info))
		return -EPERM;
	return do_send(sig, info, t, true);
}

int kill_pgrp(pid_t pgrp, int sig, int priv)
{
	struct task_struct *p;
	int ret = -ESRCH;

	spin_lock(&tasklist_lock);
	for_each_process(p) {
		int one;

		if (p->signal->pgrp != pgrp || p->exit_state == EXIT_DEAD)
			continue;
		one = group_send_sig_info(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, p);
		/* one that got it makes the call a success */
		if (ret)
			ret = one;
	}
	spin_unlock(&tasklist_lock);
	return ret;
}

int kill_pid(pid_t pid, int sig, int priv)
{
	struct task_struct *p = find_get_task_by_vpid(pid);
	int ret;

	if (!p)
		return -ESRCH;
	ret = group_send_sig_info(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, p);
	put_task_struct(p);
	return ret;
}

/* The current task cannot escape: blocked or ignored becomes the default. */
static int force_info(struct siginfo *info)
{
	struct task_struct *t = current;
	int sig = info->si_signo;
	struct k_sigaction *ka;
	unsigned long flags;

	spin_lock_irqsave(&t->sighand->siglock, flags);
	ka = &t->sighand->action[sig - 1];
	if (sigismember(&t->blocked, sig) || ka->sa.sa_handler == SIG_IGN) {
		ka->sa.sa_handler = SIG_DFL;
		sigdelset(&t->blocked, sig);
	}
	if (!sigismember(&t->pending.signal, sig)) {
		struct sigqueue *q = sigqueue_alloc();

		if (q) {
			q->info = *info;
			list_add_tail(&q->list, &t->pending.list);
		}
		sigaddset(&t->pending.signal, sig);
	}
	set_tsk_thread_flag(t, TIF_SIGPENDING);
	spin_unlock_irqrestore(&t->sighand->siglock, flags);
	return 0;
}

int force_sig(int sig)
{
	struct siginfo info = { .si_signo = sig, .si_code = SI_KERNEL };

	return force_info(&info);
}

int force_sig_fault(int sig, int code, void *addr)
{
	struct siginfo info = { .si_signo = sig, .si_code = code };

	info.si_addr = addr;
	return force_info(&info);
}
