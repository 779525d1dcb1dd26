// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random numbers from the kernel's one generator (kernel/sys.c). Not for keys: a
 * machine that is started the same way gives the same numbers.
 */
#ifndef _LINUX_RANDOM_H
#define _LINUX_RANDOM_H

#include <linux/types.h>

void get_random_bytes(void *buf, size_t len);
static inline u32 get_random_u32(void)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

#endif
