// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a name to a dentry, and opening what is there. The calls that change
 * names are in names.c.
 *
 * Promises: Linux's answers for ".", "..", slashes at the end, symbolic links
 * (40 at most, path_resolution(7)), mount points and O_CREAT. Everything that
 * reads or changes the tree runs under vfs_mutex, so each call is atomic
 * against every other. Must not know any file system.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include "internal.h"
#include "walk.h"

#define MAX_LINKS 40

/*
 * Permissions are simple: user 0 may do everything except run a file that
 * nobody may run; others get the bits of owner, group or rest.
 */
int inode_permission(struct inode *inode, int mask)
{
	unsigned int uid = current_uid(), bits = inode->i_mode;

	if (uid == 0) {
		if ((mask & 1) && S_ISREG(bits) && !(bits & 0111))
			return -EACCES;
		return 0;
	}
	if (uid == inode->i_uid)
		bits >>= 6;
	else if (current_gid() == inode->i_gid)
		bits >>= 3;
	return (bits & mask & 7) == (unsigned int)(mask & 7) ? 0 : -EACCES;
}

static struct dentry *cross_mounts(struct dentry *d)
{
	while (d->d_mounted) {
		struct dentry *root = dget(d->d_mounted->s_root);

		dput(d);
		d = root;
	}
	return d;
}

static struct dentry *step_up(struct dentry *d, struct dentry *root)
{
	struct dentry *up;

	if (d == root)
		return d;
	up = d;
	while (up->d_parent == up && up->d_sb->s_mountpoint)
		up = up->d_sb->s_mountpoint;
	up = dget(up->d_parent);
	dput(d);
	return cross_mounts(up);
}

/* A child by name, with a reference; does not cross mounts. */
struct dentry *lookup_one(struct dentry *dir, const char *name)
{
	struct dentry *child = d_find_child(dir, name);

	lockdep_assert_held(&vfs_mutex);
	if (child)
		return dget(child);
	if (dir->d_inode->i_op && dir->d_inode->i_op->lookup)
		return dir->d_inode->i_op->lookup(dir, name);
	return ERR_PTR(-ENOENT);
}

static int walk_path(struct walk *w, const char *name);

static int follow_link(struct walk *w, struct dentry *link)
{
	char *target;
	int len;

	if (++w->links > MAX_LINKS) {
		dput(link);
		return -ELOOP;
	}
	target = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!target) {
		dput(link);
		return -ENOMEM;
	}
	len = link->d_inode->i_op->get_link(link->d_inode, target);
	dput(link);
	if (len >= 0) {
		if (target[0] == '/') {
			dput(w->d);
			w->d = dget(w->root);
		}
		len = walk_path(w, target);
	}
	kfree(target);
	return len < 0 ? len : 0;
}

/* Go into the name that walk_path() left over, following links. */
static int enter_last(struct walk *w)
{
	struct dentry *child;
	int ret;

	while (w->has_last) {
		w->has_last = false;
		child = lookup_one(w->d, w->last);
		if (IS_ERR(child))
			return PTR_ERR(child);
		if (S_ISLNK(child->d_inode->i_mode)) {
			ret = follow_link(w, child);
			if (ret)
				return ret;
			continue;
		}
		dput(w->d);
		w->d = cross_mounts(child);
	}
	return 0;
}

static int walk_path(struct walk *w, const char *name)
{
	const char *end;
	size_t len;
	int ret;

	w->has_last = false;
	for (;;) {
		while (*name == '/')
			name++;
		if (!*name)
			return 0;
		if (w->has_last) {
			ret = enter_last(w);
			if (ret)
				return ret;
		}
		if (!S_ISDIR(w->d->d_inode->i_mode))
			return -ENOTDIR;
		ret = inode_permission(w->d->d_inode, 1);
		if (ret)
			return ret;
		end = name;
		while (*end && *end != '/')
			end++;
		len = end - name;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		w->must_dir = *end == '/';
		if (len == 1 && name[0] == '.') {
			w->must_dir = true;
		} else if (len == 2 && name[0] == '.' && name[1] == '.') {
			w->d = step_up(w->d, w->root);
			w->must_dir = true;
		} else {
			memcpy(w->last, name, len);
			w->last[len] = 0;
			w->has_last = true;
		}
		name = end;
	}
}

int walk_start(struct walk *w, struct dentry *base, const char *name)
{
	struct fs_struct *fs = current->fs;

	lockdep_assert_held(&vfs_mutex);
	w->root = w->d = NULL;
	if (!*name)
		return -ENOENT;
	w->links = 0;
	w->must_dir = false;
	/* a kernel thread has none of its own */
	w->root = dget(fs ? fs->root : vfs_root);
	w->d = dget(name[0] == '/' || !base ? w->root : base);
	return walk_path(w, name);
}

