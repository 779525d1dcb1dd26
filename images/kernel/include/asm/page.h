/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory map.
 *
 * Virtual:
 *   0x0000000000000000  user (128 TiB); page 0 is never mapped
 *   0xffff888000000000  direct map of all RAM (PML4[273]), NX, global
 *   0xffffc90000000000  ioremap window for device registers (PML4[402])
 *   0xffffffff80000000  arena A: a kernel image (PML4[511], PDPT[510])
 *   0xffffffffa0000000  arena B: a kernel image
 *   0xffffffffc0000000  modules of the kernel in A, 256 MiB (PDPT[511])
 *   0xffffffffd0000000  modules of the kernel in B, 256 MiB
 *
 * The tables below the three kernel PML4 entries are the same pages in every
 * address space from its birth, so switching kernels writes no page-table entry.
 *
 * Physical:
 *   0x8000   trampoline that starts a CPU
 *   0x9000 - 0xffff	handover stub, root, mailbox (firmware/handover.h)
 *   2 MiB    arena A, 14 MiB: image, then scratch of the kernel that boots there
 *   16 MiB   arena B, 14 MiB
 *   30 MiB   page frames for everything else, up to the end of RAM
 *
 * No user page, page-table page or preserved object ever lies in an arena.
 */
#ifndef _ASM_PAGE_H
#define _ASM_PAGE_H

#define PAGE_SHIFT	  12
#define PAGE_SIZE	  4096
#define PAGE_MASK	  (~(4096 - 1))
#define PMD_SIZE	  0x200000
#define THREAD_SIZE	  16384 /* kernel stack */
#define THREAD_SIZE_ORDER 2

#define PAGE_OFFSET	 0xffff888000000000
#define IOREMAP_START	 0xffffc90000000000
#define KERNEL_LINK_BASE 0xffffffff80000000 /* arena A */
#define ARENA_A_VIRT	 0xffffffff80000000
#define ARENA_B_VIRT	 0xffffffffa0000000
#define MODULES_A_VADDR	 0xffffffffc0000000
#define MODULES_B_VADDR	 0xffffffffd0000000
#define MODULES_SIZE	 0x10000000

#define ARENA_A_PHYS	   0x200000
#define ARENA_B_PHYS	   0x1000000
#define ARENA_SIZE	   0xe00000
#define FRAMES_START_PHYS  0x1e00000 /* 30 MiB */
#define AP_TRAMPOLINE_PHYS 0x8000

#define TASK_SIZE 0x7ffffffff000
#define STACK_TOP 0x7ffffffff000
#define MMAP_TOP  0x7fffef000000 /* mmap goes down from here */

#ifndef __ASSEMBLER__
#include <linux/types.h>

#define PAGE_ALIGN(x)	  (((x) + PAGE_SIZE - 1) & PAGE_MASK)
#define PFN_UP(x)	  (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x)	  ((x) >> PAGE_SHIFT)
#define PFN_PHYS(x)	  ((phys_addr_t)(x) << PAGE_SHIFT)
#define offset_in_page(p) ((unsigned long)(p) & (PAGE_SIZE - 1))

/* where this kernel runs: set by the entry code, the same for its whole life */
extern unsigned long arena_phys; /* ARENA_A_PHYS or ARENA_B_PHYS */
extern unsigned long arena_virt; /* ARENA_A_VIRT or ARENA_B_VIRT */
extern unsigned long max_pfn;	 /* first frame after RAM */

/* physical address of a direct-map or kernel-image address */
static inline phys_addr_t __pa(const volatile void *addr)
{
	unsigned long v = (unsigned long)addr;

	return v >= ARENA_A_VIRT ? v - arena_virt + arena_phys : v - PAGE_OFFSET;
}
#define __pa(x) (__pa)((const volatile void *)(unsigned long)(x))
#define __va(p) ((void *)((unsigned long)(p) + PAGE_OFFSET))

/* physical address behind kernel, module or trampoline text: walks the page tables */
phys_addr_t kernel_text_phys(unsigned long addr);
#endif
#endif
