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
	ledger[LEDGER_TABLES].kept++;
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
u32 page_tables_crc(struct mm_struct *mm)
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

static int put_mm(struct ser_writer *w, struct mm_struct *mm)
{
	struct mm_ser record = {
		.pgd = __pa(mm->pgd),
		.pcid = mm->pcid,
		.cpu_bitmap = mm->cpu_bitmap,
		.exe_file = mm->exe_file ? number_of(&file_numbers, mm->exe_file) : HANDOVER_NONE,
		.mmap_base = mm->mmap_base,
		.start_code = mm->start_code,
		.end_code = mm->end_code,
		.start_data = mm->start_data,
		.end_data = mm->end_data,
		.start_brk = mm->start_brk,
		.brk = mm->brk,
		.start_stack = mm->start_stack,
		.arg_start = mm->arg_start,
		.arg_end = mm->arg_end,
		.env_start = mm->env_start,
		.env_end = mm->env_end,
		.total_vm = mm->total_vm,
		.rss = mm->rss,
		.nr_ptes = mm->nr_ptes,
		.hiwater_rss = mm->hiwater_rss,
		.areas = mm->map_count,
		.tables_crc32 = page_tables_crc(mm),
	};
	struct vm_area_struct *vma;
	int ret;

	for (int i = 0; i < 48; i++)
		record.auxv[i] = mm->auxv[i];
	ser_put(w, &record, sizeof(record));
	w->count++;
	for_each_vma_of(mm, vma) {
		struct area_ser area = {
			vma->vm_start,
			vma->vm_end,
			vma->vm_flags,
			vma->vm_pgoff,
			vma->vm_file ? number_of(&file_numbers, vma->vm_file) : HANDOVER_NONE,
		};

		if (vma->vm_ops || (vma->vm_flags & VM_PFNMAP) ||
		    (vma->vm_file && area.file == HANDOVER_NONE))
			return liveupdate_refuse(-EOPNOTSUPP,
						 "memory at %lx of a device cannot be preserved",
						 vma->vm_start);
		ser_put(w, &area, sizeof(area));
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
	ledger[LEDGER_TABLES].kept++;
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
		ledger[LEDGER_PAGES].kept++;
	return retrieve_frame((*pte & PTE_PFN_MASK) >> PAGE_SHIFT, FRAME_ANON);
}

static int get_area(struct ser_reader *r, struct mm_struct *mm)
{
	struct vm_area_struct *vma = vm_area_alloc(mm);
	struct area_ser ser;

	if (!vma || !ser_get(r, &ser, sizeof(ser)))
		return vma ? -EINVAL : -ENOMEM;
	vma->vm_start = ser.start;
	vma->vm_end = ser.end;
	vma->vm_flags = ser.flags;
	vma->vm_pgoff = ser.pgoff;
	if (ser.file != HANDOVER_NONE) {
		struct file *file = number_get(&file_numbers, ser.file);

		if (!file)
			return -EINVAL;
		vma->vm_file = get_file(file);
	}
	list_add_tail(&vma->vm_list, &mm->mmap);
	mm->map_count++;
	ledger[LEDGER_AREAS].rebuilt++;
	return 0;
}

static void fill_mm(struct mm_struct *mm, const struct mm_ser *ser)
{
	mm->cpu_bitmap = ser->cpu_bitmap;
	mm->mmap_base = ser->mmap_base;
	mm->start_code = ser->start_code;
	mm->end_code = ser->end_code;
	mm->start_data = ser->start_data;
	mm->end_data = ser->end_data;
	mm->start_brk = ser->start_brk;
	mm->brk = ser->brk;
	mm->start_stack = ser->start_stack;
	mm->arg_start = ser->arg_start;
	mm->arg_end = ser->arg_end;
	mm->env_start = ser->env_start;
	mm->env_end = ser->env_end;
	mm->total_vm = ser->total_vm;
	mm->rss = ser->rss;
	mm->nr_ptes = ser->nr_ptes;
	mm->hiwater_rss = ser->hiwater_rss;
	for (int i = 0; i < 48; i++)
		mm->auxv[i] = ser->auxv[i];
}

static int get_mm(struct ser_reader *r)
{
	struct mm_struct *mm;
	struct mm_ser ser;
	int ret = 0;

	if (!ser_get(r, &ser, sizeof(ser)) || !handover_frame_preserved(ser.pgd >> PAGE_SHIFT))
		return -EINVAL;
	mm = mm_alloc_adopt(__va(ser.pgd), ser.pcid);
	if (!mm)
		return -ENOMEM;
	fill_mm(mm, &ser);
	/* users come with the tasks */
	atomic_set(&mm->mm_users, 0);
	if (ser.exe_file != HANDOVER_NONE) {
		mm->exe_file = number_get(&file_numbers, ser.exe_file);
		if (!mm->exe_file)
			return -EINVAL;
		get_file(mm->exe_file);
	}
	while (!ret && ser.areas--)
		ret = get_area(r, mm);
	if (!ret)
		ret = for_each_page_table(mm, adopt_table, NULL);
	if (!ret)
		ret = for_each_user_pte(mm, adopt_entry, NULL);
	if (!ret)
		ret = number_add(&mm_numbers, mm);
	if (!ret)
		ret = number_add(&table_sums, (void *)(unsigned long)ser.tables_crc32);
	ledger[LEDGER_SPACES].rebuilt++;
	return ret;
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

const struct liveupdate_class mm_class = {
	.name = "mm",
	.compatible = MM_COMPATIBLE,
	.preserve = preserve_mms,
	.retrieve = retrieve_mms,
};
