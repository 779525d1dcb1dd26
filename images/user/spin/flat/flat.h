/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the flat images' parts call of each other; start.S calls the first two, and the compiler the last two. */
#ifndef FLAT_H
#define FLAT_H

#include "../kernels.h"

void run_request(void);
void serve_serial(void);
uint32_t run_kernel(uint32_t number, uint32_t rounds);
void *memcpy(void *to, const void *from, unsigned long count);
void *memset(void *to, int value, unsigned long count);

#endif
