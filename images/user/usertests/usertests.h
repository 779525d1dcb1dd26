/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of usertests share. A test is a function that returns when it passed; CHECK ends it when something is not as it
 * must be. Each runs in a child of its own, so it may leave anything behind but files, which go into /tmp/ut.
 */
#ifndef USERTESTS_H
#define USERTESTS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test {
	const char *name;
	void (*run)(void);
	int slow; /* left out by -q */
};

#define EXIT_SKIP 4 /* as in kselftest */

#define CHECK(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			printf("# %s:%d: %s (errno %d)\n", __FILE_NAME__, __LINE__, #condition, \
			       errno);                                                          \
			exit(1);                                                                \
		}                                                                               \
	} while (0)

#define FAILS_WITH(call, number) CHECK((call) == -1 && errno == (number))

#define SKIP(reason)                           \
	do {                                   \
		printf("# SKIP %s\n", reason); \
		exit(EXIT_SKIP);               \
	} while (0)

extern const struct test file_tests[], directory_tests[], process_tests[], memory_tests[],
	signal_tests[], pipe_tests[], clock_tests[], kernel_tests[], fault_tests[], limit_tests[];

#endif
