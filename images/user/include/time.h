/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks and sleeping. */
#ifndef USER_TIME_H
#define USER_TIME_H

#include <sys/types.h>

struct timespec {
	time_t tv_sec;
	long tv_nsec;
};

struct tm {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday;
};

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define TIMER_ABSTIME		 1

time_t time(time_t *store);
int clock_gettime(clockid_t clock, struct timespec *now);
int nanosleep(const struct timespec *wanted, struct timespec *left);
/* Returns the error number itself, as POSIX has it. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
		    struct timespec *left);
struct tm *gmtime_r(const time_t *seconds, struct tm *fields);

#endif
