// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's own page tables: direct map, arenas, module areas, device
 * registers.
 *
 * Promises: the tables below the three kernel entries of the PML4 (273, 402,
 * 511) exist before the first address space is made and are the same in all;
 * the PML4 itself never changes afterwards. They lie above the arenas, so that
 * the next kernel can go on with them. A kernel entered by a handover finds
 * them complete and only adds to them.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/io.h>
#include <asm/pgtable.h>
#include <asm/processor.h>
#include "arch.h"

unsigned long arena_virt = (unsigned long)_text; /* relocated with the image */
unsigned long arena_phys = ARENA_A_PHYS;	 /* the entry code of a handover sets it */
u64 *kernel_pgd;

#define KERNEL_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)

static DEFINE_SPINLOCK(kernel_tables_lock);
static bool page_allocator_up;

static u64 *new_table(void)
{
	struct page *page;

	if (!page_allocator_up)
		return early_alloc(PAGE_SIZE);
	page = alloc_page_type(GFP_ATOMIC | __GFP_ZERO, PAGE_TABLE);
	return page ? page_address(page) : NULL;
}

static u64 *next_table(u64 *entry)
{
	u64 *table;

	if (*entry & _PAGE_PRESENT)
		return pte_table(*entry);
	table = new_table();
	if (table)
		WRITE_ONCE(*entry, __pa(table) | KERNEL_TABLE);
	return table;
}

static u64 *kernel_pmd(unsigned long vaddr)
{
	u64 *table = next_table(&kernel_pgd[PGD_INDEX(vaddr)]);

	if (table)
		table = next_table(&table[PUD_INDEX(vaddr)]);
	return table ? &table[PMD_INDEX(vaddr)] : NULL;
}

int map_kernel_2m(unsigned long vaddr, phys_addr_t phys, u64 prot)
{
	unsigned long flags;
	u64 *pmd;

	spin_lock_irqsave(&kernel_tables_lock, flags);
	pmd = kernel_pmd(vaddr);
	if (pmd)
		WRITE_ONCE(*pmd, phys | prot | _PAGE_PSE);
	spin_unlock_irqrestore(&kernel_tables_lock, flags);
	return pmd ? 0 : -ENOMEM;
}

int map_kernel_page(unsigned long vaddr, phys_addr_t phys, u64 prot)
{
	unsigned long flags;
	u64 *pmd, *table = NULL;

	spin_lock_irqsave(&kernel_tables_lock, flags);
	pmd = kernel_pmd(vaddr);
	if (pmd && !(*pmd & _PAGE_PSE))
		table = next_table(pmd);
	if (table)
		WRITE_ONCE(table[PTE_INDEX(vaddr)], phys | prot);
	spin_unlock_irqrestore(&kernel_tables_lock, flags);
	return table ? 0 : -ENOMEM;
}

void unmap_kernel_page(unsigned long vaddr)
{
	int level;
	u64 *pte = lookup_kernel_pte(vaddr, &level);

	if (pte && level == 1)
		WRITE_ONCE(*pte, 0);
}

u64 *lookup_kernel_pte(unsigned long vaddr, int *level)
{
	u64 *table = kernel_pgd;

	for (int depth = 4; depth > 0; depth--) {
		u64 *entry = &table[vaddr >> (12 + 9 * (depth - 1)) & 511];

		if (!(*entry & _PAGE_PRESENT))
			return NULL;
		if (depth == 1 || (*entry & _PAGE_PSE)) {
			if (level)
				*level = depth;
			return entry;
		}
		table = pte_table(*entry);
	}
	return NULL;
}

phys_addr_t kernel_text_phys(unsigned long addr)
{
	int level;
	u64 *pte = lookup_kernel_pte(addr, &level);
	unsigned long offset_mask;

	if (!pte)
		panic("kernel_text_phys: %lx is not mapped", addr);
	offset_mask = (1UL << (12 + 9 * (level - 1))) - 1;
	return (*pte & PTE_PFN_MASK & ~offset_mask) | (addr & offset_mask);
}

