// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/<pid>: a directory for each process, made when it is looked up and gone
 * when its last user lets go; in it, task/<tid> for each of its threads, with the
 * same files. What they are is in pid-entries.c.
 *
 * An inode here holds a reference on its task, so the numbers of a dead process
 * are never read from freed memory; a task that has been reaped gives -ESRCH.
 * The dentries are not linked into the tree; d_fsdata marks them, so that
 * reading the directory works all the same.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include "../internal.h"
#include "internal.h"

/* positions in the root directory: processes follow the named entries */
#define PID_POSITION	(1LL << 40)
/* inode numbers that cannot meet those of new_inode() */
#define PID_INO(pid, n) ((1UL << 40) + (unsigned long)(pid)*256 + (n))

static const struct inode_operations proc_fd_inode_operations, pid_dir_inode_operations;
static const struct file_operations proc_fd_operations;
static struct dentry *make_task_directory(struct dentry *dir, const char *name);

static struct dentry *make_pid_dentry(struct dentry *dir, const char *name, umode_t mode,
				      struct task_struct *task, unsigned int ino)
{
	struct dentry *d = d_alloc(dir, name);
	struct inode *inode = new_inode(proc_sb, mode);

	if (!d || !inode) {
		iput(inode);
		dput(d);
		return ERR_PTR(-ENOMEM);
	}
	inode->i_ino = PID_INO(task->pid, ino);
	inode->i_nlink = S_ISDIR(mode) ? 2 : 1;
	inode->i_uid = task->uid;
	inode->i_gid = task->gid;
	inode->i_private = get_task_struct(task);
	d->d_inode = inode;
	d->d_fsdata = d; /* not linked, and alive */
	return d;
}

/* ---- files ---- */

struct pid_reader {
	struct task_struct *task;
	const struct pid_entry *entry;
};

static int show_entry(struct seq_file *seq, void *data)
{
	struct pid_reader *reader = data;

	if (READ_ONCE(reader->task->exit_state) == EXIT_DEAD)
		return -ESRCH;
	return reader->entry->show(seq, reader->task);
}

static int pid_file_open(struct inode *inode, struct file *file)
{
	struct pid_reader *reader = kmalloc(sizeof(*reader), GFP_KERNEL);
	int ret;

	if (!reader)
		return -ENOMEM;
	reader->task = inode->i_private;
	reader->entry = file->f_dentry->d_fsdata;
	ret = single_open(file, show_entry, reader);
	if (ret)
		kfree(reader);
	return ret;
}

static int pid_file_release(struct inode *inode, struct file *file)
{
	kfree(((struct seq_file *)file->private_data)->private);
	return single_release(inode, file);
}

static const struct file_operations pid_file_operations = {
	.name = "proc_pid",
	.llseek = seq_lseek,
	.read = seq_read,
	.open = pid_file_open,
	.release = pid_file_release,
};

/* ---- links: exe, cwd, root, and the descriptors ---- */

/* A link's kind is its inode number: below 200 an entry, from there on a descriptor is looked up by name. */
static int pid_get_link(struct inode *inode, char *buf)
{
	const struct pid_entry *entry = &proc_pid_entries[(inode->i_ino & 255) - 1];

	return entry->link(inode->i_private, buf);
}

static const struct inode_operations pid_link_inode_operations = {
	.get_link = pid_get_link,
};

static int fd_get_link(struct inode *inode, char *buf)
{
	struct task_struct *task = inode->i_private;
	struct file *file = NULL;
	struct files_struct *files;
	unsigned int fd = inode->i_rdev;
	int len;

	task_lock(task);
	files = task->files;
	if (files) {
		spin_lock(&files->lock);
		if ((unsigned long)files->fd[fd] > 1)
			file = get_file(files->fd[fd]);
		spin_unlock(&files->lock);
	}
	task_unlock(task);
	if (!file)
		return -ENOENT;
	if (!file->f_dentry)
		len = snprintf(buf, PATH_MAX, "%s:[%lu]", file->f_op->name, file->f_inode->i_ino);
	else if (mutex_is_locked(&vfs_mutex) && vfs_mutex.owner == current)
		len = dentry_path_locked(file->f_dentry, buf, PATH_MAX);
	else
		len = dentry_path(file->f_dentry, buf, PATH_MAX);
	fput(file);
	return len;
}

static const struct inode_operations fd_link_inode_operations = {
	.get_link = fd_get_link,
};

static bool fd_is_open(struct task_struct *task, unsigned int fd)
{
	struct files_struct *files;
	bool open = false;

	task_lock(task);
	files = task->files;
	if (files) {
		spin_lock(&files->lock);
		open = (unsigned long)files->fd[fd] > 1; /* 1 is a reserved descriptor */
		spin_unlock(&files->lock);
	}
	task_unlock(task);
	return open;
}

