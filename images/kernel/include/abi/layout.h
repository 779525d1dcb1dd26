/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a reader from outside has to know of a kernel and no type says: it stands in the image as data, kernel_layout. The
 * reader finds the symbol in the image and the fields by BTF, so fields may be added and moved.
 */
#ifndef _ABI_LAYOUT_H
#define _ABI_LAYOUT_H

#include <linux/types.h>

struct kernel_layout {
	__u64 arena_a_virt, arena_a_phys;
	__u64 arena_b_virt, arena_b_phys;
	__u64 arena_size;
	__u64 thread_size;   /* bytes of a kernel stack; struct pt_regs of a user task end it */
	__u64 handover_root; /* physical address of struct handover_root_ser */
	__u64 handover_root_magic;
};

extern const struct kernel_layout kernel_layout;

#endif
