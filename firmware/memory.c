// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The three memory functions that gcc may call even in freestanding code (GCC manual, 2.1), and nothing else.
 */
#include "firmware.h"

void *memcpy(void *to, const void *from, u32 size)
{
	void *start = to;

	asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return start;
}

void *memset(void *to, int byte, u32 size)
{
	void *start = to;

	asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, u32 size)
{
	const u8 *x = a, *y = b;

	for (u32 i = 0; i < size; i++) {
		if (x[i] != y[i])
			return x[i] - y[i];
	}
	return 0;
}
