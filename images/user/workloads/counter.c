// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Computes with integers in registers, and prints the running checksum after each round: proves that a task's general registers
 * and flags survive whatever happens between two of its instructions.
 */
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload workload = workload_begin("counter", argc, argv, 20, 100000);
	uint64_t a = 1, b = 2, c = 3, sum = 0;

	for (long round = 1; round <= workload.rounds; round++) {
		for (long step = 0; step < workload.steps; step++) {
			a = a * 6364136223846793005 + 1442695040888963407;
			b ^= a >> 29;
			b += b << 7 | b >> 57;
			c += a > b ? a : ~b;
			sum += c ^ sum >> 11;
		}
		printf("counter: pid %d: round %ld checksum %016lx\n", getpid(), round, sum);
		workload_pause(&workload);
	}
	return workload_end(&workload, sum);
}
