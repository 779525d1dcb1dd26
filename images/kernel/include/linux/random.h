// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random numbers. One generator; its seed is time and what add_device_randomness()
 * is told, so a machine that is started the same way runs the same way. Not for
 * keys.
 */
#ifndef _LINUX_RANDOM_H
#define _LINUX_RANDOM_H

#include <linux/types.h>

void get_random_bytes(void *buf, size_t len);
void add_device_randomness(const void *buf, size_t len);
static inline u32 get_random_u32(void)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

#endif
