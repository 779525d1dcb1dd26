// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sysfs: kobjects as directories, attributes as files. Kobjects are in kobject.c.
 *
 * Promises: a show or store runs only while its attribute is there, and what
 * removes the attribute waits for it (gate.c). Reading gives the text
 * made by one call of show (at most a page); writing gives the whole buffer to
 * one call of store. A file opened for what its mode forbids to everybody is
 * refused even to user 0, as in Linux. Must not know whose kobjects they are.
 */
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include "internal.h"
#include "sysfs.h"

#define SYSFS_MAGIC 0x62656572

struct sysfs_node {
	struct kobject *kobj;
	const struct attribute *attr;	 /* NULL for a directory */
	const struct bin_attribute *bin; /* a binary file */
	struct gate gate;
};

struct super_block *sysfs_sb;

/* ---- attribute files ---- */

struct sysfs_open {
	struct mutex lock; /* protects what follows */
	char *page;
	ssize_t count; /* bytes of text, -1 before show() ran */
};

static int sysfs_open(struct inode *inode, struct file *file)
{
	struct sysfs_open *open;

	if ((file->f_mode & FMODE_WRITE) && !(inode->i_mode & 0222))
		return -EACCES;
	if ((file->f_mode & FMODE_READ) && !(inode->i_mode & 0444))
		return -EACCES;
	open = kzalloc(sizeof(*open), GFP_KERNEL);
	if (!open)
		return -ENOMEM;
	mutex_init(&open->lock);
	open->page = (char *)get_zeroed_page(GFP_KERNEL);
	if (!open->page) {
		kfree(open);
		return -ENOMEM;
	}
	open->count = -1;
	file->private_data = open;
	return 0;
}

static int sysfs_release(struct inode *inode, struct file *file)
{
	struct sysfs_open *open = file->private_data;

	free_page((unsigned long)open->page);
	kfree(open);
	return 0;
}

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

static const struct sysfs_ops *operations(struct kobject *kobj)
{
	return kobj->ktype && kobj->ktype->sysfs_ops ? kobj->ktype->sysfs_ops : &kobj_sysfs_ops;
}

static ssize_t call_show(struct sysfs_node *node, char *page)
{
	const struct sysfs_ops *ops;
	ssize_t ret;

	/* the kobject itself may be gone if this fails */
	if (!gate_enter(&node->gate))
		return -ENODEV;
	ops = operations(node->kobj);
	memset(page, 0, PAGE_SIZE);
	ret = ops->show ? ops->show(node->kobj, (struct attribute *)node->attr, page) : -EIO;
	gate_leave(&node->gate);
	return ret > (ssize_t)PAGE_SIZE ? (ssize_t)PAGE_SIZE : ret;
}

static ssize_t sysfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct sysfs_node *node = file->f_inode->i_private;
	struct sysfs_open *open = file->private_data;
	ssize_t ret = 0;

	mutex_lock(&open->lock);
	if (open->count < 0 || *pos == 0) {
		ret = call_show(node, open->page);
		open->count = ret;
	}
	if (ret >= 0)
		ret = read_text(buf, count, pos, open->page, open->count);
	mutex_unlock(&open->lock);
	return ret;
}

static ssize_t sysfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct sysfs_node *node = file->f_inode->i_private;
	struct sysfs_open *open = file->private_data;
	const struct sysfs_ops *ops;
	ssize_t ret;

	if (count > PAGE_SIZE - 1)
		count = PAGE_SIZE - 1;
	mutex_lock(&open->lock);
	if (copy_from_user(open->page, buf, count)) {
		mutex_unlock(&open->lock);
		return -EFAULT;
	}
	open->page[count] = 0;
	ret = -ENODEV;
	if (gate_enter(&node->gate)) {
		ops = operations(node->kobj);
		ret = ops->store ? ops->store(node->kobj, (struct attribute *)node->attr,
					      open->page, count)
				 : -EIO;
		gate_leave(&node->gate);
	}
	open->count = -1;
	mutex_unlock(&open->lock);
	if (ret > 0)
		*pos += ret;
	return ret;
}

