// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints of lines that follow each other and are the same only the first: uniq [-c] [FILE]. -c says how often there were.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int counts;

static void show(const char *line, long times)
{
	if (times && counts)
		printf("%7ld %s\n", times, line);
	else if (times)
		puts(line);
}

int main(int argc, char **argv)
{
	static char line[4096], latest[4096];
	FILE *file = stdin;
	long times = 0;
	int letter;

	while ((letter = getopt(argc, argv, "c")) != -1) {
		if (letter == '?')
			return 2;
		counts = 1;
	}
	if (optind < argc && !(file = fopen(argv[optind], "r"))) {
		fprintf(stderr, "uniq: %s: %s\n", argv[optind], strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		size_t length = strlen(line);

		if (length && line[length - 1] == '\n')
			line[length - 1] = 0;
		if (times && !strcmp(line, latest)) {
			times++;
			continue;
		}
		show(latest, times);
		strcpy(latest, line);
		times = 1;
	}
	show(latest, times);
	return 0;
}
