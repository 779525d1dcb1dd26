// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The modules that are there: the list, their states, who uses whom, what they
 * export, and how one goes. load.c makes them.
 *
 * module_mutex protects the list and the states; the list may be read with
 * preemption off. It is not held while a module's own code runs: an init that
 * faults leaves its module "Loading", and everybody else goes on.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/seq_file.h>
#include <linux/module.h>
#include <linux/livepatch.h>
#include "internal.h"

LIST_HEAD(modules);
static DEFINE_MUTEX(module_mutex);

extern const struct kernel_symbol __start___ksymtab[], __stop___ksymtab[];

void module_mutex_lock(void)
{
	mutex_lock(&module_mutex);
}

void module_mutex_unlock(void)
{
	mutex_unlock(&module_mutex);
}

/* Who reads the list holds the mutex or cannot be preempted: synchronize_rcu() waits for the latter. */
static void assert_list_stays(void)
{
	DEBUG_ASSERT(lockdep_is_held(&module_mutex) || !preemptible());
}

struct module *find_module(const char *name)
{
	struct module *mod;

	assert_list_stays();
	list_for_each_entry(mod, &modules, list)
		if (mod->state != MODULE_STATE_UNFORMED && !strcmp(mod->name, name))
			return mod;
	return NULL;
}

static bool within_memory(const struct module_memory *mem, unsigned long addr)
{
	return addr - (unsigned long)mem->base < mem->size;
}

struct module *__module_address(unsigned long addr)
{
	struct module *mod;
	int i;

	assert_list_stays();
	list_for_each_entry(mod, &modules, list)
		for (i = 0; i < MOD_MEM_NUM; i++)
			if (within_memory(&mod->mem[i], addr))
				return mod;
	return NULL;
}

struct module *__module_text_address(unsigned long addr)
{
	struct module *mod;

	assert_list_stays();
	list_for_each_entry(mod, &modules, list)
		if (within_memory(&mod->mem[MOD_TEXT], addr))
			return mod;
	return NULL;
}

bool is_module(const struct module *wanted)
{
	struct module *mod;
	bool found = false;

	preempt_disable();
	list_for_each_entry(mod, &modules, list)
		found |= mod == wanted;
	preempt_enable();
	return found;
}

bool is_module_text_address(unsigned long addr)
{
	bool found;

	preempt_disable();
	found = __module_text_address(addr) != NULL;
	preempt_enable();
	return found;
}

/* ---- references: one belongs to the loader, the rest to users ---- */

