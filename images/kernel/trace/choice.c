// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets of functions, chosen by names: what set_ftrace_filter and
 * set_ftrace_notrace hold.
 *
 * A set is an ascending array of entry addresses. An address whose module has
 * gone may be in it until function-tracer.c takes it out; it stands for nothing.
 * The caller keeps others away from a set that he changes.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/glob.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "ftrace_internal.h"
#include "trace.h"

#define ROOM_AT_FIRST 16

void set_free(struct function_set *set)
{
	kfree(set->ip);
	*set = (struct function_set){};
}

static int make_room(struct function_set *set)
{
	unsigned int room = set->room ? 2 * set->room : ROOM_AT_FIRST;
	unsigned long *more;

	if (set->nr < set->room)
		return 0;
	more = kmalloc(room * sizeof(*more), GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	memcpy(more, set->ip, set->nr * sizeof(*more));
	kfree(set->ip);
	set->ip = more;
	set->room = room;
	return 0;
}

/* Where @ip is, or belongs. */
static unsigned int place_of(const struct function_set *set, unsigned long ip)
{
	unsigned int low = 0, high = set->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (set->ip[middle] < ip)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool set_has(const struct function_set *set, unsigned long ip)
{
	unsigned int at = place_of(set, ip);

	return at < set->nr && set->ip[at] == ip;
}

static int set_add(struct function_set *set, unsigned long ip)
{
	unsigned int at = place_of(set, ip);

	if (at < set->nr && set->ip[at] == ip)
		return 0;
	if (make_room(set))
		return -ENOMEM;
	memmove(&set->ip[at + 1], &set->ip[at], (set->nr - at) * sizeof(set->ip[0]));
	set->ip[at] = ip;
	set->nr++;
	return 0;
}

void set_remove(struct function_set *set, unsigned long ip)
{
	unsigned int at = place_of(set, ip);

	if (at == set->nr || set->ip[at] != ip)
		return;
	set->nr--;
	memmove(&set->ip[at], &set->ip[at + 1], (set->nr - at) * sizeof(set->ip[0]));
}

int set_copy(struct function_set *to, const struct function_set *from)
{
	int ret = 0;

	*to = (struct function_set){};
	for (unsigned int i = 0; i < from->nr && !ret; i++)
		ret = set_add(to, from->ip[i]);
	return ret;
}

/* ---- words ---- */

struct choice {
	struct function_set *set;
	const char *pattern, *module; /* NULL: of any, or of none */
	bool remove;
	unsigned int found;
	int error;
};

static void choose(struct dyn_ftrace *site, void *arg)
{
	unsigned long size, offset;
	char buffer[KSYM_NAME_LEN], *module = NULL;
	const char *name = kallsyms_lookup(site->ip, &size, &offset, &module, buffer);
	struct choice *choice = arg;

	if (!name || !glob_match(choice->pattern, name))
		return;
	if (choice->module && (!module || !glob_match(choice->module, module)))
		return;
	choice->found++;
	if (choice->remove)
		set_remove(choice->set, site->ip);
	else if (set_add(choice->set, site->ip))
		choice->error = -ENOMEM;
}

static int apply_word(struct function_set *set, char *word)
{
	struct choice choice = { .set = set, .remove = *word == '!' };
	char *command = strstr(word, ":mod:");

	choice.pattern = word + choice.remove;
	if (command) {
		*command = 0;
		choice.module = command + sizeof(":mod:") - 1;
		if (!*choice.pattern)
			choice.pattern = "*";
	}
	mutex_lock(&ftrace_lock);
	ftrace_for_each_site(choose, &choice);
	mutex_unlock(&ftrace_lock);
	return choice.error ? choice.error : choice.found ? 0 : -EINVAL;
}

int set_apply(struct function_set *set, char *words)
{
	int ret = 0;

	while (!ret && *(words = skip_spaces(words))) {
		char *end = words;

		while (*end && !isspace(*end))
			end++;
		if (*end)
			*end++ = 0;
		ret = apply_word(set, words);
		words = end;
	}
	return ret;
}

void set_show(struct seq_file *m, const struct function_set *set)
{
	for (unsigned int i = 0; i < set->nr; i++)
		seq_printf(m, "%ps\n", (void *)set->ip[i]);
}

/* ---- what is wanted in the end ---- */

struct difference {
	struct function_set *out;
	const struct function_set *chosen, *but;
	int error;
};

static void take_if_wanted(struct dyn_ftrace *site, void *arg)
{
	struct difference *of = arg;

	if ((of->chosen->nr && !set_has(of->chosen, site->ip)) || set_has(of->but, site->ip))
		return;
	if (set_add(of->out, site->ip))
		of->error = -ENOMEM;
}

int set_difference(struct function_set *out, const struct function_set *chosen,
		   const struct function_set *but)
{
	struct difference of = { .out = out, .chosen = chosen, .but = but };

	mutex_lock(&ftrace_lock);
	ftrace_for_each_site(take_if_wanted, &of);
	mutex_unlock(&ftrace_lock);
	return of.error;
}
