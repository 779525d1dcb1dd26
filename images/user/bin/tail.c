// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the last lines of its input: tail [-n COUNT | -COUNT] [FILE...], 10 lines when no count is given.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Keeps the lines in a ring, and prints what is in it at the end. */
static void copy(FILE *file, long count)
{
	char **ring = calloc(count + 1, sizeof(*ring)), line[4096];
	long next = 0;

	while (ring && count && fgets(line, sizeof(line), file)) {
		free(ring[next % count]);
		ring[next++ % count] = strdup(line);
	}
	for (long i = next > count ? next - count : 0; i < next; i++) {
		fputs(ring[i % count], stdout);
		free(ring[i % count]);
	}
	free(ring);
}

int main(int argc, char **argv)
{
	long lines = 10;
	int letter, result = 0;

	if (argc > 1 && argv[1][0] == '-' && isdigit(argv[1][1])) {
		lines = strtol(argv[1] + 1, NULL, 10);
		optind = 2;
	}
	while ((letter = getopt(argc, argv, "n:")) != -1) {
		if (letter == '?')
			return 2;
		lines = strtol(optarg, NULL, 10);
	}
	if (lines < 0)
		lines = -lines;
	if (optind == argc)
		copy(stdin, lines);
	for (int i = optind; i < argc; i++) {
		FILE *file = fopen(argv[i], "r");

		if (!file) {
			fprintf(stderr, "tail: cannot open '%s': %s\n", argv[i], strerror(errno));
			result = 1;
			continue;
		}
		copy(file, lines);
		fclose(file);
	}
	return result;
}
