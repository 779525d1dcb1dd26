// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a task. Waiting for it is wait4.c's.
 *
 * Promises: a task that exits gives up its memory and files at once and stays
 * as a zombie (number, exit code, times) until its parent has asked; children
 * go to another thread of the group, else to init; the thread group leader is
 * reported only when the other threads are gone. Must not know how tasks are
 * born (kernel/fork.c).
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/tty.h>
#include <linux/uaccess.h>

/* ---- telling the parent ---- */

static void child_info(struct siginfo *info, struct task_struct *t, int code, int status)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = SIGCHLD;
	info->si_code = code;
	info->si_pid = t->tgid;
	info->si_uid = t->uid;
	info->si_status = status;
	info->si_utime = (t->utime + t->signal->utime) / TICK_NSEC;
	info->si_stime = (t->stime + t->signal->stime) / TICK_NSEC;
}

void do_notify_parent_cldstop(struct task_struct *t, int why)
{
	struct task_struct *leader = t->group_leader, *parent = leader->real_parent;
	struct siginfo info;

	lockdep_assert_held(&tasklist_lock);
	child_info(&info, leader, why,
		   why == CLD_CONTINUED ? SIGCONT : t->signal->stop_code & 0x7f);
	if (parent->sighand->action[SIGCHLD - 1].sa.sa_handler != SIG_IGN &&
	    !(parent->sighand->action[SIGCHLD - 1].sa.sa_flags & SA_NOCLDSTOP))
		group_send_sig_info(SIGCHLD, &info, parent);
	wake_up_interruptible_all(&parent->signal->wait_chldexit);
}

/* tasklist_lock held. True: the parent does not care, and never will. */
static bool notify_parent(struct task_struct *leader)
{
	struct task_struct *parent = leader->real_parent;
	struct sighand_struct *sighand = parent->sighand;
	int code = leader->exit_code, sig = leader->exit_signal;
	bool autoreap = false;
	struct siginfo info;

	lockdep_assert_held(&tasklist_lock);
	if (code & 0x7f)
		child_info(&info, leader, CLD_KILLED, code & 0x7f);
	else
		child_info(&info, leader, CLD_EXITED, code >> 8 & 0xff);
	if (sig == SIGCHLD) {
		struct sigaction *sa = &sighand->action[SIGCHLD - 1].sa;

		if (sa->sa_handler == SIG_IGN || (sa->sa_flags & SA_NOCLDWAIT)) {
			autoreap = true;
			if (sa->sa_handler == SIG_IGN)
				sig = 0;
		}
	}
	if (sig) {
		info.si_signo = sig;
		group_send_sig_info(sig, &info, parent);
	}
	wake_up_interruptible_all(&parent->signal->wait_chldexit);
	return autoreap;
}

/* ---- the end ---- */

void exec_mm_release(struct task_struct *t)
{
	mm_release_futex(t);
	if (t->vfork_done) {
		struct completion *done = t->vfork_done;

		t->vfork_done = NULL;
		complete(done);
	}
}

static void exit_mm(struct task_struct *t)
{
	struct mm_struct *mm = t->mm;

	exec_mm_release(t);
	if (!mm)
		return;
	if (mm->hiwater_rss > t->signal->maxrss)
		t->signal->maxrss = mm->hiwater_rss;
	/* keep the page tables until another task's are loaded */
	mmgrab(mm);
	task_lock(t);
	t->mm = NULL;
	t->active_mm = mm;
	task_unlock(t);
	mmput(mm);
}

static void exit_files(struct task_struct *t)
{
	struct files_struct *files = t->files;
	struct fs_struct *fs = t->fs;

	task_lock(t);
	t->files = NULL;
	t->fs = NULL;
	task_unlock(t);
	if (files)
		put_files(files);
	if (fs)
		put_fs(fs);
}

/* A child group that had its only connection to the session in @t, and has stopped members: POSIX hangs it up. */
static bool will_become_orphaned(pid_t pgrp, struct task_struct *leaving)
{
	struct task_struct *p;

	for_each_process(p) {
		struct task_struct *parent = p->real_parent;

		if (p->signal->pgrp != pgrp || p->exit_state || p == leaving)
			continue;
		if (parent == leaving || is_global_init(parent))
			continue;
		if (parent->signal->pgrp != pgrp && parent->signal->session == p->signal->session)
			return false;
	}
	return true;
}

bool is_current_pgrp_orphaned(void)
{
	bool orphaned;

	spin_lock(&tasklist_lock);
	orphaned = will_become_orphaned(task_pgrp_nr(current), NULL);
	spin_unlock(&tasklist_lock);
	return orphaned;
}

static bool has_stopped_member(pid_t pgrp)
{
	struct task_struct *p;

	for_each_process(p)
		if (p->signal->pgrp == pgrp && p->signal->group_stopped)
			return true;
	return false;
}

static void signal_group_locked(pid_t pgrp, int sig)
{
	struct task_struct *p;

	for_each_process(p)
		if (p->signal->pgrp == pgrp && !p->exit_state)
			group_send_sig_info(sig, SEND_SIG_PRIV, p);
}

static void hang_up_orphan(struct task_struct *child, struct task_struct *leaving)
{
	pid_t pgrp = child->signal->pgrp;

	if (pgrp != leaving->signal->pgrp && child->signal->session == leaving->signal->session &&
	    will_become_orphaned(pgrp, leaving) && has_stopped_member(pgrp)) {
		signal_group_locked(pgrp, SIGHUP);
		signal_group_locked(pgrp, SIGCONT);
	}
}

