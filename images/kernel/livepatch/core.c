// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a patch: registered, enabled, replaced or disabled, freed; and
 * the modules it patches, coming and going.
 *
 * Promises: a patch either is enabled as a whole or leaves no trace; a module
 * that an enabled patch cannot patch is not loaded. How tasks are moved from
 * one version to the other is transition.c's matter, how one function's entry
 * is redirected patch.c's.
 *
 * klp_mutex protects the list of patches and all internal fields. Order:
 * klp_mutex, then module_mutex or ftrace_lock, then text_mutex.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <linux/kallsyms.h>
#include <linux/elf.h>
#include "internal.h"
#include "../module/internal.h"

DEFINE_MUTEX(klp_mutex);
LIST_HEAD(klp_patches);

/* ---- finding what a patch names ---- */

bool klp_is_object_loaded(struct klp_object *obj)
{
	return !obj->name || obj->mod;
}

struct find_arg {
	const char *name;
	unsigned long addr, count, pos;
};

static int match_symbol(void *data, unsigned long addr)
{
	struct find_arg *arg = data;

	arg->addr = addr;
	arg->count++;
	/* Position 0 has to see them all, to know that there is one only. */
	return arg->pos && arg->count == arg->pos;
}

static int match_module_symbol(void *data, const char *name, unsigned long addr)
{
	struct find_arg *arg = data;

	return strcmp(arg->name, name) ? 0 : match_symbol(data, addr);
}

/* -EINVAL, with a message that names the symbol, if it is not there or not clear. */
static int klp_find_object_symbol(const char *objname, const char *name,
				  unsigned long sympos, unsigned long *addr)
{
	struct find_arg arg = { .name = name, .pos = sympos };

	if (objname && strcmp(objname, "vmlinux")) {
		struct module *mod;

		module_mutex_lock();
		mod = find_module(objname);
		if (mod)
			module_kallsyms_on_each_symbol(mod, match_module_symbol, &arg);
		module_mutex_unlock();
	} else {
		kallsyms_on_each_match_symbol(match_symbol, name, &arg);
	}
	if (!arg.addr)
		pr_err("symbol '%s' not found in symbol table\n", name);
	else if (arg.count > 1 && !sympos)
		pr_err("unresolvable ambiguity for symbol '%s' in object '%s'\n", name, objname);
	else if (sympos && sympos != arg.count)
		pr_err("symbol position '%lu' for symbol '%s' in object '%s' not found\n",
		       sympos, name, objname ? objname : "vmlinux");
	else {
		*addr = arg.addr;
		return 0;
	}
	*addr = 0;
	return -EINVAL;
}

/* ".klp.sym.<object>.<symbol>,<position>"; the object's name has no dot. */
static int parse_klp_symbol(const char *text, char *obj, char *sym, unsigned long *pos)
{
	const char *dot, *comma;

	if (strncmp(text, ".klp.sym.", 9))
		return -EINVAL;
	text += 9;
	dot = strchr(text, '.');
	comma = strrchr(text, ',');
	if (!dot || !comma || comma < dot || dot - text >= MODULE_NAME_LEN ||
	    comma - dot - 1 >= KSYM_NAME_LEN || !comma[1])
		return -EINVAL;
	memcpy(obj, text, dot - text);
	obj[dot - text] = 0;
	memcpy(sym, dot + 1, comma - dot - 1);
	sym[comma - dot - 1] = 0;
	for (*pos = 0, comma++; *comma; comma++) {
		if (*comma < '0' || *comma > '9')
			return -EINVAL;
		*pos = *pos * 10 + (*comma - '0');
	}
	return 0;
}

