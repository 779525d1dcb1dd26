// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a patch names, found: functions of objects by name and position, and the
 * symbols of its late relocations.
 *
 *	.klp.rela.<object>.<section>		relocations to be applied with the object
 *	.klp.sym.<object>.<symbol>,<position>	what they are against
 *
 * Promises: nothing is guessed. A name that is not there, or there more than once
 * with no position given, is -EINVAL with a line that names it.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/printk.h>
#include <linux/string.h>
#include "internal.h"
#include "../module/internal.h"

struct query {
	const char *name;
	unsigned long position; /* 0: there must be one only */
	unsigned long seen;
	unsigned long address; /* of the last one seen */
};

/* Nonzero ends the walk: this is the one. */
static int see(void *data, unsigned long address)
{
	struct query *query = data;

	query->address = address;
	return ++query->seen == query->position;
}

static int see_if_named(void *data, const char *name, unsigned long address)
{
	const struct query *query = data;

	return strcmp(name, query->name) == 0 && see(data, address);
}

static void ask_module(const char *object, struct query *query)
{
	struct module *mod;

	module_mutex_lock();
	mod = find_module(object);
	if (mod)
		module_kallsyms_on_each_symbol(mod, see_if_named, query);
	module_mutex_unlock();
}

static int find_symbol(const char *object, const char *name, unsigned long position,
		       unsigned long *address)
{
	struct query query = { .name = name, .position = position };

	if (strcmp(object, "vmlinux"))
		ask_module(object, &query);
	else
		kallsyms_on_each_match_symbol(see, name, &query);

	*address = query.address;
	if (query.seen && query.seen == (position ?: 1))
		return 0;
	if (!query.seen)
		pr_err("symbol '%s' not found in symbol table\n", name);
	else if (position)
		pr_err("symbol position '%lu' for symbol '%s' in object '%s' not found\n", position,
		       name, object);
	else
		pr_err("unresolvable ambiguity for symbol '%s' in object '%s'\n", name, object);
	return -EINVAL;
}

/* ---- relocations ---- */

/* Gives the symbol its address. A section for one object may name the kernel's symbols too. */
static int resolve(struct klp_modinfo *info, Elf64_Sym *sym, const char *object)
{
	const char *text = info->strtab + sym->st_name;
	struct klp_symbol parsed;
	unsigned long address;

	if (sym->st_shndx != SHN_LIVEPATCH) {
		pr_err("symbol %s is not marked as a livepatch symbol\n", text);
		return -EINVAL;
	}
	if (!module_parse_klp_symbol(text, &parsed)) {
		pr_err("symbol %s has an incorrectly formatted name\n", text);
		return -EINVAL;
	}
	if (strcmp(parsed.object, object) && strcmp(parsed.object, "vmlinux")) {
		pr_err("symbol %s is not of object %s\n", text, object);
		return -EINVAL;
	}
	if (find_symbol(parsed.object, parsed.name, parsed.position, &address))
		return -EINVAL;
	sym->st_value = address;
	return 0;
}

/* ".klp.rela.<object>.": a section to be applied with the object? */
static bool belongs_to(const struct klp_modinfo *info, const Elf64_Shdr *section,
		       const char *object)
{
	const char *name = info->secstrings + section->sh_name;
	size_t length = strlen(object);

	return section->sh_type == SHT_RELA && (section->sh_flags & SHF_RELA_LIVEPATCH) &&
	       strncmp(name, ".klp.rela.", 10) == 0 && strncmp(name + 10, object, length) == 0 &&
	       name[10 + length] == '.';
}

static int apply_section(const char *module, struct klp_modinfo *info, const Elf64_Shdr *section,
			 const char *object)
{
	const Elf64_Rela *first = info->image + section->sh_offset, *rela;

	for (rela = first; rela < first + section->sh_size / sizeof(*rela); rela++) {
		int ret = resolve(info, &info->symtab[ELF64_R_SYM(rela->r_info)], object);

		if (ret)
			return ret;
	}
	return module_apply_rela(module, info, section);
}

/* @objname NULL: the kernel's, while the patch module is loaded; the others come with their object. */
int klp_apply_section_relocs(struct module *pmod, const char *objname)
{
	struct klp_modinfo *info = pmod->klp_info;
	int ret = 0;

	for (unsigned int i = 1; info && !ret && i < info->hdr->e_shnum; i++)
		if (belongs_to(info, &info->sechdrs[i], objname ?: "vmlinux"))
			ret = apply_section(pmod->name, info, &info->sechdrs[i],
					    objname ?: "vmlinux");
	return ret;
}

/* ---- functions ---- */

/* @which: what a message says behind the function's name. */
static int measure(const struct klp_func *func, const char *which, const void *code,
		   unsigned long *size)
{
	if (kallsyms_lookup_size_offset((unsigned long)code, size, NULL))
		return 0;
	pr_err("kallsyms size lookup failed for '%s'%s\n", func->old_name, which);
	return -ENOENT;
}

static int resolve_func(struct klp_object *obj, struct klp_func *func)
{
	unsigned long address;
	int ret = find_symbol(klp_object_name(obj), func->old_name, func->old_sympos, &address);

	if (ret)
		return ret;
	func->old_func = (void *)address;
	if (func->nop)
		func->new_func = func->old_func;
	return measure(func, "", func->old_func, &func->old_size)
		       ?: measure(func, " replacement", func->new_func, &func->new_size);
}

int klp_resolve_object(struct klp_patch *patch, struct klp_object *obj)
{
	int ret = obj->name ? klp_apply_section_relocs(patch->mod, obj->name) : 0;
	struct klp_func *func;

	lockdep_assert_held(&klp_mutex);
	klp_for_each_func(obj, func)
		if (!ret)
			ret = resolve_func(obj, func);
	return ret;
}
