// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the initial stack to main(), from a kernel's return value to errno, and out again by exit().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int errno;
char **environ;

int main(int argc, char **argv, char **envp);
/* from start.S */
void start_program(long *stack) __attribute__((noreturn));
long syscall_result(long value);

void start_program(long *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);

	environ = argv + argc + 1;
	exit(main(argc, argv, environ));
}

long syscall_result(long value)
{
	if (value < 0 && value >= -4095) {
		errno = (int)-value;
		return -1;
	}
	return value;
}

void _exit(int status)
{
	for (;;) {
		syscall_raw(SYS_exit_group, status, 0, 0, 0, 0, 0);
		syscall_raw(SYS_exit, status, 0, 0, 0, 0, 0);
	}
}

void exit(int status)
{
	fflush(stdout);
	fflush(stderr);
	_exit(status);
}
