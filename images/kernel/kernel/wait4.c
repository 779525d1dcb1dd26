// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for children: wait4, waitid.
 *
 * Promises: what a child has to report (its end, a stop, going on) is told once,
 * unless WNOWAIT leaves it; a call that blocks misses none. Who tells the parent
 * is kernel/exit.c and kernel/signal-delivery.c.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#define WNOHANG	    1
#define WUNTRACED   2
#define WEXITED	    4
#define WCONTINUED  8
#define WNOWAIT	    0x01000000
#define __WNOTHREAD 0x20000000
#define __WALL	    0x40000000
#define __WCLONE    0x80000000

#define P_ALL  0
#define P_PID  1
#define P_PGID 2

struct wait_options {
	int type; /* P_* */
	pid_t id;
	int options;
	/* what came of it */
	pid_t pid;
	int status;	 /* as wait4 gives it */
	int code, value; /* as waitid gives them */
	uid_t uid;
	struct rusage usage;
};

static bool is_eligible(const struct wait_options *wo, struct task_struct *child)
{
	if (wo->type == P_PID && child->tgid != wo->id)
		return false;
	if (wo->type == P_PGID && child->signal->pgrp != wo->id)
		return false;
	if (!thread_group_leader(child))
		return false;
	/* a child without SIGCHLD is a "clone" child */
	return (wo->options & __WALL) ||
	       (child->exit_signal != SIGCHLD) == !!(wo->options & __WCLONE);
}

static void to_timeval(struct timeval *tv, u64 ns)
{
	tv->tv_sec = ns / NSEC_PER_SEC;
	tv->tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
}

static void fill(struct wait_options *wo, struct task_struct *child)
{
	struct signal_struct *signal = child->signal;

	wo->pid = child->tgid;
	wo->uid = child->uid;
	memset(&wo->usage, 0, sizeof(wo->usage));
	to_timeval(&wo->usage.ru_utime, child->utime + signal->utime + signal->cutime);
	to_timeval(&wo->usage.ru_stime, child->stime + signal->stime + signal->cstime);
	wo->usage.ru_maxrss = signal->maxrss * (PAGE_SIZE / 1024);
	wo->usage.ru_minflt = child->min_flt;
	wo->usage.ru_majflt = child->maj_flt;
	wo->usage.ru_nvcsw = child->nvcsw;
	wo->usage.ru_nivcsw = child->nivcsw;
}

/* tasklist_lock held. Has @child something to report? It is then taken. */
static bool try_child(struct wait_options *wo, struct task_struct *child, struct task_struct **reap)
{
	struct signal_struct *signal = child->signal;

	lockdep_assert_held(&tasklist_lock);
	if (child->exit_state == EXIT_ZOMBIE && signal->nr_threads == 1 &&
	    (wo->options & WEXITED)) {
		int code = signal->group_exit ? signal->group_exit_code : child->exit_code;

		fill(wo, child);
		wo->status = code;
		wo->code = code & 0x7f ? CLD_KILLED : CLD_EXITED;
		wo->value = code & 0x7f ? code & 0x7f : code >> 8 & 0xff;
		if (!(wo->options & WNOWAIT)) {
			child->exit_state = EXIT_DEAD;
			current->signal->cutime += child->utime + signal->utime + signal->cutime;
			current->signal->cstime += child->stime + signal->stime + signal->cstime;
			*reap = child;
		}
		return true;
	}
	if ((wo->options & WUNTRACED) && signal->group_stopped && signal->stop_code) {
		fill(wo, child);
		wo->status = signal->stop_code << 8 | 0x7f;
		wo->code = CLD_STOPPED;
		wo->value = signal->stop_code;
		if (!(wo->options & WNOWAIT))
			signal->stop_code = 0;
		return true;
	}
	if ((wo->options & WCONTINUED) && signal->continued) {
		fill(wo, child);
		wo->status = 0xffff;
		wo->code = CLD_CONTINUED;
		wo->value = SIGCONT;
		if (!(wo->options & WNOWAIT))
			signal->continued = false;
		return true;
	}
	return false;
}

/* 1: found; 0: children, but nothing to report; -ECHILD: no such child. */
static int look(struct wait_options *wo, struct task_struct **reap)
{
	struct task_struct *thread, *child;
	int ret = -ECHILD;

	for_each_thread(current, thread) {
		list_for_each_entry(child, &thread->children, sibling) {
			if (child->exit_state == EXIT_DEAD || !is_eligible(wo, child))
				continue;
			ret = 0;
			if (try_child(wo, child, reap))
				return 1;
		}
		if (wo->options & __WNOTHREAD)
			break;
	}
	return ret;
}

static int do_wait(struct wait_options *wo)
{
	DECLARE_WAITQUEUE(wait, current);
	struct task_struct *reap = NULL;
	int ret;

	add_wait_queue(&current->signal->wait_chldexit, &wait);
	for (;;) {
		/* before looking: a child that dies now wakes us */
		set_current_state(TASK_INTERRUPTIBLE);
		spin_lock(&tasklist_lock);
		ret = look(wo, &reap);
		spin_unlock(&tasklist_lock);
		if (ret || (wo->options & WNOHANG))
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&current->signal->wait_chldexit, &wait);
	if (reap)
		release_task(reap);
	return ret;
}

SYSCALL_DEFINE4(wait4, pid_t, pid, int __user *, status, int, options, struct rusage __user *,
		usage)
{
	struct wait_options wo = { .options = options | WEXITED };
	int ret;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | (int)__WCLONE | __WALL))
		return -EINVAL;
	if (pid == -1) {
		wo.type = P_ALL;
	} else if (pid > 0) {
		wo.type = P_PID;
		wo.id = pid;
	} else {
		wo.type = P_PGID;
		wo.id = pid ? -pid : task_pgrp_nr(current);
	}
	ret = do_wait(&wo);
	if (ret <= 0)
		return ret;
	if (status && put_user(wo.status, status))
		return -EFAULT;
	if (usage && copy_to_user(usage, &wo.usage, sizeof(wo.usage)))
		return -EFAULT;
	return wo.pid;
}

SYSCALL_DEFINE5(waitid, int, type, pid_t, id, siginfo_t __user *, uinfo, int, options,
		struct rusage __user *, usage)
{
	struct wait_options wo = { .type = type, .id = id, .options = options };
	struct siginfo info;
	int ret;

	if (type < P_ALL || type > P_PGID || (type != P_ALL && id <= 0) ||
	    !(options & (WEXITED | WUNTRACED | WCONTINUED)))
		return -EINVAL;
	ret = do_wait(&wo);
	if (ret < 0)
		return ret;
	memset(&info, 0, sizeof(info));
	if (ret) {
		info.si_signo = SIGCHLD;
		info.si_code = wo.code;
		info.si_pid = wo.pid;
		info.si_uid = wo.uid;
		info.si_status = wo.value;
		if (usage && copy_to_user(usage, &wo.usage, sizeof(wo.usage)))
			return -EFAULT;
	}
	if (uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return 0;
}
