// SPDX-License-Identifier: GPL-2.0-or-later
/* Command lines are made from names and values, and kernel/cmdline.c and module/params.c have to find those again. */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include "host.h"

extern char saved_command_line[1024];
int libc_strcmp(const char *, const char *) __asm__("strcmp");
int libc_snprintf(char *, size_t, const char *, ...) __asm__("snprintf");

void mutex_lock(struct mutex *mutex)
{
}

void mutex_unlock(struct mutex *mutex)
{
}

void *kmalloc(size_t size, gfp_t flags)
{
	return malloc(size);
}

void kfree(const void *at)
{
	free((void *)at);
}

int printk(const char *format, ...)
{
	return 0;
}

/* For %ps and %pS, which nobody asks for here. */
const char *kallsyms_lookup(unsigned long addr, unsigned long *size, unsigned long *offset,
			    char **modname, char *name)
{
	return NULL;
}

int sprint_symbol(char *buffer, unsigned long address)
{
	return 0;
}

static const char *const names[] = { "a", "ab", "b", "quiet" };
static const char *const values[] = { "", "1", "x=y", "-7", "long.value/with,marks" };

static char *append(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	*to = 0;
	return to;
}

static char *append_blanks(char *to, const char *blanks, int least)
{
	for (int count = least + random_below(3); count > 0; count--)
		*to++ = blanks[random_below(strlen(blanks))];
	*to = 0;
	return to;
}

static void test_boot_options(void)
{
	const char *given[8], *values_of[8], *wanted = names[random_below(ARRAY_SIZE(names))],
					     *from = NULL;
	char *at = append_blanks(saved_command_line, " \t", 0), got[32];
	int count = random_below(8), last = -1, length;
	bool bare = false;

	for (int i = 0; i < count; i++) {
		given[i] = names[random_below(ARRAY_SIZE(names))];
		values_of[i] = random_below(4) ? values[random_below(ARRAY_SIZE(values))] : NULL;
		at = append(at, given[i]);
		if (values_of[i])
			at = append(append(at, "="), values_of[i]);
		at = append_blanks(at, " \t\n", 1);
	}
	for (int i = 0; i < count; i++) {
		if (libc_strcmp(given[i], wanted))
			continue;
		if (!values_of[i]) {
			bare = true;
			continue;
		}
		last = i;
		length = cmdline_next_option(&from, wanted, got, sizeof(got));
		check(length == (int)strlen(values_of[i]) && !libc_strcmp(got, values_of[i]),
		      "%s in '%s': '%s', not '%s'", wanted, saved_command_line, got, values_of[i]);
	}
	check(cmdline_next_option(&from, wanted, got, sizeof(got)) == -1, "%s in '%s': no more",
	      wanted, saved_command_line);
	length = cmdline_find_option(wanted, got, sizeof(got));
	check(length == (last < 0 ? -1 : (int)strlen(values_of[last])), "the last %s in '%s'",
	      wanted, saved_command_line);
	check(last < 0 || !libc_strcmp(got, values_of[last]), "the last %s in '%s': '%s'", wanted,
	      saved_command_line, got);
	check(cmdline_find_option_bool(wanted) == bare, "a bare %s in '%s'", wanted,
	      saved_command_line);
}

static int number;
static unsigned long large;
static bool flag;
static char *text;
static int several[4];
static unsigned int several_count;
static const struct kparam_array array = { 4, sizeof(int), &several_count, &param_ops_int,
					   several };
static const struct kernel_param parameters[] = {
	{ "number", &param_ops_int, 0, { &number } },
	{ "large", &param_ops_ulong, 0, { &large } },
	{ "flag", &param_ops_bool, 0, { &flag } },
	{ "text", &param_ops_charp, 0, { &text } },
	{ "several", &param_array_ops, 0, { .arr = &array } },
};

static int parse(const char *line)
{
	char arguments[256];

	append(arguments, line);
	return parse_args("test", arguments, parameters, ARRAY_SIZE(parameters));
}

/* Values as text and back, quoted in the ways that a shell leaves behind. */
static void test_parameters(void)
{
	int n = (int)random_number(), count = 1 + random_below(4), elements[4];
	unsigned long l = random_number();
	bool f = random_below(2), blank = random_below(2);
	char line[256], *at = append_blanks(line, " \t\n", 0), piece[64], page[4096];

	libc_snprintf(piece, sizeof(piece), random_below(2) ? "number=%d" : "\"number=%d\"", n);
	at = append_blanks(append(at, piece), " \t\n", 1);
	libc_snprintf(piece, sizeof(piece), random_below(2) ? "large=%lu" : "large=0x%lx", l);
	at = append_blanks(append(at, piece), " \t\n", 1);
	at = append_blanks(append(at, f ? random_below(2) ? "flag" : "flag=Y" : "flag=n"), " \t\n",
			   1);
	at = append_blanks(append(at, blank ? "text=\"two words\"" : "text=one"), " \t\n", 1);
	at = append(at, "unknown=1 several=");
	for (int i = 0; i < count; i++) {
		elements[i] = (int)random_number();
		libc_snprintf(piece, sizeof(piece), "%s%d", i ? "," : "", elements[i]);
		at = append(at, piece);
	}
	check(!parse(line), "parse_args of '%s'", line);
	check(number == n && large == l && flag == f, "'%s': %d, %lu, %d", line, number, large,
	      flag);
	check(!libc_strcmp(text, blank ? "two words" : "one"), "'%s': '%s'", line, text);
	check(several_count == (unsigned int)count, "'%s': %u elements", line, several_count);
	for (int i = 0; i < count; i++)
		check(several[i] == elements[i], "'%s': element %d", line, i);
	libc_snprintf(piece, sizeof(piece), "%d\n", n);
	check(param_ops_int.get(page, &parameters[0]) == (int)strlen(piece) &&
		      !libc_strcmp(page, piece),
	      "'%s' for %d", page, n);
}

static void test_refused(void)
{
	static const struct {
		const char *line;
		int error;
	} refused[] = {
		{ "number", -EINVAL },
		{ "number=", -EINVAL },
		{ "number=x", -EINVAL },
		{ "number=1x", -EINVAL },
		{ "number=0x", -EINVAL },
		{ "number=08", -EINVAL },
		{ "number=--1", -EINVAL },
		{ "number=-+1", -EINVAL },
		{ "number=2147483648", -ERANGE },
		{ "number=-2147483649", -ERANGE },
		{ "large=-1", -EINVAL },
		{ "large=18446744073709551616", -ERANGE },
		{ "flag=maybe", -EINVAL },
		{ "text", -EINVAL },
		{ "several=1,,2", -EINVAL },
		{ "several=1,2,3,4,5", -EINVAL },
		{ "number=1 \"flag", -EINVAL },
		{ "several", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		int ret;

		number = 5, large = 6, flag = true;
		ret = parse(refused[i].line);
		check(ret == refused[i].error, "'%s': %d, not %d", refused[i].line, ret,
		      refused[i].error);
		check((number == 5 || number == 1) && large == 6 && flag,
		      "'%s' left something behind", refused[i].line);
	}
	check(!parse("number=-2147483648 large=+18446744073709551615"), "the ends of the ranges");
	check(number == -INT_MAX - 1 && large == ULONG_MAX, "the ends of the ranges");
	check(!parse("number=017 large=0x1F\n"), "octal and hexadecimal");
	check(number == 15 && large == 31, "octal and hexadecimal");
}

void test(int count, char **words)
{
	for (int i = 0; i < 5000; i++) {
		test_boot_options();
		test_parameters();
	}
	test_refused();
}
