// SPDX-License-Identifier: GPL-2.0-or-later
/* The name under which Linux code asks for the attributes of kobject.h. */
#ifndef _LINUX_SYSFS_H
#define _LINUX_SYSFS_H

#include <linux/kobject.h>

#endif
