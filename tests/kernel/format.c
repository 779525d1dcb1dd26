// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/vsprintf.c: C's conversions are judged by libc's snprintf, Linux's pointer forms by what they have to say. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/mm.h>
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
	*modname = addr >> 32 == 0xffffffffUL && addr >= 0xffffffffc0000000UL ? "demo" : NULL;
	return addr < 0x1000 ? NULL : "schedule";
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
	EXPECT("schedule+0x10/0x40", "%pB", (void *)0xffffffff81000120UL);
	EXPECT("schedule+0x0/0x40", "%pS", (void *)0xffffffff81000120UL);
	EXPECT("schedule+0x3/0x40|", "%pSR|", address);
	EXPECT("schedule+0x1/0x40 [demo]", "%pS", (void *)0xffffffffc0000001UL);
	EXPECT("schedule [demo]", "%ps", (void *)0xffffffffc0000001UL);
	EXPECT("      schedule", "%14ps", address);
	EXPECT("0x123", "%ps", (void *)0x123);
	EXPECT("ffffffff81000123", "%pK", address);
	EXPECT("-ENOENT", "%pe", ERR_PTR(-ENOENT));
	EXPECT("  -EPERM|-ESTALE  |", "%8pe|%-9pe|", ERR_PTR(-EPERM), ERR_PTR(-ESTALE));
	EXPECT("-999", "%pe", ERR_PTR(-999));
	EXPECT("ffffffff81000123", "%pe", address);
	EXPECT("(null) is no text", "%s is no text", nothing);
	EXPECT("%y|%", (const char *)format);
}

static void test_bytes(void)
{
	static const u8 bytes[] = { 0x00, 0x01, 0xab, 0x7f, 0xff, 0x10, 0x20, 0x30,
				    0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xa0, 0xb0 };
	phys_addr_t place = 0x12345;

	EXPECT("00 01 ab|00:01|00-01-ab|0001ab", "%*ph|%*phC|%*phD|%*phN", 3, bytes, 2, bytes, 3,
	       bytes, 3, bytes);
	EXPECT("00|00 01 ab 7f", "%ph|%4ph", bytes, bytes);
	EXPECT("00:01:ab:7f:ff:10", "%pM", bytes);
	EXPECT("10:ff:7f:ab:01:00|00-01-ab-7f-ff-10", "%pMR|%pMF", bytes, bytes);
	EXPECT("0001ab7fff10|10ff7fab0100", "%pm|%pmR", bytes, bytes);
	EXPECT("0.1.171.127|000.001.171.127", "%pI4|%pi4", bytes, bytes);
	EXPECT("127.171.1.0|0.1.171.127|127.171.001.000", "%pI4h|%pI4n|%pi4l", bytes, bytes, bytes);
	EXPECT("0001:ab7f:ff10:2030:4050:6070:8090:a0b0", "%pI6", bytes);
	EXPECT("0001ab7fff1020304050607080"
	       "90a0b0",
	       "%pi6", bytes);
	EXPECT("1:ab7f:ff10:2030:4050:6070:8090:a0b0", "%pI6c", bytes);
	EXPECT("0001ab7f-ff10-2030-4050-607080"
	       "90a0b0",
	       "%pU", bytes);
	EXPECT("7FAB0100-10FF-3020-4050-607080"
	       "90A0B0",
	       "%pUL", bytes);
	EXPECT("7fab0100-10ff-3020-4050-607080"
	       "90a0b0",
	       "%pUl", bytes);
	EXPECT("0001AB7F-FF10-2030-4050-607080"
	       "90A0B0|",
	       "%pUB|", bytes);
	EXPECT("0x0000000000012345|0x0000000000012345", "%pa|%pad", &place, &place);
	EXPECT("(null)|(efault)|(null).", "%pM|%*phC|%pI6c.", (u8 *)NULL, 3, (u8 *)12, (u8 *)NULL);
}

static void expect_ipv6(const char *want, u8 a, u8 b, u8 c, u8 d)
{
	/* groups 0, 2, 5 and 7; the others are zero */
	u8 bytes[16] = { [1] = a, [5] = b, [11] = c, [15] = d };

	EXPECT(want, "%pI6c", bytes);
}