bool try_module_get(struct module *module)
{
	int count;

	if (!module)
		return true;
	count = __atomic_load_n(&module->refcnt, __ATOMIC_ACQUIRE);
	while (count)
		if (__atomic_compare_exchange_n(&module->refcnt, &count, count + 1, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}
EXPORT_SYMBOL(try_module_get);

void __module_get(struct module *module)
{
	if (module)
		__atomic_add_fetch(&module->refcnt, 1, __ATOMIC_ACQ_REL);
}
EXPORT_SYMBOL(__module_get);

void module_put(struct module *module)
{
	if (module && __atomic_sub_fetch(&module->refcnt, 1, __ATOMIC_ACQ_REL) < 0)
		panic("module_put: %s has no reference left", module->name);
}
EXPORT_SYMBOL(module_put);

int module_refcount(struct module *mod)
{
	return __atomic_load_n(&mod->refcnt, __ATOMIC_ACQUIRE) - 1;
}

/* ---- symbols ---- */

static const struct kernel_symbol *search_exports(const struct kernel_symbol *sym,
						  const struct kernel_symbol *end, const char *name)
{
	while (sym < end && strcmp(sym->name, name))
		sym++;
	return sym < end ? sym : NULL;
}

/* @owner becomes a user of @mod: @mod cannot go first. */
static int add_use(struct module *owner, struct module *mod)
{
	unsigned int i;

	for (i = 0; i < owner->num_uses; i++)
		if (owner->uses[i] == mod)
			return 0;
	if (owner->num_uses == ARRAY_SIZE(owner->uses)) {
		pr_err("%s: uses more than %zu modules\n", owner->name, ARRAY_SIZE(owner->uses));
		return -ENOMEM;
	}
	if (!try_module_get(mod))
		return -ENODEV;
	owner->uses[owner->num_uses++] = mod;
	return 0;
}

/* Of the modules, those that are live; under module_mutex. */
static const struct kernel_symbol *find_export(const char *name, struct module **from)
{
	const struct kernel_symbol *found;

	lockdep_assert_held(&module_mutex);
	*from = NULL;
	found = search_exports(__start___ksymtab, __stop___ksymtab, name);
	if (found)
		return found;
	list_for_each_entry(*from, &modules, list) {
		if ((*from)->state == MODULE_STATE_LIVE)
			found = search_exports((*from)->syms, (*from)->syms + (*from)->num_syms,
					       name);
		if (found)
			return found;
	}
	return NULL;
}

const struct kernel_symbol *module_resolve_symbol(struct module *owner, const char *name)
{
	const struct kernel_symbol *found;
	struct module *from;

	mutex_lock(&module_mutex);
	found = find_export(name, &from);
	if (found && from && add_use(owner, from))
		found = NULL;
	mutex_unlock(&module_mutex);
	return found;
}

bool module_is_exported(const char *name)
{
	struct module *from;
	bool found;

	mutex_lock(&module_mutex);
	found = find_export(name, &from);
	mutex_unlock(&module_mutex);
	return found;
}

/* ---- coming and going ---- */

/* In any state: the name belongs to whoever has it until he has gone. */
static bool name_is_taken(const char *name)
{
	struct module *other;

	list_for_each_entry(other, &modules, list)
		if (!strcmp(other->name, name))
			return true;
	return false;
}

int module_check_name(const char *name)
{
	int ret;

	mutex_lock(&module_mutex);
	ret = name_is_taken(name) ? -EEXIST : 0;
	mutex_unlock(&module_mutex);
	return ret;
}

int module_add_to_list(struct module *mod)
{
	int ret = -EEXIST;

	mutex_lock(&module_mutex);
	if (!name_is_taken(mod->name)) {
		list_add_tail(&mod->list, &modules);
		ret = 0;
	}
	mutex_unlock(&module_mutex);
	return ret;
}

void module_unlink(struct module *mod)
{
	mutex_lock(&module_mutex);
	list_del(&mod->list);
	mutex_unlock(&module_mutex);
	/* Those who read the list without the mutex are through with it then. */
	synchronize_rcu();
}

void module_set_state(struct module *mod, enum module_state state)
{
	mutex_lock(&module_mutex);
	mod->state = state;
	mutex_unlock(&module_mutex);
}

/* Drops the loader's reference if it is the last one. */
static bool try_stop(struct module *mod)
{
	int one = 1;

	return __atomic_compare_exchange_n(&mod->refcnt, &one, 0, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

SYSCALL_DEFINE2(delete_module, const char __user *, name_user, unsigned int, flags)
{
	char name[MODULE_NAME_LEN];
	struct module *mod;
	long len;
	int ret;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	len = strncpy_from_user(name, name_user, sizeof(name));
	if (len < 0)
		return -EFAULT;
	name[sizeof(name) - 1] = 0;

	mutex_lock(&module_mutex);
	mod = find_module(name);
	if (!mod)
		ret = -ENOENT;
	else if (mod->state != MODULE_STATE_LIVE)
		ret = -EBUSY;
	else if (mod->init && !mod->exit)
		ret = -EBUSY;
	else if (!try_stop(mod))
		ret = -EWOULDBLOCK;
	else
		ret = 0;
	if (!ret)
		mod->state = MODULE_STATE_GOING;
	mutex_unlock(&module_mutex);
	if (ret)
		return ret;

	if (mod->exit)
		mod->exit();
	klp_module_going(mod);
	module_sysfs_teardown(mod);
	module_unlink(mod);
	module_free(mod);
	return 0;
}

/* ---- what others read ---- */

static const char *state_name(const struct module *mod)
{
	switch (mod->state) {
	case MODULE_STATE_LIVE:
		return "Live";
	case MODULE_STATE_COMING:
		return "Loading";
	default:
		return "Unloading";
	}
}

static void print_users(struct seq_file *m, struct module *mod)
{
	struct module *other;
	unsigned int i;
	bool any = false;

	list_for_each_entry(other, &modules, list)
		for (i = 0; i < other->num_uses; i++)
			if (other->uses[i] == mod) {
				seq_printf(m, "%s,", other->name);
				any = true;
			}
	if (!any)
		seq_puts(m, "-");
}

unsigned long module_core_size(const struct module *mod)
{
	unsigned long size = 0;

	for (int i = 0; i < MOD_MEM_NUM; i++)
		size += PAGE_ALIGN(mod->mem[i].size);
	return size;
}

static void print_module(struct seq_file *m, struct module *mod)
{
	seq_printf(m, "%s %lu %d ", mod->name, module_core_size(mod), module_refcount(mod));
	print_users(m, mod);
	seq_printf(m, " %s 0x%016lx%s\n", state_name(mod), (unsigned long)mod->mem[MOD_TEXT].base,
		   mod->klp ? " (K)" : "");
}

int modules_seq_show(struct seq_file *m, void *v)
{
	struct module *mod;

	mutex_lock(&module_mutex);
	list_for_each_entry(mod, &modules, list)
		if (mod->state != MODULE_STATE_UNFORMED)
			print_module(m, mod);
	mutex_unlock(&module_mutex);
	return 0;
}

void print_modules(void)
{
	struct module *mod;

	printk("Modules linked in:");
	preempt_disable();
	list_for_each_entry(mod, &modules, list)
		if (mod->state != MODULE_STATE_UNFORMED)
			pr_cont(" %s%s", mod->name, mod->klp ? "(K)" : "");
	preempt_enable();
	pr_cont("\n");
}
