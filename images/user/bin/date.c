// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the date and time of the machine's clock, in UTC. +%s prints seconds since 1970, +%N also nanoseconds.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv)
{
	static const char days[] = "SunMonTueWedThuFriSat",
			  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct timespec now;
	struct tm fields;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0) {
		perror("date");
		return 1;
	}
	if (argc > 1 && !strcmp(argv[1], "+%s")) {
		printf("%ld\n", now.tv_sec);
	} else if (argc > 1 && !strcmp(argv[1], "+%N")) {
		printf("%ld.%09ld\n", now.tv_sec, now.tv_nsec);
	} else {
		gmtime_r(&now.tv_sec, &fields);
		printf("%.3s %.3s %2d %02d:%02d:%02d UTC %d\n", days + 3 * fields.tm_wday,
		       months + 3 * fields.tm_mon, fields.tm_mday, fields.tm_hour, fields.tm_min,
		       fields.tm_sec, fields.tm_year + 1900);
	}
	return 0;
}
