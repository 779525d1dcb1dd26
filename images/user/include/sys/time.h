/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interval timers and the older clock. */
#ifndef USER_SYS_TIME_H
#define USER_SYS_TIME_H

#include <sys/types.h>

struct timeval {
	time_t tv_sec;
	suseconds_t tv_usec;
};

struct itimerval {
	struct timeval it_interval;
	struct timeval it_value;
};

#define ITIMER_REAL    0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF    2

int gettimeofday(struct timeval *now, void *zone);
int getitimer(int which, struct itimerval *current);
int setitimer(int which, const struct itimerval *wanted, struct itimerval *previous);

#endif
