// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a patch points at, before anything of it is followed.
 *
 * A patch module fills its structures itself, at any time, with anything. Here
 * each pointer is tried: what the kernel writes to lies in the module's own
 * data or on the heap, and no two structures overlap; what it only reads is
 * there; text that it will run is text; every list and every name has an end.
 *
 * Promises: nothing here can fault, and after it the rest of livepatch/ can
 * follow what it has been given. Each refusal is one line that names the pointer.
 * What the module's code does to its own data later is its own affair.
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/uaccess.h>
#include "internal.h"
#include "../module/internal.h"

#define LONGEST_NAME 512 /* that a name ends somewhere; how long it may be is said in check.c */

#define refuse(mod, fmt, ...)                                          \
	({                                                             \
		pr_err("'%s': " fmt "\n", (mod)->name, ##__VA_ARGS__); \
		-EINVAL;                                               \
	})

static bool may_be_written(const struct module *mod, const void *at, size_t size)
{
	return module_owns_data(mod, at, size) || is_heap_memory(at, size);
}

static bool is_text_or_null(const void *at)
{
	return !at || __kernel_text_address((unsigned long)at);
}

static bool has_end(const char *name)
{
	char byte;

	for (size_t i = 0; i < LONGEST_NAME; i++) {
		if (copy_from_kernel_nofault(&byte, name + i, 1))
			return false;
		if (!byte)
			return true;
	}
	return false;
}

static bool apart(const void *a, size_t size_a, const void *b, size_t size_b)
{
	return a + size_a <= b || b + size_b <= a;
}

/* ---- one array each: the entries, and the one that ends them ---- */

static int check_func(const struct module *mod, const struct klp_func *func, unsigned int number)
{
	if (func->old_name && !has_end(func->old_name))
		return refuse(mod, "old_name of function %u is no text: %px", number,
			      func->old_name);
	if (!is_text_or_null(func->new_func))
		return refuse(mod, "new_func of function %u is no code: %px", number,
			      func->new_func);
	return 0;
}

static int check_funcs(const struct module *mod, const struct klp_object *obj, size_t *size)
{
	const struct klp_func *func = obj->funcs;
	int ret;

	for (; may_be_written(mod, func, sizeof(*func)); func++) {
		if (klp_is_last_func(func)) {
			*size = (void *)(func + 1) - (void *)obj->funcs;
			return 0;
		}
		ret = check_func(mod, func, func - obj->funcs);
		if (ret)
			return ret;
	}
	return refuse(mod, "funcs of object '%s' %s the module's data: %px", klp_object_name(obj),
		      func == obj->funcs ? "are not in" : "do not end in", func);
}

static int check_object(const struct module *mod, const struct klp_object *obj, unsigned int number)
{
	const struct klp_callbacks *calls = &obj->callbacks;

	if (obj->name && !has_end(obj->name))
		return refuse(mod, "name of object %u is no text: %px", number, obj->name);
	if (!is_text_or_null(calls->pre_patch) || !is_text_or_null(calls->post_patch) ||
	    !is_text_or_null(calls->pre_unpatch) || !is_text_or_null(calls->post_unpatch))
		return refuse(mod, "a callback of object '%s' is no code", klp_object_name(obj));
	return 0;
}

static int check_objects(const struct klp_patch *patch, size_t *size)
{
	const struct klp_object *obj = patch->objs;
	int ret;

	for (; may_be_written(patch->mod, obj, sizeof(*obj)); obj++) {
		if (klp_is_last_object(obj)) {
			*size = (void *)(obj + 1) - (void *)patch->objs;
			return 0;
		}
		ret = check_object(patch->mod, obj, obj - patch->objs);
		if (ret)
			return ret;
	}
	return refuse(patch->mod, "objs %s the module's data: %px",
		      obj == patch->objs ? "are not in" : "do not end in", obj);
}

static int check_states(const struct klp_patch *patch)
{
	const struct klp_state *state = patch->states;
	struct klp_state entry;

	for (; !copy_from_kernel_nofault(&entry, state, sizeof(entry)); state++)
		if (klp_is_last_state(&entry))
			return 0;
	return refuse(patch->mod, "states have no end: %px", state);
}

/* ---- all of them ---- */

#define ENTRY sizeof(struct klp_func)

static size_t size_of_funcs(const struct klp_object *obj)
{
	const struct klp_func *func;

	klp_for_each_func_static(obj, func)
		;
	return (void *)(func + 1) - (void *)obj->funcs;
}

static bool funcs_are_apart(const struct klp_patch *patch, size_t objects,
			    const struct klp_object *obj, size_t size)
{
	const struct klp_object *other;

	/* entries are written, the one that ends them is not: two arrays may share it */
	for (other = patch->objs; other != obj; other++) {
		size_t others = size_of_funcs(other);

		if (!apart(obj->funcs, size - ENTRY, other->funcs, others) ||
		    !apart(obj->funcs, size, other->funcs, others - ENTRY))
			return false;
	}
	return apart(obj->funcs, size, patch, sizeof(*patch)) &&
	       apart(obj->funcs, size, patch->objs, objects);
}

static int check_arrays(const struct klp_patch *patch)
{
	const struct klp_object *obj;
	size_t objects, size;
	int ret = check_objects(patch, &objects);

	if (ret)
		return ret;
	if (!apart(patch->objs, objects, patch, sizeof(*patch)))
		return refuse(patch->mod, "objs lie in the patch itself: %px", patch->objs);
	klp_for_each_object_static(patch, obj) {
		if (!obj->funcs)
			return refuse(patch->mod, "object '%s' has no funcs", klp_object_name(obj));
		ret = check_funcs(patch->mod, obj, &size);
		if (ret)
			return ret;
		if (!funcs_are_apart(patch, objects, obj, size))
			return refuse(patch->mod,
				      "funcs of object '%s' lie in other structures: %px",
				      klp_object_name(obj), obj->funcs);
	}
	return patch->states ? check_states(patch) : 0;
}

int klp_check_pointers(const struct klp_patch *patch)
{
	struct klp_patch copy;

	if (!patch || copy_from_kernel_nofault(&copy, patch, sizeof(copy))) {
		pr_err("a patch that is not in memory: %px\n", patch);
		return -EINVAL;
	}
	if (!copy.mod || !copy.objs) {
		pr_err("a patch without module or objects\n");
		return -EINVAL;
	}
	if (!is_module(copy.mod)) {
		pr_err("a patch whose mod is no module: %px\n", copy.mod);
		return -EINVAL;
	}
	if (!may_be_written(copy.mod, patch, sizeof(*patch)))
		return refuse(copy.mod, "the patch is not in the module's data: %px", patch);
	return check_arrays(patch);
}
