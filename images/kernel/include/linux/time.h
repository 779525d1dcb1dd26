/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See ktime.h. */
#ifndef _LINUX_TIME_H
#define _LINUX_TIME_H
#include <linux/ktime.h>
#include <linux/jiffies.h>
#endif
