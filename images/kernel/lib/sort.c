// SPDX-License-Identifier: GPL-2.0-or-later
/* Shell's sort: no memory, no recursion, and no input for which it is slow enough to be a threat. */
#include <linux/sort.h>

static void swap_elements(char *a, char *b, size_t size)
{
	while (size--) {
		char byte = *a;

		*a++ = *b;
		*b++ = byte;
	}
}

void sort_in_place(void *base, size_t count, size_t size, belongs_behind_t behind,
		   const void *context)
{
	for (size_t gap = count / 2; gap; gap /= 2)
		for (size_t i = gap; i < count; i++)
			for (size_t j = i; j >= gap; j -= gap) {
				char *right = (char *)base + j * size;
				char *left = right - gap * size;

				if (!behind(left, right, context))
					break;
				swap_elements(left, right, size);
			}
}
