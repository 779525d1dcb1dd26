// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a module says of itself by pointers: its init and exit, what it exports,
 * its parameters, its patchable sites. They are known once the relocations are
 * applied, which may have put anything there.
 *
 * Promises: after module_check_claims() a function pointer that the kernel will
 * call leads to text, a string it will read ends inside the module, a variable
 * it will write is the module's own data, and a site holds the five bytes that
 * ftrace expects. What the module's own code does is its own affair.
 */
#include <linux/dynamic_debug.h>
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <asm/page.h>
#include <asm/text-patching.h>
#include "internal.h"

static bool lies_in(const struct module_memory *mem, const void *at, unsigned long size)
{
	unsigned long offset = (unsigned long)at - (unsigned long)mem->base;

	return offset < mem->size && size <= mem->size - offset;
}

bool module_owns_data(const struct module *mod, const void *at, unsigned long size)
{
	return lies_in(&mod->mem[MOD_DATA], at, size);
}

static bool is_own(const struct module *mod, const void *at, unsigned long size)
{
	int i;

	for (i = 0; i < MOD_MEM_NUM; i++)
		if (lies_in(&mod->mem[i], at, size))
			return true;
	return false;
}

static bool is_own_text(const struct module *mod, const void *at)
{
	return lies_in(&mod->mem[MOD_TEXT], at, 1);
}

/* Text of the kernel, or of this module, which is in no list yet. */
static bool is_text(const struct module *mod, const void *at)
{
	return is_own_text(mod, at) || core_kernel_text((unsigned long)at);
}

/* Is it a string of less than @limit bytes, wholly in the module? */
static bool is_own_string(const struct module *mod, const char *text, unsigned long limit)
{
	unsigned long length;

	for (length = 0; length < limit && is_own(mod, text + length, 1); length++)
		if (!text[length])
			return true;
	return false;
}

/* ---- init, exit ---- */

static int check_entries(const struct module *mod, const struct klp_modinfo *info)
{
	if (mod->init && !is_own_text(mod, mod->init))
		return module_refuse(info, "init: %px is not in the module's text", mod->init);
	if (mod->exit && !is_own_text(mod, mod->exit))
		return module_refuse(info, "exit: %px is not in the module's text", mod->exit);
	return 0;
}

/* ---- exports ---- */

static int check_exports(const struct module *mod, const struct klp_modinfo *info)
{
	unsigned int i, j;

	for (i = 0; i < mod->num_syms; i++) {
		const struct kernel_symbol *sym = &mod->syms[i];

		if (!is_own_string(mod, sym->name, 512) || !sym->name[0])
			return module_refuse(info,
					     "__ksymtab: name of export %u is not in the module",
					     i);
		if (!is_own(mod, (const void *)sym->value, 1))
			return module_refuse(info, "__ksymtab: value of %s is not in the module",
					     sym->name);
		for (j = 0; j < i && strcmp(mod->syms[j].name, sym->name); j++)
			;
		if (j < i || module_is_exported(sym->name))
			return module_refuse(info, "exports duplicate symbol %s", sym->name);
	}
	return 0;
}

/* ---- parameters ---- */

static bool is_param_ops(const struct module *mod, const struct kernel_param_ops *ops)
{
	if (module_param_size(ops))
		return true;
	return is_own(mod, ops, sizeof(*ops)) && (!ops->set || is_text(mod, ops->set)) &&
	       (!ops->get || is_text(mod, ops->get));
}

static bool is_param_array(const struct module *mod, const struct kparam_array *arr)
{
	size_t size;

	if (!is_own(mod, arr, sizeof(*arr)) || arr->ops == &param_array_ops ||
	    !is_param_ops(mod, arr->ops))
		return false;
	size = module_param_size(arr->ops);
	if (size && size != arr->elemsize)
		return false;
	if (arr->num &&
	    (!module_owns_data(mod, arr->num, sizeof(*arr->num)) || *arr->num > arr->max))
		return false;
	return module_owns_data(mod, arr->elem, (unsigned long)arr->max * arr->elemsize);
}

/* What operations of the module's own do with their argument, they know best. */
static bool is_param_variable(const struct module *mod, const struct kernel_param *kp)
{
	size_t size = module_param_size(kp->ops);

	if (kp->ops == &param_array_ops)
		return is_param_array(mod, kp->arr);
	if (kp->ops == &param_ops_string)
		return is_own(mod, kp->str, sizeof(*kp->str)) && kp->str->maxlen &&
		       module_owns_data(mod, kp->str->string, kp->str->maxlen);
	return !size || module_owns_data(mod, kp->arg, size);
}

static int check_param(const struct module *mod, const struct klp_modinfo *info, unsigned int i)
{
	const struct kernel_param *kp = &mod->kp[i];

	if (!is_own_string(mod, kp->name, MODULE_NAME_LEN) ||
	    !module_is_file_name(kp->name, MODULE_NAME_LEN))
		return module_refuse(info, "__param: name of parameter %u is invalid", i);
	if (!is_param_ops(mod, kp->ops))
		return module_refuse(info, "__param: ops of parameter %s are none", kp->name);
	if (kp->perm & ~0664)
		return module_refuse(info, "__param: perm of parameter %s is 0%o", kp->name,
				     kp->perm);
	if (!is_param_variable(mod, kp))
		return module_refuse(info, "__param: arg of parameter %s is not the module's data",
				     kp->name);
	return 0;
}

static int check_params(const struct module *mod, const struct klp_modinfo *info)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < mod->num_kp; i++)
		ret = check_param(mod, info, i);
	return ret;
}

/* ---- sites ---- */

static bool is_higher(const void *a, const void *b, const void *context)
{
	return *(const unsigned long *)a > *(const unsigned long *)b;
}

/* Sorts the table: equal and overlapping sites are neighbours then. 0 stands for a site that was dropped. */
static int check_sites(struct module *mod, const struct klp_modinfo *info)
{
	unsigned long *site = mod->ftrace_callsites, end = 0;
	unsigned int i;

	sort_in_place(site, mod->num_ftrace_callsites, sizeof(*site), is_higher, NULL);
	for (i = 0; i < mod->num_ftrace_callsites; i++) {
		if (!site[i])
			continue;
		if (!lies_in(&mod->mem[MOD_TEXT], (void *)site[i], sizeof(x86_nop5)) ||
		    memcmp((void *)site[i], x86_nop5, sizeof(x86_nop5)))
			return module_refuse(
				info, "__mcount_loc: no function of the module has a site at %lx",
				site[i]);
		if (site[i] < end)
			return module_refuse(info, "__mcount_loc: two sites at %lx", site[i]);
		end = site[i] + sizeof(x86_nop5);
	}
	return 0;
}

static int check_dyndbg(const struct module *mod, const struct klp_modinfo *info)
{
	for (unsigned int i = 0; i < mod->num_dyndbg; i++) {
		const struct _ddebug *site = &mod->dyndbg[i];

		if (!is_own_string(mod, site->function, PAGE_SIZE) ||
		    !is_own_string(mod, site->filename, PAGE_SIZE) ||
		    !is_own_string(mod, site->format, PAGE_SIZE))
			return module_refuse(info, "__dyndbg: site %u is not in the module", i);
	}
	return 0;
}

int module_check_claims(struct module *mod)
{
	const struct klp_modinfo *info = mod->klp_info;
	int ret;

	ret = check_entries(mod, info);
	if (!ret)
		ret = check_exports(mod, info);
	if (!ret)
		ret = check_params(mod, info);
	if (!ret)
		ret = check_dyndbg(mod, info);
	return ret ? ret : check_sites(mod, info);
}
