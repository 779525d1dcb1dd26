/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef _LINUX_CTYPE_H
#define _LINUX_CTYPE_H

#include <uapi/linux/ctype.h>

#endif
