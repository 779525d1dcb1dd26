// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open files and the descriptor tables that point at them.
 *
 * Promises: an open file is on the list open_files from its birth to its end
 * and carries a number that is never reused, so that two descriptors that share
 * one file (dup, fork) are seen to share it. A descriptor that is being set up
 * (get_unused_fd_flags) is reserved but reads as closed. Must not know what is
 * behind a file.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include "internal.h"

LIST_HEAD(open_files);
DEFINE_SPINLOCK(open_files_lock);
static u64 next_file_id = 1;

/* takes the place of a file in a descriptor that is reserved only */
#define FD_RESERVED ((struct file *)1)

struct file *alloc_file(struct dentry *dentry, struct inode *inode, unsigned int flags,
			const struct file_operations *fops)
{
	static const unsigned char modes[4] = { FMODE_READ, FMODE_WRITE, FMODE_READ | FMODE_WRITE,
						0 };
	struct file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return NULL;
	atomic_set(&file->f_count, 1);
	mutex_init(&file->f_pos_lock);
	file->f_flags = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	file->f_mode = modes[flags & O_ACCMODE];
	if (dentry)
		file->f_dentry = dget(dentry);
	file->f_inode = iget(inode);
	file->f_op = fops;
	spin_lock(&open_files_lock);
	file->f_id = next_file_id++;
	list_add_tail(&file->f_list, &open_files);
	spin_unlock(&open_files_lock);
	return file;
}

/* An adopted file keeps its number; new ones get higher numbers. */
void file_set_id(struct file *file, u64 id)
{
	spin_lock(&open_files_lock);
	file->f_id = id;
	if (next_file_id <= id)
		next_file_id = id + 1;
	spin_unlock(&open_files_lock);
}

struct file *get_file(struct file *file)
{
	atomic_inc(&file->f_count);
	return file;
}

void fput(struct file *file)
{
	if (!file || !atomic_dec_and_test(&file->f_count))
		return;
	spin_lock(&open_files_lock);
	list_del(&file->f_list);
	spin_unlock(&open_files_lock);
	if (file->f_op && file->f_op->release)
		file->f_op->release(file->f_inode, file);
	dput(file->f_dentry);
	iput(file->f_inode);
	kfree(file);
}

struct files_struct *alloc_files(void)
{
	struct files_struct *files = kzalloc(sizeof(*files), GFP_KERNEL);

	if (files) {
		atomic_set(&files->count, 1);
		spin_lock_init(&files->lock);
	}
	return files;
}

struct files_struct *dup_files(struct files_struct *old)
{
	struct files_struct *files = alloc_files();
	struct file *file;
	int fd;

	if (!files)
		return NULL;
	spin_lock(&old->lock);
	for (fd = 0; fd < NR_OPEN; fd++) {
		file = old->fd[fd];
		if (file && file != FD_RESERVED)
			files->fd[fd] = get_file(file);
	}
	memcpy(files->close_on_exec, old->close_on_exec, sizeof(old->close_on_exec));
	spin_unlock(&old->lock);
	return files;
}

void put_files(struct files_struct *files)
{
	int fd;

	if (!files || !atomic_dec_and_test(&files->count))
		return;
	for (fd = 0; fd < NR_OPEN; fd++)
		if (files->fd[fd] && files->fd[fd] != FD_RESERVED)
			fput(files->fd[fd]);
	kfree(files);
}

static struct file *take_fd(struct files_struct *files, unsigned int fd)
{
	struct file *file;

	spin_lock(&files->lock);
	file = files->fd[fd];
	if (file == FD_RESERVED)
		file = NULL;
	if (file) {
		files->fd[fd] = NULL;
		files->close_on_exec[fd / 64] &= ~(1UL << (fd % 64));
	}
	spin_unlock(&files->lock);
	return file;
}

void close_on_exec(struct files_struct *files)
{
	unsigned int fd;

	for (fd = 0; fd < NR_OPEN; fd++)
		if (files->close_on_exec[fd / 64] & (1UL << (fd % 64)))
			fput(take_fd(files, fd));
}

struct file *fget(unsigned int fd)
{
	struct files_struct *files = current->files;
	struct file *file = NULL;

	if (fd >= NR_OPEN || !files)
		return NULL;
	spin_lock(&files->lock);
	if (files->fd[fd] && files->fd[fd] != FD_RESERVED)
		file = get_file(files->fd[fd]);
	spin_unlock(&files->lock);
	return file;
}

