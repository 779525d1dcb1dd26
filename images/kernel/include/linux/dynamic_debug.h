/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pr_debug() that is switched while the kernel runs: each is a site that
 * /sys/kernel/debug/dynamic_debug/control shows and takes queries for
 * (Documentation/admin-guide/dynamic-debug-howto.rst).
 */
#ifndef _LINUX_DYNAMIC_DEBUG_H
#define _LINUX_DYNAMIC_DEBUG_H

#include <linux/types.h>

#define _DPRINTK_FLAGS_PRINT 1 /* p */
#define _DPRINTK_FLAGS_INCL_MODNAME \
	2 /* m: its name, the function's, the line, the task come first */
#define _DPRINTK_FLAGS_INCL_FUNC   4  /* f */
#define _DPRINTK_FLAGS_INCL_LINENO 8  /* l */
#define _DPRINTK_FLAGS_INCL_TID	   16 /* t */
#ifdef DEBUG
#define _DPRINTK_FLAGS_DEFAULT _DPRINTK_FLAGS_PRINT
#else
#define _DPRINTK_FLAGS_DEFAULT 0
#endif

/* One site; modules bring theirs in a section of that name. */
struct _ddebug {
	const char *function, *filename, *format;
	unsigned int lineno;
	unsigned int flags;
};

void __dynamic_pr_debug(const struct _ddebug *site, const char *level, const char *fmt, ...)
	__printf(3, 4);

#define dynamic_printk(level, on, fmt, ...)                                                \
	do {                                                                               \
		static struct _ddebug __site __used __aligned(8)                           \
			__section("__dyndbg") = { __func__, __FILE__, fmt, __LINE__, on }; \
		if (__site.flags & _DPRINTK_FLAGS_PRINT)                                   \
			__dynamic_pr_debug(&__site, level, pr_fmt(fmt), ##__VA_ARGS__);    \
	} while (0)
#define dynamic_pr_debug(fmt, ...) \
	dynamic_printk(KERN_DEBUG, _DPRINTK_FLAGS_DEFAULT, fmt, ##__VA_ARGS__)
/* A message that is there from the start, and may be switched off. */
#define dynamic_pr_info(fmt, ...) \
	dynamic_printk(KERN_INFO, _DPRINTK_FLAGS_PRINT, fmt, ##__VA_ARGS__)

#endif
