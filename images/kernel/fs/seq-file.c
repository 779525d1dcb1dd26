// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text files that are made when read: see linux/seq_file.h.
 */
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include "internal.h"

int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data)
{
	struct seq_file *seq = kmalloc(sizeof(*seq), GFP_KERNEL);

	if (!seq)
		return -ENOMEM;
	*seq = (struct seq_file){ .show = show, .private = data, .file = file };
	mutex_init(&seq->lock);
	file->private_data = seq;
	return 0;
}

static void free_seq(struct seq_file *seq)
{
	if (seq)
		kfree(seq->buf);
	kfree(seq);
}

int single_release(struct inode *inode, struct file *file)
{
	free_seq(file->private_data);
	return 0;
}

/* A buffer for four times as much; what was in the old one is made again. */
static int grow(struct seq_file *seq)
{
	seq->size = seq->buf ? seq->size * 4 : 2048;
	kfree(seq->buf);
	seq->buf = kmalloc(seq->size, GFP_KERNEL);
	return seq->buf ? 0 : -ENOMEM;
}

/* Runs show() until all fits. With the lock. */
static int fill(struct seq_file *seq)
{
	int ret = 0;

	lockdep_assert_held(&seq->lock);
	do {
		if (!seq->buf || seq->overflow)
			ret = grow(seq);
		if (ret)
			return ret;
		seq->count = 0;
		seq->overflow = false;
		ret = seq->show(seq, seq->private);
		if (ret < 0)
			return ret;
		ret = 0;
	} while (seq->overflow);
	seq->filled = true;
	return 0;
}

ssize_t seq_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	ssize_t ret = 0;

	mutex_lock(&seq->lock);
	if (*pos == 0 || !seq->filled) {
		seq->filled = false;
		ret = fill(seq);
	}
	if (!ret)
		ret = read_text(buf, count, pos, seq->buf, seq->count);
	mutex_unlock(&seq->lock);
	return ret;
}

/* The end is not known before show() has run, so nothing counts from there. */
loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	loff_t to = whence == SEEK_CUR ? file->f_pos + offset : offset;

	if (to < 0 || (whence != SEEK_SET && whence != SEEK_CUR))
		return -EINVAL;
	return file->f_pos = to;
}

/* The end of the text, with room for @len more bytes and a NUL; NULL if show() has to run again. */
static char *end_with_room(struct seq_file *seq, size_t len)
{
	if (seq->count + len >= seq->size)
		seq->overflow = true;
	return seq->overflow ? NULL : seq->buf + seq->count;
}

void seq_printf(struct seq_file *seq, const char *fmt, ...)
{
	char *end = end_with_room(seq, 0);
	va_list args;
	int len;

	if (!end)
		return;
	va_start(args, fmt);
	len = vsnprintf(end, seq->size - seq->count, fmt, args);
	va_end(args);
	if (end_with_room(seq, len))
		seq->count += len;
}

int seq_write(struct seq_file *seq, const void *data, size_t len)
{
	char *end = end_with_room(seq, len);

	if (!end)
		return -1;
	memcpy(end, data, len);
	seq->count += len;
	return 0;
}

void seq_puts(struct seq_file *seq, const char *text)
{
	seq_write(seq, text, strlen(text));
}

void seq_putc(struct seq_file *seq, char c)
{
	seq_write(seq, &c, 1);
}
