// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regular files: open, read, write, lseek, append, dup, fcntl, stat, link, unlink, rename, truncate, vectors.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include "usertests.h"

static void open_modes(void)
{
	char byte;
	int fd;

	unlink("/tmp/ut/a");
	FAILS_WITH(open("/tmp/ut/a", O_RDONLY), ENOENT);
	FAILS_WITH(open("", O_RDONLY), ENOENT);
	CHECK((fd = open("/tmp/ut/a", O_WRONLY | O_CREAT | O_EXCL, 0644)) >= 0);
	FAILS_WITH(open("/tmp/ut/a", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	CHECK(write(fd, "xyz", 3) == 3);
	FAILS_WITH(read(fd, &byte, 1), EBADF);
	CHECK(close(fd) == 0);
	FAILS_WITH(close(fd), EBADF);
	CHECK((fd = open("/tmp/ut/a", O_RDONLY)) >= 0);
	FAILS_WITH(write(fd, "x", 1), EBADF);
	CHECK(read(fd, &byte, 1) == 1 && byte == 'x');
	close(fd);
	CHECK((fd = open("/tmp/ut/a", O_RDWR | O_TRUNC)) >= 0);
	CHECK(read(fd, &byte, 1) == 0);
	close(fd);
	FAILS_WITH(open("/tmp/ut/a/b", O_RDONLY), ENOTDIR);
	FAILS_WITH(open("/tmp/ut", O_WRONLY), EISDIR);
	CHECK(unlink("/tmp/ut/a") == 0);
	FAILS_WITH(unlink("/tmp/ut/a"), ENOENT);
}

static void seek(void)
{
	char buffer[16];
	int fd = open("/tmp/ut/seek", O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
	CHECK(lseek(fd, 2, SEEK_SET) == 2 && read(fd, buffer, 2) == 2 && !memcmp(buffer, "23", 2));
	CHECK(lseek(fd, 1, SEEK_CUR) == 5 && read(fd, buffer, 1) == 1 && buffer[0] == '5');
	CHECK(lseek(fd, -1, SEEK_END) == 9 && read(fd, buffer, 5) == 1 && buffer[0] == '9');
	FAILS_WITH(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS_WITH(lseek(fd, 0, 99), EINVAL);
	/* A hole reads as zeros. */
	CHECK(lseek(fd, 5000, SEEK_SET) == 5000 && write(fd, "z", 1) == 1);
	CHECK(pread(fd, buffer, 2, 4999) == 2 && buffer[0] == 0 && buffer[1] == 'z');
	CHECK(pwrite(fd, "Q", 1, 0) == 1 && lseek(fd, 0, SEEK_CUR) == 5001);
	CHECK(pread(fd, buffer, 1, 0) == 1 && buffer[0] == 'Q');
	CHECK(pread(fd, buffer, 1, 9999) == 0);
	close(fd);
	unlink("/tmp/ut/seek");
}

static void append(void)
{
	char buffer[16];
	int a = open("/tmp/ut/append", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
	int b = open("/tmp/ut/append", O_RDWR | O_APPEND);

	CHECK(a >= 0 && b >= 0);
	CHECK(write(a, "ab", 2) == 2 && write(b, "cd", 2) == 2 && write(a, "ef", 2) == 2);
	CHECK(lseek(b, 0, SEEK_SET) == 0 && write(b, "gh", 2) == 2);
	CHECK(pread(b, buffer, 16, 0) == 8 && !memcmp(buffer, "abcdefgh", 8));
	close(a);
	close(b);
	unlink("/tmp/ut/append");
}

static void duplicate(void)
{
	int a = open("/tmp/ut/dup", O_RDWR | O_CREAT | O_TRUNC, 0644), b = dup(a), c;

	CHECK(a >= 0 && b > a && write(a, "hello", 5) == 5);
	CHECK(lseek(b, 0, SEEK_CUR) == 5);
	CHECK(dup2(a, 50) == 50 && lseek(50, 1, SEEK_SET) == 1 && lseek(b, 0, SEEK_CUR) == 1);
	CHECK(dup2(a, a) == a);
	FAILS_WITH(dup2(99, 5), EBADF);
	FAILS_WITH(dup(99), EBADF);
	CHECK((c = fcntl(a, F_DUPFD, 20)) >= 20);
	CHECK(fcntl(c, F_GETFD) == 0 && fcntl(c, F_SETFD, FD_CLOEXEC) == 0 &&
	      fcntl(c, F_GETFD) == FD_CLOEXEC);
	CHECK((fcntl(a, F_GETFL) & O_ACCMODE) == O_RDWR);
	CHECK(fcntl(a, F_SETFL, O_APPEND) == 0 && (fcntl(b, F_GETFL) & O_APPEND));
	CHECK(close(a) == 0 && write(b, "!", 1) == 1);
	unlink("/tmp/ut/dup");
}

static void many_descriptors(void)
{
	int last = -1, fd;

	while ((fd = open("/dev/null", O_RDWR)) >= 0)
		last = fd;
	CHECK(errno == EMFILE && last >= 30);
	CHECK(close(last) == 0 && open("/dev/null", O_RDWR) == last);
}

static void status(void)
{
	struct stat a, b;
	int fd = open("/tmp/ut/status", O_RDWR | O_CREAT | O_TRUNC, 0640);

	CHECK(write(fd, "12345", 5) == 5 && fstat(fd, &a) == 0 && stat("/tmp/ut/status", &b) == 0);
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == 5 &&
	      S_ISREG(a.st_mode) && a.st_nlink == 1);
	CHECK(stat("/dev/null", &b) == 0 && S_ISCHR(b.st_mode) && b.st_rdev == 0x103);
	CHECK(stat("/tmp", &b) == 0 && S_ISDIR(b.st_mode));
	FAILS_WITH(stat("/tmp/ut/none", &b), ENOENT);
	FAILS_WITH(fstat(99, &b), EBADF);
	CHECK(access("/tmp/ut/status", R_OK | W_OK) == 0);
	FAILS_WITH(access("/tmp/ut/none", F_OK), ENOENT);
	CHECK(ftruncate(fd, 2) == 0 && fstat(fd, &a) == 0 && a.st_size == 2);
	CHECK(ftruncate(fd, 9000) == 0 && fstat(fd, &a) == 0 && a.st_size == 9000);
	unlink("/tmp/ut/status");
}

static void links(void)
{
	struct stat a, b;
	char target[64];
	int fd = open("/tmp/ut/l1", O_RDWR | O_CREAT | O_TRUNC, 0644);

	unlink("/tmp/ut/l2");
	unlink("/tmp/ut/s");
	CHECK(write(fd, "link", 4) == 4 && link("/tmp/ut/l1", "/tmp/ut/l2") == 0);
	CHECK(stat("/tmp/ut/l1", &a) == 0 && stat("/tmp/ut/l2", &b) == 0 && a.st_ino == b.st_ino &&
	      a.st_nlink == 2);
	FAILS_WITH(link("/tmp/ut/l1", "/tmp/ut/l2"), EEXIST);
	CHECK(unlink("/tmp/ut/l1") == 0 && stat("/tmp/ut/l2", &b) == 0 && b.st_nlink == 1 &&
	      b.st_size == 4);
	CHECK(symlink("l2", "/tmp/ut/s") == 0 && stat("/tmp/ut/s", &a) == 0 &&
	      a.st_ino == b.st_ino);
	CHECK(lstat("/tmp/ut/s", &a) == 0 && S_ISLNK(a.st_mode));
	CHECK(readlink("/tmp/ut/s", target, sizeof(target)) == 2 && !memcmp(target, "l2", 2));
	FAILS_WITH(readlink("/tmp/ut/l2", target, sizeof(target)), EINVAL);
	unlink("/tmp/ut/s");
	CHECK(symlink("loop", "/tmp/ut/loop") == 0);
	FAILS_WITH(open("/tmp/ut/loop", O_RDONLY), ELOOP);
	unlink("/tmp/ut/loop");
	unlink("/tmp/ut/l2");
}

static void renaming(void)
{
	struct stat a, b;

	close(open("/tmp/ut/r1", O_WRONLY | O_CREAT, 0644));
	close(open("/tmp/ut/r2", O_WRONLY | O_CREAT, 0644));
	CHECK(stat("/tmp/ut/r1", &a) == 0 && rename("/tmp/ut/r1", "/tmp/ut/r2") == 0);
	CHECK(stat("/tmp/ut/r2", &b) == 0 && a.st_ino == b.st_ino);
	FAILS_WITH(stat("/tmp/ut/r1", &a), ENOENT);
	FAILS_WITH(rename("/tmp/ut/r1", "/tmp/ut/r3"), ENOENT);
	unlink("/tmp/ut/r2");
}

static void unlinked_file_lives(void)
{
	char buffer[4];
	int fd = open("/tmp/ut/gone", O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(unlink("/tmp/ut/gone") == 0 && write(fd, "here", 4) == 4);
	CHECK(pread(fd, buffer, 4, 0) == 4 && !memcmp(buffer, "here", 4));
}

static void vectors(void)
{
	char a[4], b[8];
	struct iovec out[] = { { "abc", 3 }, { "", 0 }, { "defgh", 5 } },
		     in[] = { { a, 4 }, { b, 8 } };
	int fd = open("/tmp/ut/v", O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(writev(fd, out, 3) == 8 && lseek(fd, 0, SEEK_SET) == 0);
	CHECK(readv(fd, in, 2) == 8 && !memcmp(a, "abcd", 4) && !memcmp(b, "efgh", 4));
	unlink("/tmp/ut/v");
}

static void bad_addresses(void)
{
	int fd = open("/tmp/ut/bad", O_RDWR | O_CREAT | O_TRUNC, 0644);

	FAILS_WITH(write(fd, (void *)0x10, 8), EFAULT);
	FAILS_WITH(write(fd, (void *)0xffff888000000000, 8), EFAULT);
	CHECK(write(fd, "12345678", 8) == 8 && lseek(fd, 0, SEEK_SET) == 0);
	FAILS_WITH(read(fd, (void *)0xffffffff80000000, 8), EFAULT);
	FAILS_WITH(open((void *)0x10, O_RDONLY), EFAULT);
	unlink("/tmp/ut/bad");
}

static void big_file(void)
{
	static unsigned char buffer[5000];
	int fd = open("/tmp/ut/big", O_RDWR | O_CREAT | O_TRUNC, 0644);

	for (int i = 0; i < 100; i++) {
		memset(buffer, i, sizeof(buffer));
		CHECK(write(fd, buffer, sizeof(buffer)) == sizeof(buffer));
	}
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	for (int i = 0; i < 100; i++) {
		CHECK(read(fd, buffer, sizeof(buffer)) == sizeof(buffer));
		for (size_t at = 0; at < sizeof(buffer); at++)
			CHECK(buffer[at] == i);
	}
	unlink("/tmp/ut/big");
}

const struct test file_tests[] = {
	{ "open_modes", open_modes, 0 },
	{ "seek", seek, 0 },
	{ "append", append, 0 },
	{ "duplicate", duplicate, 0 },
	{ "many_descriptors", many_descriptors, 0 },
	{ "status", status, 0 },
	{ "links", links, 0 },
	{ "renaming", renaming, 0 },
	{ "unlinked_file_lives", unlinked_file_lives, 0 },
	{ "vectors", vectors, 0 },
	{ "bad_addresses", bad_addresses, 0 },
	{ "big_file", big_file, 1 },
	{ NULL, NULL, 0 },
};
