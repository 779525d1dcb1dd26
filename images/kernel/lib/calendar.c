// SPDX-License-Identifier: GPL-2.0-or-later
/* Days and dates of the Gregorian calendar, as if it had always been in use. */
#include <linux/ktime.h>

/* @month may be 13: the first of the next year. */
long days_since_epoch(long year, long month, long day)
{
	year -= month <= 2;
	month += month <= 2 ? 9 : -3; /* March = 0: leap days come last */
	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 -
	       719468;
}

/* The last year, then the last month, that has begun by then. */
struct calendar_date date_of_day(long day)
{
	struct calendar_date date = { .month = 1 };
	long left;

	/* a year that has begun for sure; then on by as many as must have passed since */
	date.year = 1970 + (day < 0 ? day / 365 - 1 : 0);
	while ((left = day - days_since_epoch(date.year, 1, 1)) >= 366)
		date.year += left / 366;
	if (days_since_epoch(date.year + 1, 1, 1) <= day)
		date.year++;
	while (date.month < 12 && days_since_epoch(date.year, date.month + 1, 1) <= day)
		date.month++;
	date.day = day - days_since_epoch(date.year, date.month, 1) + 1;
	return date;
}
