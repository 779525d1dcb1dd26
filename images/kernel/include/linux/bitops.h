/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single bits of words in memory. Those without __ are atomic. */
#ifndef _LINUX_BITOPS_H
#define _LINUX_BITOPS_H

#include <linux/types.h>

#define BITS_PER_LONG		   64
#define BIT(n)			   (1UL << (n))
#define BIT_ULL(n)		   (1ULL << (n))
#define BITS_TO_LONGS(n)	   (((n) + 63) / 64)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

static __always_inline void set_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_or(&addr[nr / 64], 1UL << (nr % 64), __ATOMIC_SEQ_CST);
}

static __always_inline void clear_bit(long nr, volatile unsigned long *addr)
{
	__atomic_fetch_and(&addr[nr / 64], ~(1UL << (nr % 64)), __ATOMIC_SEQ_CST);
}

static __always_inline bool test_and_set_bit(long nr, volatile unsigned long *addr)
{
	unsigned long mask = 1UL << (nr % 64);

	return __atomic_fetch_or(&addr[nr / 64], mask, __ATOMIC_SEQ_CST) & mask;
}

static __always_inline bool test_and_clear_bit(long nr, volatile unsigned long *addr)
{
	unsigned long mask = 1UL << (nr % 64);

	return __atomic_fetch_and(&addr[nr / 64], ~mask, __ATOMIC_SEQ_CST) & mask;
}

static __always_inline bool test_bit(long nr, const volatile unsigned long *addr)
{
	return (addr[nr / 64] >> (nr % 64)) & 1;
}

static __always_inline void __set_bit(long nr, unsigned long *addr)
{
	addr[nr / 64] |= 1UL << (nr % 64);
}

static __always_inline void __clear_bit(long nr, unsigned long *addr)
{
	addr[nr / 64] &= ~(1UL << (nr % 64));
}

static inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}
static inline unsigned long __fls(unsigned long word)
{
	return 63 - __builtin_clzl(word);
}
static inline int ffs(int x)
{
	return __builtin_ffs(x);
}
static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}
static inline int fls(unsigned int x)
{
	return x ? 32 - __builtin_clz(x) : 0;
}

/* first set (clear) bit at or after @from; @size if there is none */
unsigned long find_next_bit(const unsigned long *map, unsigned long size, unsigned long from);
unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size, unsigned long from);
#define find_first_bit(map, size)      find_next_bit(map, size, 0)
#define find_first_zero_bit(map, size) find_next_zero_bit(map, size, 0)
#define for_each_set_bit(bit, map, size)                          \
	for ((bit) = find_next_bit(map, size, 0); (bit) < (size); \
	     (bit) = find_next_bit(map, size, (bit) + 1))

#endif