static void test_short_ipv6(void)
{
	expect_ipv6("::", 0, 0, 0, 0);
	expect_ipv6("1::", 1, 0, 0, 0);
	expect_ipv6("::1", 0, 0, 0, 1);
	expect_ipv6("1:0:2::1", 1, 2, 0, 1);
	expect_ipv6("1:0:2::3:0:1", 1, 2, 3, 1);
	expect_ipv6("1::3:0:1", 1, 0, 3, 1);
	EXPECT("1::2:0:0:3:4", "%pI6c", ((u8[16]){ [1] = 1, [7] = 2, [13] = 3, [15] = 4 }));
}

/* A bitmap's list, made again from the text. */
static void test_bitmaps(void)
{
	unsigned long map[2] = { random_number(), random_number() }, again[2] = { 0, 0 };
	unsigned int bits = 1 + random_below(128);
	char text[600], *at = text;

	for (unsigned int bit = bits; bit < 128; bit++)
		map[bit / 64] &= ~(1UL << bit % 64);
	(snprintf)(text, sizeof(text), "%*pbl", bits, map);
	while (*at) {
		unsigned long first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		for (; first <= last && last < bits; first++)
			again[first / 64] |= 1UL << first % 64;
		if (*at == ',')
			at++;
	}
	check(map[0] == again[0] && map[1] == again[1], "%u bits of %lx %lx: '%s'", bits, map[1],
	      map[0], text);
}

static void test_flags_and_names(void)
{
	static unsigned long map[2] = { 0xf00000001UL, 0x3 };
	struct dentry top = { .d_name = "/" }, dir = { .d_name = "dir", .d_parent = &top },
		      leaf = { .d_name = "leaf", .d_parent = &dir };
	gfp_t gfp[] = { GFP_KERNEL, GFP_KERNEL | __GFP_ZERO, GFP_ATOMIC, 0, 1 << 30 };
	struct file file = { .f_dentry = &leaf };
	unsigned long vm = VM_READ | VM_MAYREAD;

	top.d_parent = &top;
	EXPECT("0,2-3,5", "%*pbl", 6, &(unsigned long){ 0x2d });
	EXPECT("3,0000000f,00000001|1,f0000000|0-1", "%*pb|%*pb|%*pbl", 66, map, 36,
	       &(unsigned long){ 0x1f0000000 }, 2, &map[1]);
	EXPECT("GFP_KERNEL GFP_KERNEL|__GFP_ZERO GFP_ATOMIC", "%pGg %pGg %pGg", &gfp[0], &gfp[1],
	       &gfp[2]);
	EXPECT("none 0x40000000 read|mayread", "%pGg %pGg %pGv", &gfp[3], &gfp[4], &vm);
	EXPECT("leaf dir/leaf /dir/leaf", "%pd %pd2 %pd3", &leaf, &leaf, &leaf);
	EXPECT("leaf /dir/leaf / |  leaf", "%pD %pD4 %pd2 |%6pd", &file, &file, &top, &leaf);
}

static void test_times(void)
{
	time64_t times[] = { 0, 951782399, 951868799, 4107542400, -1, -62135596800, 1709208000 };

	EXPECT("1970-01-01T00:00:00", "%ptT", &times[0]);
	EXPECT("2000-02-28T23:59:59 2000-02-29", "%ptT %ptTd", &times[1], &times[2]);
	EXPECT("2100-03-01 00:00:00|00:00:00", "%ptTs|%ptTt", &times[3], &times[3]);
	EXPECT("1969-12-31T23:59:59 0001-01-01", "%ptT %ptTd", &times[4], &times[5]);
	EXPECT("2024-02-29T12:00:00", "%ptT", &times[6]);
	for (int i = 0; i < 1000; i++) {
		long day = (long)random_below(2000000) - 1000000;
		struct calendar_date date = date_of_day(day), next = date_of_day(day + 1);

		check(days_since_epoch(date.year, date.month, date.day) == day, "day %ld", day);
		check(next.day == date.day + 1 || next.day == 1, "the day after %ld", day);
	}
}

static void with_va_format(char *got, const char *fmt, ...)
{
	struct va_format inner = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	inner.va = &args;
	(snprintf)(got, SIZE, "<%pV> %d", &inner, 5);
	va_end(args);
}

static void test_inner_format(void)
{
	char got[SIZE];

	with_va_format(got, "%s-%d", "a", 42);
	expect_text(got, "<a-42> 5");
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
	for (int i = 0; i < 1000; i++)
		test_bitmaps();
	test_pointers();
	test_bytes();
	test_short_ipv6();
	test_flags_and_names();
	test_times();
	test_inner_format();
	test_lengths();
}
