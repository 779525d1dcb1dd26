// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lines that were typed: a ring of the latest ones. A line that repeats the one before it counts once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "edit.h"

#define ENTRIES 200

static char *entries[ENTRIES];
static size_t count; /* of all lines ever; the next goes to count % ENTRIES */

const char *history_entry(size_t age)
{
	if (age >= count || age >= ENTRIES)
		return NULL;
	return entries[(count - 1 - age) % ENTRIES];
}

void history_add(const char *text, size_t length)
{
	const char *latest = history_entry(0);
	char **place = &entries[count % ENTRIES];

	while (length && (text[length - 1] == '\n' || text[length - 1] == ' '))
		length--;
	if (!length || (latest && strlen(latest) == length && !memcmp(latest, text, length)))
		return;
	free(*place);
	*place = strndup(text, length);
	count++;
}

void history_list(void)
{
	size_t kept = count < ENTRIES ? count : ENTRIES;

	while (kept--)
		printf("%5zu  %s\n", count - kept, history_entry(kept));
}
