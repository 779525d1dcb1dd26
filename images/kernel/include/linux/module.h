/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loadable modules.
 *
 * A module is a relocatable ELF64 object. Its section .gnu.linkonce.this_module
 * holds the struct module below with name, init and exit filled in by the
 * build; the loader fills the rest. The head of the structure (the offsets in
 * comments) is a contract with the builder in src/patch, which writes it
 * without a compiler; so is the size, MODULE_STRUCT_SIZE.
 */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/moduleparam.h>
#include <linux/stat.h>

#define MODULE_NAME_LEN	   56
#define MODULE_STRUCT_SIZE 1024

enum module_state {
	MODULE_STATE_LIVE,     /* Normal state. */
	MODULE_STATE_COMING,   /* Full formed, running module_init. */
	MODULE_STATE_GOING,    /* Going away. */
	MODULE_STATE_UNFORMED, /* Still being set up. */
};

/* One run of pages with one protection. */
struct module_memory {
	void *base;
	unsigned long size;
};

enum mod_mem_type { MOD_TEXT, MOD_RODATA, MOD_DATA, MOD_MEM_NUM };

struct klp_modinfo;
struct kobject;

struct module {
	/*   0 */ enum module_state state;
	/*   8 */ char name[MODULE_NAME_LEN] __attribute__((aligned(8)));
	/*  64 */ int (*init)(void);
	/*  72 */ void (*exit)(void);

	/* Protected by module_mutex; read under preemption off. */
	struct list_head list;

	/* Fixed once the module is formed. */
	struct module_memory mem[MOD_MEM_NUM];
	const struct kernel_symbol *syms;
	unsigned int num_syms;
	const struct kernel_param *kp;
	unsigned int num_kp;
	unsigned long *ftrace_callsites;
	unsigned int num_ftrace_callsites;
	struct _ddebug *dyndbg;
	unsigned int num_dyndbg;
	char *args;
	char *version;
	bool klp;		      /* Is this a livepatch module? */
	bool klp_alive;		      /* klp_module_coming() has run. */
	struct klp_modinfo *klp_info; /* the file: its symbols, its late relocations */
	unsigned long taints;

	/* Modules this one uses; each holds one reference. */
	struct module *uses[8];
	unsigned int num_uses;

	/* One reference belongs to the loader while the module is there. */
	int refcnt;

	struct kobject *kobj; /* /sys/module/<name> */
	void *sysfs_private;
} __attribute__((aligned(MODULE_STRUCT_SIZE)));

_Static_assert(sizeof(struct module) == MODULE_STRUCT_SIZE, "src/patch writes this structure");
_Static_assert(__builtin_offsetof(struct module, name) == 8, "contract");
_Static_assert(__builtin_offsetof(struct module, init) == 64, "contract");
_Static_assert(__builtin_offsetof(struct module, exit) == 72, "contract");

#ifdef MODULE
extern struct module __this_module;
#define THIS_MODULE	(&__this_module)
/* Whole declarations, as on Linux: some write no semicolon behind them. */
#define module_init(fn) int init_module(void) __attribute__((alias(#fn)));
#define module_exit(fn) void cleanup_module(void) __attribute__((alias(#fn)));
int init_module(void);
void cleanup_module(void);
#else
#define THIS_MODULE ((struct module *)0)
#endif

#define MODULE_LICENSE(text)	 MODULE_INFO(license, text)
#define MODULE_AUTHOR(text)	 MODULE_INFO(author, text)
#define MODULE_DESCRIPTION(text) MODULE_INFO(description, text)
#define MODULE_VERSION(text)	 MODULE_INFO(version, text)

struct seq_file;

/* False when the module is going away. */
bool try_module_get(struct module *module);
void __module_get(struct module *module);
void module_put(struct module *module);

#ifndef MODULE
int module_refcount(struct module *mod);

struct module *find_module(const char *name);
/* The module whose text or data covers @addr, or NULL. Call with preemption off. */
struct module *__module_address(unsigned long addr);
struct module *__module_text_address(unsigned long addr);
bool is_module_text_address(unsigned long addr);

extern struct list_head modules;
void module_mutex_lock(void);
void module_mutex_unlock(void);

/* /proc/modules, one line per module in Linux's form. */
int modules_seq_show(struct seq_file *m, void *v);
/* "Modules linked in: a(K) b" of an oops. */
void print_modules(void);

/*
 * Memory within reach of a rel32 call from the kernel's text. Writable until
 * set_module_memory_ro/x() close it; pages are writable for text_poke() only.
 */
void *module_alloc(unsigned long size);
void module_memfree(void *base);
int set_module_memory(void *base, unsigned long size, bool writable, bool executable);
#endif

#endif
