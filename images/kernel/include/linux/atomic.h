/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters that several CPUs change. All operations that return a value are full barriers. */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/types.h>

#define ATOMIC_INIT(i) \
	{              \
		(i)    \
	}
#define ATOMIC64_INIT(i) \
	{                \
		(i)      \
	}
#define ATOMIC_LONG_INIT(i) \
	{                   \
		(i)         \
	}

#define __ATOMIC_OPS(pfx, type, itype)                                                       \
	static __always_inline itype pfx##_read(const type *v)                               \
	{                                                                                    \
		return READ_ONCE(v->counter);                                                \
	}                                                                                    \
	static __always_inline void pfx##_set(type *v, itype i)                              \
	{                                                                                    \
		WRITE_ONCE(v->counter, i);                                                   \
	}                                                                                    \
	static __always_inline void pfx##_add(itype i, type *v)                              \
	{                                                                                    \
		__atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                        \
	}                                                                                    \
	static __always_inline void pfx##_sub(itype i, type *v)                              \
	{                                                                                    \
		__atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                        \
	}                                                                                    \
	static __always_inline void pfx##_inc(type *v)                                       \
	{                                                                                    \
		pfx##_add(1, v);                                                             \
	}                                                                                    \
	static __always_inline void pfx##_dec(type *v)                                       \
	{                                                                                    \
		pfx##_sub(1, v);                                                             \
	}                                                                                    \
	static __always_inline itype pfx##_add_return(itype i, type *v)                      \
	{                                                                                    \
		return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static __always_inline itype pfx##_sub_return(itype i, type *v)                      \
	{                                                                                    \
		return __atomic_sub_fetch(&v->counter, i, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static __always_inline itype pfx##_inc_return(type *v)                               \
	{                                                                                    \
		return pfx##_add_return(1, v);                                               \
	}                                                                                    \
	static __always_inline itype pfx##_dec_return(type *v)                               \
	{                                                                                    \
		return pfx##_sub_return(1, v);                                               \
	}                                                                                    \
	static __always_inline itype pfx##_fetch_add(itype i, type *v)                       \
	{                                                                                    \
		return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST);                 \
	}                                                                                    \
	static __always_inline bool pfx##_dec_and_test(type *v)                              \
	{                                                                                    \
		return pfx##_sub_return(1, v) == 0;                                          \
	}                                                                                    \
	static __always_inline bool pfx##_inc_not_zero(type *v)                              \
	{                                                                                    \
		itype old = pfx##_read(v);                                                   \
                                                                                             \
		while (old)                                                                  \
			if (__atomic_compare_exchange_n(&v->counter, &old, old + 1, 0,       \
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) \
				return true;                                                 \
		return false;                                                                \
	}                                                                                    \
	static __always_inline itype pfx##_xchg(type *v, itype n)                            \
	{                                                                                    \
		return __atomic_exchange_n(&v->counter, n, __ATOMIC_SEQ_CST);                \
	}                                                                                    \
	static __always_inline itype pfx##_cmpxchg(type *v, itype old, itype new)            \
	{                                                                                    \
		__atomic_compare_exchange_n(&v->counter, &old, new, 0, __ATOMIC_SEQ_CST,     \
					    __ATOMIC_SEQ_CST);                               \
		return old;                                                                  \
	}

__ATOMIC_OPS(atomic, atomic_t, int)
__ATOMIC_OPS(atomic64, atomic64_t, s64)
__ATOMIC_OPS(atomic_long, atomic_long_t, s64)

typedef atomic_t refcount_t;
#define refcount_set(r, n)	 atomic_set(r, n)
#define refcount_inc(r)		 atomic_inc(r)
#define refcount_read(r)	 atomic_read(r)
#define refcount_dec_and_test(r) atomic_dec_and_test(r)

#endif
