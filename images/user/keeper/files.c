// SPDX-License-Identifier: GPL-2.0-or-later
/* Open files: pipes, poll, offsets and flags, and a great deal of coming and going. */
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include "keeper.h"

#define SYS_mknod 133

/* Blocked in the middle of a write, and in a read of what is not there yet. */
uint64_t keep_pipe(void)
{
	static unsigned char piece[100000];
	uint64_t seed = 3, hash = HASH_BEGIN, total = (uint64_t)workload.rounds * sizeof(piece),
		 got = 0;
	int ends[2];
	pid_t writer;

	if (pipe(ends) < 0 || (writer = fork()) < 0)
		damaged("pipe or fork", 0);
	if (writer == 0) {
		close(ends[0]);
		for (long round = 0; round < workload.rounds; round++) {
			struct iovec halves[2] = { { piece, 33333 },
						   { piece + 33333, sizeof(piece) - 33333 } };
			ssize_t done;

			for (size_t i = 0; i < sizeof(piece); i++)
				piece[i] = (unsigned char)(i * 7 + round);
			errno = 0;
			done = round % 2 ? writev(ends[1], halves, 2)
					 : write(ends[1], piece, sizeof(piece));
			if (done != sizeof(piece))
				damaged("a write was cut short", round);
		}
		_exit(0);
	}
	close(ends[1]);
	while (got < total) {
		size_t wanted = 1 + next_random(&seed) % 30000;
		ssize_t n = read(ends[0], piece, wanted);

		if (n <= 0)
			damaged("a read was cut short", (long)(got / sizeof(piece)));
		for (ssize_t i = 0; i < n; i++, got++)
			if (piece[i] !=
			    (unsigned char)(got % sizeof(piece) * 7 + got / sizeof(piece)))
				damaged("bytes of the pipe", (long)(got / sizeof(piece)));
		if (got % 4 == 0)
			rest(pause_us() / 4, (long)(got / sizeof(piece)));
	}
	if (read(ends[0], piece, 1) != 0)
		damaged("the pipe's end", workload.rounds);
	reap(writer, 0, workload.rounds);
	return hash_word(hash, got);
}

/* poll with and without a limit; a named pipe that both ends open again in each round. */
uint64_t keep_poll(void)
{
	char path[64];
	int fd, closed[2];
	pid_t child;

	snprintf(path, sizeof(path), "/tmp/keeper.%d.fifo", getpid());
	if (syscall(SYS_mknod, path, (long)(S_IFIFO | 0600), 0L) < 0 || pipe(closed) < 0)
		damaged("mkfifo", 0);
	child = fork();
	for (long round = 0; round < workload.rounds; round++) {
		char word[16] = "";

		/* opening one end waits for the other */
		fd = open(path, child ? O_RDONLY : O_WRONLY);
		if (fd < 0)
			damaged("opening a named pipe", round);
		if (child) {
			struct pollfd set = { fd, POLLIN, 0 }, none = { fd, 0, 0 };

			if (poll(&set, 1, -1) != 1 || !(set.revents & POLLIN))
				damaged("poll", round);
			if (read(fd, word, sizeof(word)) != 5 || memcmp(word, "round", 5))
				damaged("bytes of the named pipe", round);
			if (poll(&none, 0, (int)workload.pause + 1) != 0)
				damaged("poll with a limit", round);
			if (read(fd, word, sizeof(word)) != 0)
				damaged("the named pipe's end", round);
		} else {
			rest(pause_us(), round);
			if (write(fd, "round", 5) != 5)
				damaged("writing to a named pipe", round);
			rest(pause_us(), round);
		}
		close(fd);
		/* not into the next round while the reader is in this one */
		if (child ? write(closed[1], word, 1) != 1 : read(closed[0], word, 1) != 1)
			damaged("a pipe of one byte", round);
	}
	if (!child)
		_exit(0);
	reap(child, 0, workload.rounds);
	unlink(path);
	return 5;
}

