// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls that copy descriptors and change how an open file behaves.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/syscalls.h>
#include "internal.h"

SYSCALL_DEFINE1(dup, unsigned int, fd)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = dup_fd_from(file, 0, 0);
	fput(file);
	return ret;
}

SYSCALL_DEFINE2(dup2, unsigned int, oldfd, unsigned int, newfd)
{
	struct file *file;

	if (oldfd == newfd) {
		file = fget(oldfd);
		if (!file)
			return -EBADF;
		fput(file);
		return newfd;
	}
	return dup_fd_to(oldfd, newfd, 0);
}

SYSCALL_DEFINE3(dup3, unsigned int, oldfd, unsigned int, newfd, int, flags)
{
	if (oldfd == newfd || (flags & ~O_CLOEXEC))
		return -EINVAL;
	return dup_fd_to(oldfd, newfd, flags);
}

static void change_flags(struct file *file, unsigned int which, unsigned int to)
{
	file->f_flags = (file->f_flags & ~which) | (to & which);
}

SYSCALL_DEFINE3(fcntl, unsigned int, fd, unsigned int, cmd, unsigned long, arg)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	switch (cmd) {
	case F_DUPFD:
		ret = dup_fd_from(file, arg, 0);
		break;
	case F_DUPFD_CLOEXEC:
		ret = dup_fd_from(file, arg, O_CLOEXEC);
		break;
	case F_GETFD:
		ret = get_close_on_exec(fd) ? FD_CLOEXEC : 0;
		break;
	case F_SETFD:
		set_close_on_exec(fd, arg & FD_CLOEXEC);
		ret = 0;
		break;
	case F_GETFL:
		ret = file->f_flags;
		break;
	case F_SETFL:
		change_flags(file, O_APPEND | O_NONBLOCK, arg);
		ret = 0;
		break;
	default:
		ret = -EINVAL;
	}
	fput(file);
	return ret;
}

static long set_nonblocking(struct file *file, const int __user *wanted)
{
	int on;

	if (copy_from_user(&on, wanted, sizeof(on)))
		return -EFAULT;
	change_flags(file, O_NONBLOCK, on ? O_NONBLOCK : 0);
	return 0;
}

#define FIONBIO	 0x5421
#define FIOCLEX	 0x5451
#define FIONCLEX 0x5450

SYSCALL_DEFINE3(ioctl, unsigned int, fd, unsigned int, cmd, unsigned long, arg)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	switch (cmd) {
	case FIOCLEX:
	case FIONCLEX:
		set_close_on_exec(fd, cmd == FIOCLEX);
		ret = 0;
		break;
	case FIONBIO:
		ret = set_nonblocking(file, (const int __user *)arg);
		break;
	default:
		ret = file->f_op->unlocked_ioctl ? file->f_op->unlocked_ioctl(file, cmd, arg)
						 : -ENOTTY;
	}
	fput(file);
	return ret;
}
