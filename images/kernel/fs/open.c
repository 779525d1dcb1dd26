// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls that open and close files, move a task's directories and
 * change what an inode says about itself. Must not know any file system.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/syscalls.h>
#include <linux/time.h>
#include "internal.h"

static int do_sys_open(int dfd, const char __user *user, int flags, umode_t mode)
{
	struct dentry *base;
	struct file *file;
	char *name;
	int fd, ret = getname(user, &name);

	if (ret)
		return ret;
	fd = get_unused_fd_flags(flags);
	if (fd < 0) {
		kfree(name);
		return fd;
	}
	base = at_base(dfd, name);
	file = IS_ERR(base) ? ERR_CAST(base) : do_open_at(base, name, flags, mode);
	if (!IS_ERR(base))
		dput(base);
	kfree(name);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}

SYSCALL_DEFINE3(open, const char __user *, name, int, flags, umode_t, mode)
{
	return do_sys_open(AT_FDCWD, name, flags, mode);
}

SYSCALL_DEFINE4(openat, int, dfd, const char __user *, name, int, flags, umode_t, mode)
{
	return do_sys_open(dfd, name, flags, mode);
}

SYSCALL_DEFINE2(creat, const char __user *, name, umode_t, mode)
{
	return do_sys_open(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

SYSCALL_DEFINE1(close, unsigned int, fd)
{
	return close_fd(fd);
}

SYSCALL_DEFINE3(close_range, unsigned int, first, unsigned int, last, unsigned int, flags)
{
	unsigned int fd;

	if (first > last || (flags & ~4U)) /* CLOSE_RANGE_CLOEXEC */
		return -EINVAL;
	for (fd = first; fd <= last && fd < NR_OPEN; fd++) {
		if (flags & 4)
			set_close_on_exec(fd, true);
		else
			close_fd(fd);
	}
	return 0;
}

int open_console(void)
{
	struct file *file = filp_open("/dev/console", O_RDWR, 0);
	int fd, i;

	if (IS_ERR(file))
		return PTR_ERR(file);
	for (i = 0; i < 3; i++) {
		fd = get_unused_fd_flags(0);
		if (fd < 0)
			break;
		fd_install(fd, get_file(file));
	}
	fput(file);
	return 0;
}

/* ---- root and working directory ---- */

/* Takes over the reference to @d. */
static int set_directory(struct dentry **place, struct dentry *d)
{
	struct fs_struct *fs = current->fs;
	struct dentry *old;
	int ret = 0;

	if (IS_ERR(d))
		return PTR_ERR(d);
	if (!S_ISDIR(d->d_inode->i_mode))
		ret = -ENOTDIR;
	else
		ret = inode_permission(d->d_inode, 1);
	if (ret) {
		dput(d);
		return ret;
	}
	spin_lock(&fs->lock);
	old = *place;
	*place = d;
	spin_unlock(&fs->lock);
	dput(old);
	return 0;
}

SYSCALL_DEFINE1(chdir, const char __user *, name)
{
	return set_directory(&current->fs->pwd,
			     user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY));
}

SYSCALL_DEFINE1(fchdir, int, fd)
{
	struct file *file = fget(fd);
	int ret = -ENOTDIR;

	if (!file)
		return -EBADF;
	if (file->f_dentry)
		ret = set_directory(&current->fs->pwd, dget(file->f_dentry));
	fput(file);
	return ret;
}

SYSCALL_DEFINE1(chroot, const char __user *, name)
{
	return set_directory(&current->fs->root,
			     user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY));
}

SYSCALL_DEFINE2(getcwd, char __user *, buf, unsigned long, size)
{
	struct fs_struct *fs = current->fs;
	struct dentry *pwd;
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);
	long len;

	if (!path)
		return -ENOMEM;
	spin_lock(&fs->lock);
	pwd = dget(fs->pwd);
	spin_unlock(&fs->lock);
	len = dentry_path(pwd, path, PATH_MAX);
	if (len >= 0 && !pwd->d_linked && pwd->d_parent != pwd)
		len = -ENOENT;
	dput(pwd);
	if (len >= 0) {
		if (len + 1 > (long)size)
			len = -ERANGE;
		else if (copy_to_user(buf, path, len + 1))
			len = -EFAULT;
		else
			len++;
	}
	kfree(path);
	return len;
}

SYSCALL_DEFINE1(umask, int, mask)
{
	umode_t old = current->fs->umask;

	current->fs->umask = mask & 0777;
	return old;
}

/* ---- what an inode says about itself ---- */