/* tasklist_lock held. */
static struct task_struct *new_parent(struct task_struct *t)
{
	struct task_struct *other;

	lockdep_assert_held(&tasklist_lock);
	for_each_thread(t, other)
		if (other != t && !(other->flags & PF_EXITING))
			return other;
	return find_task_by_vpid(1);
}

/* tasklist_lock held; dead ones that nobody will wait for are put on @reap. */
static void reparent_children(struct task_struct *t, struct list_head *reap)
{
	struct task_struct *child, *next, *to = new_parent(t);

	lockdep_assert_held(&tasklist_lock);
	list_for_each_entry_safe(child, next, &t->children, sibling) {
		hang_up_orphan(child, t);
		child->real_parent = child->parent = to;
		list_move_tail(&child->sibling, &to->children);
		if (!same_thread_group(to, t))
			child->exit_signal = thread_group_leader(child) ? SIGCHLD : -1;
		if (child->exit_state == EXIT_ZOMBIE && thread_group_leader(child) &&
		    child->signal->nr_threads == 1 && notify_parent(child)) {
			child->exit_state = EXIT_DEAD;
			list_move_tail(&child->sibling, reap);
		}
	}
}

static void add_times(struct task_struct *t)
{
	t->signal->utime += t->utime;
	t->signal->stime += t->stime;
}

/* Takes a dead task out of all lists. Its last reference may be the scheduler's. */
void release_task(struct task_struct *t)
{
	struct task_struct *leader = t->group_leader;
	struct sighand_struct *sighand;
	bool last_thread, reap_leader = false;

	spin_lock(&tasklist_lock);
	sighand = t->sighand;
	spin_lock_irq(&sighand->siglock);
	if (t != leader)
		add_times(t);
	flush_sigqueue(&t->pending);
	detach_task(t);
	last_thread = t->signal->nr_threads == 0;
	if (last_thread)
		flush_sigqueue(&t->signal->shared_pending);
	t->sighand = NULL;
	spin_unlock_irq(&sighand->siglock);
	/* the leader was waiting, dead, for the other threads */
	if (t != leader && leader->signal->nr_threads == 1 && leader->exit_state == EXIT_ZOMBIE) {
		reap_leader = notify_parent(leader);
		if (reap_leader)
			leader->exit_state = EXIT_DEAD;
	}
	spin_unlock(&tasklist_lock);
	if (atomic_dec_and_test(&sighand->count))
		kfree(sighand);
	free_pid(t->pid);
	put_task_struct(t);
	if (reap_leader)
		release_task(leader);
}

static void exit_notify(struct task_struct *t, bool group_dead)
{
	struct task_struct *child, *next;
	bool autoreap = false;
	LIST_HEAD(reap);

	spin_lock(&tasklist_lock);
	reparent_children(t, &reap);
	if (group_dead)
		hang_up_orphan(t->group_leader, t->group_leader);
	t->exit_state = EXIT_ZOMBIE;
	if (!thread_group_leader(t))
		autoreap = true;
	else if (t->signal->nr_threads == 1)
		autoreap = notify_parent(t);
	if (autoreap)
		t->exit_state = EXIT_DEAD;
	spin_unlock(&tasklist_lock);
	list_for_each_entry_safe(child, next, &reap, sibling)
		release_task(child);
	if (autoreap)
		release_task(t);
}

void do_exit(long code)
{
	struct task_struct *t = current;
	bool group_dead;

	if (in_interrupt())
		panic("Aiee, killing interrupt handler!");
	if (is_idle_task(t))
		panic("Attempted to kill the idle task!");
	t->flags |= PF_EXITING;
	group_dead = atomic_dec_and_test(&t->signal->live);
	if (group_dead) {
		if (is_global_init(t))
			panic("Attempted to kill init! exitcode=0x%08x",
			      t->signal->group_exit ? t->signal->group_exit_code : (int)code);
		hrtimer_cancel(&t->signal->real_timer);
		if (t->signal->leader)
			tty_session_leader_exit(task_session_nr(t));
	}
	t->exit_code = code;
	exit_mm(t);
	exit_files(t);
	/* a reference for finish_task_switch(), which sees TASK_DEAD and drops it */
	get_task_struct(t);
	exit_notify(t, group_dead);
	preempt_disable();
	__set_current_state(TASK_DEAD);
	schedule();
	BUG();
}

void do_group_exit(int code)
{
	struct signal_struct *signal = current->signal;
	struct sighand_struct *sighand = current->sighand;
	struct task_struct *t;

	spin_lock(&tasklist_lock);
	spin_lock_irq(&sighand->siglock);
	if (signal->group_exit) {
		code = signal->group_exit_code;
	} else {
		signal->group_exit = true;
		signal->group_exit_code = code;
		for_each_thread(current, t)
			if (t != current && !(t->flags & PF_EXITING))
				signal_wake_up(t, true);
	}
	spin_unlock_irq(&sighand->siglock);
	spin_unlock(&tasklist_lock);
	do_exit(code);
}

/* After an oops: the task cannot go on, the system perhaps. */
void make_task_dead(int signr)
{
	if (in_interrupt())
		panic("Fatal exception in interrupt");
	if (is_idle_task(current))
		panic("Attempted to kill the idle task!");
	/* a fault with interrupts off is no reason to die with them off */
	local_irq_enable();
	do_exit(signr);
}

SYSCALL_DEFINE1(exit, int, code)
{
	do_exit((code & 0xff) << 8);
}

SYSCALL_DEFINE1(exit_group, int, code)
{
	do_group_exit((code & 0xff) << 8);
}
