// SPDX-License-Identifier: GPL-2.0-or-later
/* Text to number (lib/kstrtox.c), judged by libc's strtoull; and the arithmetic that gcc calls by name, judged by its own. */
#include <linux/errno.h>
#include "host.h"

int *__errno_location(void);
unsigned long long strtoull(const char *text, char **end, int base);
int kernel_popcountdi2(long x);
unsigned __int128 kernel_udivti3(unsigned __int128 a, unsigned __int128 b);

static const unsigned int bases[] = { 0, 2, 8, 10, 16, 36 };
static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* Mostly a number of that base, with anything before, in and behind it. */
static void random_text(char *text, unsigned int base)
{
	static const char *const before[] = { "",   "",	 "",	"",  "-",  "+", "0x",
					      "0X", "0", "-0x", " ", "-+", "--" };
	static const char *const behind[] = {
		"", "", "", "", "\n", "\n", "\n\n", "z", " ", ".", "-"
	};
	unsigned long long value = random_number();
	char reversed[72];
	int n = 0;

	if (base == 0)
		base = bases[1 + random_below(4)];
	do {
		char digit = digits[value % base];

		reversed[n++] = random_below(2) && digit >= 'a' ? digit - 32 : digit;
		value /= base;
	} while (value);
	for (int zeros = random_below(8) ? 0 : random_below(4); zeros > 0 && n < 70; zeros--)
		reversed[n++] = random_below(2) ? '0' : digits[random_below(base)];
	if (!random_below(20))
		n = 0;
	for (const char *c = before[random_below(ARRAY_SIZE(before))]; *c; c++)
		*text++ = *c;
	while (n)
		*text++ = reversed[--n];
	for (const char *c = behind[random_below(ARRAY_SIZE(behind))]; *c; c++)
		*text++ = *c;
	*text = 0;
}

/* What the kernel's contract makes of @text, by strtoull: no spaces, one sign at most, one newline at the end. */
static int expected(const char *text, unsigned int base, bool is_signed,
		    unsigned long long *magnitude, bool *negative)
{
	const char *number = text;
	char *end;
	int ret;

	*negative = is_signed && *number == '-';
	if (*negative || *number == '+')
		number++;
	for (const char *c = digits; *c != *number && *c != (*number | 32); c++)
		if (!*c)
			return -EINVAL;
	*__errno_location() = 0;
	*magnitude = strtoull(number, &end, base);
	ret = -*__errno_location();
	if (end == number)
		return -EINVAL;
	if (ret == -ERANGE)
		return ret;
	if (*end == '\n')
		end++;
	return *end ? -EINVAL : 0;
}

#define KSTRTO(name, type, is_signed, lowest, highest)                                             \
	do {                                                                                       \
		type got = 77, want = 77;                                                          \
		unsigned long long magnitude = 0;                                                  \
		bool negative;                                                                     \
		int given = kstrto##name(text, base, &got), ret;                                   \
                                                                                                   \
		ret = expected(text, base, is_signed, &magnitude, &negative);                      \
		if (!ret && magnitude > (negative ? -(unsigned long long)(lowest)                  \
						  : (unsigned long long)(highest)))                \
			ret = -ERANGE;                                                             \
		if (!ret)                                                                          \
			want = negative ? -magnitude : magnitude;                                  \
		check(given == ret, "kstrto" #name " of '%s', base %u: %d, not %d", text, base,    \
		      given, ret);                                                                 \
		check(got == want, "kstrto" #name " of '%s', base %u: another value", text, base); \
	} while (0)

static void test_whole(const char *text, unsigned int base)
{
	KSTRTO(ul, unsigned long, false, 0, ULONG_MAX);
	KSTRTO(l, long, true, -LONG_MAX - 1, LONG_MAX);
	KSTRTO(int, int, true, -INT_MAX - 1, INT_MAX);
	KSTRTO(uint, unsigned int, false, 0, UINT_MAX);
}

/* The value modulo 2^64 and the end, of text that begins with a digit. */
static void test_prefix(const char *text, unsigned int base)
{
	char *end, *libc_end;
	unsigned long long got, want;
	bool too_large;

	if (*text == '-' || *text == '+' || *text == ' ')
		text++;
	if (*text == '-' || *text == '+' || *text == ' ')
		return;
	got = simple_strtoull(text, &end, base);
	*__errno_location() = 0;
	want = strtoull(text, &libc_end, base);
	too_large = *__errno_location() == ERANGE;
	check(end == libc_end, "simple_strtoull of '%s', base %u ends at '%s'", text, base, end);
	check(too_large || got == want, "simple_strtoull of '%s', base %u: %llu", text, base, got);
	check(simple_strtoul(text, NULL, base) == got, "simple_strtoul of '%s'", text);
}

/* Decimal, at the ends of the types; the last digit alone decides. */
static const char *const edges[] = {
	"18446744073709551615", "18446744073709551616", "18446744073709551619",
	"18446744073709551620", "9223372036854775807",	"9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "4294967295",
	"4294967296",		"2147483647",		"2147483648",
	"-2147483648",		"-2147483649",		"99999999999999999999x",
};

static void test_bool(void)
{
	static const char *const yes[] = { "y", "Y", "1", "t", "true", "yes\n", "on", "On", "oN" };
	static const char *const no[] = { "n", "N", "0", "f", "False", "no", "off", "Of" };
	static const char *const neither[] = { "", "o", "2", "ox", " y", "-", "\n" };
	bool value;

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		check(!kstrtobool(yes[i], &value) && value, "kstrtobool of '%s'", yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		check(!kstrtobool(no[i], &value) && !value, "kstrtobool of '%s'", no[i]);
	for (size_t i = 0; i < ARRAY_SIZE(neither); i++) {
		value = i & 1;
		check(kstrtobool(neither[i], &value) == -EINVAL && value == (i & 1),
		      "kstrtobool of '%s'", neither[i]);
	}
}

static void test_arithmetic(void)
{
	unsigned __int128 a = (unsigned __int128)random_number() << 64 | random_number();
	unsigned __int128 b =
		(unsigned __int128)(random_below(2) ? random_number() : 0) << 64 | random_number();
	unsigned long x = random_number();

	if (b)
		check(kernel_udivti3(a, b) == a / b, "the quotient of %llx%016llx", (u64)(a >> 64),
		      (u64)a);
	check(kernel_popcountdi2(x) == __builtin_popcountl(x), "the bits of %lx", x);
}

void test(int count, char **words)
{
	char text[128];

	test_bool();
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		test_whole(edges[i], 10);
	for (int i = 0; i < 60000; i++) {
		unsigned int base = bases[random_below(ARRAY_SIZE(bases))];

		random_text(text, base);
		test_whole(text, base);
		test_prefix(text, base);
	}
	for (int i = 0; i < 5000; i++)
		test_arithmetic();
}
