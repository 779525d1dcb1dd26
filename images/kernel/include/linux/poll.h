// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a file tells poll() and select() when to look again. A file's poll
 * function calls poll_wait() for each queue that will be woken, then gives its
 * present state. The waiter is on the queues before the state is read, so a
 * wake-up between the two is not lost. Must not know the files.
 */
#ifndef _LINUX_POLL_H
#define _LINUX_POLL_H

#include <linux/types.h>
#include <linux/wait.h>

#define POLLIN	   0x0001
#define POLLPRI	   0x0002
#define POLLOUT	   0x0004
#define POLLERR	   0x0008
#define POLLHUP	   0x0010
#define POLLNVAL   0x0020
#define POLLRDNORM 0x0040
#define POLLWRNORM 0x0100

struct pollfd {
	int fd;
	short events;
	short revents;
};

struct file;

#define POLL_QUEUES 128 /* queues one call can wait on */

struct poll_entry {
	wait_queue_entry_t wait;
	wait_queue_head_t *head;
};

struct poll_table {
	struct poll_entry *entries; /* NULL: only the state is wanted */
	int count;
};

void poll_wait(struct file *, wait_queue_head_t *, struct poll_table *);

#endif
