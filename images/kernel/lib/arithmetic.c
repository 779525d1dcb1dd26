// SPDX-License-Identifier: GPL-2.0-or-later
/* Arithmetic that gcc calls by name and that libgcc would provide. */
#include <linux/types.h>

int __popcountdi2(long x);
unsigned __int128 __udivti3(unsigned __int128 a, unsigned __int128 b);

int __popcountdi2(long x)
{
	u64 v = x;

	v -= v >> 1 & 0x5555555555555555ULL;
	v = (v & 0x3333333333333333ULL) + (v >> 2 & 0x3333333333333333ULL);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return v * 0x0101010101010101ULL >> 56;
}

/* Long division, bit by bit: used a few times while the clock is set up. */
unsigned __int128 __udivti3(unsigned __int128 a, unsigned __int128 b)
{
	unsigned __int128 quotient = 0, rest = 0;

	for (int bit = 127; bit >= 0; bit--) {
		rest = rest << 1 | (a >> bit & 1);
		if (rest >= b) {
			rest -= b;
			quotient |= (unsigned __int128)1 << bit;
		}
	}
	return quotient;
}
