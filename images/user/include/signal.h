/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals. sigset_t is the kernel's 64 bits. Handlers return through a restorer in the library. */
#ifndef USER_SIGNAL_H
#define USER_SIGNAL_H

#include <linux/signal.h>
#include <sys/types.h>

typedef unsigned long sigset_t;
typedef void (*sighandler_t)(int);

#define SIG_ERR ((sighandler_t)-1)

struct sigaction {
	union {
		sighandler_t sa_handler;
		void (*sa_sigaction)(int, siginfo_t *, void *);
	};
	unsigned long sa_flags;
	sigset_t sa_mask;
};

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
