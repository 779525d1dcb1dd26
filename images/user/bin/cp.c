// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies a file, or files into a directory, with their modes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int copy(const char *from, const char *to)
{
	struct stat status;
	char buffer[4096];
	ssize_t got;
	int input = open(from, O_RDONLY), output;

	if (input < 0 || fstat(input, &status) < 0) {
		fprintf(stderr, "cp: cannot open '%s': %s\n", from, strerror(errno));
		return 1;
	}
	if (S_ISDIR(status.st_mode)) {
		fprintf(stderr, "cp: '%s' is a directory\n", from);
		return 1;
	}
	output = open(to, O_WRONLY | O_CREAT | O_TRUNC, status.st_mode & 0777);
	if (output < 0) {
		fprintf(stderr, "cp: cannot create '%s': %s\n", to, strerror(errno));
		return 1;
	}
	while ((got = read(input, buffer, sizeof(buffer))) > 0 &&
	       write_all(output, buffer, got) == 0)
		;
	if (got || close(output) < 0) {
		fprintf(stderr, "cp: error copying '%s' to '%s': %s\n", from, to, strerror(errno));
		return 1;
	}
	close(input);
	return 0;
}

int main(int argc, char **argv)
{
	struct stat status;
	int result = 0, into;

	if (argc < 3) {
		fprintf(stderr, "usage: cp FROM... TO\n");
		return 2;
	}
	into = stat(argv[argc - 1], &status) == 0 && S_ISDIR(status.st_mode);
	if (argc > 3 && !into) {
		fprintf(stderr, "cp: target '%s' is not a directory\n", argv[argc - 1]);
		return 1;
	}
	for (int i = 1; i < argc - 1; i++) {
		const char *base = strrchr(argv[i], '/');
		char place[512];

		snprintf(place, sizeof(place), into ? "%s/%s" : "%s", argv[argc - 1],
			 base ? base + 1 : argv[i]);
		result |= copy(argv[i], place);
	}
	return result;
}
