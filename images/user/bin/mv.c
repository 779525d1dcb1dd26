// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Renames a file, or moves files into a directory, within one file system.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	struct stat status;
	int result = 0, into;

	if (argc < 3) {
		fprintf(stderr, "usage: mv FROM... TO\n");
		return 2;
	}
	into = stat(argv[argc - 1], &status) == 0 && S_ISDIR(status.st_mode);
	if (argc > 3 && !into) {
		fprintf(stderr, "mv: target '%s' is not a directory\n", argv[argc - 1]);
		return 1;
	}
	for (int i = 1; i < argc - 1; i++) {
		const char *base = strrchr(argv[i], '/');
		char place[512];

		snprintf(place, sizeof(place), into ? "%s/%s" : "%s", argv[argc - 1],
			 base ? base + 1 : argv[i]);
		if (rename(argv[i], place) < 0) {
			fprintf(stderr, "mv: cannot move '%s' to '%s': %s\n", argv[i], place,
				strerror(errno));
			result = 1;
		}
	}
	return result;
}
