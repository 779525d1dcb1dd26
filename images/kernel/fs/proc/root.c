// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * procfs: the tree of named entries. Processes are in pid.c, the kernel's own
 * texts in info.c.
 *
 * Promises: an entry that is removed while open gives -EIO from then on;
 * proc_remove() returns when nobody is inside its functions. Entries exist
 * before /proc is mounted, because the super block is made at start.
 */
#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include "../internal.h"
#include "internal.h"

#define PROC_MAGIC 0x9fa0

struct proc_dir_entry {
	struct dentry *dentry;
	const struct proc_ops *ops;
	int (*show)(struct seq_file *, void *);
	void *data;
	long (*get)(void); /* /proc/sys: a number */
	int (*set)(long);
	struct gate gate;
};

struct super_block *proc_sb;

static int number_show(struct seq_file *seq, void *data)
{
	struct proc_dir_entry *pde = data;

	seq_printf(seq, "%ld\n", pde->get());
	return 0;
}

static int proc_reg_open(struct inode *inode, struct file *file)
{
	struct proc_dir_entry *pde = inode->i_private;
	int ret = -ENOENT;

	if (!gate_enter(&pde->gate))
		return -ENOENT;
	if (pde->ops)
		ret = pde->ops->proc_open ? pde->ops->proc_open(inode, file) : 0;
	else if (pde->show)
		ret = single_open(file, pde->show, pde->data);
	else if (pde->get)
		ret = single_open(file, number_show, pde);
	gate_leave(&pde->gate);
	return ret;
}

static int proc_reg_release(struct inode *inode, struct file *file)
{
	struct proc_dir_entry *pde = inode->i_private;

	if (!pde->ops)
		return single_release(inode, file);
	if (pde->ops->proc_release && gate_enter(&pde->gate)) {
		pde->ops->proc_release(inode, file);
		gate_leave(&pde->gate);
	}
	return 0;
}

static ssize_t proc_reg_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct proc_dir_entry *pde = file->f_inode->i_private;
	ssize_t ret = -EIO;

	if (!gate_enter(&pde->gate))
		return -EIO;
	if (!pde->ops)
		ret = seq_read(file, buf, count, pos);
	else if (pde->ops->proc_read)
		ret = pde->ops->proc_read(file, buf, count, pos);
	gate_leave(&pde->gate);
	return ret;
}

static ssize_t number_write(struct proc_dir_entry *pde, const char __user *buf, size_t count)
{
	char text[24];
	size_t n = min_t(size_t, count, sizeof(text) - 1);
	long value;
	int ret;

	if (!pde->set)
		return -EACCES;
	if (copy_from_user(text, buf, n))
		return -EFAULT;
	text[n] = 0;
	ret = kstrtol(strim(text), 0, &value);
	if (!ret)
		ret = pde->set(value);
	return ret ? ret : (ssize_t)count;
}

static ssize_t proc_reg_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct proc_dir_entry *pde = file->f_inode->i_private;
	ssize_t ret = -EIO;

	if (!gate_enter(&pde->gate))
		return -EIO;
	if (pde->get)
		ret = number_write(pde, buf, count);
	else if (pde->ops && pde->ops->proc_write)
		ret = pde->ops->proc_write(file, buf, count, pos);
	gate_leave(&pde->gate);
	return ret;
}

static loff_t proc_reg_llseek(struct file *file, loff_t offset, int whence)
{
	struct proc_dir_entry *pde = file->f_inode->i_private;
	loff_t ret = -EIO;

	if (!gate_enter(&pde->gate))
		return -EIO;
	ret = pde->ops && pde->ops->proc_lseek ? pde->ops->proc_lseek(file, offset, whence)
					       : seq_lseek(file, offset, whence);
	gate_leave(&pde->gate);
	return ret;
}

static const struct file_operations proc_file_operations = {
	.name = "proc",
	.llseek = proc_reg_llseek,
	.read = proc_reg_read,
	.write = proc_reg_write,
	.open = proc_reg_open,
	.release = proc_reg_release,
};

static const struct file_operations proc_dir_operations = {
	.name = "proc_dir",
	.llseek = generic_file_llseek,
	.iterate_shared = dcache_readdir,
};

/* The named entries come first, then the processes. */
static int proc_root_readdir(struct file *file, struct dir_context *ctx)
{
	return proc_pid_readdir(file, ctx);
}

static const struct file_operations proc_root_operations = {
	.name = "proc_root",
	.llseek = generic_file_llseek,
	.iterate_shared = proc_root_readdir,
};

static const struct inode_operations proc_root_inode_operations = {
	.lookup = proc_pid_lookup,
};

static struct proc_dir_entry *make_entry(const char *name, umode_t mode,
					 struct proc_dir_entry *parent)
{
	struct dentry *dir = parent ? parent->dentry : proc_sb->s_root, *d;
	struct proc_dir_entry *pde = kzalloc(sizeof(*pde), GFP_KERNEL);
	struct inode *inode = new_inode(proc_sb, mode);

	d = d_alloc(dir, name);
	if (!pde || !inode || !d)
		goto fail;
	gate_init(&pde->gate);
	inode->i_private = pde;
	inode->i_fop = S_ISDIR(mode) ? &proc_dir_operations : &proc_file_operations;
	inode->i_nlink = S_ISDIR(mode) ? 2 : 1;
	pde->dentry = d;
	d->d_inode = inode;
	return pde;
fail:
	iput(inode);
	dput(d);
	kfree(pde);
	return NULL;
}

