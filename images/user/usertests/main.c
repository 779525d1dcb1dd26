// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of the kernel through its system calls, in the manner of xv6's program of the same name: each test in a child of its own,
 * results as KTAP version 1. usertests [-q] [NAME...]; -q leaves out the slow ones, names choose. Exits 0 when nothing failed.
 */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "usertests.h"

static const struct test *const groups[] = {
	file_tests,   directory_tests, pipe_tests,   process_tests, signal_tests,
	memory_tests, clock_tests,     kernel_tests, fault_tests,   limit_tests,
};

#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static int quick, name_count;
static char **names;

static int wanted(const struct test *test)
{
	if (quick && test->slow)
		return 0;
	for (int i = 0; i < name_count; i++) {
		if (!strcmp(names[i], test->name))
			return 1;
	}
	return name_count == 0;
}

/* Returns the wait status. A test that hangs is ended by SIGALRM after a minute. */
static int run_test(const struct test *test)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(60);
		test->run();
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return status;
}

int main(int argc, char **argv)
{
	int letter, count = 0, number = 0, passed = 0, failed = 0, skipped = 0;

	while ((letter = getopt(argc, argv, "q")) != -1) {
		if (letter == '?')
			return 2;
		quick = 1;
	}
	names = argv + optind;
	name_count = argc - optind;
	for (size_t i = 0; i < GROUPS; i++) {
		for (const struct test *test = groups[i]; test->name; test++)
			count += wanted(test);
	}
	mkdir("/tmp", 0777);
	mkdir("/tmp/ut", 0777);
	printf("KTAP version 1\n1..%d\n", count);
	for (size_t i = 0; i < GROUPS; i++) {
		for (const struct test *test = groups[i]; test->name; test++) {
			int status;

			if (!wanted(test))
				continue;
			number++;
			status = run_test(test);
			if (status == 0) {
				printf("ok %d %s\n", number, test->name);
				passed++;
			} else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
				printf("ok %d %s # SKIP\n", number, test->name);
				skipped++;
			} else {
				if (WIFSIGNALED(status))
					printf("# ended by signal %d (%s)\n", WTERMSIG(status),
					       strsignal(WTERMSIG(status)));
				printf("not ok %d %s\n", number, test->name);
				failed++;
			}
		}
	}
	printf("# Totals: pass:%d fail:%d xfail:0 xpass:0 skip:%d error:0\n", passed, failed,
	       skipped);
	rmdir("/tmp/ut");
	return failed ? 1 : 0;
}
