// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory for module text and data and for ftrace trampolines: whole pages in
 * the module area of this kernel's arena, within reach of a rel32 call from the
 * kernel's text and from each other.
 *
 * Promises: an allocation is writable and not executable until
 * set_module_memory() says otherwise, and never both afterwards; a page that is
 * not mapped follows each allocation; after module_memfree() no CPU has a
 * translation of it left. alloc_lock (sleeping) protects the map of pages.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <asm/page.h>
#include <asm/pgtable.h>

#define AREA_PAGES 4096 /* 16 MiB of the 256 */

static DEFINE_MUTEX(alloc_lock);
/* Per page of the area: 0 free, n > 0 head of n pages, -1 inside one. */
static short page_map[AREA_PAGES];

static unsigned long area_start(void)
{
	return arena_virt == ARENA_A_VIRT ? MODULES_A_VADDR : MODULES_B_VADDR;
}

/* First run of @count free pages and one more as a guard; -1 if there is none. */
static int find_run(int count)
{
	int start, length;

	for (start = 0; start + count < AREA_PAGES; start += length + 1) {
		for (length = 0; length <= count && !page_map[start + length]; length++)
			;
		if (length > count)
			return start;
	}
	return -1;
}

static void unmap_run(unsigned long addr, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		u64 *pte = lookup_kernel_pte(addr + i * PAGE_SIZE, NULL);
		struct page *page;

		if (!pte || !(*pte & _PAGE_PRESENT))
			continue;
		page = phys_to_page(*pte & PTE_PFN_MASK);
		unmap_kernel_page(addr + i * PAGE_SIZE);
		/* Nobody may reach the frame through an old translation once it is free. */
		flush_tlb_kernel_range(addr + i * PAGE_SIZE, addr + (i + 1) * PAGE_SIZE);
		__free_page(page);
	}
}

static int map_run(unsigned long addr, int count)
{
	struct page *page;
	int i;

	for (i = 0; i < count; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!page)
			return -ENOMEM;
		if (map_kernel_page(addr + i * PAGE_SIZE, page_to_phys(page), PAGE_KERNEL_PROT)) {
			__free_page(page);
			return -ENOMEM;
		}
	}
	return 0;
}

void *module_alloc(unsigned long size)
{
	int count = PFN_UP(size), start, i;
	unsigned long addr = 0;

	mutex_lock(&alloc_lock);
	start = count && count < AREA_PAGES ? find_run(count) : -1;
	if (start >= 0) {
		addr = area_start() + (unsigned long)start * PAGE_SIZE;
		if (map_run(addr, count)) {
			unmap_run(addr, count);
			addr = 0;
		} else {
			page_map[start] = count;
			for (i = 1; i < count; i++)
				page_map[start + i] = -1;
		}
	}
	mutex_unlock(&alloc_lock);
	return (void *)addr;
}

void module_memfree(void *base)
{
	int start = ((unsigned long)base - area_start()) >> PAGE_SHIFT, count, i;

	mutex_lock(&alloc_lock);
	count = page_map[start];
	if (count <= 0)
		panic("module_memfree: %px is not the start of an allocation", base);
	unmap_run((unsigned long)base, count);
	for (i = 0; i < count; i++)
		page_map[start + i] = 0;
	mutex_unlock(&alloc_lock);
}

int set_module_memory(void *base, unsigned long size, bool writable, bool executable)
{
	u64 prot = writable ? PAGE_KERNEL_PROT : PAGE_KERNEL_RO_PROT;
	unsigned long addr = (unsigned long)base, end = PAGE_ALIGN(addr + size);
	int ret = 0;

	if (!base || !size)
		return 0;
	if (executable)
		prot &= ~_PAGE_NX;
	mutex_lock(&alloc_lock);
	for (; addr < end && !ret; addr += PAGE_SIZE)
		ret = map_kernel_page(addr, kernel_text_phys(addr), prot);
	mutex_unlock(&alloc_lock);
	flush_tlb_kernel_range((unsigned long)base, end);
	return ret;
}
