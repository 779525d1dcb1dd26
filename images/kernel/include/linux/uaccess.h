/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of the current process. A bad address gives an error, never an oops:
 * the instructions that touch user memory are listed in __ex_table.
 */
#ifndef _LINUX_UACCESS_H
#define _LINUX_UACCESS_H

#include <linux/types.h>
#include <linux/errno.h>
#include <asm/page.h>

#define access_ok(addr, size)                  \
	((unsigned long)(size) <= TASK_SIZE && \
	 (unsigned long)(addr) <= TASK_SIZE - (unsigned long)(size))

/* bytes NOT copied */
unsigned long copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long clear_user(void __user *to, unsigned long n);
/* length without the NUL, -EFAULT; @n if there is no NUL in @n bytes */
long strncpy_from_user(char *to, const char __user *from, long n);
/* length with the NUL, 0 on fault, > n if longer */
long strnlen_user(const char __user *s, long n);

#define get_user(x, ptr)                                                                     \
	({                                                                                   \
		__typeof__(*(ptr)) __gu;                                                     \
		long __e = copy_from_user((void *)&__gu, (ptr), sizeof(__gu)) ? -EFAULT : 0; \
		if (!__e)                                                                    \
			(x) = __gu;                                                          \
		__e;                                                                         \
	})
#define put_user(x, ptr)                                                \
	({                                                              \
		__typeof__(*(ptr)) __pu = (x);                          \
		copy_to_user((ptr), &__pu, sizeof(__pu)) ? -EFAULT : 0; \
	})
#define __get_user	 get_user
#define __put_user	 put_user
#define __copy_from_user copy_from_user
#define __copy_to_user	 copy_to_user

/* kernel memory that may not be mapped: 0 or -EFAULT */
long copy_from_kernel_nofault(void *dst, const void *src, size_t size);

struct pt_regs;
struct exception_table_entry {
	unsigned long insn, fixup;
};
bool fixup_exception(struct pt_regs *);

#endif
