/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page-table entries (SDM 3A 4.5) and the walks over them. TLB flushes that
 * belong to a change are the caller's, by flush_tlb_*().
 */
#ifndef _ASM_PGTABLE_H
#define _ASM_PGTABLE_H

#include <linux/types.h>
#include <linux/mm.h>

#define _PAGE_PRESENT  0x001UL
#define _PAGE_RW       0x002UL
#define _PAGE_USER     0x004UL
#define _PAGE_PWT      0x008UL
#define _PAGE_PCD      0x010UL
#define _PAGE_ACCESSED 0x020UL
#define _PAGE_DIRTY    0x040UL
#define _PAGE_PSE      0x080UL
#define _PAGE_GLOBAL   0x100UL
#define _PAGE_COW      0x200UL /* available to software: shared until written */
#define _PAGE_NX       (1UL << 63)
#define PTE_PFN_MASK   0x000ffffffffff000UL

#define PAGE_KERNEL_PROT \
	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_GLOBAL | _PAGE_NX)
#define PAGE_KERNEL_RO_PROT (_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_GLOBAL | _PAGE_NX)
#define PAGE_KERNEL_RX_PROT (_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_GLOBAL)
#define PAGE_KERNEL_IO_PROT (PAGE_KERNEL_PROT | _PAGE_PCD | _PAGE_PWT)

#define PGD_INDEX(a) (((a) >> 39) & 511)
#define PUD_INDEX(a) (((a) >> 30) & 511)
#define PMD_INDEX(a) (((a) >> 21) & 511)
#define PTE_INDEX(a) (((a) >> 12) & 511)
#define pte_table(e) ((u64 *)__va((e)&PTE_PFN_MASK))

/* the kernel's PML4: all address spaces copy its upper half */
extern u64 *kernel_pgd;

/* 4 KiB kernel mappings; make tables as needed. 0 or -ENOMEM. Flushing is the caller's. */
int map_kernel_page(unsigned long vaddr, phys_addr_t phys, u64 prot);
int map_kernel_2m(unsigned long vaddr, phys_addr_t phys, u64 prot);
void unmap_kernel_page(unsigned long vaddr);
u64 *lookup_kernel_pte(unsigned long vaddr,
		       int *level); /* level 1 = 4K, 2 = 2M, 3 = 1G; NULL: not mapped */
void paging_init(void);
void paging_allocator_up(void);
/* the arena's 14 MiB: text read-only, executable; rodata read-only; the rest writable; or all writable and executable */
void map_arena(unsigned long virt, unsigned long phys, u64 prot);

/* the user PTE for an address; with @alloc missing tables are made; page_table_lock held */
u64 *walk_user_pte(struct mm_struct *, unsigned long addr, bool alloc);
void free_user_page_tables(struct mm_struct *);
/* every present user entry, until @fn returns non-zero; page_table_lock held */
int for_each_user_pte(struct mm_struct *, int (*fn)(u64 *pte, unsigned long addr, void *),
		      void *data);
/* every page-table page of the user half, PML4 included */
int for_each_page_table(struct mm_struct *, int (*fn)(struct page *, int level, void *),
			void *data);

void flush_tlb_mm(struct mm_struct *);
void flush_tlb_page(struct mm_struct *, unsigned long addr);
void flush_tlb_kernel_range(unsigned long start, unsigned long end);

#endif
