// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers from text, the environment, sorting and command line options.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned long strtoul(const char *text, char **end, int base)
{
	const char *at = text, *digits;
	unsigned long value = 0;
	int negative = 0;

	while (isspace(*at))
		at++;
	if (*at == '-' || *at == '+')
		negative = *at++ == '-';
	if ((base == 0 || base == 16) && at[0] == '0' && tolower(at[1]) == 'x' &&
	    (isdigit(at[2]) || isalpha(at[2]))) {
		at += 2;
		base = 16;
	}
	if (base == 0)
		base = *at == '0' ? 8 : 10;
	digits = at;
	for (;; at++) {
		int digit = isdigit(*at) ? *at - '0' : isalpha(*at) ? tolower(*at) - 'a' + 10 : 99;

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	if (end)
		*end = (char *)(at == digits ? text : at);
	return negative ? -value : value;
}

long strtol(const char *text, char **end, int base)
{
	return (long)strtoul(text, end, base);
}

int atoi(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static char **find_variable(const char *name, size_t length)
{
	char **at = environ;

	for (; *at; at++) {
		if (!strncmp(*at, name, length) && (*at)[length] == '=')
			break;
	}
	return at;
}

char *getenv(const char *name)
{
	size_t length = strlen(name);
	char **place = find_variable(name, length);

	return *place ? *place + length + 1 : NULL;
}

/* The list is copied before its first change, because the initial one lies on the stack and has no room. */
int setenv(const char *name, const char *value, int overwrite)
{
	static char **own;
	size_t length = strlen(name), count = 0;
	char **place = find_variable(name, length), **list;
	char *entry;

	if (*place && !overwrite)
		return 0;
	entry = malloc(length + strlen(value) + 2);
	if (!entry)
		return -1;
	memcpy(entry, name, length);
	entry[length] = '=';
	strcpy(entry + length + 1, value);
	if (*place) {
		*place = entry;
		return 0;
	}
	while (environ[count])
		count++;
	list = malloc((count + 2) * sizeof(*list));
	if (!list)
		return -1;
	memcpy(list, environ, count * sizeof(*list));
	list[count] = entry;
	list[count + 1] = NULL;
	free(own);
	own = environ = list;
	return 0;
}

int unsetenv(const char *name)
{
	char **place = find_variable(name, strlen(name));

	for (; *place; place++)
		place[0] = place[1];
	return 0;
}

/* Heap sort: no recursion, no extra memory, the same work for any input. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	char *items = base, swapped;
	size_t start = count / 2, end = count;

	while (end > 1) {
		size_t parent;

		if (start) {
			start--;
		} else {
			end--;
			for (size_t i = 0; i < size; i++) {
				swapped = items[i];
				items[i] = items[end * size + i];
				items[end * size + i] = swapped;
			}
		}
		for (parent = start; 2 * parent + 1 < end;) {
			size_t child = 2 * parent + 1;

			if (child + 1 < end &&
			    compare(items + child * size, items + (child + 1) * size) < 0)
				child++;
			if (compare(items + parent * size, items + child * size) >= 0)
				break;
			for (size_t i = 0; i < size; i++) {
				swapped = items[parent * size + i];
				items[parent * size + i] = items[child * size + i];
				items[child * size + i] = swapped;
			}
			parent = child;
		}
	}
}

char *optarg;
int optind = 1;

int getopt(int argc, char *const argv[], const char *letters)
{
	static int place = 1;
	const char *option;
	int letter;

	if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
		return -1;
	if (!strcmp(argv[optind], "--")) {
		optind++;
		return -1;
	}
	letter = argv[optind][place++];
	option = letter == ':' ? NULL : strchr(letters, letter);
	if (option && option[1] == ':') {
		optarg = argv[optind] + place;
		if (!*optarg)
			optarg = optind + 1 < argc ? argv[++optind] : NULL;
		optind++;
		place = 1;
		if (!optarg) {
			fprintf(stderr, "%s: option requires an argument -- '%c'\n", argv[0],
				letter);
			return '?';
		}
		return letter;
	}
	if (!argv[optind][place]) {
		optind++;
		place = 1;
	}
	if (!option) {
		fprintf(stderr, "%s: invalid option -- '%c'\n", argv[0], letter);
		return '?';
	}
	return letter;
}
