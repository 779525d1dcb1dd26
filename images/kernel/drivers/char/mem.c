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

static loff_t stay_at_start(struct file *file, loff_t offset, int whence)
{
	file->f_pos = 0;
	return 0;
}

static unsigned long random_to_user(void __user *to, unsigned long n)
{
	char chunk[64];

	get_random_bytes(chunk, n);
	return copy_to_user(to, chunk, n);
}

/* By pieces of at most @piece bytes, so that somebody who reads much can be killed. */
static ssize_t give_all(char __user *buf, size_t count, size_t piece,
			unsigned long (*give)(void __user *, unsigned long))
{
	size_t done = 0;

	while (done < count && !(done && fatal_signal_pending(current))) {
		size_t n = min(piece, count - done);

		if (give(buf + done, n))
			return done ? (ssize_t)done : -EFAULT;
		done += n;
	}
	return done;
}

/* What reading and writing give is said in terms of their arguments @buf and @count. */
#define DEVICE(device, reads, writes)                                                          \
	static ssize_t device##_read(struct file *file, char __user *buf, size_t count,        \
				     loff_t *pos)                                              \
	{                                                                                      \
		return reads;                                                                  \
	}                                                                                      \
	static ssize_t device##_write(struct file *file, const char __user *buf, size_t count, \
				      loff_t *pos)                                             \
	{                                                                                      \
		return writes;                                                                 \
	}                                                                                      \
	static const struct file_operations device##_fops = {                                  \
		.name = #device,                                                               \
		.carry = "device",                                                             \
		.llseek = stay_at_start,                                                       \
		.read = device##_read,                                                         \
		.write = device##_write,                                                       \
	}

DEVICE(null, 0, count);
DEVICE(zero, give_all(buf, count, 65536, clear_user), count);
DEVICE(full, give_all(buf, count, 65536, clear_user), -ENOSPC);
DEVICE(random, give_all(buf, count, 64, random_to_user), count);

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
