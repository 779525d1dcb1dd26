// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * debugfs and tracefs: two trees of files whose operations are their owner's.
 *
 * Promises: an operation runs only while the entry is there, and who removes the
 * entry waits for those inside; a file that is open keeps the module of its
 * operations. So a file's inode has operations of its own (guarded), with those
 * members that the owner's have, and each passes the gate first. Must not know
 * what the files say.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "internal.h"

#define DEBUGFS_MAGIC 0x64626720
#define TRACEFS_MAGIC 0x74726163
#define NUMBER_LENGTH 24

struct node {
	struct file_operations guarded; /* i_fop points here */
	const struct file_operations *real;
	struct gate gate;
	char *target; /* of a symbolic link */
};

static struct super_block *debugfs, *tracefs;

static struct node *node_of(const struct inode *inode)
{
	return container_of(inode->i_fop, struct node, guarded);
}

/* ---- operations behind the gate ---- */

#define THROUGH_GATE(file, gone, call)                        \
	({                                                    \
		struct node *node = node_of((file)->f_inode); \
		__typeof__(call) result = gone;               \
                                                              \
		if (gate_enter(&node->gate)) {                \
			result = call;                        \
			gate_leave(&node->gate);              \
		}                                             \
		result;                                       \
	})

static int guarded_open(struct inode *inode, struct file *file)
{
	struct node *node = node_of(inode);
	int ret = -ENOENT;

	if (!gate_enter(&node->gate))
		return ret;
	ret = -ENXIO;
	if (!node->real->owner || try_module_get(node->real->owner)) {
		ret = node->real->open ? node->real->open(inode, file) : 0;
		if (ret && node->real->owner)
			module_put(node->real->owner);
	}
	gate_leave(&node->gate);
	return ret;
}

static int guarded_release(struct inode *inode, struct file *file)
{
	const struct file_operations *real = node_of(inode)->real;

	if (real->release)
		real->release(inode, file);
	if (real->owner)
		module_put(real->owner);
	return 0;
}

static ssize_t guarded_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return THROUGH_GATE(file, -EIO, node->real->read(file, buf, count, pos));
}

static ssize_t guarded_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return THROUGH_GATE(file, -EIO, node->real->write(file, buf, count, pos));
}

static loff_t guarded_llseek(struct file *file, loff_t offset, int whence)
{
	return THROUGH_GATE(file, -EIO, node->real->llseek(file, offset, whence));
}

static unsigned int guarded_poll(struct file *file, struct poll_table *table)
{
	return THROUGH_GATE(file, POLLHUP, node->real->poll(file, table));
}

static void guard(struct node *node, const struct file_operations *real, const char *file_system)
{
	node->real = real;
	node->guarded = (struct file_operations){
		.name = file_system,
		.open = guarded_open,
		.release = guarded_release,
		.read = real->read ? guarded_read : NULL,
		.write = real->write ? guarded_write : NULL,
		.llseek = real->llseek ? guarded_llseek : NULL,
		.poll = real->poll ? guarded_poll : NULL,
	};
}

/* ---- entries ---- */

static int get_link(struct inode *inode, char *buf)
{
	return strscpy(buf, node_of(inode)->target, PATH_MAX);
}

static const struct inode_operations link_operations = { .get_link = get_link };

static void free_node(struct node *node)
{
	if (node)
		kfree(node->target);
	kfree(node);
}

static void evict_inode(struct inode *inode)
{
	free_node(node_of(inode));
}

static const struct super_operations super_operations = { .evict_inode = evict_inode };

