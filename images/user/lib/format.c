// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * printf's conversions into a bounded buffer. All formatted output goes through vsnprintf.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct output {
	char *to;
	size_t size;
	size_t length; /* what there would be, had it all fitted */
};

static void put(struct output *output, char c)
{
	if (output->length + 1 < output->size)
		output->to[output->length] = c;
	output->length++;
}

static void pad(struct output *output, char c, int count)
{
	while (count-- > 0)
		put(output, c);
}

struct conversion {
	int left, zero, plus, space, alternate;
	int width;
	int precision;	   /* -1: not given */
	int longs, shorts; /* how often l (or z) and h were there */
};

static void put_text(struct output *output, const struct conversion *how, const char *text,
		     size_t length)
{
	int missing = how->width - (int)length;

	if (!how->left)
		pad(output, ' ', missing);
	for (size_t i = 0; i < length; i++)
		put(output, text[i]);
	if (how->left)
		pad(output, ' ', missing);
}

static void put_number(struct output *output, const struct conversion *how, unsigned long value,
		       unsigned int base, const char *sign, int upper)
{
	char digits[24];
	int count = 0, zeros, width;

	while (value) {
		digits[count++] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
		value /= base;
	}
	zeros = (how->precision < 0 ? 1 : how->precision) - count;
	if (zeros < 0)
		zeros = 0;
	width = how->width - (int)strlen(sign) - count - zeros;
	if (how->zero && !how->left && how->precision < 0 && width > 0) {
		zeros += width;
		width = 0;
	}
	if (!how->left)
		pad(output, ' ', width);
	while (*sign)
		put(output, *sign++);
	pad(output, '0', zeros);
	while (count)
		put(output, digits[--count]);
	if (how->left)
		pad(output, ' ', width);
}

static int read_number(const char **format)
{
	int value = 0;

	while (isdigit(**format))
		value = value * 10 + *(*format)++ - '0';
	return value;
}

/* What stands between the '%' and the letter; gives where the letter is. */
static const char *read_conversion(const char *format, struct conversion *how, va_list *list)
{
	for (;; format++) {
		if (*format == '-')
			how->left = 1;
		else if (*format == '0')
			how->zero = 1;
		else if (*format == '+')
			how->plus = 1;
		else if (*format == ' ')
			how->space = 1;
		else if (*format == '#')
			how->alternate = 1;
		else
			break;
	}
	if (*format == '*') {
		how->width = va_arg(*list, int);
		if (how->width < 0) {
			how->left = 1;
			how->width = -how->width;
		}
		format++;
	} else {
		how->width = read_number(&format);
	}
	if (*format == '.') {
		format++;
		if (*format == '*') {
			how->precision = va_arg(*list, int);
			format++;
		} else {
			how->precision = read_number(&format);
		}
	}
	for (;; format++) {
		if (*format == 'l' || *format == 'z')
			how->longs++;
		else if (*format == 'h')
			how->shorts++;
		else
			return format;
	}
}

static void put_signed(struct output *output, const struct conversion *how, va_list *list)
{
	long value = how->longs ? va_arg(*list, long) : va_arg(*list, int);

	if (how->shorts)
		value = how->shorts == 1 ? (short)value : (signed char)value;
	put_number(output, how, value < 0 ? -(unsigned long)value : (unsigned long)value, 10,
		   value < 0	? "-"
		   : how->plus	? "+"
		   : how->space ? " "
				: "",
		   0);
}

static void put_unsigned(struct output *output, const struct conversion *how, char letter,
			 va_list *list)
{
	unsigned long number =
		how->longs ? va_arg(*list, unsigned long) : va_arg(*list, unsigned int);
	const char *sign = "";

	if (how->shorts)
		number = how->shorts == 1 ? (unsigned short)number : (unsigned char)number;
	if (how->alternate && number && letter != 'u')
		sign = letter == 'o' ? "0" : letter == 'x' ? "0x" : "0X";
	put_number(output, how, number,
		   letter == 'u'   ? 10
		   : letter == 'o' ? 8
				   : 16,
		   sign, letter == 'X');
}

static void put_string(struct output *output, const struct conversion *how, const char *text)
{
	if (!text)
		text = "(null)";
	put_text(output, how, text,
		 how->precision < 0 ? strlen(text) : strnlen(text, how->precision));
}

static void put_conversion(struct output *output, const struct conversion *how, char letter,
			   va_list *list)
{
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(output, how, list);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_unsigned(output, how, letter, list);
		break;
	case 'p':
		put_number(output, how, (unsigned long)va_arg(*list, void *), 16, "0x", 0);
		break;
	case 'c':
		c = (char)va_arg(*list, int);
		put_text(output, how, &c, 1);
		break;
	case 's':
		put_string(output, how, va_arg(*list, const char *));
		break;
	case '%':
		put(output, '%');
		break;
	default:
		put(output, '%');
		if (letter)
			put(output, letter);
	}
}

int vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
	struct output output = { to, size, 0 };
	va_list list;

	va_copy(list, arguments);
	while (*format) {
		struct conversion how = { .precision = -1 };

		if (*format != '%') {
			put(&output, *format++);
			continue;
		}
		format = read_conversion(format + 1, &how, &list);
		put_conversion(&output, &how, *format, &list);
		if (*format)
			format++;
	}
	va_end(list);
	if (size)
		to[output.length < size ? output.length : size - 1] = 0;
	return (int)output.length;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(to, size, format, list);
	va_end(list);
	return length;
}
