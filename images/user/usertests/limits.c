// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ends of what may be asked: counts and lengths that no memory has, arguments as many and as long as they may be, files that
 * call themselves programs.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include "usertests.h"

#define HUGE_COUNT (1ul << 63)

static char bytes[256];

/* Nothing has been moved when one of them comes back. */
static int refused(long result)
{
	return result == -1 && (errno == EFAULT || errno == EINVAL);
}

static void counts_of_files(void)
{
	struct iovec vector[2] = { { bytes, 16 }, { bytes, HUGE_COUNT } };
	struct stat status;
	int fd = open("/tmp/ut/counts", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];

	CHECK(fd >= 0 && pipe(ends) == 0);
	for (unsigned long count = -1ul; count; count = count == -1ul ? HUGE_COUNT : 0) {
		CHECK(refused(syscall(SYS_write, fd, bytes, count)));
		CHECK(refused(syscall(SYS_pwrite64, fd, bytes, count, 0l)));
		CHECK(refused(syscall(SYS_write, ends[1], bytes, count)));
		CHECK(refused(syscall(SYS_read, fd, bytes, count)));
		CHECK(refused(syscall(SYS_pread64, fd, bytes, count, 0l)));
		vector[1].iov_len = count;
		CHECK(refused(writev(fd, vector, 2)));
		CHECK(refused(readv(fd, vector, 2)));
	}
	CHECK(fstat(fd, &status) == 0 && status.st_size == 0);
	FAILS_WITH(syscall(SYS_pwrite64, fd, bytes, 16l, -1l), EINVAL);
	FAILS_WITH(syscall(SYS_pwrite64, fd, bytes, 16l, -1ul >> 1), EINVAL);
	FAILS_WITH(writev(fd, vector, -1), EINVAL);
	FAILS_WITH(ftruncate(fd, -1), EINVAL);
	CHECK(write(fd, bytes, 16) == 16 && lseek(fd, 0, SEEK_SET) == 0 &&
	      read(fd, bytes, 200) == 16);
	FAILS_WITH(syscall(SYS_getrandom, -4096l, 16l, 0l), EFAULT);
	FAILS_WITH(syscall(SYS_getrandom, bytes, 16l, 6l), EINVAL);
	FAILS_WITH(syscall(SYS_readlink, "/proc/self/exe", bytes, -1l), EINVAL);
	close(fd);
	unlink("/tmp/ut/counts");
}

static void lengths_of_memory(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

	CHECK(page != MAP_FAILED);
	*page = 1;
	FAILS_WITH(syscall(SYS_mmap, 0l, 0l, 3l, anonymous, -1l, 0l), EINVAL);
	FAILS_WITH(syscall(SYS_mmap, 0l, -1l, 3l, anonymous, -1l, 0l), ENOMEM);
	FAILS_WITH(syscall(SYS_mmap, 0l, HUGE_COUNT, 3l, anonymous, -1l, 0l), ENOMEM);
	FAILS_WITH(syscall(SYS_mmap, 0x7fffffffe000, 8192l, 3l, anonymous | MAP_FIXED, -1l, 0l),
		   ENOMEM);
	FAILS_WITH(syscall(SYS_munmap, page, -1l), EINVAL);
	FAILS_WITH(syscall(SYS_munmap, page, -4096l), EINVAL);
	FAILS_WITH(syscall(SYS_munmap, page, HUGE_COUNT), EINVAL);
	FAILS_WITH(syscall(SYS_munmap, page, 0l), EINVAL);
	FAILS_WITH(syscall(SYS_mprotect, page, -1l, 1l), ENOMEM);
	FAILS_WITH(syscall(SYS_mprotect, page, -4096l, 1l), ENOMEM);
	FAILS_WITH(syscall(SYS_madvise, page, -1l, 4l), EINVAL);
	CHECK(refused(syscall(SYS_mremap, page, -8192l, 4096l, 0l)));
	CHECK(syscall(SYS_brk, -1l) == syscall(SYS_brk, 0l));
	CHECK(*page == 1 && munmap(page, 8192) == 0);
}

