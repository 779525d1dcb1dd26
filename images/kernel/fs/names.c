// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The calls that change names: mkdir, mknod, symlink, link, unlink, rmdir,
 * rename; and readlink.
 *
 * Promises: each is one step under vfs_mutex, so it is atomic against every
 * other call and every walk; what was removed lives on while it is in use. A
 * file system's own function is called when all that is common has been
 * checked, and cannot see a half-made change. Must not know any file system.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/syscalls.h>
#include "internal.h"
#include "walk.h"

/* With vfs_mutex: walk to the directory of the last name. */
static int walk_parent(struct walk *w, int dfd, const char *name)
{
	struct dentry *base = at_base(dfd, name);
	int ret;

	lockdep_assert_held(&vfs_mutex);
	if (IS_ERR(base)) {
		w->root = w->d = NULL;
		return PTR_ERR(base);
	}
	if (!*name) {
		w->root = w->d = NULL;
		dput(base);
		return -ENOENT;
	}
	ret = walk_start(w, base, name);
	dput(base);
	return ret;
}

/* A new directory, device, FIFO or (with @target) symbolic link. */
int make_node_at(int dfd, const char *name, umode_t mode, dev_t dev, const char *target)
{
	struct dentry *d;
	struct walk w;
	int ret;

	mutex_lock(&vfs_mutex);
	ret = walk_parent(&w, dfd, name);
	if (!ret && !w.has_last)
		ret = -EEXIST;
	if (!ret) {
		d = lookup_one(w.d, w.last);
		if (!IS_ERR(d))
			ret = -EEXIST;
		else if (d != ERR_PTR(-ENOENT))
			ret = PTR_ERR(d);
		else if (w.must_dir && !S_ISDIR(mode))
			ret = -ENOENT;
		else
			d = create_child(w.d, w.last, mode, dev, target);
		if (IS_ERR(d))
			ret = PTR_ERR(d);
		else
			dput(d);
	}
	walk_end(&w);
	mutex_unlock(&vfs_mutex);
	return ret;
}

int vfs_mkdir(const char *path, umode_t mode)
{
	return make_node_at(AT_FDCWD, path, S_IFDIR | (mode & 07777), 0, NULL);
}

int vfs_mknod(const char *path, umode_t mode, dev_t dev)
{
	return make_node_at(AT_FDCWD, path, mode, dev, NULL);
}

static int may_delete(struct dentry *dir, struct dentry *victim, bool isdir)
{
	int ret;

	if (!dir->d_inode->i_op || !dir->d_inode->i_op->unlink)
		return -EPERM;
	if (dir->d_sb->s_flags & MS_RDONLY)
		return -EROFS;
	ret = inode_permission(dir->d_inode, 3);
	if (ret)
		return ret;
	if (victim->d_mounted)
		return -EBUSY;
	if (isdir) {
		if (!S_ISDIR(victim->d_inode->i_mode))
			return -ENOTDIR;
		if (!list_empty(&victim->d_children))
			return -ENOTEMPTY;
	} else if (S_ISDIR(victim->d_inode->i_mode)) {
		return -EISDIR;
	}
	return 0;
}

static int do_unlink_at(int dfd, const char __user *user, bool isdir)
{
	struct dentry *d = NULL;
	struct walk w;
	char *name;
	int ret = getname(user, &name);

	if (ret)
		return ret;
	mutex_lock(&vfs_mutex);
	ret = walk_parent(&w, dfd, name);
	if (!ret && !w.has_last)
		ret = isdir ? -EBUSY : -EISDIR;
	if (!ret) {
		d = lookup_one(w.d, w.last);
		if (IS_ERR(d)) {
			ret = PTR_ERR(d);
			d = NULL;
		} else {
			ret = may_delete(w.d, d, isdir);
		}
	}
	if (!ret && !isdir && w.must_dir)
		ret = -ENOTDIR;
	if (!ret)
		ret = w.d->d_inode->i_op->unlink(w.d, d);
	if (!ret)
		d_unlink(d);
	walk_end(&w);
	mutex_unlock(&vfs_mutex);
	/* the file's pages may go now: outside the mutex */
	dput(d);
	kfree(name);
	return ret;
}

static bool is_below(struct dentry *d, struct dentry *top)
{
	for (;;) {
		if (d == top)
			return true;
		if (d->d_parent != d)
			d = d->d_parent;
		else if (d->d_sb->s_mountpoint)
			d = d->d_sb->s_mountpoint;
		else
			return false;
	}
}

