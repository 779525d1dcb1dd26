// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals: waited for, pending, on another stack, of a timer; and being stopped by one. */
#include <sys/time.h>
#include "keeper.h"

#define SYS_rt_sigtimedwait 128

static volatile long caught, queued, alarms;
static volatile pid_t caught_from;
static char *alternate;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	caught++;
	queued += number >= 34;
	caught_from = info->si_pid;
}

static void on_alternate(int number)
{
	char here;
	struct timespec span = { 0, 300000 };

	(void)number;
	/* asleep inside a handler, on the other stack */
	nanosleep(&span, NULL);
	alarms += &here >= alternate && &here < alternate + 4 * PAGE;
}

/* sigsuspend; a blocked signal pending once, a real-time one three times; a wait for a signal with a limit. */
uint64_t keep_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	sigset_t blocked = 0, before, pending, none = 0;
	pid_t child, me = getpid();

	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGUSR2);
	sigaddset(&blocked, 34);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(34, &action, NULL);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	sigaddset(&none, SIGUSR2);
	for (long round = 0; round < workload.rounds; round++) {
		struct timespec limit = { 0, pause_us() * 500 };
		sigset_t only = 0, now;

		caught = queued = 0;
		child = fork();
		if (child == 0) {
			rest(pause_us() / 2, round);
			for (int i = 0; i < 3; i++)
				kill(me, 34);
			kill(me, SIGUSR2);
			kill(me, SIGUSR2);
			rest(pause_us() / 2, round);
			kill(me, SIGUSR1);
			_exit(0);
		}
		/* all but the first is kept back */
		sigaddset(&none, 34);
		while (!caught)
			if (sigsuspend(&none) != -1 || errno != EINTR)
				damaged("sigsuspend", round);
		if (caught != 1 || caught_from != child)
			damaged("the signal that was let in", round);
		reap(child, 0, round);
		sigpending(&pending);
		sigprocmask(SIG_SETMASK, NULL, &now);
		if (!sigismember(&pending, SIGUSR2) || !sigismember(&pending, 34) ||
		    (now & blocked) != blocked)
			damaged("the pending set or the mask", round);
		rest(pause_us() / 2, round);
		sigaddset(&only, SIGHUP);
		if (syscall(SYS_rt_sigtimedwait, &only, NULL, &limit, sizeof(only)) != -1 ||
		    errno != EAGAIN)
			damaged("sigtimedwait", round);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (caught != 5 || queued != 3)
			damaged("the number of signals", round);
		sigprocmask(SIG_BLOCK, &blocked, NULL);
	}
	return blocked;
}

/* An interval timer whose handler sleeps on a stack of its own, while the program is in a read that is executed again. */
uint64_t keep_timer(void)
{
	struct sigaction action = { .sa_handler = on_alternate,
				    .sa_flags = SA_ONSTACK | SA_RESTART };
	struct itimerval interval = { { 0, 3000 }, { 0, 3000 } }, now;
	stack_t stack;
	int ends[2];
	pid_t child;

	alternate =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack = (stack_t){ alternate, 0, 4 * PAGE };
	sigaltstack(&stack, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &interval, NULL);
	if (pipe(ends) < 0)
		damaged("pipe", 0);
	for (long round = 0; round < workload.rounds; round++) {
		uint64_t word = 0;

		child = fork();
		if (child == 0) {
			struct itimerval off = { { 0, 0 }, { 0, 0 } };

			setitimer(ITIMER_REAL, &off, NULL);
			rest(pause_us() + 4000, round);
			word = (uint64_t)round * 77;
			write(ends[1], &word, sizeof(word));
			_exit(0);
		}
		if (read(ends[0], &word, sizeof(word)) != sizeof(word) ||
		    word != (uint64_t)round * 77)
			damaged("a read with SA_RESTART", round);
		while (waitpid(child, NULL, 0) != child)
			damaged("a wait with SA_RESTART", round);
		sigaltstack(NULL, &stack);
		if (stack.ss_sp != alternate || stack.ss_flags)
			damaged("the alternate stack", round);
		if (getitimer(ITIMER_REAL, &now) < 0 || now.it_interval.tv_usec != 3000)
			damaged("the timer's interval", round);
	}
	if (!alarms)
		damaged("no alarm came, or on the wrong stack", workload.rounds);
	return 3000;
}

/* One that is stopped does not move; continued, it goes on. */
uint64_t keep_stopped(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		for (;;) {
			board->steps++;
			syscall(SYS_sched_yield);
		}
	}
	for (long round = 0; round < workload.rounds; round++) {
		uint64_t steps;

		kill(child, SIGSTOP);
		if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
		    WSTOPSIG(status) != SIGSTOP)
			damaged("it did not stop", round);
		steps = board->steps;
		rest(pause_us(), round);
		if (board->steps != steps)
			damaged("it moved while stopped", round);
		kill(child, SIGCONT);
		if (waitpid(child, &status, WCONTINUED) != child || status != 0xffff)
			damaged("it was not continued", round);
		for (int i = 0; board->steps == steps; i++) {
			if (i == 1000)
				damaged("it does not go on", round);
			rest(300, round);
		}
	}
	kill(child, SIGKILL);
	reap(child, SIGKILL, workload.rounds);
	return SIGSTOP;
}
