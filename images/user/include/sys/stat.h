/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File status. */
#ifndef USER_SYS_STAT_H
#define USER_SYS_STAT_H

#include <linux/stat.h>
#include <sys/types.h>

int stat(const char *path, struct stat *status);
int lstat(const char *path, struct stat *status);
int fstat(int fd, struct stat *status);
int mkdir(const char *path, mode_t mode);
int chmod(const char *path, mode_t mode);

#endif
