// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device numbers: which operations a device node means. A driver registers a
 * number with a name; the node appears in /dev at once, or when /dev is
 * mounted. The table is fixed, because a device number is ABI.
 */
#include <linux/fs.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include "internal.h"

#define MAX_DEVICES 32

static struct device_entry {
	const char *name;
	umode_t mode;
	dev_t dev;
	const struct file_operations *fops;
	void *private;
} devices[MAX_DEVICES];

static unsigned int nr_devices;
static DEFINE_SPINLOCK(devices_lock);
static bool dev_mounted;

static void make_device_node(struct device_entry *entry)
{
	char path[40];
	int ret;

	snprintf(path, sizeof(path), "/dev/%s", entry->name);
	ret = vfs_mknod(path, entry->mode, entry->dev);
	if (ret && ret != -EEXIST)
		printk(KERN_WARNING "%s: cannot make node: error %d\n", path, -ret);
}

int register_device(const char *name, umode_t type, dev_t dev, umode_t perm,
		    const struct file_operations *fops, void *private)
{
	struct device_entry *entry;

	spin_lock(&devices_lock);
	if (nr_devices == MAX_DEVICES) {
		spin_unlock(&devices_lock);
		return -ENOSPC;
	}
	entry = &devices[nr_devices];
	entry->name = name;
	entry->mode = type | perm;
	entry->dev = dev;
	entry->fops = fops;
	entry->private = private;
	nr_devices++;
	spin_unlock(&devices_lock);
	if (dev_mounted)
		make_device_node(entry);
	return 0;
}

const struct file_operations *device_fops(umode_t type, dev_t dev, void **private)
{
	unsigned int i;

	for (i = 0; i < nr_devices; i++) {
		if ((devices[i].mode & S_IFMT) != type || devices[i].dev != dev)
			continue;
		*private = devices[i].private;
		return devices[i].fops;
	}
	return NULL;
}

void devices_init(void)
{
	unsigned int i;

	dev_mounted = true;
	for (i = 0; i < nr_devices; i++)
		make_device_node(&devices[i]);
}
