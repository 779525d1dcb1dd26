// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kexec_file_load(2): the next kernel, checked and put into the other arena.
 *
 * What is refused, and how:
 *
 *	-ENOEXEC	no ELF, truncated, 32-bit, another machine, no handover note,
 *			or a note for another handover ABI
 *	-EFBIG		larger than an arena
 *	-EBADMSG	the checksum of the note does not fit
 *	-EINVAL		unknown flags, or a relocation that cannot be applied
 *
 * Each with a line in the log that says what is wrong. A load that fails leaves
 * no kernel loaded: the arena may have been written to.
 *
 * The image is linked for arena A and has the linker's relocations
 * (--emit-relocs). Moving it by d bytes adds d to every 64-bit and every signed
 * 32-bit address of the image itself; what is relative to the place it is used
 * at stays. Unsigned 32-bit addresses are physical ones of the code that a
 * boot loader enters, which a handover never runs.
 */
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/pgtable.h>
#include "internal.h"

#define KEXEC_FILE_UNLOAD	1
#define KEXEC_FILE_NO_INITRAMFS 4

#define MAX_HEADERS 64
#define RELOCATIONS 128 /* read at a time */

struct next_kernel next_kernel;
static int
	busy; /* loading, or going: one at a time, and nobody waits, for who waits does not freeze */

struct image {
	struct file *file;
	Elf64_Ehdr header;
	Elf64_Phdr segment[MAX_HEADERS];
	Elf64_Shdr section[MAX_HEADERS];
	Elf64_Sym *symbols;
	unsigned long nr_symbols;
	struct handover_note note;
	loff_t note_at;		  /* of the note's description, in the file */
	unsigned long virt, phys; /* of the arena it goes to */
	unsigned long bytes,
		zeros; /* of the arena: where what is loaded ends, where what it takes ends */
};

static int bad(int error, const char *what)
{
	pr_err("kexec_file: %s\n", what);
	return error;
}

static int read_at(struct image *image, loff_t at, void *buf, size_t size)
{
	loff_t pos = at;
	ssize_t done = at < 0 ? -EINVAL : kernel_read(image->file, buf, size, &pos);

	if (done < 0)
		return bad(done, "the image cannot be read: it must be a file in memory");
	return done == (ssize_t)size ? 0 : bad(-ENOEXEC, "the image is truncated");
}

static int read_headers(struct image *image)
{
	Elf64_Ehdr *e = &image->header;
	loff_t pos = 0;
	ssize_t done = kernel_read(image->file, e, sizeof(*e), &pos);
	int ret;

	if (done < 4 || memcmp(e->e_ident, "\177ELF", 4))
		return bad(-ENOEXEC, "the image is not an ELF file");
	if (done < 20)
		return bad(-ENOEXEC, "the image is truncated");
	if (e->e_ident[4] != 2)
		return bad(-ENOEXEC, "the image is 32-bit, a 64-bit kernel is needed");
	if (e->e_machine != EM_X86_64)
		return bad(-ENOEXEC, "the image is for another machine, not x86-64");
	if (done < (ssize_t)sizeof(*e))
		return bad(-ENOEXEC, "the image is truncated");
	if (e->e_type != 2 || e->e_phentsize != sizeof(Elf64_Phdr) ||
	    e->e_shentsize != sizeof(Elf64_Shdr))
		return bad(-ENOEXEC, "the image is not an executable with relocations");
	if (!e->e_phnum || e->e_phnum > MAX_HEADERS || e->e_shnum > MAX_HEADERS)
		return bad(-ENOEXEC, "the image has an impossible number of headers");
	ret = read_at(image, e->e_phoff, image->segment, e->e_phnum * sizeof(Elf64_Phdr));
	if (!ret)
		ret = read_at(image, e->e_shoff, image->section, e->e_shnum * sizeof(Elf64_Shdr));
	return ret;
}

/* ---- the note ---- */

static int find_note(struct image *image)
{
	struct {
		u32 name_size, size, type;
		char name[8];
	} head;

	for (int i = 0; i < image->header.e_phnum; i++) {
		Elf64_Phdr *p = &image->segment[i];
		loff_t at = p->p_offset, end = p->p_offset + p->p_filesz;

		if (p->p_type != PT_NOTE)
			continue;
		while (at + (loff_t)sizeof(head) <= end) {
			int ret = read_at(image, at, &head, sizeof(head));

			if (ret)
				return ret;
			if (head.name_size == 6 && !memcmp(head.name, "Scion", 6) &&
			    head.type == NT_SCION_HANDOVER && head.size == sizeof(image->note)) {
				image->note_at = at + sizeof(head);
				return read_at(image, image->note_at, &image->note,
					       sizeof(image->note));
			}
			if (head.name_size > PAGE_SIZE || head.size > PAGE_SIZE)
				break;
			at += 12 + ALIGN(head.name_size, 4) + ALIGN(head.size, 4);
		}
	}
	return bad(-ENOEXEC,
		   "the image has no handover note: it cannot take over from a running kernel");
}

