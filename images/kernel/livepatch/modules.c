// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects that come and go: modules that a patch is for, loaded after it or
 * removed before it.
 *
 * Promises: a module that an enabled patch cannot patch is not loaded; code of a
 * module that has come under a patch never runs unpatched; one that goes takes
 * with it what the patches knew of it.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/string.h>
#include "internal.h"

/* The patch's object for the module, or NULL. */
static struct klp_object *object_for(struct klp_patch *patch, const struct module *mod)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		if (obj->name && !strcmp(obj->name, mod->name))
			return obj;
	return NULL;
}

static void forget(struct klp_object *obj)
{
	struct klp_func *func;

	klp_for_each_func(obj, func) {
		func->old_func = NULL;
		if (func->nop)
			func->new_func = NULL;
	}
	obj->mod = NULL;
}

/* What a transition waits for has changed. Going, an old plan only waits for more. */
static int plan_anew(struct klp_patch *patch)
{
	return patch == klp_transition_patch ? klp_plan(patch, klp_target_state) : 0;
}

static void take_leave(struct klp_patch *patch, struct klp_object *obj)
{
	if (patch != klp_transition_patch)
		klp_callback(obj, KLP_PRE_UNPATCH);
	pr_notice("reverting patch '%s' on unloading module '%s'\n", patch->mod->name, obj->name);
	klp_unpatch_object(obj, KLP_ALL_FUNCS);
	klp_callback(obj, KLP_POST_UNPATCH);
	forget(obj);
	plan_anew(patch);
}

/* From all patches older than @limit (NULL: from all). */
static void leave_patches(struct module *mod, const struct klp_patch *limit)
{
	struct klp_patch *patch;
	struct klp_object *obj;

	list_for_each_entry(patch, &klp_patches, list) {
		if (patch == limit)
			return;
		obj = object_for(patch, mod);
		if (obj && obj->mod)
			take_leave(patch, obj);
	}
}

static int welcome(struct klp_patch *patch, struct klp_object *obj, struct module *mod)
{
	const char *name = patch->mod->name;
	int ret;

	obj->mod = mod;
	ret = klp_resolve_object(patch, obj);
	if (ret) {
		pr_warn("failed to initialize patch '%s' for module '%s' (%d)\n", name, mod->name,
			ret);
		return ret;
	}
	pr_notice("applying patch '%s' to loading module '%s'\n", name, mod->name);
	ret = klp_callback(obj, KLP_PRE_PATCH);
	if (ret)
		return ret;
	ret = klp_patch_object(obj);
	if (!ret)
		ret = plan_anew(patch);
	if (ret) {
		pr_warn("failed to apply patch '%s' to module '%s' (%d)\n", name, mod->name, ret);
		klp_unpatch_object(obj, KLP_ALL_FUNCS);
		klp_callback(obj, KLP_POST_UNPATCH);
		return ret;
	}
	if (patch != klp_transition_patch)
		klp_callback(obj, KLP_POST_PATCH);
	return 0;
}

static int join_patches(struct module *mod)
{
	struct klp_patch *patch;
	struct klp_object *obj;
	int ret;

	list_for_each_entry(patch, &klp_patches, list) {
		obj = object_for(patch, mod);
		ret = obj ? welcome(patch, obj, mod) : 0;
		if (ret) {
			pr_warn("patch '%s' failed for module '%s', refusing to load module '%s'\n",
				patch->mod->name, mod->name, mod->name);
			forget(obj);
			leave_patches(mod, patch);
			return ret;
		}
	}
	return 0;
}

/* The module is complete, but no code of it has run. An error keeps it out. */
int klp_module_coming(struct module *mod)
{
	int ret;

	if (!strcmp(mod->name, "vmlinux")) {
		pr_err("vmlinux.ko: invalid module name\n");
		return -EINVAL;
	}
	mutex_lock(&klp_mutex);
	/* a patch enabled from now on finds the module itself */
	mod->klp_alive = true;
	ret = join_patches(mod);
	if (ret)
		mod->klp_alive = false;
	mutex_unlock(&klp_mutex);
	return ret;
}

void klp_module_going(struct module *mod)
{
	mutex_lock(&klp_mutex);
	mod->klp_alive = false;
	leave_patches(mod, NULL);
	mutex_unlock(&klp_mutex);
}
