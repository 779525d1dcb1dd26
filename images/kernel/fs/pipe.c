// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pipes and named pipes: a ring of 16 page buffers between writers and readers.
 *
 * Promises (pipe(7)): a write of up to PIPE_BUF bytes is never mixed with
 * another and is done whole or not at all; a blocking write of more goes on
 * until all is written; reading from a pipe nobody writes gives 0, writing to
 * one nobody reads gives SIGPIPE and EPIPE. Contents are whole pages plus
 * (offset, length), so a live upgrade keeps the pages where they are. A wait
 * here holds no lock and has moved no bytes of this call, or reports those it
 * moved: it can always be taken back to the system call's boundary.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/uaccess.h>
#include <linux/syscalls.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include "internal.h"

static struct super_block *pipe_sb;

static struct pipe_inode_info *alloc_pipe_info(void)
{
	struct pipe_inode_info *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (pipe) {
		mutex_init(&pipe->mutex);
		init_waitqueue_head(&pipe->rd_wait);
		init_waitqueue_head(&pipe->wr_wait);
	}
	return pipe;
}

static void free_pipe_info(struct pipe_inode_info *pipe)
{
	while (pipe->tail != pipe->head)
		put_page(pipe->bufs[pipe->tail++ % PIPE_BUFFERS].page);
	kfree(pipe);
}

struct pipe_inode_info *file_pipe(struct file *file)
{
	return file->f_op == &pipefifo_fops ? file->private_data : NULL;
}

static bool pipe_empty(struct pipe_inode_info *pipe)
{
	return pipe->head == pipe->tail;
}

/* Bytes that fit behind the last buffer, without a new one. */
static unsigned int tail_room(struct pipe_inode_info *pipe)
{
	struct pipe_buffer *buf;

	if (pipe_empty(pipe))
		return 0;
	buf = &pipe->bufs[(pipe->head - 1) % PIPE_BUFFERS];
	return PAGE_SIZE - buf->offset - buf->len;
}

static unsigned int pipe_room(struct pipe_inode_info *pipe)
{
	return (PIPE_BUFFERS - (pipe->head - pipe->tail)) * PAGE_SIZE + tail_room(pipe);
}

static ssize_t pipe_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	struct pipe_inode_info *pipe = file->private_data;
	size_t done = 0;
	ssize_t ret = 0;

	if (!count)
		return 0;
	mutex_lock(&pipe->mutex);
	while (done < count) {
		if (!pipe_empty(pipe)) {
			struct pipe_buffer *buf = &pipe->bufs[pipe->tail % PIPE_BUFFERS];
			unsigned int n = min_t(size_t, buf->len, count - done);

			if (copy_to_user(to + done, (char *)page_address(buf->page) + buf->offset,
					 n)) {
				ret = -EFAULT;
				break;
			}
			buf->offset += n;
			buf->len -= n;
			done += n;
			if (!buf->len) {
				put_page(buf->page);
				buf->page = NULL;
				pipe->tail++;
			}
			continue;
		}
		if (done || !pipe->writers)
			break;
		if (file->f_flags & O_NONBLOCK) {
			ret = -EAGAIN;
			break;
		}
		mutex_unlock(&pipe->mutex);
		ret = wait_event_interruptible(pipe->rd_wait,
					       !pipe_empty(pipe) || !READ_ONCE(pipe->writers));
		if (ret)
			return ret;
		mutex_lock(&pipe->mutex);
	}
	mutex_unlock(&pipe->mutex);
	if (done) {
		wake_up_interruptible(&pipe->wr_wait);
		return done;
	}
	return ret;
}

/* Append up to @count bytes, as many as there is room for; with the mutex. */
static ssize_t pipe_fill(struct pipe_inode_info *pipe, const char __user *from, size_t count)
{
	size_t done = 0;

	lockdep_assert_held(&pipe->mutex);
	while (done < count) {
		unsigned int room = tail_room(pipe), n;
		struct pipe_buffer *buf;

		if (!room) {
			struct page *page;

			if (pipe->head - pipe->tail == PIPE_BUFFERS)
				break;
			page = alloc_page_type(GFP_KERNEL, PAGE_PIPE);
			if (!page)
				return done ? (ssize_t)done : -ENOMEM;
			buf = &pipe->bufs[pipe->head % PIPE_BUFFERS];
			buf->page = page;
			buf->offset = buf->len = 0;
			n = min_t(size_t, PAGE_SIZE, count - done);
			if (copy_from_user(page_address(page), from + done, n)) {
				put_page(page);
				buf->page = NULL;
				return done ? (ssize_t)done : -EFAULT;
			}
			buf->len = n;
			pipe->head++;
		} else {
			buf = &pipe->bufs[(pipe->head - 1) % PIPE_BUFFERS];
			n = min_t(size_t, room, count - done);
			if (copy_from_user((char *)page_address(buf->page) + buf->offset + buf->len,
					   from + done, n))
				return done ? (ssize_t)done : -EFAULT;
			buf->len += n;
		}
		done += n;
	}
	return done;
}

