// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parent and child pass a ball by SIGUSR1 and SIGUSR2, both blocked except in sigsuspend: proves that masks, pending signals and
 * handlers survive. Each round also raises a blocked signal twice and finds it pending and delivered once.
 */
#include <signal.h>
#include <sys/wait.h>
#include "workload.h"

static volatile long caught1, caught2;

static void catch1(int number)
{
	(void)number;
	caught1++;
}

static void catch2(int number)
{
	(void)number;
	caught2++;
}

int main(int argc, char **argv)
{
	struct workload workload = workload_begin("signals", argc, argv, 100, 1);
	struct sigaction first = { .sa_handler = catch1 }, second = { .sa_handler = catch2 };
	sigset_t both = 0, open_mask, pending, kept;
	uint64_t hash = HASH_BEGIN;
	pid_t child;
	int status;

	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	sigaction(SIGUSR1, &first, NULL);
	sigaction(SIGUSR2, &second, NULL);
	sigprocmask(SIG_BLOCK, &both, &open_mask);
	child = fork();
	if (child == 0) {
		for (long round = 1; round <= workload.rounds; round++) {
			while (caught1 < round)
				sigsuspend(&open_mask);
			kill(getppid(), SIGUSR2);
		}
		_exit(0);
	}
	for (long round = 1; round <= workload.rounds; round++) {
		kill(child, SIGUSR1);
		while (caught2 < round)
			sigsuspend(&open_mask);

		raise(SIGUSR1);
		raise(SIGUSR1);
		sigpending(&pending);
		sigprocmask(SIG_SETMASK, NULL, &kept);
		if (!sigismember(&pending, SIGUSR1) || (kept & both) != both)
			workload_fail(&workload, "the mask or the pending set", round);
		sigprocmask(SIG_SETMASK, &open_mask, NULL);
		sigprocmask(SIG_BLOCK, &both, NULL);
		if (caught1 != round)
			workload_fail(&workload, "a blocked signal came not once", round);
		hash = hash_word(hash, (uint64_t)(caught1 << 32 | caught2));
		workload_pause(&workload);
	}
	if (waitpid(child, &status, 0) != child || status)
		workload_fail(&workload, "the child's end", workload.rounds);
	return workload_end(&workload, hash);
}
