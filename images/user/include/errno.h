/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers, and the variable that a failed call sets. One thread at a time: a plain variable. */
#ifndef USER_ERRNO_H
#define USER_ERRNO_H

#include <linux/errno.h>

extern int errno;

#endif
