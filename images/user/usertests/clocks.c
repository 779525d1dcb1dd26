// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time: clocks that do not run backwards, sleeps that are long enough, timers that tick, accounting.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include "usertests.h"

static volatile int ticks;

static void tick(int number)
{
	(void)number;
	ticks++;
}

static long now(void)
{
	struct timespec time;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0 && time.tv_nsec >= 0 &&
	      time.tv_nsec < 1000000000);
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

static void monotonic(void)
{
	long last = now();

	for (int i = 0; i < 1000; i++) {
		long time = now();

		CHECK(time >= last);
		last = time;
	}
}

static void wall_clock(void)
{
	struct timeval a;
	struct timespec b;
	time_t c, d;

	CHECK(gettimeofday(&a, NULL) == 0 && clock_gettime(CLOCK_REALTIME, &b) == 0);
	c = time(&d);
	CHECK(c == d && c >= a.tv_sec && c <= a.tv_sec + 2 && b.tv_sec >= a.tv_sec &&
	      b.tv_sec <= a.tv_sec + 2);
	FAILS_WITH(clock_gettime(99, &b), EINVAL);
}

static void sleeping(void)
{
	struct timespec span = { 0, 5000000 }, bad = { 0, 1000000000 };
	long begin = now(), end;

	CHECK(nanosleep(&span, NULL) == 0 && now() - begin >= 5000000);
	FAILS_WITH(nanosleep(&bad, NULL), EINVAL);
	end = now() + 5000000;
	span = (struct timespec){ end / 1000000000, end % 1000000000 };
	CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &span, NULL) == 0 && now() >= end);
	CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &span, NULL) == 0);
}

static void interrupted_sleep(void)
{
	struct itimerval soon = { { 0, 0 }, { 0, 10000 } };
	struct timespec span = { 5, 0 }, left = { 0, 0 };

	signal(SIGALRM, tick);
	setitimer(ITIMER_REAL, &soon, NULL);
	FAILS_WITH(nanosleep(&span, &left), EINTR);
	CHECK(ticks == 1 && left.tv_sec >= 1 && left.tv_sec < 5);
}

static void interval(void)
{
	struct itimerval wanted = { { 0, 2000 }, { 0, 2000 } }, got, off = { 0 };

	signal(SIGALRM, tick);
	CHECK(setitimer(ITIMER_REAL, &wanted, NULL) == 0);
	while (ticks < 5)
		pause();
	CHECK(getitimer(ITIMER_REAL, &got) == 0 && got.it_interval.tv_usec == 2000 &&
	      got.it_value.tv_usec <= 2000 + 10000);
	CHECK(setitimer(ITIMER_REAL, &off, &got) == 0 && got.it_interval.tv_usec == 2000);
	ticks = 0;
	CHECK(getitimer(ITIMER_REAL, &got) == 0 && got.it_value.tv_sec == 0 &&
	      got.it_value.tv_usec == 0);
}

static void alarms(void)
{
	signal(SIGALRM, tick);
	CHECK(alarm(100) <= 60);
	CHECK(alarm(1) >= 99);
	while (!ticks)
		pause();
	CHECK(ticks == 1 && alarm(0) == 0);
}

static void accounting(void)
{
	struct rusage usage;
	struct tms buffer;
	volatile unsigned long work = 0;

	for (int i = 0; i < 3000000; i++)
		work += i;
	CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_utime.tv_usec >= 0 &&
	      usage.ru_utime.tv_usec < 1000000);
	CHECK(times(&buffer) != -1 && buffer.tms_utime >= 0);
}

static void yielding(void)
{
	for (int i = 0; i < 100; i++)
		CHECK(sched_yield() == 0);
}

const struct test clock_tests[] = {
	{ "clock_monotonic", monotonic, 0 },
	{ "clock_wall", wall_clock, 0 },
	{ "clock_sleeping", sleeping, 0 },
	{ "clock_interrupted_sleep", interrupted_sleep, 0 },
	{ "clock_interval", interval, 0 },
	{ "clock_alarms", alarms, 1 },
	{ "clock_accounting", accounting, 0 },
	{ "clock_yielding", yielding, 0 },
	{ NULL, NULL, 0 },
};
