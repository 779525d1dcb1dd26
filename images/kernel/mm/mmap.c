// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What programs ask of their address space: mmap, munmap, mprotect, mremap, brk,
 * madvise, msync. The list of areas is areas.c.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <asm/pgtable.h>
#include "internal.h"

#define STACK_LIMIT (8UL << 20) /* how far an area may grow down */

static unsigned long flags_of(unsigned long prot, unsigned long flags)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
	       (prot & PROT_EXEC ? VM_EXEC : 0) | (flags & MAP_SHARED ? VM_SHARED : 0) |
	       (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
}

static int check_file(struct file *file, unsigned long prot, unsigned long flags,
		      unsigned long *vm_flags)
{
	if (!file->f_op->get_page && !file->f_op->mmap)
		return -ENODEV;
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if ((flags & MAP_SHARED) && !(file->f_mode & FMODE_WRITE)) {
		if (prot & PROT_WRITE)
			return -EACCES;
		*vm_flags &= ~VM_MAYWRITE;
	}
	return 0;
}

/* mmap_lock held. */
static unsigned long map_area(struct mm_struct *mm, struct file *file, unsigned long addr,
			      unsigned long len, unsigned long prot, unsigned long flags,
			      unsigned long pgoff)
{
	unsigned long vm_flags = flags_of(prot, flags);
	struct vm_area_struct *vma;
	int ret = 0;

	mm_assert_held(mm, mmap_lock);
	if (file) {
		ret = check_file(file, prot, flags, &vm_flags);
		if (ret)
			return ret;
	}
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr > TASK_SIZE - len)
			return -ENOMEM;
		if (offset_in_page(addr) || addr < PAGE_SIZE)
			return addr < PAGE_SIZE ? -EPERM : -EINVAL;
		vma = find_vma(mm, addr);
		if ((flags & MAP_FIXED_NOREPLACE) && vma && vma->vm_start < addr + len)
			return -EEXIST;
		ret = do_munmap(mm, addr, len);
		if (ret)
			return ret;
	} else {
		addr = get_unmapped_area(mm, addr, len);
		if (!addr)
			return -ENOMEM;
	}
	vma = vm_area_alloc(mm);
	if (!vma)
		return -ENOMEM;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags;
	vma->vm_pgoff = pgoff;
	vma->vm_file = file ? get_file(file) : NULL;
	if (file && file->f_op->mmap)
		ret = file->f_op->mmap(file, vma);
	if (!ret)
		ret = insert_vm_struct(mm, vma);
	if (ret) {
		vm_area_free(vma);
		return ret;
	}
	vma_merge_around(mm, vma);
	return addr;
}

unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	struct file *own = NULL;
	unsigned long ret;

	if (!len || !(flags & (MAP_SHARED | MAP_PRIVATE)) ||
	    (flags & MAP_SHARED && flags & MAP_PRIVATE))
		return -EINVAL;
	if (len > TASK_SIZE)
		return -ENOMEM;
	len = PAGE_ALIGN(len);
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (!file && (flags & MAP_SHARED)) {
		own = shmem_file_setup(len);
		if (IS_ERR(own))
			return PTR_ERR(own);
		file = own;
		pgoff = 0;
	}
	mmap_write_lock(mm);
	ret = map_area(mm, file, addr, len, prot, flags, pgoff);
	if ((flags & MAP_POPULATE) && !IS_ERR_VALUE(ret))
		for (unsigned long at = ret; at < ret + len; at += PAGE_SIZE) {
			struct page *page = get_user_page(mm, at, prot & PROT_WRITE);

			if (!page)
				break;
			put_page(page);
		}
	mmap_write_unlock(mm);
	if (own)
		fput(own);
	return ret;
}

