// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the files of fs/ share among themselves and nobody else may use.
 */
#ifndef _FS_INTERNAL_H
#define _FS_INTERNAL_H

#include <linux/fs.h>

/* read-write.c: what of a text of @length bytes a reader at *@pos gets, as read(2) tells it. */
ssize_t read_text(char __user *buf, size_t count, loff_t *pos, const char *text, size_t length);

/* gate.c: counts the calls inside functions that may go away; see there */
struct gate {
	atomic_t inside;
	wait_queue_head_t drained;
};
void gate_init(struct gate *);
bool gate_enter(struct gate *); /* false: it is closed */
void gate_leave(struct gate *);
void gate_close(struct gate *);

/* file-table.c */
void put_unused_fd(unsigned int fd);
int dup_fd_from(struct file *, unsigned int from, unsigned int flags);
int dup_fd_to(unsigned int oldfd, unsigned int newfd, unsigned int flags);
int get_close_on_exec(unsigned int fd);
void set_close_on_exec(unsigned int fd, bool set);

void file_set_id(struct file *, u64 id);

/* for adopt.c */
struct super_block *take_super_to_adopt(const char *type, const char *source);
struct inode *pipe_new_inode(struct inode *fifo, unsigned long ino);
void set_super_dev(struct super_block *, dev_t);

/* mount.c: for what each kernel has of its own, and no user mounts or unmounts */
int mount_own(struct file_system_type *, struct dentry *point);
/* among those that tasks see; the kernel's own stay last */
void add_super(struct super_block *);

/* mount.c: where every path begins unless a task has another root */
extern struct dentry *vfs_root;

/* namei.c */
struct dentry *at_base(int dfd, const char *name); /* reference or ERR_PTR */
struct dentry *user_path_at(int dfd, const char __user *name, unsigned int flags);
struct file *do_open_at(struct dentry *base, const char *name, int flags, umode_t mode);
struct file *open_dentry(struct dentry *, int flags);
int make_node_at(int dfd, const char *name, umode_t mode, dev_t, const char *target);
int truncate_inode(struct inode *, loff_t size);

/* the file systems themselves */
void tmpfs_init(void);
void procfs_init(void);
void sysfs_init(void);
void pipe_init(void);
void devices_init(void);

#endif
