/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See ktime.h. */
#ifndef _LINUX_TIMEKEEPING_H
#define _LINUX_TIMEKEEPING_H
#include <linux/ktime.h>
#include <linux/jiffies.h>
#endif
