// SPDX-License-Identifier: GPL-2.0-or-later
/* The system calls on signals. See kernel/signal.c. */
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

SYSCALL_DEFINE4(rt_sigaction, int, sig, const struct sigaction __user *, act,
		struct sigaction __user *, oact, size_t, size)
{
	struct sighand_struct *sighand = current->sighand;
	struct k_sigaction fresh, old;

	if (size != sizeof(sigset_t) || sig < 1 || sig > _NSIG)
		return -EINVAL;
	if (act) {
		if (sig == SIGKILL || sig == SIGSTOP)
			return -EINVAL;
		if (copy_from_user(&fresh.sa, act, sizeof(fresh.sa)))
			return -EFAULT;
		sigdelset(&fresh.sa.sa_mask, SIGKILL);
		sigdelset(&fresh.sa.sa_mask, SIGSTOP);
	}
	spin_lock_irq(&sighand->siglock);
	old = sighand->action[sig - 1];
	if (act) {
		sighand->action[sig - 1] = fresh;
		/* POSIX: a pending signal that is now ignored is discarded */
		if (fresh.sa.sa_handler == SIG_IGN ||
		    (fresh.sa.sa_handler == SIG_DFL &&
		     (sig == SIGCONT || sig == SIGCHLD || sig == SIGWINCH || sig == SIGURG)))
			discard_pending(current, sig);
	}
	spin_unlock_irq(&sighand->siglock);
	if (oact && copy_to_user(oact, &old.sa, sizeof(old.sa)))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE4(rt_sigprocmask, int, how, const sigset_t __user *, nset, sigset_t __user *, oset,
		size_t, size)
{
	sigset_t old = current->blocked, set;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (nset) {
		if (copy_from_user(&set, nset, sizeof(set)))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			set.sig[0] |= old.sig[0];
			break;
		case SIG_UNBLOCK:
			set.sig[0] = old.sig[0] & ~set.sig[0];
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		set_current_blocked(&set);
	}
	if (oset && copy_to_user(oset, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE2(rt_sigpending, sigset_t __user *, uset, size_t, size)
{
	struct task_struct *t = current;
	sigset_t set;

	if (size > sizeof(sigset_t))
		return -EINVAL;
	spin_lock_irq(&t->sighand->siglock);
	set.sig[0] = (t->pending.signal.sig[0] | t->signal->shared_pending.signal.sig[0]) &
		     t->blocked.sig[0];
	spin_unlock_irq(&t->sighand->siglock);
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

int set_user_sigmask(const sigset_t *umask, size_t size)
{
	sigset_t set;

	if (!umask)
		return 0;
	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (copy_from_user(&set, umask, sizeof(set)))
		return -EFAULT;
	current->saved_sigmask = current->blocked;
	current->restore_sigmask = true;
	return set_current_blocked(&set);
}

SYSCALL_DEFINE2(rt_sigsuspend, const sigset_t __user *, umask, size_t, size)
{
	int ret;

	if (!umask)
		return -EFAULT;
	ret = set_user_sigmask(umask, size);
	if (ret)
		return ret;
	while (!signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!signal_pending(current))
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return -ERESTARTNOHAND;
}

SYSCALL_DEFINE0(pause)
{
	while (!signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!signal_pending(current))
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return -ERESTARTNOHAND;
}

/*
 * Interrupted by a signal with a handler: -EINTR. By anything else, which is no
 * business of the caller's (signal.h), it waits on until the same moment.
 */
static long wait_for_signal(const sigset_t __user *uthese, siginfo_t __user *uinfo, u64 expires)
{
	struct restart_block *restart = &current->restart_block;
	struct task_struct *t = current;
	sigset_t these, blocked;
	siginfo_t info;
	int sig, ret = 0;

	if (copy_from_user(&these, uthese, sizeof(these)))
		return -EFAULT;
	sigdelset(&these, SIGKILL);
	sigdelset(&these, SIGSTOP);
	blocked.sig[0] = ~these.sig[0];

	spin_lock_irq(&t->sighand->siglock);
	t->real_blocked = t->blocked;
	/* while waiting, these wake us */
	t->blocked.sig[0] &= ~these.sig[0];
	for (;;) {
		sig = dequeue_signal(t, &blocked, &info);
		if (sig || ret)
			break;
		recalc_sigpending_tsk(t);
		set_current_state(TASK_INTERRUPTIBLE);
		spin_unlock_irq(&t->sighand->siglock);
		ret = -EAGAIN;
		if (signal_pending(t) || schedule_hrtimeout(expires))
			ret = -ERESTART_RESTARTBLOCK;
		__set_current_state(TASK_RUNNING);
		spin_lock_irq(&t->sighand->siglock);
	}
	t->blocked = t->real_blocked;
	recalc_sigpending_tsk(t);
	spin_unlock_irq(&t->sighand->siglock);
	if (!sig) {
		restart->fn = sigtimedwait_restart;
		restart->sigtimedwait.expires = expires;
		return ret;
	}
	if (uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return sig;
}

/* The other arguments are still in the caller's registers. */
long sigtimedwait_restart(struct restart_block *restart)
{
	const struct pt_regs *regs = current_pt_regs();

	return wait_for_signal((const sigset_t __user *)regs->di, (siginfo_t __user *)regs->si,
			       restart->sigtimedwait.expires);
}

SYSCALL_DEFINE4(rt_sigtimedwait, const sigset_t __user *, uthese, siginfo_t __user *, uinfo,
		const struct timespec64 __user *, uts, size_t, size)
{
	u64 expires = KTIME_MAX;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (uts) {
		struct timespec64 ts;

		if (copy_from_user(&ts, uts, sizeof(ts)))
			return -EFAULT;
		if (!timespec64_valid(&ts))
			return -EINVAL;
		expires = ktime_add_safe(ktime_get(), timespec64_to_ns(&ts));
	}
	return wait_for_signal(uthese, uinfo, expires);
}

SYSCALL_DEFINE2(kill, pid_t, pid, int, sig)
{
	struct task_struct *p;
	int ret = -ESRCH;

	if (sig < 0 || sig > _NSIG)
		return -EINVAL;
	if (pid > 0)
		return kill_pid(pid, sig, 0);
	if (pid == 0)
		return kill_pgrp(task_pgrp_nr(current), sig, 0);
	if (pid != -1)
		return kill_pgrp(-pid, sig, 0);
	spin_lock(&tasklist_lock);
	for_each_process(p) {
		int one;

		if (p->pid <= 1 || same_thread_group(p, current) || (p->flags & PF_KTHREAD))
			continue;
		one = group_send_sig_info(sig, SEND_SIG_NOINFO, p);
		if (ret)
			ret = one;
	}
	spin_unlock(&tasklist_lock);
	return ret;
}

static long do_tkill(pid_t tgid, pid_t pid, int sig)
{
	struct siginfo info = { .si_signo = sig, .si_code = SI_TKILL };
	struct task_struct *p;
	int ret = -ESRCH;

	if (pid <= 0 || sig < 0 || sig > _NSIG)
		return -EINVAL;
	info.si_pid = current->tgid;
	info.si_uid = current_uid();
	p = find_get_task_by_vpid(pid);
	if (!p)
		return -ESRCH;
	if (tgid <= 0 || p->tgid == tgid)
		ret = send_sig_info(sig, &info, p);
	put_task_struct(p);
	return ret;
}

SYSCALL_DEFINE3(tgkill, pid_t, tgid, pid_t, pid, int, sig)
{
	return tgid <= 0 ? -EINVAL : do_tkill(tgid, pid, sig);
}

SYSCALL_DEFINE2(tkill, pid_t, pid, int, sig)
{
	return do_tkill(0, pid, sig);
}

SYSCALL_DEFINE3(rt_sigqueueinfo, pid_t, pid, int, sig, siginfo_t __user *, uinfo)
{
	struct task_struct *p;
	siginfo_t info;
	int ret;

	if (copy_from_user(&info, uinfo, sizeof(info)))
		return -EFAULT;
	/* only the kernel speaks for itself */
	if ((info.si_code >= 0 || info.si_code == SI_TKILL) && pid != current->tgid)
		return -EPERM;
	info.si_signo = sig;
	p = find_get_task_by_vpid(pid);
	if (!p)
		return -ESRCH;
	ret = group_send_sig_info(sig, &info, p);
	put_task_struct(p);
	return ret;
}

static bool on_sig_stack(unsigned long sp)
{
	return sp > current->sas_ss_sp && sp - current->sas_ss_sp <= current->sas_ss_size;
}

SYSCALL_DEFINE2(sigaltstack, const stack_t __user *, uss, stack_t __user *, uoss)
{
	struct task_struct *t = current;
	unsigned long sp = current_pt_regs()->sp;
	stack_t old = {
		.ss_sp = (void *)t->sas_ss_sp,
		.ss_size = t->sas_ss_size,
		.ss_flags = !t->sas_ss_size    ? SS_DISABLE
			    : on_sig_stack(sp) ? SS_ONSTACK
					       : 0,
	};

	if (uss) {
		stack_t ss;

		if (copy_from_user(&ss, uss, sizeof(ss)))
			return -EFAULT;
		if (t->sas_ss_size && on_sig_stack(sp))
			return -EPERM;
		if (ss.ss_flags != SS_DISABLE && ss.ss_flags != SS_ONSTACK && ss.ss_flags)
			return -EINVAL;
		if (ss.ss_flags == SS_DISABLE) {
			t->sas_ss_sp = 0;
			t->sas_ss_size = 0;
		} else {
			if (ss.ss_size < MINSIGSTKSZ)
				return -ENOMEM;
			t->sas_ss_sp = (unsigned long)ss.ss_sp;
			t->sas_ss_size = ss.ss_size;
		}
		t->sas_ss_flags = ss.ss_flags;
	}
	if (uoss && copy_to_user(uoss, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE0(restart_syscall)
{
	struct restart_block *restart = &current->restart_block;

	return restart->fn ? restart->fn(restart) : -EINTR;
}
