// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory: brk, mmap, munmap, mprotect, copy-on-write, stack growth, limits.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "usertests.h"

#define PAGE 4096

static void heap(void)
{
	char *start = sbrk(0);

	CHECK(sbrk(10 * PAGE) == start);
	for (int i = 0; i < 10; i++)
		CHECK(start[i * PAGE] == 0);
	memset(start, 7, 10 * PAGE);
	CHECK(sbrk(-5 * PAGE) == start + 10 * PAGE && sbrk(5 * PAGE) == start + 5 * PAGE);
	/* Pages that were given back come again as zeros. */
	CHECK(start[0] == 7 && start[6 * PAGE] == 0);
}

static void allocator(void)
{
	void *blocks[100];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			CHECK((blocks[i] = malloc(1 + i * 37)));
			memset(blocks[i], i, 1 + i * 37);
		}
		for (int i = 0; i < 100; i++) {
			CHECK(((unsigned char *)blocks[i])[i * 37] == i);
			free(blocks[i]);
		}
	}
}

static void anonymous(void)
{
	char *area =
		mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *fixed;

	CHECK(area != MAP_FAILED && ((unsigned long)area & (PAGE - 1)) == 0);
	for (int i = 0; i < 16; i++) {
		CHECK(area[i * PAGE] == 0);
		area[i * PAGE] = (char)i;
	}
	CHECK(munmap(area + 4 * PAGE, 4 * PAGE) == 0 && area[3 * PAGE] == 3 && area[8 * PAGE] == 8);
	fixed = mmap(area + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(fixed == area + 4 * PAGE && *fixed == 0);
	CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	      errno == EINVAL);
	FAILS_WITH(munmap(area + 1, PAGE), EINVAL);
	CHECK(munmap(area, 16 * PAGE) == 0);
}

static void file_private(void)
{
	char *area, buffer[4];
	int fd = open("/tmp/ut/map", O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && ftruncate(fd, PAGE + 10) == 0 && pwrite(fd, "first", 5, 0) == 5 &&
	      pwrite(fd, "second", 6, PAGE) == 6);
	area = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	unlink("/tmp/ut/map");
	if (area == MAP_FAILED)
		SKIP("no private mapping of files");
	close(fd);
	CHECK(!memcmp(area, "first", 5) && !memcmp(area + PAGE, "second", 6) &&
	      area[PAGE + 10] == 0);
	area[0] = 'F';
	CHECK(area[0] == 'F');
	(void)buffer;
}

static void shared_with_child(void)
{
	volatile int *area =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	if (area == MAP_FAILED)
		SKIP("no shared anonymous mappings");
	if (fork() == 0) {
		area[1] = 1234;
		_exit(0);
	}
	CHECK(wait(&status) > 0 && status == 0 && area[1] == 1234);
}

static void copy_on_write(void)
{
	static unsigned char data[8 * PAGE];
	int status;

	memset(data, 1, sizeof(data));
	if (fork() == 0) {
		for (int i = 0; i < 8; i++)
			data[i * PAGE] = 2;
		for (int i = 0; i < 8; i++)
			if (data[i * PAGE] != 2 || data[i * PAGE + 1] != 1)
				_exit(1);
		_exit(0);
	}
	data[3 * PAGE] = 9;
	CHECK(wait(&status) > 0 && status == 0);
	for (int i = 0; i < 8; i++)
		CHECK(data[i * PAGE] == (i == 3 ? 9 : 1));
	/* The kernel's own writes break the sharing too. */
	if (fork() == 0) {
		int ends[2];

		if (pipe(ends) || write(ends[1], "zz", 2) != 2 ||
		    read(ends[0], data + 5 * PAGE, 2) != 2)
			_exit(1);
		_exit(data[5 * PAGE] == 'z' ? 0 : 1);
	}
	CHECK(wait(&status) > 0 && status == 0 && data[5 * PAGE] == 1);
}

static int ends_by(char *address, int writing)
{
	int status;

	if (fork() == 0) {
		if (writing)
			*(volatile char *)address = 1;
		else
			*(volatile char *)address;
		_exit(0);
	}
	CHECK(wait(&status) > 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void protection(void)
{
	char *area =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(area, 3, 4 * PAGE);
	CHECK(mprotect(area + PAGE, PAGE, PROT_READ) == 0 && area[PAGE] == 3);
	CHECK(ends_by(area + PAGE, 0) == 0 && ends_by(area + PAGE, 1) == SIGSEGV &&
	      ends_by(area + 2 * PAGE, 1) == 0);
	CHECK(mprotect(area + PAGE, PAGE, PROT_NONE) == 0 && ends_by(area + PAGE, 0) == SIGSEGV);
	CHECK(mprotect(area + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0 && area[PAGE] == 3);
	area[PAGE] = 4;
	CHECK(munmap(area + 2 * PAGE, PAGE) == 0 && ends_by(area + 2 * PAGE, 0) == SIGSEGV);
}

static void executable_memory(void)
{
	/* mov eax, 99; ret */
	static const unsigned char code[] = { 0xb8, 99, 0, 0, 0, 0xc3 };
	unsigned char *area =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(area, code, sizeof(code));
	CHECK(mprotect(area, PAGE, PROT_READ | PROT_EXEC) == 0 && ((int (*)(void))area)() == 99);
}

static int deep(int levels)
{
	volatile char frame[1024];

	frame[0] = (char)levels;
	frame[1023] = 1;
	return levels ? deep(levels - 1) + frame[1023] : 0;
}

static void stack_growth(void)
{
	CHECK(deep(200) == 200);
}

static void overflow_stack(void)
{
	int status;

	if (fork() == 0)
		_exit(deep(1 << 20) > 0);
	CHECK(wait(&status) > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

const struct test memory_tests[] = {
	{ "memory_heap", heap, 0 },
	{ "memory_allocator", allocator, 0 },
	{ "memory_anonymous", anonymous, 0 },
	{ "memory_file_private", file_private, 0 },
	{ "memory_shared_with_child", shared_with_child, 0 },
	{ "memory_copy_on_write", copy_on_write, 0 },
	{ "memory_protection", protection, 0 },
	{ "memory_executable", executable_memory, 0 },
	{ "memory_stack_growth", stack_growth, 0 },
	{ "memory_stack_overflow", overflow_stack, 1 },
	{ NULL, NULL, 0 },
};
