// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes super, inode, name, mount: file systems as they cross an upgrade.
 *
 * The pages of tmpfs files stay where they are; inodes and names are made anew
 * with their numbers. proc and sysfs are the new kernel's own: of them only the
 * root is carried, as a place that may be a working directory or mounted. The
 * protocol of the new kernel's side is in fs/adopt.c.
 */
#include <linux/err.h>
#include <linux/stat.h>
#include <linux/slab.h>
#include "internal.h"

#define MAX_LINK PATH_MAX

/* ---- super blocks ---- */

static int preserve_supers(struct ser_writer *w)
{
	struct super_block *sb;

	list_for_each_entry(sb, &super_blocks, s_list) {
		struct super_ser record = {
			.dev = sb->s_dev,
			.tmpfs = is_tmpfs(sb),
			.flags = sb->s_flags,
			.next_ino = sb->s_next_ino,
			.next_seq = sb->s_next_seq,
		};

		strscpy(record.type, sb->s_type->name, sizeof(record.type));
		strscpy(record.source, sb->s_source, sizeof(record.source));
		ser_put(w, &record, sizeof(record));
		w->count++;
		if (number_add(&super_numbers, sb))
			return -ENOMEM;
	}
	return w->error;
}

static int retrieve_supers(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct vfs_super_record record;
		struct super_block *sb;
		struct super_ser ser;

		if (!ser_get(r, &ser, sizeof(ser)))
			return -EINVAL;
		ser.type[sizeof(ser.type) - 1] = 0;
		ser.source[sizeof(ser.source) - 1] = 0;
		record = (struct vfs_super_record){
			.type = ser.type,
			.source = ser.source,
			.dev = ser.dev,
			.flags = ser.flags,
			.next_ino = ser.next_ino,
			.next_seq = ser.next_seq,
		};
		sb = vfs_adopt_super(&record);
		if (IS_ERR(sb))
			return PTR_ERR(sb);
		if (number_add(&super_numbers, sb))
			return -ENOMEM;
	}
	return 0;
}

/* ---- inodes ---- */

static int count_page(struct inode *inode, unsigned long index, struct page *page, void *data)
{
	++*(u32 *)data;
	return 0;
}

static int put_page_record(struct inode *inode, unsigned long index, struct page *page, void *data)
{
	u64 word = (u64)page_to_pfn(page) << 24 | index;

	ser_put(data, &word, sizeof(word));
	return preserve_frame(page_to_pfn(page), FRAME_CACHE);
}

static int put_inode(struct inode *inode, void *data)
{
	struct inode_ser record = {
		.super = number_of(&super_numbers, inode->i_sb),
		.is_root = inode == inode->i_sb->s_root->d_inode,
		.ino = inode->i_ino,
		.mode = inode->i_mode,
		.rdev = inode->i_rdev,
		.nlink = inode->i_nlink,
		.uid = inode->i_uid,
		.gid = inode->i_gid,
		.size = inode->i_size,
		.atime_ns = inode->i_atime_ns,
		.mtime_ns = inode->i_mtime_ns,
		.ctime_ns = inode->i_ctime_ns,
	};
	struct ser_writer *w = data;

	if (S_ISREG(inode->i_mode))
		tmpfs_for_each_page(inode, count_page, &record.pages);
	ser_put(w, &record, sizeof(record));
	w->count++;
	if (number_add(&inode_numbers, inode))
		return -ENOMEM;
	if (S_ISLNK(inode->i_mode))
		ser_put_string(w, inode->i_private);
	if (S_ISREG(inode->i_mode))
		return tmpfs_for_each_page(inode, put_page_record, w);
	return 0;
}

static int preserve_inodes(struct ser_writer *w)
{
	int ret = tmpfs_for_each_inode(put_inode, w);

	return ret ? ret : w->error;
}

static int get_pages(struct ser_reader *r, struct inode *inode, u32 pages)
{
	while (pages--) {
		unsigned long pfn;
		u64 word;
		int ret;

		if (!ser_get(r, &word, sizeof(word)))
			return -EINVAL;
		pfn = word >> 24;
		ret = retrieve_frame(pfn, FRAME_CACHE);
		if (!ret)
			ret = tmpfs_insert_page(inode, word & 0xffffff, pfn_to_page(pfn));
		if (ret)
			return ret;
		ledger[LEDGER_CACHE].kept++;
	}
	return 0;
}

