// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * syslog(2): the kernel log as one text, "<level>[seconds] message", for dmesg.
 * Clearing moves a mark; the records stay for /dev/kmsg.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#define SYSLOG_ACTION_CLOSE	    0
#define SYSLOG_ACTION_OPEN	    1
#define SYSLOG_ACTION_READ	    2
#define SYSLOG_ACTION_READ_ALL	    3
#define SYSLOG_ACTION_READ_CLEAR    4
#define SYSLOG_ACTION_CLEAR	    5
#define SYSLOG_ACTION_CONSOLE_OFF   6
#define SYSLOG_ACTION_CONSOLE_ON    7
#define SYSLOG_ACTION_CONSOLE_LEVEL 8
#define SYSLOG_ACTION_SIZE_UNREAD   9
#define SYSLOG_ACTION_SIZE_BUFFER   10

#define BUFFER_BYTES (1 << 17)
#define LINE_BYTES   460

static DEFINE_MUTEX(syslog_mutex); /* protects what follows */
static u64 read_seq;		   /* next record of SYSLOG_ACTION_READ */
static u64 clear_seq;		   /* READ_ALL begins here */
static int saved_level = -1;
static struct printk_record record;
static char line[LINE_BYTES];

/* The record at *@seq as a line; its length, 0 if there is none. With the mutex. */
static int next_line(u64 *seq)
{
	lockdep_assert_held(&syslog_mutex);
	if (!printk_read(seq, &record))
		return 0;
	*seq = record.seq + 1;
	return scnprintf(line, sizeof(line), "<%u>[%5llu.%06llu] %s\n", record.level,
			 record.ts_nsec / 1000000000, record.ts_nsec % 1000000000 / 1000,
			 record.text);
}

/* The last records that fit, as Linux does. With the mutex. */
static long read_all(char __user *buf, long size, bool clear)
{
	u64 seq = clear_seq, first;
	long total = 0, done = 0;
	int n;

	lockdep_assert_held(&syslog_mutex);
	while ((n = next_line(&seq)))
		total += n;
	first = clear_seq;
	while (total > size && (n = next_line(&first)))
		total -= n;
	while (first < seq && (n = next_line(&first))) {
		if (done + n > size)
			break;
		if (copy_to_user(buf + done, line, n))
			return -EFAULT;
		done += n;
	}
	if (clear)
		clear_seq = seq;
	return done;
}

static long read_wait(char __user *buf, long size)
{
	long done = 0;
	u64 next;
	int n;

	n = wait_event_interruptible(log_wait, printk_next_seq() > READ_ONCE(read_seq));
	if (n)
		return n;
	mutex_lock(&syslog_mutex);
	for (;;) {
		next = read_seq;
		n = next_line(&next);
		if (!n || done + n > size)
			break;
		if (copy_to_user(buf + done, line, n)) {
			done = -EFAULT;
			break;
		}
		done += n;
		read_seq = next;
	}
	mutex_unlock(&syslog_mutex);
	return done;
}

static long do_locked(int action, char __user *buf, int size)
{
	u64 seq;
	long bytes;
	int n;

	switch (action) {
	case SYSLOG_ACTION_READ_ALL:
	case SYSLOG_ACTION_READ_CLEAR:
		return buf && size >= 0 ? read_all(buf, size, action == SYSLOG_ACTION_READ_CLEAR)
					: -EINVAL;
	case SYSLOG_ACTION_CLEAR:
		clear_seq = printk_next_seq();
		return 0;
	case SYSLOG_ACTION_CONSOLE_OFF:
		if (saved_level < 0)
			saved_level = console_loglevel;
		console_loglevel = 1;
		return 0;
	case SYSLOG_ACTION_CONSOLE_ON:
		if (saved_level >= 0)
			console_loglevel = saved_level;
		saved_level = -1;
		return 0;
	case SYSLOG_ACTION_CONSOLE_LEVEL:
		if (size < 1 || size > 8)
			return -EINVAL;
		console_loglevel = size;
		saved_level = -1;
		return 0;
	case SYSLOG_ACTION_SIZE_UNREAD:
		for (seq = read_seq, bytes = 0; (n = next_line(&seq)); bytes += n)
			;
		return bytes;
	case SYSLOG_ACTION_SIZE_BUFFER:
		return BUFFER_BYTES;
	default:
		return -EINVAL;
	}
}

SYSCALL_DEFINE3(syslog, int, action, char __user *, buf, int, size)
{
	long ret;

	if (action == SYSLOG_ACTION_CLOSE || action == SYSLOG_ACTION_OPEN)
		return 0;
	if (action != SYSLOG_ACTION_READ_ALL && action != SYSLOG_ACTION_SIZE_BUFFER &&
	    !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (action == SYSLOG_ACTION_READ)
		return buf && size >= 0 ? read_wait(buf, size) : -EINVAL;
	mutex_lock(&syslog_mutex);
	ret = do_locked(action, buf, size);
	mutex_unlock(&syslog_mutex);
	return ret;
}
