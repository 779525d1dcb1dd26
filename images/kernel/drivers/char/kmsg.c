// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/kmsg: the kernel log, one record a read, in Linux's form
 * "level,sequence,microseconds,-;text"; a write makes a record of its own
 * ("<level>" in front is understood).
 */
#include <linux/fs.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/init.h>
#include <linux/poll.h>

struct kmsg_reader {
	struct mutex lock; /* protects what follows */
	u64 seq;
	struct printk_record record;
	char line[460];
};

static int kmsg_open(struct inode *inode, struct file *file)
{
	struct kmsg_reader *reader;

	if (!(file->f_mode & FMODE_READ))
		return 0;
	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	file->private_data = reader;
	return 0;
}

static int kmsg_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t kmsg_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct kmsg_reader *reader = file->private_data;
	struct printk_record *record = &reader->record;
	ssize_t len;
	int ret;

	mutex_lock(&reader->lock);
	while (!printk_read(&reader->seq, record)) {
		mutex_unlock(&reader->lock);
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(log_wait,
					       printk_next_seq() > READ_ONCE(reader->seq));
		if (ret)
			return ret;
		mutex_lock(&reader->lock);
	}
	len = scnprintf(reader->line, sizeof(reader->line), "%u,%llu,%llu,-;%s\n", record->level,
			record->seq, record->ts_nsec / 1000, record->text);
	if ((size_t)len > count) {
		len = -EINVAL;
	} else {
		reader->seq = record->seq + 1;
		if (copy_to_user(buf, reader->line, len))
			len = -EFAULT;
	}
	mutex_unlock(&reader->lock);
	return len;
}

static ssize_t kmsg_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char line[400], *text = line;
	size_t n = min_t(size_t, count, sizeof(line) - 1);
	unsigned int level = 4;

	if (copy_from_user(line, buf, n))
		return -EFAULT;
	line[n] = 0;
	while (n && line[n - 1] == '\n')
		line[--n] = 0;
	if (line[0] == '<') {
		char *end;
		unsigned long value = simple_strtoul(line + 1, &end, 10);

		if (end != line + 1 && *end == '>') {
			level = value & 7;
			text = end + 1;
		}
	}
	printk("%s%c%s\n", KERN_SOH, '0' + level, text);
	return count;
}

static loff_t kmsg_llseek(struct file *file, loff_t offset, int whence)
{
	struct kmsg_reader *reader = file->private_data;

	if (!reader)
		return -EBADF;
	if (offset)
		return -ESPIPE;
	mutex_lock(&reader->lock);
	if (whence == SEEK_SET)
		reader->seq = 0;
	else if (whence == SEEK_END)
		reader->seq = printk_next_seq();
	mutex_unlock(&reader->lock);
	return whence == SEEK_SET || whence == SEEK_END ? 0 : -EINVAL;
}

static unsigned int kmsg_poll(struct file *file, struct poll_table *table)
{
	struct kmsg_reader *reader = file->private_data;

	poll_wait(file, &log_wait, table);
	return POLLOUT | (reader && printk_next_seq() > reader->seq ? POLLIN | POLLRDNORM : 0);
}

static const struct file_operations kmsg_fops = {
	.name = "kmsg",
	.llseek = kmsg_llseek,
	.read = kmsg_read,
	.write = kmsg_write,
	.poll = kmsg_poll,
	.open = kmsg_open,
	.release = kmsg_release,
};

static int kmsg_init(void)
{
	return register_device("kmsg", S_IFCHR, MKDEV(1, 11), 0644, &kmsg_fops, NULL);
}
device_initcall(kmsg_init);
