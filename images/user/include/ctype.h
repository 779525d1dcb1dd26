/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef USER_CTYPE_H
#define USER_CTYPE_H

#include <linux/ctype.h>

#endif
