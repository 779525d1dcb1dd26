// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel objects and their directories in /sys. A kobject is a reference count,
 * a name and a directory; an attribute is a file in it with show and store.
 * Promises: sysfs_remove_* and kobject_del return only when no show or store
 * of what they removed is running, so that a module may then be freed; one
 * that is run from within itself (a store that disables its own patch) must
 * hand the removal to a work item. Names and shapes are Linux's, so that
 * modules written for Linux compile.
 */
#ifndef _LINUX_KOBJECT_H
#define _LINUX_KOBJECT_H

#include <linux/types.h>
#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/stat.h>
#include <linux/stdarg.h>

struct kobject;
struct dentry;
struct file;
struct module;

struct attribute {
	const char *name;
	umode_t mode;
};

struct bin_attribute {
	struct attribute attr;
	size_t size;
	void *private;
	ssize_t (*read)(struct file *, struct kobject *, struct bin_attribute *, char *buf,
			loff_t pos, size_t count);
};

struct attribute_group {
	const char *name; /* a directory of its own if not NULL */
	struct attribute **attrs;
};

struct sysfs_ops {
	ssize_t (*show)(struct kobject *, struct attribute *, char *buf);
	ssize_t (*store)(struct kobject *, struct attribute *, const char *buf, size_t);
};

struct kobj_type {
	void (*release)(struct kobject *);
	const struct sysfs_ops *sysfs_ops;
	const struct attribute_group **default_groups;
};

struct kobject {
	char *name;
	struct kobject *parent;
	const struct kobj_type *ktype;
	struct dentry *sd; /* the directory; NULL when not in /sys */
	atomic_t refcount;
	bool state_initialized, state_in_sysfs;
};

struct kobj_attribute {
	struct attribute attr;
	ssize_t (*show)(struct kobject *, struct kobj_attribute *, char *buf);
	ssize_t (*store)(struct kobject *, struct kobj_attribute *, const char *buf, size_t);
};

#ifndef __stringify
#define __stringify_1(x...) #x
#define __stringify(x...)   __stringify_1(x)
#endif

#define __ATTR(_name, _mode, _show, _store)                                             \
	{                                                                               \
		.attr = { .name = __stringify(_name), .mode = (_mode) }, .show = _show, \
		.store = _store,                                                        \
	}
#define __ATTR_RO(_name) __ATTR(_name, 0444, _name##_show, NULL)
#define __ATTR_RW(_name) __ATTR(_name, 0644, _name##_show, _name##_store)
#define __ATTR_WO(_name) __ATTR(_name, 0200, NULL, _name##_store)
#define __ATTR_NULL                     \
	{                               \
		.attr = {.name = NULL } \
	}

#define ATTRIBUTE_GROUPS(_name)                                   \
	static const struct attribute_group _name##_group = {     \
		.attrs = _name##_attrs,                           \
	};                                                        \
	static const struct attribute_group *_name##_groups[] = { \
		&_name##_group,                                   \
		NULL,                                             \
	}

extern struct kobject *kernel_kobj;	      /* /sys/kernel */
extern struct kobject *module_kobj;	      /* /sys/module */
extern const struct sysfs_ops kobj_sysfs_ops; /* for struct kobj_attribute */

void kobject_init(struct kobject *, const struct kobj_type *);
int kobject_add(struct kobject *, struct kobject *parent, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int kobject_init_and_add(struct kobject *, const struct kobj_type *, struct kobject *parent,
			 const char *fmt, ...) __attribute__((format(printf, 4, 5)));
struct kobject *kobject_create_and_add(const char *name, struct kobject *parent);
void kobject_del(struct kobject *);
struct kobject *kobject_get(struct kobject *);
void kobject_put(struct kobject *);
static inline const char *kobject_name(const struct kobject *kobj)
{
	return kobj->name;
}

int sysfs_create_file(struct kobject *, const struct attribute *);
void sysfs_remove_file(struct kobject *, const struct attribute *);
int sysfs_create_files(struct kobject *, const struct attribute *const *);
int sysfs_create_group(struct kobject *, const struct attribute_group *);
void sysfs_remove_group(struct kobject *, const struct attribute_group *);
int sysfs_create_bin_file(struct kobject *, const struct bin_attribute *);
void sysfs_remove_bin_file(struct kobject *, const struct bin_attribute *);
int sysfs_emit(char *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
