/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: page frames, address spaces, faults.
 *
 * Locking: zone_lock (inside page-alloc.c) the free lists; mm->mmap_lock
 * (sleeping) the list of areas; mm->page_table_lock (spin) the page tables.
 * A frame has one reference for each page table entry, page cache slot or other
 * holder; the last one to leave frees it.
 */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <linux/mutex.h>
#include <linux/gfp.h>
#include <linux/mman.h>
#include <asm/page.h>

struct file;
struct task_struct;
struct kmem_cache;
struct pt_regs;

/* ---- frames ---- */
enum page_type {
	PAGE_RESERVED, /* what a zeroed mem_map says of every frame */
	PAGE_FREE,
	PAGE_KERNEL,
	PAGE_SLAB,
	PAGE_STACK,
	PAGE_TABLE,
	PAGE_ANON,
	PAGE_CACHE,
	PAGE_PIPE,
};

struct page {
	u8 type;	    /* enum page_type: what the frame is used for */
	u8 order;	    /* of the block this frame heads */
	u16 inuse;	    /* slab: objects handed out */
	atomic_t _refcount; /* 0 = free */
	union {
		struct list_head lru;  /* free list (zone_lock), slab list (cache lock) */
		unsigned long private; /* for whoever holds the page */
	};
	void *freelist; /* slab: first free object */
};

extern struct page *mem_map; /* one per frame, from frame 0 */
extern unsigned long max_pfn;
extern unsigned long totalram_pages;

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return mem_map + pfn;
}
static inline unsigned long page_to_pfn(const struct page *page)
{
	return page - mem_map;
}
#define pfn_valid(pfn)	   ((pfn) < max_pfn)
#define page_to_phys(page) ((phys_addr_t)page_to_pfn(page) << PAGE_SHIFT)
#define phys_to_page(phys) pfn_to_page((unsigned long)(phys) >> PAGE_SHIFT)
#define page_address(page) __va(page_to_phys(page))
#define virt_to_page(addr) phys_to_page(__pa(addr))
#define page_count(page)   atomic_read(&(page)->_refcount)

struct page *alloc_pages(gfp_t gfp, unsigned int order); /* one reference; type PAGE_KERNEL */
#define alloc_page(gfp) alloc_pages(gfp, 0)
struct page *alloc_page_type(gfp_t gfp, enum page_type type);
void __free_pages(struct page *, unsigned int order); /* drops one reference */
#define __free_page(page) __free_pages(page, 0)
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
#define __get_free_page(gfp) __get_free_pages(gfp, 0)
unsigned long get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long addr, unsigned int order);
#define free_page(addr) free_pages(addr, 0)
static inline struct page *get_page(struct page *page)
{
	atomic_inc(&page->_refcount);
	return page;
}
void put_page(struct page *page);
unsigned long nr_free_pages(void);
static inline int get_order(unsigned long size)
{
	int order = 0;

	while (((unsigned long)PAGE_SIZE << order) < size)
		order++;
	return order;
}
/* Is all of it memory that kmalloc() and the like have given out? May be any address. */
bool is_heap_memory(const void *at, size_t size);
/* counts frames by type */
void count_page_types(unsigned long counts[16]);

/* ---- start-up; see arch/pvh.c, mm/boot-memory.c ---- */
struct memory_range {
	u64 start, size;
	bool usable;
};
struct boot_info {
	struct memory_range ranges[64];
	unsigned int nr_ranges;
	u64 initrd_phys, initrd_size;
	u64 rsdp;
	char command_line[1024];
	bool handover;	   /* entered by the stub of another kernel */
	u64 handover_root; /* physical address */
};
extern struct boot_info boot_info;
void boot_info_from_pvh(unsigned long start_info_phys);
/* frames for ever, before the page allocator; page aligned, above the arenas, direct map address */
void *early_alloc(unsigned long size);
void mem_init(void);
/*
 * During an adoption: is this frame preserved by the kernel before? The second
 * form also lowers *until to where the answer turns, and is consulted for all
 * of memory when boot_info.handover is set; liveupdate/ defines both.
 */
bool handover_frame_preserved(unsigned long pfn);
bool handover_run_preserved(unsigned long pfn, unsigned long *until);
/* a preserved frame enters the books, once for each holder; -1: not a frame, or of another kind already */
int page_adopt(unsigned long pfn, enum page_type type);
void free_initrd_mem(void);
void free_reserved_frames(unsigned long first, unsigned long end);

/* ---- kernel mappings ---- */
void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void vfree(const void *);

/* ---- address spaces ---- */
#define VM_READ	     0x00000001
#define VM_WRITE     0x00000002
#define VM_EXEC	     0x00000004
#define VM_SHARED    0x00000008
#define VM_MAYREAD   0x00000010
#define VM_MAYWRITE  0x00000020
#define VM_MAYEXEC   0x00000040
#define VM_GROWSDOWN 0x00000100
#define VM_PFNMAP    0x00000400
#define VM_DONTCOPY  0x00020000

