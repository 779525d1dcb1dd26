// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls on files and directories: each function is the call of its name. Integer arguments are widened to long, because
 * the kernel reads whole registers.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t read(int fd, void *buffer, size_t size)
{
	return syscall(SYS_read, (long)fd, buffer, size);
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	return syscall(SYS_write, (long)fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t offset)
{
	return syscall(SYS_pread64, (long)fd, buffer, size, offset);
}

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
	return syscall(SYS_pwrite64, (long)fd, buffer, size, offset);
}

ssize_t readv(int fd, const struct iovec *vectors, int count)
{
	return syscall(SYS_readv, (long)fd, vectors, (long)count);
}

ssize_t writev(int fd, const struct iovec *vectors, int count)
{
	return syscall(SYS_writev, (long)fd, vectors, (long)count);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return syscall(SYS_lseek, (long)fd, offset, (long)whence);
}

int close(int fd)
{
	return (int)syscall(SYS_close, (long)fd);
}

int pipe(int ends[2])
{
	return (int)syscall(SYS_pipe, ends);
}

int pipe2(int ends[2], int flags)
{
	return (int)syscall(SYS_pipe2, ends, (long)flags);
}

int dup(int fd)
{
	return (int)syscall(SYS_dup, (long)fd);
}

int dup2(int from, int to)
{
	return (int)syscall(SYS_dup2, (long)from, (long)to);
}

int access(const char *path, int mode)
{
	return (int)syscall(SYS_access, path, (long)mode);
}

int unlink(const char *path)
{
	return (int)syscall(SYS_unlink, path);
}

int link(const char *from, const char *to)
{
	return (int)syscall(SYS_link, from, to);
}

int symlink(const char *target, const char *path)
{
	return (int)syscall(SYS_symlink, target, path);
}

ssize_t readlink(const char *path, char *buffer, size_t size)
{
	return syscall(SYS_readlink, path, buffer, size);
}

int rename(const char *from, const char *to)
{
	return (int)syscall(SYS_rename, from, to);
}

int rmdir(const char *path)
{
	return (int)syscall(SYS_rmdir, path);
}

int mkdir(const char *path, mode_t mode)
{
	return (int)syscall(SYS_mkdir, path, (long)mode);
}

int chmod(const char *path, mode_t mode)
{
	return (int)syscall(SYS_chmod, path, (long)mode);
}

int chdir(const char *path)
{
	return (int)syscall(SYS_chdir, path);
}

int ftruncate(int fd, off_t size)
{
	return (int)syscall(SYS_ftruncate, (long)fd, size);
}

int stat(const char *path, struct stat *status)
{
	return (int)syscall(SYS_stat, path, status);
}

int lstat(const char *path, struct stat *status)
{
	return (int)syscall(SYS_lstat, path, status);
}

int fstat(int fd, struct stat *status)
{
	return (int)syscall(SYS_fstat, (long)fd, status);
}

int poll(struct pollfd *set, unsigned long count, int milliseconds)
{
	return (int)syscall(SYS_poll, set, count, (long)milliseconds);
}

int mount(const char *source, const char *target, const char *type, unsigned long flags,
	  const void *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

int umount2(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, (long)flags);
}

void sync(void)
{
	syscall(SYS_sync);
}

char *getcwd(char *buffer, size_t size)
{
	return syscall(SYS_getcwd, buffer, size) < 0 ? NULL : buffer;
}

/* The optional argument is read whether it was given or not: the kernel ignores it where it has no meaning. */
int open(const char *path, int flags, ...)
{
	va_list list;
	long mode;

	va_start(list, flags);
	mode = va_arg(list, unsigned int);
	va_end(list);
	return (int)syscall(SYS_open, path, (long)flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
	va_list list;
	long mode;

	va_start(list, flags);
	mode = va_arg(list, unsigned int);
	va_end(list);
	return (int)syscall(SYS_openat, (long)directory, path, (long)flags, mode);
}

int fcntl(int fd, int command, ...)
{
	va_list list;
	long argument;

	va_start(list, command);
	argument = va_arg(list, long);
	va_end(list);
	return (int)syscall(SYS_fcntl, (long)fd, (long)command, argument);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	long argument;

	va_start(list, request);
	argument = va_arg(list, long);
	va_end(list);
	return (int)syscall(SYS_ioctl, (long)fd, request, argument);
}

int write_all(int fd, const void *buffer, size_t size)
{
	const char *from = buffer;

	while (size) {
		ssize_t done = write(fd, from, size);

		if (done < 0)
			return -1;
		from += done;
		size -= done;
	}
	return 0;
}
