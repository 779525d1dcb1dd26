// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page frames: a buddy allocator over mem_map.
 *
 * A free block of 2^n frames starts at a multiple of 2^n; two free neighbours
 * that make up a larger block are joined. Only the first page of a block is
 * meaningful: order, type, reference count. Never sleeps, may be called from
 * interrupts. Must not know what frames are used for beyond their type.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "internal.h"

#define MAX_ORDER 11 /* blocks of 1 to 1024 frames */

static DEFINE_SPINLOCK(zone_lock); /* free_lists, nr_free, and struct pages of free blocks */
static struct list_head free_lists[MAX_ORDER];
static unsigned long nr_free;

struct page *mem_map;
unsigned long totalram_pages;

void page_alloc_init(void)
{
	for (int order = 0; order < MAX_ORDER; order++)
		INIT_LIST_HEAD(&free_lists[order]);
}

/* zone_lock held. */
static void put_block(unsigned long pfn, unsigned int order)
{
	struct page *page = pfn_to_page(pfn);

	lockdep_assert_held(&zone_lock);
	page->type = PAGE_FREE;
	page->order = order;
	list_add(&page->lru, &free_lists[order]);
}

/* zone_lock held. */
static void free_block(unsigned long pfn, unsigned int order)
{
	lockdep_assert_held(&zone_lock);
	nr_free += 1UL << order;
	while (order < MAX_ORDER - 1) {
		unsigned long buddy = pfn ^ (1UL << order);
		struct page *page = pfn_to_page(buddy);

		if (!pfn_valid(buddy) || page->type != PAGE_FREE || page->order != order ||
		    page_count(page))
			break;
		list_del(&page->lru);
		/* not a head any more: nobody may take it for one */
		page->type = PAGE_RESERVED;
		pfn &= ~(1UL << order);
		order++;
	}
	put_block(pfn, order);
}

/* The largest block that begins at @first and ends at or before @end. */
static unsigned int order_of_run(unsigned long first, unsigned long end)
{
	unsigned int aligned = __builtin_ctzl(first | 1UL << (MAX_ORDER - 1));
	unsigned int fits = 63 - __builtin_clzl(end - first);

	return min(aligned, fits);
}

/* Frames [first, end), reserved until now and without a holder, join the others: block by block. */
void free_reserved_frames(unsigned long first, unsigned long end)
{
	unsigned long flags;

	spin_lock_irqsave(&zone_lock, flags);
	totalram_pages += end - first;
	while (first < end) {
		unsigned int order = order_of_run(first, end);

		free_block(first, order);
		first += 1UL << order;
	}
	spin_unlock_irqrestore(&zone_lock, flags);
}

static struct page *take_block(unsigned int order)
{
	unsigned int have = order;
	struct page *page;

	lockdep_assert_held(&zone_lock);
	while (have < MAX_ORDER && list_empty(&free_lists[have]))
		have++;
	if (have == MAX_ORDER)
		return NULL;
	page = list_first_entry(&free_lists[have], struct page, lru);
	list_del(&page->lru);
	while (have > order) {
		have--;
		put_block(page_to_pfn(page) + (1UL << have), have);
	}
	nr_free -= 1UL << order;
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = NULL;
	unsigned long flags;

	if (order >= MAX_ORDER)
		return NULL;
	spin_lock_irqsave(&zone_lock, flags);
	page = take_block(order);
	if (page) {
		page->type = PAGE_KERNEL;
		page->order = order;
		page->inuse = 0;
		page->private = 0;
		page->freelist = NULL;
		atomic_set(&page->_refcount, 1);
	}
	spin_unlock_irqrestore(&zone_lock, flags);
	if (page && (gfp & __GFP_ZERO))
		memset(page_address(page), 0, PAGE_SIZE << order);
	if (!page && !(gfp & __GFP_NOWARN))
		pr_warn_once("page allocation failure: order:%u\n", order);
	return page;
}

struct page *alloc_page_type(gfp_t gfp, enum page_type type)
{
	struct page *page = alloc_pages(gfp, 0);

	if (page)
		page->type = type;
	return page;
}

void __free_pages(struct page *page, unsigned int order)
{
	unsigned long flags;

	if (WARN_ON(page_count(page) <= 0 || page->type == PAGE_FREE))
		return;
	if (!atomic_dec_and_test(&page->_refcount))
		return;
	spin_lock_irqsave(&zone_lock, flags);
	free_block(page_to_pfn(page), order);
	spin_unlock_irqrestore(&zone_lock, flags);
}

void put_page(struct page *page)
{
	__free_pages(page, page->order);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	return page ? (unsigned long)page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((void *)addr), order);
}

unsigned long nr_free_pages(void)
{
	return READ_ONCE(nr_free);
}

/* The head of a block, the only frame of it that says what it is, is aligned to its size. */
static bool is_in_heap_block(unsigned long pfn)
{
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		unsigned long head = pfn & ~((1UL << order) - 1);
		struct page *page = pfn_to_page(head);

		if (page->type == PAGE_KERNEL && page_count(page) > 0 &&
		    pfn - head < 1UL << page->order)
			return true;
	}
	return false;
}

bool is_heap_memory(const void *at, size_t size)
{
	unsigned long first = (unsigned long)at - PAGE_OFFSET, end = max_pfn << PAGE_SHIFT;

	if (first >= end || size > end - first)
		return false;
	for (unsigned long pfn = PFN_DOWN(first); pfn < PFN_UP(first + size); pfn++)
		if (pfn_to_page(pfn)->type != PAGE_SLAB && !is_in_heap_block(pfn))
			return false;
	return true;
}

/* How many frames there are of each type; blocks count whole. */
void count_page_types(unsigned long counts[16])
{
	unsigned long flags;

	memset(counts, 0, 16 * sizeof(counts[0]));
	spin_lock_irqsave(&zone_lock, flags);
	for (unsigned long pfn = 0; pfn < max_pfn;) {
		struct page *page = pfn_to_page(pfn);
		bool block = page->type == PAGE_FREE || page_count(page) > 0;
		unsigned long frames = block && page->type != PAGE_SLAB ? 1UL << page->order : 1;

		counts[page->type & 15] += frames;
		pfn += frames;
	}
	spin_unlock_irqrestore(&zone_lock, flags);
}

/* ---- kernel memory of many pages: contiguous ---- */

void *vmalloc(unsigned long size)
{
	return (void *)__get_free_pages(GFP_KERNEL, get_order(size));
}

void *vzalloc(unsigned long size)
{
	return (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, get_order(size));
}

void vfree(const void *addr)
{
	if (addr)
		put_page(virt_to_page(addr));
}
