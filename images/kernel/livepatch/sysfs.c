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

static struct kobject *klp_root_kobj;

static struct klp_patch *to_patch(struct kobject *kobj)
{
	return container_of(kobj, struct klp_patch, kobj);
}

static int read_bool(const char *buf, bool *value)
{
	if (buf[0] != '0' && buf[0] != '1' && buf[0] != 'y' && buf[0] != 'n' &&
	    buf[0] != 'Y' && buf[0] != 'N')
		return -EINVAL;
	*value = buf[0] == '1' || buf[0] == 'y' || buf[0] == 'Y';
	return 0;
}

static ssize_t enabled_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	struct klp_patch *patch = to_patch(kobj);
	bool enabled;
	int ret;

	ret = read_bool(buf, &enabled);
	if (ret)
		return ret;
	mutex_lock(&klp_mutex);
	if (patch->enabled == enabled)
		ret = -EINVAL;		/* already in that state */
	else if (patch == klp_transition_patch)
		klp_reverse_transition();
	else if (!enabled)
		ret = klp_disable_patch(patch);
	else
		ret = -EINVAL;		/* a disabled patch cannot come back: load it again */
	mutex_unlock(&klp_mutex);
	return ret ? ret : (ssize_t)count;
}

static ssize_t enabled_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", to_patch(kobj)->enabled);
}

static ssize_t transition_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", to_patch(kobj) == klp_transition_patch);
}

static ssize_t force_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t count)
{
	bool force;
	int ret;

	ret = read_bool(buf, &force);
	if (ret)
		return ret;
	if (!force)
		return count;
	mutex_lock(&klp_mutex);
	if (to_patch(kobj) == klp_transition_patch)
		klp_force_transition();
	else
		ret = -EINVAL;
	mutex_unlock(&klp_mutex);
	return ret ? ret : (ssize_t)count;
}

static ssize_t replace_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", to_patch(kobj)->replace);
}

static ssize_t stack_order_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct klp_patch *patch;
	int order = 0;

	mutex_lock(&klp_mutex);
	list_for_each_entry(patch, &klp_patches, list) {
		order++;
		if (patch == to_patch(kobj))
			break;
	}
	mutex_unlock(&klp_mutex);
	return sysfs_emit(buf, "%d\n", order);
}

static ssize_t patched_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", container_of(kobj, struct klp_object, kobj)->patched);
}

static struct kobj_attribute enabled_attr = __ATTR_RW(enabled);
static struct kobj_attribute transition_attr = __ATTR_RO(transition);
static struct kobj_attribute force_attr = __ATTR_WO(force);
static struct kobj_attribute replace_attr = __ATTR_RO(replace);
static struct kobj_attribute stack_order_attr = __ATTR_RO(stack_order);
static struct kobj_attribute patched_attr = __ATTR_RO(patched);

static struct attribute *klp_patch_attrs[] = {
	&enabled_attr.attr, &transition_attr.attr, &force_attr.attr,
	&replace_attr.attr, &stack_order_attr.attr, NULL,
};
ATTRIBUTE_GROUPS(klp_patch);

static struct attribute *klp_object_attrs[] = { &patched_attr.attr, NULL };
ATTRIBUTE_GROUPS(klp_object);

/* The structures belong to the patch module; there is nothing to free here. */
static void klp_kobj_release(struct kobject *kobj)
{
}

static const struct kobj_type klp_ktype_patch = {
	.release = klp_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = klp_patch_groups,
};
static const struct kobj_type klp_ktype_object = {
	.release = klp_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = klp_object_groups,
};
static const struct kobj_type klp_ktype_func = {
	.release = klp_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
};

static void remove_kobj(struct kobject *kobj)
{
	if (!kobj->state_initialized)
		return;
	kobject_del(kobj);
	kobject_put(kobj);
	memset(kobj, 0, sizeof(*kobj));
}

void klp_sysfs_remove_func(struct klp_func *func)
{
	remove_kobj(&func->kobj);
}

void klp_sysfs_remove_object(struct klp_object *obj)
{
	struct klp_func *func;

	klp_for_each_func(obj, func)
		klp_sysfs_remove_func(func);
	remove_kobj(&obj->kobj);
}

void klp_sysfs_remove_patch(struct klp_patch *patch)
{
	struct klp_object *obj;

	klp_for_each_object(patch, obj)
		klp_sysfs_remove_object(obj);
	remove_kobj(&patch->kobj);
}

static int add_object(struct klp_patch *patch, struct klp_object *obj)
{
	struct klp_func *func;
	int ret;

	ret = kobject_init_and_add(&obj->kobj, &klp_ktype_object, &patch->kobj, "%s",
				   klp_object_name(obj));
	if (ret)
		return ret;
	klp_for_each_func(obj, func) {
		ret = kobject_init_and_add(&func->kobj, &klp_ktype_func, &obj->kobj, "%s,%lu",
					   func->old_name,
					   func->old_sympos ? func->old_sympos : 1);
		if (ret)
			return ret;
	}
	return 0;
}

int klp_sysfs_add_patch(struct klp_patch *patch)
{
	struct klp_object *obj;
	int ret;

	ret = kobject_init_and_add(&patch->kobj, &klp_ktype_patch, klp_root_kobj, "%s",
				   patch->mod->name);
	if (ret)
		return ret;
	klp_for_each_object(patch, obj) {
		ret = add_object(patch, obj);
		if (ret)
			return ret;
	}
	return 0;
}

int klp_sysfs_init(void)
{
	klp_root_kobj = kobject_create_and_add("livepatch", kernel_kobj);
	return klp_root_kobj ? 0 : -ENOMEM;
}
