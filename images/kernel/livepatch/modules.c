// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects that come and go: modules that a patch is for, loaded after it or
 * removed before it.
 *
 * An object that has joined a module says so by obj->mod; so who leaves needs no
 * record of how far the joining came.
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

static bool is_for(const struct klp_object *obj, const struct module *mod)
{
	return obj->name && !strcmp(obj->name, mod->name);
}

/* What a transition waits for has changed. Going, an old plan only waits for more. */
static int plan_anew(struct klp_object *obj)
{
	struct klp_patch *changing = klp_transition_patch;

	return obj->patch == changing ? klp_plan(changing, klp_target_state) : 0;
}

/* In the middle of the patch's own transition, its beginning or end calls the rest. */
static void call_if_settled(struct klp_object *obj, enum klp_call which)
{
	if (obj->patch != klp_transition_patch)
		klp_callback(obj, which);
}

/* ---- one object ---- */

/* The module as it was before; with its addresses all is forgotten. */
static void part(struct klp_object *obj)
{
	struct klp_func *func;

	klp_unpatch_object(obj, KLP_ALL_FUNCS);
	klp_callback(obj, KLP_POST_UNPATCH);
	klp_for_each_func(obj, func)
		func->old_func = NULL;
	obj->mod = NULL;
}

static void leave(struct klp_object *obj)
{
	call_if_settled(obj, KLP_PRE_UNPATCH);
	pr_notice("reverting patch '%s' on unloading module '%s'\n", obj->patch->mod->name,
		  obj->name);
	part(obj);
	plan_anew(obj);
}

/* Says why, if it is our fault and not the callback's. */
static int try_to_join(struct klp_object *obj)
{
	const char *patch = obj->patch->mod->name;
	int ret = klp_resolve_object(obj->patch, obj);

	if (ret) {
		pr_warn("failed to initialize patch '%s' for module '%s' (%d)\n", patch, obj->name,
			ret);
		return ret;
	}
	pr_notice("applying patch '%s' to loading module '%s'\n", patch, obj->name);
	ret = klp_callback(obj, KLP_PRE_PATCH);
	if (ret)
		return ret;
	ret = klp_patch_object(obj) ?: plan_anew(obj);
	if (ret)
		pr_warn("failed to apply patch '%s' to module '%s' (%d)\n", patch, obj->name, ret);
	return ret;
}

static int join(struct klp_object *obj, struct module *mod)
{
	int ret;

	obj->mod = mod;
	ret = try_to_join(obj);
	if (!ret) {
		call_if_settled(obj, KLP_POST_PATCH);
		return 0;
	}
	part(obj);
	pr_warn("patch '%s' failed for module '%s', refusing to load module '%s'\n",
		obj->patch->mod->name, mod->name, mod->name);
	return ret;
}

/* ---- all patches, oldest first ---- */

static void leave_all(const struct module *mod)
{
	struct klp_patch *patch;
	struct klp_object *obj;

	lockdep_assert_held(&klp_mutex);
	list_for_each_entry(patch, &klp_patches, list)
		klp_for_each_object(patch, obj)
			if (obj->mod == mod)
				leave(obj);
}

static int join_all(struct module *mod)
{
	struct klp_patch *patch;
	struct klp_object *obj;
	int ret = 0;

	lockdep_assert_held(&klp_mutex);
	list_for_each_entry(patch, &klp_patches, list)
		klp_for_each_object(patch, obj)
			if (!ret && is_for(obj, mod))
				ret = join(obj, mod);
	if (ret)
		leave_all(mod);
	return ret;
}

/* ---- the loader ---- */

/* The module is complete, but no code of it has run. An error keeps it out. */
int klp_module_coming(struct module *mod)
{
	int ret;

	/* the name that stands for the kernel itself */
	if (!strcmp("vmlinux", mod->name)) {
		pr_err("vmlinux.ko: invalid module name\n");
		return -EINVAL;
	}
	mutex_lock(&klp_mutex);
	ret = join_all(mod);
	/* a patch enabled from now on finds the module itself */
	mod->klp_alive = !ret;
	mutex_unlock(&klp_mutex);
	return ret;
}

void klp_module_going(struct module *mod)
{
	mutex_lock(&klp_mutex);
	leave_all(mod);
	mod->klp_alive = false;
	mutex_unlock(&klp_mutex);
}