void walk_end(struct walk *w)
{
	lockdep_assert_held(&vfs_mutex);
	dput(w->root);
	dput(w->d);
}

/* With vfs_mutex. @base may be NULL: the root. Reference or ERR_PTR. */
static struct dentry *lookup_locked(struct dentry *base, const char *name, unsigned int flags)
{
	struct dentry *d, *child;
	struct walk w;
	int ret;

	lockdep_assert_held(&vfs_mutex);
	if (!*name)
		return ERR_PTR(-ENOENT);
	ret = walk_start(&w, base, name);
	if (!ret && w.has_last) {
		if ((flags & LOOKUP_FOLLOW) || w.must_dir) {
			ret = enter_last(&w);
		} else {
			child = lookup_one(w.d, w.last);
			if (IS_ERR(child)) {
				ret = PTR_ERR(child);
			} else {
				dput(w.d);
				w.d = cross_mounts(child);
			}
		}
	}
	if (!ret && (w.must_dir || (flags & LOOKUP_DIRECTORY)) && !S_ISDIR(w.d->d_inode->i_mode))
		ret = -ENOTDIR;
	d = ret ? ERR_PTR(ret) : dget(w.d);
	walk_end(&w);
	return d;
}

static struct dentry *path_lookup_at(struct dentry *base, const char *name, unsigned int flags)
{
	struct dentry *d;

	mutex_lock(&vfs_mutex);
	d = lookup_locked(base, name, flags);
	mutex_unlock(&vfs_mutex);
	return d;
}

struct dentry *kern_path(const char *name, unsigned int flags)
{
	struct dentry *base = at_base(AT_FDCWD, name), *d;

	d = path_lookup_at(base, name, flags);
	dput(base);
	return d;
}

/* Copy a path from user space. The caller kfree()s it. */
int getname(const char __user *user, char **name)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	long len;

	if (!buf)
		return -ENOMEM;
	len = strncpy_from_user(buf, user, PATH_MAX);
	if (len < 0 || len == PATH_MAX) {
		kfree(buf);
		return len < 0 ? (int)len : -ENAMETOOLONG;
	}
	*name = buf;
	return 0;
}

/*
 * Where a name given with a directory descriptor begins; NULL for the root,
 * when the task has no working directory (a kernel thread).
 */
struct dentry *at_base(int dfd, const char *name)
{
	struct fs_struct *fs = current->fs;
	struct dentry *d = NULL;
	struct file *file;

	if (dfd == AT_FDCWD || name[0] == '/') {
		if (fs) {
			spin_lock(&fs->lock);
			d = dget(fs->pwd);
			spin_unlock(&fs->lock);
		}
		return d;
	}
	file = fget(dfd);
	if (!file)
		return ERR_PTR(-EBADF);
	d = file->f_dentry ? dget(file->f_dentry) : ERR_PTR(-ENOTDIR);
	fput(file);
	return d;
}

struct dentry *user_path_at(int dfd, const char __user *user, unsigned int flags)
{
	struct dentry *base, *d;
	char *name;
	int ret = getname(user, &name);

	if (ret)
		return ERR_PTR(ret);
	base = at_base(dfd, name);
	if (IS_ERR(base)) {
		d = base;
	} else {
		d = path_lookup_at(base, name, flags);
		dput(base);
	}
	kfree(name);
	return d;
}

/* ---- open ---- */

static const struct file_operations *ops_of(struct inode *inode, void **private)
{
	*private = NULL;
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		return device_fops(inode->i_mode & S_IFMT, inode->i_rdev, private);
	if (S_ISFIFO(inode->i_mode))
		return &pipefifo_fops;
	return inode->i_fop;
}

/* Open what a dentry stands for; rights have been checked. */
struct file *open_dentry(struct dentry *d, int flags)
{
	struct inode *inode = d->d_inode;
	const struct file_operations *fops;
	struct file *file;
	void *private;
	int ret;

	fops = ops_of(inode, &private);
	if (!fops)
		return ERR_PTR(-ENXIO);
	file = alloc_file(d, inode, flags, fops);
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->private_data = private;
	if (fops->open) {
		/* for files that are emptied by other means than their size */
		file->f_flags |= flags & O_TRUNC;
		ret = fops->open(inode, file);
		file->f_flags &= ~O_TRUNC;
		if (ret) {
			/* what was never opened must not be released */
			static const struct file_operations unopened = { .name = "unopened" };

			file->f_op = &unopened;
			fput(file);
			return ERR_PTR(ret);
		}
	}
	return file;
}

