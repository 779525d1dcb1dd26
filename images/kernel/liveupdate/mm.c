// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class mm: address spaces.
 *
 * Page tables and user pages stay where they are and what they are: neither
 * kernel writes a user page-table entry, so accessed and dirty bits and cached
 * translations stay true. The record has the root of the tables, their
 * checksum, the PCID with the CPUs that may have entries of it, and the areas.
 * The kernel's own tables (direct map, arenas, device registers) are preserved
 * here as well; the new kernel takes the old one's modules out of them.
 */
#include <linux/slab.h>
#include <asm/pgtable.h>
#include "internal.h"

/* ---- the kernel's half ---- */

static int walk_kernel_tables(u64 *table, int level, int (*fn)(unsigned long pfn))
{
	int ret = fn(__pa(table) >> PAGE_SHIFT);

	for (int i = level == 4 ? 256 : 0; !ret && level > 1 && i < 512; i++)
		if ((table[i] & _PAGE_PRESENT) && !(table[i] & _PAGE_PSE))
			ret = walk_kernel_tables(pte_table(table[i]), level - 1, fn);
	return ret;
}

static int preserve_table_frame(unsigned long pfn)
{
	return preserve_frame(pfn, FRAME_TABLE);
}

static int retrieve_table_frame(unsigned long pfn)
{
	/* one that this kernel has made since it began is in the books */
	if (!handover_frame_preserved(pfn))
		return 0;
	ledger_add(LEDGER_TABLES, LEDGER_KEPT, 1);
	return retrieve_frame(pfn, FRAME_TABLE);
}

/*
 * Modules and trampolines of the kernel before: their frames are free, so their
 * mappings go. This kernel's own lie in the other half.
 */
static void unmap_foreign_modules(void)
{
	unsigned long start = arena_virt == ARENA_A_VIRT ? MODULES_B_VADDR : MODULES_A_VADDR;

	for (unsigned long pmd = start; pmd < start + MODULES_SIZE && pmd >= start;
	     pmd += PMD_SIZE) {
		u64 *table = &kernel_pgd[PGD_INDEX(pmd)];

		if (!(*table & _PAGE_PRESENT))
			return;
		table = &pte_table(*table)[PUD_INDEX(pmd)];
		if (!(*table & _PAGE_PRESENT))
			return;
		table = &pte_table(*table)[PMD_INDEX(pmd)];
		if (!(*table & _PAGE_PRESENT))
			continue;
		table = pte_table(*table);
		for (int i = 0; i < 512; i++) {
			if (!table[i])
				continue;
			table[i] = 0;
			flush_tlb_kernel_range(pmd + i * PAGE_SIZE, pmd + (i + 1) * PAGE_SIZE);
		}
	}
}

/* ---- a process's half ---- */

static int add_to_crc(struct page *page, int level, void *data)
{
	u64 phys = page_to_phys(page);
	u32 *crc = data;

	*crc = crc32_of(*crc, &phys, sizeof(phys));
	*crc = crc32_of(*crc, page_address(page), level == 4 ? PAGE_SIZE / 2 : PAGE_SIZE);
	return 0;
}

/* Which tables, and every bit in them. */
static u32 page_tables_crc(struct mm_struct *mm)
{
	u32 crc = 0;

	for_each_page_table(mm, add_to_crc, &crc);
	return crc;
}

static int preserve_table(struct page *page, int level, void *data)
{
	return preserve_frame(page_to_pfn(page), FRAME_TABLE);
}

static int preserve_entry(u64 *pte, unsigned long addr, void *data)
{
	return preserve_frame((*pte & PTE_PFN_MASK) >> PAGE_SHIFT, FRAME_ANON);
}

DEFINE_RECORD(mm, MM_RECORD, struct mm_struct *mm)
DEFINE_RECORD(area, AREA_RECORD, struct vm_area_struct *vma)

static bool area_can_be_carried(const struct vm_area_struct *vma)
{
	return !vma->vm_ops && !(vma->vm_flags & VM_PFNMAP) &&
	       (!vma->vm_file || number_of(&file_numbers, vma->vm_file) != HANDOVER_NONE);
}

static int put_mm(struct ser_writer *w, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	int ret;

	write_mm(w, mm);
	w->count++;
	for_each_vma_of(mm, vma) {
		if (!area_can_be_carried(vma))
			return liveupdate_refuse(-EOPNOTSUPP,
						 "memory at %lx of a device cannot be preserved",
						 vma->vm_start);
		write_area(w, vma);
	}
	ret = for_each_page_table(mm, preserve_table, NULL);
	if (!ret)
		ret = for_each_user_pte(mm, preserve_entry, NULL);
	return ret ? ret : number_add(&mm_numbers, mm);
}

