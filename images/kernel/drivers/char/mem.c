// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The devices without hardware: null, zero, full, random, urandom.
 *
 * random gives the numbers of the kernel's one generator (get_random_bytes);
 * it never waits.
 */
#include <linux/fs.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/uaccess.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/init.h>
#include <linux/poll.h>

static loff_t null_llseek(struct file *file, loff_t offset, int whence)
{
	return file->f_pos = 0;
}

static ssize_t null_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return 0;
}

static ssize_t null_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return count;
}

static ssize_t full_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return -ENOSPC;
}

static ssize_t zero_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	size_t done, n;

	for (done = 0; done < count; done += n) {
		n = min_t(size_t, 65536, count - done);
		if (done && fatal_signal_pending(current))
			break;
		if (clear_user(buf + done, n))
			return done ? (ssize_t)done : -EFAULT;
	}
	return done;
}

static ssize_t random_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	char chunk[64];
	size_t done, n;

	for (done = 0; done < count; done += n) {
		n = min_t(size_t, sizeof(chunk), count - done);
		if (done && fatal_signal_pending(current))
			break;
		get_random_bytes(chunk, n);
		if (copy_to_user(buf + done, chunk, n))
			return done ? (ssize_t)done : -EFAULT;
	}
	return done;
}

static const struct file_operations null_fops = {
	.name = "null",
	.carry = "device",
	.llseek = null_llseek,
	.read = null_read,
	.write = null_write,
};

static const struct file_operations zero_fops = {
	.name = "zero",
	.carry = "device",
	.llseek = null_llseek,
	.read = zero_read,
	.write = null_write,
};

static const struct file_operations full_fops = {
	.name = "full",
	.carry = "device",
	.llseek = null_llseek,
	.read = zero_read,
	.write = full_write,
};

static const struct file_operations random_fops = {
	.name = "random",
	.carry = "device",
	.llseek = null_llseek,
	.read = random_read,
	.write = null_write,
};

static int mem_devices_init(void)
{
	/* major 1, Linux's numbers (Documentation/admin-guide/devices.txt) */
	register_device("null", S_IFCHR, MKDEV(1, 3), 0666, &null_fops, NULL);
	register_device("zero", S_IFCHR, MKDEV(1, 5), 0666, &zero_fops, NULL);
	register_device("full", S_IFCHR, MKDEV(1, 7), 0666, &full_fops, NULL);
	register_device("random", S_IFCHR, MKDEV(1, 8), 0666, &random_fops, NULL);
	register_device("urandom", S_IFCHR, MKDEV(1, 9), 0666, &random_fops, NULL);
	return 0;
}
device_initcall(mem_devices_init);
