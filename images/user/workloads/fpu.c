// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Computes with doubles that stay in all sixteen XMM registers, under a rounding mode that is not the usual one: proves that a
 * task's SSE state (XMM0-15, MXCSR) is saved and restored. The maps are chaotic, so a single lost bit changes the result. The loop is
 * in assembly because only so is it certain that no value rests in memory.
 */
#include "workload.h"

#define LANES 14

static inline unsigned int read_mxcsr(void)
{
	unsigned int value;

	asm volatile("stmxcsr %0" : "=m"(value));
	return value;
}

/* x = r x (1 - x), with r in XMM15 and 1 in XMM14 kept over all steps, the temporary in XMM13 and 12 chaotic lanes in XMM0-11. */
#define LANE(n)                                                                                   \
	"movapd %%xmm14, %%xmm13\n\tsubsd %%xmm" #n ", %%xmm13\n\tmulsd %%xmm" #n ", %%xmm13\n\t" \
	"mulsd %%xmm15, %%xmm13\n\tmovapd %%xmm13, %%xmm" #n "\n\t"
#define LOAD(n)	 "movsd 8*" #n "(%1), %%xmm" #n "\n\t"
#define STORE(n) "movsd %%xmm" #n ", 8*" #n "(%1)\n\t"
#define ALL(of)	 of(0) of(1) of(2) of(3) of(4) of(5) of(6) of(7) of(8) of(9) of(10) of(11)

static void iterate(double *values, long steps)
{
	asm volatile(ALL(LOAD) "movsd 8*12(%1), %%xmm14\n\tmovsd 8*13(%1), %%xmm15\n"
			       "1:\n\t" ALL(LANE) "dec %0\n\tjnz 1b\n\t" ALL(STORE)
		     : "+r"(steps)
		     : "r"(values)
		     : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
		       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(int argc, char **argv)
{
	struct workload workload = workload_begin("fpu", argc, argv, 20, 10000);
	const unsigned int mxcsr = 0x5f80; /* all exceptions masked, round towards plus infinity */
	unsigned int usual = read_mxcsr();
	double values[LANES];
	uint64_t hash = HASH_BEGIN;

	for (int i = 0; i < 12; i++)
		values[i] = 0.1 + 0.05 * i;
	values[12] = 1.0;
	values[13] = 3.9;
	asm volatile("ldmxcsr %0" : : "m"(mxcsr));
	for (long round = 1; round <= workload.rounds; round++) {
		iterate(values, workload.steps);
		if ((read_mxcsr() & ~0x3fu) != mxcsr)
			workload_fail(&workload, "MXCSR", round);
		for (int i = 0; i < 12; i++) {
			if (!(values[i] > 0.0 && values[i] < 1.0))
				workload_fail(&workload, "a value left the interval", round);
		}
		hash = hash_bytes(hash, values, sizeof(values));
		workload_pause(&workload);
	}
	asm volatile("ldmxcsr %0" : : "m"(usual));
	return workload_end(&workload, hash);
}