static struct dentry *fd_lookup(struct dentry *dir, const char *name)
{
	struct task_struct *task = dir->d_inode->i_private;
	struct dentry *d;
	unsigned int fd;

	if (kstrtouint(name, 10, &fd) || fd >= NR_OPEN || !fd_is_open(task, fd))
		return ERR_PTR(-ENOENT);
	d = make_pid_dentry(dir, name, S_IFLNK | 0700, task, 255);
	if (!IS_ERR(d)) {
		d->d_inode->i_rdev = fd;
		d->d_inode->i_op = &fd_link_inode_operations;
	}
	return d;
}

static int fd_readdir(struct file *file, struct dir_context *ctx)
{
	struct task_struct *task = file->f_inode->i_private;
	char name[12];
	unsigned int fd;
	int len;

	if (!dir_emit_dots(file, ctx))
		return 0;
	for (fd = ctx->pos - 2; fd < NR_OPEN; fd++, ctx->pos = fd + 2) {
		if (!fd_is_open(task, fd))
			continue;
		len = snprintf(name, sizeof(name), "%u", fd);
		if (!ctx->actor(ctx, name, len, ctx->pos, PID_INO(task->pid, 255), DT_LNK))
			return 0;
	}
	return 0;
}

static const struct inode_operations proc_fd_inode_operations = { .lookup = fd_lookup };
static const struct file_operations proc_fd_operations = {
	.name = "proc_fd",
	.llseek = generic_file_llseek,
	.iterate_shared = fd_readdir,
};

/* ---- the directory of one process ---- */

static struct dentry *pid_dir_lookup(struct dentry *dir, const char *name)
{
	struct task_struct *task = dir->d_inode->i_private;
	const struct pid_entry *entry;
	struct dentry *d;

	if (!strcmp(name, "fd")) {
		d = make_pid_dentry(dir, name, S_IFDIR | 0500, task, 254);
		if (!IS_ERR(d)) {
			d->d_inode->i_op = &proc_fd_inode_operations;
			d->d_inode->i_fop = &proc_fd_operations;
		}
		return d;
	}
	/* a thread has no threads */
	if (!strcmp(name, "task") && dir->d_inode->i_op == &pid_dir_inode_operations)
		return make_task_directory(dir, name);
	for (entry = proc_pid_entries; entry->name; entry++) {
		if (strcmp(name, entry->name))
			continue;
		d = make_pid_dentry(dir, name, entry->link ? S_IFLNK | 0777 : S_IFREG | entry->mode,
				    task, entry - proc_pid_entries + 1);
		if (IS_ERR(d))
			return d;
		d->d_fsdata = (void *)entry;
		if (entry->link)
			d->d_inode->i_op = &pid_link_inode_operations;
		else
			d->d_inode->i_fop = &pid_file_operations;
		return d;
	}
	return ERR_PTR(-ENOENT);
}

static int pid_dir_readdir(struct file *file, struct dir_context *ctx)
{
	struct task_struct *task = file->f_inode->i_private;
	const struct pid_entry *entry;

	if (!dir_emit_dots(file, ctx))
		return 0;
	if (ctx->pos == 2) {
		if (!ctx->actor(ctx, "fd", 2, 2, PID_INO(task->pid, 254), DT_DIR))
			return 0;
		ctx->pos = 3;
	}
	if (ctx->pos == 3) {
		if (file->f_inode->i_op == &pid_dir_inode_operations &&
		    !ctx->actor(ctx, "task", 4, 3, PID_INO(task->pid, 252), DT_DIR))
			return 0;
		ctx->pos = 4;
	}
	for (entry = proc_pid_entries; entry->name; entry++) {
		loff_t pos = entry - proc_pid_entries + 4;

		if (pos < ctx->pos)
			continue;
		if (!ctx->actor(ctx, entry->name, strlen(entry->name), pos,
				PID_INO(task->pid, pos - 3), entry->link ? DT_LNK : DT_REG))
			return 0;
		ctx->pos = pos + 1;
	}
	return 0;
}

static const struct inode_operations pid_dir_inode_operations = { .lookup = pid_dir_lookup };
static const struct file_operations pid_dir_operations = {
	.name = "proc_pid_dir",
	.llseek = generic_file_llseek,
	.iterate_shared = pid_dir_readdir,
};

/* ---- its threads ---- */

static const struct inode_operations tid_dir_inode_operations = { .lookup = pid_dir_lookup };

static struct dentry *task_lookup(struct dentry *dir, const char *name)
{
	struct task_struct *of = dir->d_inode->i_private, *task = NULL;
	struct dentry *d = ERR_PTR(-ENOENT);
	unsigned int tid;

