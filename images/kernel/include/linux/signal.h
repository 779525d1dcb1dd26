/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals: sets, actions, queues.
 *
 * Locking: sighand->siglock protects actions, pending queues, blocked masks of
 * all threads of a group, and the group's stop and exit state.
 */
#ifndef _LINUX_SIGNAL_H
#define _LINUX_SIGNAL_H

#include <linux/types.h>
#include <linux/list.h>
#include <uapi/linux/signal.h>

typedef struct {
	unsigned long sig[1];
} sigset_t;
#define sigmask(sig) (1UL << ((sig)-1))
static inline void sigemptyset(sigset_t *set)
{
	set->sig[0] = 0;
}
static inline void sigfillset(sigset_t *set)
{
	set->sig[0] = ~0UL;
}
static inline void sigaddset(sigset_t *set, int sig)
{
	set->sig[0] |= sigmask(sig);
}
static inline void sigdelset(sigset_t *set, int sig)
{
	set->sig[0] &= ~sigmask(sig);
}
static inline bool sigismember(const sigset_t *set, int sig)
{
	return set->sig[0] & sigmask(sig);
}

typedef siginfo_t kernel_siginfo_t;
#define SEND_SIG_NOINFO ((struct siginfo *)0)
#define SEND_SIG_PRIV	((struct siginfo *)1)

struct sigaction { /* as rt_sigaction passes it */
	void (*sa_handler)(int);
	unsigned long sa_flags;
	void (*sa_restorer)(void);
	sigset_t sa_mask;
};
struct k_sigaction {
	struct sigaction sa;
};

/* one queued signal */
struct sigqueue {
	struct list_head list; /* sigpending.list, siglock */
	siginfo_t info;
};
struct sigpending {
	struct list_head list;
	sigset_t signal;
};

struct task_struct;
struct pt_regs;
struct ksignal {
	struct k_sigaction ka;
	siginfo_t info;
	int sig;
};

/* to the thread, to its group; 0 or -errno */
int send_sig(int sig, struct task_struct *, int priv);
int send_sig_info(int sig, struct siginfo *, struct task_struct *);
int group_send_sig_info(int sig, struct siginfo *, struct task_struct *);
int force_sig(int sig); /* current cannot ignore it */
int force_sig_fault(int sig, int code, void *addr);
int kill_pgrp(pid_t pgrp, int sig, int priv); /* -ESRCH if nobody is there */
int kill_pid(pid_t pid, int sig, int priv);
void flush_signal_handlers(struct task_struct *, int force_default);
void flush_sigqueue(struct sigpending *);
void recalc_sigpending(void);
void recalc_sigpending_tsk(struct task_struct *);
void signal_wake_up(struct task_struct *, bool fatal);
bool get_signal(struct ksignal *);
void discard_pending(struct task_struct *,
		     int sig); /* from every queue of the group; siglock held */
int dequeue_signal(struct task_struct *, const sigset_t *blocked, siginfo_t *); /* siglock held */
/* tells the parent CLD_STOPPED or CLD_CONTINUED; tasklist_lock held */
void do_notify_parent_cldstop(struct task_struct *, int why);
int set_current_blocked(sigset_t *);
/* a sleeper in sigsuspend, pselect, ppoll: the mask to go back to after delivery */
int set_user_sigmask(const sigset_t *umask, size_t size);
struct restart_block;
long sigtimedwait_restart(struct restart_block *);
void restore_saved_sigmask(void);
struct sigqueue *sigqueue_alloc(void);
/* on the way out to user mode: deliver, or restart the system call */
void arch_do_signal_or_restart(struct pt_regs *);

#endif
