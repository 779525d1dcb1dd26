// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Atomic replace: one patch in the place of all older ones.
 *
 * What an older patch changes and the new one does not is given a func of its own
 * in the new patch, a nop: the version of it is the original. So a task goes from
 * all the old versions to all the new ones at once. When the transition has
 * ended, older patches and nops have nothing left to say and go.
 */
#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "internal.h"

static struct klp_object *object_named(struct klp_patch *patch, const char *name)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		if (!strcmp(klp_object_name(obj), name))
			return obj;
	return NULL;
}

static bool covers(struct klp_object *obj, const struct klp_func *wanted)
{
	struct klp_func *func;

	klp_for_each_func(obj, func)
		if (klp_same_function(func, wanted))
			return true;
	return false;
}

static void free_nop(struct klp_func *nop)
{
	kfree(nop->old_name);
	kfree(nop);
}

static int add_nop(struct klp_object *obj, const struct klp_func *old)
{
	struct klp_func *nop = kzalloc(sizeof(*nop), GFP_KERNEL);

	if (nop)
		nop->old_name = kstrdup(old->old_name, GFP_KERNEL);
	if (!nop || !nop->old_name) {
		kfree(nop);
		return -ENOMEM;
	}
	nop->old_sympos = old->old_sympos;
	nop->nop = nop->dynamic = true;
	nop->obj = obj;
	list_add_tail(&nop->node, &obj->func_list);
	return 0;
}

static struct klp_object *add_object(struct klp_patch *patch, const struct klp_object *like)
{
	struct klp_object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);

	if (!obj)
		return NULL;
	obj->name = like->name ? kstrdup(like->name, GFP_KERNEL) : NULL;
	if (like->name && !obj->name) {
		kfree(obj);
		return NULL;
	}
	obj->patch = patch;
	obj->dynamic = true;
	INIT_LIST_HEAD(&obj->func_list);
	list_add_tail(&obj->node, &patch->obj_list);
	return obj;
}

static int cover_object(struct klp_patch *patch, struct klp_object *old)
{
	struct klp_object *obj = object_named(patch, klp_object_name(old));
	struct klp_func *func;
	int ret = 0;

	if (!obj)
		obj = add_object(patch, old);
	if (!obj)
		return -ENOMEM;
	klp_for_each_func(old, func)
		if (!ret && !covers(obj, func))
			ret = add_nop(obj, func);
	return ret;
}

int klp_add_nops(struct klp_patch *patch)
{
	struct klp_patch *older;
	struct klp_object *old;
	int ret;

	lockdep_assert_held(&klp_mutex);
	list_for_each_entry(older, &klp_patches, list)
		klp_for_each_object(older, old) {
			ret = cover_object(patch, old);
			if (ret)
				return ret;
		}
	return 0;
}

/* Nobody gets an older version, or a nop instead of the plain original, from here on. */
void klp_drop_replaced(struct klp_patch *patch)
{
	struct klp_patch *older;
	struct klp_object *obj;

	lockdep_assert_held(&klp_mutex);
	list_for_each_entry(older, &klp_patches, list) {
		if (older == patch)
			break;
		older->enabled = false;
		klp_for_each_object(older, obj)
			klp_unpatch_object(obj, KLP_ALL_FUNCS);
	}
	klp_for_each_object(patch, obj)
		klp_unpatch_object(obj, KLP_NOP_FUNCS);
	klp_free_nops(patch);
}

/* The funcs and objects that klp_add_nops() made. */
void klp_free_nops(struct klp_patch *patch)
{
	struct klp_object *obj, *next_obj;
	struct klp_func *func, *next;

	list_for_each_entry_safe(obj, next_obj, &patch->obj_list, node) {
		list_for_each_entry_safe(func, next, &obj->func_list, node)
			if (func->dynamic) {
				klp_sysfs_remove_func(func);
				list_del(&func->node);
				free_nop(func);
			}
		if (obj->dynamic) {
			klp_sysfs_remove_object(obj);
			list_del(&obj->node);
			kfree(obj->name);
			kfree(obj);
		}
	}
}