	if (name[0] >= '1' && name[0] <= '9' && !kstrtouint(name, 10, &tid))
		task = find_get_task_by_vpid(tid);
	if (!task)
		return d;
	if (task->tgid == of->tgid)
		d = make_pid_dentry(dir, name, S_IFDIR | 0555, task, 251);
	if (!IS_ERR(d)) {
		d->d_inode->i_op = &tid_dir_inode_operations;
		d->d_inode->i_fop = &pid_dir_operations;
	}
	put_task_struct(task);
	return d;
}

/* The smallest number of a thread of @of that is @from or more; 0 if there is none. */
static int next_tid(struct task_struct *of, int from)
{
	struct task_struct *t;
	unsigned long flags;
	int best = 0;

	local_irq_save(flags);
	spin_lock(&tasklist_lock);
	if (of->exit_state != EXIT_DEAD)
		for_each_thread(of, t)
			if (t->pid >= from && (!best || t->pid < best))
				best = t->pid;
	spin_unlock(&tasklist_lock);
	local_irq_restore(flags);
	return best;
}

static int task_readdir(struct file *file, struct dir_context *ctx)
{
	struct task_struct *task = file->f_inode->i_private;
	char name[12];
	int tid, len;

	if (!dir_emit_dots(file, ctx))
		return 0;
	while ((tid = next_tid(task, ctx->pos - 2)) != 0) {
		len = snprintf(name, sizeof(name), "%d", tid);
		if (!ctx->actor(ctx, name, len, tid + 2, PID_INO(tid, 251), DT_DIR))
			return 0;
		ctx->pos = tid + 3;
	}
	return 0;
}

static const struct inode_operations task_inode_operations = { .lookup = task_lookup };
static const struct file_operations task_operations = {
	.name = "proc_task",
	.llseek = generic_file_llseek,
	.iterate_shared = task_readdir,
};

static struct dentry *make_task_directory(struct dentry *dir, const char *name)
{
	struct dentry *d = make_pid_dentry(dir, name, S_IFDIR | 0555, dir->d_inode->i_private, 252);

	if (!IS_ERR(d)) {
		d->d_inode->i_op = &task_inode_operations;
		d->d_inode->i_fop = &task_operations;
	}
	return d;
}

/* ---- the root ---- */

static int self_get_link(struct inode *inode, char *buf)
{
	return snprintf(buf, PATH_MAX, "%d", current->tgid);
}

static const struct inode_operations self_inode_operations = { .get_link = self_get_link };

struct dentry *proc_pid_lookup(struct dentry *root, const char *name)
{
	struct task_struct *task;
	unsigned int pid;
	struct dentry *d;

	if (!strcmp(name, "self")) {
		d = make_pid_dentry(root, name, S_IFLNK | 0777, current, 253);
		if (!IS_ERR(d))
			d->d_inode->i_op = &self_inode_operations;
		return d;
	}
	if (name[0] < '1' || name[0] > '9' || kstrtouint(name, 10, &pid))
		return ERR_PTR(-ENOENT);
	task = find_get_task_by_vpid(pid);
	if (!task)
		return ERR_PTR(-ENOENT);
	d = make_pid_dentry(root, name, S_IFDIR | 0555, task, 0);
	if (!IS_ERR(d)) {
		d->d_inode->i_op = &pid_dir_inode_operations;
		d->d_inode->i_fop = &pid_dir_operations;
	}
	put_task_struct(task);
	return d;
}

/* The smallest number of a process that is @from or more; 0 if there is none. */
static int next_pid(int from)
{
	struct task_struct *p;
	unsigned long flags;
	int best = 0;

	local_irq_save(flags);
	spin_lock(&tasklist_lock);
	for_each_process(p)
		if (p->pid >= from && (!best || p->pid < best))
			best = p->pid;
	spin_unlock(&tasklist_lock);
	local_irq_restore(flags);
	return best;
}

int proc_pid_readdir(struct file *file, struct dir_context *ctx)
{
	char name[12];
	int pid, len;

	if (ctx->pos < PID_POSITION) {
		loff_t before = ctx->pos;
		struct dentry *child;
		bool all = true;

		dcache_readdir(file, ctx);
		/* did it stop for want of room? */
		list_for_each_entry(child, &file->f_dentry->d_children, d_sibling)
			if ((loff_t)child->d_seq >= ctx->pos)
				all = false;
		if (!all || (before < 2 && ctx->pos < 2))
			return 0;
		if (!ctx->actor(ctx, "self", 4, PID_POSITION - 1, PID_INO(0, 253), DT_LNK))
			return 0;
		ctx->pos = PID_POSITION;
	}
	while ((pid = next_pid(ctx->pos - PID_POSITION)) != 0) {
		len = snprintf(name, sizeof(name), "%d", pid);
		if (!ctx->actor(ctx, name, len, PID_POSITION + pid, PID_INO(pid, 0), DT_DIR))
			return 0;
		ctx->pos = PID_POSITION + pid + 1;
	}
	return 0;
}
