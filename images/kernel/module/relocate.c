// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Relocations of x86-64 objects (System V ABI, AMD64 supplement, table 4.10).
 *
 * Promises: a type it does not know, a value that does not fit and an offset
 * outside of the section are refused by name before anything else of the module
 * runs. The bytes are written through the direct map, so that it makes no
 * difference whether the module's text is already closed (a livepatch module's
 * relocations against an object that comes later).
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/printk.h>
#include <asm/text-patching.h>
#include "internal.h"

/* The field's width in bytes; 0: nothing to write; -1: unknown type. */
static int reloc_width(unsigned int type)
{
	switch (type) {
	case R_X86_64_NONE:
		return 0;
	case R_X86_64_64:
	case R_X86_64_PC64:
		return 8;
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return 4;
	default:
		return -1;
	}
}

/* In struct module the file may point at its init and exit, at nothing else. */
static bool place_allowed(const struct klp_modinfo *info, const Elf64_Shdr *target, u64 offset)
{
	if (strcmp(info->secstrings + target->sh_name, ".gnu.linkonce.this_module"))
		return true;
	return offset == offsetof(struct module, init) || offset == offsetof(struct module, exit);
}

static bool reloc_fits(unsigned int type, u64 value)
{
	switch (type) {
	case R_X86_64_32:
		return value == (u32)value;
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return (s64)value == (s32)value;
	default:
		return true;
	}
}

int module_apply_rela(const char *name, const struct klp_modinfo *info, const Elf64_Shdr *rela)
{
	const Elf64_Shdr *target = &info->sechdrs[rela->sh_info];
	const Elf64_Rela *entry = info->image + rela->sh_offset;
	unsigned long i, count = rela->sh_size / sizeof(*entry);

	for (i = 0; i < count; i++, entry++) {
		unsigned int type = ELF64_R_TYPE(entry->r_info);
		const Elf64_Sym *sym = info->symtab + ELF64_R_SYM(entry->r_info);
		unsigned long place = target->sh_addr + entry->r_offset;
		u64 value = sym->st_value + entry->r_addend;
		int width = reloc_width(type);

		if (width < 0) {
			pr_err("%s: Unknown rela relocation: %u\n", name, type);
			return -ENOEXEC;
		}
		if (!width)
			continue;
		if (entry->r_offset > target->sh_size ||
		    width > target->sh_size - entry->r_offset ||
		    !place_allowed(info, target, entry->r_offset)) {
			pr_err("%s: relocation %lu of section %s is out of place\n", name, i,
			       info->secstrings + target->sh_name);
			return -ENOEXEC;
		}
		if (type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_PC64)
			value -= place;
		if (!reloc_fits(type, value)) {
			pr_err("overflow in relocation type %u val %llx\n", type,
			       (unsigned long long)(sym->st_value + entry->r_addend));
			pr_err("`%s' likely not compiled with -mcmodel=kernel\n", name);
			return -ENOEXEC;
		}
		text_poke_early((void *)place, &value, width);
	}
	return 0;
}
