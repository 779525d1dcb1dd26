/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a unit test of the kernel's C has on the host: libc, which is also the judge, a seeded generator, and check().
 *
 * A test is a program: arguments are the seed and what else it wants, a line of output for each thing that is wrong, and a last line
 * "checks N". It includes the kernel's own headers, so that types and prototypes are the kernel's.
 */
#ifndef HOST_H
#define HOST_H

#include <linux/kernel.h>
#include <linux/string.h>

int printf(const char *format, ...) __printf(1, 2);
void *malloc(size_t size);
void free(void *at);
void exit(int status) __noreturn;
unsigned long strtoul(const char *text, char **end, int base);

extern unsigned long random_state, checks, wrong;

/* Uniform in [0, @below). The generator is Vigna's xorshift64*. */
static inline unsigned long random_below(unsigned long below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dUL >> 16) % below;
}

/* 64 bits, of which as many count as chance says: short numbers and the ends of ranges are frequent. */
static inline unsigned long random_number(void)
{
	unsigned long bits = random_below(1UL << 32) << 32 | random_below(1UL << 32);

	switch (random_below(4)) {
	case 0:
		return random_below(20);
	case 1:
		return (1UL << random_below(64)) + random_below(3) - 1;
	case 2:
		return -random_below(20);
	default:
		return bits >> random_below(64);
	}
}

#define check(holds, format, ...)                                                         \
	do {                                                                              \
		checks++;                                                                 \
		if (!(holds) && wrong++ < 10)                                             \
			printf("%s:%d: " format "\n", __FILE__, __LINE__, ##__VA_ARGS__); \
	} while (0)

/* Each program has one. */
void test(int count, char **words);

#endif
