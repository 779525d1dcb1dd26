// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is this file a module the loader can follow without looking back?
 *
 * Promises: after module_check_elf() every offset, size, index and name that the
 * loader, the relocations, kallsyms and livepatch use lies within the file, and
 * what is written while loading (the section headers, the symbol table) lies
 * under nothing else. Each refusal names the field. Nothing is allocated,
 * written or executed. Must not know what the module wants, nor where its
 * sections will be: what only that can tell is judged in claims.c.
 */
#include <linux/ctype.h>
#include <linux/dynamic_debug.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include "internal.h"

#define EV_CURRENT	  1
#define SHT_INIT_ARRAY	  14
#define SHT_FINI_ARRAY	  15
#define SHT_GROUP	  17
#define SHT_X86_64_UNWIND 0x70000001
#define SHF_COMPRESSED	  0x800
#define SHF_TLS		  0x400
#define ZEROES_MAX	  (16UL << 20) /* of one section; the whole area has no more */
#define WXA		  (SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR)

static const struct module_role roles[] = {
	{ ".gnu.linkonce.this_module", sizeof(struct module), SHF_ALLOC | SHF_WRITE, WXA,
	  offsetof(struct klp_modinfo, self), true },
	{ ".modinfo", 1, 0, SHF_EXECINSTR, offsetof(struct klp_modinfo, modinfo), true },
	{ "__ksymtab", sizeof(struct kernel_symbol), SHF_ALLOC, SHF_ALLOC | SHF_EXECINSTR,
	  offsetof(struct klp_modinfo, exports), false },
	{ "__param", sizeof(struct kernel_param), SHF_ALLOC, SHF_ALLOC | SHF_EXECINSTR,
	  offsetof(struct klp_modinfo, params), false },
	{ "__mcount_loc", sizeof(unsigned long), SHF_ALLOC, SHF_ALLOC | SHF_EXECINSTR,
	  offsetof(struct klp_modinfo, mcount), false },
	{ "__dyndbg", sizeof(struct _ddebug), SHF_ALLOC | SHF_WRITE, WXA,
	  offsetof(struct klp_modinfo, dyndbg), false },
};

static bool module_in_file(const struct klp_modinfo *info, u64 offset, u64 size)
{
	return offset <= info->size && size <= info->size - offset;
}

const char *module_section_name(const struct klp_modinfo *info, const Elf64_Shdr *sec)
{
	return info->secstrings + sec->sh_name;
}

static int check_header(struct klp_modinfo *info)
{
	Elf64_Ehdr *hdr = info->image;

	if (info->size < sizeof(*hdr))
		return module_refuse(info, "truncated: %lu bytes are less than an ELF header",
				     info->size);
	if (memcmp(hdr->e_ident, ELFMAG, SELFMAG))
		return module_refuse(info, "e_ident: not an ELF file");
	if (hdr->e_ident[EI_CLASS] != ELFCLASS64 || hdr->e_ident[EI_DATA] != ELFDATA2LSB)
		return module_refuse(info, "e_ident: not a little-endian ELF64 file");
	if (hdr->e_ident[6] != EV_CURRENT || hdr->e_version != EV_CURRENT)
		return module_refuse(info, "e_version is %u, 1 expected",
				     hdr->e_version != EV_CURRENT ? hdr->e_version
								  : hdr->e_ident[6]);
	if (hdr->e_type != ET_REL)
		return module_refuse(info, "e_type is %u, 1 (relocatable) expected", hdr->e_type);
	if (hdr->e_machine != EM_X86_64)
		return module_refuse(info, "e_machine is %u, 62 (x86-64) expected", hdr->e_machine);
	if (hdr->e_ehsize != sizeof(*hdr))
		return module_refuse(info, "e_ehsize is %u", hdr->e_ehsize);
	if (hdr->e_shentsize != sizeof(Elf64_Shdr))
		return module_refuse(info, "e_shentsize is %u", hdr->e_shentsize);
	if (hdr->e_shnum < 2 || hdr->e_shnum >= SHN_LORESERVE)
		return module_refuse(info, "e_shnum is %u", hdr->e_shnum);
	if (hdr->e_shoff < sizeof(*hdr) || hdr->e_shoff % 8)
		return module_refuse(info, "e_shoff is 0x%llx", (unsigned long long)hdr->e_shoff);
	if (!module_in_file(info, hdr->e_shoff, hdr->e_shnum * sizeof(Elf64_Shdr)))
		return module_refuse(
			info,
			"truncated: e_shoff: the section headers lie past the end of the file");
	info->hdr = hdr;
	info->sechdrs = info->image + hdr->e_shoff;
	return 0;
}

/* Header 0 stands for "no section": it describes nothing, and nobody may mean it. */
static int check_null_section(const struct klp_modinfo *info)
{
	const Elf64_Shdr *none = &info->sechdrs[0];

	if (none->sh_type != SHT_NULL)
		return module_refuse(info, "section 0: sh_type is %u, 0 expected", none->sh_type);
	if (none->sh_addr)
		return module_refuse(info, "section 0: sh_addr is not 0");
	if (none->sh_size)
		return module_refuse(info, "section 0: sh_size is not 0");
	return 0;
}

