/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels for measuring a CPU. The same sources are compiled three times: into
 * the program spin, into a flat 64-bit image and into a flat 32-bit one. So
 * they work on 32-bit integers, call no library, use no address wider than
 * their pointer, and give the same checksum everywhere.
 *
 * A kernel does `rounds` equal rounds. What it prepares is little beside a few
 * hundred rounds, and what it leaves in memory does not change its next run.
 */
#ifndef KERNELS_H
#define KERNELS_H

#include <stdint.h>

/*
 * Names, in the order of their numbers. `memory`, `crc`, `matrix`, `sort`,
 * `stream`, `chase` and `dispatch` are about operands in memory.
 */
#define EACH_KERNEL(X)                                                        \
	X(compute)  /* integer registers: add, xor, rotate, multiply */       \
	X(memory)   /* a load, a store and an update in 8 KiB each round */   \
	X(crc)	    /* a table and a byte each step; 256 bytes a round */     \
	X(matrix)   /* 16 x 16 integers a round */                            \
	X(stream)   /* 4 KiB read and 4 KiB written a round, 4 MiB each */    \
	X(chase)    /* a dependent load from anywhere in 8 MiB a round */     \
	X(strings)  /* REP MOVSB, REP STOSB and REP MOVS: 2.5 KiB a round */  \
	X(branchy)  /* four branches that nobody can predict a round */       \
	X(sort)	    /* 128 numbers a round */                                 \
	X(calls)    /* fib(10): 177 calls with a frame a round */             \
	X(indirect) /* a call through a table of eight a round */             \
	X(dispatch) /* a byte code of 32 steps through one switch a round */  \
	X(sse)	    /* packed floats: multiply, add, divide, root, compare */ \
	X(simd)	    /* packed integers: add, xor, shift, shuffle */           \
	X(scalar)   /* doubles: a point of the Mandelbrot set a round */      \
	X(x87)	    /* 80-bit: multiply, subtract, root, convert */

#define DECLARE(name) uint32_t kernel_##name(uint32_t rounds);
EACH_KERNEL(DECLARE)
#undef DECLARE

/* What `chase` reads and what `stream` writes: given by whoever calls the kernels, zero at first. */
#define CHASE_WORDS  (1u << 21)
#define STREAM_WORDS (1u << 20)
extern uint32_t *chase_area, *stream_area;

/* The next of a sequence of 2^32 numbers; the upper bits are the better ones. */
static inline uint32_t next_random(uint32_t x)
{
	return x * 1664525u + 1013904223u;
}

static inline uint32_t rotate(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

/* Keeps the compiler from merging the two arms of a branch. */
#define KEEP_ARM() __asm__ volatile("")

#endif
