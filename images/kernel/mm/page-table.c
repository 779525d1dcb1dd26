// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The user half of an address space's page tables: finding and making entries,
 * and walking them all. An entry that is not zero holds a reference on its
 * frame, also one that is not present (PROT_NONE). Flushing TLBs is the
 * caller's.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <asm/pgtable.h>
#include "internal.h"

#define USER_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED)

static u64 *next_table(struct mm_struct *mm, u64 *entry, bool alloc)
{
	struct page *page;

	if (*entry)
		return pte_table(*entry);
	if (!alloc)
		return NULL;
	page = alloc_page_type(GFP_ATOMIC | __GFP_ZERO, PAGE_TABLE);
	if (!page)
		return NULL;
	mm->nr_ptes++;
	/* the zeroed page before the entry that leads to it */
	smp_wmb();
	WRITE_ONCE(*entry, page_to_phys(page) | USER_TABLE);
	return page_address(page);
}

u64 *walk_user_pte(struct mm_struct *mm, unsigned long addr, bool alloc)
{
	u64 *table = mm->pgd;

	mm_assert_held(mm, page_table_lock);
	for (int shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		table = next_table(mm, &table[addr >> shift & 511], alloc);
		if (!table)
			return NULL;
	}
	return &table[PTE_INDEX(addr)];
}

/* Where the pages that have no table at @addr end: the area may be far larger than its tables. */
unsigned long user_hole_end(struct mm_struct *mm, unsigned long addr)
{
	u64 *table = mm->pgd;

	mm_assert_held(mm, page_table_lock);
	for (int shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		table = next_table(mm, &table[addr >> shift & 511], false);
		if (!table)
			return ALIGN_DOWN(addr, 1UL << shift) + (1UL << shift);
	}
	return addr;
}

static int walk_level(u64 *table, int shift, unsigned long base,
		      int (*fn)(u64 *pte, unsigned long addr, void *), void *data)
{
	int entries = shift == 39 ? 256 : 512;

	for (int i = 0; i < entries; i++) {
		unsigned long addr = base + ((unsigned long)i << shift);
		int ret;

		if (!table[i])
			continue;
		ret = shift == PAGE_SHIFT
			      ? fn(&table[i], addr, data)
			      : walk_level(pte_table(table[i]), shift - 9, addr, fn, data);
		if (ret)
			return ret;
	}
	return 0;
}

int for_each_user_pte(struct mm_struct *mm, int (*fn)(u64 *pte, unsigned long addr, void *),
		      void *data)
{
	mm_assert_held(mm, page_table_lock);
	return walk_level(mm->pgd, 39, 0, fn, data);
}

static int walk_tables(u64 *table, int level, int (*fn)(struct page *, int level, void *),
		       void *data)
{
	int entries = level == 4 ? 256 : 512;
	int ret = fn(virt_to_page(table), level, data);

	for (int i = 0; !ret && level > 1 && i < entries; i++)
		if (table[i])
			ret = walk_tables(pte_table(table[i]), level - 1, fn, data);
	return ret;
}

int for_each_page_table(struct mm_struct *mm, int (*fn)(struct page *, int level, void *),
			void *data)
{
	mm_assert_held(mm, page_table_lock);
	return walk_tables(mm->pgd, 4, fn, data);
}

static void free_level(u64 *table, int level)
{
	int entries = level == 4 ? 256 : 512;

	for (int i = 0; level > 1 && i < entries; i++) {
		if (!table[i])
			continue;
		free_level(pte_table(table[i]), level - 1);
		put_page(virt_to_page(pte_table(table[i])));
		table[i] = 0;
	}
}

/* All tables below the PML4; no entry maps anything any more. */
void free_user_page_tables(struct mm_struct *mm)
{
	DEBUG_ASSERT(!atomic_read(&mm->mm_count));
	free_level(mm->pgd, 4);
}
