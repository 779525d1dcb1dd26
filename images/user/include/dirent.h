/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading directories. */
#ifndef USER_DIRENT_H
#define USER_DIRENT_H

#include <sys/types.h>

/* As getdents64 stores it. */
struct dirent {
	/*  0 */ ino_t d_ino;
	/*  8 */ off_t d_off;
	/* 16 */ unsigned short d_reclen;
	/* 18 */ unsigned char d_type;
	/* 19 */ char d_name[];
};

#define DT_UNKNOWN 0
#define DT_FIFO	   1
#define DT_CHR	   2
#define DT_DIR	   4
#define DT_BLK	   6
#define DT_REG	   8
#define DT_LNK	   10

typedef struct directory DIR;

DIR *opendir(const char *path);
/* The entry is valid until the next call. */
struct dirent *readdir(DIR *directory);
int closedir(DIR *directory);

#endif
