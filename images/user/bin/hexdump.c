// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shows bytes in hexadecimal and as text, 16 a line: hexdump [-n COUNT] [-s SKIP] [FILE].
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long left = -1, skip = 0;
	unsigned char row[16];
	int letter, fd = 0;

	while ((letter = getopt(argc, argv, "n:s:C")) != -1) {
		if (letter == 'n')
			left = strtol(optarg, NULL, 0);
		else if (letter == 's')
			skip = strtol(optarg, NULL, 0);
		else if (letter == '?')
			return 2;
	}
	if (optind < argc) {
		fd = open(argv[optind], O_RDONLY);
		if (fd < 0) {
			fprintf(stderr, "hexdump: %s: %s\n", argv[optind], strerror(errno));
			return 1;
		}
	}
	if (skip && lseek(fd, skip, SEEK_SET) < 0) {
		perror("hexdump: cannot skip");
		return 1;
	}
	while (left) {
		size_t wanted = left < 0 || left > 16 ? 16 : (size_t)left, have = 0;
		char line[80];
		int at;

		while (have < wanted) {
			ssize_t got = read(fd, row + have, wanted - have);

			if (got <= 0)
				break;
			have += got;
		}
		if (!have)
			break;
		at = snprintf(line, sizeof(line), "%08lx ", skip);
		for (size_t i = 0; i < 16; i++)
			at += i < have ? snprintf(line + at, sizeof(line) - at, "%s%02x",
						  i == 8 ? "  " : " ", row[i])
				       : snprintf(line + at, sizeof(line) - at, "%s  ",
						  i == 8 ? "  " : " ");
		at += snprintf(line + at, sizeof(line) - at, "  |");
		for (size_t i = 0; i < have; i++)
			line[at++] = isprint(row[i]) ? (char)row[i] : '.';
		line[at++] = '|';
		line[at] = 0;
		puts(line);
		skip += have;
		if (left > 0)
			left -= have;
		if (have < wanted)
			break;
	}
	return 0;
}
