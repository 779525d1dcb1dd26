/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File types and modes; struct stat as x86-64 user mode sees it. */
#ifndef _UAPI_LINUX_STAT_H
#define _UAPI_LINUX_STAT_H

#define S_IFMT	    0170000
#define S_IFSOCK    0140000
#define S_IFLNK	    0120000
#define S_IFREG	    0100000
#define S_IFBLK	    0060000
#define S_IFDIR	    0040000
#define S_IFCHR	    0020000
#define S_IFIFO	    0010000
#define S_ISUID	    04000
#define S_ISGID	    02000
#define S_ISVTX	    01000
#define S_ISLNK(m)  (((m)&S_IFMT) == S_IFLNK)
#define S_ISREG(m)  (((m)&S_IFMT) == S_IFREG)
#define S_ISDIR(m)  (((m)&S_IFMT) == S_IFDIR)
#define S_ISCHR(m)  (((m)&S_IFMT) == S_IFCHR)
#define S_ISBLK(m)  (((m)&S_IFMT) == S_IFBLK)
#define S_ISFIFO(m) (((m)&S_IFMT) == S_IFIFO)
#define S_IRWXU	    0700
#define S_IRUSR	    0400
#define S_IWUSR	    0200
#define S_IXUSR	    0100
#define S_IRWXG	    0070
#define S_IRGRP	    0040
#define S_IWGRP	    0020
#define S_IXGRP	    0010
#define S_IRWXO	    0007
#define S_IROTH	    0004
#define S_IWOTH	    0002
#define S_IXOTH	    0001

struct stat {
	/*   0 */ unsigned long st_dev;
	/*   8 */ unsigned long st_ino;
	/*  16 */ unsigned long st_nlink;
	/*  24 */ unsigned int st_mode, st_uid, st_gid, __pad0;
	/*  40 */ unsigned long st_rdev;
	/*  48 */ long st_size;
	/*  56 */ long st_blksize;
	/*  64 */ long st_blocks;
	/*  72 */ unsigned long st_atime, st_atime_nsec;
	/*  88 */ unsigned long st_mtime, st_mtime_nsec;
	/* 104 */ unsigned long st_ctime, st_ctime_nsec;
	/* 120 */ long __unused_tail[3];
};
_Static_assert(sizeof(struct stat) == 144, "struct stat of x86-64 Linux");

#endif