/* Entries become visible when they are complete. */
static struct proc_dir_entry *publish(struct proc_dir_entry *pde)
{
	struct dentry *d = pde->dentry;

	mutex_lock(&vfs_mutex);
	if (d_find_child(d->d_parent, d->d_name)) {
		mutex_unlock(&vfs_mutex);
		dput(d);
		return NULL;
	}
	d_link(d);
	mutex_unlock(&vfs_mutex);
	dput(d);
	return pde;
}

struct proc_dir_entry *proc_mkdir(const char *name, struct proc_dir_entry *parent)
{
	struct proc_dir_entry *pde = make_entry(name, S_IFDIR | 0555, parent);

	return pde ? publish(pde) : NULL;
}

struct proc_dir_entry *proc_create_data(const char *name, umode_t mode,
					struct proc_dir_entry *parent, const struct proc_ops *ops,
					void *data)
{
	struct proc_dir_entry *pde = make_entry(name, S_IFREG | (mode ? mode : 0444), parent);

	if (!pde)
		return NULL;
	pde->ops = ops;
	pde->data = data;
	return publish(pde);
}

struct proc_dir_entry *proc_create(const char *name, umode_t mode, struct proc_dir_entry *parent,
				   const struct proc_ops *ops)
{
	return proc_create_data(name, mode, parent, ops, NULL);
}

struct proc_dir_entry *proc_create_single_data(const char *name, umode_t mode,
					       struct proc_dir_entry *parent,
					       int (*show)(struct seq_file *, void *), void *data)
{
	struct proc_dir_entry *pde = make_entry(name, S_IFREG | (mode ? mode : 0444), parent);

	if (!pde)
		return NULL;
	pde->show = show;
	pde->data = data;
	return publish(pde);
}

static struct proc_dir_entry *find_entry(const char *name, struct proc_dir_entry *parent)
{
	struct dentry *d;
	struct proc_dir_entry *pde;

	mutex_lock(&vfs_mutex);
	d = d_find_child(parent ? parent->dentry : proc_sb->s_root, name);
	pde = d ? d->d_inode->i_private : NULL;
	mutex_unlock(&vfs_mutex);
	return pde;
}

struct proc_dir_entry *proc_sys_register(const char *dir, const char *name, long (*get)(void),
					 int (*set)(long))
{
	struct proc_dir_entry *sys, *sub, *pde;

	sys = find_entry("sys", NULL);
	if (!sys)
		sys = proc_mkdir("sys", NULL);
	if (!sys)
		return NULL;
	sub = find_entry(dir, sys);
	if (!sub)
		sub = proc_mkdir(dir, sys);
	pde = sub ? make_entry(name, S_IFREG | (set ? 0644 : 0444), sub) : NULL;
	if (!pde)
		return NULL;
	pde->get = get;
	pde->set = set;
	return publish(pde);
}

void proc_remove(struct proc_dir_entry *pde)
{
	struct dentry *d;

	if (!pde)
		return;
	d = dget(pde->dentry);
	for (;;) {
		struct dentry *child;

		mutex_lock(&vfs_mutex);
		child = list_empty(&d->d_children)
				? NULL
				: list_first_entry(&d->d_children, struct dentry, d_sibling);
		mutex_unlock(&vfs_mutex);
		if (!child)
			break;
		proc_remove(child->d_inode->i_private);
	}
	mutex_lock(&vfs_mutex);
	d_unlink(d);
	mutex_unlock(&vfs_mutex);
	gate_close(&pde->gate);
	dput(d);
}

void remove_proc_entry(const char *name, struct proc_dir_entry *parent)
{
	proc_remove(find_entry(name, parent));
}

void *pde_data(const struct inode *inode)
{
	return ((struct proc_dir_entry *)inode->i_private)->data;
}

static void proc_evict_inode(struct inode *inode)
{
	/* only entries have it; what pid.c makes keeps its task elsewhere */
	if (inode->i_fop == &proc_file_operations || inode->i_fop == &proc_dir_operations)
		kfree(inode->i_private);
	else if (inode->i_private)
		put_task_struct(inode->i_private);
}

static const struct super_operations proc_super_operations = {
	.evict_inode = proc_evict_inode,
};

static int proc_fill_super(struct super_block *sb, const char *source, void *data)
{
	sb->s_op = &proc_super_operations;
	sb->s_magic = PROC_MAGIC;
	sb->s_root = d_alloc(NULL, "/");
	if (!sb->s_root)
		return -ENOMEM;
	sb->s_root->d_sb = sb;
	sb->s_root->d_inode = new_inode(sb, S_IFDIR | 0555);
	if (!sb->s_root->d_inode)
		return -ENOMEM;
	sb->s_root->d_inode->i_op = &proc_root_inode_operations;
	sb->s_root->d_inode->i_fop = &proc_root_operations;
	sb->s_root->d_inode->i_nlink = 2;
	proc_sb = sb;
	proc_info_init();
	return 0;
}

static struct file_system_type proc_type = {
	.name = "proc",
	.nodev = true,
	.single = true,
	.fill_super = proc_fill_super,
};

void procfs_init(void)
{
	register_filesystem(&proc_type);
}
