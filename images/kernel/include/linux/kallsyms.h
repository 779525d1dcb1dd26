/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and addresses of every symbol of the running kernel and its modules.
 * The table is made by the build from the linked image; offsets are relative
 * to _text, so that it holds wherever the image has been relocated to.
 */
#ifndef _LINUX_KALLSYMS_H
#define _LINUX_KALLSYMS_H

#include <linux/types.h>

#define KSYM_NAME_LEN	128
#define KSYM_SYMBOL_LEN (KSYM_NAME_LEN + 64 + 56)

struct module;

/* Name of the symbol that covers @addr, or NULL. @modname is NULL for the kernel. */
const char *kallsyms_lookup(unsigned long addr, unsigned long *symbolsize, unsigned long *offset,
			    char **modname, char *namebuf);
int kallsyms_lookup_size_offset(unsigned long addr, unsigned long *symbolsize,
				unsigned long *offset);

/* "name+0x10/0x40 [module]" into @buffer (KSYM_SYMBOL_LEN bytes). */
int sprint_symbol(char *buffer, unsigned long address);

/* Calls @fn for each kernel symbol called @name, in address order, until it returns non-zero. */
int kallsyms_on_each_match_symbol(int (*fn)(void *data, unsigned long addr), const char *name,
				  void *data);
/* The same for the symbols of one module. */
int module_kallsyms_on_each_symbol(struct module *mod,
				   int (*fn)(void *data, const char *name, unsigned long addr),
				   void *data);
struct seq_file;
int kallsyms_seq_show(struct seq_file *m, void *v);

#endif
