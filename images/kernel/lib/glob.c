// SPDX-License-Identifier: GPL-2.0-or-later
/* Patterns of names. */
#include <linux/export.h>
#include <linux/glob.h>

bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			again = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
EXPORT_SYMBOL(glob_match);
