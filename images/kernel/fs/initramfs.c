// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unpacks cpio archives ("newc", cpio(5)) into the root: what the boot loader
 * brought as the initial RAM disk. Several archives may follow each other, with
 * zero bytes between them; later files replace earlier ones. The archive is
 * outside data: each length is checked against what is left before it is used,
 * and a bad archive ends the unpacking with a message, not the kernel.
 */
#include <linux/fs.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/mm.h>
#include "internal.h"

#define HEADER_SIZE 110 /* magic and 13 numbers of 8 hexadecimal digits */

enum {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_SIZE,
	F_DEVMAJOR,
	F_DEVMINOR,
	F_RDEVMAJOR,
	F_RDEVMINOR,
	F_NAMESIZE,
	F_CHECK,
	F_COUNT
};

static unsigned int hex_digit(unsigned char c)
{
	unsigned int digit = c - '0';

	if (digit <= 9)
		return digit;
	digit = (c | 0x20) - 'a';
	return digit <= 5 ? digit + 10 : 16;
}

static int parse_header(const char *p, unsigned long field[F_COUNT])
{
	int i, j;

	if (memcmp(p, "070701", 6) && memcmp(p, "070702", 6))
		return -EINVAL;
	p += 6;
	for (i = 0; i < F_COUNT; i++) {
		unsigned long value = 0;

		for (j = 0; j < 8; j++, p++) {
			unsigned int digit = hex_digit(*p);

			if (digit > 15)
				return -EINVAL;
			value = value << 4 | digit;
		}
		field[i] = value;
	}
	return 0;
}

/* Directories that lead to @path and that the archive did not name first. */
static void make_parents(char *path)
{
	char *p;

	for (p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		vfs_mkdir(path, 0755);
		*p = '/';
	}
}

static void set_attributes(const char *path, const unsigned long field[F_COUNT])
{
	struct dentry *d = kern_path(path, 0);

	if (IS_ERR(d))
		return;
	d->d_inode->i_mode = (d->d_inode->i_mode & S_IFMT) | (field[F_MODE] & 07777);
	d->d_inode->i_uid = field[F_UID];
	d->d_inode->i_gid = field[F_GID];
	d->d_inode->i_mtime_ns = field[F_MTIME] * 1000000000ULL;
	dput(d);
}

static int write_file(const char *path, const char *data, unsigned long size, umode_t mode)
{
	struct file *file = filp_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, data, size, &pos);
	fput(file);
	return n == (ssize_t)size ? 0 : -ENOSPC;
}

static int make_entry(char *path, const char *data, const unsigned long field[F_COUNT])
{
	umode_t mode = field[F_MODE];
	char *target;
	int ret;

	make_parents(path);
	switch (mode & S_IFMT) {
	case S_IFDIR:
		ret = vfs_mkdir(path, mode & 07777);
		if (ret == -EEXIST)
			ret = 0;
		break;
	case S_IFREG:
		ret = write_file(path, data, field[F_SIZE], mode & 07777);
		break;
	case S_IFLNK:
		target = kzalloc(field[F_SIZE] + 1, GFP_KERNEL);
		if (!target)
			return -ENOMEM;
		memcpy(target, data, field[F_SIZE]);
		ret = make_node_at(AT_FDCWD, path, S_IFLNK | 0777, 0, target);
		kfree(target);
		break;
	default:
		ret = vfs_mknod(path, mode, MKDEV(field[F_RDEVMAJOR], field[F_RDEVMINOR]));
	}
	if (ret == -EEXIST) /* a device the kernel made itself, a link made twice */
		return 0;
	if (!ret)
		set_attributes(path, field);
	return ret;
}

void populate_rootfs(unsigned long start_phys, unsigned long len)
{
	const char *archive = __va(start_phys);
	unsigned long pos = 0, field[F_COUNT], name_at, data_at, next, files = 0;
	char *path = kmalloc(PATH_MAX + 2, GFP_KERNEL);
	int ret;

	if (!path)
		panic("populate_rootfs: no memory");
	for (;;) {
		while (pos < len && archive[pos] == 0) /* between two archives */
			pos++;
		pos &= ~3UL;
		if (pos + HEADER_SIZE > len)
			break;
		if (parse_header(archive + pos, field)) {
			printk(KERN_ERR "initramfs: bad header at byte %lu\n", pos);
			break;
		}
		name_at = pos + HEADER_SIZE;
		data_at = ALIGN(name_at + field[F_NAMESIZE], 4);
		next = ALIGN(data_at + field[F_SIZE], 4);
		if (!field[F_NAMESIZE] || field[F_NAMESIZE] > PATH_MAX || data_at > len ||
		    field[F_SIZE] > len - data_at) {
			printk(KERN_ERR "initramfs: truncated at byte %lu\n", pos);
			break;
		}
		path[0] = '/';
		memcpy(path + 1, archive + name_at, field[F_NAMESIZE]);
		path[field[F_NAMESIZE]] = 0;
		if (strcmp(path, "/TRAILER!!!")) {
			ret = make_entry(path, archive + data_at, field);
			if (ret)
				printk(KERN_WARNING "initramfs: %s: error %d\n", path + 1, -ret);
			files++;
		}
		pos = next;
	}
	kfree(path);
	printk(KERN_INFO "initramfs: unpacked %lu entries\n", files);
}
