// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels on integers: in registers, and with small tables that fit any cache.
 */
#include "kernels.h"

uint32_t kernel_compute(uint32_t rounds)
{
	uint32_t a = 1, b = 2, c = 3, d = 4;

	while (rounds--) {
		a += b ^ rotate(d, 7);
		b = (b ^ a) * 0x9e3779b1u;
		c = (c + (a >> 3)) ^ rounds;
		d = rotate(d ^ c, 13) - b;
	}
	return a ^ b ^ c ^ d;
}

uint32_t kernel_memory(uint32_t rounds)
{
	static uint32_t from[1024], to[1024];
	uint32_t sum = 0;

	for (uint32_t i = 0; i < 1024; i++) {
		from[i] = i * 0x01000193u;
		to[i] = i;
	}
	while (rounds--) {
		uint32_t at = rounds & 1023;

		to[at] += from[(rounds * 7) & 1023] ^ sum;
		sum += to[(rounds * 5) & 1023];
	}
	return sum;
}

uint32_t kernel_crc(uint32_t rounds)
{
	static uint32_t table[256];
	static uint8_t text[4096];
	uint32_t crc = ~0u;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t entry = i;

		for (int bit = 0; bit < 8; bit++)
			entry = entry >> 1 ^ (entry & 1 ? 0xedb88320u : 0);
		table[i] = entry;
	}
	for (uint32_t i = 0; i < 4096; i++)
		text[i] = (uint8_t)(i * 31 >> 3);
	while (rounds--) {
		const uint8_t *at = text + (rounds & 15) * 256;

		for (uint32_t i = 0; i < 256; i++)
			crc = table[(crc ^ at[i]) & 255] ^ crc >> 8;
	}
	return ~crc;
}

uint32_t kernel_matrix(uint32_t rounds)
{
	static uint32_t a[16][16], b[16][16], c[16][16];

	for (uint32_t i = 0; i < 16; i++) {
		for (uint32_t j = 0; j < 16; j++) {
			a[i][j] = i * 3 + j;
			b[i][j] = i ^ j * 5;
			c[i][j] = 0;
		}
	}
	while (rounds--) {
		for (uint32_t i = 0; i < 16; i++) {
			for (uint32_t j = 0; j < 16; j++) {
				uint32_t sum = rounds;

				for (uint32_t k = 0; k < 16; k++)
					sum += a[i][k] * b[k][j];
				c[i][j] = rotate(c[i][j], 1) + sum;
			}
		}
		a[rounds & 15][rounds >> 4 & 15] += c[3][5];
	}
	return c[0][0] ^ c[7][9] ^ c[15][15];
}
