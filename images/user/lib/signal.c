// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signals. The kernel's sigaction has a restorer, the address that a handler returns to; programs never see it.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct kernel_sigaction {
	/*  0 */ sighandler_t handler;
	/*  8 */ unsigned long flags;
	/* 16 */ void (*restorer)(void);
	/* 24 */ sigset_t mask;
};

void signal_restorer(void);

int sigaction(int number, const struct sigaction *wanted, struct sigaction *previous)
{
	struct kernel_sigaction new, old;

	if (wanted) {
		new.handler = wanted->sa_handler;
		new.flags = wanted->sa_flags | SA_RESTORER;
		new.restorer = signal_restorer;
		new.mask = wanted->sa_mask;
	}
	if (syscall(SYS_rt_sigaction, (long)number, wanted ? &new : NULL, previous ? &old : NULL,
		    sizeof(sigset_t)) < 0)
		return -1;
	if (previous) {
		previous->sa_handler = old.handler;
		previous->sa_flags = old.flags & ~SA_RESTORER;
		previous->sa_mask = old.mask;
	}
	return 0;
}

/* System calls are restarted after the handler, as in BSD. */
sighandler_t signal(int number, sighandler_t handler)
{
	struct sigaction wanted = { .sa_handler = handler, .sa_flags = SA_RESTART }, previous;

	return sigaction(number, &wanted, &previous) < 0 ? SIG_ERR : previous.sa_handler;
}

int kill(pid_t pid, int number)
{
	return (int)syscall(SYS_kill, (long)pid, (long)number);
}

int raise(int number)
{
	return kill(getpid(), number);
}

int sigprocmask(int how, const sigset_t *wanted, sigset_t *previous)
{
	return (int)syscall(SYS_rt_sigprocmask, (long)how, wanted, previous, sizeof(sigset_t));
}

int sigpending(sigset_t *pending)
{
	return (int)syscall(SYS_rt_sigpending, pending, sizeof(sigset_t));
}

int sigsuspend(const sigset_t *mask)
{
	return (int)syscall(SYS_rt_sigsuspend, mask, sizeof(sigset_t));
}

int sigaltstack(const stack_t *wanted, stack_t *previous)
{
	return (int)syscall(SYS_sigaltstack, wanted, previous);
}

void abort(void)
{
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
	_exit(134);
}
