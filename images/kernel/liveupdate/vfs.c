// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes super, inode, name, mount: file systems as they cross an upgrade.
 *
 * The pages of tmpfs files stay where they are; inodes and names are made anew
 * with their numbers. proc and sysfs are the new kernel's own: of them only the
 * root is carried, as a place that may be a working directory or mounted. The
 * protocol of the new kernel's side is in fs/adopt.c. What each kernel mounts
 * itself (debugfs, tracefs) is left; an open file there is refused.
 */
#include <linux/err.h>
#include <linux/stat.h>
#include <linux/slab.h>
#include "internal.h"

/* ---- super blocks ---- */

#define for_each_carried_super(sb)                     \
	list_for_each_entry(sb, &super_blocks, s_list) \
		if (super_is_own(sb))                  \
			continue;                      \
		else

DEFINE_MADE_RECORD(super, SUPER_RECORD, struct super_block *sb)

static int preserve_supers(struct ser_writer *w)
{
	struct super_block *sb;

	for_each_carried_super(sb)
	{
		write_super(w, sb);
		w->count++;
		if (number_add(&super_numbers, sb))
			return -ENOMEM;
	}
	return w->error;
}

static int get_super(struct ser_reader *r)
{
	TAKE_RECORD(r, super, SUPER_RECORD)
	struct vfs_super_record made_from = {
		.type = type,
		.source = source,
		.dev = dev,
		.flags = flags,
		.next_ino = next_ino,
		.next_seq = next_seq,
	};
	struct super_block *sb = vfs_adopt_super(&made_from);

	return IS_ERR(sb) ? PTR_ERR(sb) : number_add(&super_numbers, sb);
}

/* ---- inodes ---- */

static int count_page(struct inode *inode, unsigned long index, struct page *page, void *data)
{
	++*(u32 *)data;
	return 0;
}

static u32 pages_of(struct inode *inode)
{
	u32 pages = 0;

	if (S_ISREG(inode->i_mode))
		tmpfs_for_each_page(inode, count_page, &pages);
	return pages;
}

static const char *target_of(const struct inode *inode)
{
	return S_ISLNK(inode->i_mode) ? inode->i_private : "";
}

DEFINE_MADE_RECORD(inode, INODE_RECORD, struct inode *inode)
DEFINE_MADE_RECORD(page, PAGE_RECORD, struct page *page, unsigned long index)

static int put_page_record(struct inode *inode, unsigned long index, struct page *page, void *data)
{
	write_page(data, page, index);
	return preserve_frame(page_to_pfn(page), FRAME_CACHE);
}

static int put_inode(struct inode *inode, void *data)
{
	struct ser_writer *w = data;
	int ret = 0;

	write_inode(w, inode);
	w->count++;
	if (S_ISREG(inode->i_mode))
		ret = tmpfs_for_each_page(inode, put_page_record, w);
	ser_put(w, target_of(inode), strlen(target_of(inode)));
	return ret ? ret : number_add(&inode_numbers, inode);
}

static int preserve_inodes(struct ser_writer *w)
{
	int ret = tmpfs_for_each_inode(put_inode, w);

	return ret ? ret : w->error;
}

static int get_page_record(struct ser_reader *r, struct inode *inode)
{
	TAKE_RECORD(r, page, PAGE_RECORD)
	int ret = retrieve_frame(frame, FRAME_CACHE);

	return ret ? ret : tmpfs_insert_page(inode, index, pfn_to_page(frame));
}

static int get_link(struct ser_reader *r, struct inode *inode, u32 length)
{
	char *target = kmalloc(length + 1, GFP_KERNEL);
	int ret;

	if (!target)
		return -ENOMEM;
	record_take_text(r, target, length);
	ret = tmpfs_set_symlink(inode, target);
	kfree(target);
	return ret;
}

static int get_inode(struct ser_reader *r)
{
	TAKE_RECORD(r, inode, INODE_RECORD)
	struct vfs_inode_record made_from = {
		.ino = ino,
		.is_root = is_root,
		.mode = mode,
		.rdev = rdev,
		.nlink = nlink,
		.uid = uid,
		.gid = gid,
		.size = size,
		.atime_ns = atime_ns,
		.mtime_ns = mtime_ns,
		.ctime_ns = ctime_ns,
	};
	struct inode *made = vfs_adopt_inode(number_get(&super_numbers, super), &made_from);
	int ret = IS_ERR(made) ? PTR_ERR(made) : number_add(&inode_numbers, made);

	for (u32 i = 0; i < pages && !ret; i++)
		ret = get_page_record(r, made);
	return ret || !target ? ret : get_link(r, made, target);
}

