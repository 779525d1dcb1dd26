// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system calls that move bytes through an open file.
 *
 * Promises: the file position belongs to the open file, so descriptors that
 * share it (dup, fork) share its position, and read and write move it under
 * f_pos_lock; files that have no position (pipes, terminals) are not locked,
 * because they may block for ever. A write to a pipe without readers gives
 * SIGPIPE there, in pipe.c. Must not know what is behind a file.
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
#include <linux/mm.h>
#include <linux/uio.h>
#include "internal.h"

loff_t no_llseek(struct file *file, loff_t offset, int whence)
{
	return -ESPIPE;
}

loff_t generic_file_llseek(struct file *file, loff_t offset, int whence)
{
	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		offset += file->f_pos;
		break;
	case SEEK_END:
		offset += file->f_inode->i_size;
		break;
	case 3: /* SEEK_DATA: everything before the end counts as data */
		if (offset >= file->f_inode->i_size)
			return -ENXIO;
		break;
	case 4: /* SEEK_HOLE */
		if (offset >= file->f_inode->i_size)
			return -ENXIO;
		offset = file->f_inode->i_size;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

static bool has_position(struct file *file)
{
	return file->f_op->llseek && file->f_op->llseek != no_llseek;
}

/*
 * May this much be moved? Not by a file that is not open for it (@mode) or does
 * not have the operation (@able); nor with a buffer outside of the user's half, or a
 * range of the file that ends past the largest offset. A call that may be made
 * moves MAX_RW_COUNT bytes at most.
 */
static int check_transfer(struct file *file, fmode_t mode, bool able, const void __user *buf,
			  size_t *count, loff_t pos)
{
	if (!(file->f_mode & mode))
		return -EBADF;
	if (!able)
		return mode == FMODE_READ && S_ISDIR(file->f_inode->i_mode) ? -EISDIR : -EINVAL;
	if (!access_ok(buf, *count))
		return -EFAULT;
	if (pos < 0 || (loff_t)(pos + *count) < 0)
		return -EINVAL;
	*count = min_t(size_t, *count, MAX_RW_COUNT);
	return 0;
}

ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	bool able = file->f_op->read;

	return check_transfer(file, FMODE_READ, able, buf, &count, *pos)
		       ?: file->f_op->read(file, buf, count, pos);
}

ssize_t vfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	bool able = file->f_op->write;

	return check_transfer(file, FMODE_WRITE, able, buf, &count, *pos)
		       ?: file->f_op->write(file, buf, count, pos);
}

ssize_t read_text(char __user *buf, size_t count, loff_t *pos, const char *text, size_t length)
{
	size_t left = *pos < (loff_t)length ? length - *pos : 0;

	count = min(count, left);
	if (copy_to_user(buf, text + *pos, count))
		return -EFAULT;
	*pos += count;
	return count;
}

/*
 * For the kernel itself (exec, firmware, module load): pages are read directly
 * where the file has pages, because its read function writes to user memory.
 */
ssize_t kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	size_t done = 0;

	if (!file->f_op->get_page)
		return -EINVAL;
	while (done < count && *pos < inode->i_size) {
		unsigned int offset = *pos % PAGE_SIZE;
		size_t n = min_t(size_t, PAGE_SIZE - offset, count - done);
		struct page *page;

		n = min_t(size_t, n, inode->i_size - *pos);
		page = file->f_op->get_page(file, *pos / PAGE_SIZE, false);
		if (IS_ERR_OR_NULL(page))
			return done ? (ssize_t)done : page ? PTR_ERR(page) : -EIO;
		memcpy((char *)buf + done, (char *)page_address(page) + offset, n);
		put_page(page);
		done += n;
		*pos += n;
	}
	return done;
}

ssize_t kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	size_t done = 0;

	if (!file->f_op->get_page)
		return -EINVAL;
	while (done < count) {
		unsigned int offset = *pos % PAGE_SIZE;
		size_t n = min_t(size_t, PAGE_SIZE - offset, count - done);
		struct page *page;

		mutex_lock(&inode->i_mutex);
		if (*pos + (loff_t)n > inode->i_size)
			inode->i_size = *pos + n;
		mutex_unlock(&inode->i_mutex);
		page = file->f_op->get_page(file, *pos / PAGE_SIZE, true);
		if (IS_ERR_OR_NULL(page))
			return done ? (ssize_t)done : -ENOSPC;
		memcpy((char *)page_address(page) + offset, (const char *)buf + done, n);
		put_page(page);
		done += n;
		*pos += n;
	}
	return done;
}

static ssize_t rw_at_position(struct file *file, char __user *buf, size_t count, bool write)
{
	loff_t none = 0;
	ssize_t ret;

	if (!has_position(file))
		return write ? vfs_write(file, buf, count, &none)
			     : vfs_read(file, buf, count, &none);
	mutex_lock(&file->f_pos_lock);
	ret = write ? vfs_write(file, buf, count, &file->f_pos)
		    : vfs_read(file, buf, count, &file->f_pos);
	mutex_unlock(&file->f_pos_lock);
	return ret;
}

SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)
{
	struct file *file = fget(fd);
	ssize_t ret;

	if (!file)
		return -EBADF;
	ret = rw_at_position(file, buf, count, false);
	fput(file);
	return ret;
}

/*
 * A write that a freeze or a live patch has taken back to the boundary after
 * part of it: nobody may notice, so the rest is written by the restarted call,
 * which then gives the sum. (A signal that was really sent gives the short
 * count, as ever.) The arguments are still in the registers.
 */
static bool taken_back(void)
{
	unsigned long flags = READ_ONCE(current->thread_info.flags);

	return !(flags & _TIF_SIGPENDING) && (flags & (_TIF_FREEZE | _TIF_NOTIFY_SIGNAL));
}

