/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _LINUX_GLOB_H
#define _LINUX_GLOB_H

#include <linux/types.h>

/* '*' stands for any text, '?' for one character. */
bool glob_match(const char *pattern, const char *text);

#endif
