// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading directories, a buffer of entries at a time.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct directory {
	int fd;
	long used;
	long next;
	char buffer[2048] __attribute__((aligned(8)));
};

DIR *opendir(const char *path)
{
	DIR *directory;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	directory = malloc(sizeof(*directory));
	if (!directory) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	directory->fd = fd;
	directory->used = directory->next = 0;
	return directory;
}

struct dirent *readdir(DIR *directory)
{
	struct dirent *entry;

	if (directory->next >= directory->used) {
		directory->used = syscall(SYS_getdents64, (long)directory->fd, directory->buffer,
					  sizeof(directory->buffer));
		directory->next = 0;
		if (directory->used <= 0)
			return NULL;
	}
	entry = (struct dirent *)(directory->buffer + directory->next);
	directory->next += entry->d_reclen;
	return entry;
}

int closedir(DIR *directory)
{
	int result = close(directory->fd);

	free(directory);
	return result;
}