/* With vfs_mutex, both walks at their last name. */
static int rename_locked(struct walk *from, struct walk *to, bool noreplace, struct dentry **gone)
{
	struct dentry *old, *victim;
	char *name;
	int ret;

	lockdep_assert_held(&vfs_mutex);
	if (!from->has_last || !to->has_last)
		return -EBUSY;
	if (from->d->d_sb != to->d->d_sb)
		return -EXDEV;
	if (!from->d->d_inode->i_op || !from->d->d_inode->i_op->rename)
		return -EPERM;
	old = d_find_child(from->d, from->last);
	if (!old)
		return -ENOENT;
	if ((from->must_dir || to->must_dir) && !S_ISDIR(old->d_inode->i_mode))
		return -ENOTDIR;
	if (old->d_mounted)
		return -EBUSY;
	if (S_ISDIR(old->d_inode->i_mode) && is_below(to->d, old))
		return -EINVAL;
	ret = may_create(to->d);
	if (ret)
		return ret;
	victim = d_find_child(to->d, to->last);
	if (victim) {
		if (noreplace)
			return -EEXIST;
		if (victim->d_inode == old->d_inode)
			return 0; /* two links of one file: nothing happens, rename(2) */
		ret = may_delete(to->d, victim, S_ISDIR(old->d_inode->i_mode));
		if (ret)
			return ret;
	}
	name = kmalloc(strlen(to->last) + 1, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	strcpy(name, to->last);
	if (victim) {
		ret = to->d->d_inode->i_op->unlink(to->d, victim);
		if (ret) {
			kfree(name);
			return ret;
		}
		*gone = dget(victim);
		d_unlink(victim);
	}
	ret = from->d->d_inode->i_op->rename(from->d, old, to->d);
	if (ret) {
		kfree(name);
		return ret;
	}
	dget(old);
	d_unlink(old);
	kfree(old->d_name);
	old->d_name = name;
	dget(to->d);
	dput(old->d_parent);
	old->d_parent = to->d;
	d_link(old);
	dput(old);
	return 0;
}

static int do_rename_at(int olddfd, const char __user *uold, int newdfd, const char __user *unew,
			unsigned int flags)
{
	struct dentry *gone = NULL;
	struct walk *from, *to;
	char *old, *new;
	int ret;

	if (flags & ~1U) /* RENAME_NOREPLACE only */
		return -EINVAL;
	ret = getname(uold, &old);
	if (ret)
		return ret;
	ret = getname(unew, &new);
	if (ret) {
		kfree(old);
		return ret;
	}
	from = kzalloc(2 * sizeof(*from), GFP_KERNEL);
	if (from) {
		to = from + 1;
		mutex_lock(&vfs_mutex);
		ret = walk_parent(from, olddfd, old);
		if (!ret)
			ret = walk_parent(to, newdfd, new);
		if (!ret)
			ret = rename_locked(from, to, flags & 1, &gone);
		walk_end(from);
		walk_end(to);
		mutex_unlock(&vfs_mutex);
		dput(gone);
		kfree(from);
	} else {
		ret = -ENOMEM;
	}
	kfree(old);
	kfree(new);
	return ret;
}

static int do_link_at(int olddfd, const char __user *uold, int newdfd, const char __user *unew,
		      int flags)
{
	struct dentry *old, *d;
	struct walk w;
	char *name;
	int ret;

	old = user_path_at(olddfd, uold, flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0);
	if (IS_ERR(old))
		return PTR_ERR(old);
	ret = getname(unew, &name);
	if (ret) {
		dput(old);
		return ret;
	}
	mutex_lock(&vfs_mutex);
	ret = walk_parent(&w, newdfd, name);
	if (!ret && !w.has_last)
		ret = -EEXIST;
	if (!ret && S_ISDIR(old->d_inode->i_mode))
		ret = -EPERM;
	if (!ret && w.d->d_sb != old->d_sb)
		ret = -EXDEV;
	if (!ret && d_find_child(w.d, w.last))
		ret = -EEXIST;
	if (!ret)
		ret = may_create(w.d);
	if (!ret && old->d_inode->i_nlink == 0)
		ret = -ENOENT;
	if (!ret) {
		d = d_alloc(w.d, w.last);
		ret = d ? w.d->d_inode->i_op->link(old->d_inode, w.d, d) : -ENOMEM;
		if (!ret)
			d_link(d);
		dput(d);
	}
	walk_end(&w);
	mutex_unlock(&vfs_mutex);
	kfree(name);
	dput(old);
	return ret;
}

static int do_make_node(int dfd, const char __user *user, umode_t mode, dev_t dev)
{
	char *name;
	int ret = getname(user, &name);

	if (!ret) {
		ret = make_node_at(dfd, name, mode, dev, NULL);
		kfree(name);
	}
	return ret;
}

static int do_symlink_at(const char __user *utarget, int dfd, const char __user *user)
{
	char *name, *target;
	int ret = getname(utarget, &target);

	if (ret)
		return ret;
	if (!*target)
		ret = -ENOENT;
	if (!ret)
		ret = getname(user, &name);
	if (!ret) {
		ret = make_node_at(dfd, name, S_IFLNK | 0777, 0, target);
		kfree(name);
	}
	kfree(target);
	return ret;
}

SYSCALL_DEFINE2(mkdir, const char __user *, name, umode_t, mode)
{
	return do_make_node(AT_FDCWD, name, S_IFDIR | (mode & 07777), 0);
}

SYSCALL_DEFINE3(mkdirat, int, dfd, const char __user *, name, umode_t, mode)
{
	return do_make_node(dfd, name, S_IFDIR | (mode & 07777), 0);
}

static int do_mknod(int dfd, const char __user *name, umode_t mode, unsigned int dev)
{
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	if (!S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) && !S_ISFIFO(mode))
		return S_ISDIR(mode) ? -EPERM : -EINVAL;
	return do_make_node(dfd, name, mode, MKDEV((dev >> 8) & 0xfff, dev & 0xff));
}

