// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints numbers, one a line: seq [FIRST [STEP]] LAST.
 */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	long first = argc > 2 ? strtol(argv[1], NULL, 10) : 1;
	long step = argc > 3 ? strtol(argv[2], NULL, 10) : 1;
	long last;

	if (argc < 2 || argc > 4 || step == 0) {
		fprintf(stderr, "usage: seq [FIRST [STEP]] LAST\n");
		return 2;
	}
	last = strtol(argv[argc - 1], NULL, 10);
	for (long i = first; step > 0 ? i <= last : i >= last; i += step)
		printf("%ld\n", i);
	return 0;
}
