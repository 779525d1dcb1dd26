/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files for people who look into the kernel: debugfs at /sys/kernel/debug, and
 * tracefs, the same for trace/, at /sys/kernel/tracing (and by a link at
 * /sys/kernel/debug/tracing). Each kernel mounts its own when it starts; they
 * are not mounted elsewhere, and are no part of a live upgrade.
 */
#ifndef _LINUX_DEBUGFS_H
#define _LINUX_DEBUGFS_H

#include <linux/fs.h>
#include <linux/seq_file.h>

/*
 * An entry in @parent, or at the root (NULL); ERR_PTR, which the other functions
 * take as a parent and do nothing with. A file's @data is its inode's i_private;
 * @fops' functions run only while the entry is there, release() in any case. The
 * module fops->owner stays while the file is open.
 */
struct dentry *debugfs_create_dir(const char *name, struct dentry *parent);
struct dentry *debugfs_create_file(const char *name, umode_t mode, struct dentry *parent,
				   void *data, const struct file_operations *fops);
struct dentry *debugfs_create_symlink(const char *name, struct dentry *parent, const char *target);
/* A number as text; @value stays for as long as the file. */
void debugfs_create_u32(const char *name, umode_t mode, struct dentry *parent, u32 *value);
void debugfs_create_bool(const char *name, umode_t mode, struct dentry *parent, bool *value);
/* With all that is below; returns when nobody is in their functions any more. */
void debugfs_remove(struct dentry *);
#define debugfs_remove_recursive debugfs_remove

struct dentry *tracefs_create_file(const char *name, umode_t mode, struct dentry *parent,
				   void *data, const struct file_operations *fops);
/* What was written, without its newline, cut to @size; -EFAULT. */
int copy_word_from_user(char *word, size_t size, const char __user *buf, size_t count);

/* A file whose text @show makes: defines name##_fops of name##_show(). */
#define DEFINE_SHOW_ATTRIBUTE(__name)                                      \
	static int __name##_open(struct inode *inode, struct file *file)   \
	{                                                                  \
		return single_open(file, __name##_show, inode->i_private); \
	}                                                                  \
	static const struct file_operations __name##_fops = {              \
		.name = #__name,                                           \
		.owner = THIS_MODULE,                                      \
		.open = __name##_open,                                     \
		.read = seq_read,                                          \
		.llseek = seq_lseek,                                       \
		.release = single_release,                                 \
	}

#endif
