// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the first lines of its input: head [-n COUNT | -COUNT] [FILE...], 10 lines when no count is given.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void copy(FILE *file, long lines)
{
	char line[1024];

	while (lines > 0 && fgets(line, sizeof(line), file)) {
		fputs(line, stdout);
		if (strchr(line, '\n'))
			lines--;
	}
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
	if (optind == argc)
		copy(stdin, lines);
	for (int i = optind; i < argc; i++) {
		FILE *file = fopen(argv[i], "r");

		if (!file) {
			fprintf(stderr, "head: cannot open '%s': %s\n", argv[i], strerror(errno));
			result = 1;
			continue;
		}
		copy(file, lines);
		fclose(file);
	}
	return result;
}
