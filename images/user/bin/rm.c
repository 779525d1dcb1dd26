// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Removes files. -r removes directories with all that is in them, -f does not mind that one is missing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int recursive, force;

static int complain(const char *path)
{
	if (force && errno == ENOENT)
		return 0;
	fprintf(stderr, "rm: cannot remove '%s': %s\n", path, strerror(errno));
	return 1;
}

/* Opens the directory anew after each removal, because removing moves the place that readdir keeps. */
static int empty(const char *path)
{
	for (;;) {
		DIR *directory = opendir(path);
		char place[512] = "";
		struct dirent *entry;
		struct stat status;

		if (!directory)
			return complain(path);
		while ((entry = readdir(directory))) {
			if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
				snprintf(place, sizeof(place), "%s/%s", path, entry->d_name);
				break;
			}
		}
		closedir(directory);
		if (!place[0])
			return 0;
		if (lstat(place, &status) < 0)
			return complain(place);
		if (S_ISDIR(status.st_mode)) {
			if (empty(place) || (rmdir(place) < 0 && complain(place)))
				return 1;
		} else if (unlink(place) < 0) {
			return complain(place);
		}
	}
}

int main(int argc, char **argv)
{
	int letter, result = 0;

	while ((letter = getopt(argc, argv, "rf")) != -1) {
		if (letter == '?')
			return 2;
		if (letter == 'r')
			recursive = 1;
		else
			force = 1;
	}
	for (int i = optind; i < argc; i++) {
		struct stat status;

		if (lstat(argv[i], &status) < 0) {
			result |= complain(argv[i]);
		} else if (S_ISDIR(status.st_mode) && recursive) {
			result |= empty(argv[i]) || (rmdir(argv[i]) < 0 && complain(argv[i]));
		} else if (unlink(argv[i]) < 0) {
			result |= complain(argv[i]);
		}
	}
	return result;
}