static const struct file_operations sysfs_file_operations = {
	.name = "sysfs",
	.llseek = generic_file_llseek,
	.read = sysfs_read,
	.write = sysfs_write,
	.open = sysfs_open,
	.release = sysfs_release,
};

static ssize_t sysfs_bin_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct sysfs_node *node = file->f_inode->i_private;
	size_t size = file->f_inode->i_size, done = 0;
	struct sysfs_open *open = file->private_data;
	struct bin_attribute *bin;
	ssize_t n = 0;

	mutex_lock(&open->lock);
	while (done < count && (!size || (size_t)*pos < size)) {
		size_t want = min_t(size_t, PAGE_SIZE, count - done);

		if (size)
			want = min_t(size_t, want, size - *pos);
		if (!gate_enter(&node->gate)) {
			n = -ENODEV;
			break;
		}
		bin = (struct bin_attribute *)node->bin;
		n = bin->read(file, node->kobj, bin, open->page, *pos, want);
		gate_leave(&node->gate);
		if (n <= 0)
			break;
		if (copy_to_user(buf + done, open->page, n)) {
			n = -EFAULT;
			break;
		}
		done += n;
		*pos += n;
	}
	mutex_unlock(&open->lock);
	return done ? (ssize_t)done : n < 0 ? n : 0;
}

static const struct file_operations sysfs_bin_operations = {
	.name = "sysfs_bin",
	.llseek = generic_file_llseek,
	.read = sysfs_bin_read,
	.open = sysfs_open,
	.release = sysfs_release,
};

static const struct file_operations sysfs_dir_operations = {
	.name = "sysfs_dir",
	.llseek = generic_file_llseek,
	.iterate_shared = dcache_readdir,
};

static void sysfs_evict_inode(struct inode *inode)
{
	kfree(inode->i_private);
}

static const struct super_operations sysfs_super_operations = {
	.evict_inode = sysfs_evict_inode,
};

/* ---- making and removing ---- */

struct dentry *sysfs_make_node(struct dentry *dir, const char *name, umode_t mode,
			       struct kobject *kobj, const struct attribute *attr,
			       const struct bin_attribute *bin)
{
	struct sysfs_node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	struct dentry *d = d_alloc(dir, name);
	struct inode *inode = new_inode(sysfs_sb, mode);
	int ret = -ENOMEM;

	if (!node || !d || !inode)
		goto fail;
	node->kobj = kobj;
	node->attr = attr;
	node->bin = bin;
	gate_init(&node->gate);
	inode->i_private = node;
	inode->i_size = bin ? (loff_t)bin->size : S_ISDIR(mode) ? 0 : (loff_t)PAGE_SIZE;
	inode->i_nlink = S_ISDIR(mode) ? 2 : 1;
	inode->i_fop = S_ISDIR(mode) ? &sysfs_dir_operations
		       : bin	     ? &sysfs_bin_operations
				     : &sysfs_file_operations;
	mutex_lock(&vfs_mutex);
	if (d_find_child(dir, name)) {
		mutex_unlock(&vfs_mutex);
		ret = -EEXIST;
		goto fail;
	}
	d->d_inode = inode;
	if (S_ISDIR(mode))
		dir->d_inode->i_nlink++;
	d_link(d);
	mutex_unlock(&vfs_mutex);
	dput(d); /* its place in the tree keeps it */
	return d;
fail:
	if (inode) {
		inode->i_private = NULL;
		iput(inode);
	}
	dput(d);
	kfree(node);
	return ERR_PTR(ret);
}

/* Take a node and all below it out of the tree, and wait for callers inside. */
void sysfs_remove_node(struct dentry *d)
{
	struct dentry *child;

	for (;;) {
		mutex_lock(&vfs_mutex);
		child = list_empty(&d->d_children)
				? NULL
				: dget(list_first_entry(&d->d_children, struct dentry, d_sibling));
		mutex_unlock(&vfs_mutex);
		if (!child)
			break;
		sysfs_remove_node(child);
		dput(child);
	}
	dget(d);
	mutex_lock(&vfs_mutex);
	if (S_ISDIR(d->d_inode->i_mode))
		d->d_parent->d_inode->i_nlink--;
	d_unlink(d);
	mutex_unlock(&vfs_mutex);
	gate_close(&((struct sysfs_node *)d->d_inode->i_private)->gate);
	dput(d);
}

