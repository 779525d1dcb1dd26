// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keeps files open over all rounds, one of them under two descriptors that share an offset, one for appending, one unlinked:
 * proves that open files, their offsets and flags, and the pages of tmpfs survive. STEPS is the number of bytes a round adds.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload workload = workload_begin("files", argc, argv, 20, 500);
	unsigned char *piece = malloc(workload.steps), *back = malloc(workload.steps);
	uint64_t seed = 5, hash = HASH_BEGIN, nameless_hash;
	char path[64], log_path[64], nameless_path[64];
	int first, second, log, nameless;
	struct stat status;

	snprintf(path, sizeof(path), "/tmp/files.%d", getpid());
	snprintf(log_path, sizeof(log_path), "/tmp/files.%d.log", getpid());
	snprintf(nameless_path, sizeof(nameless_path), "/tmp/files.%d.gone", getpid());
	first = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	second = dup(first);
	log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	nameless = open(nameless_path, O_RDWR | O_CREAT, 0600);
	if (first < 0 || second < 0 || log < 0 || nameless < 0)
		workload_fail(&workload, "open", 0);
	unlink(nameless_path);
	for (long i = 0; i < workload.steps; i++)
		piece[i] = (unsigned char)next_random(&seed);
	write_all(nameless, piece, workload.steps);
	nameless_hash = hash_bytes(HASH_BEGIN, piece, workload.steps);

	for (long round = 1; round <= workload.rounds; round++) {
		off_t begin = (round - 1) * workload.steps;

		for (long i = 0; i < workload.steps; i++)
			piece[i] = (unsigned char)next_random(&seed);
		hash = hash_bytes(hash, piece, workload.steps);
		/* Half through each descriptor: they share the offset. */
		write_all(first, piece, workload.steps / 2);
		write_all(second, piece + workload.steps / 2, workload.steps - workload.steps / 2);
		if (lseek(first, 0, SEEK_CUR) != begin + workload.steps)
			workload_fail(&workload, "the shared offset", round);
		if (pread(second, back, workload.steps, begin) != workload.steps ||
		    memcmp(piece, back, workload.steps))
			workload_fail(&workload, "bytes read back", round);
		snprintf((char *)back, workload.steps < 32 ? workload.steps : 32, "round %ld\n",
			 round);
		lseek(log, 0, SEEK_SET);
		write_all(log, back, strlen((char *)back));
		lseek(nameless, 0, SEEK_SET);
		if (read(nameless, back, workload.steps) != workload.steps ||
		    hash_bytes(HASH_BEGIN, back, workload.steps) != nameless_hash)
			workload_fail(&workload, "the file without a name", round);
		workload_pause(&workload);
	}
	if (fstat(first, &status) < 0 || status.st_size != workload.rounds * workload.steps)
		workload_fail(&workload, "the file's size", workload.rounds);
	hash = hash_word(hash, (uint64_t)status.st_size);
	if (fstat(log, &status) < 0)
		workload_fail(&workload, "the log's size", workload.rounds);
	hash = hash_word(hash, (uint64_t)status.st_size);
	unlink(path);
	unlink(log_path);
	return workload_end(&workload, hash);
}