/* A wait for longer than time lasts is not over at once. */
static void longest_sleep(void)
{
	static const long seconds[] = { 9223372035, 9223372036, 1l << 62, ~(1ul << 63) };
	struct timespec wanted = { -1, 0 };
	int status;

	FAILS_WITH(nanosleep(&wanted, NULL), EINVAL);
	wanted = (struct timespec){ 0, 1000000000 };
	FAILS_WITH(nanosleep(&wanted, NULL), EINVAL);
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		pid_t child = fork();

		if (child == 0) {
			wanted = (struct timespec){ seconds[i], 999999999 };
			nanosleep(&wanted, NULL);
			_exit(1);
		}
		wanted = (struct timespec){ 0, 3000000 };
		CHECK(child > 0 && nanosleep(&wanted, NULL) == 0);
		CHECK(waitpid(child, &status, WNOHANG) == 0);
		kill(child, SIGKILL);
		CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	}
}

/* ---- programs ---- */

/* The errno of execve, or -1 when the program was begun (and ended with *@status). */
static int execute(const char *path, char *const argv[], int *status)
{
	char *const envp[] = { NULL };
	pid_t child = fork();

	if (child == 0) {
		execve(path, argv, envp);
		_exit(100 + errno);
	}
	CHECK(child > 0 && waitpid(child, status, 0) == child);
	return WIFEXITED(*status) && WEXITSTATUS(*status) > 100 ? WEXITSTATUS(*status) - 100 : -1;
}

static void write_program(const char *path, const void *from, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	CHECK(fd >= 0 && write(fd, from, size) == (ssize_t)size && close(fd) == 0);
}

#define MANY	40000
#define LONGEST (128 << 10)

/*
 * Each argument shows in the exit status of `test`: 0 if the last two are the same.
 * 40,000 strings, their pointers and the copies of both want 2.5 MiB of free memory,
 * which a guest of 36 MiB has, and the smallest that boots has not.
 */
static void argument_limits(void)
{
	static char text[LONGEST + 1], same[LONGEST + 1], *many[MANY + 8];
	int status;

	memset(text, 'x', LONGEST - 1);
	memcpy(same, text, LONGEST);
	CHECK(execute("/bin/test", (char *[]){ "test", text, "=", same, NULL }, &status) == -1 &&
	      status == 0);
	same[LONGEST - 2] = 'y';
	CHECK(execute("/bin/test", (char *[]){ "test", text, "=", same, NULL }, &status) == -1 &&
	      status == 0x100);
	text[LONGEST - 1] = 'x';
	CHECK(execute("/bin/test", (char *[]){ "test", text, NULL }, &status) == E2BIG);
	many[0] = "false";
	for (int i = 1; i < MANY; i++)
		many[i] = "argument";
	CHECK(execute("/bin/false", many, &status) == -1 && status == 0x100);
	text[LONGEST - 1] = 0;
	for (int i = 1; i < 20; i++)
		many[i] = text;
	CHECK(execute("/bin/false", many, &status) == E2BIG);
}

/* A program without arguments has one all the same: an empty name. */
static void no_arguments(void)
{
	/* mov (%rsp),%rdi; mov 8(%rsp),%rax; movzbl (%rax),%eax; lea 5(%rdi,%rax),%rdi; mov $60,%eax; syscall */
	static const char program[] =
		"\x48\x8b\x3c\x24\x48\x8b\x44\x24\x08\x0f\xb6\x00\x48\x8d\x7c\x07\x05\xb8\x3c\x00\x00\x00\x0f\x05";
	unsigned long image[32] = {
		0x00010102464c457f,
		0,
		0x00000001003e0002,
		0x10000078,
		64,
		0,
		0x0038004000000000,
		1,
		0x0000000500000001,
		0,
		0x10000000,
		0x10000000,
		256,
		256,
		4096,
	};
	int status;

	memcpy((char *)image + 0x78, program, sizeof(program) - 1);
	write_program("/tmp/ut/bare", image, sizeof(image));
	CHECK(execute("/tmp/ut/bare", (char *[]){ NULL }, &status) == -1 && status == 6 << 8);
	CHECK(execute("/tmp/ut/bare", (char *[]){ "", "two", NULL }, &status) == -1 &&
	      status == 7 << 8);
	/* the same one, anywhere: ET_DYN */
	image[2] = 0x00000001003e0003;
	image[3] = 0x78;
	image[10] = image[11] = 0;
	write_program("/tmp/ut/bare", image, sizeof(image));
	CHECK(execute("/tmp/ut/bare", (char *[]){ "", NULL }, &status) == -1 && status == 6 << 8);
	unlink("/tmp/ut/bare");
}