static int get_link(struct ser_reader *r, struct inode *inode)
{
	char *target = kmalloc(MAX_LINK, GFP_KERNEL);
	int ret = -ENOMEM;

	if (target)
		ret = ser_get_string(r, target, MAX_LINK) ? tmpfs_set_symlink(inode, target)
							  : -EINVAL;
	kfree(target);
	return ret;
}

static int retrieve_inodes(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct vfs_inode_record record;
		struct super_block *sb;
		struct inode_ser ser;
		struct inode *inode;
		int ret = 0;

		if (!ser_get(r, &ser, sizeof(ser)))
			return -EINVAL;
		sb = number_get(&super_numbers, ser.super);
		if (!sb)
			return -EINVAL;
		record = (struct vfs_inode_record){
			.ino = ser.ino,
			.is_root = ser.is_root,
			.mode = ser.mode,
			.rdev = ser.rdev,
			.nlink = ser.nlink,
			.uid = ser.uid,
			.gid = ser.gid,
			.size = ser.size,
			.atime_ns = ser.atime_ns,
			.mtime_ns = ser.mtime_ns,
			.ctime_ns = ser.ctime_ns,
		};
		inode = vfs_adopt_inode(sb, &record);
		if (IS_ERR(inode))
			return PTR_ERR(inode);
		if (number_add(&inode_numbers, inode))
			return -ENOMEM;
		if (S_ISLNK(inode->i_mode))
			ret = get_link(r, inode);
		else if (ser.pages)
			ret = get_pages(r, inode, ser.pages);
		if (ret)
			return ret;
		ledger[LEDGER_INODES].rebuilt++;
	}
	return 0;
}

/* ---- names ---- */

const char *name_cannot_be_carried(const struct dentry *dentry)
{
	if (is_tmpfs(dentry->d_sb) || dentry->d_sb->s_root == dentry)
		return NULL;
	return dentry->d_sb->s_type ? dentry->d_sb->s_type->name : "anonymous";
}

static int put_name(struct ser_writer *w, struct dentry *d)
{
	bool root = d->d_sb->s_root == d;
	struct name_ser record = {
		.super = number_of(&super_numbers, d->d_sb),
		.parent = root ? HANDOVER_NONE : number_of(&name_numbers, d->d_parent),
		.inode = is_tmpfs(d->d_sb) ? number_of(&inode_numbers, d->d_inode) : HANDOVER_NONE,
		.linked = d->d_linked,
		.seq = d->d_seq,
	};

	ser_put(w, &record, sizeof(record));
	ser_put_string(w, root ? "" : d->d_name);
	w->count++;
	return number_add(&name_numbers, d);
}

/* A tree in preorder, so that parents come first. */
static int put_tree(struct ser_writer *w, struct super_block *sb)
{
	struct dentry *root = sb->s_root, *d = root;
	int ret = put_name(w, root);

	if (!is_tmpfs(sb))
		return ret;
	while (!ret) {
		if (!list_empty(&d->d_children)) {
			d = list_first_entry(&d->d_children, struct dentry, d_sibling);
		} else {
			while (d != root && d->d_sibling.next == &d->d_parent->d_children)
				d = d->d_parent;
			if (d == root)
				return 0;
			d = list_next_entry(d, d_sibling);
		}
		ret = put_name(w, d);
	}
	return ret;
}

/* A name that has been removed but is in use: after those it lies in. */
static int put_removed_name(struct ser_writer *w, struct dentry *d)
{
	int ret;

	while (d && number_of(&name_numbers, d) == HANDOVER_NONE) {
		struct dentry *top = d;

		if (name_cannot_be_carried(d))
			return liveupdate_refuse(-EOPNOTSUPP, "%s (%s) cannot be preserved",
						 d->d_name, name_cannot_be_carried(d));
		while (top->d_parent != top &&
		       number_of(&name_numbers, top->d_parent) == HANDOVER_NONE)
			top = top->d_parent;
		ret = put_name(w, top);
		if (ret)
			return ret;
	}
	return 0;
}

