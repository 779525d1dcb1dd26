// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The API by which the rest of the kernel, and modules, put files into /proc.
 * An entry may be removed while it is open; the remover waits for readers
 * inside its functions to come out (proc_remove), as a module must before it
 * frees its text.
 */
#ifndef _LINUX_PROC_FS_H
#define _LINUX_PROC_FS_H

#include <linux/types.h>
#include <linux/fs.h>
#include <linux/seq_file.h>

struct proc_dir_entry;

struct proc_ops {
	int (*proc_open)(struct inode *, struct file *);
	ssize_t (*proc_read)(struct file *, char __user *, size_t, loff_t *);
	ssize_t (*proc_write)(struct file *, const char __user *, size_t, loff_t *);
	loff_t (*proc_lseek)(struct file *, loff_t, int);
	int (*proc_release)(struct inode *, struct file *);
};

struct proc_dir_entry *proc_mkdir(const char *name, struct proc_dir_entry *parent);
struct proc_dir_entry *proc_create(const char *name, umode_t mode, struct proc_dir_entry *parent,
				   const struct proc_ops *);
struct proc_dir_entry *proc_create_data(const char *name, umode_t mode,
					struct proc_dir_entry *parent, const struct proc_ops *,
					void *data);
struct proc_dir_entry *proc_create_single_data(const char *name, umode_t mode,
					       struct proc_dir_entry *parent,
					       int (*show)(struct seq_file *, void *), void *data);
#define proc_create_single(name, mode, parent, show) \
	proc_create_single_data(name, mode, parent, show, NULL)
void proc_remove(struct proc_dir_entry *);
void remove_proc_entry(const char *name, struct proc_dir_entry *parent);
void *pde_data(const struct inode *);

#ifndef MODULE
/*
 * A number under /proc/sys, as sysctl shows it. @set may be NULL (read only);
 * it gives 0 or -errno.
 */
struct proc_dir_entry *proc_sys_register(const char *dir, const char *name, long (*get)(void),
					 int (*set)(long));
#endif

#endif
