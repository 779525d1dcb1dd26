// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is this file a module the loader can follow without looking back?
 *
 * Promises: after module_check_elf() every offset, index and name that the
 * loader and the relocations use lies within the file; nothing has been
 * allocated or executed. Each refusal names the field. Must not know what the
 * module wants.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/printk.h>
#include "internal.h"

#define refuse(name, fmt, ...) \
	({ pr_err("%s: " fmt "\n", name, ##__VA_ARGS__); -ENOEXEC; })

static bool in_file(const struct klp_modinfo *info, u64 offset, u64 size)
{
	return offset <= info->size && size <= info->size - offset;
}

static int check_header(struct klp_modinfo *info, const char *name)
{
	Elf64_Ehdr *hdr = info->image;

	if (info->size < sizeof(*hdr))
		return refuse(name, "truncated: %lu bytes are less than an ELF header", info->size);
	if (memcmp(hdr->e_ident, "\177ELF", 4))
		return refuse(name, "not an ELF file");
	if (hdr->e_ident[4] != 2 || hdr->e_ident[5] != 1)
		return refuse(name, "not a little-endian ELF64 file");
	if (hdr->e_type != 1)
		return refuse(name, "e_type is %u, 1 (relocatable) expected", hdr->e_type);
	if (hdr->e_machine != 62)
		return refuse(name, "e_machine is %u, 62 (x86-64) expected", hdr->e_machine);
	if (hdr->e_shentsize != sizeof(Elf64_Shdr))
		return refuse(name, "e_shentsize is %u", hdr->e_shentsize);
	if (!in_file(info, hdr->e_shoff, (u64)hdr->e_shnum * sizeof(Elf64_Shdr)) || !hdr->e_shoff)
		return refuse(name, "truncated: the section headers lie past the end of the file");
	if (hdr->e_shoff % 8)
		return refuse(name, "e_shoff is not aligned");
	info->hdr = hdr;
	info->sechdrs = info->image + hdr->e_shoff;
	return 0;
}

static bool is_terminated(const struct klp_modinfo *info, const Elf64_Shdr *table)
{
	const char *text = info->image + table->sh_offset;

	return table->sh_type == SHT_STRTAB && table->sh_size && !text[table->sh_size - 1];
}

static int check_sections(struct klp_modinfo *info, const char *name)
{
	Elf64_Shdr *names;
	unsigned int i;

	for (i = 1; i < info->hdr->e_shnum; i++) {
		Elf64_Shdr *sec = &info->sechdrs[i];

		if (sec->sh_type != SHT_NOBITS && !in_file(info, sec->sh_offset, sec->sh_size))
			return refuse(name, "truncated: section %u (type %u) lies past the end of the file",
				      i, sec->sh_type);
		if (sec->sh_addralign & (sec->sh_addralign - 1))
			return refuse(name, "section %u: alignment %llu", i,
				      (unsigned long long)sec->sh_addralign);
		if (sec->sh_type == SHT_NOBITS && sec->sh_size > (16UL << 20))
			return refuse(name, "section %u: %llu bytes of zeroes", i,
				      (unsigned long long)sec->sh_size);
	}
	if (info->hdr->e_shstrndx >= info->hdr->e_shnum)
		return refuse(name, "e_shstrndx is %u", info->hdr->e_shstrndx);
	names = &info->sechdrs[info->hdr->e_shstrndx];
	if (!is_terminated(info, names))
		return refuse(name, "the section name table is not a string table");
	info->secstrings = info->image + names->sh_offset;
	for (i = 1; i < info->hdr->e_shnum; i++)
		if (info->sechdrs[i].sh_name >= names->sh_size)
			return refuse(name, "section %u: name past the end of its table", i);
	return 0;
}

static int check_symbols(struct klp_modinfo *info, const char *name)
{
	Elf64_Shdr *symsec = NULL, *strsec;
	unsigned int i;

	for (i = 1; i < info->hdr->e_shnum; i++)
		if (info->sechdrs[i].sh_type == SHT_SYMTAB) {
			if (symsec)
				return refuse(name, "more than one symbol table");
			symsec = &info->sechdrs[i];
		}
	if (!symsec)
		return refuse(name, "no symbol table");
	if (symsec->sh_link >= info->hdr->e_shnum || symsec->sh_offset % 8)
		return refuse(name, "the symbol table's header is invalid");
	strsec = &info->sechdrs[symsec->sh_link];
	if (!is_terminated(info, strsec))
		return refuse(name, "the symbol names are not a string table");
	info->symtab = info->image + symsec->sh_offset;
	info->num_symtab = symsec->sh_size / sizeof(Elf64_Sym);
	info->strtab = info->image + strsec->sh_offset;
	info->strtab_size = strsec->sh_size;
	for (i = 1; i < info->num_symtab; i++) {
		Elf64_Sym *sym = &info->symtab[i];

		if (sym->st_name >= strsec->sh_size)
			return refuse(name, "symbol %u: name past the end of its table", i);
		if (sym->st_shndx >= info->hdr->e_shnum && sym->st_shndx != SHN_LIVEPATCH &&
		    sym->st_shndx != SHN_ABS && sym->st_shndx != SHN_COMMON)
			return refuse(name, "symbol %s: section %u is not there",
				      info->strtab + sym->st_name, sym->st_shndx);
	}
	return 0;
}

static int check_relocations(struct klp_modinfo *info, const char *name)
{
	unsigned int i;
	u64 j;

	for (i = 1; i < info->hdr->e_shnum; i++) {
		Elf64_Shdr *sec = &info->sechdrs[i];
		Elf64_Rela *rela = info->image + sec->sh_offset;

		if (sec->sh_type == 9)		/* SHT_REL: not used on x86-64 */
			return refuse(name, "section %u: relocations without addend", i);
		if (sec->sh_type != SHT_RELA)
			continue;
		if (sec->sh_info >= info->hdr->e_shnum || sec->sh_offset % 8)
			return refuse(name, "section %u relocates section %u, which is not there",
				      i, sec->sh_info);
		for (j = 0; j < sec->sh_size / sizeof(*rela); j++)
			if (ELF64_R_SYM(rela[j].r_info) >= info->num_symtab)
				return refuse(name, "relocation %llu of section %u: no such symbol",
					      (unsigned long long)j, i);
	}
	return 0;
}

static int check_modinfo(const struct klp_modinfo *info, const char *name)
{
	const Elf64_Shdr *sec = module_find_section(info, ".modinfo");
	const char *text;

	if (!sec || !sec->sh_size)
		return refuse(name, "no .modinfo section");
	text = info->image + sec->sh_offset;
	if (text[sec->sh_size - 1])
		return refuse(name, ".modinfo is not terminated");
	sec = module_find_section(info, ".gnu.linkonce.this_module");
	if (!sec)
		return refuse(name, "no .gnu.linkonce.this_module section: not a module");
	if (sec->sh_type != SHT_PROGBITS || sec->sh_size != sizeof(struct module) ||
	    !(sec->sh_flags & SHF_ALLOC))
		return refuse(name, ".gnu.linkonce.this_module has %llu bytes, %zu expected",
			      (unsigned long long)sec->sh_size, sizeof(struct module));
	return 0;
}

int module_check_elf(struct klp_modinfo *info, const char *name)
{
	int ret;

	ret = check_header(info, name);
	if (!ret)
		ret = check_sections(info, name);
	if (!ret)
		ret = check_symbols(info, name);
	if (!ret)
		ret = check_relocations(info, name);
	if (!ret)
		ret = check_modinfo(info, name);
	return ret;
}

const Elf64_Shdr *module_find_section(const struct klp_modinfo *info, const char *name)
{
	unsigned int i;

	for (i = 1; i < info->hdr->e_shnum; i++)
		if (!strcmp(info->secstrings + info->sechdrs[i].sh_name, name))
			return &info->sechdrs[i];
	return NULL;
}

const char *module_get_modinfo(const struct klp_modinfo *info, const char *tag)
{
	const Elf64_Shdr *sec = module_find_section(info, ".modinfo");
	const char *at = info->image + sec->sh_offset, *end = at + sec->sh_size;
	size_t len = strlen(tag);

	for (; at < end; at += strlen(at) + 1)
		if (!strncmp(at, tag, len) && at[len] == '=')
			return at + len + 1;
	return NULL;
}