SYSCALL_DEFINE3(mknod, const char __user *, name, umode_t, mode, unsigned int, dev)
{
	return do_mknod(AT_FDCWD, name, mode, dev);
}

SYSCALL_DEFINE4(mknodat, int, dfd, const char __user *, name, umode_t, mode, unsigned int, dev)
{
	return do_mknod(dfd, name, mode, dev);
}

SYSCALL_DEFINE1(rmdir, const char __user *, name)
{
	return do_unlink_at(AT_FDCWD, name, true);
}

SYSCALL_DEFINE1(unlink, const char __user *, name)
{
	return do_unlink_at(AT_FDCWD, name, false);
}

SYSCALL_DEFINE3(unlinkat, int, dfd, const char __user *, name, int, flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return do_unlink_at(dfd, name, flags & AT_REMOVEDIR);
}

SYSCALL_DEFINE2(rename, const char __user *, old, const char __user *, new)
{
	return do_rename_at(AT_FDCWD, old, AT_FDCWD, new, 0);
}

SYSCALL_DEFINE4(renameat, int, olddfd, const char __user *, old, int, newdfd, const char __user *,
		new)
{
	return do_rename_at(olddfd, old, newdfd, new, 0);
}

SYSCALL_DEFINE5(renameat2, int, olddfd, const char __user *, old, int, newdfd, const char __user *,
		new, unsigned int, flags)
{
	return do_rename_at(olddfd, old, newdfd, new, flags);
}

SYSCALL_DEFINE2(link, const char __user *, old, const char __user *, new)
{
	return do_link_at(AT_FDCWD, old, AT_FDCWD, new, 0);
}

SYSCALL_DEFINE5(linkat, int, olddfd, const char __user *, old, int, newdfd, const char __user *,
		new, int, flags)
{
	return do_link_at(olddfd, old, newdfd, new, flags);
}

SYSCALL_DEFINE2(symlink, const char __user *, target, const char __user *, name)
{
	return do_symlink_at(target, AT_FDCWD, name);
}

SYSCALL_DEFINE3(symlinkat, const char __user *, target, int, dfd, const char __user *, name)
{
	return do_symlink_at(target, dfd, name);
}

static int do_readlink_at(int dfd, const char __user *name, char __user *buf, int size)
{
	struct dentry *d;
	char *target;
	int len;

	if (size <= 0)
		return -EINVAL;
	d = user_path_at(dfd, name, 0);
	if (IS_ERR(d))
		return PTR_ERR(d);
	len = -EINVAL;
	if (S_ISLNK(d->d_inode->i_mode)) {
		target = kmalloc(PATH_MAX, GFP_KERNEL);
		len = target ? d->d_inode->i_op->get_link(d->d_inode, target) : -ENOMEM;
		if (len > size)
			len = size;
		if (len > 0 && copy_to_user(buf, target, len))
			len = -EFAULT;
		kfree(target);
	}
	dput(d);
	return len;
}

SYSCALL_DEFINE3(readlink, const char __user *, name, char __user *, buf, int, size)
{
	return do_readlink_at(AT_FDCWD, name, buf, size);
}

SYSCALL_DEFINE4(readlinkat, int, dfd, const char __user *, name, char __user *, buf, int, size)
{
	return do_readlink_at(dfd, name, buf, size);
}
