// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tree of processes, each asleep in another way or holding another kind of state, and each looking again and again whether it is
 * still as it was: what a change of the kernel under programs can damage. ROUNDS is how often each looks, PAUSE how long it sleeps
 * between two looks, STEPS how many processes more do nothing but sleep and look at their memory.
 *
 * 1. A keeper is a function in a child of its own. It returns a number that depends on ROUNDS only, or says what is damaged.
 * 2. A keeper without a signal handler takes EINTR for damage: no signal was sent to it, so no call may be cut short.
 * 3. The children share one anonymous page with the parent for their numbers and for futexes, so that memory is kept as well.
 */
#include "keeper.h"

struct workload workload;
struct board *board;
uint64_t *cow;
int devnull_cloexec;
static const char *part = "begin";

void damaged(const char *what, long round)
{
	char text[80];

	snprintf(text, sizeof(text), "%s: %s (errno %d)", part, what, errno);
	workload_fail(&workload, text, round);
}

/* Not to be cut short. */
void rest(long microseconds, long round)
{
	struct timespec before, after,
		span = { microseconds / 1000000, microseconds % 1000000 * 1000 };
	long passed;

	clock_gettime(CLOCK_MONOTONIC, &before);
	if (nanosleep(&span, NULL) < 0)
		damaged("nanosleep was cut short", round);
	clock_gettime(CLOCK_MONOTONIC, &after);
	passed = (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
	if (passed < microseconds)
		damaged("nanosleep returned early", round);
}

long pause_us(void)
{
	return workload.pause * 1000 + 200;
}

void reap(pid_t child, int wanted, long round)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child)
		damaged("wait was cut short", round);
	if (status != wanted)
		damaged("a child's status", round);
}

static const struct {
	const char *name;
	uint64_t (*keep)(void);
} keepers[] = {
	{ "pipe", keep_pipe },	     { "futex", keep_futex },	    { "wait", keep_wait },
	{ "signals", keep_signals }, { "timer", keep_timer },	    { "stopped", keep_stopped },
	{ "poll", keep_poll },	     { "files", keep_files },	    { "memory", keep_memory },
	{ "memory", keep_memory },   { "identity", keep_identity }, { "vectors", keep_vectors },
	{ "busy", keep_busy },
};

#define COUNT (sizeof(keepers) / sizeof(keepers[0]))

_Static_assert(COUNT <= KEEPERS, "the board has room");

int main(int argc, char **argv)
{
	uint64_t hash = HASH_BEGIN, seed = 23;
	pid_t children[COUNT], *still;

	workload = workload_begin("keeper", argc, argv, 6, 3);
	board = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cow = mmap(NULL, COW_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	still = calloc((size_t)workload.steps, sizeof(*still));
	devnull_cloexec = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (board == MAP_FAILED || cow == MAP_FAILED || !still || devnull_cloexec < 0)
		damaged("memory", 0);
	for (int i = 0; i < COW_PAGES * PAGE / 8; i++)
		cow[i] = next_random(&seed);
	for (size_t i = 0; i < COUNT; i++) {
		children[i] = fork();
		if (children[i] < 0)
			damaged("fork", 0);
		if (children[i] == 0) {
			part = keepers[i].name;
			board->results[i] = keepers[i].keep();
			exit(0);
		}
	}
	for (long i = 0; i < workload.steps; i++) {
		still[i] = fork();
		if (still[i] < 0)
			damaged("fork", 0);
		if (still[i] == 0) {
			part = "still";
			exit(keep_still() == 1 ? 0 : 1);
		}
	}
	for (size_t i = 0; i < COUNT; i++) {
		part = keepers[i].name;
		reap(children[i], 0, workload.rounds);
		hash = hash_word(hash, board->results[i]);
	}
	part = "still";
	for (long i = 0; i < workload.steps; i++)
		reap(still[i], 0, workload.rounds);
	seed = 23;
	for (int i = 0; i < COW_PAGES * PAGE / 8; i++)
		if (cow[i] != next_random(&seed))
			damaged("a child's write reached the parent", workload.rounds);
	return workload_end(&workload, hash);
}
