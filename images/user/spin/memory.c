// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels that move through more memory than a TLB or a small cache covers, and
 * the string instructions.
 */
#include "kernels.h"

/* One word in each page differs from zero, so that no two pages are the same page to the host. */
static void touch(uint32_t *area, uint32_t words)
{
	for (uint32_t page = 0; page < words >> 10; page++)
		area[page << 10 | (page * 37 & 1023)] = page * 0x9e3779b1u;
}

uint32_t kernel_stream(uint32_t rounds)
{
	uint32_t sum = 0;

	touch(chase_area, CHASE_WORDS);
	while (rounds--) {
		uint32_t at = rounds << 10 & (STREAM_WORDS - 1);
		const uint32_t *from = chase_area + at;
		uint32_t *to = stream_area + at;

		for (uint32_t i = 0; i < 1024; i++)
			to[i] = from[i] * 3 + i;
		sum = rotate(sum, 1) + to[(sum ^ rounds) & 1023];
	}
	return sum;
}

uint32_t kernel_chase(uint32_t rounds)
{
	uint32_t at = 1, sum = 0;

	touch(chase_area, CHASE_WORDS);
	while (rounds--) {
		uint32_t value = chase_area[at >> 11];

		at = next_random(at ^ value);
		sum += value ^ at;
	}
	return sum;
}

uint32_t kernel_strings(uint32_t rounds)
{
	static uint8_t from[1024 + 16], to[1024 + 16];
	uint32_t sum = 0;

	for (uint32_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 7);
	for (uint32_t i = 0; i < sizeof(to); i++)
		to[i] = 0;
	while (rounds--) {
		void *target = to + (rounds & 7), *source = from;
		unsigned long count = 1024;

		__asm__ volatile("rep movsb"
				 : "+D"(target), "+S"(source), "+c"(count)
				 :
				 : "memory");
		count = 512;
		target = to + 256;
		__asm__ volatile("rep stosb" : "+D"(target), "+c"(count) : "a"(rounds) : "memory");
		count = 256;
		target = to;
		source = from;
		__asm__ volatile("rep movsl"
				 : "+D"(target), "+S"(source), "+c"(count)
				 :
				 : "memory");
		to[rounds & 1023] ^= (uint8_t)sum;
		sum = rotate(sum, 3) + to[sum & 1023] + (uint8_t)rounds;
	}
	return sum;
}
