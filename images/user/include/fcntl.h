/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening files. */
#ifndef USER_FCNTL_H
#define USER_FCNTL_H

#include <linux/fcntl.h>

int open(const char *path, int flags, ...);
int openat(int directory, const char *path, int flags, ...);
int fcntl(int fd, int command, ...);

#endif
