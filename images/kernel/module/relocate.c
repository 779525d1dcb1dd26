// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Relocations of x86-64 objects (System V ABI, AMD64 supplement, table 4.10).
 *
 * The file has been checked: type, place and symbol of each are good. Promises:
 * a value that does not fit is refused by name before anything else of the
 * module runs. The bytes are written through the direct map, so that it makes no
 * difference whether the module's text is already closed (a livepatch module's
 * relocations against an object that comes later).
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "internal.h"

int module_reloc_width(unsigned int type)
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

static bool is_relative(unsigned int type)
{
	return type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_PC64;
}

static bool reloc_fits(unsigned int type, u64 value)
{
	if (module_reloc_width(type) == 8)
		return true;
	return type == R_X86_64_32 ? value == (u32)value : (s64)value == (s32)value;
}

int module_apply_rela(const char *name, const struct klp_modinfo *info, const Elf64_Shdr *rela)
{
	unsigned long base = info->sechdrs[rela->sh_info].sh_addr;
	const Elf64_Rela *entry = info->image + rela->sh_offset;
	const Elf64_Rela *end = entry + rela->sh_size / sizeof(*entry);

	for (; entry < end; entry++) {
		unsigned int type = ELF64_R_TYPE(entry->r_info);
		unsigned long place = base + entry->r_offset;
		u64 target = info->symtab[ELF64_R_SYM(entry->r_info)].st_value + entry->r_addend;
		u64 value = is_relative(type) ? target - place : target;

		if (!module_reloc_width(type))
			continue;
		if (!reloc_fits(type, value)) {
			pr_err("%s: r_addend: overflow in relocation type %u val %llx (likely not compiled with -mcmodel=kernel)\n",
			       name, type, (unsigned long long)target);
			return -ENOEXEC;
		}
		text_poke_early((void *)place, &value, module_reloc_width(type));
	}
	return 0;
}
