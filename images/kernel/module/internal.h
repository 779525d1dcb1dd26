/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by module/ and livepatch/core.c: the ELF view of a loaded module. */
#ifndef _MODULE_INTERNAL_H
#define _MODULE_INTERNAL_H

#include <linux/module.h>
#include <linux/elf.h>

/*
 * The module's file, kept while the module is there: its symbol table names
 * addresses for kallsyms, and a livepatch module's late relocations are applied
 * from it. Section headers hold, in sh_addr, where a section was placed.
 */
struct klp_modinfo {
	void *image;
	unsigned long size;
	Elf64_Ehdr *hdr;
	Elf64_Shdr *sechdrs;
	const char *secstrings;
	Elf64_Sym *symtab;
	unsigned int num_symtab;
	const char *strtab;
	unsigned long strtab_size;
};

/* Checks bounds of everything the loader will follow; -ENOEXEC with a message. */
int module_check_elf(struct klp_modinfo *info, const char *name);
const Elf64_Shdr *module_find_section(const struct klp_modinfo *info, const char *name);
/* "tag=value" of .modinfo, or NULL. */
const char *module_get_modinfo(const struct klp_modinfo *info, const char *tag);

/* One SHT_RELA section; symbols must have their addresses. */
int module_apply_rela(const char *name, const struct klp_modinfo *info,
		      const Elf64_Shdr *rela);

/* The string a module's vermagic has to equal. */
const char *kernel_vermagic(void);

int module_sysfs_setup(struct module *mod);
void module_sysfs_teardown(struct module *mod);

#endif
