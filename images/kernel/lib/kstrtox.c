// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text to number. The simple_ functions take a prefix and say where it ends;
 * the kstrto functions want the whole string and check its range.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

/* 36 and above: no digit of any base. */
static unsigned int digit_value(char c)
{
	if (isdigit(c))
		return c - '0';
	return isalpha(c) ? tolower(c) - 'a' + 10 : 36;
}

/* All digits there are; their value modulo 2^64. Base 0 is C's rule: 0x.., 0.., else decimal. */
static const char *read_digits(const char *s, unsigned int base, unsigned long long *value,
			       bool *overflow)
{
	bool hex = s[0] == '0' && tolower(s[1]) == 'x' && isxdigit(s[2]);

	if (base == 0)
		base = hex ? 16 : s[0] == '0' ? 8 : 10;
	if (base == 16 && hex)
		s += 2;
	*value = 0;
	*overflow = false;
	for (unsigned int digit; (digit = digit_value(*s)) < base; s++) {
		*overflow |= __builtin_mul_overflow(*value, base, value);
		*overflow |= __builtin_add_overflow(*value, digit, value);
	}
	return s;
}

unsigned long long simple_strtoull(const char *s, char **end, unsigned int base)
{
	unsigned long long value;
	bool overflow;

	s = read_digits(s, base, &value, &overflow);
	if (end)
		*end = (char *)s;
	return value;
}

unsigned long simple_strtoul(const char *s, char **end, unsigned int base)
{
	return simple_strtoull(s, end, base);
}

/*
 * A sign, digits, a newline or none, and the end. A minus is a sign where @least,
 * the magnitude of the least value, is not 0. Too large is said before what follows.
 */
static int read_whole(const char *s, unsigned int base, unsigned long long least,
		      unsigned long long greatest, unsigned long long *value)
{
	bool negative = least && *s == '-', overflow;
	const char *digits = s + (negative || *s == '+');
	const char *end = read_digits(digits, base, value, &overflow);

	if (end == digits)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	if (end[*end == '\n'])
		return -EINVAL;
	if (*value > (negative ? least : greatest))
		return -ERANGE;
	if (negative)
		*value = -*value;
	return 0;
}

#define KSTRTO(name, type, least, greatest)                             \
	int kstrto##name(const char *s, unsigned int base, type *res)   \
	{                                                               \
		unsigned long long value;                               \
		int ret = read_whole(s, base, least, greatest, &value); \
                                                                        \
		if (!ret)                                               \
			*res = value;                                   \
		return ret;                                             \
	}

KSTRTO(ul, unsigned long, 0, ULONG_MAX)
KSTRTO(l, long, LONG_MAX + 1ULL, LONG_MAX)
KSTRTO(uint, unsigned int, 0, UINT_MAX)
KSTRTO(int, int, INT_MAX + 1ULL, INT_MAX)

int kstrtobool(const char *s, bool *res)
{
	/* of "on" and "off" the second letter counts */
	bool second = tolower(s[0]) == 'o';
	const char *yes = second ? "n" : "yt1", *no = second ? "f" : "nf0";
	char letter = tolower(s[second]);

	if (!letter || !(strchr(yes, letter) || strchr(no, letter)))
		return -EINVAL;
	*res = strchr(yes, letter) != NULL;
	return 0;
}
