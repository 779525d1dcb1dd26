// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stat and its relatives: an inode in the layout of Linux's x86-64 ABI
 * (struct stat, 144 bytes; struct statfs, 120 bytes).
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/syscalls.h>
#include <linux/mm.h>
#include "internal.h"

static int copy_stat(struct inode *inode, struct stat __user *buf)
{
	struct stat st;

	memset(&st, 0, sizeof(st));
	mutex_lock(&inode->i_mutex);
	st.st_dev = inode->i_sb->s_dev;
	st.st_ino = inode->i_ino;
	st.st_nlink = inode->i_nlink;
	st.st_mode = inode->i_mode;
	st.st_uid = inode->i_uid;
	st.st_gid = inode->i_gid;
	st.st_rdev = inode->i_rdev;
	st.st_size = inode->i_size;
	st.st_blksize = PAGE_SIZE;
	st.st_blocks = inode->i_blocks;
	st.st_atime = inode->i_atime_ns / 1000000000;
	st.st_atime_nsec = inode->i_atime_ns % 1000000000;
	st.st_mtime = inode->i_mtime_ns / 1000000000;
	st.st_mtime_nsec = inode->i_mtime_ns % 1000000000;
	st.st_ctime = inode->i_ctime_ns / 1000000000;
	st.st_ctime_nsec = inode->i_ctime_ns % 1000000000;
	mutex_unlock(&inode->i_mutex);
	return copy_to_user(buf, &st, sizeof(st)) ? -EFAULT : 0;
}

static int do_stat(int dfd, const char __user *name, struct stat __user *buf, unsigned int lookup)
{
	struct dentry *d = user_path_at(dfd, name, lookup);
	int ret;

	if (IS_ERR(d))
		return PTR_ERR(d);
	ret = copy_stat(d->d_inode, buf);
	dput(d);
	return ret;
}

static int do_fstat(unsigned int fd, struct stat __user *buf)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = copy_stat(file->f_inode, buf);
	fput(file);
	return ret;
}

SYSCALL_DEFINE2(stat, const char __user *, name, struct stat __user *, buf)
{
	return do_stat(AT_FDCWD, name, buf, LOOKUP_FOLLOW);
}

SYSCALL_DEFINE2(lstat, const char __user *, name, struct stat __user *, buf)
{
	return do_stat(AT_FDCWD, name, buf, 0);
}

SYSCALL_DEFINE2(fstat, unsigned int, fd, struct stat __user *, buf)
{
	return do_fstat(fd, buf);
}

SYSCALL_DEFINE4(newfstatat, int, dfd, const char __user *, name, struct stat __user *, buf, int,
		flags)
{
	char first;

	if (flags & AT_EMPTY_PATH) {
		if (copy_from_user(&first, name, 1))
			return -EFAULT;
		if (!first && dfd != AT_FDCWD)
			return do_fstat(dfd, buf);
	}
	return do_stat(dfd, name, buf, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
}

struct linux_statfs {
	s64 f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	s32 f_fsid[2];
	s64 f_namelen, f_frsize, f_flags, f_spare[4];
};

static int copy_statfs(struct super_block *sb, struct linux_statfs __user *buf)
{
	struct linux_statfs st;

	memset(&st, 0, sizeof(st));
	st.f_type = sb->s_magic;
	st.f_bsize = st.f_frsize = PAGE_SIZE;
	if (is_tmpfs(sb)) {
		st.f_blocks = totalram_pages;
		st.f_bfree = st.f_bavail = nr_free_pages();
	}
	st.f_namelen = NAME_MAX;
	st.f_flags = sb->s_flags;
	return copy_to_user(buf, &st, sizeof(st)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(statfs, const char __user *, name, struct linux_statfs __user *, buf)
{
	struct dentry *d = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW);
	int ret;

	if (IS_ERR(d))
		return PTR_ERR(d);
	ret = copy_statfs(d->d_sb, buf);
	dput(d);
	return ret;
}

SYSCALL_DEFINE2(fstatfs, unsigned int, fd, struct linux_statfs __user *, buf)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = copy_statfs(file->f_inode->i_sb, buf);
	fput(file);
	return ret;
}
