// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a command and says how long it took: real, user, system.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec begin, end;
	struct rusage usage;
	long nanoseconds;
	int status;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: time COMMAND [ARGUMENT...]\n");
		return 2;
	}
	memset(&usage, 0, sizeof(usage));
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = fork();
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		fprintf(stderr, "time: cannot run %s: %s\n", argv[1], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		perror("time");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	nanoseconds = (end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec;
	fprintf(stderr, "real %ld.%06ld\nuser %ld.%06ld\nsys  %ld.%06ld\n",
		nanoseconds / 1000000000, nanoseconds / 1000 % 1000000, usage.ru_utime.tv_sec,
		usage.ru_utime.tv_usec, usage.ru_stime.tv_sec, usage.ru_stime.tv_usec);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
