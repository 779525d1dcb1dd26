// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel objects: a reference count, a name, and a directory in /sys.
 *
 * Promises: release() is called once, when the last reference is gone, and the
 * directory is gone by then; a kobject holds its parent. Must not know what the
 * objects are.
 */
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include "sysfs.h"

struct kobject *kernel_kobj, *module_kobj;

void kobject_init(struct kobject *kobj, const struct kobj_type *ktype)
{
	*kobj = (struct kobject){ .ktype = ktype, .state_initialized = true };
	atomic_set(&kobj->refcount, 1);
}

/* Puts what the caller was told by @fmt and what follows it into @name; cut if it is too long. */
#define FORMAT_NAME(name, fmt)                            \
	do {                                              \
		va_list args;                             \
                                                          \
		va_start(args, fmt);                      \
		vsnprintf(name, sizeof(name), fmt, args); \
		va_end(args);                             \
	} while (0)

static int add_named(struct kobject *kobj, struct kobject *parent, char *name)
{
	const struct attribute_group **groups;
	struct dentry *dir;
	char *slash;
	int ret = 0;

	/* it would split the name; Linux shows it as '!' */
	while ((slash = strchr(name, '/')))
		*slash = '!';
	kobj->name = kstrdup(name, GFP_KERNEL);
	if (!kobj->name)
		return -ENOMEM;
	dir = sysfs_make_node(parent ? parent->sd : sysfs_sb->s_root, name, S_IFDIR | 0755, kobj,
			      NULL, NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	kobj->sd = dget(dir);
	kobj->parent = kobject_get(parent);
	kobj->state_in_sysfs = true;
	groups = kobj->ktype ? kobj->ktype->default_groups : NULL;
	for (; groups && *groups && !ret; groups++)
		ret = sysfs_create_group(kobj, *groups);
	if (ret)
		kobject_del(kobj);
	return ret;
}

int kobject_add(struct kobject *kobj, struct kobject *parent, const char *fmt, ...)
{
	char name[NAME_MAX + 1];

	FORMAT_NAME(name, fmt);
	return add_named(kobj, parent, name);
}

int kobject_init_and_add(struct kobject *kobj, const struct kobj_type *ktype,
			 struct kobject *parent, const char *fmt, ...)
{
	char name[NAME_MAX + 1];

	FORMAT_NAME(name, fmt);
	kobject_init(kobj, ktype);
	return add_named(kobj, parent, name);
}

static void dynamic_kobj_release(struct kobject *kobj)
{
	kfree(kobj);
}

static const struct kobj_type dynamic_kobj_type = {
	.release = dynamic_kobj_release,
	.sysfs_ops = &kobj_sysfs_ops,
};

struct kobject *kobject_create_and_add(const char *name, struct kobject *parent)
{
	struct kobject *kobj = kzalloc(sizeof(*kobj), GFP_KERNEL);

	if (kobj && kobject_init_and_add(kobj, &dynamic_kobj_type, parent, "%s", name)) {
		kobject_put(kobj);
		kobj = NULL;
	}
	return kobj;
}

void kobject_del(struct kobject *kobj)
{
	if (!kobj || !kobj->state_in_sysfs)
		return;
	kobj->state_in_sysfs = false;
	sysfs_remove_node(kobj->sd);
	dput(kobj->sd);
	kobj->sd = NULL;
	kobject_put(kobj->parent);
	kobj->parent = NULL;
}

struct kobject *kobject_get(struct kobject *kobj)
{
	if (kobj)
		atomic_inc(&kobj->refcount);
	return kobj;
}

void kobject_put(struct kobject *kobj)
{
	char *name;

	if (!kobj || !atomic_dec_and_test(&kobj->refcount))
		return;
	kobject_del(kobj);
	name = kobj->name;
	if (kobj->ktype && kobj->ktype->release)
		kobj->ktype->release(kobj);
	kfree(name);
}

int kobjects_init(void)
{
	kernel_kobj = kobject_create_and_add("kernel", NULL);
	module_kobj = kobject_create_and_add("module", NULL);
	return kernel_kobj && module_kobj ? 0 : -ENOMEM;
}
