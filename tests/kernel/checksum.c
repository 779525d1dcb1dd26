// SPDX-License-Identifier: GPL-2.0-or-later
/* crc32_of() of liveupdate/stream.c, judged by the division that a CRC is, one bit after the other. */
#include "host.h"
#include "../../images/kernel/liveupdate/internal.h"

/* ISO 3309: x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8 + x^7 + x^5 + x^4 + x^2 + x + 1, first bit lowest. */
static u32 plain_crc(const unsigned char *data, size_t size)
{
	u32 rest = ~0u;

	for (size_t bit = 0; bit < size * 8; bit++) {
		bool carry = (rest ^ data[bit / 8] >> bit % 8) & 1;

		rest >>= 1;
		if (carry)
			rest ^= 0xedb88320u;
	}
	return ~rest;
}

void test(int count, char **words)
{
	unsigned char data[80];

	check(crc32_of(0, "123456789", 9) == 0xcbf43926, "the check value of CRC-32");
	for (int i = 0; i < 3000; i++) {
		size_t size = random_below(sizeof(data) + 1), cut = random_below(size + 1),
		       start = random_below(size + 1);

		for (size_t at = 0; at < size; at++)
			data[at] = random_below(256);
		check(crc32_of(crc32_of(0, data, cut), data + cut, size - cut) ==
			      plain_crc(data, size),
		      "%zu bytes, cut at %zu", size, cut);
		check(crc32_of(0, data + start, size - start) ==
			      plain_crc(data + start, size - start),
		      "%zu bytes from %zu", size - start, start);
	}
}
