// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A producer and a consumer joined by a pipe: proves that no byte in a pipe is lost, doubled or moved, and that sleepers at either
 * end wake. The producer writes pieces of changing size; the consumer reads pieces of other sizes and hashes the stream, then
 * sends its hash back, which must be the producer's own.
 */
#include <sys/wait.h>
#include "workload.h"

#define PIECE 3000

static uint64_t consume(int from)
{
	static unsigned char buffer[PIECE];
	uint64_t hash = HASH_BEGIN, sizes = 7;
	ssize_t got;

	while ((got = read(from, buffer, 1 + next_random(&sizes) % PIECE)) > 0)
		hash = hash_bytes(hash, buffer, got);
	return hash;
}

int main(int argc, char **argv)
{
	struct workload workload = workload_begin("pipeline", argc, argv, 20, 16);
	static unsigned char buffer[PIECE];
	uint64_t hash = HASH_BEGIN, bytes = 42, answer = 0;
	int forth[2], back[2], status;
	pid_t child;

	if (pipe(forth) < 0 || pipe(back) < 0)
		workload_fail(&workload, "pipe", 0);
	child = fork();
	if (child == 0) {
		close(forth[1]);
		answer = consume(forth[0]);
		write_all(back[1], &answer, sizeof(answer));
		_exit(0);
	}
	close(forth[0]);
	for (long round = 1; round <= workload.rounds; round++) {
		for (long step = 0; step < workload.steps; step++) {
			size_t size = 1 + next_random(&bytes) % PIECE;

			for (size_t i = 0; i < size; i++)
				buffer[i] = (unsigned char)(next_random(&bytes) >> 24);
			hash = hash_bytes(hash, buffer, size);
			if (write_all(forth[1], buffer, size) < 0)
				workload_fail(&workload, "write to the pipe", round);
		}
		workload_pause(&workload);
	}
	close(forth[1]);
	if (read(back[0], &answer, sizeof(answer)) != sizeof(answer) || answer != hash)
		workload_fail(&workload, "the consumer saw other bytes", workload.rounds);
	if (waitpid(child, &status, 0) != child || status)
		workload_fail(&workload, "the consumer's end", workload.rounds);
	return workload_end(&workload, hash);
}
