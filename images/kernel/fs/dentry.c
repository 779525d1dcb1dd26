// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dentries and inodes: the tree of names and what the names stand for.
 *
 * Promises: a dentry that is linked is found by its parent and holds its
 * inode; one that is unlinked lives until its last user lets go, so a deleted
 * file stays readable. Children are kept in order of a position that is never
 * given out twice, so reading a directory while it changes neither repeats nor
 * loses a name that stays. Must not know any file system.
 *
 * The tree is protected by vfs_mutex; the last dput() or iput() may happen
 * anywhere that may sleep, without it, because what has no reference left is
 * out of every list that a walk can reach.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/time.h>

DEFINE_MUTEX(vfs_mutex);
DEFINE_SPINLOCK(inode_lock);
LIST_HEAD(super_blocks);

u64 current_time_ns(void)
{
	return ktime_get_real_ns();
}

/* A dentry beside the tree, with one reference and no inode yet. */
struct dentry *d_alloc(struct dentry *parent, const char *name)
{
	struct dentry *dentry = kzalloc(sizeof(*dentry), GFP_KERNEL);
	size_t len = strlen(name);

	if (!dentry)
		return NULL;
	dentry->d_name = kmalloc(len + 1, GFP_KERNEL);
	if (!dentry->d_name) {
		kfree(dentry);
		return NULL;
	}
	memcpy(dentry->d_name, name, len + 1);
	atomic_set(&dentry->d_count, 1);
	INIT_LIST_HEAD(&dentry->d_children);
	INIT_LIST_HEAD(&dentry->d_sibling);
	if (parent) {
		dentry->d_parent = dget(parent);
		dentry->d_sb = parent->d_sb;
	} else {
		dentry->d_parent = dentry;
	}
	return dentry;
}

struct dentry *dget(struct dentry *dentry)
{
	atomic_inc(&dentry->d_count);
	return dentry;
}

void dput(struct dentry *dentry)
{
	struct dentry *parent;

	/* the parent loses a reference with its child: a loop, not a recursion */
	while (dentry && atomic_dec_and_test(&dentry->d_count)) {
		parent = dentry->d_parent == dentry ? NULL : dentry->d_parent;
		iput(dentry->d_inode);
		kfree(dentry->d_name);
		kfree(dentry);
		dentry = parent;
	}
}

/* Take a place in the tree; the place is a reference of its own. */
void d_link(struct dentry *dentry)
{
	dget(dentry);
	dentry->d_seq = dentry->d_sb->s_next_seq++;
	dentry->d_linked = true;
	list_add_tail(&dentry->d_sibling, &dentry->d_parent->d_children);
}

void d_unlink(struct dentry *dentry)
{
	if (!dentry->d_linked)
		return;
	dentry->d_linked = false;
	list_del_init(&dentry->d_sibling);
	dput(dentry);
}

struct dentry *d_find_child(struct dentry *dir, const char *name)
{
	struct dentry *child;

	list_for_each_entry(child, &dir->d_children, d_sibling)
		if (!strcmp(child->d_name, name))
			return child;
	return NULL;
}

struct inode *new_inode(struct super_block *sb, umode_t mode)
{
	struct inode *inode = kzalloc(sizeof(*inode), GFP_KERNEL);

	if (!inode)
		return NULL;
	atomic_set(&inode->i_count, 1);
	mutex_init(&inode->i_mutex);
	inode->i_sb = sb;
	inode->i_mode = mode;
	inode->i_nlink = 1;
	inode->i_atime_ns = inode->i_mtime_ns = inode->i_ctime_ns = current_time_ns();
	spin_lock(&inode_lock);
	inode->i_ino = sb->s_next_ino++;
	list_add_tail(&inode->i_sb_list, &sb->s_inodes);
	spin_unlock(&inode_lock);
	return inode;
}

struct inode *iget(struct inode *inode)
{
	atomic_inc(&inode->i_count);
	return inode;
}

void iput(struct inode *inode)
{
	if (!inode || !atomic_dec_and_test(&inode->i_count))
		return;
	spin_lock(&inode_lock);
	list_del(&inode->i_sb_list);
	spin_unlock(&inode_lock);
	if (inode->i_sb->s_op && inode->i_sb->s_op->evict_inode)
		inode->i_sb->s_op->evict_inode(inode);
	kfree(inode);
}

static unsigned int dirent_type(umode_t mode)
{
	/* DT_* are the file type bits of the mode, shifted down (stat(7)) */
	return (mode & S_IFMT) >> 12;
}

bool dir_emit_dots(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->f_dentry;

	if (ctx->pos == 0) {
		if (!ctx->actor(ctx, ".", 1, 0, dir->d_inode->i_ino, DT_DIR))
			return false;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!ctx->actor(ctx, "..", 2, 1, dir->d_parent->d_inode->i_ino, DT_DIR))
			return false;
		ctx->pos = 2;
	}
	return true;
}

/* Reads a directory whose children are all in the tree. Called with vfs_mutex. */
int dcache_readdir(struct file *file, struct dir_context *ctx)
{
	struct dentry *child;

	lockdep_assert_held(&vfs_mutex);
	if (!dir_emit_dots(file, ctx))
		return 0;
	list_for_each_entry(child, &file->f_dentry->d_children, d_sibling) {
		if ((loff_t)child->d_seq < ctx->pos)
			continue;
		if (!ctx->actor(ctx, child->d_name, strlen(child->d_name), child->d_seq,
				child->d_inode->i_ino, dirent_type(child->d_inode->i_mode)))
			return 0;
		ctx->pos = child->d_seq + 1;
	}
	return 0;
}

/*
 * The path of a dentry from the root of all, across mounts. A name that has
 * been removed ends in " (deleted)". Gives the length, or -ENAMETOOLONG.
 */
int dentry_path_locked(struct dentry *dentry, char *buf, int size)
{
	static const char gone[] = " (deleted)";
	char *end = buf + size, *p = end;
	struct dentry *d = dentry;
	int len;

	lockdep_assert_held(&vfs_mutex);
	*--p = 0;
	if (d->d_parent != d && !d->d_linked && !d->d_fsdata) {
		p -= sizeof(gone) - 1;
		memcpy(p, gone, sizeof(gone) - 1);
	}
	for (;;) {
		while (d->d_parent == d && d->d_sb && d->d_sb->s_mountpoint)
			d = d->d_sb->s_mountpoint;
		if (d->d_parent == d)
			break;
		len = strlen(d->d_name);
		if (p - buf < len + 1)
			return -ENAMETOOLONG;
		p -= len;
		memcpy(p, d->d_name, len);
		*--p = '/';
		d = d->d_parent;
	}
	if (*p != '/')
		*--p = '/';
	len = end - 1 - p;
	memmove(buf, p, len + 1);
	return len;
}

int dentry_path(struct dentry *dentry, char *buf, int size)
{
	int len;

	mutex_lock(&vfs_mutex);
	len = dentry_path_locked(dentry, buf, size);
	mutex_unlock(&vfs_mutex);
	return len;
}
