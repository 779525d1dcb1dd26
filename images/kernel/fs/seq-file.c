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
#include <linux/uaccess.h>
#include <linux/export.h>

int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data)
{
	struct seq_file *seq = kzalloc(sizeof(*seq), GFP_KERNEL);

	if (!seq)
		return -ENOMEM;
	mutex_init(&seq->lock);
	seq->show = show;
	seq->private = data;
	seq->file = file;
	file->private_data = seq;
	return 0;
}
EXPORT_SYMBOL(single_open);

int single_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	if (seq)
		kfree(seq->buf);
	kfree(seq);
	return 0;
}
EXPORT_SYMBOL(single_release);

/* Run show() with ever larger buffers until all fits. With the lock. */
static int fill(struct seq_file *seq)
{
	int ret;

	if (!seq->buf)
		seq->size = 0;
	for (;;) {
		if (!seq->size || seq->overflow) {
			kfree(seq->buf);
			seq->size = seq->size ? seq->size * 4 : 2048;
			seq->buf = kmalloc(seq->size, GFP_KERNEL);
			if (!seq->buf) {
				seq->size = 0;
				return -ENOMEM;
			}
		}
		seq->count = 0;
		seq->overflow = false;
		ret = seq->show(seq, seq->private);
		if (ret < 0)
			return ret;
		if (!seq->overflow)
			break;
	}
	seq->filled = true;
	return 0;
}

ssize_t seq_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	ssize_t ret = 0;

	mutex_lock(&seq->lock);
	if (*pos == 0)
		seq->filled = false;
	if (!seq->filled)
		ret = fill(seq);
	if (!ret && *pos < (loff_t)seq->count) {
		ret = min_t(size_t, count, seq->count - *pos);
		if (copy_to_user(buf, seq->buf + *pos, ret))
			ret = -EFAULT;
		else
			*pos += ret;
	}
	mutex_unlock(&seq->lock);
	return ret;
}
EXPORT_SYMBOL(seq_read);

loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}
EXPORT_SYMBOL(seq_lseek);

static void seq_vprintf(struct seq_file *seq, const char *fmt, va_list args)
{
	int len;

	if (seq->overflow)
		return;
	len = vsnprintf(seq->buf + seq->count, seq->size - seq->count, fmt, args);
	if (len < 0 || seq->count + len >= seq->size)
		seq->overflow = true;
	else
		seq->count += len;
}

void seq_printf(struct seq_file *seq, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	seq_vprintf(seq, fmt, args);
	va_end(args);
}
EXPORT_SYMBOL(seq_printf);

int seq_write(struct seq_file *seq, const void *data, size_t len)
{
	if (seq->overflow || seq->count + len >= seq->size) {
		seq->overflow = true;
		return -1;
	}
	memcpy(seq->buf + seq->count, data, len);
	seq->count += len;
	return 0;
}
EXPORT_SYMBOL(seq_write);

void seq_puts(struct seq_file *seq, const char *text)
{
	seq_write(seq, text, strlen(text));
}
EXPORT_SYMBOL(seq_puts);

void seq_putc(struct seq_file *seq, char c)
{
	seq_write(seq, &c, 1);
}
EXPORT_SYMBOL(seq_putc);
