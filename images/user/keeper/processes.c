// SPDX-License-Identifier: GPL-2.0-or-later
/* Processes: futexes, waiting for children, groups and sessions. */
#include "keeper.h"

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002

/* Two take turns by a futex; one waits for a word that never changes, with a limit. */
uint64_t keep_futex(void)
{
	pid_t other = fork();
	uint32_t me = other ? 0 : 1;

	for (long round = 0; round < workload.rounds; round++) {
		struct timespec limit = { 0, pause_us() * 500 };
		uint32_t seen;

		while ((seen = board->turn) % 2 != me) {
			if (syscall(SYS_futex, &board->turn, 0L, (long)seen, NULL, NULL, 0L) < 0 &&
			    errno != EAGAIN)
				damaged("futex wait", round);
		}
		board->turn = seen + 1;
		syscall(SYS_futex, &board->turn, 1L, 1L, NULL, NULL, 0L);
		if (syscall(SYS_futex, &board->never, 0L, 0L, &limit, NULL, 0L) != -1 ||
		    errno != ETIMEDOUT)
			damaged("futex with a limit", round);
	}
	if (!other)
		_exit(0);
	reap(other, 0, workload.rounds);
	return board->turn;
}

/* wait4 on one that sleeps; beside it two zombies that nobody asks for until the end. */
uint64_t keep_wait(void)
{
	pid_t first = fork(), second;
	int status;

	if (first == 0)
		_exit(42);
	second = fork();
	if (second == 0) {
		kill(getpid(), SIGTERM);
		_exit(1);
	}
	for (long round = 0; round < workload.rounds; round++) {
		pid_t child = fork();

		if (child < 0)
			damaged("fork", round);
		if (child == 0) {
			rest(pause_us(), round);
			_exit((int)(round & 0x7f));
		}
		reap(child, (int)(round & 0x7f) << 8, round);
	}
	reap(first, 42 << 8, workload.rounds);
	reap(second, SIGTERM, workload.rounds);
	if (waitpid(-1, &status, 0) != -1 || errno != ECHILD)
		damaged("more children than there were", workload.rounds);
	return 42;
}

/* Groups and sessions, the mask of new files, and the registers that a system call does not name. */
uint64_t keep_identity(void)
{
	static uint64_t local[8] = { 0x1122334455667788, 0 }, other[8] = { 0x99aabbccddeeff00, 0 };
	pid_t me = getpid(), child, session;

	setsid();
	syscall(SYS_arch_prctl, (long)ARCH_SET_FS, local);
	syscall(SYS_arch_prctl, (long)ARCH_SET_GS, other);
	session = getsid(0);
	child = fork();
	if (child == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	rest(pause_us(), 0);
	for (long round = 0; round < workload.rounds; round++) {
		uint64_t fs, gs;

		rest(pause_us(), round);
		__asm__ volatile("movq %%fs:0, %0; movq %%gs:0, %1" : "=r"(fs), "=r"(gs));
		if (fs != local[0] || gs != other[0])
			damaged("FS or GS base", round);
		if (session != me || getsid(0) != me || getpgid(0) != me || getsid(child) != me ||
		    getpgid(child) != child)
			damaged("the session or the group", round);
		if (getpid() != me)
			damaged("its own number", round);
	}
	kill(-child, SIGKILL);
	reap(child, SIGKILL, workload.rounds);
	return local[0];
}
