// SPDX-License-Identifier: GPL-2.0-or-later
/* See abi/layout.h. Nothing in the kernel reads it. */
#include <abi/handover.h>
#include <abi/layout.h>
#include <asm/page.h>
#include <handover.h>

const struct kernel_layout kernel_layout = {
	.arena_a_virt = ARENA_A_VIRT,
	.arena_a_phys = ARENA_A_PHYS,
	.arena_b_virt = ARENA_B_VIRT,
	.arena_b_phys = ARENA_B_PHYS,
	.arena_size = ARENA_SIZE,
	.thread_size = THREAD_SIZE,
	.handover_root = HANDOVER_ROOT_PHYS,
	.handover_root_magic = HANDOVER_ROOT_MAGIC,
};
