// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes directories. -p makes parents too and does not mind that one exists.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int parents = 0, letter, result = 0;

	while ((letter = getopt(argc, argv, "p")) != -1) {
		if (letter == '?')
			return 2;
		parents = 1;
	}
	for (int i = optind; i < argc; i++) {
		if (parents) {
			for (char *slash = strchr(argv[i] + 1, '/'); slash;
			     slash = strchr(slash + 1, '/')) {
				*slash = 0;
				mkdir(argv[i], 0755);
				*slash = '/';
			}
		}
		if (mkdir(argv[i], 0755) < 0 && !(parents && errno == EEXIST)) {
			fprintf(stderr, "mkdir: cannot create directory '%s': %s\n", argv[i],
				strerror(errno));
			result = 1;
		}
	}
	return result;
}
