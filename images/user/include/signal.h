/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals. sigset_t is the kernel's 64 bits. Handlers return through a restorer in the library. */
#ifndef USER_SIGNAL_H
#define USER_SIGNAL_H

#include <sys/types.h>

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

typedef unsigned long sigset_t;
typedef void (*sighandler_t)(int);

#define SIG_DFL	     ((sighandler_t)0)
#define SIG_IGN	     ((sighandler_t)1)
#define SIG_ERR	     ((sighandler_t)-1)
#define SA_NOCLDSTOP 1u
#define SA_SIGINFO   4u
#define SA_ONSTACK   0x08000000u
#define SA_RESTART   0x10000000u
#define SA_NODEFER   0x40000000u
#define SA_RESETHAND 0x80000000u
#define SIG_BLOCK    0
#define SIG_UNBLOCK  1
#define SIG_SETMASK  2
#define SS_ONSTACK   1
#define SS_DISABLE   2
#define MINSIGSTKSZ  2048

typedef struct {
	/*  0 */ int si_signo;
	/*  4 */ int si_errno;
	/*  8 */ int si_code;
	/* 12 */ int reserved0;
	/* 16 */ union {
		struct {
			/* 16 */ pid_t si_pid;
			/* 20 */ uid_t si_uid;
			/* 24 */ int si_status;
		};
		/* 16 */ void *si_addr;
		/* 16 */ char reserved1[112];
	};
} siginfo_t;

_Static_assert(sizeof(siginfo_t) == 128, "siginfo_t of x86-64 Linux");

struct sigaction {
	union {
		sighandler_t sa_handler;
		void (*sa_sigaction)(int, siginfo_t *, void *);
	};
	unsigned long sa_flags;
	sigset_t sa_mask;
};

typedef struct {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

/* What the kernel stores below a handler's frame; the registers are in the order of struct sigcontext. */
typedef struct {
	unsigned long uc_flags;
	void *uc_link;
	stack_t uc_stack;
	unsigned long r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp,
		rip, eflags;
	unsigned short cs, gs, fs, ss;
	unsigned long err, trapno, oldmask, cr2;
	void *fpstate;
	unsigned long reserved[8];
	sigset_t uc_sigmask;
} ucontext_t;

int kill(pid_t pid, int number);
int raise(int number);
int sigaction(int number, const struct sigaction *wanted, struct sigaction *previous);
sighandler_t signal(int number, sighandler_t handler);
int sigprocmask(int how, const sigset_t *wanted, sigset_t *previous);
int sigpending(sigset_t *pending);
int sigsuspend(const sigset_t *mask);
int sigaltstack(const stack_t *wanted, stack_t *previous);

static inline int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}
static inline int sigfillset(sigset_t *set)
{
	*set = ~0ul;
	return 0;
}
static inline int sigaddset(sigset_t *set, int number)
{
	*set |= 1ul << (number - 1);
	return 0;
}
static inline int sigdelset(sigset_t *set, int number)
{
	*set &= ~(1ul << (number - 1));
	return 0;
}
static inline int sigismember(const sigset_t *set, int number)
{
	return *set >> (number - 1) & 1;
}

#endif
