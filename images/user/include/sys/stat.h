/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File status. */
#ifndef USER_SYS_STAT_H
#define USER_SYS_STAT_H

#include <sys/types.h>
#include <time.h>

struct stat {
	/*   0 */ dev_t st_dev;
	/*   8 */ ino_t st_ino;
	/*  16 */ nlink_t st_nlink;
	/*  24 */ mode_t st_mode;
	/*  28 */ uid_t st_uid;
	/*  32 */ gid_t st_gid;
	/*  36 */ unsigned int reserved0;
	/*  40 */ dev_t st_rdev;
	/*  48 */ off_t st_size;
	/*  56 */ blksize_t st_blksize;
	/*  64 */ blkcnt_t st_blocks;
	/*  72 */ struct timespec st_atim;
	/*  88 */ struct timespec st_mtim;
	/* 104 */ struct timespec st_ctim;
	/* 120 */ long reserved1[3];
};

_Static_assert(sizeof(struct stat) == 144, "struct stat of x86-64 Linux");

#define S_IFMT	       0170000
#define S_IFSOCK       0140000
#define S_IFLNK	       0120000
#define S_IFREG	       0100000
#define S_IFBLK	       0060000
#define S_IFDIR	       0040000
#define S_IFCHR	       0020000
#define S_IFIFO	       0010000
#define S_ISDIR(mode)  (((mode)&S_IFMT) == S_IFDIR)
#define S_ISREG(mode)  (((mode)&S_IFMT) == S_IFREG)
#define S_ISLNK(mode)  (((mode)&S_IFMT) == S_IFLNK)
#define S_ISCHR(mode)  (((mode)&S_IFMT) == S_IFCHR)
#define S_ISBLK(mode)  (((mode)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(mode) (((mode)&S_IFMT) == S_IFIFO)

int stat(const char *path, struct stat *status);
int lstat(const char *path, struct stat *status);
int fstat(int fd, struct stat *status);
int mkdir(const char *path, mode_t mode);
int chmod(const char *path, mode_t mode);

#endif
