// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a link to a file: ln [-s] TARGET NAME.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int symbolic = 0, letter;

	while ((letter = getopt(argc, argv, "s")) != -1) {
		if (letter == '?')
			return 2;
		symbolic = 1;
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: ln [-s] TARGET NAME\n");
		return 2;
	}
	if ((symbolic ? symlink : link)(argv[optind], argv[optind + 1]) < 0) {
		fprintf(stderr, "ln: failed to create %slink '%s': %s\n",
			symbolic ? "symbolic " : "hard ", argv[optind + 1], strerror(errno));
		return 1;
	}
	return 0;
}