static long write_result(ssize_t ret, size_t before, size_t count, unsigned int nr)
{
	struct restart_block *restart = &current->restart_block;
	size_t done = before + (ret > 0 ? ret : 0);

	if (!done || done == count)
		return ret < 0 ? ret : (long)done;
	if (!taken_back() || (ret < 0 && ret != -ERESTARTSYS))
		return done;
	restart->fn = write_restart;
	restart->write.done = done;
	restart->write.nr = nr;
	return -ERESTART_RESTARTBLOCK;
}

static long do_write(unsigned int fd, char __user *buf, size_t count, size_t before)
{
	struct file *file = fget(fd);
	bool blocking;
	ssize_t ret;

	if (!file)
		return before ? (long)before : -EBADF;
	blocking = !has_position(file) && !(file->f_flags & O_NONBLOCK);
	ret = rw_at_position(file, buf + before, count - before, true);
	fput(file);
	return blocking ? write_result(ret, before, count, __NR_write) : ret;
}

SYSCALL_DEFINE3(write, unsigned int, fd, const char __user *, buf, size_t, count)
{
	return do_write(fd, (char __user *)buf, count, 0);
}

static long rw_at(unsigned int fd, char __user *buf, size_t count, loff_t pos, bool write)
{
	struct file *file = fget(fd);
	ssize_t ret = -ESPIPE;

	if (!file)
		return -EBADF;
	if (has_position(file))
		ret = write ? vfs_write(file, buf, count, &pos) : vfs_read(file, buf, count, &pos);
	fput(file);
	return ret;
}

SYSCALL_DEFINE4(pread64, unsigned int, fd, char __user *, buf, size_t, count, loff_t, pos)
{
	return rw_at(fd, buf, count, pos, false);
}

SYSCALL_DEFINE4(pwrite64, unsigned int, fd, const char __user *, buf, size_t, count, loff_t, pos)
{
	return rw_at(fd, (char __user *)buf, count, pos, true);
}

/* All of it is right before the first byte is moved; what is too much in sum is left out. */
static int check_vector(struct iovec *vec, unsigned long count, size_t *bytes)
{
	for (; count; count--, vec++) {
		if ((ssize_t)vec->iov_len < 0)
			return -EINVAL;
		if (!access_ok(vec->iov_base, vec->iov_len))
			return -EFAULT;
		vec->iov_len = min_t(size_t, vec->iov_len, MAX_RW_COUNT - *bytes);
		*bytes += vec->iov_len;
	}
	return 0;
}

/* @before: bytes of the vector that an earlier part of this call has written. */
static long do_vector(unsigned int fd, const struct iovec __user *uvec, unsigned long count,
		      bool write, size_t before)
{
	size_t bytes = 0, skip = before;
	ssize_t total = 0, n = 0;
	struct iovec *vec;
	struct file *file;
	unsigned long i;
	bool blocking;

	if (count > UIO_MAXIOV)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	vec = kmalloc(count * sizeof(*vec) + 1, GFP_KERNEL);
	if (!vec) {
		fput(file);
		return -ENOMEM;
	}
	n = copy_from_user(vec, uvec, count * sizeof(*vec)) ? -EFAULT
							    : check_vector(vec, count, &bytes);
	if (n)
		count = 0;
	for (i = 0; i < count; i++) {
		size_t over = min_t(size_t, skip, vec[i].iov_len), len = vec[i].iov_len - over;

		skip -= over;
		if (!len)
			continue;
		n = rw_at_position(file, (char __user *)vec[i].iov_base + over, len, write);
		if (n < 0)
			break;
		total += n;
		if ((size_t)n < len)
			break;
	}
	blocking = write && !has_position(file) && !(file->f_flags & O_NONBLOCK);
	kfree(vec);
	fput(file);
	n = total ? total : n < 0 ? n : 0;
	return blocking ? write_result(n, before, bytes, __NR_writev) : n;
}

SYSCALL_DEFINE3(readv, unsigned int, fd, const struct iovec __user *, vec, unsigned long, count)
{
	return do_vector(fd, vec, count, false, 0);
}

SYSCALL_DEFINE3(writev, unsigned int, fd, const struct iovec __user *, vec, unsigned long, count)
{
	return do_vector(fd, vec, count, true, 0);
}

long write_restart(struct restart_block *restart)
{
	struct pt_regs *regs = current_pt_regs();
	size_t before = restart->write.done;

	if (restart->write.nr == __NR_writev)
		return do_vector(regs->di, (const struct iovec __user *)regs->si, regs->dx, true,
				 before);
	return do_write(regs->di, (char __user *)regs->si, regs->dx, before);
}

SYSCALL_DEFINE3(lseek, unsigned int, fd, loff_t, offset, unsigned int, whence)
{
	struct file *file = fget(fd);
	loff_t ret = -ESPIPE;

	if (!file)
		return -EBADF;
	if (has_position(file)) {
		mutex_lock(&file->f_pos_lock);
		ret = file->f_op->llseek(file, offset, whence);
		mutex_unlock(&file->f_pos_lock);
	}
	fput(file);
	return ret;
}

static int do_fsync(unsigned int fd)
{
	struct file *file = fget(fd);
	int ret;

	if (!file)
		return -EBADF;
	ret = file->f_op->fsync					       ? file->f_op->fsync(file)
	      : file->f_op->get_page || S_ISDIR(file->f_inode->i_mode) ? 0
								       : -EINVAL;
	fput(file);
	return ret;
}

SYSCALL_DEFINE1(fsync, unsigned int, fd)
{
	return do_fsync(fd);
}

SYSCALL_DEFINE1(fdatasync, unsigned int, fd)
{
	return do_fsync(fd);
}
