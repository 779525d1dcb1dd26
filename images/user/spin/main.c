// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loops of known shape for measuring the machine: spin KIND ROUNDS. Prints the
 * loop's result, so that it cannot be left out; the time is the host's to take.
 * Either a kernel of kernels.h, or one of these:
 *
 *	syscall		getppid each round
 *	getpid		getpid each round: the call that the patch klp-syscall replaces
 *	pipe		a byte to a child and back each round
 *	fork		a child that exits at once each round
 *	exec		a child that becomes /bin/true each round
 *	faults		a fresh page each round
 *	signals		a signal to itself, handled, each round
 *	interrupts	a sleep of 5 us, ended by a timer interrupt, each round
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "kernels.h"

uint32_t *chase_area, *stream_area;

static unsigned long syscalls(unsigned long rounds)
{
	unsigned long sum = 0;

	while (rounds--)
		sum += getppid() > 0;
	return sum;
}

static unsigned long getpids(unsigned long rounds)
{
	unsigned long sum = 0;

	while (rounds--)
		sum += getpid() > 0;
	return sum;
}

static unsigned long ping_pong(unsigned long rounds)
{
	unsigned long done = 0;
	int there[2], back[2];
	char byte = 1;

	if (pipe(there) || pipe(back))
		return 0;
	if (fork() == 0) {
		close(there[1]);
		while (read(there[0], &byte, 1) == 1)
			if (write(back[1], &byte, 1) != 1)
				break;
		_exit(0);
	}
	close(there[0]);
	for (; done < rounds; done++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			break;
	close(there[1]);
	wait(NULL);
	return done;
}

static unsigned long forks(unsigned long rounds)
{
	unsigned long done = 0;
	int status;

	while (rounds--) {
		pid_t child = fork();

		if (child == 0)
			_exit(3);
		if (waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3)
			done++;
	}
	return done;
}

static unsigned long execs(unsigned long rounds)
{
	static char *const words[] = { "true", NULL }, *const environment[] = { NULL };
	unsigned long done = 0;
	int status;

	while (rounds--) {
		pid_t child = fork();

		if (child == 0) {
			execve("/bin/true", words, environment);
			_exit(127);
		}
		if (waitpid(child, &status, 0) == child && WIFEXITED(status) &&
		    WEXITSTATUS(status) == 0)
			done++;
	}
	return done;
}

static unsigned long faults(unsigned long rounds)
{
	unsigned long sum = 0;

	while (rounds) {
		unsigned long pages = rounds < 256 ? rounds : 256;
		char *area = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (area == MAP_FAILED)
			return sum;
		for (unsigned long i = 0; i < pages; i++)
			sum += ++area[i * 4096];
		munmap(area, pages * 4096);
		rounds -= pages;
	}
	return sum;
}

static volatile unsigned long handled;

static void handle(int number)
{
	handled += number == SIGUSR1;
}

static unsigned long signals(unsigned long rounds)
{
	struct sigaction action;
	pid_t self = getpid();

	memset(&action, 0, sizeof(action));
	action.sa_handler = handle;
	if (sigaction(SIGUSR1, &action, NULL))
		return 0;
	while (rounds--)
		kill(self, SIGUSR1);
	return handled;
}

static unsigned long interrupts(unsigned long rounds)
{
	const struct timespec short_while = { 0, 5000 };
	unsigned long done = 0;

	while (rounds--)
		done += nanosleep(&short_while, NULL) == 0;
	return done;
}

static const struct {
	const char *name;
	unsigned long (*run)(unsigned long rounds);
} kinds[] = {
	{ "syscall", syscalls }, { "getpid", getpids },
	{ "pipe", ping_pong },	 { "fork", forks },
	{ "exec", execs },	 { "faults", faults },
	{ "signals", signals },	 { "interrupts", interrupts },
};

static const struct {
	const char *name;
	uint32_t (*run)(uint32_t rounds);
} kernels[] = {
#define ENTRY(name) { #name, kernel_##name },
	EACH_KERNEL(ENTRY)
};

static void *area(unsigned long words)
{
	void *start = mmap(NULL, words * sizeof(uint32_t), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return start == MAP_FAILED ? NULL : start;
}

static int report(const char *kind, unsigned long rounds, unsigned long result)
{
	printf("spin %s %lu: %016lx\n", kind, rounds, result);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;

	for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(argv[1], kinds[i].name))
			return report(argv[1], rounds, kinds[i].run(rounds));
	for (size_t i = 0; argc == 3 && i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		if (strcmp(argv[1], kernels[i].name))
			continue;
		chase_area = area(CHASE_WORDS);
		stream_area = area(STREAM_WORDS);
		if (!chase_area || !stream_area)
			return 1;
		return report(argv[1], rounds, kernels[i].run((uint32_t)rounds));
	}
	fprintf(stderr, "usage: spin KIND ROUNDS, where KIND is one of");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		fprintf(stderr, " %s", kinds[i].name);
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++)
		fprintf(stderr, " %s", kernels[i].name);
	fprintf(stderr, "\n");
	return 2;
}
