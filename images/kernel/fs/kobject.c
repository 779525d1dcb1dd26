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
#include <linux/export.h>
#include "sysfs.h"

struct kobject *kernel_kobj, *module_kobj;
EXPORT_SYMBOL(kernel_kobj);

static ssize_t kobj_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct kobj_attribute *ka = container_of(attr, struct kobj_attribute, attr);

	return ka->show ? ka->show(kobj, ka, buf) : -EIO;
}

static ssize_t kobj_attr_store(struct kobject *kobj, struct attribute *attr, const char *buf,
			       size_t count)
{
	struct kobj_attribute *ka = container_of(attr, struct kobj_attribute, attr);

	return ka->store ? ka->store(kobj, ka, buf, count) : -EIO;
}

const struct sysfs_ops kobj_sysfs_ops = {
	.show = kobj_attr_show,
	.store = kobj_attr_store,
};
EXPORT_SYMBOL(kobj_sysfs_ops);

void kobject_init(struct kobject *kobj, const struct kobj_type *ktype)
{
	kobj->name = NULL;
	kobj->parent = NULL;
	kobj->sd = NULL;
	kobj->ktype = ktype;
	atomic_set(&kobj->refcount, 1);
	kobj->state_initialized = true;
	kobj->state_in_sysfs = false;
}
EXPORT_SYMBOL(kobject_init);

static int kobject_add_va(struct kobject *kobj, struct kobject *parent, const char *fmt,
			  va_list args)
{
	const struct attribute_group **groups;
	char name[NAME_MAX + 1];
	struct dentry *dir;
	int ret = 0;

	vsnprintf(name, sizeof(name), fmt, args);
	/* a '/' in a name would split it; Linux shows it as '!' */
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '!';
	kobj->name = kmalloc(strlen(name) + 1, GFP_KERNEL);
	if (!kobj->name)
		return -ENOMEM;
	strcpy(kobj->name, name);
	dir = sysfs_make_node(parent ? parent->sd : sysfs_sb->s_root, name, S_IFDIR | 0755, kobj,
			      NULL, NULL);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	kobj->sd = dget(dir);
	kobj->parent = parent ? kobject_get(parent) : NULL;
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
	va_list args;
	int ret;

	va_start(args, fmt);
	ret = kobject_add_va(kobj, parent, fmt, args);
	va_end(args);
	return ret;
}
EXPORT_SYMBOL(kobject_add);

int kobject_init_and_add(struct kobject *kobj, const struct kobj_type *ktype,
			 struct kobject *parent, const char *fmt, ...)
{
	va_list args;
	int ret;

	kobject_init(kobj, ktype);
	va_start(args, fmt);
	ret = kobject_add_va(kobj, parent, fmt, args);
	va_end(args);
	return ret;
}
EXPORT_SYMBOL(kobject_init_and_add);

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

	if (!kobj)
		return NULL;
	if (kobject_init_and_add(kobj, &dynamic_kobj_type, parent, "%s", name)) {
		kobject_put(kobj);
		return NULL;
	}
	return kobj;
}
EXPORT_SYMBOL(kobject_create_and_add);

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
EXPORT_SYMBOL(kobject_del);

struct kobject *kobject_get(struct kobject *kobj)
{
	if (kobj)
		atomic_inc(&kobj->refcount);
	return kobj;
}
EXPORT_SYMBOL(kobject_get);

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
EXPORT_SYMBOL(kobject_put);

int kobjects_init(void)
{
	kernel_kobj = kobject_create_and_add("kernel", NULL);
	module_kobj = kobject_create_and_add("module", NULL);
	return kernel_kobj && module_kobj ? 0 : -ENOMEM;
}