/* Removed file and directory, offsets shared with another process, flags of descriptors, a sparse file. */
uint64_t keep_files(void)
{
	char path[64], word[16];
	int gone, shared, nonblock[2], sparse, append;
	struct stat here, now;
	pid_t child;

	snprintf(path, sizeof(path), "/tmp/keeper.%d.dir", getpid());
	if (mkdir(path, 0700) < 0 || chdir(path) < 0 || stat(".", &here) < 0)
		damaged("mkdir", 0);
	gone = open("gone", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	shared = open("shared", O_RDWR | O_CREAT, 0600);
	sparse = open("sparse", O_RDWR | O_CREAT, 0600);
	append = open("append", O_WRONLY | O_CREAT | O_APPEND, 0640);
	if (gone < 0 || shared < 0 || sparse < 0 || append < 0 || pipe2(nonblock, O_NONBLOCK) < 0)
		damaged("open", 0);
	if (pwrite(sparse, "far", 3, 200l << 20) != 3 || write_all(gone, "still here", 10) < 0)
		damaged("write", 0);
	unlink("gone");
	unlink("shared");
	unlink("sparse");
	unlink("append");
	rmdir(path);
	child = fork();
	if (child == 0) {
		for (long round = 0; round < workload.rounds; round++) {
			if (write(shared, "c", 1) != 1)
				damaged("the child's write", round);
			rest(pause_us() / 2, round);
		}
		_exit(0);
	}
	for (long round = 0; round < workload.rounds; round++) {
		if (write(shared, "p", 1) != 1 || write(append, "line", 4) != 4)
			damaged("write", round);
		if (pread(gone, word, 16, 0) != 10 || memcmp(word, "still here", 10))
			damaged("the removed file", round);
		if (stat(".", &now) < 0 || now.st_ino != here.st_ino || now.st_dev != here.st_dev)
			damaged("the removed directory", round);
		if (open("new", O_CREAT | O_WRONLY, 0600) != -1)
			damaged("a file in a removed directory", round);
		if (getcwd(path, sizeof(path)) && path[0] == '/')
			damaged("the removed directory has a name", round);
		if (fcntl(gone, F_GETFD) != FD_CLOEXEC || fcntl(shared, F_GETFD) != 0 ||
		    fcntl(devnull_cloexec, F_GETFD) != FD_CLOEXEC)
			damaged("close-on-exec", round);
		if (!(fcntl(nonblock[0], F_GETFL) & O_NONBLOCK) ||
		    read(nonblock[0], word, 1) != -1 || errno != EAGAIN)
			damaged("O_NONBLOCK", round);
		if (fstat(sparse, &now) < 0 || now.st_size != (200l << 20) + 3 ||
		    now.st_blocks > 64 || pread(sparse, word, 3, 200l << 20) != 3 ||
		    memcmp(word, "far", 3) || pread(sparse, word, 3, 100l << 20) != 3 || word[0])
			damaged("the sparse file", round);
		if (fstat(append, &now) < 0 || now.st_size != 4 * (round + 1) ||
		    (now.st_mode & 0777) != 0640 || now.st_nlink)
			damaged("the file for appending", round);
		rest(pause_us(), round);
	}
	reap(child, 0, workload.rounds);
	if (lseek(shared, 0, SEEK_CUR) != 2 * workload.rounds || fstat(shared, &now) < 0 ||
	    now.st_size != 2 * workload.rounds)
		damaged("the shared offset", workload.rounds);
	return (uint64_t)now.st_size;
}

/* Opens, closes, duplicates, splits and joins all the time: an upgrade meets it in the middle of a call that does not sleep. */
uint64_t keep_busy(void)
{
	char path[64], other[64];

	snprintf(path, sizeof(path), "/tmp/keeper.%d.a", getpid());
	snprintf(other, sizeof(other), "/tmp/keeper.%d.b", getpid());
	for (long round = 0; round < workload.rounds * 8; round++) {
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), copy = dup(fd), ends[2];
		char *area = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pid_t child;

		if (fd < 0 || copy < 0 || pipe(ends) < 0 || area == MAP_FAILED)
			damaged("open, dup, pipe or mmap", round);
		area[0] = area[7 * PAGE] = (char)round;
		if (mprotect(area + 2 * PAGE, PAGE, PROT_READ) < 0 ||
		    munmap(area + 4 * PAGE, PAGE) < 0)
			damaged("mprotect or munmap", round);
		write(fd, area, 3 * PAGE);
		if (ftruncate(copy, PAGE + 1) < 0 || lseek(copy, 0, SEEK_END) != PAGE + 1)
			damaged("ftruncate", round);
		child = fork();
		if (child == 0) {
			if (area[7 * PAGE] != (char)round)
				_exit(1);
			area[7 * PAGE]++;
			write(ends[1], area + 7 * PAGE, 1);
			_exit(0);
		}
		if (rename(path, other) < 0 || link(other, path) < 0 || unlink(path) < 0 ||
		    unlink(other) < 0)
			damaged("names", round);
		if (read(ends[0], area + 1, 1) != 1 || area[1] != (char)(round + 1) ||
		    area[7 * PAGE] != (char)round)
			damaged("the child's byte", round);
		reap(child, 0, round);
		close(fd);
		close(copy);
		close(ends[0]);
		close(ends[1]);
		munmap(area, 8 * PAGE);
	}
	return 8;
}
