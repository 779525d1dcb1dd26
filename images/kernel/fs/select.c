// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * poll and select: wait until one of many files is ready.
 *
 * The task puts itself on every queue once, then looks at every file and
 * sleeps. A wake-up between looking and sleeping makes the sleep return at
 * once, because the task state was set before it looked (the same order as
 * prepare_to_wait). Must not know the files.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/uaccess.h>
#include <linux/syscalls.h>
#include <linux/poll.h>
#include "internal.h"

void poll_wait(struct file *file, wait_queue_head_t *head, struct poll_table *table)
{
	struct poll_entry *entry;

	if (!table || !table->entries || table->count == POLL_QUEUES)
		return;
	entry = &table->entries[table->count++];
	entry->head = head;
	init_waitqueue_entry(&entry->wait, current);
	add_wait_queue(head, &entry->wait);
}

static unsigned int poll_one(struct file *file, struct poll_table *table)
{
	/* a file that cannot say is always ready (poll(2): regular files) */
	if (!file->f_op->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->f_op->poll(file, table);
}

static int poll_round(struct pollfd *fds, struct file **files, unsigned int count,
		      struct poll_table *table)
{
	unsigned int i, mask;
	int ready = 0;

	for (i = 0; i < count; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		mask = files[i] ? poll_one(files[i], table) : POLLNVAL;
		mask &= (unsigned short)fds[i].events | POLLERR | POLLHUP | POLLNVAL;
		fds[i].revents = mask;
		ready += !!mask;
	}
	return ready;
}

#define NO_DEADLINE (~0ULL)

/* @timeout_ns: 0 = do not wait, negative = for ever. The time to give up at; 0 = do not wait. */
static u64 deadline(s64 timeout_ns)
{
	return timeout_ns < 0 ? NO_DEADLINE
	       : timeout_ns   ? (u64)ktime_add_safe(ktime_get(), timeout_ns)
			      : 0;
}

static int do_poll(struct pollfd *fds, unsigned int count, u64 end)
{
	struct poll_table table = { 0 };
	struct file **files;
	unsigned int i;
	int ready = -ENOMEM;

	files = kzalloc(count * sizeof(*files) + 1, GFP_KERNEL);
	if (!files)
		return -ENOMEM;
	if (end) {
		table.entries = kzalloc(POLL_QUEUES * sizeof(*table.entries), GFP_KERNEL);
		if (!table.entries)
			goto out;
	}
	for (i = 0; i < count; i++)
		if (fds[i].fd >= 0)
			files[i] = fget(fds[i].fd);
	/*
	 * The first look puts the task on the queues; f_op->poll may sleep on a
	 * mutex and so set TASK_RUNNING again, which only costs another look.
	 */
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		ready = poll_round(fds, files, count, table.count ? NULL : &table);
		if (ready || !end)
			break;
		if (signal_pending(current)) {
			ready = -EINTR;
			break;
		}
		if (end == NO_DEADLINE) {
			schedule();
		} else {
			if (ktime_get_ns() >= end)
				break;
			schedule_hrtimeout(end);
		}
	}
	__set_current_state(TASK_RUNNING);
	while (table.count) {
		table.count--;
		remove_wait_queue(table.entries[table.count].head,
				  &table.entries[table.count].wait);
	}
	for (i = 0; i < count; i++)
		fput(files[i]);
	kfree(table.entries);
out:
	kfree(files);
	return ready;
}

static int poll_user(struct pollfd __user *ufds, unsigned int count, u64 end)
{
	struct pollfd *fds;
	int ret;

	if (count > NR_OPEN)
		return -EINVAL;
	fds = kmalloc(count * sizeof(*fds) + 1, GFP_KERNEL);
	if (!fds)
		return -ENOMEM;
	ret = -EFAULT;
	if (!copy_from_user(fds, ufds, count * sizeof(*fds))) {
		ret = do_poll(fds, count, end);
		if (ret >= 0 && copy_to_user(ufds, fds, count * sizeof(*fds)))
			ret = -EFAULT;
	}
	kfree(fds);
	return ret;
}

/* A poll that was taken back to the boundary goes on to the same deadline. */
long poll_restart(struct restart_block *restart)
{
	int ret = poll_user(restart->poll.ufds, restart->poll.nfds, restart->poll.expires);

	return ret == -EINTR ? -ERESTART_RESTARTBLOCK : ret;
}

SYSCALL_DEFINE3(poll, struct pollfd __user *, fds, unsigned int, count, int, timeout_ms)
{
	struct restart_block *restart = &current->restart_block;
	u64 end = deadline(timeout_ms < 0 ? -1 : timeout_ms * 1000000LL);
	int ret = poll_user(fds, count, end);

	if (ret != -EINTR)
		return ret;
	restart->fn = poll_restart;
	restart->poll.ufds = fds;
	restart->poll.nfds = count;
	restart->poll.expires = end;
	restart->poll.has_timeout = end != NO_DEADLINE;
	return -ERESTART_RESTARTBLOCK;
}

/* What is left of a time-out, so that a call that is run again waits no longer. */
static s64 time_left(u64 end)
{
	u64 now = ktime_get_ns();

	return now < end ? (s64)(end - now) : 0;
}

/*
 * A call that changes its arguments when it ends: one that was taken back to the
 * boundary has them in its registers still, and goes on to the same deadline.
 */
static int to_be_restarted(long (*fn)(struct restart_block *), u64 end)
{
	struct restart_block *restart = &current->restart_block;

	restart->fn = fn;
	restart->poll.expires = end;
	return -ERESTART_RESTARTBLOCK;
}

