// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An interval timer that ticks while the program sleeps and computes: proves that armed timers, sleeps and signal delivery go on,
 * and that clocks never run backwards. A round is one tick; STEPS is the interval in microseconds. The result depends on the
 * number of ticks only.
 */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include "workload.h"

static volatile long ticks;

static void tick(int number)
{
	(void)number;
	ticks++;
}

int main(int argc, char **argv)
{
	struct workload workload = workload_begin("timers", argc, argv, 20, 5000);
	struct itimerval interval = { { 0, workload.steps }, { 0, workload.steps } }, current,
			 off = { 0 };
	struct sigaction action = { .sa_handler = tick };
	struct timespec last = { 0, 0 }, now, span;
	uint64_t hash = HASH_BEGIN;
	long seen = 0;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &interval, NULL);
	while (seen < workload.rounds) {
		/* Sleeps longer than a tick, so most sleeps are interrupted; what is left must be less than what was wanted. */
		span = (struct timespec){ 0, workload.steps * 3000 };
		if (nanosleep(&span, &span) < 0 &&
		    (errno != EINTR || span.tv_sec || span.tv_nsec > workload.steps * 3000))
			workload_fail(&workload, "nanosleep", seen);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec < last.tv_sec ||
		    (now.tv_sec == last.tv_sec && now.tv_nsec < last.tv_nsec))
			workload_fail(&workload, "the clock ran backwards", seen);
		last = now;
		while (seen < ticks && seen < workload.rounds)
			hash = hash_word(hash, (uint64_t)++seen);
	}
	if (getitimer(ITIMER_REAL, &current) < 0 ||
	    current.it_interval.tv_usec != workload.steps % 1000000)
		workload_fail(&workload, "the timer's interval", seen);
	setitimer(ITIMER_REAL, &off, NULL);
	return workload_end(&workload, hash);
}