static int reserve_fd(unsigned int from, unsigned int flags)
{
	struct files_struct *files = current->files;
	unsigned int fd;

	spin_lock(&files->lock);
	for (fd = from; fd < NR_OPEN; fd++) {
		if (files->fd[fd])
			continue;
		files->fd[fd] = FD_RESERVED;
		if (flags & O_CLOEXEC)
			files->close_on_exec[fd / 64] |= 1UL << (fd % 64);
		else
			files->close_on_exec[fd / 64] &= ~(1UL << (fd % 64));
		spin_unlock(&files->lock);
		return fd;
	}
	spin_unlock(&files->lock);
	return -EMFILE;
}

int get_unused_fd_flags(unsigned int flags)
{
	return reserve_fd(0, flags);
}

void put_unused_fd(unsigned int fd)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	if (files->fd[fd] == FD_RESERVED)
		files->fd[fd] = NULL;
	files->close_on_exec[fd / 64] &= ~(1UL << (fd % 64));
	spin_unlock(&files->lock);
}

void fd_install(unsigned int fd, struct file *file)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	files->fd[fd] = file;
	spin_unlock(&files->lock);
}

int close_fd(unsigned int fd)
{
	struct file *file;

	if (fd >= NR_OPEN)
		return -EBADF;
	file = take_fd(current->files, fd);
	if (!file)
		return -EBADF;
	fput(file);
	return 0;
}

/* The lowest free descriptor from @from on becomes a second name for @file. */
int dup_fd_from(struct file *file, unsigned int from, unsigned int flags)
{
	int fd;

	if (from >= NR_OPEN)
		return -EINVAL;
	fd = reserve_fd(from, flags);
	if (fd >= 0)
		fd_install(fd, get_file(file));
	return fd;
}

/* Descriptor @newfd becomes a second name for @oldfd; what it was is closed. */
int dup_fd_to(unsigned int oldfd, unsigned int newfd, unsigned int flags)
{
	struct files_struct *files = current->files;
	struct file *file, *old;

	if (newfd >= NR_OPEN)
		return -EBADF;
	file = fget(oldfd);
	if (!file)
		return -EBADF;
	spin_lock(&files->lock);
	old = files->fd[newfd];
	if (old == FD_RESERVED) {
		spin_unlock(&files->lock);
		fput(file);
		return -EBUSY;
	}
	files->fd[newfd] = file;
	if (flags & O_CLOEXEC)
		files->close_on_exec[newfd / 64] |= 1UL << (newfd % 64);
	else
		files->close_on_exec[newfd / 64] &= ~(1UL << (newfd % 64));
	spin_unlock(&files->lock);
	fput(old);
	return newfd;
}

int get_close_on_exec(unsigned int fd)
{
	struct files_struct *files = current->files;
	int set;

	spin_lock(&files->lock);
	set = !!(files->close_on_exec[fd / 64] & (1UL << (fd % 64)));
	spin_unlock(&files->lock);
	return set;
}

void set_close_on_exec(unsigned int fd, bool set)
{
	struct files_struct *files = current->files;

	spin_lock(&files->lock);
	if (set)
		files->close_on_exec[fd / 64] |= 1UL << (fd % 64);
	else
		files->close_on_exec[fd / 64] &= ~(1UL << (fd % 64));
	spin_unlock(&files->lock);
}

/* ---- root and working directory ---- */

struct fs_struct *alloc_fs(void)
{
	struct fs_struct *fs = kzalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->count, 1);
	spin_lock_init(&fs->lock);
	fs->root = dget(vfs_root);
	fs->pwd = dget(vfs_root);
	fs->umask = 022;
	return fs;
}

struct fs_struct *dup_fs(struct fs_struct *old)
{
	struct fs_struct *fs = kzalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->count, 1);
	spin_lock_init(&fs->lock);
	spin_lock(&old->lock);
	fs->root = dget(old->root);
	fs->pwd = dget(old->pwd);
	fs->umask = old->umask;
	spin_unlock(&old->lock);
	return fs;
}

void put_fs(struct fs_struct *fs)
{
	if (!fs || !atomic_dec_and_test(&fs->count))
		return;
	dput(fs->root);
	dput(fs->pwd);
	kfree(fs);
}
