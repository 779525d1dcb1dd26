// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File systems, mounts, and the start of it all.
 *
 * Promises: a mount hides one directory with the root of one super block; a
 * file system marked single has one super block, so it is mounted once; a
 * mount point that is in use is not unmounted. The first super block on the
 * list is the root of all names. Must not know what a file system keeps.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <linux/syscalls.h>
#include "internal.h"

LIST_HEAD(file_systems);
static unsigned int next_minor = 2;	  /* device 0:1 is that of pipes */
static unsigned int next_own_minor = 255; /* downwards: these do not cross an upgrade */
struct dentry *vfs_root;

/* An adopted super block keeps its device number; new ones get higher numbers. */
void set_super_dev(struct super_block *sb, dev_t dev)
{
	sb->s_dev = dev;
	if (next_minor <= MINOR(dev))
		next_minor = MINOR(dev) + 1;
}

void register_filesystem(struct file_system_type *type)
{
	list_add_tail(&type->list, &file_systems);
}

static struct file_system_type *find_type(const char *name)
{
	struct file_system_type *type;

	list_for_each_entry(type, &file_systems, list)
		if (!strcmp(type->name, name))
			return type;
	return NULL;
}

static struct super_block *make_super(struct file_system_type *type, const char *source,
				      unsigned long flags, void *data)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);
	int ret;

	if (!sb)
		return ERR_PTR(-ENOMEM);
	sb->s_type = type;
	sb->s_flags = flags & MS_RDONLY;
	sb->s_dev = MKDEV(0, type->own ? next_own_minor-- : next_minor++);
	sb->s_next_ino = 1;
	sb->s_next_seq = 2; /* 0 and 1 are "." and ".." */
	INIT_LIST_HEAD(&sb->s_inodes);
	strscpy(sb->s_source, source && *source ? source : type->name, sizeof(sb->s_source));
	ret = type->fill_super(sb, source, data);
	if (ret) {
		if (sb->s_root)
			dput(sb->s_root);
		kfree(sb);
		return ERR_PTR(ret);
	}
	return sb;
}

void add_super(struct super_block *sb)
{
	struct super_block *at;

	list_for_each_entry(at, &super_blocks, s_list)
		if (super_is_own(at) && !super_is_own(sb))
			break;
	list_add_tail(&sb->s_list, &at->s_list);
}

int mount_own(struct file_system_type *type, struct dentry *point)
{
	struct super_block *sb = make_super(type, NULL, 0, NULL);

	if (IS_ERR(sb))
		return PTR_ERR(sb);
	mutex_lock(&vfs_mutex);
	sb->s_mountpoint = dget(point);
	point->d_mounted = sb;
	add_super(sb);
	mutex_unlock(&vfs_mutex);
	return 0;
}

