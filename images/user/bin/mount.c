// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounts a file system: mount -t TYPE SOURCE TARGET. Without arguments shows what is mounted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *type = "tmpfs";
	int letter;

	if (argc == 1) {
		char buffer[1024];
		int fd = open("/proc/mounts", O_RDONLY);
		ssize_t got;

		if (fd < 0) {
			perror("mount: /proc/mounts");
			return 1;
		}
		while ((got = read(fd, buffer, sizeof(buffer))) > 0)
			write_all(1, buffer, got);
		return 0;
	}
	while ((letter = getopt(argc, argv, "t:")) != -1) {
		if (letter == '?')
			return 2;
		type = optarg;
	}
	if (argc - optind != 2) {
		fprintf(stderr, "usage: mount -t TYPE SOURCE TARGET\n");
		return 2;
	}
	if (mount(argv[optind], argv[optind + 1], type, 0, NULL) < 0) {
		fprintf(stderr, "mount: %s: %s\n", argv[optind + 1], strerror(errno));
		return 1;
	}
	return 0;
}
