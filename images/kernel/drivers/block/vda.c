// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /dev/vda: the disk as a file of bytes.
 *
 * A small cache of pages lies between: a page is read when first touched and
 * written through at once, so nothing is ever dirty and a live upgrade may drop
 * all of it. The oldest page makes room. Must not know the device.
 */
#include <linux/fs.h>
#include <linux/errno.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/virtio_blk.h>

#define CACHE_PAGES  64
#define BLKGETSIZE64 0x80081272
#define BLKGETSIZE   0x1260
#define BLKSSZGET    0x1268
#define BLKFLSBUF    0x1261

static DEFINE_MUTEX(cache_mutex); /* protects what follows */
static struct cache_page {
	struct page *page;
	u64 index;
	u64 last_use;
} cache[CACHE_PAGES];
static u64 cache_clock;

static u64 disk_bytes(void)
{
	struct virtio_blk_state s;

	virtio_blk_get_state(&s);
	return s.capacity * 512;
}

/* Bytes of page @index that the disk has. */
static size_t page_bytes(u64 index, u64 size)
{
	return min_t(u64, PAGE_SIZE, size - index * PAGE_SIZE);
}

/* The page of the cache for @index, its contents read; with the mutex. */
static struct page *cached(u64 index, u64 size, bool read)
{
	struct cache_page *slot = &cache[0];
	int i, ret;

	lockdep_assert_held(&cache_mutex);
	for (i = 0; i < CACHE_PAGES; i++) {
		if (cache[i].page && cache[i].index == index) {
			cache[i].last_use = ++cache_clock;
			return cache[i].page;
		}
		if (cache[i].last_use < slot->last_use)
			slot = &cache[i];
	}
	if (!slot->page) {
		slot->page = alloc_page(GFP_KERNEL);
		if (!slot->page)
			return ERR_PTR(-ENOMEM);
	}
	slot->last_use = 0;
	slot->index = ~0ULL;
	if (read) {
		ret = virtio_blk_rw(index * 8, page_address(slot->page), page_bytes(index, size),
				    false);
		if (ret)
			return ERR_PTR(ret);
	}
	slot->index = index;
	slot->last_use = ++cache_clock;
	return slot->page;
}

static ssize_t vda_rw(char __user *buf, size_t count, loff_t *pos, bool write)
{
	u64 size = disk_bytes();
	size_t done = 0;

	while (done < count && (u64)*pos < size) {
		u64 index = *pos / PAGE_SIZE;
		unsigned int offset = *pos % PAGE_SIZE;
		size_t n = min_t(size_t, page_bytes(index, size) - offset, count - done);
		struct page *page;
		char *data;
		int ret = 0;

		mutex_lock(&cache_mutex);
		page = cached(index, size, true);
		if (IS_ERR(page)) {
			mutex_unlock(&cache_mutex);
			return done ? (ssize_t)done : PTR_ERR(page);
		}
		data = (char *)page_address(page);
		if (!write) {
			if (copy_to_user(buf + done, data + offset, n))
				ret = -EFAULT;
		} else {
			if (copy_from_user(data + offset, buf + done, n))
				ret = -EFAULT;
			/* whole sectors around what has changed */
			if (!ret)
				ret = virtio_blk_rw(index * 8 + offset / 512,
						    data + ALIGN_DOWN(offset, 512U),
						    ALIGN(offset + n, 512UL) -
							    ALIGN_DOWN(offset, 512U),
						    true);
			if (ret) /* the page and the disk may differ now */
				for (int i = 0; i < CACHE_PAGES; i++)
					if (cache[i].page == page)
						cache[i].index = ~0ULL;
		}
		mutex_unlock(&cache_mutex);
		if (ret)
			return done ? (ssize_t)done : ret;
		done += n;
		*pos += n;
	}
	return done || !write || !count ? (ssize_t)done : -ENOSPC;
}

static ssize_t vda_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	return vda_rw(buf, count, pos, false);
}

static ssize_t vda_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	return vda_rw((char __user *)buf, count, pos, true);
}

static loff_t vda_llseek(struct file *file, loff_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence == SEEK_END)
		offset += disk_bytes();
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

static long vda_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *p = (void __user *)arg;
	u64 bytes = disk_bytes();
	unsigned long sectors = bytes / 512;
	int sector_size = 512;

	switch (cmd) {
	case BLKGETSIZE64:
		return copy_to_user(p, &bytes, sizeof(bytes)) ? -EFAULT : 0;
	case BLKGETSIZE:
		return copy_to_user(p, &sectors, sizeof(sectors)) ? -EFAULT : 0;
	case BLKSSZGET:
		return copy_to_user(p, &sector_size, sizeof(sector_size)) ? -EFAULT : 0;
	case BLKFLSBUF:
		mutex_lock(&cache_mutex);
		for (int i = 0; i < CACHE_PAGES; i++)
			cache[i].index = ~0ULL;
		mutex_unlock(&cache_mutex);
		return 0;
	default:
		return -ENOTTY;
	}
}

static int vda_fsync(struct file *file)
{
	return 0; /* written through */
}

static int vda_open(struct inode *inode, struct file *file)
{
	struct virtio_blk_state s;

	virtio_blk_get_state(&s);
	if (!s.mmio_phys)
		return -ENXIO;
	return s.read_only && (file->f_mode & FMODE_WRITE) ? -EROFS : 0;
}

static const struct file_operations vda_fops = {
	.name = "vda",
	.carry = "device",
	.llseek = vda_llseek,
	.read = vda_read,
	.write = vda_write,
	.unlocked_ioctl = vda_ioctl,
	.open = vda_open,
	.fsync = vda_fsync,
};

/* The driver has a disk now: found, or taken over. */
int vda_register(void)
{
	return register_device("vda", S_IFBLK, MKDEV(254, 0), 0660, &vda_fops, NULL);
}
