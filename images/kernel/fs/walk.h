// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A walk along a path, between namei.c (which does it) and names.c (which
 * changes what it ends at). All of it is called with vfs_mutex.
 */
#ifndef _FS_WALK_H
#define _FS_WALK_H

#include <linux/fs.h>

/*
 * The state of one walk. When it is done, @d is the directory that holds the
 * last name (or the object itself if there is none: "/", "..", "a/"), and
 * @last that name; @must_dir says that a slash followed it.
 */
struct walk {
	struct dentry *root, *d;
	int links;
	char last[NAME_MAX + 1];
	bool has_last, must_dir;
};

/* Walks to the directory of the last name. walk_end() follows in any case. */
int walk_start(struct walk *, struct dentry *base, const char *name);
void walk_end(struct walk *);
/* A child by name, with a reference; does not cross mounts. */
struct dentry *lookup_one(struct dentry *dir, const char *name);
/* 0 if the caller may make a name in @dir */
int may_create(struct dentry *dir);
/* a new object, linked, with a reference; @target is that of a symbolic link */
struct dentry *create_child(struct dentry *dir, const char *name, umode_t mode, dev_t,
			    const char *target);

#endif