static void scripts(void)
{
	char path[32], line[300];
	int status;

	write_program("/tmp/ut/s0", "#! /bin/test   a = b \n", 22);
	CHECK(execute("/tmp/ut/s0", (char *[]){ "s0", NULL }, &status) == -1 && WIFEXITED(status));
	write_program("/tmp/ut/s0", "#!/bin/false", 12);
	for (int i = 1; i < 6; i++) {
		snprintf(path, sizeof(path), "/tmp/ut/s%d", i);
		snprintf(line, sizeof(line), "#!/tmp/ut/s%d\n", i - 1);
		write_program(path, line, strlen(line));
	}
	CHECK(execute("/tmp/ut/s4", (char *[]){ "s", NULL }, &status) == -1 && status == 0x100);
	CHECK(execute("/tmp/ut/s5", (char *[]){ "s", NULL }, &status) == ELOOP);
	write_program("/tmp/ut/s0", "#!/tmp/ut/none\n", 15);
	CHECK(execute("/tmp/ut/s0", (char *[]){ "s", NULL }, &status) == ENOENT);
	write_program("/tmp/ut/s0", "#!  \n", 5);
	CHECK(execute("/tmp/ut/s0", (char *[]){ "s", NULL }, &status) == ENOEXEC);
	memset(line, 'x', sizeof(line));
	memcpy(line, "#!/", 3);
	write_program("/tmp/ut/s0", line, sizeof(line));
	CHECK(execute("/tmp/ut/s0", (char *[]){ "s", NULL }, &status) == ENOEXEC);
	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/tmp/ut/s%d", i);
		unlink(path);
	}
}

/* A program of one segment with a HLT in it, and one field of its headers changed. Never anything but an errno or SIGSEGV. */
static void malformed_programs(void)
{
	static const struct {
		int word;
		unsigned long value;
	} changes[] = {
		{ 4, -16ul },
		{ 4, ~(1ul << 63) },
		{ 4, 4096 - 8 },
		{ 9, -4096ul },
		{ 9, HUGE_COUNT },
		{ 10, -4096ul },
		{ 10, HUGE_COUNT },
		{ 10, 0xffffffff80000000 },
		{ 10, 0x7ffffffff000 },
		{ 10, 0x10000008 },
		{ 12, -1ul },
		{ 12, HUGE_COUNT },
		{ 13, -1ul },
		{ 13, 16 },
		{ 13, 1ul << 47 },
		{ 3, 0xffffffff80000000 },
		{ 3, HUGE_COUNT },
		{ 3, 0 },
		{ 7, 0 },
		{ 7, 0xffff },
		{ 14, 3 },
		{ 14, -1ul },
	};
	unsigned long image[512];
	int status, error;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memset(image, 0, sizeof(image));
		image[0] = 0x00010102464c457f;
		image[2] = 0x00000001003e0002;
		image[3] = 0x10000800;
		image[4] = 64;
		image[6] = 0x0038004000000000;
		image[7] = 1;
		image[8] = 0x0000000700000001;
		image[10] = image[11] = 0x10000000;
		image[12] = image[13] = image[14] = 4096;
		image[256] = 0xf4;
		image[changes[i].word] = changes[i].value;
		write_program("/tmp/ut/odd", image, sizeof(image));
		error = execute("/tmp/ut/odd", (char *[]){ "odd", NULL }, &status);
		CHECK(error == ENOEXEC || error == EINVAL || error == ENOMEM ||
		      (error == -1 && WTERMSIG(status) == SIGSEGV));
	}
	unlink("/tmp/ut/odd");
}

const struct test limit_tests[] = {
	{ "counts_of_files", counts_of_files, 0 },
	{ "lengths_of_memory", lengths_of_memory, 0 },
	{ "longest_sleep", longest_sleep, 0 },
	{ "argument_limits", argument_limits, 0 },
	{ "no_arguments", no_arguments, 0 },
	{ "scripts", scripts, 0 },
	{ "malformed_programs", malformed_programs, 0 },
	{ NULL, NULL, 0 },
};
