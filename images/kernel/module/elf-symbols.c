// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The symbols and relocations of a module's file: the second half of
 * module_check_elf(), with the same promises.
 *
 * A relocation is checked down to its place: type, offset and symbol. What is
 * left for relocate.c is whether the value, known only then, fits.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/string.h>
#include "internal.h"

#define STT_TLS	      6
#define STT_GNU_IFUNC 10
#define SYMPOS_DIGITS 9

/* ---- symbols ---- */

static int find_tables(struct klp_modinfo *info)
{
	const Elf64_Shdr *table = NULL;
	unsigned int i;

	for (i = 1; i < info->hdr->e_shnum; i++) {
		if (info->sechdrs[i].sh_type != SHT_SYMTAB)
			continue;
		if (table)
			return module_refuse(info,
					     "section %u: sh_type: more than one symbol table", i);
		table = &info->sechdrs[i];
	}
	if (!table)
		return module_refuse(info, "no symbol table");
	if (table->sh_entsize != sizeof(Elf64_Sym) || !table->sh_size ||
	    table->sh_size % sizeof(Elf64_Sym) || table->sh_offset % 8)
		return module_refuse(
			info, "the symbol table's sh_entsize, sh_size or sh_offset is invalid");
	info->strtab = module_string_table(info, table->sh_link, "the symbol table's sh_link");
	if (!info->strtab)
		return -ENOEXEC;
	info->strtab_size = info->sechdrs[table->sh_link].sh_size;
	info->symtab = info->image + table->sh_offset;
	info->num_symtab = table->sh_size / sizeof(Elf64_Sym);
	return 0;
}

/* Copies [@text, @end), which must be something and leave room for the terminator. */
static bool take(char *to, size_t room, const char *text, const char *end)
{
	if (end <= text || (size_t)(end - text) >= room)
		return false;
	memcpy(to, text, end - text);
	to[end - text] = '\0';
	return true;
}

static bool take_position(const char *digits, unsigned long *position)
{
	if (!*digits || strlen(digits) > SYMPOS_DIGITS || digits[strspn(digits, "0123456789")])
		return false;
	for (*position = 0; *digits; digits++)
		*position = *position * 10 + (*digits - '0');
	return true;
}

bool module_parse_klp_symbol(const char *text, struct klp_symbol *parsed)
{
	static const char prefix[] = ".klp.sym.";
	const char *object = text + sizeof(prefix) - 1, *dot, *comma;

	if (strncmp(text, prefix, sizeof(prefix) - 1))
		return false;
	dot = strchr(object, '.');
	comma = dot ? strrchr(dot, ',') : NULL;
	return comma && take(parsed->object, sizeof(parsed->object), object, dot) &&
	       take(parsed->name, sizeof(parsed->name), dot + 1, comma) &&
	       take_position(comma + 1, &parsed->position);
}

/* A symbol of section @sec of the file lies in it, and has a name that can be told. */
static int check_defined(const struct klp_modinfo *info, unsigned int i, const Elf64_Sym *sym,
			 const Elf64_Shdr *sec)
{
	if (sym->st_value > sec->sh_size || sym->st_size > sec->sh_size - sym->st_value)
		return module_refuse(info, "symbol %u: st_value, st_size reach past section %u", i,
				     sym->st_shndx);
	if (strlen(info->strtab + sym->st_name) >= KSYM_NAME_LEN)
		return module_refuse(info, "symbol %u: st_name is too long", i);
	return 0;
}

static int check_symbol(const struct klp_modinfo *info, unsigned int i)
{
	const Elf64_Sym *sym = &info->symtab[i];
	unsigned int type = ELF_ST_TYPE(sym->st_info);
	struct klp_symbol parsed;

	if (sym->st_name >= info->strtab_size)
		return module_refuse(info, "symbol %u: st_name is past the end of its table", i);
	if (type == STT_TLS || type == STT_GNU_IFUNC)
		return module_refuse(info, "symbol %u: st_info: type %u", i, type);
	switch (sym->st_shndx) {
	case SHN_UNDEF:
	case SHN_ABS:
		return 0;
	case SHN_LIVEPATCH:
		if (!module_parse_klp_symbol(info->strtab + sym->st_name, &parsed))
			return module_refuse(
				info,
				"symbol %u: st_name: symbol %s has an incorrectly formatted name",
				i, info->strtab + sym->st_name);
		return 0;
	case SHN_COMMON:
		return module_refuse(info, "symbol %u: st_shndx: please compile with -fno-common",
				     i);
	}
	if (sym->st_shndx >= info->hdr->e_shnum)
		return module_refuse(info, "symbol %u: st_shndx: section %u is not there", i,
				     sym->st_shndx);
	return check_defined(info, i, sym, &info->sechdrs[sym->st_shndx]);
}

int module_check_symbols(struct klp_modinfo *info)
{
	static const Elf64_Sym none;
	unsigned int i;
	int ret = find_tables(info);

	if (!ret && memcmp(info->symtab, &none, sizeof(none)))
		return module_refuse(info, "symbol 0 is not empty");
	for (i = 1; !ret && i < info->num_symtab; i++)
		ret = check_symbol(info, i);
	return ret;
}

/* ---- relocations ---- */

static bool is_late(const Elf64_Shdr *rela)
{
	return rela->sh_flags & SHF_RELA_LIVEPATCH;
}