/* A fault below an area that grows down: it begins at @addr from now on. */
int expand_stack(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;

	mm_assert_held(mm, mmap_lock);
	addr &= PAGE_MASK;
	if (addr < PAGE_SIZE || vma->vm_end - addr > STACK_LIMIT)
		return -ENOMEM;
	if (vma->vm_list.prev != &mm->mmap && list_prev_entry(vma, vm_list)->vm_end > addr)
		return -ENOMEM;
	mm->total_vm += (vma->vm_start - addr) >> PAGE_SHIFT;
	vma->vm_pgoff -= (vma->vm_start - addr) >> PAGE_SHIFT;
	vma->vm_start = addr;
	return 0;
}

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, unsigned long, prot, unsigned long,
		flags, int, fd, unsigned long, offset)
{
	unsigned long first = offset >> PAGE_SHIFT, ret;
	struct file *file;

	if (offset_in_page(offset))
		return -EINVAL;
	if (flags & MAP_ANONYMOUS)
		return do_mmap(NULL, addr, len, prot, flags, first);
	file = fget(fd);
	if (!file)
		return -EBADF;
	ret = do_mmap(file, addr, len, prot, flags, first);
	fput(file);
	return ret;
}

SYSCALL_DEFINE2(munmap, unsigned long, addr, unsigned long, len)
{
	int ret;

	mmap_write_lock(current->mm);
	ret = do_munmap(current->mm, addr, len);
	mmap_write_unlock(current->mm);
	return ret;
}

/* ---- protection ---- */

/* Entries of an area that has got other rights; mmap_lock held. */
static void change_entries(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	mm_assert_held(mm, mmap_lock);
	spin_lock(&mm->page_table_lock);
	for (unsigned long addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		u64 *pte = walk_user_pte(mm, addr, false);

		if (!pte) {
			addr = user_hole_end(mm, addr) - PAGE_SIZE;
			continue;
		}
		/* never writable at once: the next write decides whether to copy */
		if (*pte)
			WRITE_ONCE(*pte,
				   (*pte & (PTE_PFN_MASK | _PAGE_DIRTY)) | area_prot(vma, false));
	}
	spin_unlock(&mm->page_table_lock);
}

SYSCALL_DEFINE3(mprotect, unsigned long, start, unsigned long, len, unsigned long, prot)
{
	unsigned long rights = flags_of(prot, 0) & (VM_READ | VM_WRITE | VM_EXEC);
	unsigned long end = start + PAGE_ALIGN(len), at = start;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int ret = 0;

	if (offset_in_page(start))
		return -EINVAL;
	if (!len)
		return 0;
	if (end <= start)
		return -ENOMEM;
	if (prot & ~7UL)
		return -EINVAL;
	mmap_write_lock(mm);
	/* all of it must be mapped, and allow it */
	while (at < end) {
		vma = find_vma(mm, at);
		if (!vma || vma->vm_start > at) {
			ret = -ENOMEM;
			goto out;
		}
		if ((rights & VM_WRITE) && !(vma->vm_flags & VM_MAYWRITE)) {
			ret = -EACCES;
			goto out;
		}
		at = vma->vm_end;
	}
	ret = vma_split_at(mm, start, end);
	if (ret)
		goto out;
	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = find_vma(mm, at)) {
		at = vma->vm_end;
		vma->vm_flags = (vma->vm_flags & ~(VM_READ | VM_WRITE | VM_EXEC)) | rights;
		change_entries(vma);
	}
	flush_tlb_mm(mm);
	vma = find_vma(mm, start);
	if (vma)
		vma_merge_around(mm, vma);
out:
	mmap_write_unlock(mm);
	return ret;
}

/* ---- the heap ---- */

/* The pages from @from up to @to come, or those from @to up to @from go. */
static int move_break(struct mm_struct *mm, unsigned long from, unsigned long to)
{
	unsigned long ret;

	mm_assert_held(mm, mmap_lock);
	from = PAGE_ALIGN(from);
	to = PAGE_ALIGN(to);
	if (to == from)
		return 0;
	if (to < from)
		return do_munmap(mm, to, from - to);
	ret = map_area(mm, NULL, from, to - from, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 0);
	return IS_ERR_VALUE(ret) ? (int)ret : 0;
}

/* Returns where the heap ends, whether it has moved or not. */
SYSCALL_DEFINE1(brk, unsigned long, wanted)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;

	mmap_write_lock(mm);
	if (wanted >= mm->start_brk && wanted < TASK_SIZE && !move_break(mm, mm->brk, wanted))
		mm->brk = wanted;
	end = mm->brk;
	mmap_write_unlock(mm);
	return end;
}

