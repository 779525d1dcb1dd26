// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults: pages come when they are first used, and are copied when they are
 * first written.
 *
 * Kinds of first use: anonymous memory gets a zeroed frame; a private mapping
 * of a file gets the file's own frame, read-only, or at once a copy if it is
 * written; a shared mapping the file's frame as it is. A write to a frame that
 * others hold too makes a copy; the last holder just gets it writable.
 *
 * What may sleep (reading a file's page) is done before page_table_lock is
 * taken; the entry is looked at again under it.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <asm/pgtable.h>
#include "internal.h"

u64 area_prot(const struct vm_area_struct *vma, bool write)
{
	u64 prot = _PAGE_USER | _PAGE_ACCESSED;

	if (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC))
		prot |= _PAGE_PRESENT;
	if (!(vma->vm_flags & VM_EXEC) && boot_cpu.nx)
		prot |= _PAGE_NX;
	if (write)
		prot |= _PAGE_RW | _PAGE_DIRTY;
	else if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		prot |= _PAGE_COW;
	return prot;
}

static void count_page(struct mm_struct *mm)
{
	mm_assert_held(mm, page_table_lock);
	mm->rss++;
	if (mm->rss > mm->hiwater_rss)
		mm->hiwater_rss = mm->rss;
}

/* The page that belongs here before anybody has written; NULL, ERR_PTR as get_page(). */
static struct page *source_page(struct vm_area_struct *vma, unsigned long addr, bool write)
{
	unsigned long index = linear_page_index(vma, addr);

	might_sleep();
	if (vma->vm_ops && vma->vm_ops->fault)
		return vma->vm_ops->fault(vma, index);
	if (!vma->vm_file) {
		struct page *page = alloc_page_type(GFP_USER | __GFP_ZERO, PAGE_ANON);

		return page ? page : ERR_PTR(-ENOMEM);
	}
	return vma->vm_file->f_op->get_page(vma->vm_file, index,
					    write && (vma->vm_flags & VM_SHARED));
}

static struct page *copy_page(struct page *from)
{
	struct page *page = alloc_page_type(GFP_USER, PAGE_ANON);

	if (page)
		memcpy(page_address(page), page_address(from), PAGE_SIZE);
	return page;
}

static int first_use(struct vm_area_struct *vma, unsigned long addr, bool write)
{
	struct mm_struct *mm = vma->vm_mm;
	bool file = vma->vm_file || vma->vm_ops;
	bool shared = vma->vm_flags & VM_SHARED;
	struct page *page = source_page(vma, addr, write), *copy;
	u64 *pte;

	mm_assert_held(mm, mmap_lock);
	if (!page)
		return SIGBUS;
	if (IS_ERR(page))
		return PTR_ERR(page) == -ENOMEM ? SIGKILL : SIGBUS;
	if (file && !shared && write) {
		copy = copy_page(page);
		put_page(page);
		if (!copy)
			return SIGKILL;
		page = copy;
	}
	spin_lock(&mm->page_table_lock);
	pte = walk_user_pte(mm, addr, true);
	if (!pte || *pte) {
		spin_unlock(&mm->page_table_lock);
		put_page(page);
		return pte ? 0 : SIGKILL;
	}
	WRITE_ONCE(*pte, page_to_phys(page) | area_prot(vma, write));
	count_page(mm);
	spin_unlock(&mm->page_table_lock);
	return 0;
}

/* An entry is there and does not allow the write. page_table_lock held; released. */
static int first_write(struct vm_area_struct *vma, unsigned long addr, u64 *pte)
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = phys_to_page(*pte & PTE_PFN_MASK), *copy;

	mm_assert_held(mm, page_table_lock);
	if ((vma->vm_flags & VM_SHARED) || (page->type == PAGE_ANON && page_count(page) == 1)) {
		WRITE_ONCE(*pte, page_to_phys(page) | area_prot(vma, true));
		spin_unlock(&mm->page_table_lock);
		flush_tlb_page(mm, addr);
		return 0;
	}
	copy = copy_page(page);
	if (!copy) {
		spin_unlock(&mm->page_table_lock);
		return SIGKILL;
	}
	WRITE_ONCE(*pte, page_to_phys(copy) | area_prot(vma, true));
	spin_unlock(&mm->page_table_lock);
	/* other threads must not write through the old translation, nor read old bytes */
	flush_tlb_page(mm, addr);
	put_page(page);
	return 0;
}

int handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	struct mm_struct *mm = vma->vm_mm;
	bool write = flags & FAULT_FLAG_WRITE;
	u64 *pte;

	addr &= PAGE_MASK;
	if (write			       ? !(vma->vm_flags & VM_WRITE)
	    : (flags & FAULT_FLAG_INSTRUCTION) ? !(vma->vm_flags & VM_EXEC)
					       : !(vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return SIGSEGV;
	spin_lock(&mm->page_table_lock);
	pte = walk_user_pte(mm, addr, false);
	if (!pte || !*pte) {
		spin_unlock(&mm->page_table_lock);
		return first_use(vma, addr, write);
	}
	if (write && !(*pte & _PAGE_RW))
		return first_write(vma, addr, pte);
	spin_unlock(&mm->page_table_lock);
	/* another thread was faster, or the TLB was: look again */
	flush_tlb_page(mm, addr);
	return 0;
}

/* ---- taking pages out ---- */

#define ZAP_BATCH 64

void zap_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct page *batch[ZAP_BATCH];
	unsigned long addr = start;

	mm_assert_held(mm, mmap_lock);
	while (addr < end) {
		unsigned int n = 0;

		spin_lock(&mm->page_table_lock);
		while (addr < end && n < ZAP_BATCH) {
			u64 *pte = walk_user_pte(mm, addr, false);
			unsigned long stop = min(end, ALIGN_DOWN(addr, PMD_SIZE) + PMD_SIZE);

			if (!pte) {
				addr = user_hole_end(mm, addr);
				continue;
			}
			for (; addr < stop && n < ZAP_BATCH; addr += PAGE_SIZE, pte++) {
				if (!*pte)
					continue;
				batch[n++] = phys_to_page(*pte & PTE_PFN_MASK);
				WRITE_ONCE(*pte, 0);
				mm->rss--;
			}
		}
		spin_unlock(&mm->page_table_lock);
		if (!n)
			continue;
		/* frames go back only when no TLB leads to them any more */
		flush_tlb_mm(mm);
		while (n)
			put_page(batch[--n]);
	}
}

/* ---- memory of other processes ---- */

struct page *get_user_page(struct mm_struct *mm, unsigned long addr, bool write)
{
	for (int tries = 0; tries < 4; tries++) {
		struct vm_area_struct *vma = find_vma(mm, addr);
		struct page *page = NULL;
		u64 *pte;

		if (!vma || vma->vm_start > addr)
			return NULL;
		spin_lock(&mm->page_table_lock);
		pte = walk_user_pte(mm, addr, false);
		if (pte && *pte && (!write || (*pte & _PAGE_RW)))
			page = get_page(phys_to_page(*pte & PTE_PFN_MASK));
		spin_unlock(&mm->page_table_lock);
		if (page)
			return page;
		if (handle_mm_fault(vma, addr, write ? FAULT_FLAG_WRITE : 0))
			return NULL;
	}
	return NULL;
}

int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len, bool write)
{
	int done = 0;

	mmap_read_lock(mm);
	while (done < len) {
		int part = min_t(int, len - done, PAGE_SIZE - offset_in_page(addr));
		struct page *page = get_user_page(mm, addr, write);
		char *at;

		if (!page)
			break;
		at = (char *)page_address(page) + offset_in_page(addr);
		if (write)
			memcpy(at, (char *)buf + done, part);
		else
			memcpy((char *)buf + done, at, part);
		put_page(page);
		done += part;
		addr += part;
	}
	mmap_read_unlock(mm);
	return done;
}
