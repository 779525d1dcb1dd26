// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tmpfs: files whose only home is memory.
 *
 * Promises: each page of a file is one page frame, never shared between files
 * and never moved, reached through a two-level table (one page of 512 pointers
 * to pages of 512 page pointers: 1 GiB a file). A live upgrade lists the
 * frames and hands them on; the new kernel inserts the same frames. A page is
 * zero before it becomes reachable. Mapped pages and read/write are the same
 * frames, so they always agree.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/mm.h>
#include "internal.h"

#define PER_TABLE      (PAGE_SIZE / sizeof(void *))
#define MAX_PAGES      (PER_TABLE * PER_TABLE)
#define TMPFS_MAX_SIZE ((loff_t)MAX_PAGES * PAGE_SIZE)
#define TMPFS_MAGIC    0x01021994

static const struct inode_operations tmpfs_dir_inode_operations;
static const struct inode_operations tmpfs_file_inode_operations;
static const struct inode_operations tmpfs_link_inode_operations;

static const struct file_operations tmpfs_dir_operations = {
	.name = "tmpfs_dir",
	.carry = "tmpfs",
	.llseek = generic_file_llseek,
	.iterate_shared = dcache_readdir,
};

/* ---- the table of pages; i_mutex must be held ---- */

static struct page **page_slot(struct inode *inode, unsigned long index, bool create)
{
	struct page ***top = inode->i_pages;

	lockdep_assert_held(&inode->i_mutex);
	if (index >= MAX_PAGES)
		return NULL;
	if (!top) {
		if (!create)
			return NULL;
		top = inode->i_pages = (void *)get_zeroed_page(GFP_KERNEL);
		if (!top)
			return NULL;
	}
	if (!top[index / PER_TABLE]) {
		if (!create)
			return NULL;
		top[index / PER_TABLE] = (void *)get_zeroed_page(GFP_KERNEL);
		if (!top[index / PER_TABLE])
			return NULL;
	}
	return &top[index / PER_TABLE][index % PER_TABLE];
}

static struct page *page_at(struct inode *inode, unsigned long index, bool create)
{
	struct page **slot = page_slot(inode, index, create);

	lockdep_assert_held(&inode->i_mutex);
	if (!slot)
		return NULL;
	if (!*slot && create) {
		*slot = alloc_page_type(GFP_KERNEL | __GFP_ZERO, PAGE_CACHE);
		if (*slot)
			inode->i_blocks += PAGE_SIZE / 512;
	}
	return *slot;
}

/* Let go of the pages from @first on, and of the tables that become empty. */
static void drop_pages(struct inode *inode, unsigned long first)
{
	struct page ***top = inode->i_pages;
	unsigned long i, j;

	DEBUG_ASSERT(lockdep_is_held(&inode->i_mutex) || !atomic_read(&inode->i_count));
	if (!top)
		return;
	for (i = first / PER_TABLE; i < PER_TABLE; i++) {
		if (!top[i])
			continue;
		for (j = i == first / PER_TABLE ? first % PER_TABLE : 0; j < PER_TABLE; j++) {
			if (!top[i][j])
				continue;
			put_page(top[i][j]);
			top[i][j] = NULL;
			inode->i_blocks -= PAGE_SIZE / 512;
		}
		if (i > first / PER_TABLE || first % PER_TABLE == 0) {
			free_page((unsigned long)top[i]);
			top[i] = NULL;
		}
	}
	if (first == 0) {
		free_page((unsigned long)top);
		inode->i_pages = NULL;
	}
}

static int tmpfs_truncate(struct inode *inode, loff_t size)
{
	struct page *page;

	lockdep_assert_held(&inode->i_mutex);
	if (size > TMPFS_MAX_SIZE)
		return -EFBIG;
	if (size < inode->i_size) {
		drop_pages(inode, DIV_ROUND_UP(size, PAGE_SIZE));
		/* what is behind the end must read as zero when the file grows */
		page = size % PAGE_SIZE ? page_at(inode, size / PAGE_SIZE, false) : NULL;
		if (page)
			memset((char *)page_address(page) + size % PAGE_SIZE, 0,
			       PAGE_SIZE - size % PAGE_SIZE);
	}
	inode->i_size = size;
	inode->i_mtime_ns = inode->i_ctime_ns = current_time_ns();
	return 0;
}

/* ---- files ---- */