/*
 * What is left out because its kind is not known may be what the rest cannot do
 * without: relocations, for one (SHT_REL is not used on x86-64).
 */
static bool is_known_type(u32 type)
{
	switch (type) {
	case SHT_NULL:
	case SHT_PROGBITS:
	case SHT_SYMTAB:
	case SHT_STRTAB:
	case SHT_RELA:
	case SHT_NOTE:
	case SHT_NOBITS:
	case SHT_INIT_ARRAY:
	case SHT_FINI_ARRAY:
	case SHT_GROUP:
	case SHT_X86_64_UNWIND:
		return true;
	default:
		return false;
	}
}

static int check_one_section(const struct klp_modinfo *info, unsigned int i)
{
	const Elf64_Shdr *sec = &info->sechdrs[i];
	unsigned long long size = sec->sh_size;

	if (sec->sh_type != SHT_NOBITS && !module_in_file(info, sec->sh_offset, size))
		return module_refuse(
			info,
			"truncated: section %u (type %u): sh_offset, sh_size lie past the end of the file",
			i, sec->sh_type);
	if (sec->sh_type == SHT_NOBITS && size > ZEROES_MAX)
		return module_refuse(info, "section %u: sh_size is %llu bytes of zeroes", i, size);
	if (sec->sh_addralign & (sec->sh_addralign - 1) || sec->sh_addralign > PAGE_SIZE)
		return module_refuse(info, "section %u: sh_addralign is %llu", i,
				     (unsigned long long)sec->sh_addralign);
	if (!is_known_type(sec->sh_type))
		return module_refuse(info, "section %u: sh_type is 0x%x", i, sec->sh_type);
	if (!(sec->sh_flags & SHF_ALLOC))
		return 0;
	if ((sec->sh_flags & WXA) == WXA)
		return module_refuse(info, "section %u: sh_flags: both writable and executable", i);
	if (sec->sh_flags & (SHF_COMPRESSED | SHF_TLS))
		return module_refuse(info, "section %u: sh_flags: compressed or thread-local", i);
	return 0;
}

const char *module_string_table(const struct klp_modinfo *info, unsigned int index,
				const char *whose)
{
	const Elf64_Shdr *sec = &info->sechdrs[index];
	const char *text;

	if (!index || index >= info->hdr->e_shnum || sec->sh_type != SHT_STRTAB) {
		module_refuse(info, "%s is %u, which is not a string table", whose, index);
		return NULL;
	}
	text = info->image + sec->sh_offset;
	if (!sec->sh_size || text[0] || text[sec->sh_size - 1]) {
		module_refuse(info,
			      "%s: the text of string table %u does not begin and end with NUL",
			      whose, index);
		return NULL;
	}
	return text;
}

static int check_section_names(struct klp_modinfo *info)
{
	unsigned long size;
	unsigned int i;

	info->secstrings = module_string_table(info, info->hdr->e_shstrndx, "e_shstrndx");
	if (!info->secstrings)
		return -ENOEXEC;
	size = info->sechdrs[info->hdr->e_shstrndx].sh_size;
	for (i = 0; i < info->hdr->e_shnum; i++)
		if (info->sechdrs[i].sh_name >= size)
			return module_refuse(info,
					     "section %u: sh_name is past the end of its table", i);
	return 0;
}

static int check_sections(struct klp_modinfo *info)
{
	unsigned int i;
	int ret = check_null_section(info);

	for (i = 1; !ret && i < info->hdr->e_shnum; i++)
		ret = check_one_section(info, i);
	return ret ? ret : check_section_names(info);
}

/* ---- nothing lies under anything else ---- */

static bool lies_behind(const void *a, const void *b, const void *context)
{
	const Elf64_Shdr *sechdrs = context;

	return sechdrs[*(const u16 *)a].sh_offset > sechdrs[*(const u16 *)b].sh_offset;
}

static int check_neighbours(const struct klp_modinfo *info, const u16 *order, unsigned int count)
{
	u64 table = info->hdr->e_shoff;
	u64 table_end = table + info->hdr->e_shnum * sizeof(Elf64_Shdr);
	u64 end = sizeof(Elf64_Ehdr);
	unsigned int i;

	for (i = 0; i < count; i++) {
		const Elf64_Shdr *sec = &info->sechdrs[order[i]];
		u64 begin = sec->sh_offset;

		if (begin < end)
			return module_refuse(info, "section %u: sh_offset lies inside of %s %u",
					     order[i], i ? "section" : "the file's header",
					     i ? order[i - 1] : 0);
		end = begin + sec->sh_size;
		if (begin < table_end && table < end)
			return module_refuse(
				info, "section %u: sh_offset, sh_size cover the section headers",
				order[i]);
	}
	return 0;
}

