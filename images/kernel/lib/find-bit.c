// SPDX-License-Identifier: GPL-2.0-or-later
/* The next set or clear bit of a bitmap; @size if there is none. */
#include <linux/bitops.h>
#include <linux/types.h>

static unsigned long find_next(const unsigned long *map, unsigned long size, unsigned long from,
			       unsigned long invert)
{
	while (from < size) {
		unsigned long word = (map[from / 64] ^ invert) >> (from % 64);

		if (word) {
			from += __ffs(word);
			return from < size ? from : size;
		}
		from = (from | 63) + 1;
	}
	return size;
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long from)
{
	return find_next(map, size, from, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long from)
{
	return find_next(map, size, from, ~0UL);
}
