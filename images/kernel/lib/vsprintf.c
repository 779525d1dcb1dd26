// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Formatted text. C's d i u x X o c s p % with flags "-+ 0#", width, precision
 * (also "*") and lengths hh h l ll z t; Linux's pointer forms are in
 * pointer-formats.c.
 *
 * No floating point. Never writes more than @size bytes, always ends with NUL,
 * and returns the length that the whole text has or would have had.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "vsprintf.h"

static void put(struct output *out, char c)
{
	if (out->at < out->end)
		*out->at++ = c;
	out->length++;
}

static void pad(struct output *out, char c, int count)
{
	while (count-- > 0)
		put(out, c);
}

void put_text(struct output *out, const struct spec *spec, const char *s)
{
	int length;

	if (!s)
		s = "(null)";
	length = spec->precision >= 0 ? strnlen(s, spec->precision) : strlen(s);
	if (!spec->left)
		pad(out, ' ', spec->width - length);
	for (int i = 0; i < length; i++)
		put(out, s[i]);
	if (spec->left)
		pad(out, ' ', spec->width - length);
}

void put_number(struct output *out, const struct spec *spec, unsigned long long value,
		unsigned int base, bool negative)
{
	const char *digits = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24], prefix[3];
	int n = 0, p = 0, zeros, blanks;

	for (unsigned long long v = value; v; v /= base)
		text[n++] = digits[v % base];
	if (n == 0 && spec->precision != 0)
		text[n++] = '0';
	if (negative)
		prefix[p++] = '-';
	else if (spec->plus)
		prefix[p++] = '+';
	else if (spec->space)
		prefix[p++] = ' ';
	if (spec->alternate && base == 16 && value) {
		prefix[p++] = '0';
		prefix[p++] = spec->upper ? 'X' : 'x';
	}
	zeros = spec->precision - n;
	if (spec->precision < 0 && spec->zero && !spec->left)
		zeros = spec->width - n - p;
	if (zeros < 0)
		zeros = 0;
	if (spec->alternate && base == 8 && !zeros && (!n || text[n - 1] != '0'))
		zeros = 1;
	blanks = spec->width - n - p - zeros;
	if (!spec->left)
		pad(out, ' ', blanks);
	for (int i = 0; i < p; i++)
		put(out, prefix[i]);
	pad(out, '0', zeros);
	while (n)
		put(out, text[--n]);
	if (spec->left)
		pad(out, ' ', blanks);
}

static const char *parse_number(const char *fmt, int *value, va_list *args)
{
	if (*fmt == '*') {
		*value = va_arg(*args, int);
		return fmt + 1;
	}
	*value = 0;
	while (isdigit(*fmt))
		*value = *value * 10 + (*fmt++ - '0');
	return fmt;
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			spec->left = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '0':
			spec->zero = true;
			break;
		case '#':
			spec->alternate = true;
			break;
		default:
			return fmt;
		}
	}
}

static void put_character(struct output *out, struct spec *spec, char c)
{
	if (!spec->left)
		pad(out, ' ', spec->width - 1);
	put(out, c);
	if (spec->left)
		pad(out, ' ', spec->width - 1);
}

/* @size: bytes of the argument's type. */
static void put_signed(struct output *out, struct spec *spec, int size, va_list *args)
{
	long long number = size == sizeof(long) ? va_arg(*args, long) : va_arg(*args, int);

	if (size == sizeof(short))
		number = (short)number;
	else if (size == 1)
		number = (signed char)number;
	put_number(out, spec, number < 0 ? -(unsigned long long)number : (unsigned long long)number,
		   10, number < 0);
}

/* One conversion; @fmt is behind the '%'. */
static const char *convert(struct output *out, const char *fmt, va_list *args)
{
	struct spec spec = { .precision = -1 };
	int size = sizeof(int);
	unsigned long long value;
	unsigned int base = 10;
	char c;

	fmt = parse_flags(fmt, &spec);
	fmt = parse_number(fmt, &spec.width, args);
	if (spec.width < 0) {
		spec.left = true;
		spec.width = -spec.width;
	}
	if (*fmt == '.')
		fmt = parse_number(fmt + 1, &spec.precision, args);
	for (;; fmt++) {
		if (*fmt == 'l' || *fmt == 'z' || *fmt == 't')
			size = sizeof(long);
		else if (*fmt == 'h')
			size = size == sizeof(short) ? 1 : sizeof(short);
		else
			break;
	}
	c = *fmt++;
	switch (c) {
	case '%':
		put(out, '%');
		return fmt;
	case 'c':
		put_character(out, &spec, va_arg(*args, int));
		return fmt;
	case 's':
		put_text(out, &spec, va_arg(*args, const char *));
		return fmt;
	case 'p':
		return put_pointer(out, &spec, fmt, va_arg(*args, void *));
	case 'd':
	case 'i':
		put_signed(out, &spec, size, args);
		return fmt;
	case 'X':
		spec.upper = true;
		base = 16;
		break;
	case 'x':
		base = 16;
		break;
	case 'o':
		base = 8;
		break;
	case 'u':
		break;
	default: /* unknown: show it as it stands */
		put(out, '%');
		if (!c)
			return fmt - 1;
		put(out, c);
		return fmt;
	}
	value = size == sizeof(long) ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
	if (size == sizeof(short))
		value = (unsigned short)value;
	else if (size == 1)
		value = (unsigned char)value;
	spec.plus = spec.space = false;
	put_number(out, &spec, value, base, false);
	return fmt;
}

void put_formatted(struct output *out, const char *fmt, va_list *args)
{
	va_list copy;

	va_copy(copy, *args);
	while (*fmt) {
		if (*fmt != '%')
			put(out, *fmt++);
		else
			fmt = convert(out, fmt + 1, &copy);
	}
	va_end(copy);
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct output out = { .at = buf, .end = size ? buf + size - 1 : buf };
	va_list copy;

	/* sprintf() into the kernel image: the end would lie beyond the address space */
	if (out.end < buf)
		out.end = (char *)-1UL;
	va_copy(copy, args);
	put_formatted(&out, fmt, &copy);
	va_end(copy);
	if (size)
		*out.at = 0;
	return out.length;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return length;
}

/* As vsnprintf, but returns what was really written. */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int length = vsnprintf(buf, size, fmt, args);

	if (size == 0)
		return 0;
	return (size_t)length < size ? length : (int)size - 1;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return length;
}

int sprintf(char *buf, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(buf, INT_MAX, fmt, args);
	va_end(args);
	return length;
}