static ssize_t tmpfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	size_t done = 0;

	while (done < count) {
		unsigned int offset = *pos % PAGE_SIZE;
		size_t n = min_t(size_t, PAGE_SIZE - offset, count - done), left;
		struct page *page;

		mutex_lock(&inode->i_mutex);
		if (*pos >= inode->i_size) {
			mutex_unlock(&inode->i_mutex);
			break;
		}
		n = min_t(size_t, n, inode->i_size - *pos);
		page = page_at(inode, *pos / PAGE_SIZE, false);
		if (page)
			get_page(page);
		mutex_unlock(&inode->i_mutex);
		/* without the mutex: the user's page may be a page of this very file */
		if (page) {
			left = copy_to_user(buf + done, (char *)page_address(page) + offset, n);
			put_page(page);
		} else {
			left = clear_user(buf + done, n);
		}
		if (left)
			return done ? (ssize_t)done : -EFAULT;
		done += n;
		*pos += n;
	}
	return done;
}

static ssize_t tmpfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	size_t done = 0;
	loff_t at = *pos;

	while (done < count) {
		size_t n, left;
		unsigned int offset;
		struct page *page;
		bool append = file->f_flags & O_APPEND;

		mutex_lock(&inode->i_mutex);
		if (append)
			at = inode->i_size;
		offset = at % PAGE_SIZE;
		n = min_t(size_t, PAGE_SIZE - offset, count - done);
		page = at >= TMPFS_MAX_SIZE ? NULL : page_at(inode, at / PAGE_SIZE, true);
		if (!page) {
			mutex_unlock(&inode->i_mutex);
			if (done)
				break;
			return at >= TMPFS_MAX_SIZE ? -EFBIG : -ENOSPC;
		}
		get_page(page);
		if (append) {
			/* the place is taken before it is filled, so two appends never overlap */
			inode->i_size = at + n;
		}
		mutex_unlock(&inode->i_mutex);
		left = copy_from_user((char *)page_address(page) + offset, buf + done, n);
		put_page(page);
		if (left)
			return done ? (ssize_t)done : -EFAULT;
		mutex_lock(&inode->i_mutex);
		at += n;
		if (at > inode->i_size)
			inode->i_size = at;
		inode->i_mtime_ns = inode->i_ctime_ns = current_time_ns();
		mutex_unlock(&inode->i_mutex);
		done += n;
	}
	*pos = at;
	return done;
}

static struct page *tmpfs_get_page(struct file *file, unsigned long index, bool create)
{
	struct inode *inode = file->f_inode;
	struct page *page;

	mutex_lock(&inode->i_mutex);
	if (index >= (unsigned long)DIV_ROUND_UP(inode->i_size, PAGE_SIZE)) {
		page = NULL;
	} else {
		page = page_at(inode, index, true);
		if (page)
			get_page(page);
		else
			page = ERR_PTR(-ENOMEM);
	}
	mutex_unlock(&inode->i_mutex);
	return page;
}

const struct file_operations tmpfs_file_operations = {
	.name = "tmpfs",
	.carry = "tmpfs",
	.llseek = generic_file_llseek,
	.read = tmpfs_read,
	.write = tmpfs_write,
	.get_page = tmpfs_get_page,
};

/* ---- inodes ---- */

struct inode *tmpfs_new_inode(struct super_block *sb, umode_t mode, dev_t dev)
{
	struct inode *inode = new_inode(sb, mode);

	if (!inode)
		return NULL;
	inode->i_uid = current_uid();
	inode->i_gid = current_gid();
	inode->i_rdev = dev;
	switch (mode & S_IFMT) {
	case S_IFDIR:
		inode->i_op = &tmpfs_dir_inode_operations;
		inode->i_fop = &tmpfs_dir_operations;
		inode->i_nlink = 2;
		break;
	case S_IFREG:
		inode->i_op = &tmpfs_file_inode_operations;
		inode->i_fop = &tmpfs_file_operations;
		break;
	case S_IFLNK:
		inode->i_op = &tmpfs_link_inode_operations;
		break;
	}
	return inode;
}

int tmpfs_set_symlink(struct inode *inode, const char *target)
{
	size_t len = strlen(target);
	char *copy = kmalloc(len + 1, GFP_KERNEL);

	if (!copy)
		return -ENOSPC;
	memcpy(copy, target, len + 1);
	inode->i_private = copy;
	inode->i_size = len;
	return 0;
}

static int tmpfs_get_link(struct inode *inode, char *buf)
{
	strcpy(buf, inode->i_private);
	return inode->i_size;
}

/* ---- names; vfs_mutex must be held ---- */

static void touch(struct inode *dir)
{
	dir->i_mtime_ns = dir->i_ctime_ns = current_time_ns();
}

static int tmpfs_create(struct dentry *dir, struct dentry *d, umode_t mode, dev_t dev)
{
	lockdep_assert_held(&vfs_mutex);
	d->d_inode = tmpfs_new_inode(dir->d_sb, mode, dev);
	if (!d->d_inode)
		return -ENOSPC;
	if (S_ISDIR(mode))
		dir->d_inode->i_nlink++;
	touch(dir->d_inode);
	return 0;
}