static ssize_t pipe_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct pipe_inode_info *pipe = file->private_data;
	/* room that must be there before anything is written */
	unsigned int need = count <= PIPE_BUF ? count : 1;
	size_t done = 0;
	ssize_t ret = 0;

	if (!count)
		return 0;
	mutex_lock(&pipe->mutex);
	for (;;) {
		if (!pipe->readers) {
			mutex_unlock(&pipe->mutex);
			send_sig(SIGPIPE, current, 0);
			ret = -EPIPE;
			goto out;
		}
		if (pipe_room(pipe) >= need) {
			ret = pipe_fill(pipe, from + done, count - done);
			if (ret < 0)
				break;
			done += ret;
			ret = 0;
			if (done == count)
				break;
			wake_up_interruptible(&pipe->rd_wait);
			continue;
		}
		if (file->f_flags & O_NONBLOCK) {
			ret = -EAGAIN;
			break;
		}
		mutex_unlock(&pipe->mutex);
		wake_up_interruptible(&pipe->rd_wait);
		ret = wait_event_interruptible(pipe->wr_wait, pipe_room(pipe) >= need ||
								      !READ_ONCE(pipe->readers));
		if (ret)
			goto out;
		mutex_lock(&pipe->mutex);
	}
	mutex_unlock(&pipe->mutex);
out:
	if (done) {
		wake_up_interruptible(&pipe->rd_wait);
		return done;
	}
	return ret;
}

static unsigned int pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe_inode_info *pipe = file->private_data;
	unsigned int mask = 0;

	poll_wait(file, &pipe->rd_wait, table);
	poll_wait(file, &pipe->wr_wait, table);
	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ) {
		if (!pipe_empty(pipe))
			mask |= POLLIN | POLLRDNORM;
		if (!pipe->writers && pipe->w_counter)
			mask |= POLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (pipe_room(pipe) >= PIPE_BUF)
			mask |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			mask |= POLLERR;
	}
	mutex_unlock(&pipe->mutex);
	return mask;
}

#define FIONREAD 0x541B

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode_info *pipe = file->private_data;
	unsigned int i;
	int bytes = 0;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->mutex);
	for (i = pipe->tail; i != pipe->head; i++)
		bytes += pipe->bufs[i % PIPE_BUFFERS].len;
	mutex_unlock(&pipe->mutex);
	return copy_to_user((void __user *)arg, &bytes, sizeof(bytes)) ? -EFAULT : 0;
}

/*
 * The ring belongs to the inode while a file is open on it. Opening one end of
 * a named pipe waits for the other (fifo(7)), unless O_NONBLOCK; O_RDWR never
 * waits.
 */
static int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe;
	unsigned int seen;
	int ret = 0;

	mutex_lock(&inode->i_mutex);
	if (!inode->i_pipe)
		inode->i_pipe = alloc_pipe_info();
	pipe = inode->i_pipe;
	if (!pipe) {
		mutex_unlock(&inode->i_mutex);
		return -ENOMEM;
	}
	file->private_data = pipe;
	mutex_lock(&pipe->mutex);
	if (file->f_mode == FMODE_WRITE && (file->f_flags & O_NONBLOCK) && !pipe->readers)
		ret = -ENXIO;
	if (!ret && (file->f_mode & FMODE_READ)) {
		pipe->readers++;
		pipe->r_counter++;
	}
	if (!ret && (file->f_mode & FMODE_WRITE)) {
		pipe->writers++;
		pipe->w_counter++;
	}
	wake_up_interruptible(&pipe->rd_wait);
	wake_up_interruptible(&pipe->wr_wait);
	if (ret && !pipe->readers && !pipe->writers) {
		mutex_unlock(&pipe->mutex);
		inode->i_pipe = NULL;
		free_pipe_info(pipe);
		mutex_unlock(&inode->i_mutex);
		return ret;
	}
	mutex_unlock(&pipe->mutex);
	mutex_unlock(&inode->i_mutex);
	if (ret || (file->f_flags & O_NONBLOCK))
		return ret;
	if (file->f_mode == FMODE_READ && !READ_ONCE(pipe->writers)) {
		seen = pipe->w_counter;
		ret = wait_event_interruptible(pipe->rd_wait, READ_ONCE(pipe->w_counter) != seen);
	} else if (file->f_mode == FMODE_WRITE && !READ_ONCE(pipe->readers)) {
		seen = pipe->r_counter;
		ret = wait_event_interruptible(pipe->wr_wait, READ_ONCE(pipe->r_counter) != seen);
	}
	if (ret)
		pipefifo_fops.release(inode, file);
	return ret;
}

