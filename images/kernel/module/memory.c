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

static void mark_run(int start, int count, short head, short inside)
{
	page_map[start] = head;
	while (--count)
		page_map[start + count] = inside;
}

static void give_back_page(unsigned long addr)
{
	struct page *page = phys_to_page(kernel_text_phys(addr));

	unmap_kernel_page(addr);
	/* Nobody may reach the frame through an old translation once it is free. */
	flush_tlb_kernel_range(addr, addr + PAGE_SIZE);
	__free_page(page);
}

static bool take_page(unsigned long addr)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (page && !map_kernel_page(addr, page_to_phys(page), PAGE_KERNEL_PROT))
		return true;
	if (page)
		__free_page(page);
	return false;
}

/* All @count pages at @addr, or none. */
static bool take_run(unsigned long addr, int count)
{
	int taken = 0;

	while (taken < count && take_page(addr + taken * PAGE_SIZE))
		taken++;
	if (taken == count)
		return true;
	while (taken--)
		give_back_page(addr + taken * PAGE_SIZE);
	return false;
}

void *module_alloc(unsigned long size)
{
	int count = PFN_UP(size), start;
	unsigned long addr = 0;

	mutex_lock(&alloc_lock);
	start = count && count < AREA_PAGES ? find_run(count) : -1;
	if (start >= 0 && take_run(area_start() + start * PAGE_SIZE, count)) {
		mark_run(start, count, count, -1);
		addr = area_start() + start * PAGE_SIZE;
	}
	mutex_unlock(&alloc_lock);
	return (void *)addr;
}

void module_memfree(void *base)
{
	int start = ((unsigned long)base - area_start()) >> PAGE_SHIFT, count;

	mutex_lock(&alloc_lock);
	count = page_map[start];
	if (count <= 0)
		panic("module_memfree: %px is not the start of an allocation", base);
	mark_run(start, count, 0, 0);
	while (count--)
		give_back_page((unsigned long)base + count * PAGE_SIZE);
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
