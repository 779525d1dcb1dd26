// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys/kernel/livepatch/<patch>/: what a person or a script sees of a patch.
 *
 *	enabled		0644	1 or 0; writing the other value disables the patch,
 *				or turns a running transition around
 *	transition	0444	1 while tasks are still being switched
 *	force		0200	1: declare all tasks switched
 *	replace		0444	the patch replaces all older ones
 *	stack_order	0444	1 = oldest of the enabled patches
 *	<object>/patched	0444
 *	<object>/<function,sympos>/
 *
 * Promises Linux's names, modes and values. A store runs inside the directory
 * that disabling removes: removal is always left to a work item (core.c).
 */
#define pr_fmt(fmt) "livepatch: " fmt

#include <linux/kernel.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>
#include "internal.h"

static struct kobject *root;

static struct klp_patch *patch_of(struct kobject *kobj)
{
	return container_of(kobj, struct klp_patch, kobj);
}

/* ---- files of a patch ---- */

static int change_enabled(struct klp_patch *patch, bool on)
{
	if (patch->enabled == on)
		return -EINVAL; /* it is so already */
	if (klp_transition_patch == patch)
		return klp_reverse_transition();
	/* one that is disabled does not come back: load it again */
	return on ? -EINVAL : klp_disable_patch(patch);
}

static int force(struct klp_patch *patch, bool on)
{
	if (!on)
		return 0;
	if (klp_transition_patch != patch)
		return -EINVAL;
	klp_force_transition();
	return 0;
}

static ssize_t store_switch(struct kobject *kobj, const char *text, size_t size,
			    int (*change)(struct klp_patch *patch, bool on))
{
	bool on;
	int ret = kstrtobool(text, &on);

	if (ret)
		return ret;
	mutex_lock(&klp_mutex);
	ret = change(patch_of(kobj), on);
	mutex_unlock(&klp_mutex);
	return ret ? ret : (ssize_t)size;
}

static ssize_t enabled_store(struct kobject *kobj, struct kobj_attribute *attr, const char *text,
			     size_t size)
{
	return store_switch(kobj, text, size, change_enabled);
}

static ssize_t force_store(struct kobject *kobj, struct kobj_attribute *attr, const char *text,
			   size_t size)
{
	return store_switch(kobj, text, size, force);
}

static int stack_order(const struct klp_patch *patch)
{
	const struct klp_patch *other;
	int order = 0;

	mutex_lock(&klp_mutex);
	list_for_each_entry(other, &klp_patches, list) {
		order++;
		if (other == patch)
			break;
	}
	mutex_unlock(&klp_mutex);
	return order;
}

#define SHOW(file, value)                                                                         \
	static ssize_t file##_show(struct kobject *kobj, struct kobj_attribute *attr, char *text) \
	{                                                                                         \
		return sysfs_emit(text, "%d\n", (int)(value));                                    \
	}

SHOW(enabled, patch_of(kobj)->enabled)
SHOW(transition, patch_of(kobj) == klp_transition_patch)
SHOW(replace, patch_of(kobj)->replace)
SHOW(stack_order, stack_order(patch_of(kobj)))
SHOW(patched, container_of(kobj, struct klp_object, kobj)->patched)

static struct kobj_attribute enabled_file = __ATTR_RW(enabled);
static struct kobj_attribute transition_file = __ATTR_RO(transition);
static struct kobj_attribute force_file = __ATTR_WO(force);
static struct kobj_attribute replace_file = __ATTR_RO(replace);
static struct kobj_attribute stack_order_file = __ATTR_RO(stack_order);
static struct kobj_attribute patched_file = __ATTR_RO(patched);

static struct attribute *patch_attrs[] = {
	&enabled_file.attr, &transition_file.attr,  &force_file.attr,
	&replace_file.attr, &stack_order_file.attr, NULL,
};
ATTRIBUTE_GROUPS(patch);

static struct attribute *object_attrs[] = { &patched_file.attr, NULL };
ATTRIBUTE_GROUPS(object);

/* ---- directories ---- */

/* The structures belong to the patch; there is nothing to free here. */
static void release(struct kobject *kobj)
{
}

static const struct kobj_type patch_type = {
	.release = release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = patch_groups,
};
static const struct kobj_type object_type = {
	.release = release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = object_groups,
};
static const struct kobj_type func_type = {
	.release = release,
	.sysfs_ops = &kobj_sysfs_ops,
};

/* Also of one that was never added. */
static void take_away(struct kobject *kobj)
{
	if (kobj->state_initialized) {
		kobject_del(kobj);
		kobject_put(kobj);
		memset(kobj, 0, sizeof(*kobj));
	}
}

void klp_sysfs_remove_func(struct klp_func *func)
{
	take_away(&func->kobj);
}

void klp_sysfs_remove_object(struct klp_object *obj)
{
	struct klp_func *func;

	klp_for_each_func(obj, func)
		take_away(&func->kobj);
	take_away(&obj->kobj);
}

void klp_sysfs_remove_patch(struct klp_patch *patch)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		klp_sysfs_remove_object(obj);
	take_away(&patch->kobj);
}

static int add_object(struct klp_patch *patch, struct klp_object *obj)
{
	int ret = kobject_init_and_add(&obj->kobj, &object_type, &patch->kobj, "%s",
				       klp_object_name(obj));
	struct klp_func *func;

	klp_for_each_func(obj, func)
		if (!ret)
			ret = kobject_init_and_add(&func->kobj, &func_type, &obj->kobj, "%s,%lu",
						   func->old_name, func->old_sympos ?: 1);
	return ret;
}

int klp_sysfs_add_patch(struct klp_patch *patch)
{
	int ret = kobject_init_and_add(&patch->kobj, &patch_type, root, "%s", patch->mod->name);
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		if (!ret)
			ret = add_object(patch, obj);
	return ret;
}

int klp_sysfs_init(void)
{
	root = kobject_create_and_add("livepatch", kernel_kobj);
	return root ? 0 : -ENOMEM;
}
