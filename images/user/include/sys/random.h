/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random bytes from the kernel. */
#ifndef USER_SYS_RANDOM_H
#define USER_SYS_RANDOM_H

#include <sys/types.h>

ssize_t getrandom(void *buffer, size_t size, unsigned int flags);

#endif