struct vm_area_struct {
	unsigned long vm_start;	  /* first byte */
	unsigned long vm_end;	  /* first byte after */
	struct list_head vm_list; /* mm->mmap, in order of address */
	struct mm_struct *vm_mm;
	unsigned long vm_flags; /* VM_* */
	struct file *vm_file;	/* NULL: anonymous memory */
	unsigned long vm_pgoff; /* file offset of vm_start, in pages */
	const struct vm_operations_struct *vm_ops;
	void *vm_private_data;
};

struct vm_operations_struct {
	/* a page with a reference for the page at @pgoff, or NULL (SIGBUS) or ERR_PTR */
	struct page *(*fault)(struct vm_area_struct *, unsigned long pgoff);
};

struct mm_struct {
	u64 *pgd;		  /* direct map address of the PML4 page */
	atomic_t mm_users;	  /* tasks and temporary users of the user half */
	atomic_t mm_count;	  /* 1 for all users, and one per borrower of the page tables */
	unsigned int pcid;	  /* 1-4095; 0: none, every switch flushes */
	unsigned long cpu_bitmap; /* CPUs whose TLB may hold entries of this PCID; atomic bits */

	struct mutex mmap_lock; /* protects what follows */
	struct list_head mmap;	/* vm_area_struct.vm_list */
	int map_count;
	unsigned long mmap_base; /* new mappings go below */
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_brk, brk, start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long total_vm; /* pages of all areas */
	struct file *exe_file;
	unsigned long auxv[48];

	spinlock_t page_table_lock; /* protects the tables and: */
	unsigned long rss;	    /* resident user pages */
	unsigned long nr_ptes;	    /* page-table pages, all levels, PML4 included */
	unsigned long hiwater_rss;
};

/* For assertions: nobody else has found it: it is being made (fork, exec), or all others have let go. */
bool mm_is_unshared(const struct mm_struct *mm);
#define mm_assert_held(mm, lock) DEBUG_ASSERT(lockdep_is_held(&(mm)->lock) || mm_is_unshared(mm))

#define mmap_read_lock(mm)    mutex_lock(&(mm)->mmap_lock)
#define mmap_read_unlock(mm)  mutex_unlock(&(mm)->mmap_lock)
#define mmap_write_lock(mm)   mutex_lock(&(mm)->mmap_lock)
#define mmap_write_unlock(mm) mutex_unlock(&(mm)->mmap_lock)

struct mm_struct *mm_alloc(void); /* empty user half, kernel half shared */
struct mm_struct *mm_alloc_adopt(u64 *pgd, unsigned int pcid); /* around page tables that exist */
struct mm_struct *dup_mm(struct mm_struct *old);
void mmput(struct mm_struct *);
void __mmdrop(struct mm_struct *);
static inline void mmget(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_users);
}
static inline void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}
static inline void mmdrop(struct mm_struct *mm)
{
	if (atomic_dec_and_test(&mm->mm_count))
		__mmdrop(mm);
}
void switch_mm(struct mm_struct *next); /* interrupts off */
int pcid_reserve(unsigned int pcid);	/* for adoption; -EEXIST */

/* all with mmap_lock held */
struct vm_area_struct *find_vma(struct mm_struct *,
				unsigned long addr); /* first with vm_end > addr */
struct vm_area_struct *vm_area_alloc(struct mm_struct *);
void vm_area_free(struct vm_area_struct *);
int insert_vm_struct(struct mm_struct *, struct vm_area_struct *);
unsigned long get_unmapped_area(struct mm_struct *, unsigned long hint, unsigned long len);
unsigned long do_mmap(struct file *, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff); /* takes mmap_lock itself */
int do_munmap(struct mm_struct *, unsigned long addr, unsigned long len);
int expand_stack(struct vm_area_struct *, unsigned long addr);
#define for_each_vma_of(mm, vma) list_for_each_entry(vma, &(mm)->mmap, vm_list)

#define FAULT_FLAG_WRITE       1
#define FAULT_FLAG_USER	       2
#define FAULT_FLAG_INSTRUCTION 4
/* 0, or the signal to send: SIGSEGV, SIGBUS, SIGKILL (memory is out) */
int handle_mm_fault(struct vm_area_struct *, unsigned long addr, unsigned int flags);
/* reads or writes another process's memory; bytes done */
int access_remote_vm(struct mm_struct *, unsigned long addr, void *buf, int len, bool write);
/* faults the page in; frame with a reference or NULL */
struct page *get_user_page(struct mm_struct *, unsigned long addr, bool write);

void mm_init(void);

#endif