static int check_note(struct image *image)
{
	struct handover_note *note = &image->note;

	note->compatible[HANDOVER_NAME_LEN - 1] = 0;
	note->release[HANDOVER_NAME_LEN - 1] = 0;
	if (strcmp(note->compatible, HANDOVER_COMPATIBLE)) {
		pr_err("kexec_file: the image is built for handover ABI %s, this kernel speaks %s\n",
		       note->compatible, HANDOVER_COMPATIBLE);
		return -ENOEXEC;
	}
	if (note->entry < KERNEL_LINK_BASE || note->entry >= KERNEL_LINK_BASE + ARENA_SIZE)
		return bad(-ENOEXEC, "the handover entry lies outside of the image");
	return 0;
}

/* ---- into the arena ---- */

static int check_extents(struct image *image)
{
	for (int i = 0; i < image->header.e_phnum; i++) {
		Elf64_Phdr *p = &image->segment[i];

		if (p->p_type != PT_LOAD)
			continue;
		if (p->p_memsz < p->p_filesz || p->p_vaddr < KERNEL_LINK_BASE)
			return bad(-ENOEXEC,
				   "a segment of the image lies outside of the kernel's place");
		if (p->p_memsz > ARENA_SIZE ||
		    p->p_vaddr - KERNEL_LINK_BASE > ARENA_SIZE - p->p_memsz)
			return bad(-EFBIG, "the image is larger than an arena");
	}
	return 0;
}

static void *in_arena(struct image *image, unsigned long link_address)
{
	return __va(image->phys + (link_address - KERNEL_LINK_BASE));
}

/* Of the whole file, with the sum itself taken as zero: segments, and what they are moved by. */
static int check_sum(struct image *image)
{
	static u8 part[PAGE_SIZE]; /* busy */
	loff_t at = 0, sum_at = image->note_at + offsetof(struct handover_note, crc32);
	ssize_t size;
	u32 crc = 0;

	for (;;) {
		loff_t pos = at;

		size = kernel_read(image->file, part, sizeof(part), &pos);
		if (size <= 0)
			break;
		for (loff_t i = max_t(loff_t, at, sum_at); i < min_t(loff_t, at + size, sum_at + 4);
		     i++)
			part[i - at] = 0;
		crc = crc32_of(crc, part, size);
		at += size;
	}
	if (size < 0)
		return bad(size, "the image cannot be read: it must be a file in memory");
	if (crc == image->note.crc32)
		return 0;
	pr_err("kexec_file: the image has checksum %08x, its note says %08x\n", crc,
	       image->note.crc32);
	return -EBADMSG;
}

static int load_segments(struct image *image)
{
	memset(__va(image->phys), 0, ARENA_SIZE);
	for (int i = 0; i < image->header.e_phnum; i++) {
		Elf64_Phdr *p = &image->segment[i];
		u8 *to = in_arena(image, p->p_vaddr);
		int ret;

		if (p->p_type != PT_LOAD)
			continue;
		ret = read_at(image, p->p_offset, to, p->p_filesz);
		if (ret)
			return ret;
		image->bytes = max_t(unsigned long, image->bytes,
				     p->p_vaddr + p->p_filesz - KERNEL_LINK_BASE);
		image->zeros = max_t(unsigned long, image->zeros,
				     p->p_vaddr + p->p_memsz - KERNEL_LINK_BASE);
	}
	return 0;
}

/* ---- moving ---- */

static int read_symbols(struct image *image)
{
	for (int i = 0; i < image->header.e_shnum; i++) {
		Elf64_Shdr *s = &image->section[i];

		if (s->sh_type != SHT_SYMTAB)
			continue;
		if (s->sh_size > 4 << 20)
			return bad(-EFBIG, "the symbol table of the image is too large");
		image->symbols = vmalloc(s->sh_size);
		image->nr_symbols = s->sh_size / sizeof(Elf64_Sym);
		return image->symbols ? read_at(image, s->sh_offset, image->symbols, s->sh_size)
				      : -ENOMEM;
	}
	return bad(-ENOEXEC, "the image has no symbol table");
}

static int relocate_one(struct image *image, const Elf64_Rela *rela)
{
	unsigned long delta = image->virt - KERNEL_LINK_BASE, symbol, value;
	unsigned int type = ELF64_R_TYPE(rela->r_info);
	void *at;

	if (type != R_X86_64_64 && type != R_X86_64_32S)
		return 0;
	if (ELF64_R_SYM(rela->r_info) >= image->nr_symbols)
		return bad(-EINVAL, "a relocation of the image names no symbol");
	symbol = image->symbols[ELF64_R_SYM(rela->r_info)].st_value;
	/* a plain number, or a symbol that is not there */
	if (symbol < KERNEL_LINK_BASE || symbol > KERNEL_LINK_BASE + ARENA_SIZE)
		return 0;
	if (rela->r_offset < KERNEL_LINK_BASE ||
	    rela->r_offset >= KERNEL_LINK_BASE + ARENA_SIZE - 8)
		return bad(-EINVAL, "a relocation of the image lies outside of it");
	at = in_arena(image, rela->r_offset);
	value = symbol + rela->r_addend + delta;
	if (type == R_X86_64_64)
		memcpy(at, &value, 8);
	else if ((long)value == (int)value)
		memcpy(at, &value, 4);
	else
		return bad(-EINVAL, "a relocation of the image leaves the arena");
	return 0;
}