void map_arena(unsigned long virt, unsigned long phys, u64 prot)
{
	for (unsigned long offset = 0; offset < ARENA_SIZE; offset += PMD_SIZE)
		if (map_kernel_2m(virt + offset, phys + offset, prot))
			panic("map_arena: out of memory");
}

/* The image's own arena with the permissions of its parts. */
static void map_image(void)
{
	for (unsigned long offset = 0; offset < ARENA_SIZE; offset += PMD_SIZE) {
		unsigned long virt = arena_virt + offset;
		u64 prot = PAGE_KERNEL_PROT;

		if (virt < (unsigned long)_etext)
			prot = PAGE_KERNEL_RX_PROT;
		else if (virt < (unsigned long)__end_rodata)
			prot = PAGE_KERNEL_RO_PROT;
		map_kernel_2m(virt, arena_phys + offset, prot);
	}
}

/* RAM, and whatever the firmware keeps in reserved parts of it. */
static u64 direct_map_end(void)
{
	u64 end = 0;

	for (unsigned int i = 0; i < boot_info.nr_ranges; i++) {
		struct memory_range *range = &boot_info.ranges[i];

		if (range->usable)
			end = max(end, range->start + range->size);
	}
	return ALIGN(end, (u64)PMD_SIZE);
}

static void make_kernel_tables(void)
{
	kernel_pgd = early_alloc(PAGE_SIZE);
	next_table(&kernel_pgd[PGD_INDEX(PAGE_OFFSET)]);
	next_table(&kernel_pgd[PGD_INDEX(IOREMAP_START)]);
	next_table(&kernel_pgd[PGD_INDEX(ARENA_A_VIRT)]);
	for (u64 phys = 0; phys < direct_map_end(); phys += PMD_SIZE)
		map_kernel_2m(PAGE_OFFSET + phys, phys, PAGE_KERNEL_PROT);
}

void paging_init(void)
{
	if (!boot_info.handover)
		make_kernel_tables();
	map_image();
	init_mm.pgd = kernel_pgd;
	if (!boot_info.handover)
		write_cr3(__pa(kernel_pgd));
}

/* From here on tables come from the page allocator. */
void paging_allocator_up(void)
{
	page_allocator_up = true;
}

/* ---- device registers ---- */

#define IOREMAP_SLOTS 32

static struct ioremap_slot {
	phys_addr_t phys;
	unsigned long pages, vaddr;
} ioremap_slots[IOREMAP_SLOTS];
static unsigned long ioremap_next = IOREMAP_START;

/*
 * A mapping that the kernel before has made at this place stays as it is: the
 * window is filled in the order of requests, and an address is taken only if
 * nothing is mapped there.
 */
void __iomem *ioremap(phys_addr_t phys, size_t size)
{
	unsigned long offset = phys & ~PAGE_MASK, pages = PFN_UP(offset + size);
	struct ioremap_slot *slot;

	phys -= offset;
	for (slot = ioremap_slots; slot < ioremap_slots + IOREMAP_SLOTS && slot->pages; slot++)
		if (slot->phys == phys && slot->pages >= pages)
			return (void *)(slot->vaddr + offset);
	if (slot == ioremap_slots + IOREMAP_SLOTS)
		return NULL;
	slot->phys = phys;
	slot->vaddr = ioremap_next;
	for (unsigned long i = 0; i < pages; i++) {
		u64 *pte = lookup_kernel_pte(ioremap_next + i * PAGE_SIZE, NULL);

		if (pte && (*pte & PTE_PFN_MASK) != phys + i * PAGE_SIZE) {
			/* something else is there: begin again behind it */
			ioremap_next += (i + 1) * PAGE_SIZE;
			slot->vaddr = ioremap_next;
			i = -1UL;
			continue;
		}
		if (!pte && map_kernel_page(ioremap_next + i * PAGE_SIZE, phys + i * PAGE_SIZE,
					    PAGE_KERNEL_IO_PROT))
			return NULL;
	}
	slot->pages = pages;
	ioremap_next += pages * PAGE_SIZE;
	return (void *)(slot->vaddr + offset);
}
