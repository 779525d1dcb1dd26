// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a patch: checked, enabled, disabled, freed.
 *
 * Promises: a patch either is enabled as a whole or leaves no trace. One that is
 * disabled or replaced is freed when no task, no reader of its files and no stack
 * uses it; then its module can be removed.
 *
 * Lock order: klp_mutex, module_mutex or ftrace_lock, text_mutex.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "internal.h"

DEFINE_MUTEX(klp_mutex);
LIST_HEAD(klp_patches);
static LIST_HEAD(leaving); /* disabled or replaced, not freed yet; klp_mutex */

/* Unpatch callbacks run only if the pre-patch callback, if any, said yes. */
int klp_callback(struct klp_object *obj, enum klp_call which)
{
	struct klp_callbacks *cb = &obj->callbacks;
	int ret = 0;

	lockdep_assert_held(&klp_mutex);
	switch (which) {
	case KLP_PRE_PATCH:
		ret = cb->pre_patch ? cb->pre_patch(obj) : 0;
		cb->post_unpatch_enabled = ret == 0;
		if (ret)
			pr_warn("pre-patch callback failed for object '%s'\n",
				klp_object_name(obj));
		break;
	case KLP_POST_PATCH:
		if (cb->post_patch)
			cb->post_patch(obj);
		break;
	case KLP_PRE_UNPATCH:
		if (cb->pre_unpatch)
			cb->pre_unpatch(obj);
		break;
	case KLP_POST_UNPATCH:
		if (cb->post_unpatch && cb->post_unpatch_enabled)
			cb->post_unpatch(obj);
		cb->post_unpatch_enabled = false;
		break;
	}
	return ret;
}

/* ---- the end ---- */

struct farewell {
	struct work_struct work;
	struct klp_patch *patch;
};

/* The patch's memory is its module's, so that is last. After a forced transition some task may run in it for ever. */
static void free_patch(struct klp_patch *patch)
{
	struct module *mod = patch->forced ? NULL : patch->mod;

	if (mod)
		klp_wait_until_unused(patch);
	klp_sysfs_remove_patch(patch);
	klp_free_nops(patch);
	mutex_lock(&klp_mutex);
	list_del_init(&patch->list);
	mutex_unlock(&klp_mutex);
	if (mod)
		module_put(mod);
}

static void farewell_fn(struct work_struct *work)
{
	struct farewell *farewell = container_of(work, struct farewell, work);

	free_patch(farewell->patch);
	kfree(farewell);
}

/*
 * Perhaps from a store in the patch's own directory: the removal waits for that
 * store, so it must be someone else's.
 */
void klp_free_patch_later(struct klp_patch *patch)
{
	struct farewell *farewell = kzalloc(sizeof(*farewell), GFP_KERNEL);

	lockdep_assert_held(&klp_mutex);
	list_del(&patch->list);
	list_add_tail(&patch->list, &leaving);
	if (!farewell) {
		pr_err("'%s': no memory to free the patch; it stays\n", patch->mod->name);
		return;
	}
	farewell->patch = patch;
	INIT_WORK(&farewell->work, farewell_fn);
	schedule_work(&farewell->work);
}

/* ---- the beginning ---- */

/* Nothing but the external fields counts. */
static void link_parts(struct klp_patch *patch)
{
	struct klp_object *obj;
	struct klp_func *func;

	*patch = (struct klp_patch){
		.mod = patch->mod,
		.objs = patch->objs,
		.states = patch->states,
		.replace = patch->replace,
	};
	INIT_LIST_HEAD(&patch->list);
	INIT_LIST_HEAD(&patch->obj_list);
	klp_for_each_object_static(patch, obj) {
		*obj = (struct klp_object){
			.name = obj->name,
			.funcs = obj->funcs,
			.callbacks = obj->callbacks,
			.patch = patch,
		};
		obj->callbacks.post_unpatch_enabled = false;
		list_add_tail(&obj->node, &patch->obj_list);
		INIT_LIST_HEAD(&obj->func_list);
		klp_for_each_func_static(obj, func) {
			*func = (struct klp_func){
				.old_name = func->old_name,
				.new_func = func->new_func,
				.old_sympos = func->old_sympos,
				.obj = obj,
			};
			list_add_tail(&func->node, &obj->func_list);
		}
	}
}

static bool is_on(const struct list_head *list, const struct klp_patch *patch)
{
	const struct klp_patch *other;

	lockdep_assert_held(&klp_mutex);
	list_for_each_entry(other, list, list)
		if (other == patch)
			return true;
	return false;
}

