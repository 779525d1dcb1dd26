// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Static ELF64 programs: at their own addresses (ET_EXEC), or anywhere and
 * relocated by their own start-up code (ET_DYN: static-PIE).
 *
 * Promises: elf_read() refuses what cannot be mapped before the old program is
 * touched, with no sum of two of the file's numbers left unchecked; what it lets
 * through lies in the user's half below the stack and in the file. Must not know
 * how pages get into memory: do_mmap() and faults do that.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "exec.h"

#define PHDR_BYTES    65536	       /* all of them, as on Linux */
#define DYN_BASE      0x555555554000UL /* where Linux without randomisation puts ET_DYN */
#define DYN_ALIGN_MAX (1UL << 30)

/* ---- reading ---- */

static bool in_file(const struct program *prog, u64 offset, u64 size)
{
	u64 end = prog->file->f_inode->i_size;

	return offset <= end && size <= end - offset;
}

static int read_at(struct program *prog, u64 offset, void *buf, size_t size)
{
	loff_t at = offset;
	ssize_t n;

	if (!in_file(prog, offset, size))
		return -ENOEXEC;
	n = kernel_read(prog->file, buf, size, &at);
	return n < 0 ? (int)n : (size_t)n == size ? 0 : -ENOEXEC;
}

static int read_header(struct program *prog)
{
	Elf64_Ehdr *eh = &prog->header;
	size_t bytes;
	int ret = read_at(prog, 0, eh, sizeof(*eh));

	if (ret)
		return ret;
	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_ident[EI_CLASS] != ELFCLASS64 ||
	    eh->e_ident[EI_DATA] != ELFDATA2LSB || eh->e_machine != EM_X86_64 ||
	    (eh->e_type != ET_EXEC && eh->e_type != ET_DYN) ||
	    eh->e_phentsize != sizeof(Elf64_Phdr))
		return -ENOEXEC;
	bytes = eh->e_phnum * sizeof(Elf64_Phdr);
	if (!bytes || bytes > PHDR_BYTES)
		return -ENOEXEC;
	kvfree(prog->phdr);
	prog->phdr = kvmalloc(bytes, GFP_KERNEL);
	return prog->phdr ? read_at(prog, eh->e_phoff, prog->phdr, bytes) : -ENOMEM;
}

