// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes: fork, vfork, exec, exit, wait, groups and sessions.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include "usertests.h"

static void fork_and_wait(void)
{
	pid_t parent = getpid(), child = fork();
	int status;

	if (child == 0)
		_exit(getppid() == parent && getpid() != parent ? 7 : 1);
	CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	      WEXITSTATUS(status) == 7);
	FAILS_WITH(wait(&status), ECHILD);
	FAILS_WITH(waitpid(parent, &status, 0), ECHILD);
}

static void wait_nohang(void)
{
	int ends[2], status;
	pid_t child;
	char byte;

	CHECK(pipe(ends) == 0);
	child = fork();
	if (child == 0) {
		close(ends[1]);
		read(ends[0], &byte, 1);
		_exit(0);
	}
	CHECK(waitpid(child, &status, WNOHANG) == 0);
	close(ends[1]);
	CHECK(waitpid(-1, &status, 0) == child && status == 0);
}

static void many_children(void)
{
	int status, sum = 0;

	for (int i = 0; i < 30; i++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child == 0)
			_exit(i);
	}
	for (int i = 0; i < 30; i++) {
		CHECK(wait(&status) > 0 && WIFEXITED(status));
		sum += WEXITSTATUS(status);
	}
	CHECK(sum == 435);
}

static void fork_until_none(void)
{
	int count = 0, status;

	for (int round = 0; round < 200; round++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child == 0)
			_exit(0);
		CHECK(waitpid(child, &status, 0) == child && status == 0);
		count++;
	}
	CHECK(count == 200);
}

static void orphan(void)
{
	int ends[2];
	pid_t parent = 0;

	CHECK(pipe(ends) == 0);
	if (fork() == 0) {
		pid_t middle = getpid();

		if (fork() == 0) {
			struct timespec moment = { 0, 1000000 };

			for (int i = 0; i < 2000 && getppid() == middle; i++)
				nanosleep(&moment, NULL);
			parent = getppid();
			write(ends[1], &parent, sizeof(parent));
			_exit(0);
		}
		_exit(0);
	}
	wait(NULL);
	CHECK(read(ends[0], &parent, sizeof(parent)) == sizeof(parent) && parent != getpid());
}

static void vfork_shares(void)
{
	static volatile int value;
	int status;
	pid_t child = vfork();

	if (child == 0) {
		value = 5;
		_exit(3);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3);
	/* With vfork the child writes to the parent's memory, or to its own copy where vfork is fork. */
	CHECK(value == 5 || value == 0);
}

static int run(char *const argv[], char *output, size_t size)
{
	int ends[2], status;
	size_t have = 0;
	ssize_t got;

	CHECK(pipe(ends) == 0);
	if (fork() == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execvp(argv[0], argv);
		_exit(126);
	}
	close(ends[1]);
	while (have < size - 1 && (got = read(ends[0], output + have, size - 1 - have)) > 0)
		have += got;
	output[have] = 0;
	close(ends[0]);
	CHECK(wait(&status) > 0 && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void exec_arguments(void)
{
	char output[128];

	CHECK(run((char *[]){ "echo", "one", "two words", "", NULL }, output, sizeof(output)) == 0);
	CHECK(!strcmp(output, "one two words \n"));
	setenv("UT_VALUE", "carried", 1);
	CHECK(run((char *[]){ "sh", "-c", "echo $UT_VALUE; exit 9", NULL }, output,
		  sizeof(output)) == 9);
	CHECK(!strcmp(output, "carried\n"));
}

static void exec_errors(void)
{
	char *const argv[] = { "x", NULL }, *const envp[] = { NULL };
	int fd;

	FAILS_WITH(execve("/tmp/ut/none", argv, envp), ENOENT);
	FAILS_WITH(execve("/tmp/ut", argv, envp), EACCES);
	fd = open("/tmp/ut/noelf", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	CHECK(write(fd, "\177ELF-but-no-more", 16) == 16 && close(fd) == 0);
	FAILS_WITH(execve("/tmp/ut/noelf", argv, envp), ENOEXEC);
	unlink("/tmp/ut/noelf");
	FAILS_WITH(execve((char *)16, argv, envp), EFAULT);
}

static void close_on_exec(void)
{
	char output[64], number[8];
	int kept = open("/dev/null", O_RDONLY), closed = open("/dev/null", O_RDONLY | O_CLOEXEC);

	CHECK(kept >= 0 && closed >= 0);
	snprintf(output, sizeof(output), "cat <&%d", kept);
	CHECK(run((char *[]){ "sh", "-c", output, NULL }, number, sizeof(number)) == 0);
	snprintf(output, sizeof(output), "{ cat <&%d; } 2>/dev/null", closed);
	CHECK(run((char *[]){ "sh", "-c", output, NULL }, number, sizeof(number)) != 0);
}

static void groups_and_sessions(void)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		CHECK(setpgid(0, 0) == 0 && getpgid(0) == getpid());
		/* A leader of a group cannot found a session. */
		FAILS_WITH(setsid(), EPERM);
		if (fork() == 0) {
			CHECK(setsid() == getpid() && getsid(0) == getpid() &&
			      getpgid(0) == getpid());
			_exit(0);
		}
		CHECK(wait(&status) > 0 && status == 0);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	FAILS_WITH(getpgid(99999), ESRCH);
	/* kill(-group) reaches the whole group. */
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		pause();
	}
	setpgid(child, child);
	CHECK(kill(-child, SIGTERM) == 0 && waitpid(child, &status, 0) == child &&
	      WTERMSIG(status) == SIGTERM);
}

static void exit_status_of_signal(void)
{
	static const int numbers[] = { SIGKILL, SIGTERM, SIGUSR1, SIGALRM };
	int status;

	for (size_t i = 0; i < 4; i++) {
		pid_t child = fork();

		if (child == 0)
			for (;;)
				pause();
		CHECK(kill(child, numbers[i]) == 0 && waitpid(child, &status, 0) == child);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
	}
}

static void preemption(void)
{
	volatile unsigned long work = 0;
	int ends[2], status;
	char byte;
	pid_t child;

	CHECK(pipe(ends) == 0);
	child = fork();
	if (child == 0) {
		/* Never calls the kernel again; only the timer can take the processor away. */
		write(ends[1], "x", 1);
		for (;;)
			work++;
	}
	CHECK(read(ends[0], &byte, 1) == 1);
	for (int i = 0; i < 5; i++) {
		struct timespec moment = { 0, 2000000 };

		nanosleep(&moment, NULL);
	}
	CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child &&
	      WTERMSIG(status) == SIGKILL);
}

const struct test process_tests[] = {
	{ "fork_and_wait", fork_and_wait, 0 },
	{ "wait_nohang", wait_nohang, 0 },
	{ "many_children", many_children, 0 },
	{ "fork_until_none", fork_until_none, 1 },
	{ "orphan", orphan, 0 },
	{ "vfork_shares", vfork_shares, 0 },
	{ "exec_arguments", exec_arguments, 0 },
	{ "exec_errors", exec_errors, 0 },
	{ "close_on_exec", close_on_exec, 0 },
	{ "groups_and_sessions", groups_and_sessions, 0 },
	{ "exit_status_of_signal", exit_status_of_signal, 0 },
	{ "preemption", preemption, 0 },
	{ NULL, NULL, 0 },
};
