// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text to number. The simple_ functions take a prefix and say where it ends;
 * the kstrto functions want the whole string and check its range.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

static int digit_value(char c)
{
	if (isdigit(c))
		return c - '0';
	if (isalpha(c))
		return tolower(c) - 'a' + 10;
	return 99;
}

/* Base 0 is C's rule: 0x.., 0.., else decimal. */
static const char *take_base(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && tolower(s[1]) == 'x' && isxdigit(s[2]);

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? s + 2 : s;
}

static const char *parse(const char *s, unsigned int base, unsigned long long *value,
			 bool *overflow)
{
	unsigned long long v = 0;

	*overflow = false;
	s = take_base(s, &base);
	for (; digit_value(*s) < (int)base; s++) {
		unsigned long long next;

		if (__builtin_mul_overflow(v, base, &next) ||
		    __builtin_add_overflow(next, digit_value(*s), &next))
			*overflow = true;
		v = next;
	}
	*value = v;
	return s;
}

unsigned long long simple_strtoull(const char *s, char **end, unsigned int base)
{
	unsigned long long value;
	bool overflow;

	s = parse(s, base, &value, &overflow);
	if (end)
		*end = (char *)s;
	return value;
}

unsigned long simple_strtoul(const char *s, char **end, unsigned int base)
{
	return simple_strtoull(s, end, base);
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	unsigned long long value;
	bool overflow;
	const char *end;

	if (*s == '+')
		s++;
	end = parse(s, base, &value, &overflow);
	if (end == s)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*res = value;
	return 0;
}

static int kstrtoll(const char *s, unsigned int base, long long *res)
{
	bool negative = *s == '-';
	unsigned long long value;
	int ret = kstrtoull(s + negative, base, &value);

	if (ret)
		return ret;
	if (value > (unsigned long long)S64_MAX + negative)
		return -ERANGE;
	*res = negative ? -value : value;
	return 0;
}

int kstrtoul(const char *s, unsigned int base, unsigned long *res)
{
	unsigned long long value;
	int ret = kstrtoull(s, base, &value);

	if (!ret)
		*res = value;
	return ret;
}

int kstrtol(const char *s, unsigned int base, long *res)
{
	long long value;
	int ret = kstrtoll(s, base, &value);

	if (!ret)
		*res = value;
	return ret;
}

int kstrtoint(const char *s, unsigned int base, int *res)
{
	long long value;
	int ret = kstrtoll(s, base, &value);

	if (ret)
		return ret;
	if (value != (int)value)
		return -ERANGE;
	*res = value;
	return 0;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	unsigned long long value;
	int ret = kstrtoull(s, base, &value);

	if (ret)
		return ret;
	if (value != (unsigned int)value)
		return -ERANGE;
	*res = value;
	return 0;
}

int kstrtobool(const char *s, bool *res)
{
	switch (tolower(s[0])) {
	case 'y':
	case 't':
	case '1':
		*res = true;
		return 0;
	case 'n':
	case 'f':
	case '0':
		*res = false;
		return 0;
	case 'o':
		if (tolower(s[1]) == 'n' || tolower(s[1]) == 'f') {
			*res = tolower(s[1]) == 'n';
			return 0;
		}
	}
	return -EINVAL;
}
