// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints the environment, or runs a command in a changed one: env [NAME=VALUE...] [COMMAND [ARGUMENT...]].
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int at = 1;

	for (char *sign; at < argc && (sign = strchr(argv[at], '=')); at++) {
		*sign = 0;
		setenv(argv[at], sign + 1, 1);
	}
	if (at < argc) {
		execvp(argv[at], argv + at);
		fprintf(stderr, "env: '%s': %s\n", argv[at], strerror(errno));
		return errno == ENOENT ? 127 : 126;
	}
	for (char **entry = environ; *entry; entry++)
		puts(*entry);
	return 0;
}
