/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Included before everything else: in a process of the host a physical address is an address. */
#include <asm/page.h>
#undef __va
#undef __pa
#define __va(p) ((void *)(unsigned long)(p))
#define __pa(x) ((unsigned long)(x))
/* and what the kernel knows of a page lies behind it (damage.c: zeroed_page()) */
#include <linux/mm.h>
#undef virt_to_page
#define virt_to_page(x) ((struct page *)((char *)(x) + PAGE_SIZE))
