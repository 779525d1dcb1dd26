// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels on vectors and floating point. Only operations whose result the
 * manual fixes to the last bit: no reciprocal estimates, no transcendentals.
 */
#include "kernels.h"

typedef float float4 __attribute__((vector_size(16)));
typedef int32_t int4 __attribute__((vector_size(16)));
typedef uint32_t word4 __attribute__((vector_size(16)));

static uint32_t fold(word4 x)
{
	return x[0] ^ rotate(x[1], 8) ^ rotate(x[2], 16) ^ rotate(x[3], 24);
}

uint32_t kernel_sse(uint32_t rounds)
{
	const float4 one = { 1, 1, 1, 1 }, rate = { 3.9f, 3.8f, 3.7f, 3.95f };
	float4 x = { 0.3f, 0.4f, 0.5f, 0.6f }, sum = { 0, 0, 0, 0 };
	word4 bits = { 0, 0, 0, 0 };

	while (rounds--) {
		float4 root = __builtin_ia32_sqrtps(x),
		       turned = __builtin_shuffle(x, (int4){ 1, 2, 3, 0 });

		x = rate * x * (one - x);
		sum += turned / (root + one);
		sum = __builtin_ia32_minps(sum, one + one) - one;
		bits += (word4)(x > sum) ^ (word4)x;
	}
	return fold(bits) ^ fold((word4)sum);
}

static inline word4 rotate4(word4 x, int by)
{
	return x << by | x >> (32 - by);
}

uint32_t kernel_simd(uint32_t rounds)
{
	word4 a = { 1, 2, 3, 4 }, b = { 5, 6, 7, 8 }, c = { 9, 10, 11, 12 }, d = { 13, 14, 15, 16 };

	while (rounds--) {
		a += b;
		d = rotate4(d ^ a, 16);
		c += d;
		b = rotate4(b ^ c, 12);
		a += b;
		d = rotate4(d ^ a, 8);
		c += d;
		b = rotate4(b ^ c, 7);
		b = __builtin_shuffle(b, (int4){ 1, 2, 3, 0 });
		c = __builtin_shuffle(c, (int4){ 2, 3, 0, 1 });
		d = __builtin_shuffle(d, (int4){ 3, 0, 1, 2 });
	}
	return fold(a) ^ fold(b) ^ fold(c) ^ fold(d);
}

uint32_t kernel_scalar(uint32_t rounds)
{
	uint32_t sum = 0;

	while (rounds--) {
		double re = (int32_t)(rounds & 63) * (3.0 / 64) - 2.0,
		       im = (int32_t)(rounds >> 6 & 63) * (2.0 / 64) - 1.0;
		double x = 0, y = 0;
		uint32_t steps = 0;

		for (; steps < 64; steps++) {
			double xx = x * x, yy = y * y;

			if (xx + yy > 4)
				break;
			y = 2 * x * y + im;
			x = xx - yy + re;
		}
		sum = rotate(sum, 1) + steps + (uint32_t)(int32_t)(x * 1024);
	}
	return sum;
}

uint32_t kernel_x87(uint32_t rounds)
{
	long double x = 0.3L, y = 1;
	uint32_t sum = 0;

	while (rounds--) {
		long double root;

		x = 3.9L * x * (1 - x);
		__asm__("fsqrt" : "=t"(root) : "0"(x + y));
		y = (root + x) / (y + 1);
		sum = rotate(sum, 1) ^ (uint32_t)(int32_t)(x * 0x1p30L) ^
		      (uint32_t)(int32_t)(y * 0x1p28L);
	}
	return sum;
}