static int preserve_mms(struct ser_writer *w)
{
	struct task_struct *p, *t;
	int ret = walk_kernel_tables(kernel_pgd, 4, preserve_table_frame);

	if (ret)
		return ret;
	for_each_user_process(p) {
		for_each_thread(p, t) {
			if (!t->mm || number_of(&mm_numbers, t->mm) != HANDOVER_NONE)
				continue;
			ret = put_mm(w, t->mm);
			if (ret)
				return ret;
		}
	}
	return w->error;
}

/* ---- the new kernel ---- */

static int adopt_table(struct page *page, int level, void *data)
{
	ledger_add(LEDGER_TABLES, LEDGER_KEPT, 1);
	return retrieve_frame(page_to_pfn(page), FRAME_TABLE);
}

static int adopt_entry(u64 *pte, unsigned long addr, void *data)
{
#ifdef MUTANT_RESTORE_WRONG_PTE
	/* what this kernel's own checks must catch: one entry leads to the neighbouring frame */
	static bool done;

	if (!done && (*pte & _PAGE_PRESENT) && (*pte & _PAGE_RW)) {
		done = true;
		*pte ^= PAGE_SIZE;
	}
#endif
	if (page_count(phys_to_page(*pte & PTE_PFN_MASK)) == 0)
		ledger_add(LEDGER_PAGES, LEDGER_KEPT, 1);
	return retrieve_frame((*pte & PTE_PFN_MASK) >> PAGE_SHIFT, FRAME_ANON);
}

static int get_area(struct ser_reader *r, struct mm_struct *mm)
{
	TAKE_RECORD(r, area, AREA_RECORD)
	struct vm_area_struct *vma = vm_area_alloc(mm);

	if (!vma)
		return -ENOMEM;
	read_area(record, vma);
	if (file != HANDOVER_NONE)
		vma->vm_file = get_file(number_get(&file_numbers, file));
	list_add_tail(&vma->vm_list, &mm->mmap);
	mm->map_count++;
	return 0;
}

static int get_mm(struct ser_reader *r)
{
	TAKE_RECORD(r, mm, MM_RECORD)
	struct mm_struct *mm = mm_alloc_adopt(__va(pgd), pcid);
	int ret = 0;

	if (!mm)
		return -ENOMEM;
	read_mm(record, mm);
	/* users come with the tasks */
	atomic_set(&mm->mm_users, 0);
	if (exe_file != HANDOVER_NONE)
		mm->exe_file = get_file(number_get(&file_numbers, exe_file));
	for (u32 i = 0; i < areas && !ret; i++)
		ret = get_area(r, mm);
	if (!ret)
		ret = for_each_page_table(mm, adopt_table, NULL);
	if (!ret)
		ret = for_each_user_pte(mm, adopt_entry, NULL);
	if (!ret)
		ret = number_add(&mm_numbers, mm);
	return ret ? ret : number_add(&table_sums, (void *)(unsigned long)tables_crc32);
}

static int retrieve_mms(struct ser_reader *r, u64 count)
{
	int ret = walk_kernel_tables(kernel_pgd, 4, retrieve_table_frame);

	unmap_foreign_modules();
	while (!ret && count--)
		ret = get_mm(r);
	return ret;
}

/* Is every bit of every process's page tables what the old kernel left? */
bool page_tables_unchanged(void)
{
	for (u32 i = 0; i < mm_numbers.count; i++)
		if (page_tables_crc(mm_numbers.item[i]) != (unsigned long)table_sums.item[i])
			return false;
	return true;
}

#ifdef MUTANT_SPOIL_PTE_AFTER_CHECKS
static int spoil_entry(u64 *pte, unsigned long addr, void *data)
{
	if (!(*pte & _PAGE_DIRTY))
		return 0;
	*pte &= ~_PAGE_DIRTY;
	return 1;
}

/*
 * A fault for the tests, behind this kernel's own checks, so that only a look
 * from outside can find it: one page is no longer known to have been written.
 */
void spoil_one_entry(void)
{
	for (u32 i = 0; i < mm_numbers.count; i++)
		if (for_each_user_pte(mm_numbers.item[i], spoil_entry, NULL))
			return;
}
#endif

/* clang-format off */
#define MM_LEFT(LEFT) \
	LEFT(mm_users, "tasks count themselves in") \
	LEFT(mm_count, "one for all users") \
	LEFT(mmap_lock, "free when all stand still") \
	LEFT(mmap, "area records") \
	LEFT(page_table_lock, "free when all stand still")
#define AREA_LEFT(LEFT) \
	LEFT(vm_list, "the order of the records") \
	LEFT(vm_mm, "the record it follows") \
	LEFT(vm_ops, "refused: of a device") \
	LEFT(vm_private_data, "of a device")
/* clang-format on */
CARRIED(mm_struct, mm, MM_RECORD, MM_LEFT)
CARRIED(vm_area_struct, vma, AREA_RECORD, AREA_LEFT)

const struct liveupdate_class mm_class = {
	.layout = LAYOUT_mm,
	.preserve = preserve_mms,
	.retrieve = retrieve_mms,
};