static int preserve_names(struct ser_writer *w)
{
	struct super_block *sb;
	struct task_struct *p, *t;
	struct file *file;
	int ret = 0;

	list_for_each_entry(sb, &super_blocks, s_list) {
		ret = put_tree(w, sb);
		if (ret)
			return ret;
	}
	list_for_each_entry(file, &open_files, f_list) {
		ret = put_removed_name(w, file->f_dentry);
		if (ret)
			return ret;
	}
	for_each_user_process(p) {
		for_each_thread(p, t) {
			if (!t->fs)
				continue;
			ret = put_removed_name(w, t->fs->root);
			if (!ret)
				ret = put_removed_name(w, t->fs->pwd);
			if (ret)
				return ret;
		}
	}
	return w->error;
}

static int retrieve_names(struct ser_reader *r, u64 count)
{
	char text[NAME_MAX + 1];

	while (count--) {
		struct dentry *parent, *d;
		struct super_block *sb;
		struct name_ser ser;
		struct inode *inode;

		if (!ser_get(r, &ser, sizeof(ser)) || !ser_get_string(r, text, sizeof(text)))
			return -EINVAL;
		sb = number_get(&super_numbers, ser.super);
		if (!sb)
			return -EINVAL;
		if (ser.parent == HANDOVER_NONE) {
			d = dget(sb->s_root);
		} else {
			parent = number_get(&name_numbers, ser.parent);
			inode = number_get(&inode_numbers, ser.inode);
			if (!parent || !inode)
				return -EINVAL;
			d = vfs_adopt_dentry(parent, text, inode, ser.seq, ser.linked);
			if (IS_ERR(d))
				return PTR_ERR(d);
			ledger[LEDGER_NAMES].rebuilt++;
		}
		if (number_add(&name_numbers, d))
			return -ENOMEM;
	}
	return 0;
}

/* ---- mounts ---- */

static int preserve_mounts(struct ser_writer *w)
{
	struct super_block *sb;

	list_for_each_entry(sb, &super_blocks, s_list) {
		struct mount_ser record = { .super = number_of(&super_numbers, sb) };

		if (!sb->s_mountpoint)
			continue;
		record.name = number_of(&name_numbers, sb->s_mountpoint);
		if (record.name == HANDOVER_NONE)
			return liveupdate_refuse(-EOPNOTSUPP, "mount %s on %s cannot be preserved",
						 sb->s_source, sb->s_mountpoint->d_name);
		ser_put(w, &record, sizeof(record));
		w->count++;
	}
	return w->error;
}

static int retrieve_mounts(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct super_block *sb;
		struct mount_ser ser;
		struct dentry *d;
		int ret;

		if (!ser_get(r, &ser, sizeof(ser)))
			return -EINVAL;
		sb = number_get(&super_numbers, ser.super);
		d = number_get(&name_numbers, ser.name);
		if (!sb || !d)
			return -EINVAL;
		ret = vfs_adopt_mount(sb, d);
		if (ret)
			return ret;
	}
	return 0;
}

/* Names, files and directories hold one another now: drop what the retrieval held. */
void vfs_let_go(void)
{
	for (u32 i = 0; i < file_numbers.count; i++)
		fput(file_numbers.item[i]);
	for (u32 i = 0; i < pipe_numbers.count; i++)
		iput(pipe_numbers.item[i]);
	for (u32 i = 0; i < name_numbers.count; i++)
		dput(name_numbers.item[i]);
	for (u32 i = 0; i < inode_numbers.count; i++) {
		struct inode *inode = inode_numbers.item[i];

		/* a root is the super block's own */
		if (inode != inode->i_sb->s_root->d_inode)
			iput(inode);
	}
}

const struct liveupdate_class super_class = {
	.name = "super",
	.compatible = SUPER_COMPATIBLE,
	.preserve = preserve_supers,
	.retrieve = retrieve_supers,
};
const struct liveupdate_class inode_class = {
	.name = "inode",
	.compatible = INODE_COMPATIBLE,
	.preserve = preserve_inodes,
	.retrieve = retrieve_inodes,
};
const struct liveupdate_class name_class = {
	.name = "name",
	.compatible = NAME_COMPATIBLE,
	.preserve = preserve_names,
	.retrieve = retrieve_names,
};
const struct liveupdate_class mount_class = {
	.name = "mount",
	.compatible = MOUNT_COMPATIBLE,
	.preserve = preserve_mounts,
	.retrieve = retrieve_mounts,
};