int do_mount(const char *source, const char *target, const char *name, unsigned long flags,
	     void *data)
{
	struct file_system_type *type = find_type(name);
	struct super_block *sb;
	struct dentry *d;
	int ret = 0;

	if (!type)
		return -ENODEV;
	d = kern_path(target, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
	if (IS_ERR(d))
		return PTR_ERR(d);
	mutex_lock(&vfs_mutex);
	if (type->single)
		list_for_each_entry(sb, &super_blocks, s_list)
			if (sb->s_type == type)
				ret = -EBUSY;
	if (d->d_mounted || d->d_parent == d)
		ret = -EBUSY;
	mutex_unlock(&vfs_mutex);
	if (ret)
		goto out;
	/* fill_super may read a device: not under the mutex */
	sb = make_super(type, source, flags, data);
	if (IS_ERR(sb)) {
		ret = PTR_ERR(sb);
		goto out;
	}
	mutex_lock(&vfs_mutex);
	sb->s_mountpoint = dget(d);
	d->d_mounted = sb;
	add_super(sb);
	mutex_unlock(&vfs_mutex);
out:
	dput(d);
	return ret;
}

/* Is anything but the tree itself holding on to this super block? */
static bool super_in_use(struct super_block *sb)
{
	struct super_block *other;
	struct file *file;
	bool used = false;

	list_for_each_entry(other, &super_blocks, s_list)
		if (other->s_mountpoint && other->s_mountpoint->d_sb == sb)
			return true;
	spin_lock(&open_files_lock);
	list_for_each_entry(file, &open_files, f_list)
		if (file->f_inode->i_sb == sb)
			used = true;
	spin_unlock(&open_files_lock);
	/* working directories: the root has one reference, and one for each child */
	return used;
}

static int references_below(struct dentry *d)
{
	struct dentry *child;
	int children = 0;

	list_for_each_entry(child, &d->d_children, d_sibling) {
		if (references_below(child))
			return 1;
		children++;
	}
	/* a place in the tree (or being the root) and each child are one each */
	return atomic_read(&d->d_count) > 1 + children;
}

static void drop_tree(struct dentry *d)
{
	struct dentry *child, *next;

	list_for_each_entry_safe(child, next, &d->d_children, d_sibling) {
		drop_tree(child);
		d_unlink(child);
	}
}

static int do_umount(const char *name)
{
	struct dentry *root = kern_path(name, LOOKUP_FOLLOW), *point;
	struct super_block *sb;
	int ret = 0;

	if (IS_ERR(root))
		return PTR_ERR(root);
	mutex_lock(&vfs_mutex);
	sb = root->d_sb;
	if (sb->s_root != root) {
		ret = -EINVAL;
	} else {
		dput(root);
		root = NULL;
		if (!sb->s_mountpoint || !is_tmpfs(sb))
			ret = -EBUSY; /* the root of all; proc and sysfs stay */
		else if (super_in_use(sb) || references_below(sb->s_root))
			ret = -EBUSY;
	}
	if (!ret) {
		point = sb->s_mountpoint;
		point->d_mounted = NULL;
		list_del(&sb->s_list);
		drop_tree(sb->s_root);
		dput(sb->s_root);
		dput(point);
		kfree(sb);
	}
	mutex_unlock(&vfs_mutex);
	dput(root);
	return ret;
}

SYSCALL_DEFINE5(mount, const char __user *, usource, const char __user *, utarget,
		const char __user *, utype, unsigned long, flags, void __user *, data)
{
	char *source = NULL, *target = NULL, *type = NULL;
	int ret;

	if (current_uid())
		return -EPERM;
	ret = getname(utarget, &target);
	if (!ret && usource)
		ret = getname(usource, &source);
	if (!ret)
		ret = utype ? getname(utype, &type) : -EINVAL;
	if (!ret)
		ret = do_mount(source, target, type, flags, NULL);
	kfree(source);
	kfree(target);
	kfree(type);
	return ret;
}

SYSCALL_DEFINE2(umount2, const char __user *, uname, int, flags)
{
	char *name;
	int ret;

	if (current_uid())
		return -EPERM;
	ret = getname(uname, &name);
	if (!ret) {
		ret = do_umount(name);
		kfree(name);
	}
	return ret;
}

SYSCALL_DEFINE0(sync)
{
	return 0; /* disk writes are complete when write() returns */
}

/*
 * A super block for adopt.c to fill. Those that are single were made by
 * vfs_init() and wait on unmounted; so does the root of all. The others are new.
 */
static struct super_block *unmounted[3];

struct super_block *take_super_to_adopt(const char *name, const char *source)
{
	struct file_system_type *type = find_type(name);
	struct super_block *sb;
	unsigned int i;

	if (!type)
		return ERR_PTR(-ENODEV);
	for (i = 0; i < ARRAY_SIZE(unmounted); i++) {
		sb = unmounted[i];
		if (!sb || sb->s_type != type)
			continue;
		unmounted[i] = NULL;
		list_del_init(&sb->s_list);
		strscpy(sb->s_source, source, sizeof(sb->s_source));
		return sb;
	}
	return type->single ? ERR_PTR(-EBUSY) : make_super(type, source, 0, NULL);
}

static struct super_block *must_make(const char *type, const char *source)
{
	struct super_block *sb = make_super(find_type(type), source, 0, NULL);

	if (IS_ERR(sb))
		panic("vfs_init: %s", type);
	INIT_LIST_HEAD(&sb->s_list);
	return sb;
}

void vfs_init(void)
{
	static const char *const dirs[] = { "/dev", "/proc", "/sys" };
	struct super_block *root;
	unsigned int i;

	pipe_init();
	tmpfs_init();
	procfs_init();
	sysfs_init();
	if (boot_info.handover) {
		unmounted[0] = must_make("tmpfs", "rootfs");
		vfs_root = unmounted[0]->s_root;
		unmounted[1] = must_make("proc", "proc");
		unmounted[2] = must_make("sysfs", "sysfs");
		return;
	}
	root = must_make("tmpfs", "rootfs");
	list_add_tail(&root->s_list, &super_blocks);
	vfs_root = root->s_root;
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		vfs_mkdir(dirs[i], 0755);
	if (do_mount("dev", "/dev", "tmpfs", 0, NULL) ||
	    do_mount("proc", "/proc", "proc", 0, NULL) ||
	    do_mount("sysfs", "/sys", "sysfs", 0, NULL))
		panic("vfs_init: mount");
	devices_init();
}
