// SPDX-License-Identifier: GPL-2.0-or-later
/* Between the files of procfs. */
#ifndef _PROC_INTERNAL_H
#define _PROC_INTERNAL_H

#include <linux/fs.h>
#include <linux/seq_file.h>

struct task_struct;

/* a file of /proc/<pid>: @show gets the task, with a reference */
struct pid_entry {
	const char *name;
	umode_t mode;
	int (*show)(struct seq_file *, struct task_struct *);
	/* a symbolic link: the target, at most PATH_MAX; its length or -errno */
	int (*link)(struct task_struct *, char *buf);
};

extern const struct pid_entry proc_pid_entries[];

/* pid.c: the directories /proc/<pid>, /proc/self */
struct dentry *proc_pid_lookup(struct dentry *root, const char *name);
int proc_pid_readdir(struct file *, struct dir_context *);
/* info.c */
void proc_info_init(void);
/* root.c */
extern struct super_block *proc_sb;

#endif
