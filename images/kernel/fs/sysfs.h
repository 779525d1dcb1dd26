// SPDX-License-Identifier: GPL-2.0-or-later
/* Between sysfs.c (files) and kobject.c (objects). */
#ifndef _FS_SYSFS_H
#define _FS_SYSFS_H

#include <linux/fs.h>
#include <linux/kobject.h>

extern struct super_block *sysfs_sb;

/* a directory, or a file of @attr or @bin; its place in the tree keeps it. ERR_PTR */
struct dentry *sysfs_make_node(struct dentry *dir, const char *name, umode_t mode, struct kobject *,
			       const struct attribute *attr, const struct bin_attribute *bin);
/* it and all below; waits for callers inside */
void sysfs_remove_node(struct dentry *);
/* the directories everybody needs, when the super block is there */
int kobjects_init(void);

#endif
