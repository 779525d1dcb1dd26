// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels that are about where to go next: branches, calls, returns, tables.
 */
#include "kernels.h"

uint32_t kernel_branchy(uint32_t rounds)
{
	uint32_t x = 1, a = 0, b = 0, c = 0;

	while (rounds--) {
		x = next_random(x);
		if (x & 1u << 31) {
			KEEP_ARM();
			a += x;
		} else {
			KEEP_ARM();
			a ^= x >> 3;
		}
		if ((x >> 24 & 7) < 3) {
			KEEP_ARM();
			b++;
			if (a > b << 16) {
				KEEP_ARM();
				c += b;
			}
		}
		if ((int32_t)a < (int32_t)c) {
			KEEP_ARM();
			c = c * 3 + 1;
		} else {
			KEEP_ARM();
			b -= c >> 5;
		}
	}
	return a ^ b ^ c;
}

uint32_t kernel_sort(uint32_t rounds)
{
	static uint32_t list[128];
	uint32_t x = 1, sum = 0;

	while (rounds--) {
		for (uint32_t i = 0; i < 128; i++)
			list[i] = x = next_random(x);
		for (uint32_t gap = 57; gap; gap = gap * 3 >> 3) {
			for (uint32_t i = gap; i < 128; i++) {
				uint32_t one = list[i], at = i;

				for (; at >= gap && list[at - gap] > one; at -= gap)
					list[at] = list[at - gap];
				list[at] = one;
			}
		}
		for (uint32_t i = 1; i < 128; i++)
			sum += list[i - 1] > list[i] ? 0x80000000u : list[i] >> (i & 7);
	}
	return sum;
}

static __attribute__((noinline, noclone)) uint32_t fib(uint32_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint32_t kernel_calls(uint32_t rounds)
{
	uint32_t sum = 0;

	while (rounds--) {
		uint32_t n = 10;

		__asm__ volatile("" : "+r"(n)); /* or the compiler would call once */
		sum = rotate(sum, 1) + fib(n);
	}
	return sum;
}

#define STEP(number, expression)                                                    \
	static __attribute__((noinline, noclone)) uint32_t step##number(uint32_t x) \
	{                                                                           \
		return expression;                                                  \
	}
STEP(0, x + 1)
STEP(1, x ^ 0x55555555u)
STEP(2, x * 3)
STEP(3, rotate(x, 5))
STEP(4, x - 12345)
STEP(5, ~x)
STEP(6, x ^ x >> 7)
STEP(7, x + (x << 3))
#undef STEP

uint32_t kernel_indirect(uint32_t rounds)
{
	static uint32_t (*const steps[8])(uint32_t) = { step0, step1, step2, step3,
							step4, step5, step6, step7 };
	uint32_t x = 1, sum = 0;

	while (rounds--) {
		x = next_random(x);
		sum = steps[x >> 29](sum);
	}
	return sum;
}

uint32_t kernel_dispatch(uint32_t rounds)
{
	static uint8_t program[32];
	uint32_t a = 1, b = 2, kept[4] = { 0, 0, 0, 0 };

	for (uint32_t i = 0; i < 32; i++)
		program[i] = (uint8_t)(i * 11 >> 1 & 7);
	while (rounds--) {
		for (uint32_t at = 0; at < 32; at++) {
			switch (program[at]) {
			case 0:
				a += b;
				break;
			case 1:
				b ^= a;
				break;
			case 2:
				kept[at & 3] = a;
				break;
			case 3:
				a ^= kept[b & 3];
				break;
			case 4:
				b = rotate(b, 9);
				break;
			case 5:
				a = a * 5 + at;
				break;
			case 6:
				b -= kept[at & 3];
				break;
			default:
				KEEP_ARM();
				a = ~a;
			}
		}
	}
	return a ^ b ^ kept[0] ^ kept[3];
}
