/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting in place. */
#ifndef _LINUX_SORT_H
#define _LINUX_SORT_H

#include <linux/types.h>

/* True if @a belongs behind @b; @context is what was given to sort_in_place(). */
typedef bool (*belongs_behind_t)(const void *a, const void *b, const void *context);

/* @count elements of @size bytes. Equal ones may change places. */
void sort_in_place(void *base, size_t count, size_t size, belongs_behind_t behind,
		   const void *context);

#endif