static int do_access(int dfd, const char __user *name, int mode, int flags)
{
	struct dentry *d;
	int ret;

	if (mode & ~7)
		return -EINVAL;
	d = user_path_at(dfd, name, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
	if (IS_ERR(d))
		return PTR_ERR(d);
	ret = inode_permission(d->d_inode, mode);
	dput(d);
	return ret;
}

SYSCALL_DEFINE2(access, const char __user *, name, int, mode)
{
	return do_access(AT_FDCWD, name, mode, 0);
}

SYSCALL_DEFINE3(faccessat, int, dfd, const char __user *, name, int, mode)
{
	return do_access(dfd, name, mode, 0);
}

SYSCALL_DEFINE4(faccessat2, int, dfd, const char __user *, name, int, mode, int, flags)
{
	return do_access(dfd, name, mode, flags);
}

static int set_mode(struct inode *inode, umode_t mode)
{
	if (current_uid() && current_uid() != inode->i_uid)
		return -EPERM;
	mutex_lock(&inode->i_mutex);
	inode->i_mode = (inode->i_mode & S_IFMT) | (mode & 07777);
	inode->i_ctime_ns = current_time_ns();
	mutex_unlock(&inode->i_mutex);
	return 0;
}

static int set_owner(struct inode *inode, unsigned int uid, unsigned int gid)
{
	if (current_uid())
		return -EPERM;
	mutex_lock(&inode->i_mutex);
	if (uid != ~0U)
		inode->i_uid = uid;
	if (gid != ~0U)
		inode->i_gid = gid;
	inode->i_ctime_ns = current_time_ns();
	mutex_unlock(&inode->i_mutex);
	return 0;
}

static int do_chmod(int dfd, const char __user *name, umode_t mode)
{
	struct dentry *d = user_path_at(dfd, name, LOOKUP_FOLLOW);
	int ret;

	if (IS_ERR(d))
		return PTR_ERR(d);
	ret = set_mode(d->d_inode, mode);
	dput(d);
	return ret;
}

SYSCALL_DEFINE2(chmod, const char __user *, name, umode_t, mode)
{
	return do_chmod(AT_FDCWD, name, mode);
}

SYSCALL_DEFINE3(fchmodat, int, dfd, const char __user *, name, umode_t, mode)
{
	return do_chmod(dfd, name, mode);
}

SYSCALL_DEFINE2(fchmod, unsigned int, fd, umode_t, mode)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = set_mode(file->f_inode, mode);
	fput(file);
	return ret;
}

static int do_chown(int dfd, const char __user *name, unsigned int uid, unsigned int gid,
		    unsigned int lookup)
{
	struct dentry *d = user_path_at(dfd, name, lookup);
	int ret;

	if (IS_ERR(d))
		return PTR_ERR(d);
	ret = set_owner(d->d_inode, uid, gid);
	dput(d);
	return ret;
}

SYSCALL_DEFINE3(chown, const char __user *, name, unsigned int, uid, unsigned int, gid)
{
	return do_chown(AT_FDCWD, name, uid, gid, LOOKUP_FOLLOW);
}

SYSCALL_DEFINE3(lchown, const char __user *, name, unsigned int, uid, unsigned int, gid)
{
	return do_chown(AT_FDCWD, name, uid, gid, 0);
}

SYSCALL_DEFINE5(fchownat, int, dfd, const char __user *, name, unsigned int, uid, unsigned int, gid,
		int, flags)
{
	return do_chown(dfd, name, uid, gid, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
}

SYSCALL_DEFINE3(fchown, unsigned int, fd, unsigned int, uid, unsigned int, gid)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = set_owner(file->f_inode, uid, gid);
	fput(file);
	return ret;
}

#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe

SYSCALL_DEFINE4(utimensat, int, dfd, const char __user *, name, const struct timespec __user *,
		utimes, int, flags)
{
	struct timespec times[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct dentry *d = NULL;
	struct inode *inode;
	struct file *file = NULL;
	u64 now = current_time_ns();

	if (utimes && copy_from_user(times, utimes, sizeof(times)))
		return -EFAULT;
	if (name) {
		d = user_path_at(dfd, name, flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW);
		if (IS_ERR(d))
			return PTR_ERR(d);
		inode = d->d_inode;
	} else {
		file = fget(dfd);
		if (!file)
			return -EBADF;
		inode = file->f_inode;
	}
	mutex_lock(&inode->i_mutex);
	if (times[0].tv_nsec == UTIME_NOW)
		inode->i_atime_ns = now;
	else if (times[0].tv_nsec != UTIME_OMIT)
		inode->i_atime_ns = times[0].tv_sec * 1000000000ULL + times[0].tv_nsec;
	if (times[1].tv_nsec == UTIME_NOW)
		inode->i_mtime_ns = now;
	else if (times[1].tv_nsec != UTIME_OMIT)
		inode->i_mtime_ns = times[1].tv_sec * 1000000000ULL + times[1].tv_nsec;
	inode->i_ctime_ns = now;
	mutex_unlock(&inode->i_mutex);
	dput(d);
	fput(file);
	return 0;
}

SYSCALL_DEFINE2(truncate, const char __user *, name, long, size)
{
	struct dentry *d;
	int ret;

	if (size < 0)
		return -EINVAL;
	d = user_path_at(AT_FDCWD, name, LOOKUP_FOLLOW);
	if (IS_ERR(d))
		return PTR_ERR(d);
	ret = inode_permission(d->d_inode, 2);
	if (!ret)
		ret = truncate_inode(d->d_inode, size);
	dput(d);
	return ret;
}

SYSCALL_DEFINE2(ftruncate, unsigned int, fd, long, size)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = size < 0 || !(file->f_mode & FMODE_WRITE) || !S_ISREG(file->f_inode->i_mode)
		      ? -EINVAL
		      : truncate_inode(file->f_inode, size);
	fput(file);
	return ret;
}