/* A module that is coming or going calls us itself. */
static void find_module_of(struct klp_object *obj)
{
	struct module *mod;

	if (!obj->name)
		return;
	module_mutex_lock();
	mod = find_module(obj->name);
	obj->mod = mod && mod->klp_alive ? mod : NULL;
	module_mutex_unlock();
}

static int resolve_loaded_objects(struct klp_patch *patch)
{
	struct klp_object *obj;
	int ret = 0;

	klp_for_each_object(patch, obj) {
		find_module_of(obj);
		if (!ret && klp_is_object_loaded(obj))
			ret = klp_resolve_object(patch, obj);
	}
	return ret;
}

/* Everything that can fail before a callback of the patch has run. */
static int prepare_patch(struct klp_patch *patch)
{
	int ret = 0;

	if (patch->replace)
		ret = klp_add_nops(patch);
	if (!ret)
		ret = resolve_loaded_objects(patch);
	if (!ret)
		ret = klp_sysfs_add_patch(patch);
	return ret;
}

static int patch_objects(struct klp_patch *patch)
{
	struct klp_object *obj;
	int ret;

	klp_for_each_object(patch, obj) {
		if (!klp_is_object_loaded(obj))
			continue;
		ret = klp_callback(obj, KLP_PRE_PATCH);
		if (ret)
			return ret;
		ret = klp_patch_object(obj);
		if (ret) {
			pr_warn("failed to patch object '%s'\n", klp_object_name(obj));
			return ret;
		}
	}
	return klp_plan(patch, KLP_TRANSITION_PATCHED);
}

static int switch_on(struct klp_patch *patch)
{
	int ret;

	pr_notice("enabling patch '%s'\n", patch->mod->name);
	list_add_tail(&patch->list, &klp_patches);
	ret = klp_init_transition(patch, KLP_TRANSITION_PATCHED);
	if (!ret)
		ret = patch_objects(patch);
	if (ret) {
		pr_warn("failed to enable patch '%s'\n", patch->mod->name);
		klp_cancel_transition();
		list_del_init(&patch->list);
		return ret;
	}
	patch->enabled = true;
	klp_start_transition();
	klp_try_complete_transition();
	return 0;
}

/* With klp_mutex held; what has to be freed after a failure is free_patch()'s matter. */
static int admit(struct klp_patch *patch, bool *begun)
{
	int ret;

	lockdep_assert_held(&klp_mutex);
	if (is_on(&klp_patches, patch) || is_on(&leaving, patch)) {
		pr_err("'%s': the patch is enabled, or not gone yet\n", patch->mod->name);
		return -EINVAL;
	}
	ret = klp_check_pointers(patch);
	if (ret)
		return ret;
	if (!patch->mod->klp) {
		pr_err("module %s is not marked as a livepatch module\n", patch->mod->name);
		return -EINVAL;
	}
	ret = klp_check_patch(patch);
	if (ret)
		return ret;
	if (klp_transition_patch)
		return -EBUSY;
	if (!try_module_get(patch->mod))
		return -ENODEV;
	*begun = true;
	link_parts(patch);
	ret = prepare_patch(patch);
	return ret ? ret : switch_on(patch);
}

/*
 * To be called from the patch module's init. Returns 0 once the transition has
 * begun; it may go on long after that.
 */
int klp_enable_patch(struct klp_patch *patch)
{
	bool begun = false;
	int ret;

	mutex_lock(&klp_mutex);
	ret = admit(patch, &begun);
	mutex_unlock(&klp_mutex);
	if (ret && begun)
		free_patch(patch);
	return ret;
}
EXPORT_SYMBOL_GPL(klp_enable_patch);

/* With klp_mutex held. -EBUSY: another transition is running. */
int klp_disable_patch(struct klp_patch *patch)
{
	struct klp_object *obj;
	int ret;

	lockdep_assert_held(&klp_mutex);
	if (klp_transition_patch)
		return -EBUSY;
	ret = klp_init_transition(patch, KLP_TRANSITION_UNPATCHED);
	if (ret)
		return ret;
	klp_for_each_object(patch, obj)
		if (obj->patched)
			klp_callback(obj, KLP_PRE_UNPATCH);
	patch->enabled = false;
	klp_start_transition();
	klp_try_complete_transition();
	return 0;
}

subsys_initcall(klp_sysfs_init);
