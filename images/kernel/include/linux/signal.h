/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals: numbers, sets, actions, queues. Structures that user mode sees have
 * Linux's x86-64 layout.
 *
 * Locking: sighand->siglock protects actions, pending queues, blocked masks of
 * all threads of a group, and the group's stop and exit state.
 */
#ifndef _LINUX_SIGNAL_H
#define _LINUX_SIGNAL_H

#include <linux/types.h>
#include <linux/list.h>

#define _NSIG	  64
#define SIGHUP	  1
#define SIGINT	  2
#define SIGQUIT	  3
#define SIGILL	  4
#define SIGTRAP	  5
#define SIGABRT	  6
#define SIGBUS	  7
#define SIGFPE	  8
#define SIGKILL	  9
#define SIGUSR1	  10
#define SIGSEGV	  11
#define SIGUSR2	  12
#define SIGPIPE	  13
#define SIGALRM	  14
#define SIGTERM	  15
#define SIGSTKFLT 16
#define SIGCHLD	  17
#define SIGCONT	  18
#define SIGSTOP	  19
#define SIGTSTP	  20
#define SIGTTIN	  21
#define SIGTTOU	  22
#define SIGURG	  23
#define SIGXCPU	  24
#define SIGXFSZ	  25
#define SIGVTALRM 26
#define SIGPROF	  27
#define SIGWINCH  28
#define SIGIO	  29
#define SIGPWR	  30
#define SIGSYS	  31
#define SIGRTMIN  32

#define SA_NOCLDSTOP 0x00000001
#define SA_NOCLDWAIT 0x00000002
#define SA_SIGINFO   0x00000004
#define SA_RESTORER  0x04000000
#define SA_ONSTACK   0x08000000
#define SA_RESTART   0x10000000
#define SA_NODEFER   0x40000000
#define SA_RESETHAND 0x80000000

#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2
#define SIG_DFL	    ((void (*)(int))0)
#define SIG_IGN	    ((void (*)(int))1)

#define SS_ONSTACK  1
#define SS_DISABLE  2
#define MINSIGSTKSZ 2048

#define SI_USER	      0
#define SI_KERNEL     0x80
#define SI_QUEUE      -1
#define SI_TIMER      -2
#define SI_TKILL      -6
#define SEGV_MAPERR   1
#define SEGV_ACCERR   2
#define BUS_ADRALN    1
#define BUS_ADRERR    2
#define FPE_INTDIV    1
#define FPE_FLTDIV    3
#define FPE_FLTOVF    4
#define FPE_FLTUND    5
#define FPE_FLTRES    6
#define FPE_FLTINV    7
#define ILL_ILLOPN    2
#define TRAP_BRKPT    1
#define TRAP_TRACE    2
#define TRAP_HWBKPT   4
#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

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

typedef union sigval {
	int sival_int;
	void *sival_ptr;
} sigval_t;

typedef struct siginfo {
	/*  0 */ int si_signo;
	/*  4 */ int si_errno;
	/*  8 */ int si_code;
	/* 16 */ union {
		int _pad[28];
		struct {
			pid_t _pid;
			uid_t _uid;
			sigval_t _sigval;
		} _rt;
		struct {
			pid_t _pid;
			uid_t _uid;
			int _status;
			long _utime, _stime;
		} _sigchld;
		struct {
			int _tid;
			int _overrun;
			sigval_t _sigval;
		} _timer;
		struct {
			void *_addr;
		} _sigfault;
	} _sifields __aligned(8);
} siginfo_t;
_Static_assert(sizeof(siginfo_t) == 128, "user ABI");
#define si_pid	  _sifields._rt._pid
#define si_uid	  _sifields._rt._uid
#define si_value  _sifields._rt._sigval
#define si_status _sifields._sigchld._status
#define si_utime  _sifields._sigchld._utime
#define si_stime  _sifields._sigchld._stime
#define si_addr	  _sifields._sigfault._addr
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

typedef struct sigaltstack {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

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
long restore_sigcontext_frame(struct pt_regs *);

#endif
