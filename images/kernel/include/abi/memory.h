/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory an image needs, for whoever starts it: section .note.scion, owner "Scion", type NT_SCION_MEMORY.
 *
 * RAM has to reach to frames_start, and beyond it hold the initrd, the files that are unpacked from it (as large as the
 * archive at most), and `working` bytes for the kernel and its first programs.
 */
#ifndef _ABI_MEMORY_H
#define _ABI_MEMORY_H

#include <linux/types.h>

#define NT_SCION_MEMORY 2

struct memory_note {
	/* 0x00 */ __u64 frames_start; /* physical */
	/* 0x08 */ __u64 working;
} __attribute__((packed));

#endif
