// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared anonymous memory: a tmpfs file without a name. Its pages are the
 * file's, so a fork shares them, and a live upgrade carries them as it carries
 * every tmpfs file.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/stat.h>
#include "internal.h"

struct file *shmem_file_setup(loff_t size)
{
	struct super_block *sb, *tmpfs = NULL;
	struct inode *inode;
	struct file *file;

	mutex_lock(&vfs_mutex);
	list_for_each_entry(sb, &super_blocks, s_list) {
		if (is_tmpfs(sb)) {
			tmpfs = sb;
			break;
		}
	}
	inode = tmpfs ? tmpfs_new_inode(tmpfs, S_IFREG | 0600, 0) : NULL;
	mutex_unlock(&vfs_mutex);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_nlink = 0;
	inode->i_size = size;
	file = alloc_file(NULL, inode, O_RDWR, &tmpfs_file_operations);
	iput(inode);
	return file ? file : ERR_PTR(-ENOMEM);
}