static int tmpfs_symlink(struct dentry *dir, struct dentry *d, const char *target)
{
	int ret;

	lockdep_assert_held(&vfs_mutex);
	d->d_inode = tmpfs_new_inode(dir->d_sb, S_IFLNK | 0777, 0);
	if (!d->d_inode)
		return -ENOSPC;
	ret = tmpfs_set_symlink(d->d_inode, target);
	if (!ret)
		touch(dir->d_inode);
	return ret;
}

static int tmpfs_unlink(struct dentry *dir, struct dentry *d)
{
	struct inode *inode = d->d_inode;

	lockdep_assert_held(&vfs_mutex);
	if (S_ISDIR(inode->i_mode)) {
		inode->i_nlink = 0;
		dir->d_inode->i_nlink--;
	} else {
		inode->i_nlink--;
	}
	inode->i_ctime_ns = current_time_ns();
	touch(dir->d_inode);
	return 0;
}

static int tmpfs_link(struct inode *inode, struct dentry *dir, struct dentry *d)
{
	lockdep_assert_held(&vfs_mutex);
	inode->i_nlink++;
	inode->i_ctime_ns = current_time_ns();
	d->d_inode = iget(inode);
	touch(dir->d_inode);
	return 0;
}

static int tmpfs_rename(struct dentry *from, struct dentry *d, struct dentry *to)
{
	lockdep_assert_held(&vfs_mutex);
	if (S_ISDIR(d->d_inode->i_mode) && from != to) {
		from->d_inode->i_nlink--;
		to->d_inode->i_nlink++;
	}
	touch(from->d_inode);
	touch(to->d_inode);
	d->d_inode->i_ctime_ns = current_time_ns();
	return 0;
}

/* ---- the file system ---- */

static const struct inode_operations tmpfs_dir_inode_operations = {
	.create = tmpfs_create,
	.symlink = tmpfs_symlink,
	.unlink = tmpfs_unlink,
	.link = tmpfs_link,
	.rename = tmpfs_rename,
};

static const struct inode_operations tmpfs_file_inode_operations = {
	.truncate = tmpfs_truncate,
};

static const struct inode_operations tmpfs_link_inode_operations = {
	.get_link = tmpfs_get_link,
};

static void tmpfs_evict_inode(struct inode *inode)
{
	drop_pages(inode, 0);
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_private);
}

static const struct super_operations tmpfs_super_operations = {
	.evict_inode = tmpfs_evict_inode,
};

static int tmpfs_fill_super(struct super_block *sb, const char *source, void *data)
{
	sb->s_op = &tmpfs_super_operations;
	sb->s_magic = TMPFS_MAGIC;
	sb->s_root = d_alloc(NULL, "/");
	if (!sb->s_root)
		return -ENOMEM;
	sb->s_root->d_sb = sb;
	sb->s_root->d_inode = tmpfs_new_inode(sb, S_IFDIR | 0755, 0);
	return sb->s_root->d_inode ? 0 : -ENOMEM;
}

static struct file_system_type tmpfs_type = {
	.name = "tmpfs",
	.nodev = true,
	.fill_super = tmpfs_fill_super,
};

void tmpfs_init(void)
{
	register_filesystem(&tmpfs_type);
}

/* ---- for the live upgrade ---- */

bool is_tmpfs(struct super_block *sb)
{
	return sb->s_op == &tmpfs_super_operations;
}

int tmpfs_for_each_inode(int (*fn)(struct inode *, void *), void *data)
{
	struct super_block *sb;
	struct inode *inode;
	int ret = 0;

	mutex_lock(&vfs_mutex);
	list_for_each_entry(sb, &super_blocks, s_list) {
		if (!is_tmpfs(sb))
			continue;
		list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
			ret = fn(inode, data);
			if (ret)
				goto out;
		}
	}
out:
	mutex_unlock(&vfs_mutex);
	return ret;
}

int tmpfs_for_each_page(struct inode *inode,
			int (*fn)(struct inode *, unsigned long index, struct page *, void *),
			void *data)
{
	struct page ***top = inode->i_pages;
	unsigned long i, j;
	int ret;

	for (i = 0; top && i < PER_TABLE; i++) {
		for (j = 0; top[i] && j < PER_TABLE; j++) {
			if (!top[i][j])
				continue;
			ret = fn(inode, i * PER_TABLE + j, top[i][j], data);
			if (ret)
				return ret;
		}
	}
	return 0;
}

int tmpfs_insert_page(struct inode *inode, unsigned long index, struct page *page)
{
	struct page **slot;
	int ret = -EEXIST;

	mutex_lock(&inode->i_mutex);
	slot = page_slot(inode, index, true);
	if (!slot) {
		ret = -ENOMEM;
	} else if (!*slot) {
		*slot = page;
		inode->i_blocks += PAGE_SIZE / 512;
		ret = 0;
	}
	mutex_unlock(&inode->i_mutex);
	return ret;
}
