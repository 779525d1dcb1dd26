// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory in all its kinds, and the vector registers. */
#include "keeper.h"

static volatile uintptr_t fault_at;
static volatile char *hidden;
static volatile long faults;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	fault_at = (uintptr_t)info->si_addr;
	faults++;
	mprotect((void *)hidden, PAGE, PROT_READ);
}

/* Memory that may not be touched, shared with a file, read-only, and shared copy-on-write with all others. */
uint64_t keep_memory(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	uint64_t hash = HASH_BEGIN, own[COW_PAGES];
	volatile char *file_memory;
	char path[64], byte;
	int fd;

	snprintf(path, sizeof(path), "/tmp/keeper.%d.mem", getpid());
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || ftruncate(fd, 3 * PAGE) < 0)
		damaged("open", 0);
	file_memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	hidden = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file_memory == MAP_FAILED || hidden == MAP_FAILED)
		damaged("mmap", 0);
	unlink(path);
	hidden[5] = 55;
	sigaction(SIGSEGV, &action, NULL);
	for (int i = 0; i < COW_PAGES; i++)
		own[i] = cow[i * (PAGE / 8)];
	for (long round = 0; round < workload.rounds; round++) {
		int page = (int)(round % COW_PAGES);

		mprotect((void *)hidden, PAGE, PROT_NONE);
		rest(pause_us(), round);
		if (hidden[5] != 55 || faults != round + 1 || fault_at != (uintptr_t)&hidden[5])
			damaged("memory that was not to be touched", round);
		file_memory[PAGE + round % PAGE] = (char)(round + 1);
		if (pread(fd, &byte, 1, PAGE + round % PAGE) != 1 || byte != (char)(round + 1))
			damaged("a write to mapped memory is not in the file", round);
		byte = (char)(round + 2);
		if (pwrite(fd, &byte, 1, 2 * PAGE + round % PAGE) != 1 ||
		    file_memory[2 * PAGE + round % PAGE] != byte)
			damaged("a write to the file is not in mapped memory", round);
		cow[page * (PAGE / 8)] = own[page] = own[page] * 31 + (uint64_t)round;
		for (int i = 0; i < COW_PAGES; i++) {
			if (cow[i * (PAGE / 8)] != own[i])
				damaged("a page that was copied on write", round);
		}
		hash = hash_word(hash, own[page]);
	}
	return hash;
}

/* SSE and x87 registers and their control words, through a sleep and through a stretch of computing. */
uint64_t keep_vectors(void)
{
	static struct {
		uint64_t xmm[32];
		long double x87[3];
		uint32_t mxcsr;
		uint16_t control;
	} in __attribute__((aligned(16))), out __attribute__((aligned(16)));
	uint64_t seed = 17, hash = HASH_BEGIN;

	in.mxcsr = 0x7f80;
	in.control = 0x0f7f;
	for (long round = 0; round < workload.rounds; round++) {
		struct timespec span = { 0, pause_us() * 1000 };
		long result = 35, spin = 3000;

		for (int i = 0; i < 32; i++)
			in.xmm[i] = next_random(&seed);
		__asm__ volatile(
			"fninit; fldcw %c[control](%[in]); ldmxcsr %c[mxcsr](%[in]); fldpi; fldl2e; fld1\n\t"
#define LOAD(n)	 "movdqa 16*" #n "(%[in]), %%xmm" #n "\n\t"
#define STORE(n) "movdqa %%xmm" #n ", 16*" #n "(%[out])\n\t"
#define ALL(x)	 x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7) x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15)
			ALL(LOAD) "syscall; 1: pause; dec %[spin]; jnz 1b\n\t" ALL(
				STORE) "fnstcw %c[control](%[out]); stmxcsr %c[mxcsr](%[out])\n\t"
				       "fstpt %c[x87](%[out]); fstpt 16+%c[x87](%[out]); fstpt 32+%c[x87](%[out]); fninit"
			: "+a"(result), [spin] "+r"(spin)
			: "D"(&span), "S"(0L), [in] "r"(&in), [out] "r"(&out),
			  [control] "i"(__builtin_offsetof(__typeof__(in), control)),
			  [mxcsr] "i"(__builtin_offsetof(__typeof__(in), mxcsr)),
			  [x87] "i"(__builtin_offsetof(__typeof__(in), x87))
			: "rcx", "r11", "memory", "cc");
		if (result || memcmp(in.xmm, out.xmm, sizeof(in.xmm)))
			damaged("XMM registers", round);
		if ((out.mxcsr & ~0x3fu) != in.mxcsr || out.control != in.control)
			damaged("control words", round);
		hash = hash_bytes(hash, &out.x87[0], 10);
		hash = hash_bytes(hash, &out.x87[1], 10);
		hash = hash_bytes(hash, &out.x87[2], 10);
	}
	return hash;
}

/* Only there, with a page of its own. */
uint64_t keep_still(void)
{
	uint64_t *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*page = (uint64_t)getpid();
	for (long round = 0; round < workload.rounds; round++) {
		rest(pause_us() * 2, round);
		if (*page != (uint64_t)getpid())
			damaged("a page of its own", round);
	}
	return 1;
}