/* Gives every livepatch symbol that @rela uses its address in the object. */
static int klp_resolve_symbols(struct klp_modinfo *info, const Elf64_Shdr *rela,
			       const char *objname)
{
	const Elf64_Rela *entry = info->image + rela->sh_offset;
	char obj[MODULE_NAME_LEN], name[KSYM_NAME_LEN];
	unsigned long i, pos, addr;
	int ret;

	for (i = 0; i < rela->sh_size / sizeof(*entry); i++) {
		Elf64_Sym *sym = info->symtab + ELF64_R_SYM(entry[i].r_info);
		const char *text = info->strtab + sym->st_name;

		if (sym->st_shndx != SHN_LIVEPATCH) {
			pr_err("symbol %s is not marked as a livepatch symbol\n", text);
			return -EINVAL;
		}
		if (parse_klp_symbol(text, obj, name, &pos)) {
			pr_err("symbol %s has an incorrectly formatted name\n", text);
			return -EINVAL;
		}
		/* A section for one object may name symbols of vmlinux too. */
		if (strcmp(obj, objname) && strcmp(obj, "vmlinux")) {
			pr_err("symbol %s is not of object %s\n", text, objname);
			return -EINVAL;
		}
		ret = klp_find_object_symbol(strcmp(obj, "vmlinux") ? obj : NULL, name, pos, &addr);
		if (ret)
			return ret;
		sym->st_value = addr;
	}
	return 0;
}

static bool klp_rela_of(const char *secname, const char *objname)
{
	size_t len = strlen(objname);

	return !strncmp(secname, ".klp.rela.", 10) &&
	       !strncmp(secname + 10, objname, len) && secname[10 + len] == '.';
}

/*
 * Applies the sections .klp.rela.<objname>.* of a patch module: those of
 * vmlinux (NULL) while it is loaded, the others when their object is there.
 */
int klp_apply_section_relocs(struct module *pmod, const char *objname)
{
	struct klp_modinfo *info = pmod->klp_info;
	unsigned int i;
	int ret;

	if (!info)
		return 0;
	if (!objname)
		objname = "vmlinux";
	for (i = 1; i < info->hdr->e_shnum; i++) {
		const Elf64_Shdr *rela = &info->sechdrs[i];

		if (!(rela->sh_flags & SHF_RELA_LIVEPATCH) || rela->sh_type != SHT_RELA ||
		    !klp_rela_of(info->secstrings + rela->sh_name, objname))
			continue;
		ret = klp_resolve_symbols(info, rela, objname);
		if (!ret)
			ret = module_apply_rela(pmod->name, info, rela);
		if (ret)
			return ret;
	}
	return 0;
}

static int klp_init_object_loaded(struct klp_patch *patch, struct klp_object *obj)
{
	struct klp_func *func;
	unsigned long addr;
	int ret;

	/* Those of vmlinux were applied when the patch module was loaded. */
	if (obj->name) {
		ret = klp_apply_section_relocs(patch->mod, obj->name);
		if (ret)
			return ret;
	}
	klp_for_each_func(obj, func) {
		ret = klp_find_object_symbol(obj->name, func->old_name, func->old_sympos, &addr);
		if (ret)
			return ret;
		func->old_func = (void *)addr;
		if (!kallsyms_lookup_size_offset(addr, &func->old_size, NULL)) {
			pr_err("kallsyms size lookup failed for '%s'\n", func->old_name);
			return -ENOENT;
		}
		if (func->nop)
			func->new_func = func->old_func;
		if (!kallsyms_lookup_size_offset((unsigned long)func->new_func,
						 &func->new_size, NULL)) {
			pr_err("kallsyms size lookup failed for '%s' replacement\n",
			       func->old_name);
			return -ENOENT;
		}
	}
	return 0;
}

static void klp_find_object_module(struct klp_object *obj)
{
	struct module *mod;

	if (!obj->name)
		return;
	module_mutex_lock();
	mod = find_module(obj->name);
	/* A module that is coming or going calls us itself. */
	if (mod && mod->klp_alive)
		obj->mod = mod;
	module_mutex_unlock();
}

/* ---- atomic replace: NOP funcs for what the new patch leaves alone ---- */

static struct klp_object *klp_find_object(struct klp_patch *patch, struct klp_object *old)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		if (!strcmp(klp_object_name(obj), klp_object_name(old)))
			return obj;
	return NULL;
}

static struct klp_func *klp_find_func(struct klp_object *obj, struct klp_func *old)
{
	struct klp_func *func;

	klp_for_each_func(obj, func)
		if (!strcmp(func->old_name, old->old_name) && func->old_sympos == old->old_sympos)
			return func;
	return NULL;
}