static struct inode *make_inode(struct super_block *sb, umode_t mode, void *data,
				const struct file_operations *fops, const char *target)
{
	struct node *node = kzalloc(sizeof(*node), GFP_KERNEL);
	struct inode *inode = node ? new_inode(sb, mode) : NULL;

	if (target && node)
		node->target = kstrdup(target, GFP_KERNEL);
	if (!inode || (target && !node->target)) {
		if (inode) {
			inode->i_fop = &node->guarded;
			iput(inode);
		} else {
			free_node(node);
		}
		return NULL;
	}
	gate_init(&node->gate);
	if (fops)
		guard(node, fops, sb->s_type->name);
	else
		node->guarded = (struct file_operations){
			.name = sb->s_type->name,
			.llseek = generic_file_llseek,
			.iterate_shared = S_ISDIR(mode) ? dcache_readdir : NULL,
		};
	inode->i_fop = &node->guarded;
	inode->i_op = target ? &link_operations : NULL;
	inode->i_nlink = S_ISDIR(mode) ? 2 : 1;
	inode->i_private = data;
	return inode;
}

static struct dentry *make_entry(struct super_block *sb, const char *name, umode_t mode,
				 struct dentry *parent, void *data,
				 const struct file_operations *fops, const char *target)
{
	struct dentry *dir = parent ? parent : sb->s_root, *d;
	struct inode *inode;

	if (IS_ERR(dir))
		return dir;
	inode = make_inode(sb, mode, data, fops, target);
	d = inode ? d_alloc(dir, name) : NULL;
	if (!d) {
		iput(inode);
		return ERR_PTR(-ENOMEM);
	}
	d->d_inode = inode;
	mutex_lock(&vfs_mutex);
	if (d_find_child(dir, name)) {
		mutex_unlock(&vfs_mutex);
		dput(d);
		return ERR_PTR(-EEXIST);
	}
	if (S_ISDIR(mode))
		dir->d_inode->i_nlink++;
	d_link(d);
	mutex_unlock(&vfs_mutex);
	dput(d); /* its place in the tree keeps it */
	return d;
}

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	return make_entry(debugfs, name, S_IFDIR | 0755, parent, NULL, NULL, NULL);
}

struct dentry *debugfs_create_file(const char *name, umode_t mode, struct dentry *parent,
				   void *data, const struct file_operations *fops)
{
	return make_entry(debugfs, name, S_IFREG | mode, parent, data, fops, NULL);
}

struct dentry *debugfs_create_symlink(const char *name, struct dentry *parent, const char *target)
{
	return make_entry(debugfs, name, S_IFLNK | 0777, parent, NULL, NULL, target);
}

struct dentry *tracefs_create_file(const char *name, umode_t mode, struct dentry *parent,
				   void *data, const struct file_operations *fops)
{
	return make_entry(tracefs, name, S_IFREG | mode, parent, data, fops, NULL);
}

void debugfs_remove(struct dentry *d)
{
	struct dentry *child;

	if (!d || IS_ERR(d))
		return;
	for (;;) {
		mutex_lock(&vfs_mutex);
		child = list_empty(&d->d_children)
				? NULL
				: list_first_entry(&d->d_children, struct dentry, d_sibling);
		mutex_unlock(&vfs_mutex);
		if (!child)
			break;
		debugfs_remove(child);
	}
	dget(d);
	mutex_lock(&vfs_mutex);
	if (S_ISDIR(d->d_inode->i_mode))
		d->d_parent->d_inode->i_nlink--;
	d_unlink(d);
	mutex_unlock(&vfs_mutex);
	gate_close(&node_of(d->d_inode)->gate);
	dput(d);
}

EXPORT_SYMBOL(debugfs_create_dir);
EXPORT_SYMBOL(debugfs_create_file);
EXPORT_SYMBOL(debugfs_create_symlink);
EXPORT_SYMBOL(debugfs_remove);

/* ---- numbers ---- */

static int u32_show(struct seq_file *m, void *value)
{
	seq_printf(m, "%u\n", READ_ONCE(*(u32 *)value));
	return 0;
}

static int bool_show(struct seq_file *m, void *value)
{
	seq_printf(m, "%c\n", READ_ONCE(*(bool *)value) ? 'Y' : 'N');
	return 0;
}

