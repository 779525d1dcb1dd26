// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints its arguments on one line. -n leaves out the line's end, -e reads \n, \t, \\ and \xHH.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; from++) {
		if (*from != '\\' || !from[1]) {
			*to++ = *from;
			continue;
		}
		switch (*++from) {
		case 'n':
			*to++ = '\n';
			break;
		case 't':
			*to++ = '\t';
			break;
		case 'x': {
			char digits[3] = { from[1], from[1] ? from[2] : 0, 0 };
			char *end;

			*to++ = (char)strtol(digits, &end, 16);
			from += end - digits;
			break;
		}
		default:
			*to++ = *from;
		}
	}
	*to = 0;
	return to - text;
}

int main(int argc, char **argv)
{
	int line_end = 1, escapes = 0, first = 1;
	char *line;
	size_t size = 2, length = 0;

	for (; first < argc; first++) {
		if (!strcmp(argv[first], "-n"))
			line_end = 0;
		else if (!strcmp(argv[first], "-e"))
			escapes = 1;
		else
			break;
	}
	for (int i = first; i < argc; i++)
		size += strlen(argv[i]) + 1;
	line = malloc(size);
	for (int i = first; i < argc; i++) {
		size_t part = escapes ? unescape(argv[i]) : strlen(argv[i]);

		memcpy(line + length, argv[i], part);
		length += part;
		if (i + 1 < argc)
			line[length++] = ' ';
	}
	if (line_end)
		line[length++] = '\n';
	/* One write: a sysfs or procfs file takes each write as one value. */
	if (write_all(1, line, length) < 0) {
		perror("echo: write error");
		return 1;
	}
	return 0;
}
