// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sorts lines by their bytes: sort [-nru] [FILE...]. -n by the number in front, -r the other way round, -u each once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_value, reverse, unique;
static char **lines;
static size_t count;

static int by_key(const char *a, const char *b)
{
	long left, right;

	if (!by_value)
		return strcmp(a, b);
	left = strtol(a, NULL, 10);
	right = strtol(b, NULL, 10);
	return left < right ? -1 : left > right;
}

/* Lines with the same key are in the order of their bytes, as in other sorts. */
static int compare(const void *a, const void *b)
{
	const char *left = *(char *const *)a, *right = *(char *const *)b;
	int order = by_key(left, right);

	if (!order && !unique)
		order = strcmp(left, right);
	return reverse ? -order : order;
}

static void read_lines(FILE *file)
{
	static char line[4096];

	while (fgets(line, sizeof(line), file)) {
		size_t length = strlen(line);

		if (length && line[length - 1] == '\n')
			line[length - 1] = 0;
		if (count % 256 == 0)
			lines = realloc(lines, (count + 256) * sizeof(*lines));
		lines[count++] = strdup(line);
	}
}

int main(int argc, char **argv)
{
	int letter, result = 0;

	while ((letter = getopt(argc, argv, "nru")) != -1) {
		if (letter == '?')
			return 2;
		by_value |= letter == 'n';
		reverse |= letter == 'r';
		unique |= letter == 'u';
	}
	if (optind == argc)
		read_lines(stdin);
	for (int i = optind; i < argc; i++) {
		FILE *file = fopen(argv[i], "r");

		if (!file) {
			fprintf(stderr, "sort: cannot read: %s: %s\n", argv[i], strerror(errno));
			result = 2;
			continue;
		}
		read_lines(file);
		fclose(file);
	}
	if (count)
		qsort(lines, count, sizeof(*lines), compare);
	for (size_t i = 0; i < count; i++) {
		if (!unique || !i || by_key(lines[i - 1], lines[i]))
			puts(lines[i]);
	}
	return result;
}
