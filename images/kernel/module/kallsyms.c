// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names for addresses and addresses for names, of the kernel and its modules.
 *
 * The kernel's table is made by src/toolchain/kallsyms.ts from the linked image
 * and linked in again: entries ascend by address, offsets count from _text.
 * Promises: order and number of equal names are those of the table, so that a
 * symbol position means the same to host and guest.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/module.h>
#include <linux/kallsyms.h>
#include <linux/preempt.h>
#include <linux/seq_file.h>
#include <linux/printk.h>
#include "internal.h"

struct kallsyms_entry {
	/*  0 */ u32 offset; /* from _text */
	/*  4 */ u32 size;
	/*  8 */ u32 name; /* in kallsyms_names */
	/* 12 */ u32 type; /* nm's letter */
};

/* Absent in the first link, from which the table is made. */
extern const struct kallsyms_entry kallsyms_table[] __attribute__((weak));
extern const char kallsyms_names[] __attribute__((weak));
extern const u32 kallsyms_count __attribute__((weak));
extern char _text[], _end[];

static unsigned int symbol_count(void)
{
	return &kallsyms_count ? kallsyms_count : 0;
}

static unsigned long symbol_address(unsigned int i)
{
	return (unsigned long)_text + kallsyms_table[i].offset;
}

static const char *symbol_name(unsigned int i)
{
	return kallsyms_names + kallsyms_table[i].name;
}

int kallsyms_on_each_match_symbol(int (*fn)(void *data, unsigned long addr), const char *name,
				  void *data)
{
	unsigned int i;
	int ret;

	for (i = 0; i < symbol_count(); i++)
		if (!strcmp(symbol_name(i), name)) {
			ret = fn(data, symbol_address(i));
			if (ret)
				return ret;
		}
	return 0;
}

/* Index of the last symbol at or below @addr, the first of several equal ones. */
static int find_symbol(unsigned long addr)
{
	unsigned int low = 0, high = symbol_count();

	if (addr < (unsigned long)_text || addr >= (unsigned long)_end)
		return -1;
	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (symbol_address(mid) <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return -1;
	low--;
	while (low && symbol_address(low - 1) == symbol_address(low))
		low--;
	return low;
}

static unsigned long symbol_size(unsigned int i)
{
	unsigned int next = i;

	if (kallsyms_table[i].size)
		return kallsyms_table[i].size;
	while (next < symbol_count() && symbol_address(next) == symbol_address(i))
		next++;
	return (next < symbol_count() ? symbol_address(next) : (unsigned long)_end) -
	       symbol_address(i);
}

/* ---- modules: their own symbol tables ---- */

/* Is it a name for something of the module that is in memory? */
static bool module_symbol_counts(struct module *mod, const Elf64_Sym *sym)
{
	const struct klp_modinfo *info = mod->klp_info;

	return info->strtab[sym->st_name] && ELF_ST_TYPE(sym->st_info) < STT_SECTION &&
	       sym->st_shndx != SHN_UNDEF && sym->st_shndx < info->hdr->e_shnum &&
	       info->sechdrs[sym->st_shndx].sh_addr;
}

static const Elf64_Sym *module_find_symbol(struct module *mod, unsigned long addr)
{
	const Elf64_Sym *sym = mod->klp_info->symtab, *best = NULL;
	unsigned int i;

	for (i = 1; i < mod->klp_info->num_symtab; i++)
		if (module_symbol_counts(mod, &sym[i]) && sym[i].st_value <= addr &&
		    (!best || sym[i].st_value > best->st_value))
			best = &sym[i];
	return best;
}

int module_kallsyms_on_each_symbol(struct module *mod,
				   int (*fn)(void *data, const char *name, unsigned long addr),
				   void *data)
{
	const Elf64_Sym *sym = mod->klp_info->symtab;
	unsigned int i;
	int ret;

	for (i = 1; i < mod->klp_info->num_symtab; i++) {
		if (!module_symbol_counts(mod, &sym[i]))
			continue;
		ret = fn(data, mod->klp_info->strtab + sym[i].st_name, sym[i].st_value);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- both ---- */

const char *kallsyms_lookup(unsigned long addr, unsigned long *symbolsize, unsigned long *offset,
			    char **modname, char *namebuf)
{
	const Elf64_Sym *sym;
	struct module *mod;
	const char *found = NULL;
	int i = find_symbol(addr);

	if (modname)
		*modname = NULL;
	if (i >= 0) {
		if (symbolsize)
			*symbolsize = symbol_size(i);
		if (offset)
			*offset = addr - symbol_address(i);
		return symbol_name(i);
	}
	preempt_disable();
	mod = __module_address(addr);
	sym = mod ? module_find_symbol(mod, addr) : NULL;
	if (sym) {
		if (symbolsize)
			*symbolsize = sym->st_size;
		if (offset)
			*offset = addr - sym->st_value;
		if (modname)
			*modname = mod->name;
		found = mod->klp_info->strtab + sym->st_name;
		if (namebuf) {
			strscpy(namebuf, found, KSYM_NAME_LEN);
			found = namebuf;
		}
	}
	preempt_enable();
	return found;
}

int kallsyms_lookup_size_offset(unsigned long addr, unsigned long *symbolsize,
				unsigned long *offset)
{
	unsigned long size, off;

	if (!kallsyms_lookup(addr, &size, &off, NULL, NULL))
		return 0;
	if (symbolsize)
		*symbolsize = size;
	if (offset)
		*offset = off;
	return size != 0;
}

int sprint_symbol(char *buffer, unsigned long address)
{
	unsigned long size, offset;
	char *modname;
	const char *name = kallsyms_lookup(address, &size, &offset, &modname, NULL);

	if (!name)
		return scnprintf(buffer, KSYM_SYMBOL_LEN, "0x%lx", address);
	if (modname)
		return scnprintf(buffer, KSYM_SYMBOL_LEN, "%s+0x%lx/0x%lx [%s]", name, offset, size,
				 modname);
	return scnprintf(buffer, KSYM_SYMBOL_LEN, "%s+0x%lx/0x%lx", name, offset, size);
}

struct show_arg {
	struct seq_file *m;
	struct module *mod;
};

static int show_module_symbol(void *data, const char *name, unsigned long addr)
{
	struct show_arg *arg = data;

	seq_printf(arg->m, "%016lx %c %s\t[%s]\n", addr, __module_text_address(addr) ? 't' : 'd',
		   name, arg->mod->name);
	return 0;
}

/* /proc/kallsyms */
int kallsyms_seq_show(struct seq_file *m, void *v)
{
	struct show_arg arg = { .m = m };
	unsigned int i;

	for (i = 0; i < symbol_count(); i++)
		seq_printf(m, "%016lx %c %s\n", symbol_address(i), (char)kallsyms_table[i].type,
			   symbol_name(i));
	module_mutex_lock();
	list_for_each_entry(arg.mod, &modules, list)
		module_kallsyms_on_each_symbol(arg.mod, show_module_symbol, &arg);
	module_mutex_unlock();
	return 0;
}
