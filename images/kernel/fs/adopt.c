// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a kernel that has just been started by a live upgrade gets the file
 * systems, names and open files of the kernel before it. liveupdate/ reads the
 * records and calls these; nothing else may.
 *
 * Identity: a super block is known by its device number, an inode by super
 * block and i_ino, a dentry by super block and d_seq (0 is the root; kept when
 * the name is removed while in use), an open file by f_id. All of them go on
 * counting where the old kernel stopped.
 *
 * Protocol, in this order:
 *  1. vfs_init() has made an empty root, and proc and sysfs that are mounted
 *     nowhere (it does so when boot_info.handover is set).
 *  2. vfs_adopt_super() for every super block, in the order of super_blocks.
 *  3. vfs_adopt_inode() for every tmpfs inode; then its pages
 *     (tmpfs_insert_page) or its link (tmpfs_set_symlink).
 *  4. vfs_adopt_dentry() for every dentry but the roots, parents first.
 *  5. vfs_adopt_mount() for every super block but the first.
 *  6. vfs_adopt_file() for every open file, vfs_adopt_pipe() before for pipes.
 *  7. iput() for what steps 3 and 6 gave: names and files hold them now; dput()
 *     for what step 4 gave, when the files and working directories hold theirs.
 *  8. vfs_adopt_done().
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tty.h>
#include "internal.h"

static struct super_block *find_super(dev_t dev)
{
	struct super_block *sb;

	list_for_each_entry(sb, &super_blocks, s_list)
		if (sb->s_dev == dev)
			return sb;
	return NULL;
}

struct super_block *vfs_adopt_super(const struct vfs_super_record *record)
{
	struct super_block *sb = take_super_to_adopt(record->type, record->source);

	if (IS_ERR(sb))
		return sb;
	if (find_super(record->dev))
		return ERR_PTR(-EEXIST);
	set_super_dev(sb, record->dev);
	sb->s_flags = record->flags;
	/* inodes of proc and sysfs are this kernel's own and have their numbers already */
	if (is_tmpfs(sb)) {
		sb->s_next_ino = record->next_ino;
		sb->s_next_seq = record->next_seq;
	}
	add_super(sb);
	return sb;
}

static struct inode *vfs_find_inode(struct super_block *sb, unsigned long ino)
{
	struct inode *inode;

	list_for_each_entry(inode, &sb->s_inodes, i_sb_list)
		if (inode->i_ino == ino)
			return inode;
	return NULL;
}

struct inode *vfs_adopt_inode(struct super_block *sb, const struct vfs_inode_record *record)
{
	unsigned long next_ino = sb->s_next_ino;
	struct inode *inode = sb->s_root->d_inode;

	if (!is_tmpfs(sb))
		return ERR_PTR(-EINVAL);
	if (record->is_root) {
		inode->i_mode = record->mode;
	} else {
		if (vfs_find_inode(sb, record->ino))
			return ERR_PTR(-EEXIST);
		inode = tmpfs_new_inode(sb, record->mode, record->rdev);
		if (!inode)
			return ERR_PTR(-ENOMEM);
	}
	sb->s_next_ino = next_ino;
	inode->i_ino = record->ino;
	inode->i_nlink = record->nlink;
	inode->i_uid = record->uid;
	inode->i_gid = record->gid;
	inode->i_size = record->size;
	inode->i_atime_ns = record->atime_ns;
	inode->i_mtime_ns = record->mtime_ns;
	inode->i_ctime_ns = record->ctime_ns;
	return inode;
}

struct dentry *vfs_adopt_dentry(struct dentry *parent, const char *name, struct inode *inode,
				u64 seq, bool linked)
{
	u64 next_seq = parent->d_sb->s_next_seq;
	struct dentry *d;

	if (linked && d_find_child(parent, name))
		return ERR_PTR(-EEXIST);
	d = d_alloc(parent, name);
	if (!d)
		return ERR_PTR(-ENOMEM);
	d->d_inode = iget(inode);
	if (linked) {
		d_link(d);
		parent->d_sb->s_next_seq = next_seq;
	}
	d->d_seq = seq;
	return d;
}

int vfs_adopt_mount(struct super_block *sb, struct dentry *point)
{
	if (point->d_mounted || !S_ISDIR(point->d_inode->i_mode))
		return -EBUSY;
	sb->s_mountpoint = dget(point);
	point->d_mounted = sb;
	return 0;
}

/* @fifo: the tmpfs inode of a named pipe that is open; NULL for an unnamed one, number @ino. */
struct inode *vfs_adopt_pipe(struct inode *fifo, unsigned long ino, unsigned int readers,
			     unsigned int writers, unsigned int r_counter, unsigned int w_counter)
{
	struct inode *inode = pipe_new_inode(fifo, ino);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_pipe->readers = readers;
	inode->i_pipe->writers = writers;
	inode->i_pipe->r_counter = r_counter;
	inode->i_pipe->w_counter = w_counter;
	return inode;
}

int pipe_adopt_buffer(struct inode *inode, struct page *page, unsigned int offset, unsigned int len)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	struct pipe_buffer *buf;

	if (pipe->head - pipe->tail == PIPE_BUFFERS || !len || offset >= PAGE_SIZE ||
	    len > PAGE_SIZE - offset)
		return -EINVAL;
	buf = &pipe->bufs[pipe->head++ % PIPE_BUFFERS];
	buf->page = page;
	buf->offset = offset;
	buf->len = len;
	return 0;
}

/*
 * The file is not opened anew: its open function has run in the old kernel. What
 * it left in private_data is set up here for the kinds that can be carried.
 */
struct file *vfs_adopt_file(struct dentry *d, struct inode *inode,
			    const struct vfs_file_record *record)
{
	const struct file_operations *fops = inode->i_fop;
	void *private = NULL;
	struct file *file;

	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode)) {
		fops = device_fops(inode->i_mode & S_IFMT, inode->i_rdev, &private);
	} else if (S_ISFIFO(inode->i_mode)) {
		fops = &pipefifo_fops;
		private = inode->i_pipe;
		if (!private)
			return ERR_PTR(-EINVAL);
	}
	if (!fops || !fops->carry || strcmp(fops->name, record->kind))
		return ERR_PTR(-ENXIO);
	if (fops == &tty_fops) {
		private = tty_by_index(record->tty);
		if (!private)
			return ERR_PTR(-ENXIO);
	}
	file = alloc_file(d, inode, record->flags, fops);
	if (!file)
		return ERR_PTR(-ENOMEM);
	file->private_data = private;
	file->f_pos = record->pos;
	file->f_mode = record->mode;
	file_set_id(file, record->id);
	return file;
}

void vfs_adopt_done(void)
{
	/* what this kernel has and the one before had not */
	devices_init();
}
