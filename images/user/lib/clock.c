// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks, sleeping and interval timers, and the calendar.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

time_t time(time_t *store)
{
	return syscall(SYS_time, store);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	return (int)syscall(SYS_clock_gettime, (long)clock, now);
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	return (int)syscall(SYS_nanosleep, wanted, left);
}

int gettimeofday(struct timeval *now, void *zone)
{
	return (int)syscall(SYS_gettimeofday, now, zone);
}

int getitimer(int which, struct itimerval *current)
{
	return (int)syscall(SYS_getitimer, (long)which, current);
}

int setitimer(int which, const struct itimerval *wanted, struct itimerval *previous)
{
	return (int)syscall(SYS_setitimer, (long)which, wanted, previous);
}

unsigned int alarm(unsigned int seconds)
{
	return (unsigned int)syscall(SYS_alarm, (long)seconds);
}

int pause(void)
{
	return (int)syscall(SYS_pause);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
		    struct timespec *left)
{
	return (int)-syscall_raw(SYS_clock_nanosleep, clock, flags, (long)wanted, (long)left, 0, 0);
}

unsigned int sleep(unsigned int seconds)
{
	struct timespec span = { seconds, 0 };

	return nanosleep(&span, &span) < 0 ? (unsigned int)span.tv_sec : 0;
}

/*
 * Civil date from a day number, by the 400-year cycle of 146097 days that begins on 1 March of year 0: a leap day is then the
 * last day of its year, and month lengths follow the pattern (153 m + 2) / 5.
 */
struct tm *gmtime_r(const time_t *seconds, struct tm *fields)
{
	long days = *seconds / 86400, rest = *seconds % 86400;
	long cycle, day, year, month;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	fields->tm_hour = rest / 3600;
	fields->tm_min = rest / 60 % 60;
	fields->tm_sec = rest % 60;
	fields->tm_wday = (int)((days % 7 + 11) % 7); /* 1970-01-01 was a Thursday */
	days += 719468;				      /* days from 0000-03-01 to 1970-01-01 */
	cycle = (days >= 0 ? days : days - 146096) / 146097;
	day = days - cycle * 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	fields->tm_mday = (int)(day - (153 * month + 2) / 5 + 1);
	fields->tm_mon = (int)(month < 10 ? month + 2 : month - 10);
	fields->tm_year = (int)(year + cycle * 400 + (fields->tm_mon <= 1) - 1900);
	fields->tm_yday = 0;
	for (int i = 0; i < fields->tm_mon; i++) {
		static const unsigned char lengths[] = {
			31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30
		};
		long y = fields->tm_year + 1900;

		fields->tm_yday +=
			lengths[i] + (i == 1 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)));
	}
	fields->tm_yday += fields->tm_mday - 1;
	return fields;
}
