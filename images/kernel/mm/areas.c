// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The areas of an address space: few, and on one list in order of address. Finding,
 * joining and splitting them, and taking a range out. mmap_lock is held throughout.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include "internal.h"

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mm_assert_held(mm, mmap_lock);
	for_each_vma_of(mm, vma)
		if (vma->vm_end > addr)
			return vma;
	return NULL;
}

static bool same_kind(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	if (a->vm_flags != b->vm_flags || a->vm_file != b->vm_file || a->vm_ops != b->vm_ops ||
	    a->vm_end != b->vm_start)
		return false;
	return !a->vm_file || linear_page_index(a, a->vm_end) == b->vm_pgoff;
}

/* Two areas that follow each other and are alike become one. */
static void merge_with_next(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next;

	mm_assert_held(mm, mmap_lock);
	if (list_is_last(&vma->vm_list, &mm->mmap))
		return;
	next = list_next_entry(vma, vm_list);
	if (!same_kind(vma, next))
		return;
	vma->vm_end = next->vm_end;
	list_del(&next->vm_list);
	mm->map_count--;
	vm_area_free(next);
}

void vma_merge_around(struct mm_struct *mm, struct vm_area_struct *vma)
{
	mm_assert_held(mm, mmap_lock);
	merge_with_next(mm, vma);
	if (vma->vm_list.prev != &mm->mmap)
		merge_with_next(mm, list_prev_entry(vma, vm_list));
}

int insert_vm_struct(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next = find_vma(mm, vma->vm_start);

	mm_assert_held(mm, mmap_lock);
	if (next && next->vm_start < vma->vm_end)
		return -ENOMEM;
	list_add_tail(&vma->vm_list, next ? &next->vm_list : &mm->mmap);
	mm->map_count++;
	mm->total_vm += (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
	return 0;
}

/* The area that begins at @addr after this; @vma holds @addr inside. */
static struct vm_area_struct *split(struct mm_struct *mm, struct vm_area_struct *vma,
				    unsigned long addr)
{
	struct vm_area_struct *fresh = vm_area_alloc(mm);

	mm_assert_held(mm, mmap_lock);
	if (!fresh)
		return NULL;
	fresh->vm_start = addr;
	fresh->vm_end = vma->vm_end;
	fresh->vm_flags = vma->vm_flags;
	fresh->vm_file = vma->vm_file ? get_file(vma->vm_file) : NULL;
	fresh->vm_pgoff = linear_page_index(vma, addr);
	fresh->vm_ops = vma->vm_ops;
	fresh->vm_private_data = vma->vm_private_data;
	vma->vm_end = addr;
	list_add(&fresh->vm_list, &vma->vm_list);
	mm->map_count++;
	return fresh;
}

int vma_split_at(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	mm_assert_held(mm, mmap_lock);
	if (vma && vma->vm_start < start && !split(mm, vma, start))
		return -ENOMEM;
	vma = find_vma(mm, end);
	if (vma && vma->vm_start < end && !split(mm, vma, end))
		return -ENOMEM;
	return 0;
}

int do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	unsigned long end = addr + PAGE_ALIGN(len);
	struct vm_area_struct *vma;

	mm_assert_held(mm, mmap_lock);
	if (offset_in_page(addr) || !len || addr > TASK_SIZE || len > TASK_SIZE - addr)
		return -EINVAL;
	if (vma_split_at(mm, addr, end))
		return -ENOMEM;
	while ((vma = find_vma(mm, addr)) && vma->vm_start < end) {
		zap_range(mm, vma->vm_start, vma->vm_end);
		mm->total_vm -= (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
		mm->map_count--;
		list_del(&vma->vm_list);
		vm_area_free(vma);
	}
	return 0;
}

/* A hole of @len bytes: at the hint, else the highest below mmap_base; 0 if there is none. */
unsigned long get_unmapped_area(struct mm_struct *mm, unsigned long hint, unsigned long len)
{
	unsigned long top = mm->mmap_base;
	struct vm_area_struct *vma;

	mm_assert_held(mm, mmap_lock);
	if (hint) {
		hint = PAGE_ALIGN(hint);
		vma = find_vma(mm, hint);
		if (hint >= PAGE_SIZE && hint <= TASK_SIZE - len &&
		    (!vma || hint + len <= vma->vm_start))
			return hint;
	}
	list_for_each_entry_reverse(vma, &mm->mmap, vm_list) {
		if (vma->vm_start >= top)
			continue;
		if (vma->vm_end <= top && top - vma->vm_end >= len)
			return top - len;
		top = vma->vm_start;
	}
	return top >= len + PAGE_SIZE ? top - len : 0;
}
