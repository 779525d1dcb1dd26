/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the compiler is told: attributes, sections, barriers, single accesses.
 * Knows nothing of the kernel.
 */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __packed       __attribute__((packed))
#define __aligned(x)   __attribute__((aligned(x)))
#define __section(s)   __attribute__((section(s)))
#define __used	       __attribute__((used))
#define __unused       __attribute__((unused))
#define __maybe_unused __attribute__((unused))
#define __noreturn     __attribute__((noreturn))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define __must_check   __attribute__((warn_unused_result))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
/* What sources that are for several processors ask for. */
#define CONFIG_X86    1
#define CONFIG_X86_64 1

#define noinline    __attribute__((noinline))
#define fallthrough __attribute__((fallthrough))

/* no 5-byte NOP at the entry: cannot be traced or patched */
#ifndef notrace
#define notrace __attribute__((no_instrument_function))
#endif
/* entry code: runs when the kernel's own state (GS base, stack, preempt count) is not set up yet */
#define noinstr notrace noinline __attribute__((section(".noinstr.text")))

/* address space marks, for the reader */
#define __user
#define __iomem
#define __force
#define __rcu
#define __percpu
#define asmlinkage

#define barrier()    asm volatile("" ::: "memory")
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)                               \
	do {                                           \
		*(volatile __typeof__(x) *)&(x) = (v); \
	} while (0)

#define mb()			asm volatile("mfence" ::: "memory")
#define rmb()			asm volatile("lfence" ::: "memory")
#define wmb()			asm volatile("sfence" ::: "memory")
/* x86 keeps all orders but store-load (SDM 3A 8.2.2) */
#define smp_mb()		asm volatile("lock; addl $0,-4(%%rsp)" ::: "memory", "cc")
#define smp_rmb()		barrier()
#define smp_wmb()		barrier()
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic()	barrier()

#define xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define cmpxchg(p, o, n)                                                                          \
	({                                                                                        \
		__typeof__(*(p)) __old = (o);                                                     \
		__atomic_compare_exchange_n(p, &__old, n, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		__old;                                                                            \
	})

#define BUILD_BUG_ON(c) _Static_assert(!(c), "BUILD_BUG_ON: " #c)
#define static_assert(c, ...) _Static_assert(c, #c)

#endif
