// SPDX-License-Identifier: GPL-2.0-or-later
/* lib/string.c and ctype.h, judged by libc. */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include "host.h"

#define LIBC(type, name, ...) type libc_##name(__VA_ARGS__) __asm__(#name)
LIBC(void *, memmove, void *, const void *, size_t);
LIBC(int, memcmp, const void *, const void *, size_t);
LIBC(size_t, strlen, const char *);
LIBC(int, strcmp, const char *, const char *);
LIBC(int, strncmp, const char *, const char *, size_t);
LIBC(char *, strchr, const char *, int);
LIBC(char *, strrchr, const char *, int);
LIBC(char *, strstr, const char *, const char *);
LIBC(size_t, strspn, const char *, const char *);
LIBC(size_t, strcspn, const char *, const char *);
LIBC(int, isdigit, int);
LIBC(int, isupper, int);
LIBC(int, islower, int);
LIBC(int, isalpha, int);
LIBC(int, isalnum, int);
LIBC(int, isspace, int);
LIBC(int, isprint, int);
LIBC(int, iscntrl, int);
LIBC(int, isxdigit, int);
LIBC(int, toupper, int);
LIBC(int, tolower, int);

void *kmalloc(size_t size, gfp_t flags)
{
	return malloc(size);
}

static void test_classes(void)
{
#define CLASS(name)                   \
	for (int c = 0; c < 128; c++) \
	check(!name(c) == !libc_##name(c), #name " of %d", c)
	CLASS(isdigit);
	CLASS(isupper);
	CLASS(islower);
	CLASS(isalpha);
	CLASS(isalnum);
	CLASS(isspace);
	CLASS(isprint);
	CLASS(iscntrl);
	CLASS(isxdigit);
	for (int c = -128; c < 256; c++) {
		bool ascii = c >= 0 && c < 128;

		check(toupper(c) == (ascii ? libc_toupper(c) : c), "toupper of %d", c);
		check(tolower(c) == (ascii ? libc_tolower(c) : c), "tolower of %d", c);
		check(ascii || !(isalnum(c) || isspace(c) || isprint(c) || iscntrl(c) ||
				 isxdigit(c)),
		      "%d is of a class", c);
	}
}

enum { BYTES = 96 };
static unsigned char before[BYTES], mine[BYTES], theirs[BYTES];

static void fill(void)
{
	for (int i = 0; i < BYTES; i++)
		before[i] = mine[i] = theirs[i] = random_below(256);
}

/* Each byte of the surroundings counts too: the string instructions are not seen by the sanitizer. */
static void test_memory(void)
{
	size_t n = random_below(40), to = random_below(BYTES - n), from = random_below(BYTES - n);
	int sign, expected, value = random_below(1000);

	fill();
	check(memmove(mine + to, mine + from, n) == mine + to, "memmove gives its first argument");
	libc_memmove(theirs + to, theirs + from, n);
	check(!libc_memcmp(mine, theirs, BYTES), "memmove of %zu bytes from %zu to %zu", n, from,
	      to);

	fill();
	check(memcpy(mine + to, before + from, n) == mine + to, "memcpy gives its first argument");
	libc_memmove(theirs + to, before + from, n);
	check(!libc_memcmp(mine, theirs, BYTES), "memcpy of %zu bytes from %zu to %zu", n, from,
	      to);

	fill();
	check(memset(mine + to, value, n) == mine + to, "memset gives its first argument");
	for (size_t i = 0; i < n; i++)
		theirs[to + i] = value;
	check(!libc_memcmp(mine, theirs, BYTES), "memset of %zu bytes at %zu to %d", n, to, value);

	fill();
	if (n)
		mine[to + random_below(n)] ^= random_below(3);
	sign = memcmp(mine + to, theirs + to, n);
	expected = libc_memcmp(mine + to, theirs + to, n);
	check((sign > 0) == (expected > 0) && (sign < 0) == (expected < 0), "memcmp of %zu bytes",
	      n);
}

/* Few different characters, so that matches are frequent; some of them negative as a char. */
static char *random_text(char *text, size_t longest)
{
	static const char letters[] = "ab \xe4\t";
	size_t length = random_below(longest + 1);

	for (size_t i = 0; i < length; i++)
		text[i] = letters[random_below(sizeof(letters) - 1)];
	text[length] = 0;
	return text;
}

static int sign_of(int value)
{
	return (value > 0) - (value < 0);
}

static void test_searching(void)
{
	char a[32], b[8];
	size_t n = random_below(10);
	int c = random_below(6) ? random_text(b, 1)[0] : 'z';

	random_text(a, 20);
	check(strlen(a) == libc_strlen(a), "strlen of '%s'", a);
	check(strnlen(a, n) == min(libc_strlen(a), n), "strnlen of '%s', %zu", a, n);
	check(strchr(a, c) == libc_strchr(a, c), "strchr of %d in '%s'", c, a);
	check(strrchr(a, c) == libc_strrchr(a, c), "strrchr of %d in '%s'", c, a);
	check(strchrnul(a, c) == (libc_strchr(a, c) ?: a + libc_strlen(a)),
	      "strchrnul of %d in '%s'", c, a);
	random_text(b, 4);
	check(strstr(a, b) == libc_strstr(a, b), "strstr of '%s' in '%s'", b, a);
	check(strspn(a, b) == libc_strspn(a, b), "strspn of '%s' in '%s'", b, a);
	check(strcspn(a, b) == libc_strcspn(a, b), "strcspn of '%s' in '%s'", b, a);
	random_text(a, 4);
	check(sign_of(strcmp(a, b)) == sign_of(libc_strcmp(a, b)), "strcmp of '%s' and '%s'", a, b);
	check(sign_of(strncmp(a, b, n)) == sign_of(libc_strncmp(a, b, n)),
	      "strncmp of '%s' and '%s', %zu", a, b, n);
	check(str_has_prefix(a, b) == (libc_strncmp(a, b, libc_strlen(b)) ? 0 : libc_strlen(b)),
	      "'%s' begins with '%s'", a, b);
}

static void test_copying(void)
{
	char from[16], to[24], *copy;
	size_t size = random_below(20), length = libc_strlen(random_text(from, 12));
	size_t fits = size ? min(length, size - 1) : 0;

	memset(to, 'x', sizeof(to));
	check(strscpy(to, from, size) == (length < size ? (ssize_t)length : -E2BIG),
	      "strscpy of '%s' to %zu bytes", from, size);
	check(!size || (!libc_memcmp(to, from, fits) && !to[fits]),
	      "strscpy gave '%s' for '%s' in %zu bytes", to, from, size);
	for (size_t i = size ? fits + 1 : 0; i < sizeof(to); i++)
		check(to[i] == 'x', "strscpy of '%s' to %zu bytes wrote byte %zu", from, size, i);

	memset(to, 'x', sizeof(to));
	check(strlcpy(to, from, size) == length, "strlcpy of '%s' to %zu bytes", from, size);
	check(!size || (!libc_memcmp(to, from, fits) && !to[fits]),
	      "strlcpy gave '%s' for '%s' in %zu bytes", to, from, size);
	check(strcpy(to, from) == to && !libc_strcmp(to, from), "strcpy of '%s'", from);
	copy = kstrdup(from, GFP_KERNEL);
	check(!libc_strcmp(copy, from), "kstrdup of '%s'", from);
	free(copy);
}

/* A core without spaces at its ends, and spaces around it. */
static void test_spaces(void)
{
	static const char *const cores[] = { "", "a", "a b", "\xe4", "a\t \nb" };
	static const char spaces[] = " \t\n\v\f\r";
	const char *core = cores[random_below(ARRAY_SIZE(cores))];
	size_t left = random_below(4), right = random_below(4), length = libc_strlen(core);
	char text[24], *at = text;

	for (size_t i = 0; i < left; i++)
		*at++ = spaces[random_below(6)];
	libc_memmove(at, core, length);
	at += length;
	for (size_t i = 0; i < right; i++)
		*at++ = spaces[random_below(6)];
	*at = 0;
	check(skip_spaces(text) == text + left + (length ? 0 : right), "skip_spaces before '%s'",
	      core);
	check(!libc_strcmp(strim(text), core), "strim of '%s' between %zu and %zu spaces", core,
	      left, right);
}

void test(int count, char **words)
{
	test_classes();
	for (int i = 0; i < 20000; i++) {
		test_memory();
		test_searching();
		test_copying();
		test_spaces();
	}
}
