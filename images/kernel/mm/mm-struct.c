// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of an address space: made empty or around page tables that exist,
 * copied by fork, let go. mm_users counts those who use the user half, mm_count
 * those who need the page tables to stay.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/pgtable.h>
#include "internal.h"

static struct kmem_cache *mm_cache, *vma_cache;

void mm_init(void)
{
	mm_cache = kmem_cache_create("mm_struct", sizeof(struct mm_struct), 64, 0, NULL);
	vma_cache = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 16, 0, NULL);
}

static struct mm_struct *new_mm(u64 *pgd, unsigned int pcid)
{
	struct mm_struct *mm = kmem_cache_zalloc(mm_cache, GFP_KERNEL);

	if (!mm)
		return NULL;
	mm->pgd = pgd;
	mm->pcid = pcid;
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	mutex_init(&mm->mmap_lock);
	INIT_LIST_HEAD(&mm->mmap);
	mm->mmap_base = MMAP_TOP;
	spin_lock_init(&mm->page_table_lock);
	mm->nr_ptes = 1;
	return mm;
}

struct mm_struct *mm_alloc(void)
{
	struct page *page = alloc_page_type(GFP_KERNEL | __GFP_ZERO, PAGE_TABLE);
	struct mm_struct *mm;
	u64 *pgd;

	if (!page)
		return NULL;
	pgd = page_address(page);
	/* the upper half is the same in every address space, for ever */
	memcpy(pgd + 256, kernel_pgd + 256, 256 * sizeof(u64));
	mm = new_mm(pgd, pcid_alloc());
	if (!mm)
		put_page(page);
	return mm;
}

/* Live upgrade: the page tables are in memory already, and stay as they are. */
struct mm_struct *mm_alloc_adopt(u64 *pgd, unsigned int pcid)
{
	return pcid_reserve(pcid) ? NULL : new_mm(pgd, pcid);
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(vma_cache, GFP_KERNEL);

	mm_assert_held(mm, mmap_lock);
	if (vma)
		vma->vm_mm = mm;
	return vma;
}

void vm_area_free(struct vm_area_struct *vma)
{
	mm_assert_held(vma->vm_mm, mmap_lock);
	if (vma->vm_file)
		fput(vma->vm_file);
	kmem_cache_free(vma_cache, vma);
}

#ifdef CONFIG_DEBUG_KERNEL
/* The caller is a user: if it is the only one and no task has it, it is the caller's own. */
bool mm_is_unshared(const struct mm_struct *mm)
{
	return mm != current->mm && atomic_read(&mm->mm_users) <= 1;
}
#endif

void mmput(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	mmap_write_lock(mm);
	while (!list_empty(&mm->mmap)) {
		struct vm_area_struct *vma =
			list_first_entry(&mm->mmap, struct vm_area_struct, vm_list);

		zap_range(mm, vma->vm_start, vma->vm_end);
		list_del(&vma->vm_list);
		vm_area_free(vma);
	}
	mmap_write_unlock(mm);
	if (mm->exe_file) {
		fput(mm->exe_file);
		mm->exe_file = NULL;
	}
	mmdrop(mm);
}

/* Nobody's page tables any more; the tables of the user half map nothing. */
void __mmdrop(struct mm_struct *mm)
{
	DEBUG_ASSERT(!atomic_read(&mm->mm_users));
	free_user_page_tables(mm);
	put_page(virt_to_page(mm->pgd));
	pcid_free(mm->pcid);
	kmem_cache_free(mm_cache, mm);
}

struct mm_struct *get_task_mm(struct task_struct *task)
{
	struct mm_struct *mm;

	task_lock(task);
	mm = task->mm;
	if (mm)
		mmget(mm);
	task_unlock(task);
	return mm;
}

/* ---- fork ---- */

struct copy {
	struct mm_struct *to;
	struct vm_area_struct *vma; /* of the parent; entries come in order of address */
	int error;
};

/* The parent's page_table_lock is held; the child's need not be, as nobody has found it yet. */
static int copy_entry(u64 *from, unsigned long addr, void *data)
{
	struct copy *copy = data;
	u64 *to;

	lockdep_assert_held(&copy->vma->vm_mm->page_table_lock);
	DEBUG_ASSERT(mm_is_unshared(copy->to));
	while (copy->vma->vm_end <= addr)
		copy->vma = list_next_entry(copy->vma, vm_list);
	if (copy->vma->vm_flags & VM_DONTCOPY)
		return 0;
	to = walk_user_pte(copy->to, addr, true);
	if (!to)
		return copy->error = -ENOMEM;
	if (!(copy->vma->vm_flags & VM_SHARED) && (*from & _PAGE_RW))
		WRITE_ONCE(*from, (*from & ~_PAGE_RW) | _PAGE_COW);
	get_page(phys_to_page(*from & PTE_PFN_MASK));
	*to = *from;
	copy->to->rss++;
	return 0;
}

static int copy_areas(struct mm_struct *to, struct mm_struct *from)
{
	struct vm_area_struct *vma, *fresh;

	lockdep_assert_held(&from->mmap_lock);
	for_each_vma_of(from, vma) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		fresh = vm_area_alloc(to);
		if (!fresh)
			return -ENOMEM;
		fresh->vm_start = vma->vm_start;
		fresh->vm_end = vma->vm_end;
		fresh->vm_flags = vma->vm_flags;
		fresh->vm_file = vma->vm_file ? get_file(vma->vm_file) : NULL;
		fresh->vm_pgoff = vma->vm_pgoff;
		fresh->vm_ops = vma->vm_ops;
		fresh->vm_private_data = vma->vm_private_data;
		list_add_tail(&fresh->vm_list, &to->mmap);
		to->map_count++;
		to->total_vm += (fresh->vm_end - fresh->vm_start) >> PAGE_SHIFT;
	}
	return 0;
}

struct mm_struct *dup_mm(struct mm_struct *from)
{
	struct mm_struct *to = mm_alloc();
	struct copy copy;

	if (!to)
		return NULL;
	mmap_write_lock(from);
	to->mmap_base = from->mmap_base;
	to->start_code = from->start_code;
	to->end_code = from->end_code;
	to->start_data = from->start_data;
	to->end_data = from->end_data;
	to->start_brk = from->start_brk;
	to->brk = from->brk;
	to->start_stack = from->start_stack;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	to->exe_file = from->exe_file ? get_file(from->exe_file) : NULL;
	memcpy(to->auxv, from->auxv, sizeof(to->auxv));
	copy.to = to;
	copy.error = copy_areas(to, from);
	if (!copy.error && !list_empty(&from->mmap)) {
		copy.vma = list_first_entry(&from->mmap, struct vm_area_struct, vm_list);
		spin_lock(&from->page_table_lock);
		for_each_user_pte(from, copy_entry, &copy);
		spin_unlock(&from->page_table_lock);
		/* writable translations of the parent may be cached */
		flush_tlb_mm(from);
	}
	mmap_write_unlock(from);
	to->hiwater_rss = to->rss;
	if (copy.error) {
		mmput(to);
		return NULL;
	}
	return to;
}
