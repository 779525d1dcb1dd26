// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Forks children that write to pages they share with the parent: proves that copy-on-write keeps every process's pages its own,
 * before and after page tables or kernels change hands. Two children live at once in each round, so a page may have three owners.
 * STEPS is the buffer's size in pages.
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include "workload.h"

#define PAGE	 4096
#define CHILDREN 2

static uint64_t sum_pages(const uint64_t *buffer, long pages)
{
	return hash_bytes(HASH_BEGIN, buffer, (size_t)pages * PAGE);
}

/* Changes every third page or so and returns the sum of the whole. */
static uint64_t scribble(uint64_t *buffer, long pages, uint64_t seed)
{
	for (long page = 0; page < pages; page++) {
		if (next_random(&seed) % 3 == 0)
			buffer[page * (PAGE / 8) + next_random(&seed) % (PAGE / 8)] =
				next_random(&seed);
	}
	return sum_pages(buffer, pages);
}

int main(int argc, char **argv)
{
	struct workload workload = workload_begin("cow", argc, argv, 10, 32);
	uint64_t *buffer = mmap(NULL, workload.steps * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t seed = 99, before, hash = HASH_BEGIN;

	if (buffer == MAP_FAILED)
		workload_fail(&workload, "mmap", 0);
	for (long i = 0; i < workload.steps * (PAGE / 8); i++)
		buffer[i] = next_random(&seed);
	before = sum_pages(buffer, workload.steps);
	for (long round = 1; round <= workload.rounds; round++) {
		int ends[CHILDREN][2], status;
		pid_t children[CHILDREN];

		for (int i = 0; i < CHILDREN; i++) {
			if (pipe(ends[i]) < 0 || (children[i] = fork()) < 0)
				workload_fail(&workload, "pipe or fork", round);
			if (children[i] == 0) {
				uint64_t sums[2] = { sum_pages(buffer, workload.steps),
						     scribble(buffer, workload.steps,
							      round * 16 + i + 1) };

				sched_yield();
				if (sum_pages(buffer, workload.steps) != sums[1])
					_exit(2);
				write_all(ends[i][1], sums, sizeof(sums));
				_exit(0);
			}
		}
		for (int i = 0; i < CHILDREN; i++) {
			uint64_t sums[2];

			close(ends[i][1]);
			if (read(ends[i][0], sums, sizeof(sums)) != sizeof(sums) ||
			    sums[0] != before)
				workload_fail(&workload, "a child saw other pages", round);
			close(ends[i][0]);
			if (waitpid(children[i], &status, 0) != children[i] || status)
				workload_fail(&workload, "a child's own pages", round);
			hash = hash_word(hash, sums[1]);
		}
		if (sum_pages(buffer, workload.steps) != before)
			workload_fail(&workload, "a child's write reached the parent", round);
		before = scribble(buffer, workload.steps, round);
		hash = hash_word(hash, before);
		workload_pause(&workload);
	}
	return workload_end(&workload, hash);
}
