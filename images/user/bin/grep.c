// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the lines that hold a pattern. The pattern is plain text, with ^ at its begin and $ at its end as anchors.
 * -c counts, -q only answers, -v turns the choice round, -n numbers the lines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int count_only, quiet, invert, numbers;
static const char *pattern;
static int at_start, at_end;
static size_t length;

static int matches(const char *line, size_t size)
{
	if (length > size)
		return 0;
	if (at_start && at_end)
		return size == length && !memcmp(line, pattern, length);
	if (at_start)
		return !memcmp(line, pattern, length);
	if (at_end)
		return !memcmp(line + size - length, pattern, length);
	for (size_t i = 0; i + length <= size; i++) {
		if (!memcmp(line + i, pattern, length))
			return 1;
	}
	return 0;
}

static long search(FILE *file, const char *name)
{
	static char line[4096];
	long found = 0, number = 0;

	while (fgets(line, sizeof(line), file)) {
		size_t size = strlen(line);

		number++;
		if (size && line[size - 1] == '\n')
			line[--size] = 0;
		if (matches(line, size) == invert)
			continue;
		found++;
		if (quiet)
			break;
		if (count_only)
			continue;
		if (name)
			printf("%s:", name);
		if (numbers)
			printf("%ld:", number);
		puts(line);
	}
	if (count_only)
		printf(name ? "%s:%ld\n" : "%s%ld\n", name ? name : "", found);
	return found;
}

int main(int argc, char **argv)
{
	long found = 0;
	int letter, trouble = 0;

	while ((letter = getopt(argc, argv, "cqvn")) != -1) {
		switch (letter) {
		case 'c':
			count_only = 1;
			break;
		case 'q':
			quiet = 1;
			break;
		case 'v':
			invert = 1;
			break;
		case 'n':
			numbers = 1;
			break;
		default:
			return 2;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "usage: grep [-cqvn] PATTERN [FILE...]\n");
		return 2;
	}
	pattern = argv[optind++];
	if (*pattern == '^') {
		at_start = 1;
		pattern++;
	}
	length = strlen(pattern);
	if (length && pattern[length - 1] == '$') {
		at_end = 1;
		length--;
	}
	if (optind == argc)
		found = search(stdin, NULL);
	for (int i = optind; i < argc; i++) {
		FILE *file = fopen(argv[i], "r");

		if (!file) {
			fprintf(stderr, "grep: %s: %s\n", argv[i], strerror(errno));
			trouble = 1;
			continue;
		}
		found += search(file, argc - optind > 1 ? argv[i] : NULL);
		fclose(file);
	}
	return found ? 0 : trouble ? 2 : 1;
}