/* A dynamic program needs a loader in user space: that it is missing is the answer if it is. */
static int check_interpreter(struct program *prog, const Elf64_Phdr *ph)
{
	struct file *file;
	char *name;
	int ret;

	if (ph->p_filesz < 2 || ph->p_filesz > PATH_MAX)
		return -ENOEXEC;
	name = kmalloc(ph->p_filesz, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	ret = read_at(prog, ph->p_offset, name, ph->p_filesz);
	if (!ret && name[ph->p_filesz - 1])
		ret = -ENOEXEC;
	if (!ret) {
		file = filp_open(name, O_RDONLY, 0);
		ret = IS_ERR(file) ? PTR_ERR(file) : -ENOEXEC;
		if (!IS_ERR(file))
			fput(file);
	}
	kfree(name);
	return ret;
}

/* What of the segment can be judged without knowing where it goes. */
static int check_segment(const struct program *prog, const Elf64_Phdr *ph)
{
	if (ph->p_filesz > ph->p_memsz || ph->p_memsz > TASK_SIZE ||
	    ph->p_vaddr > TASK_SIZE - ph->p_memsz ||
	    offset_in_page(ph->p_vaddr) != offset_in_page(ph->p_offset) ||
	    !in_file(prog, ph->p_offset, ph->p_filesz))
		return -ENOEXEC;
	return 0;
}

/* The addresses that the segments cover, and the alignment that the largest wants. */
struct span {
	unsigned long start, end, align;
};

static int measure(struct program *prog, struct span *span)
{
	const Elf64_Phdr *ph = prog->phdr, *last = ph + prog->header.e_phnum;
	int ret = 0;

	span->start = ~0UL;
	span->end = 0;
	span->align = PAGE_SIZE;
	for (; ph < last && !ret; ph++) {
		if (ph->p_type == PT_INTERP)
			ret = check_interpreter(prog, ph);
		if (ph->p_type != PT_LOAD)
			continue;
		ret = check_segment(prog, ph);
		if (!ph->p_memsz)
			continue;
		span->start = min_t(unsigned long, span->start, (ph->p_vaddr & PAGE_MASK));
		span->end = max_t(unsigned long, span->end, ph->p_vaddr + ph->p_memsz);
		if (ph->p_align <= DYN_ALIGN_MAX && !(ph->p_align & (ph->p_align - 1)))
			span->align = max_t(unsigned long, span->align, ph->p_align);
	}
	if (!ret && span->start >= span->end)
		ret = -ENOEXEC; /* nothing to load */
	return ret;
}

int elf_read(struct program *prog)
{
	unsigned long limit = STACK_BOTTOM - PAGE_SIZE, base;
	struct span span;
	int ret = read_header(prog);

	if (!ret)
		ret = measure(prog, &span);
	if (ret)
		return ret;
	prog->bias = 0;
	if (prog->header.e_type == ET_DYN) {
		base = ALIGN(DYN_BASE, span.align);
		if (span.end - span.start > limit - base)
			return -ENOEXEC;
		prog->bias = base - span.start;
	} else if (span.start < PAGE_SIZE || span.end > limit) {
		return -ENOEXEC;
	}
	return prog->bias + prog->header.e_entry >= TASK_SIZE ? -EINVAL : 0;
}

/* ---- mapping ---- */

static unsigned long prot_of(const Elf64_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_segment(const struct program *prog, const Elf64_Phdr *ph)
{
	unsigned long vaddr = prog->bias + ph->p_vaddr, start = vaddr & PAGE_MASK;
	unsigned long file_end = vaddr + ph->p_filesz;
	unsigned long end = PAGE_ALIGN(vaddr + ph->p_memsz);
	unsigned long at;

	if (ph->p_filesz) {
		at = do_mmap(prog->file, start, PAGE_ALIGN(file_end) - start, prot_of(ph),
			     MAP_PRIVATE | MAP_FIXED, ph->p_offset >> PAGE_SHIFT);
		if (IS_ERR_VALUE(at))
			return at;
		/* The rest of the last file page is the first part of .bss, if it can be written. */
		if (ph->p_memsz > ph->p_filesz && (ph->p_flags & PF_W) &&
		    offset_in_page(file_end) &&
		    clear_user((void __user *)file_end, PAGE_ALIGN(file_end) - file_end))
			return -EFAULT;
		start = PAGE_ALIGN(file_end);
	}
	if (end <= start)
		return 0;
	at = do_mmap(NULL, start, end - start, prot_of(ph), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		     0);
	return IS_ERR_VALUE(at) ? (int)at : 0;
}

/* What /proc shows as code and data. */
static void note_segment(struct mm_struct *mm, const Elf64_Phdr *ph, unsigned long vaddr)
{
	if (ph->p_flags & PF_X) {
		mm->start_code = min_t(unsigned long, mm->start_code, vaddr);
		mm->end_code = max_t(unsigned long, mm->end_code, vaddr + ph->p_filesz);
	} else if (ph->p_flags & PF_W) {
		mm->start_data = vaddr;
		mm->end_data = vaddr + ph->p_filesz;
	}
}

int elf_map(struct program *prog, struct mm_struct *mm)
{
	const Elf64_Phdr *ph = prog->phdr, *last = ph + prog->header.e_phnum;
	unsigned long end = 0, at;
	int ret;

	mm->start_code = ~0UL;
	for (; ph < last; ph++) {
		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		ret = map_segment(prog, ph);
		if (ret)
			return ret;
		note_segment(mm, ph, prog->bias + ph->p_vaddr);
		end = max_t(unsigned long, end, prog->bias + ph->p_vaddr + ph->p_memsz);
	}
	mm->start_brk = mm->brk = PAGE_ALIGN(end);
	at = do_mmap(NULL, STACK_BOTTOM, STACK_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_STACK, 0);
	return IS_ERR_VALUE(at) ? (int)at : 0;
}

unsigned long elf_phdr_address(const struct program *prog)
{
	const Elf64_Phdr *ph = prog->phdr, *last = ph + prog->header.e_phnum;
	u64 phoff = prog->header.e_phoff;

	for (; ph < last; ph++)
		if (ph->p_type == PT_LOAD && ph->p_offset <= phoff &&
		    phoff - ph->p_offset < ph->p_filesz)
			return prog->bias + ph->p_vaddr + (phoff - ph->p_offset);
	return 0;
}