static int do_ppoll(struct pollfd __user *fds, unsigned int count, struct timespec __user *timeout,
		    const sigset_t __user *mask, size_t size, u64 end)
{
	struct timespec ts;
	int ret;

	if (mask) {
		ret = set_user_sigmask(mask, size);
		if (ret)
			return ret;
	}
	ret = poll_user(fds, count, end);
	/* on -EINTR the mask comes back after the handler has run (signal.h) */
	if (mask && ret != -EINTR)
		restore_saved_sigmask();
	if (timeout) {
		ts = ns_to_timespec64(time_left(end));
		if (copy_to_user(timeout, &ts, sizeof(ts)) && ret >= 0)
			ret = -EFAULT;
	}
	return ret == -EINTR ? to_be_restarted(ppoll_restart, end) : ret;
}

long ppoll_restart(struct restart_block *restart)
{
	const struct pt_regs *regs = current_pt_regs();

	return do_ppoll((void __user *)regs->di, regs->si, (void __user *)regs->dx,
			(void __user *)regs->r10, regs->r8, restart->poll.expires);
}

SYSCALL_DEFINE5(ppoll, struct pollfd __user *, fds, unsigned int, count, struct timespec __user *,
		timeout, const sigset_t __user *, mask, size_t, size)
{
	struct timespec ts;
	u64 end = NO_DEADLINE;

	if (timeout) {
		if (copy_from_user(&ts, timeout, sizeof(ts)))
			return -EFAULT;
		if (!timespec64_valid(&ts))
			return -EINVAL;
		end = deadline(timespec64_to_ns(&ts));
	}
	return do_ppoll(fds, count, timeout, mask, size, end);
}

#define FD_WORDS (NR_OPEN / 64)

static bool fd_isset(const unsigned long *set, int fd)
{
	return set[fd / 64] & (1UL << (fd % 64));
}

static int do_select(int n, unsigned long __user *uin, unsigned long __user *uout,
		     unsigned long __user *uex, u64 end)
{
	unsigned long __user *user[3] = { uin, uout, uex };
	unsigned long sets[3][FD_WORDS] = { 0 };
	struct pollfd *fds;
	int i, fd, count = 0, ret;
	size_t bytes;

	if (n < 0)
		return -EINVAL;
	if (n > NR_OPEN)
		n = NR_OPEN;
	bytes = DIV_ROUND_UP(n, 64) * 8;
	for (i = 0; i < 3; i++)
		if (user[i] && copy_from_user(sets[i], user[i], bytes))
			return -EFAULT;
	fds = kzalloc(n * sizeof(*fds) + 1, GFP_KERNEL);
	if (!fds)
		return -ENOMEM;
	for (fd = 0; fd < n; fd++) {
		short events = (fd_isset(sets[0], fd) ? POLLIN : 0) |
			       (fd_isset(sets[1], fd) ? POLLOUT : 0) |
			       (fd_isset(sets[2], fd) ? POLLPRI : 0);

		if (events) {
			fds[count].fd = fd;
			fds[count++].events = events;
		}
	}
	ret = do_poll(fds, count, end);
	if (ret >= 0) {
		memset(sets, 0, sizeof(sets));
		ret = 0;
		for (i = 0; i < count; i++) {
			short got = fds[i].revents;
			unsigned long bit = 1UL << (fds[i].fd % 64);
			int word = fds[i].fd / 64;

			if (got & POLLNVAL) {
				ret = -EBADF;
				goto out;
			}
			if ((fds[i].events & POLLIN) && (got & (POLLIN | POLLHUP | POLLERR))) {
				sets[0][word] |= bit;
				ret++;
			}
			if ((fds[i].events & POLLOUT) && (got & (POLLOUT | POLLERR))) {
				sets[1][word] |= bit;
				ret++;
			}
			if ((fds[i].events & POLLPRI) && (got & POLLPRI)) {
				sets[2][word] |= bit;
				ret++;
			}
		}
		for (i = 0; i < 3; i++)
			if (user[i] && copy_to_user(user[i], sets[i], bytes))
				ret = -EFAULT;
	}
out:
	kfree(fds);
	return ret;
}

struct timeval_user {
	s64 tv_sec, tv_usec;
};

static int select_until(int n, unsigned long __user *in, unsigned long __user *out,
			unsigned long __user *ex, struct timeval_user __user *timeout, u64 end)
{
	int ret = do_select(n, in, out, ex, end);

	if (timeout) {
		s64 left = time_left(end);
		struct timeval_user tv = {
			.tv_sec = left / 1000000000,
			.tv_usec = left % 1000000000 / 1000,
		};

		if (copy_to_user(timeout, &tv, sizeof(tv)) && ret >= 0)
			ret = -EFAULT;
	}
	return ret == -EINTR ? to_be_restarted(select_restart, end) : ret;
}

long select_restart(struct restart_block *restart)
{
	const struct pt_regs *regs = current_pt_regs();

	return select_until(regs->di, (void __user *)regs->si, (void __user *)regs->dx,
			    (void __user *)regs->r10, (void __user *)regs->r8,
			    restart->poll.expires);
}

SYSCALL_DEFINE5(select, int, n, unsigned long __user *, in, unsigned long __user *, out,
		unsigned long __user *, ex, struct timeval_user __user *, timeout)
{
	struct timeval_user tv;
	u64 end = NO_DEADLINE;

	if (timeout) {
		if (copy_from_user(&tv, timeout, sizeof(tv)))
			return -EFAULT;
		if (tv.tv_sec < 0 || tv.tv_usec < 0)
			return -EINVAL;
		end = deadline(tv.tv_sec >= KTIME_MAX / NSEC_PER_SEC - tv.tv_usec / 1000000
				       ? KTIME_MAX
				       : tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC);
	}
	return select_until(n, in, out, ex, timeout, end);
}