static int pipe_release(struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe = file->private_data;
	bool last;

	mutex_lock(&inode->i_mutex);
	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ)
		pipe->readers--;
	if (file->f_mode & FMODE_WRITE)
		pipe->writers--;
	last = !pipe->readers && !pipe->writers;
	mutex_unlock(&pipe->mutex);
	if (last) {
		inode->i_pipe = NULL;
		free_pipe_info(pipe);
	} else {
		wake_up(&pipe->rd_wait);
		wake_up(&pipe->wr_wait);
	}
	mutex_unlock(&inode->i_mutex);
	return 0;
}

const struct file_operations pipefifo_fops = {
	.name = "pipe",
	.carry = "pipe",
	.llseek = no_llseek,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.unlocked_ioctl = pipe_ioctl,
	.open = fifo_open,
	.release = pipe_release,
};

int create_pipe_files(struct file **res, int flags)
{
	struct inode *inode = new_inode(pipe_sb, S_IFIFO | 0600);
	int ret = -ENOMEM;

	if (!inode)
		return -ENOMEM;
	inode->i_fop = &pipefifo_fops;
	inode->i_pipe = alloc_pipe_info();
	if (!inode->i_pipe)
		goto out;
	res[0] = alloc_file(NULL, inode, O_RDONLY | (flags & O_NONBLOCK), &pipefifo_fops);
	if (!res[0])
		goto free_pipe;
	inode->i_pipe->readers = inode->i_pipe->r_counter = 1;
	inode->i_pipe->writers = inode->i_pipe->w_counter = 1;
	res[0]->private_data = inode->i_pipe;
	res[1] = alloc_file(NULL, inode, O_WRONLY | (flags & O_NONBLOCK), &pipefifo_fops);
	if (!res[1]) {
		inode->i_pipe->writers = 0;
		fput(res[0]);
		goto out;
	}
	res[1]->private_data = inode->i_pipe;
	ret = 0;
	goto out;
free_pipe:
	free_pipe_info(inode->i_pipe);
out:
	iput(inode);
	return ret;
}

/* A pipe without files yet: for a named pipe, or unnamed with the number it had before. */
struct inode *pipe_new_inode(struct inode *fifo, unsigned long ino)
{
	struct inode *inode = fifo ? iget(fifo) : new_inode(pipe_sb, S_IFIFO | 0600);

	if (!inode)
		return NULL;
	inode->i_pipe = alloc_pipe_info();
	if (!inode->i_pipe) {
		iput(inode);
		return NULL;
	}
	if (fifo)
		return inode;
	inode->i_fop = &pipefifo_fops;
	inode->i_ino = ino;
	if (pipe_sb->s_next_ino <= ino)
		pipe_sb->s_next_ino = ino + 1;
	return inode;
}

static int do_pipe(int __user *ufds, int flags)
{
	struct file *files[2];
	int fds[2], ret;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	ret = create_pipe_files(files, flags);
	if (ret)
		return ret;
	fds[0] = get_unused_fd_flags(flags);
	fds[1] = fds[0] < 0 ? fds[0] : get_unused_fd_flags(flags);
	if (fds[1] < 0 || copy_to_user(ufds, fds, sizeof(fds))) {
		ret = fds[1] < 0 ? fds[1] : -EFAULT;
		if (fds[0] >= 0)
			put_unused_fd(fds[0]);
		if (fds[1] >= 0)
			put_unused_fd(fds[1]);
		fput(files[0]);
		fput(files[1]);
		return ret;
	}
	fd_install(fds[0], files[0]);
	fd_install(fds[1], files[1]);
	return 0;
}

SYSCALL_DEFINE1(pipe, int __user *, fds)
{
	return do_pipe(fds, 0);
}

SYSCALL_DEFINE2(pipe2, int __user *, fds, int, flags)
{
	return do_pipe(fds, flags);
}

/* Unnamed pipes live in a super block that is mounted nowhere. */
void pipe_init(void)
{
	pipe_sb = kzalloc(sizeof(*pipe_sb), GFP_KERNEL);
	if (!pipe_sb)
		panic("pipe_init: no memory");
	INIT_LIST_HEAD(&pipe_sb->s_list);
	INIT_LIST_HEAD(&pipe_sb->s_inodes);
	pipe_sb->s_dev = MKDEV(0, 1);
	pipe_sb->s_next_ino = 1;
	pipe_sb->s_next_seq = 2;
}
