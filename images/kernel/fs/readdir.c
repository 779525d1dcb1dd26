// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * getdents64: a directory as a list of records in user memory. The records are
 * gathered in a kernel page first, because the names are read under vfs_mutex
 * and user memory may fault.
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
#include "internal.h"

struct linux_dirent64 {
	u64 d_ino;     /*  0 */
	s64 d_off;     /*  8: position of the record after this one */
	u16 d_reclen;  /* 16 */
	u8 d_type;     /* 18 */
	char d_name[]; /* 19 */
};

#define DENTS_BUFFER 4096

struct dents_context {
	struct dir_context ctx;
	char *buf;
	unsigned int size, used;
	struct linux_dirent64 *last;
};

static bool add_record(struct dir_context *ctx, const char *name, int len, loff_t pos, u64 ino,
		       unsigned int type)
{
	struct dents_context *dents = container_of(ctx, struct dents_context, ctx);
	unsigned int reclen = ALIGN(sizeof(struct linux_dirent64) + len + 1, 8);
	struct linux_dirent64 *rec;

	if (dents->used + reclen > dents->size)
		return false;
	if (dents->last)
		dents->last->d_off = pos;
	rec = (struct linux_dirent64 *)(dents->buf + dents->used);
	memset(rec, 0, reclen);
	rec->d_ino = ino;
	rec->d_off = pos + 1;
	rec->d_reclen = reclen;
	rec->d_type = type;
	memcpy(rec->d_name, name, len);
	dents->last = rec;
	dents->used += reclen;
	return true;
}

SYSCALL_DEFINE3(getdents64, unsigned int, fd, void __user *, buf, unsigned int, count)
{
	struct dents_context dents = { .ctx.actor = add_record };
	struct file *file = fget(fd);
	loff_t start;
	int ret;

	if (!file)
		return -EBADF;
	ret = -ENOTDIR;
	if (!file->f_op->iterate_shared)
		goto out;
	dents.size = min_t(unsigned int, count, DENTS_BUFFER);
	dents.buf = kmalloc(DENTS_BUFFER, GFP_KERNEL);
	ret = -ENOMEM;
	if (!dents.buf)
		goto out;
	mutex_lock(&file->f_pos_lock);
	mutex_lock(&vfs_mutex);
	start = dents.ctx.pos = file->f_pos;
	ret = file->f_dentry->d_linked || file->f_dentry->d_parent == file->f_dentry ||
			      file->f_dentry->d_fsdata
		      ? file->f_op->iterate_shared(file, &dents.ctx)
		      : -ENOENT;
	file->f_pos = dents.ctx.pos;
	mutex_unlock(&vfs_mutex);
	if (!ret) {
		ret = dents.used;
		/* not one record fitted, though there is one */
		if (!ret && count < DENTS_BUFFER && dents.size < 280 && dents.ctx.pos == start &&
		    start < 2)
			ret = -EINVAL;
		else if (copy_to_user(buf, dents.buf, dents.used))
			ret = -EFAULT;
	}
	mutex_unlock(&file->f_pos_lock);
	kfree(dents.buf);
out:
	fput(file);
	return ret;
}
