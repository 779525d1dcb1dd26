/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time in nanoseconds. Monotonic time starts at power-up and goes on over an upgrade. */
#ifndef _LINUX_KTIME_H
#define _LINUX_KTIME_H

#include <linux/types.h>

#define NSEC_PER_SEC  1000000000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_USEC 1000L
#define USEC_PER_SEC  1000000L
#define MSEC_PER_SEC  1000L
#define KTIME_MAX     0x7fffffffffffffffLL

u64 ktime_get_ns(void);	     /* CLOCK_MONOTONIC */
u64 ktime_get_real_ns(void); /* CLOCK_REALTIME */
u64 local_clock(void);	     /* for messages: any context, notrace */
#define ktime_get()		((ktime_t)ktime_get_ns())
#define ktime_get_boottime_ns() ktime_get_ns()
#define sched_clock()		local_clock()
#define ktime_add_ns(a, b)	((a) + (b))
#define ktime_sub(a, b)		((a) - (b))
#define ktime_to_ns(t)		(t)
#define ns_to_ktime(n)		((ktime_t)(n))
#define ms_to_ktime(n)		((ktime_t)(n)*NSEC_PER_MSEC)

/* lib/calendar.c: days count from 1970-01-01, months and days of a month from 1. */
struct calendar_date {
	long year, month, day;
};
long days_since_epoch(long year, long month, long day);
struct calendar_date date_of_day(long day);

struct timespec64 {
	time64_t tv_sec;
	long tv_nsec;
};
#define timespec timespec64
struct itimerspec64 {
	struct timespec64 it_interval, it_value;
};
static inline struct timespec64 ns_to_timespec64(s64 ns)
{
	struct timespec64 ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	return ts;
}
/* A point in time that is @ns, which is not negative, after @t: the end of time at the latest. */
static inline ktime_t ktime_add_safe(ktime_t t, s64 ns)
{
	return ns > KTIME_MAX - t ? KTIME_MAX : t + ns;
}
#define ktime_to_timespec64(t) ns_to_timespec64(t)
static inline s64 timespec64_to_ns(const struct timespec64 *ts)
{
	if (ts->tv_sec >= KTIME_MAX / NSEC_PER_SEC)
		return KTIME_MAX;
	return ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}
static inline bool timespec64_valid(const struct timespec64 *ts)
{
	return ts->tv_sec >= 0 && (unsigned long)ts->tv_nsec < NSEC_PER_SEC;
}

/* the time base, which an upgrade hands on: monotonic = (tsc - tsc_base) * mult >> shift + ns_base */
struct clock_base {
	u64 tsc_base, ns_base;
	u64 real_offset_ns; /* real time minus monotonic time */
	u64 tsc_hz;
};
extern struct clock_base clock_base;
void clock_init(void);
void clock_set_base(const struct clock_base *);
void settimeofday_ns(u64 real_ns);
void udelay(unsigned long us);
void mdelay(unsigned long ms);
void msleep(unsigned int ms);

#define CLOCK_REALTIME		 0
#define CLOCK_MONOTONIC		 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID	 3
#define CLOCK_MONOTONIC_RAW	 4
#define CLOCK_REALTIME_COARSE	 5
#define CLOCK_MONOTONIC_COARSE	 6
#define CLOCK_BOOTTIME		 7
#define TIMER_ABSTIME		 1

#endif