/* ---- names ---- */

const char *name_cannot_be_carried(const struct dentry *dentry)
{
	if (is_tmpfs(dentry->d_sb) ||
	    (dentry->d_sb->s_root == dentry && !super_is_own(dentry->d_sb)))
		return NULL;
	return dentry->d_sb->s_type ? dentry->d_sb->s_type->name : "anonymous";
}

DEFINE_MADE_RECORD(name, NAME_RECORD, struct dentry *d, bool root)

static int put_name(struct ser_writer *w, struct dentry *d)
{
	bool root = d->d_sb->s_root == d;

	write_name(w, d, root);
	if (!root)
		ser_put(w, d->d_name, strlen(d->d_name));
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

	for_each_carried_super(sb)
	{
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

static int get_name(struct ser_reader *r)
{
	TAKE_RECORD(r, name, NAME_RECORD)
	struct super_block *sb = number_get(&super_numbers, super);
	char text[NAME_MAX + 1];
	struct dentry *d;

	record_take_text(r, text, length);
	if (parent == HANDOVER_NONE) {
		d = dget(sb->s_root);
	} else {
		struct inode *of = number_get(&inode_numbers, inode);

		d = of ? vfs_adopt_dentry(number_get(&name_numbers, parent), text, of, seq, linked)
		       : ERR_PTR(-EINVAL);
	}
	return IS_ERR(d) ? PTR_ERR(d) : number_add(&name_numbers, d);
}

/* ---- mounts ---- */

DEFINE_MADE_RECORD(mount, MOUNT_RECORD, struct super_block *sb)

static int preserve_mounts(struct ser_writer *w)
{
	struct super_block *sb;

	for_each_carried_super(sb)
	{
		if (!sb->s_mountpoint)
			continue;
		if (number_of(&name_numbers, sb->s_mountpoint) == HANDOVER_NONE)
			return liveupdate_refuse(-EOPNOTSUPP, "mount %s on %s cannot be preserved",
						 sb->s_source, sb->s_mountpoint->d_name);
		write_mount(w, sb);
		w->count++;
	}
	return w->error;
}

static int get_mount(struct ser_reader *r)
{
	TAKE_RECORD(r, mount, MOUNT_RECORD)

	return vfs_adopt_mount(number_get(&super_numbers, super), number_get(&name_numbers, name));
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

/* clang-format off */
#define SUPER_LEFT(LEFT) \
	LEFT(s_list, "the order of the records") \
	LEFT(s_op, "by its type") \
	LEFT(s_magic, "by its type") \
	LEFT(s_root, "the name without a parent") \
	LEFT(s_mountpoint, "mount records") \
	LEFT(s_inodes, "inode records") \
	LEFT(s_fs_info, "by its type")
#define INODE_LEFT(LEFT) \
	LEFT(i_count, "names and files hold it") \
	LEFT(i_sb_list, "the order of the records") \
	LEFT(i_op, "by its mode") \
	LEFT(i_fop, "by its mode") \
	LEFT(i_private, "field target") \
	LEFT(i_mutex, "free when all stand still") \
	LEFT(i_blocks, "counted as pages come in") \
	LEFT(i_pages, "page records") \
	LEFT(i_pipe, "pipe records")
#define NAME_LEFT(LEFT) \
	LEFT(d_count, "files, directories and mounts hold it") \
	LEFT(d_children, "names whose parent it is") \
	LEFT(d_sibling, "field seq") \
	LEFT(d_mounted, "mount records") \
	LEFT(d_fsdata, "of file systems of the kernel's own")
/* clang-format on */
CARRIED(super_block, sb, SUPER_RECORD, SUPER_LEFT)
CARRIED(inode, inode, INODE_RECORD, INODE_LEFT)
CARRIED(dentry, d, NAME_RECORD, NAME_LEFT)

const struct liveupdate_class super_class = {
	.layout = LAYOUT_super,
	.preserve = preserve_supers,
	.retrieve_record = get_super,
};
const struct liveupdate_class inode_class = {
	.layout = LAYOUT_inode,
	.preserve = preserve_inodes,
	.retrieve_record = get_inode,
};
const struct liveupdate_class name_class = {
	.layout = LAYOUT_name,
	.preserve = preserve_names,
	.retrieve_record = get_name,
};
const struct liveupdate_class mount_class = {
	.layout = LAYOUT_mount,
	.preserve = preserve_mounts,
	.retrieve_record = get_mount,
};
