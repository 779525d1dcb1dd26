// SPDX-License-Identifier: GPL-2.0-or-later
/* linux/bitops.h, lib/find-bit.c and lib/sort.c, judged by one byte for each bit, by loops that are plain, and by libc's qsort. */
#include <linux/bitops.h>
#include <linux/sort.h>
#include "host.h"

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

enum { BITS = 200 };
static unsigned long map[BITS_TO_LONGS(BITS)];
static bool plain[BITS];

static void flip(void)
{
	long nr = random_below(BITS);
	bool was = plain[nr], said = was;

	switch (random_below(6)) {
	case 0:
		set_bit(nr, map), plain[nr] = true;
		break;
	case 1:
		clear_bit(nr, map), plain[nr] = false;
		break;
	case 2:
		__set_bit(nr, map), plain[nr] = true;
		break;
	case 3:
		__clear_bit(nr, map), plain[nr] = false;
		break;
	case 4:
		said = test_and_set_bit(nr, map), plain[nr] = true;
		break;
	case 5:
		said = test_and_clear_bit(nr, map), plain[nr] = false;
		break;
	}
	check(said == was, "bit %ld was %d", nr, was);
	for (int i = 0; i < BITS; i++)
		check(test_bit(i, map) == plain[i], "bit %d", i);
}

static unsigned long next(unsigned long size, unsigned long from, bool wanted)
{
	while (from < size && plain[from] != wanted)
		from++;
	return from < size ? from : size;
}

static void find(void)
{
	unsigned long size = random_below(BITS + 1), from = random_below(BITS + 1), bit, met = 0,
		      set = 0;

	check(find_next_bit(map, size, from) == next(size, from, true), "the next of %lu from %lu",
	      size, from);
	check(find_next_zero_bit(map, size, from) == next(size, from, false),
	      "the next 0 of %lu from %lu", size, from);
	check(find_first_bit(map, size) == next(size, 0, true), "the first of %lu", size);
	check(find_first_zero_bit(map, size) == next(size, 0, false), "the first 0 of %lu", size);
	for_each_set_bit(bit, map, size)
		met += plain[bit];
	for (bit = 0; bit < size; bit++)
		set += plain[bit];
	check(met == set, "for_each_set_bit meets %lu of %lu", met, set);
}

static void words(void)
{
	unsigned long word = random_number();
	int low = 64, high = 0, half = 0;

	for (int i = 63; i >= 0; i--)
		low = word >> i & 1 ? i : low;
	for (int i = 0; i < 64; i++)
		high = word >> i & 1 ? i + 1 : high;
	for (int i = 0; i < 32; i++)
		half = word >> i & 1 ? i + 1 : half;
	check(!word || __ffs(word) == (unsigned long)low, "__ffs of %lx", word);
	check(!word || __fls(word) == (unsigned long)high - 1, "__fls of %lx", word);
	check(fls64(word) == high, "fls64 of %lx", word);
	check(fls((unsigned int)word) == half, "fls of %x", (unsigned int)word);
	check(ffs((int)word) == (low < 32 ? low + 1 : 0), "ffs of %x", (unsigned int)word);
}

static void rounding(void)
{
	unsigned long x = random_number() >> 1, power = 1UL << random_below(20),
		      step = 1 + random_below(1000);
	long value = (long)random_number() >> 1;

	check(ALIGN(x, power) == (x + power - 1) / power * power, "ALIGN of %lx to %lx", x, power);
	check(ALIGN_DOWN(x, power) == x - x % power, "ALIGN_DOWN of %lx to %lx", x, power);
	check(IS_ALIGNED(x, power) == !(x % power), "IS_ALIGNED of %lx to %lx", x, power);
	check(DIV_ROUND_UP(x, step) == x / step + (x % step != 0), "DIV_ROUND_UP of %lx by %lx", x,
	      step);
	check(roundup(x, step) >= x && roundup(x, step) - x < step && !(roundup(x, step) % step),
	      "roundup of %lx to %lx", x, step);
	check(abs(value) >= 0 && (abs(value) == value || abs(value) == -value), "abs of %ld",
	      value);
	check(clamp(value, -5L, 5L) == (value < -5  ? -5
					: value > 5 ? 5
						    : value),
	      "clamp of %ld", value);
}

struct triple {
	unsigned char key, rest[2];
};

static int compare_words(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

static bool word_behind(const void *a, const void *b, const void *context)
{
	check(context == &plain, "the context is passed on");
	return compare_words(a, b) > 0;
}

static bool triple_behind(const void *a, const void *b, const void *context)
{
	return ((const struct triple *)a)->key > ((const struct triple *)b)->key;
}

static void sorting(void)
{
	unsigned long mine[40], theirs[40], count = random_below(41), sum = 0;
	struct triple triples[40];

	for (unsigned long i = 0; i < count; i++) {
		mine[i] = theirs[i] = random_number();
		triples[i].key = random_below(8);
		triples[i].rest[0] = triples[i].key ^ 0x55; /* goes with its key */
		triples[i].rest[1] = i;
		sum += i;
	}
	sort_in_place(mine, count, sizeof(*mine), word_behind, &plain);
	qsort(theirs, count, sizeof(*theirs), compare_words);
	for (unsigned long i = 0; i < count; i++)
		check(mine[i] == theirs[i], "sorted %lu of %lu", i, count);
	sort_in_place(triples, count, sizeof(*triples), triple_behind, NULL);
	for (unsigned long i = 0; i < count; i++) {
		check(!i || triples[i - 1].key <= triples[i].key, "key %lu of %lu", i, count);
		check(triples[i].rest[0] == (triples[i].key ^ 0x55), "element %lu of %lu is whole",
		      i, count);
		sum -= triples[i].rest[1];
	}
	check(!sum, "all %lu are still there", count);
}

void test(int count, char **arguments)
{
	for (int i = 0; i < 3000; i++) {
		flip();
		find();
		words();
		rounding();
		sorting();
	}
}
