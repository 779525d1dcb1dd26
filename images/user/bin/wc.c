// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts lines, words and bytes. -l, -w, -c choose.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int lines_wanted, words_wanted, bytes_wanted;

static int printed; /* columns of this line */

static void put_count(int wanted, long value)
{
	if (wanted)
		printf(printed++ ? " %ld" : "%ld", value);
}

static int count(int fd, const char *name)
{
	long lines = 0, words = 0, bytes = 0;
	int in_word = 0;
	char buffer[4096];
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		bytes += got;
		for (ssize_t i = 0; i < got; i++) {
			lines += buffer[i] == '\n';
			words += !in_word && !isspace(buffer[i]);
			in_word = !isspace(buffer[i]);
		}
	}
	if (got < 0) {
		fprintf(stderr, "wc: %s: %s\n", name, strerror(errno));
		return 1;
	}
	put_count(lines_wanted, lines);
	put_count(words_wanted, words);
	put_count(bytes_wanted, bytes);
	printf(*name ? " %s\n" : "%s\n", name);
	printed = 0;
	return 0;
}

int main(int argc, char **argv)
{
	int letter, result = 0;

	while ((letter = getopt(argc, argv, "lwc")) != -1) {
		if (letter == '?')
			return 2;
		lines_wanted |= letter == 'l';
		words_wanted |= letter == 'w';
		bytes_wanted |= letter == 'c';
	}
	if (!lines_wanted && !words_wanted && !bytes_wanted)
		lines_wanted = words_wanted = bytes_wanted = 1;
	if (optind == argc)
		return count(0, "");
	for (int i = optind; i < argc; i++) {
		int fd = open(argv[i], O_RDONLY);

		if (fd < 0) {
			fprintf(stderr, "wc: %s: %s\n", argv[i], strerror(errno));
			result = 1;
			continue;
		}
		result |= count(fd, argv[i]);
		close(fd);
	}
	return result;
}
