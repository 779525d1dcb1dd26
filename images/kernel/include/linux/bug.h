/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Broken invariants: BUG stops the task with an oops, WARN prints where and goes on. */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <linux/compiler.h>

void __bug(const char *file, int line) __noreturn;
void __warn(const char *file, int line, const char *fmt, ...);

#define BUG() __bug(__FILE__, __LINE__)
#define BUG_ON(c)                \
	do {                     \
		if (unlikely(c)) \
			BUG();   \
	} while (0)
#define WARN_ON(c)                                     \
	({                                             \
		int __w = !!(c);                       \
		if (unlikely(__w))                     \
			__warn(__FILE__, __LINE__, 0); \
		unlikely(__w);                         \
	})
#define WARN(c, f...)                                  \
	({                                             \
		int __w = !!(c);                       \
		if (unlikely(__w))                     \
			__warn(__FILE__, __LINE__, f); \
		unlikely(__w);                         \
	})
#define WARN_ONCE(c, f...)                             \
	({                                             \
		static int __once;                     \
		int __w = !!(c);                       \
		if (unlikely(__w) && !__once) {        \
			__once = 1;                    \
			__warn(__FILE__, __LINE__, f); \
		}                                      \
		unlikely(__w);                         \
	})
#define WARN_ON_ONCE(c) WARN_ONCE(c, 0)

#endif
