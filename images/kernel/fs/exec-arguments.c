// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The strings that a new program is given, and the stack it finds them on.
 *
 * Limits as on Linux with its default stack: one string of 128 KiB, all strings
 * and the pointers to them a quarter of the stack. What a program hands over is
 * measured before it is copied: the usual few hundred bytes cost a page, a list
 * that is too long nothing, and a long one no second buffer that it grows out of.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/processor.h>
#include "exec.h"

#define STRING_LIMIT	(128UL << 10) /* with its NUL */
#define ARG_LIMIT	(STACK_BYTES / 4)
#define HWCAP2_FSGSBASE 2
#define AUX_PAIRS	20

/* ---- strings ---- */

/* Room for @size bytes more, after which there are @strings strings. */
static int make_room(struct arguments *args, size_t size, size_t strings)
{
	size_t room = PAGE_ALIGN(args->used + size);
	char *larger;

	if (args->used + size + strings * sizeof(long) > ARG_LIMIT)
		return -E2BIG;
	if (room <= args->room)
		return 0;
	larger = vmalloc(room);
	if (!larger)
		return -ENOMEM;
	if (args->text)
		memcpy(larger, args->text, args->used);
	vfree(args->text);
	args->text = larger;
	args->room = room;
	return 0;
}

/* With its NUL, or an error. */
static long user_string_size(const char __user *text)
{
	long size = strnlen_user(text, STRING_LIMIT);

	if (!size)
		return -EFAULT;
	return size > (long)STRING_LIMIT ? -E2BIG : size;
}

/* Room for a list as it is now; it may be another one when it is copied. */
static int make_room_for_list(struct arguments *args, const char __user *const __user *list)
{
	size_t total = 0, strings = args->argc + args->envc;
	const char __user *text;

	while (!get_user(text, list++)) {
		long size = text ? user_string_size(text) : 0;

		if (size < 0)
			return size;
		if (!text || total + ++strings * sizeof(long) > ARG_LIMIT)
			return make_room(args, total, strings);
		total += size;
	}
	return -EFAULT;
}

static int add_user_string(struct arguments *args, const char __user *text, size_t *count)
{
	long size = user_string_size(text);
	int ret;

	if (size < 0)
		return size;
	ret = make_room(args, size, args->argc + args->envc + 1);
	if (ret)
		return ret;
	if (copy_from_user(args->text + args->used, text, size))
		return -EFAULT;
	args->used += size;
	args->text[args->used - 1] = 0; /* whoever shares the memory may have changed it */
	(*count)++;
	return 0;
}

int arguments_add_user(struct arguments *args, const char __user *const __user *list, size_t *count)
{
	int ret = list ? make_room_for_list(args, list) : 0;
	const char __user *text;

	while (list && !ret) {
		if (get_user(text, &list[*count]))
			return -EFAULT;
		if (!text)
			break;
		ret = add_user_string(args, text, count);
	}
	return ret;
}

int arguments_add(struct arguments *args, const char *text, size_t *count)
{
	size_t size = strlen(text) + 1;
	int ret = make_room(args, size, args->argc + args->envc + 1);

	if (ret)
		return ret;
	memcpy(args->text + args->used, text, size);
	args->used += size;
	(*count)++;
	return 0;
}

/* In front of all others: what a "#!" line adds. */
int arguments_prepend(struct arguments *args, const char *text)
{
	size_t size = strlen(text) + 1;
	int ret = make_room(args, size, args->argc + args->envc + 1);

	if (ret)
		return ret;
	memmove(args->text + size, args->text, args->used);
	memcpy(args->text, text, size);
	args->used += size;
	args->argc++;
	return 0;
}

void arguments_drop_first(struct arguments *args)
{
	size_t size = strlen(args->text) + 1;

	args->used -= size;
	memmove(args->text, args->text + size, args->used);
	args->argc--;
}

/* ---- the stack ---- */

/* Writes down the stack, or up it; a fault is remembered. */
struct pen {
	unsigned long at;
	bool failed;
};

static unsigned long put_below(struct pen *pen, const void *bytes, size_t size)
{
	pen->at -= size;
	pen->failed |= copy_to_user((void __user *)pen->at, bytes, size) != 0;
	return pen->at;
}

static void put_word(struct pen *pen, unsigned long word)
{
	pen->failed |= put_user(word, (unsigned long __user *)pen->at) != 0;
	pen->at += sizeof(word);
}

/* @count pointers to the strings from @text on, and a NULL; returns what follows the strings. */
static unsigned long put_pointers(struct pen *pen, const char *text, unsigned long there,
				  size_t count)
{
	while (count--) {
		size_t size = strlen(text) + 1;

		put_word(pen, there);
		there += size;
		text += size;
	}
	put_word(pen, 0);
	return there;
}

static size_t fill_aux(const struct program *prog, unsigned long *aux, unsigned long random,
		       unsigned long execfn, unsigned long platform)
{
	u32 a, b, c, features;
	const unsigned long pairs[][2] = {
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, 100 },
		{ AT_PHDR, elf_phdr_address(prog) },
		{ AT_PHENT, sizeof(Elf64_Phdr) },
		{ AT_PHNUM, prog->header.e_phnum },
		{ AT_BASE, 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, prog->bias + prog->header.e_entry },
		{ AT_UID, current->uid },
		{ AT_EUID, current->euid },
		{ AT_GID, current->gid },
		{ AT_EGID, current->egid },
		{ AT_SECURE, 0 },
		{ AT_RANDOM, random },
		{ AT_HWCAP2, boot_cpu.fsgsbase ? HWCAP2_FSGSBASE : 0 },
		{ AT_EXECFN, execfn },
		{ AT_PLATFORM, platform },
		{ AT_NULL, 0 },
	};

	_Static_assert(ARRAY_SIZE(pairs) < AUX_PAIRS, "with AT_HWCAP in front");
	cpuid(1, &a, &b, &c, &features);
	aux[0] = AT_HWCAP;
	aux[1] = features;
	memcpy(aux + 2, pairs, sizeof(pairs));
	return 2 + sizeof(pairs) / sizeof(long);
}

unsigned long arguments_build_stack(struct program *prog, struct mm_struct *mm)
{
	struct arguments *args = &prog->args;
	struct pen pen = { .at = STACK_TOP - 16 };
	unsigned long random[2], aux[2 * AUX_PAIRS], execfn, platform, sp, strings, random_at;
	size_t words, i;

	random[0] = ktime_get_ns() * 0x9e3779b97f4a7c15UL;
	random[1] = (random[0] ^ current->pid) * 0xbf58476d1ce4e5b9UL;
	execfn = put_below(&pen, prog->filename, strlen(prog->filename) + 1);
	strings = put_below(&pen, args->text, args->used);
	platform = put_below(&pen, "x86_64", 7);
	pen.at &= ~15UL;
	random_at = put_below(&pen, random, sizeof(random));

	words = fill_aux(prog, aux, random_at, execfn, platform);
	sp = (pen.at - (args->argc + args->envc + 3 + words) * sizeof(long)) & ~15UL;
	pen.at = sp;
	put_word(&pen, args->argc);
	mm->arg_start = strings;
	mm->arg_end = put_pointers(&pen, args->text, strings, args->argc);
	mm->env_start = mm->arg_end;
	mm->env_end = put_pointers(&pen, args->text + (mm->env_start - strings), mm->env_start,
				   args->envc);
	for (i = 0; i < words; i++)
		put_word(&pen, aux[i]);
	memcpy(mm->auxv, aux, words * sizeof(long));
	mm->start_stack = sp;
	return pen.failed ? 0 : sp;
}
