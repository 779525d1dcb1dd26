// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pipes: order, capacity, both ends' end, non-blocking use, poll.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include "usertests.h"

static void through_fork(void)
{
	static unsigned char buffer[3000];
	int ends[2], status, total = 0;
	ssize_t got;

	CHECK(pipe(ends) == 0);
	if (fork() == 0) {
		for (int i = 0; i < 40; i++) {
			for (size_t at = 0; at < sizeof(buffer); at++)
				buffer[at] = (unsigned char)(i * sizeof(buffer) + at);
			CHECK(write_all(ends[1], buffer, sizeof(buffer)) == 0);
		}
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], buffer, 1000)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			CHECK(buffer[i] == (unsigned char)(total + i));
		total += got;
	}
	CHECK(total == 120000 && wait(&status) > 0 && status == 0);
}

static void broken(void)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	FAILS_WITH(write(ends[1], "x", 1), EPIPE);
}

static void kills_writer(void)
{
	int ends[2], status;

	CHECK(pipe(ends) == 0);
	close(ends[0]);
	if (fork() == 0) {
		write(ends[1], "x", 1);
		_exit(0);
	}
	CHECK(wait(&status) > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

static void nonblocking(void)
{
	char buffer[1024] = { 0 };
	int ends[2], total = 0;
	ssize_t put;

	CHECK(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	FAILS_WITH(read(ends[0], buffer, 1), EAGAIN);
	while ((put = write(ends[1], buffer, sizeof(buffer))) > 0)
		total += put;
	CHECK(errno == EAGAIN && total >= 4096);
	CHECK(read(ends[0], buffer, sizeof(buffer)) == sizeof(buffer));
	CHECK(fcntl(ends[0], F_GETFD) == FD_CLOEXEC);
	FAILS_WITH(lseek(ends[0], 0, SEEK_SET), ESPIPE);
}

static void poll_answers(void)
{
	struct pollfd set[2];
	int ends[2];

	CHECK(pipe(ends) == 0);
	set[0] = (struct pollfd){ ends[0], POLLIN, 0 };
	set[1] = (struct pollfd){ ends[1], POLLOUT, 0 };
	CHECK(poll(set, 1, 0) == 0);
	CHECK(poll(set, 1, 10) == 0);
	CHECK(poll(set, 2, -1) == 1 && set[1].revents == POLLOUT && set[0].revents == 0);
	CHECK(write(ends[1], "x", 1) == 1 && poll(set, 1, -1) == 1 && set[0].revents == POLLIN);
	close(ends[1]);
	set[1].fd = -1;
	CHECK(poll(set, 2, -1) == 1 && (set[0].revents & POLLHUP) && set[1].revents == 0);
	set[1].fd = 77;
	CHECK(poll(set + 1, 1, 0) == 1 && set[1].revents == POLLNVAL);
}

static void poll_wakes(void)
{
	struct pollfd watch;
	int ends[2];

	CHECK(pipe(ends) == 0);
	if (fork() == 0) {
		poll(NULL, 0, 20);
		write(ends[1], "x", 1);
		_exit(0);
	}
	watch = (struct pollfd){ ends[0], POLLIN, 0 };
	CHECK(poll(&watch, 1, 20000) == 1 && watch.revents == POLLIN);
}

const struct test pipe_tests[] = {
	{ "pipe_through_fork", through_fork, 0 },
	{ "pipe_broken", broken, 0 },
	{ "pipe_kills_writer", kills_writer, 0 },
	{ "pipe_nonblocking", nonblocking, 0 },
	{ "poll_answers", poll_answers, 0 },
	{ "poll_wakes", poll_wakes, 0 },
	{ NULL, NULL, 0 },
};
