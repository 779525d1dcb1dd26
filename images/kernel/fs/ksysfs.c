// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /sys/kernel: what tools ask a kernel about its own image: the ELF notes (with
 * the build-id) as they lie in memory, and the types (BTF).
 */
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/string.h>

extern const char __start_notes[], __stop_notes[];
extern const char __start_BTF[], __stop_BTF[];

/* @private is the first byte; sysfs keeps @pos and @count inside @size */
static ssize_t read_memory(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			   char *buf, loff_t pos, size_t count)
{
	memcpy(buf, (const char *)attr->private + pos, count);
	return count;
}

static struct bin_attribute notes_attr = {
	.attr = { .name = "notes", .mode = 0444 },
	.read = read_memory,
};

static struct bin_attribute btf_attr = {
	.attr = { .name = "vmlinux", .mode = 0444 },
	.read = read_memory,
};

static int ksysfs_init(void)
{
	struct kobject *btf;
	int ret;

	notes_attr.private = (void *)__start_notes;
	notes_attr.size = __stop_notes - __start_notes;
	btf_attr.private = (void *)__start_BTF;
	btf_attr.size = __stop_BTF - __start_BTF;
	ret = sysfs_create_bin_file(kernel_kobj, &notes_attr);
	if (ret || !btf_attr.size)
		return ret;
	btf = kobject_create_and_add("btf", kernel_kobj);
	if (!btf)
		return -ENOMEM;
	return sysfs_create_bin_file(btf, &btf_attr);
}
fs_initcall(ksysfs_init);