static int klp_add_nop(struct klp_object *obj, struct klp_func *old)
{
	struct klp_func *func;

	if (klp_find_func(obj, old))
		return 0;
	func = kzalloc(sizeof(*func), GFP_KERNEL);
	if (!func)
		return -ENOMEM;
	func->old_name = kstrdup(old->old_name, GFP_KERNEL);
	if (!func->old_name) {
		kfree(func);
		return -ENOMEM;
	}
	func->old_sympos = old->old_sympos;
	func->nop = true;
	func->dynamic = true;
	list_add_tail(&func->node, &obj->func_list);
	return 0;
}

static struct klp_object *klp_add_dynamic_object(struct klp_patch *patch, const char *name)
{
	struct klp_object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);

	if (!obj)
		return NULL;
	if (name) {
		obj->name = kstrdup(name, GFP_KERNEL);
		if (!obj->name) {
			kfree(obj);
			return NULL;
		}
	}
	obj->dynamic = true;
	obj->patch = patch;
	INIT_LIST_HEAD(&obj->func_list);
	list_add_tail(&obj->node, &patch->obj_list);
	return obj;
}

static int klp_add_nops(struct klp_patch *patch)
{
	struct klp_patch *old_patch;
	struct klp_object *old_obj, *obj;
	struct klp_func *old;

	list_for_each_entry(old_patch, &klp_patches, list)
		klp_for_each_object(old_patch, old_obj) {
			obj = klp_find_object(patch, old_obj);
			if (!obj)
				obj = klp_add_dynamic_object(patch, old_obj->name);
			if (!obj)
				return -ENOMEM;
			klp_for_each_func(old_obj, old)
				if (klp_add_nop(obj, old))
					return -ENOMEM;
		}
	return 0;
}

static void klp_free_dynamic_func(struct klp_func *func)
{
	klp_sysfs_remove_func(func);
	list_del(&func->node);
	kfree(func->old_name);
	kfree(func);
}

static void klp_free_dynamic(struct klp_patch *patch)
{
	struct klp_object *obj, *next_obj;
	struct klp_func *func, *next;

	list_for_each_entry_safe(obj, next_obj, &patch->obj_list, node) {
		list_for_each_entry_safe(func, next, &obj->func_list, node)
			if (func->dynamic)
				klp_free_dynamic_func(func);
		if (obj->dynamic) {
			klp_sysfs_remove_object(obj);
			list_del(&obj->node);
			kfree(obj->name);
			kfree(obj);
		}
	}
}

/* The replaced patches' funcs go; the new patch answers alone from now on. */
void klp_unpatch_replaced_patches(struct klp_patch *new_patch)
{
	struct klp_patch *old;

	list_for_each_entry(old, &klp_patches, list) {
		if (old == new_patch)
			return;
		old->enabled = false;
		klp_unpatch_objects(old);
	}
}

void klp_discard_nops(struct klp_patch *new_patch)
{
	klp_unpatch_objects_dynamic(new_patch);
	/* Handlers may stand on an unlinked NOP func. */
	synchronize_rcu();
	klp_free_dynamic(new_patch);
}

/* ---- end of life ---- */

/* Takes the patch out of sysfs, waits for readers, lets the module go. */
static void klp_free_patch_finish(struct klp_patch *patch)
{
	struct module *mod = patch->mod;
	bool forced = patch->forced;

	klp_sysfs_remove_patch(patch);
	klp_free_dynamic(patch);
	/* After a forced transition some task may run in it for ever. */
	if (!forced)
		module_put(mod);
}

struct klp_free_work {
	struct work_struct work;
	struct klp_patch *patch;
};

static void klp_free_patch_work(struct work_struct *work)
{
	struct klp_free_work *free = container_of(work, struct klp_free_work, work);

	klp_free_patch_finish(free->patch);
	kfree(free);
}

/*
 * Called with klp_mutex held, perhaps from a store in the patch's own
 * directory: the removal waits for that store, so it must be someone else's.
 */
void klp_free_patch_async(struct klp_patch *patch)
{
	struct klp_free_work *free = kzalloc(sizeof(*free), GFP_KERNEL);

	list_del_init(&patch->list);
	if (!free) {
		pr_err("'%s': no memory to free the patch; it stays\n", patch->mod->name);
		return;
	}
	free->patch = patch;
	INIT_WORK(&free->work, klp_free_patch_work);
	schedule_work(&free->work);
}

