/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of mm/ only. */
#ifndef _MM_INTERNAL_H
#define _MM_INTERNAL_H

#include <linux/mm.h>

struct file;

/* A tmpfs file of that size without a name, or ERR_PTR. */
struct file *shmem_file_setup(loff_t size);

void page_alloc_init(void);
unsigned int pcid_alloc(void);
void pcid_free(unsigned int pcid);

/* Makes @start and @end borders of areas; mmap_lock held. */
int vma_split_at(struct mm_struct *mm, unsigned long start, unsigned long end);
/* Joins an area with its neighbours where they are alike; mmap_lock held. */
void vma_merge_around(struct mm_struct *mm, struct vm_area_struct *vma);
/* Takes everything out of [start, end), flushes, gives the frames back; mmap_lock held. */
void zap_range(struct mm_struct *mm, unsigned long start, unsigned long end);
/* After walk_user_pte() has found no table at @addr: where there may be one again. */
unsigned long user_hole_end(struct mm_struct *mm, unsigned long addr);
/* The page of the area's file, or of its anonymous memory, that @addr shows. */
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
}
/* The protection bits of an entry in this area, writable only if @write. */
u64 area_prot(const struct vm_area_struct *vma, bool write);

#endif
