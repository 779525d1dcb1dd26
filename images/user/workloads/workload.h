/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the demo's workloads share: arguments, a hash, a generator of reproducible bytes, and the last line, which is the same
 * whatever the timing was: `name: pid P: result HEX`. A workload that finds its own state damaged says so and exits 1.
 *
 * Every workload takes [ROUNDS [STEPS [PAUSE]]] and ends by itself; it sleeps PAUSE milliseconds after each round, so that a program
 * can live long without keeping a CPU. The result does not depend on PAUSE.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct workload {
	const char *name;
	long rounds, steps, pause;
};

static inline struct workload workload_begin(const char *name, int argc, char **argv, long rounds,
					     long steps)
{
	return (struct workload){ name, argc > 1 ? strtol(argv[1], NULL, 10) : rounds,
				  argc > 2 ? strtol(argv[2], NULL, 10) : steps,
				  argc > 3 ? strtol(argv[3], NULL, 10) : 0 };
}

static inline void workload_pause(const struct workload *workload)
{
	struct timespec span = { workload->pause / 1000, workload->pause % 1000 * 1000000 };

	if (workload->pause)
		while (nanosleep(&span, &span) < 0)
			;
}

static inline int workload_end(const struct workload *workload, uint64_t result)
{
	printf("%s: pid %d: result %016lx\n", workload->name, getpid(), result);
	return 0;
}

static inline __attribute__((noreturn)) void workload_fail(const struct workload *workload,
							   const char *what, long round)
{
	printf("%s: pid %d: DAMAGED in round %ld: %s\n", workload->name, getpid(), round, what);
	exit(1);
}

/* FNV-1a over the bytes of a word. */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	for (int i = 0; i < 8; i++, word >>= 8)
		hash = (hash ^ (word & 0xff)) * 0x100000001b3;
	return hash;
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	while (size--)
		hash = (hash ^ *at++) * 0x100000001b3;
	return hash;
}

#define HASH_BEGIN 0xcbf29ce484222325

/* xorshift64: period 2^64 - 1, the state is never 0. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif
