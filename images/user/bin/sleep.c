// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sleeps for SECONDS[.FRACTION].
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	struct timespec span = { 0, 0 };
	char *end;

	if (argc != 2) {
		fprintf(stderr, "usage: sleep SECONDS\n");
		return 2;
	}
	span.tv_sec = strtol(argv[1], &end, 10);
	if (*end == '.') {
		long unit = 100000000;

		for (end++; isdigit(*end); end++, unit /= 10)
			span.tv_nsec += (*end - '0') * unit;
	}
	if (*end) {
		fprintf(stderr, "sleep: invalid time interval '%s'\n", argv[1]);
		return 1;
	}
	while (nanosleep(&span, &span) < 0 && errno == EINTR)
		;
	return 0;
}