static int relocate(struct image *image)
{
	static Elf64_Rela rela[RELOCATIONS]; /* busy */

	for (int i = 0; i < image->header.e_shnum; i++) {
		Elf64_Shdr *s = &image->section[i];
		u64 left = s->sh_size / sizeof(*rela);
		loff_t at = s->sh_offset;

		if (s->sh_type != SHT_RELA || s->sh_info >= image->header.e_shnum ||
		    !(image->section[s->sh_info].sh_flags & SHF_ALLOC))
			continue;
		while (left) {
			u64 n = min_t(u64, left, RELOCATIONS);
			int ret = read_at(image, at, rela, n * sizeof(*rela));

			for (u64 k = 0; k < n && !ret; k++)
				ret = relocate_one(image, &rela[k]);
			if (ret)
				return ret;
			at += n * sizeof(*rela);
			left -= n;
		}
	}
	return 0;
}

static u32 sum_of_next_kernel(void)
{
	return crc32_of(0, __va(next_kernel.phys), next_kernel.bytes);
}

bool next_kernel_is_as_loaded(void)
{
	const u64 *word = __va(next_kernel.phys + ALIGN(next_kernel.bytes, sizeof(*word)));
	const u64 *end = __va(next_kernel.phys + next_kernel.zeros);

	while (word < end && !*word)
		word++;
	return word >= end && sum_of_next_kernel() == next_kernel.crc32;
}

bool liveupdate_begin(void)
{
	return !__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE);
}

void liveupdate_end(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

static int load_image(struct file *file)
{
	struct image *image = vzalloc(sizeof(*image));
	int ret;

	if (!image)
		return -ENOMEM;
	image->file = file;
	image->virt = arena_virt == ARENA_A_VIRT ? ARENA_B_VIRT : ARENA_A_VIRT;
	image->phys = arena_virt == ARENA_A_VIRT ? ARENA_B_PHYS : ARENA_A_PHYS;
	next_kernel.loaded = false;
	ret = read_headers(image);
	if (!ret)
		ret = find_note(image);
	if (!ret)
		ret = check_note(image);
	if (!ret)
		ret = check_sum(image);
	if (!ret)
		ret = check_extents(image);
	if (!ret)
		ret = load_segments(image);
	if (!ret && image->virt != KERNEL_LINK_BASE) {
		ret = read_symbols(image);
		if (!ret)
			ret = relocate(image);
	}
	if (!ret) {
		strscpy(next_kernel.release, image->note.release, sizeof(next_kernel.release));
		next_kernel.virt = image->virt;
		next_kernel.phys = image->phys;
		next_kernel.entry = image->note.entry - KERNEL_LINK_BASE + image->virt;
		next_kernel.bytes = image->bytes;
		next_kernel.zeros = image->zeros;
		next_kernel.crc32 = sum_of_next_kernel();
		next_kernel.loaded = true;
	}
	vfree(image->symbols);
	vfree(image);
	return ret;
}

SYSCALL_DEFINE5(kexec_file_load, int, kernel_fd, int, initrd_fd, unsigned long, length,
		const char __user *, command_line, unsigned long, flags)
{
	char *line = next_kernel.command_line;
	struct file *file;
	int ret;

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	/* the initrd is accepted and not used: the tree of files is carried */
	if (flags & ~(unsigned long)(KEXEC_FILE_UNLOAD | KEXEC_FILE_NO_INITRAMFS))
		return -EINVAL;
	if (liveupdate_state != LIVEUPDATE_NORMAL || !liveupdate_begin())
		return -EBUSY;
	if (flags & KEXEC_FILE_UNLOAD) {
		next_kernel.loaded = false;
		liveupdate_end();
		return 0;
	}
	ret = -EINVAL;
	if (length > sizeof(next_kernel.command_line))
		goto out;
	file = fget(kernel_fd);
	ret = file ? load_image(file) : -EBADF;
	fput(file);
	if (!ret && length) {
		ret = copy_from_user(line, command_line, length) ? -EFAULT : 0;
		if (!ret && line[length - 1])
			ret = -EINVAL;
	} else {
		line[0] = 0;
	}
	if (ret)
		next_kernel.loaded = false;
	else
		pr_info("kexec_file: Scion %s loaded into arena %c\n", next_kernel.release,
			next_kernel.virt == ARENA_A_VIRT ? 'A' : 'B');
out:
	liveupdate_end();
	return ret;
}
