// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loops of known shape for measuring the machine: spin KIND ROUNDS. Prints the
 * loop's result, so that it cannot be left out; the time is the host's to take.
 *
 *	compute	registers only: add, xor, lea, shift, add, sub, jump
 *	memory	a load and a store each round, over 8 KiB
 *	calls	a call and return each round, with a frame
 *	syscall	getppid each round
 *	pipe	a byte to a child and back each round
 *	fork	a child that exits at once each round
 *	faults	a fresh page each round
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long compute(unsigned long rounds)
{
	unsigned long a = 1, c = 0, d, e = 0;

	asm volatile("1: add %[n], %[a]\n\t"
		     "xor %[a], %[c]\n\t"
		     "lea (%[a],%[c]), %[d]\n\t"
		     "shl $3, %[d]\n\t"
		     "add %[d], %[e]\n\t"
		     "sub $1, %[n]\n\t"
		     "jnz 1b"
		     : [a] "+r"(a), [c] "+r"(c), [d] "=&r"(d), [e] "+r"(e), [n] "+r"(rounds) : : "cc");
	return e ^ a ^ c;
}

static unsigned long memory(unsigned long rounds)
{
	static unsigned long from[1024], to[1024];
	unsigned long index = 0, value;

	asm volatile("1: mov (%[from],%[i],8), %[v]\n\t"
		     "add %[n], %[v]\n\t"
		     "mov %[v], (%[to],%[i],8)\n\t"
		     "inc %[i]\n\t"
		     "and $1023, %[i]\n\t"
		     "dec %[n]\n\t"
		     "jnz 1b"
		     : [v] "=&r"(value), [i] "+r"(index), [n] "+r"(rounds)
		     : [from] "r"(from), [to] "r"(to) : "cc", "memory");
	return to[0] ^ to[1023];
}

static __attribute__((noinline)) unsigned long step(unsigned long value)
{
	asm volatile("" : "+r"(value));
	return value + 1;
}

static unsigned long calls(unsigned long rounds)
{
	unsigned long sum = 0;

	while (rounds--)
		sum = step(sum);
	return sum;
}

static unsigned long syscalls(unsigned long rounds)
{
	unsigned long sum = 0;

	while (rounds--)
		sum += getppid() > 0;
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

static const struct {
	const char *name;
	unsigned long (*run)(unsigned long);
} kinds[] = {
	{ "compute", compute }, { "memory", memory }, { "calls", calls }, { "syscall", syscalls },
	{ "pipe", ping_pong }, { "fork", forks }, { "faults", faults },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(argv[1], kinds[i].name)) {
			unsigned long rounds = strtoul(argv[2], NULL, 10);

			printf("spin %s %lu: %016lx\n", argv[1], rounds, kinds[i].run(rounds));
			return 0;
		}
	}
	fprintf(stderr, "usage: spin compute|memory|calls|syscall|pipe|fork|faults ROUNDS\n");
	return 2;
}
