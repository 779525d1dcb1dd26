// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/vsprintf.c: C's conversions are judged by libc's snprintf, Linux's pointer forms by what they have to say. */
#include <linux/kallsyms.h>
#include "host.h"

int libc_snprintf(char *, size_t, const char *, ...) __asm__("snprintf");
int libc_vsnprintf(char *, size_t, const char *, va_list) __asm__("vsnprintf");
int libc_memcmp(const void *, const void *, size_t) __asm__("memcmp");
int libc_strcmp(const char *, const char *) __asm__("strcmp");

/* The symbols: one of the kernel, one of a module. */
const char *kallsyms_lookup(unsigned long addr, unsigned long *size, unsigned long *offset,
			    char **modname, char *name)
{
	*size = 0x40;
	*offset = addr & 0xf;
	*modname = NULL;
	return addr < 0x1000 ? NULL : "schedule";
}

int sprint_symbol(char *buffer, unsigned long address)
{
	return libc_snprintf(buffer, KSYM_SYMBOL_LEN, "schedule+0x%lx/0x40", address & 0xf);
}

#define SIZE 80

/* What stands behind the end counts too. */
static void compare(size_t size, const char *format, ...)
{
	char got[SIZE + 1] = "", want[SIZE + 1] = "";
	int length, expected;
	va_list args, again;

	for (int i = 0; i < SIZE; i++)
		got[i] = want[i] = 'X';
	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(got, size, format, args);
	expected = libc_vsnprintf(want, size, format, again);
	va_end(again);
	va_end(args);
	check(length == expected, "'%s' in %zu: length %d, not %d", format, size, length, expected);
	check(!libc_memcmp(got, want, SIZE), "'%s' in %zu: '%s', not '%s'", format, size, got,
	      want);
}

/* "%-+ 0#" with any width and precision: @letters are the conversions to choose from, @given says what of it a star wants. */
static char *random_format(char *format, const char *letters, const char *length, bool *width,
			   bool *precision)
{
	char *at = format;

	*at++ = '<';
	*at++ = '%';
	for (int flags = random_below(4); flags > 0; flags--)
		*at++ = "-+ 0#"[random_below(5)];
	*width = !random_below(4);
	if (*width)
		*at++ = '*';
	else if (random_below(2))
		*at++ = '1' + random_below(9), random_below(3) || (*at++ = '0' + random_below(3));
	*precision = false;
	if (!random_below(3)) {
		*at++ = '.';
		*precision = random_below(2);
		if (*precision)
			*at++ = '*';
		else if (random_below(4))
			*at++ = '0' + random_below(10);
	}
	while (*length)
		*at++ = *length++;
	*at++ = letters[random_below(strlen(letters))];
	*at++ = '>';
	*at = 0;
	return format;
}

#define FORMATTED(letters, length, argument)                                       \
	do {                                                                       \
		char format[32];                                                   \
		bool width, precision;                                             \
		int w = (int)random_below(40) - 20, p = (int)random_below(30) - 5; \
		unsigned long size = random_below(4) ? SIZE : random_below(SIZE);  \
                                                                                   \
		random_format(format, letters, length, &width, &precision);        \
		if (width && precision)                                            \
			compare(size, format, w, p, argument);                     \
		else if (width || precision)                                       \
			compare(size, format, width ? w : p, argument);            \
		else                                                               \
			compare(size, format, argument);                           \
	} while (0)

static void test_conversions(void)
{
	static const char *const texts[] = { "", "a", "text", "longer than most widths" };
	const char *text = texts[random_below(ARRAY_SIZE(texts))];
	unsigned long value = random_number();

	FORMATTED("diuxXo", "", (int)value);
	FORMATTED("diuxXo", "h", (int)value);
	FORMATTED("diuxXo", "hh", (int)value);
	FORMATTED("diuxXo", "l", value);
	FORMATTED("diuxXo", "ll", (unsigned long long)value);
	FORMATTED("diuxXo", "z", value);
	FORMATTED("diuxXo", "t", value);
	FORMATTED("c", "", (int)(value & 0x7f));
	FORMATTED("s", "", text);
}

static void expect_text(const char *got, const char *want)
{
	check(!libc_strcmp(got, want), "'%s', not '%s'", got, want);
}

#define EXPECT(want, ...)                                  \
	do {                                               \
		char got[SIZE];                            \
                                                           \
		(snprintf)(got, sizeof(got), __VA_ARGS__); \
		expect_text(got, want);                    \
	} while (0)

static void test_pointers(void)
{
	/* gcc would warn of both */
	static char volatile format[] = "%y|%";
	char *volatile nothing = NULL;
	void *address = (void *)0xffffffff81000123UL;

	EXPECT("ffffffff81000123", "%p", address);
	EXPECT("0000000000000123", "%p", (void *)0x123);
	EXPECT("    0000000000000123", "%20p", (void *)0x123);
	EXPECT("0000000000000123    |", "%-20p|", (void *)0x123);
	EXPECT("123", "%px", (void *)0x123);
	EXPECT("schedule+0x3/0x40", "%pS", address);
	EXPECT("schedule+0x3/0x40", "%pB", address);
	EXPECT("      schedule", "%14ps", address);
	EXPECT("?", "%ps", (void *)0x123);
	EXPECT("(null) is no text", "%s is no text", nothing);
	EXPECT("%y|%", (const char *)format);
}

static void test_lengths(void)
{
	char got[8] = "XXXXXXX";

	check(scnprintf(got, 4, "%s", "abcdef") == 3, "scnprintf of a text that is cut");
	expect_text(got, "abc");
	check(scnprintf(got, 0, "%s", "abcdef") == 0 && got[0] == 'a', "scnprintf into nothing");
	check(scnprintf(got, 8, "%d", 42) == 2, "scnprintf of a text that fits");
	check((sprintf)(got, "%d-%s", 1, "b") == 3, "sprintf");
	expect_text(got, "1-b");
}

void test(int count, char **words)
{
	for (int i = 0; i < 10000; i++)
		test_conversions();
	test_pointers();
	test_lengths();
}
