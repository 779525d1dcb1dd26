// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads a kernel module: insmod FILE [NAME=VALUE...]. Errors are told in kmod's words, which test scripts compare.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/module.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *reason(int error)
{
	switch (error) {
	case ENOEXEC:
		return "Invalid module format";
	case ENOENT:
		return "Unknown symbol in module";
	case ESRCH:
		return "Module has wrong symbol version";
	case EINVAL:
		return "Invalid parameters";
	default:
		return strerror(error);
	}
}

/* Kernels without finit_module get the bytes. */
static int load(int fd, const char *parameters)
{
	struct stat status;
	long done = 0;
	char *image;

	if (finit_module(fd, parameters, 0) == 0)
		return 0;
	if (errno != ENOSYS || fstat(fd, &status) < 0)
		return -1;
	image = malloc(status.st_size);
	if (!image)
		return -1;
	while (done < status.st_size) {
		ssize_t got = pread(fd, image + done, status.st_size - done, done);

		if (got <= 0)
			return -1;
		done += got;
	}
	return init_module(image, status.st_size, parameters);
}

int main(int argc, char **argv)
{
	size_t size = 1;
	char *parameters;
	int fd;

	if (argc < 2) {
		fprintf(stderr, "insmod: ERROR: missing filename.\n");
		return 1;
	}
	for (int i = 2; i < argc; i++)
		size += strlen(argv[i]) + 1;
	parameters = calloc(size, 1);
	for (int i = 2; i < argc; i++) {
		if (i > 2)
			strcat(parameters, " ");
		strcat(parameters, argv[i]);
	}
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "insmod: ERROR: could not load module %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	if (load(fd, parameters) < 0) {
		fprintf(stderr, "insmod: ERROR: could not insert module %s: %s\n", argv[1],
			reason(errno));
		return 1;
	}
	return 0;
}
