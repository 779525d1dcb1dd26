/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for several descriptors. */
#ifndef USER_POLL_H
#define USER_POLL_H

struct pollfd {
	int fd;
	short events, revents;
};

#define POLLIN	 0x001
#define POLLOUT	 0x004
#define POLLERR	 0x008
#define POLLHUP	 0x010
#define POLLNVAL 0x020

int poll(struct pollfd *set, unsigned long count, int milliseconds);

#endif