static int u32_open(struct inode *inode, struct file *file)
{
	return single_open(file, u32_show, inode->i_private);
}

static int bool_open(struct inode *inode, struct file *file)
{
	return single_open(file, bool_show, inode->i_private);
}

int copy_word_from_user(char *word, size_t size, const char __user *buf, size_t count)
{
	size_t n = min_t(size_t, count, size - 1);

	if (copy_from_user(word, buf, n))
		return -EFAULT;
	word[n] = 0;
	if (n && word[n - 1] == '\n')
		word[n - 1] = 0;
	return 0;
}

static ssize_t u32_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char word[NUMBER_LENGTH];
	unsigned int value;
	int ret = copy_word_from_user(word, sizeof(word), buf, count);

	if (!ret)
		ret = kstrtouint(word, 0, &value);
	if (ret)
		return ret;
	WRITE_ONCE(*(u32 *)file->f_inode->i_private, value);
	return count;
}

static ssize_t bool_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char word[NUMBER_LENGTH];
	bool value;
	int ret = copy_word_from_user(word, sizeof(word), buf, count);

	if (!ret)
		ret = kstrtobool(word, &value);
	if (ret)
		return ret;
	WRITE_ONCE(*(bool *)file->f_inode->i_private, value);
	return count;
}

static const struct file_operations u32_fops = {
	.open = u32_open,
	.read = seq_read,
	.write = u32_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static const struct file_operations bool_fops = {
	.open = bool_open,
	.read = seq_read,
	.write = bool_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void debugfs_create_u32(const char *name, umode_t mode, struct dentry *parent, u32 *value)
{
	debugfs_create_file(name, mode, parent, value, &u32_fops);
}

void debugfs_create_bool(const char *name, umode_t mode, struct dentry *parent, bool *value)
{
	debugfs_create_file(name, mode, parent, value, &bool_fops);
}

EXPORT_SYMBOL(debugfs_create_u32);
EXPORT_SYMBOL(debugfs_create_bool);

/* ---- the file systems ---- */

static int fill_super(struct super_block *sb, unsigned long magic)
{
	sb->s_op = &super_operations;
	sb->s_magic = magic;
	sb->s_root = d_alloc(NULL, "/");
	if (!sb->s_root)
		return -ENOMEM;
	sb->s_root->d_sb = sb;
	sb->s_root->d_inode = make_inode(sb, S_IFDIR | 0700, NULL, NULL, NULL);
	return sb->s_root->d_inode ? 0 : -ENOMEM;
}

static int debugfs_fill_super(struct super_block *sb, const char *source, void *data)
{
	debugfs = sb;
	return fill_super(sb, DEBUGFS_MAGIC);
}

static int tracefs_fill_super(struct super_block *sb, const char *source, void *data)
{
	tracefs = sb;
	return fill_super(sb, TRACEFS_MAGIC);
}

static struct file_system_type debugfs_type = {
	.name = "debugfs",
	.nodev = true,
	.single = true,
	.own = true,
	.fill_super = debugfs_fill_super,
};

static struct file_system_type tracefs_type = {
	.name = "tracefs",
	.nodev = true,
	.single = true,
	.own = true,
	.fill_super = tracefs_fill_super,
};

static int mount_in_sysfs(struct file_system_type *type, const char *name)
{
	struct kobject *point = kobject_create_and_add(name, kernel_kobj);

	register_filesystem(type);
	return point ? mount_own(type, point->sd) : -ENOMEM;
}

/* Before the initcalls of those who have files here. */
static int debugfs_init(void)
{
	int ret = mount_in_sysfs(&debugfs_type, "debug");

	if (!ret)
		ret = mount_in_sysfs(&tracefs_type, "tracing");
	if (!ret)
		debugfs_create_symlink("tracing", NULL, "/sys/kernel/tracing");
	return ret;
}
early_initcall(debugfs_init);