static int check_overlaps(struct klp_modinfo *info)
{
	unsigned int i, count = 0;
	int ret;
	u16 *order = kvmalloc(info->hdr->e_shnum * sizeof(*order), GFP_KERNEL);

	if (!order)
		return -ENOMEM;
	for (i = 1; i < info->hdr->e_shnum; i++)
		if (info->sechdrs[i].sh_type != SHT_NOBITS &&
		    info->sechdrs[i].sh_type != SHT_NULL && info->sechdrs[i].sh_size)
			order[count++] = i;
	sort_in_place(order, count, sizeof(*order), lies_behind, info->sechdrs);
	ret = check_neighbours(info, order, count);
	kvfree(order);
	return ret;
}

/* ---- the sections that the loader knows by name ---- */

static int check_role(const struct klp_modinfo *info, const struct module_role *role,
		      const Elf64_Shdr *sec)
{
	if (sec->sh_type != SHT_PROGBITS)
		return module_refuse(info, "%s: sh_type is %u, 1 expected", role->name,
				     sec->sh_type);
	if ((sec->sh_flags & role->mask) != role->flags)
		return module_refuse(info, "%s: sh_flags is 0x%llx", role->name,
				     (unsigned long long)sec->sh_flags);
	if (sec->sh_size % role->entry || (role->required && !sec->sh_size))
		return module_refuse(info, "%s: sh_size is %llu, a multiple of %lu expected",
				     role->name, (unsigned long long)sec->sh_size, role->entry);
	return 0;
}

static int find_roles(struct klp_modinfo *info)
{
	const struct module_role *role;
	unsigned int i;
	int ret;

	for (role = roles; role < roles + ARRAY_SIZE(roles); role++) {
		const Elf64_Shdr **found = (void *)info + role->found;

		for (i = 1; i < info->hdr->e_shnum; i++) {
			const Elf64_Shdr *sec = &info->sechdrs[i];

			if (strcmp(module_section_name(info, sec), role->name))
				continue;
			if (*found)
				return module_refuse(info, "section %u: sh_name: a second %s", i,
						     role->name);
			ret = check_role(info, role, sec);
			if (ret)
				return ret;
			*found = sec;
		}
		if (role->required && !*found)
			return module_refuse(info, "no %s section: not a module", role->name);
	}
	return 0;
}

bool module_is_file_name(const char *name, size_t limit)
{
	size_t i, length = strnlen(name, limit);

	if (!length || length == limit || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (i = 0; i < length; i++)
		if (!isprint((unsigned char)name[i]) || name[i] == ' ' || name[i] == '/')
			return false;
	return true;
}

static int check_self(struct klp_modinfo *info)
{
	const struct module *self = info->image + info->self->sh_offset;

	if (info->self->sh_size != sizeof(*self))
		return module_refuse(info,
				     ".gnu.linkonce.this_module: sh_size is %llu, %zu expected",
				     (unsigned long long)info->self->sh_size, sizeof(*self));
	if (info->self->sh_addralign < __alignof__(struct module))
		return module_refuse(info, ".gnu.linkonce.this_module: sh_addralign is %llu",
				     (unsigned long long)info->self->sh_addralign);
	if (!module_is_file_name(self->name, sizeof(self->name)) || !strcmp(self->name, "vmlinux"))
		return module_refuse(info, "name: empty, too long, taken or no name for a file");
	strscpy(info->name, self->name, sizeof(info->name));
	return 0;
}

static int check_modinfo(const struct klp_modinfo *info)
{
	const char *text = info->image + info->modinfo->sh_offset;

	if (text[info->modinfo->sh_size - 1])
		return module_refuse(info, ".modinfo is not terminated");
	return 0;
}

int module_check_elf(struct klp_modinfo *info)
{
	static int (*const steps[])(struct klp_modinfo *) = {
		check_header, check_sections, check_overlaps, find_roles, check_self,
	};
	unsigned int i;
	int ret = 0;

	strscpy(info->name, "module", sizeof(info->name));
	for (i = 0; !ret && i < ARRAY_SIZE(steps); i++)
		ret = steps[i](info);
	if (!ret)
		ret = check_modinfo(info);
	if (!ret)
		ret = module_check_symbols(info);
	return ret ? ret : module_check_relocations(info);
}

const char *module_get_modinfo(const struct klp_modinfo *info, const char *tag)
{
	const char *word = info->image + info->modinfo->sh_offset;
	const char *end = word + info->modinfo->sh_size;
	size_t length = strlen(tag);

	while (word < end) {
		if (!strncmp(word, tag, length) && word[length] == '=')
			return word + length + 1;
		word += strlen(word) + 1;
	}
	return NULL;
}

int module_section_kind(const struct klp_modinfo *info, const Elf64_Shdr *sec)
{
	if (!(sec->sh_flags & SHF_ALLOC) || sec == info->modinfo || sec->sh_type == SHT_RELA ||
	    sec->sh_type == SHT_NOTE || sec->sh_type == SHT_NULL)
		return -1;
	if (sec->sh_flags & SHF_EXECINSTR)
		return MOD_TEXT;
	return sec->sh_flags & SHF_WRITE ? MOD_DATA : MOD_RODATA;
}
