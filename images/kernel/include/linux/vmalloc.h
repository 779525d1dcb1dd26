/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contiguous kernel memory: here always from the page allocator. See mm.h. */
#ifndef _LINUX_VMALLOC_H
#define _LINUX_VMALLOC_H
#include <linux/mm.h>
#endif