/* ---- the rest ---- */

/* Moves the entries one by one; both tables are the same address space's. */
static int move_entries(struct mm_struct *mm, unsigned long from, unsigned long to,
			unsigned long len)
{
	int ret = 0;

	spin_lock(&mm->page_table_lock);
	for (unsigned long at = 0; at < len && !ret; at += PAGE_SIZE) {
		u64 *source = walk_user_pte(mm, from + at, false), *target;

		if (!source)
			at = user_hole_end(mm, from + at) - from - PAGE_SIZE;
		if (!source || !*source)
			continue;
		target = walk_user_pte(mm, to + at, true);
		if (!target) {
			ret = -ENOMEM;
		} else {
			WRITE_ONCE(*target, *source);
			WRITE_ONCE(*source, 0);
		}
	}
	spin_unlock(&mm->page_table_lock);
	flush_tlb_mm(mm);
	return ret;
}

static unsigned long remap(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
			   unsigned long new_len, unsigned long flags)
{
	struct vm_area_struct *vma = find_vma(mm, addr), *next;
	unsigned long to;
	int ret;

	mm_assert_held(mm, mmap_lock);
	if (!vma || vma->vm_start > addr || old_len > vma->vm_end - addr)
		return -EFAULT;
	if (new_len <= old_len) {
		if (new_len < old_len)
			do_munmap(mm, addr + new_len, old_len - new_len);
		return addr;
	}
	next = list_is_last(&vma->vm_list, &mm->mmap) ? NULL : list_next_entry(vma, vm_list);
	if (addr + old_len == vma->vm_end && addr + new_len <= TASK_SIZE &&
	    (!next || next->vm_start >= addr + new_len)) {
		mm->total_vm += (new_len - old_len) >> PAGE_SHIFT;
		vma->vm_end = addr + new_len;
		return addr;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	to = map_area(mm, vma->vm_file, 0, new_len,
		      (vma->vm_flags & VM_READ ? PROT_READ : 0) |
			      (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
			      (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0),
		      vma->vm_flags & VM_SHARED ? MAP_SHARED : MAP_PRIVATE,
		      linear_page_index(vma, addr));
	if (IS_ERR_VALUE(to))
		return to;
	ret = move_entries(mm, addr, to, old_len);
	if (ret)
		return ret;
	do_munmap(mm, addr, old_len);
	return to;
}

SYSCALL_DEFINE4(mremap, unsigned long, addr, unsigned long, old_len, unsigned long, new_len,
		unsigned long, flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	old_len = PAGE_ALIGN(old_len);
	new_len = PAGE_ALIGN(new_len);
	if (offset_in_page(addr) || !old_len || !new_len || (flags & ~MREMAP_MAYMOVE) ||
	    new_len > TASK_SIZE)
		return -EINVAL;
	mmap_write_lock(mm);
	ret = remap(mm, addr, old_len, new_len, flags);
	mmap_write_unlock(mm);
	return ret;
}

SYSCALL_DEFINE3(madvise, unsigned long, addr, unsigned long, length, int, advice)
{
	unsigned long end = addr + PAGE_ALIGN(length);
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (offset_in_page(addr) || end < addr || (length && end == addr))
		return -EINVAL;
	if (advice != MADV_DONTNEED)
		return 0; /* advice may be ignored */
	mmap_write_lock(mm);
	for_each_vma_of(mm, vma)
		if (vma->vm_start < end && vma->vm_end > addr)
			zap_range(mm, max(addr, vma->vm_start), min(end, vma->vm_end));
	mmap_write_unlock(mm);
	return 0;
}

/* Files live in memory: what is written is written. */
SYSCALL_DEFINE3(msync, unsigned long, addr, unsigned long, length, int, flags)
{
	if (offset_in_page(addr) || (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)))
		return -EINVAL;
	return addr + PAGE_ALIGN(length) < addr ? -ENOMEM : 0;
}