/* ".klp.rela.<object>.<section>": the length of the object's name, or 0. */
static size_t late_object(const char *name)
{
	size_t length;

	if (strncmp(name, ".klp.rela.", 10))
		return 0;
	name += 10;
	length = strcspn(name, ".");
	return length < MODULE_NAME_LEN && name[length] == '.' ? length : 0;
}

/* In struct module the file may point at its init and exit, at nothing else. */
static bool place_allowed(const struct klp_modinfo *info, const Elf64_Shdr *target, u64 offset,
			  int width)
{
	if (offset > target->sh_size || (u64)width > target->sh_size - offset)
		return false;
	if (target != info->self)
		return true;
	return width == sizeof(long) &&
	       (offset == offsetof(struct module, init) || offset == offsetof(struct module, exit));
}

/* A late relocation names livepatch symbols of its object or of vmlinux; no other does. */
static int check_late_symbol(const struct klp_modinfo *info, const Elf64_Shdr *rela,
			     const Elf64_Sym *sym)
{
	const char *object = module_section_name(info, rela) + 10;
	const char *text = info->strtab + sym->st_name;
	size_t length = late_object(object - 10);

	if (sym->st_shndx != SHN_LIVEPATCH)
		return module_refuse(info, "r_info: symbol %s is not marked as a livepatch symbol",
				     text);
	text += 9;
	if (strncmp(text, "vmlinux.", 8) && strncmp(text, object, length + 1))
		return module_refuse(info, "r_info: symbol %s is not of object %.*s", text - 9,
				     (int)length, object);
	return 0;
}

static int check_entry(const struct klp_modinfo *info, const Elf64_Shdr *rela,
		       const Elf64_Rela *entry, unsigned long number)
{
	const Elf64_Shdr *target = &info->sechdrs[rela->sh_info];
	const char *where = module_section_name(info, target);
	unsigned int type = ELF64_R_TYPE(entry->r_info);
	int width = module_reloc_width(type);
	const Elf64_Sym *sym;

	if (ELF64_R_SYM(entry->r_info) >= info->num_symtab)
		return module_refuse(info, "relocation %lu of section %s: r_info: no such symbol",
				     number, where);
	sym = &info->symtab[ELF64_R_SYM(entry->r_info)];
	if (width < 0)
		return module_refuse(info, "Unknown rela relocation: %u", type);
	if (width && !place_allowed(info, target, entry->r_offset, width))
		return module_refuse(info, "relocation %lu of section %s: r_offset is out of place",
				     number, where);
	if (is_late(rela))
		return check_late_symbol(info, rela, sym);
	if (sym->st_shndx == SHN_LIVEPATCH)
		return module_refuse(
			info, "relocation %lu of section %s: r_info names a livepatch symbol",
			number, where);
	if (width && sym->st_shndx && sym->st_shndx < info->hdr->e_shnum &&
	    module_section_kind(info, &info->sechdrs[sym->st_shndx]) < 0)
		return module_refuse(
			info,
			"relocation %lu of section %s: r_info: symbol %u lies in a section that is not loaded",
			number, where, (unsigned int)ELF64_R_SYM(entry->r_info));
	return 0;
}

static int check_rela(const struct klp_modinfo *info, unsigned int i)
{
	const Elf64_Shdr *rela = &info->sechdrs[i];
	const Elf64_Rela *entry = info->image + rela->sh_offset;
	unsigned long j;
	int ret = 0, kind;

	if (!rela->sh_info || rela->sh_info >= info->hdr->e_shnum)
		return module_refuse(info, "section %u: sh_info: section %u is not there", i,
				     rela->sh_info);
	kind = module_section_kind(info, &info->sechdrs[rela->sh_info]);
	if (is_late(rela) && !late_object(module_section_name(info, rela)))
		return module_refuse(
			info,
			"section %u: sh_name: a livepatch relocation section has an incorrectly formatted name",
			i);
	if (is_late(rela) && (kind < 0 || &info->sechdrs[rela->sh_info] == info->self))
		return module_refuse(info,
				     "section %u: sh_info: section %u is not for late relocations",
				     i, rela->sh_info);
	if (kind < 0) /* debugging information: nobody will apply it */
		return 0;
	if (info->sechdrs[rela->sh_info].sh_type == SHT_NOBITS)
		return module_refuse(info, "section %u: sh_info: section %u has no bytes", i,
				     rela->sh_info);
	if (rela->sh_entsize != sizeof(*entry) || rela->sh_size % sizeof(*entry) ||
	    rela->sh_offset % 8)
		return module_refuse(info,
				     "section %u: sh_entsize, sh_size or sh_offset is invalid", i);
	if (rela->sh_link >= info->hdr->e_shnum ||
	    info->sechdrs[rela->sh_link].sh_type != SHT_SYMTAB)
		return module_refuse(info,
				     "section %u: sh_link: section %u is not the symbol table", i,
				     rela->sh_link);
	for (j = 0; !ret && j < rela->sh_size / sizeof(*entry); j++)
		ret = check_entry(info, rela, &entry[j], j);
	return ret;
}

int module_check_relocations(struct klp_modinfo *info)
{
	unsigned int i;
	int ret = 0;

	for (i = 1; !ret && i < info->hdr->e_shnum; i++)
		if (info->sechdrs[i].sh_type == SHT_RELA)
			ret = check_rela(info, i);
	return ret;
}
