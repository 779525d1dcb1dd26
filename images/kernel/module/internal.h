/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by module/ and livepatch/core.c: the checked view of a module's file. */
#ifndef _MODULE_INTERNAL_H
#define _MODULE_INTERNAL_H

#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/elf.h>

/*
 * The module's file, kept while the module is there: its symbol table names
 * addresses for kallsyms, and a livepatch module's late relocations are applied
 * from it. module_check_elf() fills it in and is the only one that reads the
 * file's own numbers; everybody else follows these pointers.
 *
 * Two tables of the file are written to once they are checked: sh_addr says
 * where a section was placed (0: it is not in memory), st_value where a symbol
 * is. No other section lies under either table.
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

	/* Sections that the loader knows by name; the last four may be missing. */
	const Elf64_Shdr *self, *modinfo;
	const Elf64_Shdr *exports, *params, *mcount, *dyndbg;
	char name[MODULE_NAME_LEN]; /* "module" until it is known */
};

/* A section that the loader has to find: elf.c has the list. */
struct module_role {
	const char *name;
	unsigned long entry; /* its size is a multiple of this */
	unsigned int flags;  /* of WRITE, ALLOC and EXECINSTR, those it must have ... */
	unsigned int mask;   /* ... among these */
	unsigned int found;  /* offsetof its pointer in struct klp_modinfo */
	bool required;
};

#define module_refuse(info, fmt, ...)                                 \
	({                                                            \
		pr_err("%s: " fmt "\n", (info)->name, ##__VA_ARGS__); \
		-ENOEXEC;                                             \
	})

/* elf.c: 0, or -ENOEXEC with a message that names the field; nothing is written. */
int module_check_elf(struct klp_modinfo *info);
/* The text of string table @index, or NULL with a message that says whose. */
const char *module_string_table(const struct klp_modinfo *info, unsigned int index,
				const char *whose);
const char *module_section_name(const struct klp_modinfo *info, const Elf64_Shdr *sec);
/* "tag=value" of .modinfo, or NULL. */
const char *module_get_modinfo(const struct klp_modinfo *info, const char *tag);
/* Will @name, of less than @limit bytes, do as one in /sys and as a word of /proc/modules? */
bool module_is_file_name(const char *name, size_t limit);
/* The kind of memory (enum mod_mem_type) a section goes into; -1: none. */
int module_section_kind(const struct klp_modinfo *info, const Elf64_Shdr *sec);

/* What ".klp.sym.<object>.<symbol>,<position>" names. */
struct klp_symbol {
	char object[MODULE_NAME_LEN];
	char name[KSYM_NAME_LEN];
	unsigned long position;
};

/* elf-symbols.c: the part of module_check_elf() about symbols and relocations. */
/* False: @text is no name of a livepatch symbol, or a part of it is too long. */
bool module_parse_klp_symbol(const char *text, struct klp_symbol *parsed);
int module_check_symbols(struct klp_modinfo *info);
int module_check_relocations(struct klp_modinfo *info);

/* claims.c: what the module says of itself once its relocations are applied. */
int module_check_claims(struct module *mod);
/* Does [@at, @at + @size) lie in the module's writable memory? */
bool module_owns_data(const struct module *mod, const void *at, unsigned long size);

/* relocate.c: the field's width in bytes; 0: nothing to write; -1: unknown type. */
int module_reloc_width(unsigned int type);
/* One SHT_RELA section; symbols must have their addresses. */
int module_apply_rela(const char *name, const struct klp_modinfo *info, const Elf64_Shdr *rela);

/* params.c: bytes of the variable that these operations write; 0 if they are not the kernel's own. */
size_t module_param_size(const struct kernel_param_ops *ops);
void module_free_params(const struct module *mod);

/* load.c: gives back all that belongs to a module which nobody can find any more. */
void module_free(struct module *mod);

/* main.c */
/* -EEXIST: there is a module of that name, or one is coming. */
int module_check_name(const char *name);
int module_add_to_list(struct module *mod);
/* Does @mod, which may be any address, point at a module that is there? */
bool is_module(const struct module *mod);
void module_unlink(struct module *mod);
void module_set_state(struct module *mod, enum module_state state);
/* In memory: whole pages. */
unsigned long module_core_size(const struct module *mod);
/* An exported symbol, or NULL; @owner becomes a user of the module that has it. */
const struct kernel_symbol *module_resolve_symbol(struct module *owner, const char *name);
/* Does the kernel or a module export @name already? */
bool module_is_exported(const char *name);

/* The string a module's vermagic has to equal. */
const char *kernel_vermagic(void);

int module_sysfs_setup(struct module *mod);
void module_sysfs_teardown(struct module *mod);

#endif
