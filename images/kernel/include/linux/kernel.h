/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic everybody needs, text to number and back. */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/types.h>
#include <linux/stdarg.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/bitops.h>
#include <linux/printk.h>
#include <linux/bug.h>
#include <linux/lockdep.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min(a, b)                        \
	({                               \
		__typeof__(a) __a = (a); \
		__typeof__(b) __b = (b); \
		__a < __b ? __a : __b;   \
	})
#define max(a, b)                        \
	({                               \
		__typeof__(a) __x = (a); \
		__typeof__(b) __y = (b); \
		__x > __y ? __x : __y;   \
	})
#define min_t(t, a, b)                 \
	({                             \
		t __a = (a);           \
		t __b = (b);           \
		__a < __b ? __a : __b; \
	})
#define max_t(t, a, b)                 \
	({                             \
		t __a = (a);           \
		t __b = (b);           \
		__a > __b ? __a : __b; \
	})
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define swap(a, b)                       \
	do {                             \
		__typeof__(a) __t = (a); \
		(a) = (b);               \
		(b) = __t;               \
	} while (0)
#define ALIGN(x, a)	   (((x) + ((__typeof__(x))(a)-1)) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a)-1)) == 0)
#define round_up(x, y)	   ALIGN(x, y)
#define round_down(x, y)   ALIGN_DOWN(x, y)
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define roundup(x, y)	   (DIV_ROUND_UP(x, y) * (y))
#define abs(x)                           \
	({                               \
		__typeof__(x) __x = (x); \
		__x < 0 ? -__x : __x;    \
	})
#define __stringify_1(x...) #x
#define __stringify(x...)   __stringify_1(x)
#define INT_MAX		    0x7fffffff
#define UINT_MAX	    0xffffffffU
#define LONG_MAX	    0x7fffffffffffffffL
#define ULONG_MAX	    0xffffffffffffffffUL
#define U32_MAX		    0xffffffffU
#define U64_MAX		    0xffffffffffffffffULL
#define S64_MAX		    0x7fffffffffffffffLL

int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args);
int sprintf(char *buf, const char *fmt, ...) __printf(2, 3);

unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
unsigned long long simple_strtoull(const char *s, char **end, unsigned int base);
/* whole string (one newline at the end is allowed) or -EINVAL, -ERANGE */
int kstrtoul(const char *s, unsigned int base, unsigned long *res);
int kstrtol(const char *s, unsigned int base, long *res);
int kstrtoint(const char *s, unsigned int base, int *res);
int kstrtouint(const char *s, unsigned int base, unsigned int *res);
int kstrtobool(const char *s,
	       bool *res); /* by the first letter or two: y, t, 1, on; n, f, 0, off */

void panic(const char *fmt, ...) __noreturn __printf(1, 2);
extern int panic_on_oops;
extern int oops_in_progress;

/* true if the address lies in text of the kernel, a module or a trampoline */
bool __kernel_text_address(unsigned long addr);
bool core_kernel_text(unsigned long addr);

/* the state of the system as a whole */
enum system_states {
	SYSTEM_BOOTING,
	SYSTEM_RUNNING,
	SYSTEM_HALT,
	SYSTEM_POWER_OFF,
	SYSTEM_RESTART
};
extern enum system_states system_state;

/* taint flags, as Linux numbers them */
#define TAINT_PROPRIETARY_MODULE 0
#define TAINT_FORCED_MODULE	 1
#define TAINT_FORCED_RMMOD	 3
#define TAINT_BAD_PAGE		 5
#define TAINT_DIE		 7
#define TAINT_WARN		 9
#define TAINT_OOT_MODULE	 12
#define TAINT_UNSIGNED_MODULE	 13
#define TAINT_LIVEPATCH		 15
#define TAINT_FLAGS_COUNT	 19
#define LOCKDEP_STILL_OK	 1
#define LOCKDEP_NOW_UNRELIABLE	 0
void add_taint(unsigned int flag, int lockdep_ok);
int test_taint(unsigned int flag);
unsigned long get_taint(void); /* a bit for each flag */

#define cond_resched() __cond_resched()
int __cond_resched(void);

extern char _text[], _etext[], _stext[], __start_rodata[], __end_rodata[];
extern char _sdata[], _edata[], __bss_start[], __bss_stop[], _end[];

#endif
