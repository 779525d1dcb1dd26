/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between vsprintf.c (C's conversions) and pointer-formats.c (what may follow "%p"). */
#ifndef _LIB_VSPRINTF_H
#define _LIB_VSPRINTF_H

#include <linux/types.h>
#include <linux/stdarg.h>

struct output {
	char *at, *end; /* may be equal: count only */
	size_t length;
};

struct spec {
	bool left, plus, space, zero, alternate, upper;
	int width, precision; /* -1 = none */
};

/* vsprintf.c */
void put_text(struct output *, const struct spec *, const char *);
void put_number(struct output *, const struct spec *, unsigned long long value, unsigned int base,
		bool negative);
void put_formatted(struct output *, const char *fmt, va_list *);

/* pointer-formats.c: returns the format behind the letters it used. */
const char *put_pointer(struct output *, struct spec *, const char *fmt, const void *);

#endif