int truncate_inode(struct inode *inode, loff_t size)
{
	int ret;

	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	if (!inode->i_op || !inode->i_op->truncate)
		return 0; /* files of proc and sysfs have no size to set */
	mutex_lock(&inode->i_mutex);
	ret = inode->i_op->truncate(inode, size);
	mutex_unlock(&inode->i_mutex);
	return ret;
}

int may_create(struct dentry *dir)
{
	lockdep_assert_held(&vfs_mutex);
	if (!S_ISDIR(dir->d_inode->i_mode))
		return -ENOTDIR;
	if (!dir->d_inode->i_op || !dir->d_inode->i_op->create)
		return -EACCES;
	if (!dir->d_linked && dir->d_parent != dir)
		return -ENOENT;
	if (dir->d_sb->s_flags & MS_RDONLY)
		return -EROFS;
	return inode_permission(dir->d_inode, 3);
}

struct dentry *create_child(struct dentry *dir, const char *name, umode_t mode, dev_t dev,
			    const char *target)
{
	struct dentry *d;
	int ret = may_create(dir);

	lockdep_assert_held(&vfs_mutex);
	if (ret)
		return ERR_PTR(ret);
	d = d_alloc(dir, name);
	if (!d)
		return ERR_PTR(-ENOMEM);
	if (!S_ISLNK(mode) && current->fs)
		mode &= ~current->fs->umask;
	if (target)
		ret = dir->d_inode->i_op->symlink(dir, d, target);
	else
		ret = dir->d_inode->i_op->create(dir, d, mode, dev);
	if (ret) {
		dput(d);
		return ERR_PTR(ret);
	}
	d_link(d);
	return d;
}

/* With vfs_mutex: the dentry to open, made if O_CREAT asks for it. */
static struct dentry *open_lookup(struct dentry *base, const char *name, int flags, umode_t mode,
				  bool *created)
{
	struct dentry *d, *child;
	struct walk w;
	int ret;

	lockdep_assert_held(&vfs_mutex);
	*created = false;
	if (!(flags & O_CREAT))
		return lookup_locked(base, name,
				     (flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
					     (flags & O_DIRECTORY ? LOOKUP_DIRECTORY : 0));
	ret = walk_start(&w, base, name);
	while (!ret && w.has_last) {
		if (w.must_dir) {
			ret = -EISDIR;
			break;
		}
		child = lookup_one(w.d, w.last);
		if (child == ERR_PTR(-ENOENT)) {
			child = create_child(w.d, w.last, S_IFREG | (mode & 07777), 0, NULL);
			*created = !IS_ERR(child);
		} else if (!IS_ERR(child) && (flags & O_EXCL)) {
			dput(child);
			child = ERR_PTR(-EEXIST);
		} else if (!IS_ERR(child) && S_ISLNK(child->d_inode->i_mode) &&
			   !(flags & O_NOFOLLOW)) {
			ret = follow_link(&w, child);
			continue;
		}
		if (IS_ERR(child)) {
			ret = PTR_ERR(child);
			break;
		}
		w.has_last = false;
		dput(w.d);
		w.d = cross_mounts(child);
	}
	d = ret ? ERR_PTR(ret) : dget(w.d);
	walk_end(&w);
	return d;
}

struct file *do_open_at(struct dentry *base, const char *name, int flags, umode_t mode)
{
	static const int masks[4] = { 4, 2, 6, 6 };
	struct inode *inode;
	struct dentry *d;
	struct file *file;
	bool created;
	int ret = 0;

	mutex_lock(&vfs_mutex);
	d = open_lookup(base, name, flags, mode, &created);
	mutex_unlock(&vfs_mutex);
	if (IS_ERR(d))
		return ERR_CAST(d);
	inode = d->d_inode;
	if (S_ISLNK(inode->i_mode))
		ret = -ELOOP;
	else if (S_ISDIR(inode->i_mode) && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT)))
		ret = -EISDIR;
	else if (!created)
		ret = inode_permission(inode, masks[flags & O_ACCMODE]);
	if (!ret && !created && (flags & O_TRUNC) && S_ISREG(inode->i_mode) &&
	    (flags & O_ACCMODE) != O_RDONLY)
		ret = truncate_inode(inode, 0);
	file = ret ? ERR_PTR(ret) : open_dentry(d, flags);
	dput(d);
	return file;
}

struct file *filp_open(const char *name, int flags, umode_t mode)
{
	struct dentry *base = at_base(AT_FDCWD, name);
	struct file *file;

	file = do_open_at(base, name, flags, mode);
	dput(base);
	return file;
}