void klp_free_replaced_patches_async(struct klp_patch *new_patch)
{
	struct klp_patch *old, *next;

	list_for_each_entry_safe(old, next, &klp_patches, list) {
		if (old == new_patch)
			return;
		klp_free_patch_async(old);
	}
}

/* ---- enable and disable ---- */

static void klp_init_lists(struct klp_patch *patch)
{
	struct klp_object *obj;
	struct klp_func *func;

	INIT_LIST_HEAD(&patch->list);
	INIT_LIST_HEAD(&patch->obj_list);
	klp_for_each_object_static(patch, obj) {
		INIT_LIST_HEAD(&obj->func_list);
		obj->patch = patch;
		list_add_tail(&obj->node, &patch->obj_list);
		klp_for_each_func_static(obj, func)
			list_add_tail(&func->node, &obj->func_list);
	}
}

static int klp_check_func(struct klp_func *func)
{
	if (!func->old_name)
		return -EINVAL;
	if (!func->new_func && !func->nop)
		return -EINVAL;
	return strlen(func->old_name) >= KSYM_NAME_LEN ? -EINVAL : 0;
}

static int klp_init_patch(struct klp_patch *patch)
{
	struct klp_object *obj;
	struct klp_func *func;
	int ret;

	if (patch->replace) {
		ret = klp_add_nops(patch);
		if (ret)
			return ret;
	}
	klp_for_each_object(patch, obj) {
		if (obj->name && strlen(obj->name) >= MODULE_NAME_LEN)
			return -EINVAL;
		klp_for_each_func(obj, func) {
			ret = klp_check_func(func);
			if (ret)
				return ret;
		}
		klp_find_object_module(obj);
		if (klp_is_object_loaded(obj)) {
			ret = klp_init_object_loaded(patch, obj);
			if (ret)
				return ret;
		}
	}
	ret = klp_sysfs_add_patch(patch);
	if (ret)
		return ret;
	list_add_tail(&patch->list, &klp_patches);
	return 0;
}

static int __klp_enable_patch(struct klp_patch *patch)
{
	struct klp_object *obj;
	int ret;

	pr_notice("enabling patch '%s'\n", patch->mod->name);
	klp_init_transition(patch, KLP_TRANSITION_PATCHED);

	klp_for_each_object(patch, obj) {
		if (!klp_is_object_loaded(obj))
			continue;
		ret = klp_pre_patch_callback(obj);
		if (ret) {
			pr_warn("pre-patch callback failed for object '%s'\n",
				klp_object_name(obj));
			goto err;
		}
		ret = klp_patch_object(obj);
		if (ret) {
			pr_warn("failed to patch object '%s'\n", klp_object_name(obj));
			goto err;
		}
	}
	klp_start_transition();
	patch->enabled = true;
	klp_try_complete_transition();
	return 0;
err:
	pr_warn("failed to enable patch '%s'\n", patch->mod->name);
	klp_cancel_transition();
	return ret;
}

/*
 * To be called from the patch module's init. Returns 0 once the transition has
 * begun; it may go on long after that.
 */
int klp_enable_patch(struct klp_patch *patch)
{
	struct klp_object *obj;
	int ret;

	if (!patch || !patch->mod || !patch->objs)
		return -EINVAL;
	klp_for_each_object_static(patch, obj)
		if (!obj->funcs)
			return -EINVAL;
	if (!patch->mod->klp) {
		pr_err("module %s is not marked as a livepatch module\n", patch->mod->name);
		return -EINVAL;
	}
	mutex_lock(&klp_mutex);
	if (!klp_is_patch_compatible(patch)) {
		pr_err("Livepatch patch (%s) is not compatible with the already installed livepatches.\n",
		       patch->mod->name);
		mutex_unlock(&klp_mutex);
		return -EINVAL;
	}
	if (klp_transition_patch) {
		mutex_unlock(&klp_mutex);
		return -EBUSY;
	}
	if (!try_module_get(patch->mod)) {
		mutex_unlock(&klp_mutex);
		return -ENODEV;
	}
	klp_init_lists(patch);
	ret = klp_init_patch(patch);
	if (!ret)
		ret = __klp_enable_patch(patch);
	if (ret)
		list_del_init(&patch->list);
	mutex_unlock(&klp_mutex);
	if (ret)
		klp_free_patch_finish(patch);
	return ret;
}
EXPORT_SYMBOL_GPL(klp_enable_patch);