static void remove_name(struct dentry *dir, const char *name)
{
	struct dentry *d;

	if (!dir)
		return;
	mutex_lock(&vfs_mutex);
	d = d_find_child(dir, name);
	if (d)
		dget(d);
	mutex_unlock(&vfs_mutex);
	if (d) {
		sysfs_remove_node(d);
		dput(d);
	}
}

static int add_file(struct kobject *kobj, struct dentry *dir, const struct attribute *attr,
		    const struct bin_attribute *bin)
{
	struct dentry *d;

	if (!dir)
		return -ENOENT;
	d = sysfs_make_node(dir, attr->name, S_IFREG | (attr->mode & 07777), kobj, attr, bin);
	return IS_ERR(d) ? PTR_ERR(d) : 0;
}

int sysfs_create_file(struct kobject *kobj, const struct attribute *attr)
{
	return add_file(kobj, kobj->sd, attr, NULL);
}

void sysfs_remove_file(struct kobject *kobj, const struct attribute *attr)
{
	remove_name(kobj->sd, attr->name);
}

int sysfs_create_files(struct kobject *kobj, const struct attribute *const *attrs)
{
	int ret = 0, i;

	for (i = 0; attrs[i] && !ret; i++)
		ret = sysfs_create_file(kobj, attrs[i]);
	if (ret)
		while (--i > 0)
			sysfs_remove_file(kobj, attrs[i - 1]);
	return ret;
}

int sysfs_create_group(struct kobject *kobj, const struct attribute_group *group)
{
	struct dentry *dir = kobj->sd;
	int i, ret = 0;

	if (group->name) {
		dir = sysfs_make_node(kobj->sd, group->name, S_IFDIR | 0755, kobj, NULL, NULL);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
	}
	for (i = 0; group->attrs && group->attrs[i] && !ret; i++)
		ret = add_file(kobj, dir, group->attrs[i], NULL);
	return ret;
}

void sysfs_remove_group(struct kobject *kobj, const struct attribute_group *group)
{
	int i;

	if (group->name) {
		remove_name(kobj->sd, group->name);
		return;
	}
	for (i = 0; group->attrs && group->attrs[i]; i++)
		remove_name(kobj->sd, group->attrs[i]->name);
}

int sysfs_create_bin_file(struct kobject *kobj, const struct bin_attribute *bin)
{
	return add_file(kobj, kobj->sd, &bin->attr, bin);
}

void sysfs_remove_bin_file(struct kobject *kobj, const struct bin_attribute *bin)
{
	remove_name(kobj->sd, bin->attr.name);
}

int sysfs_emit(char *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, PAGE_SIZE, fmt, args);
	va_end(args);
	return len >= (int)PAGE_SIZE ? (int)PAGE_SIZE - 1 : len;
}

/* ---- the file system ---- */

static int sysfs_fill_super(struct super_block *sb, const char *source, void *data)
{
	struct sysfs_node *node = kzalloc(sizeof(*node), GFP_KERNEL);

	sb->s_op = &sysfs_super_operations;
	sb->s_magic = SYSFS_MAGIC;
	sb->s_root = d_alloc(NULL, "/");
	if (!sb->s_root || !node)
		return -ENOMEM;
	sb->s_root->d_sb = sb;
	sb->s_root->d_inode = new_inode(sb, S_IFDIR | 0555);
	if (!sb->s_root->d_inode)
		return -ENOMEM;
	gate_init(&node->gate);
	sb->s_root->d_inode->i_private = node;
	sb->s_root->d_inode->i_nlink = 2;
	sb->s_root->d_inode->i_fop = &sysfs_dir_operations;
	sysfs_sb = sb;
	return kobjects_init();
}

static struct file_system_type sysfs_type = {
	.name = "sysfs",
	.nodev = true,
	.single = true,
	.fill_super = sysfs_fill_super,
};

void sysfs_init(void)
{
	register_filesystem(&sysfs_type);
}
