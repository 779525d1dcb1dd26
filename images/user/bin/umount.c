// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes a file system away from the tree.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
	int result = 0;

	for (int i = 1; i < argc; i++) {
		if (umount2(argv[i], 0) < 0) {
			fprintf(stderr, "umount: %s: %s\n", argv[i], strerror(errno));
			result = 1;
		}
	}
	return result;
}