/* Called with klp_mutex held. -EBUSY: another transition is running. */
int klp_disable_patch(struct klp_patch *patch)
{
	struct klp_object *obj;

	if (klp_transition_patch)
		return -EBUSY;
	klp_init_transition(patch, KLP_TRANSITION_UNPATCHED);
	klp_for_each_object(patch, obj)
		if (obj->patched)
			klp_pre_unpatch_callback(obj);
	klp_start_transition();
	patch->enabled = false;
	klp_try_complete_transition();
	return 0;
}

/* ---- modules that patches are for ---- */

static void klp_forget_module(struct klp_patch *patch, struct klp_object *obj)
{
	struct klp_func *func;

	klp_for_each_func(obj, func) {
		func->old_func = NULL;
		if (func->nop)
			func->new_func = NULL;
	}
	obj->mod = NULL;
}

/* Undoes @mod's part of every patch older than @limit (NULL: of all). */
static void klp_cleanup_module(struct module *mod, struct klp_patch *limit)
{
	struct klp_patch *patch;
	struct klp_object *obj;

	list_for_each_entry(patch, &klp_patches, list) {
		if (patch == limit)
			break;
		klp_for_each_object(patch, obj) {
			if (!obj->name || strcmp(obj->name, mod->name) || !obj->mod)
				continue;
			if (patch != klp_transition_patch)
				klp_pre_unpatch_callback(obj);
			pr_notice("reverting patch '%s' on unloading module '%s'\n",
				  patch->mod->name, obj->mod->name);
			klp_unpatch_object(obj);
			klp_post_unpatch_callback(obj);
			klp_forget_module(patch, obj);
			break;
		}
	}
}

static int klp_module_coming_patch(struct module *mod, struct klp_patch *patch,
				   struct klp_object *obj)
{
	int ret;

	obj->mod = mod;
	ret = klp_init_object_loaded(patch, obj);
	if (ret) {
		pr_warn("failed to initialize patch '%s' for module '%s' (%d)\n",
			patch->mod->name, mod->name, ret);
		return ret;
	}
	pr_notice("applying patch '%s' to loading module '%s'\n", patch->mod->name, mod->name);
	ret = klp_pre_patch_callback(obj);
	if (ret) {
		pr_warn("pre-patch callback failed for object '%s'\n", obj->name);
		return ret;
	}
	ret = klp_patch_object(obj);
	if (ret) {
		pr_warn("failed to apply patch '%s' to module '%s' (%d)\n",
			patch->mod->name, mod->name, ret);
		klp_post_unpatch_callback(obj);
		return ret;
	}
	if (patch != klp_transition_patch)
		klp_post_patch_callback(obj);
	return 0;
}

/* The module is complete, but no code of it has run. An error keeps it out. */
int klp_module_coming(struct module *mod)
{
	struct klp_patch *patch;
	struct klp_object *obj;
	int ret = 0;

	if (!strcmp(mod->name, "vmlinux")) {
		pr_err("vmlinux.ko: invalid module name\n");
		return -EINVAL;
	}
	mutex_lock(&klp_mutex);
	/* A patch enabled from now on finds the module itself. */
	mod->klp_alive = true;
	list_for_each_entry(patch, &klp_patches, list)
		klp_for_each_object(patch, obj) {
			if (!obj->name || strcmp(obj->name, mod->name))
				continue;
			ret = klp_module_coming_patch(mod, patch, obj);
			if (ret) {
				pr_warn("patch '%s' failed for module '%s', refusing to load module '%s'\n",
					patch->mod->name, mod->name, mod->name);
				mod->klp_alive = false;
				klp_forget_module(patch, obj);
				klp_cleanup_module(mod, patch);
				goto out;
			}
			break;
		}
out:
	mutex_unlock(&klp_mutex);
	return ret;
}

void klp_module_going(struct module *mod)
{
	mutex_lock(&klp_mutex);
	mod->klp_alive = false;
	klp_cleanup_module(mod, NULL);
	mutex_unlock(&klp_mutex);
}

subsys_initcall(klp_sysfs_init);
