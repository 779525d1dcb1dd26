// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes entries in /proc and /sys by the calls that only modules use, and does to them,
 * or to itself, what is written into /sys/kernel/entries/do:
 *
 *   withdraw	takes back the named group, the attributes beside it and the binary file
 *   hold, drop	takes and gives back a reference on the module
 *   mute, tell	stops and starts the recording of traces
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>

static struct kobject object;

/* ---- /sys/kernel/entries ---- */

static ssize_t name_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s of %s\n", attr->attr.name, kobject_name(kobj));
}

static struct kobj_attribute inside = __ATTR(inside, 0444, name_show, NULL);
static struct kobj_attribute beside = __ATTR(beside, 0444, name_show, NULL);
static struct attribute *inside_attrs[] = { &inside.attr, NULL };
static struct attribute *beside_attrs[] = { &beside.attr, NULL };
static const struct attribute_group named = { .name = "named", .attrs = inside_attrs };
static const struct attribute_group unnamed = { .attrs = beside_attrs };

static ssize_t raw_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *to, loff_t at, size_t size)
{
	if (at || size < 4)
		return 0;
	memcpy(to, "raw\n", 4);
	return 4;
}

static struct bin_attribute raw = { .attr = { .name = "raw", .mode = 0444 }, .read = raw_read };

static ssize_t do_store(struct kobject *kobj, struct kobj_attribute *attr, const char *word,
			size_t count)
{
	if (!strncmp(word, "withdraw", 8)) {
		sysfs_remove_group(kobj, &named);
		sysfs_remove_group(kobj, &unnamed);
		sysfs_remove_bin_file(kobj, &raw);
	} else if (!strncmp(word, "hold", 4)) {
		__module_get(THIS_MODULE);
	} else if (!strncmp(word, "drop", 4)) {
		module_put(THIS_MODULE);
	} else if (!strncmp(word, "mute", 4)) {
		tracing_off();
	} else if (!strncmp(word, "tell", 4)) {
		tracing_on();
	} else {
		return -EINVAL;
	}
	return count;
}

static struct kobj_attribute act = __ATTR(do, 0200, NULL, do_store);

static void object_release(struct kobject *kobj)
{
	pr_info("entries: %s is released\n", kobject_name(kobj));
}

static const struct kobj_type object_type = {
	.release = object_release,
	.sysfs_ops = &kobj_sysfs_ops,
};

static int make_object(void)
{
	int ret;

	kobject_init(&object, &object_type);
	ret = kobject_add(&object, kernel_kobj, "%s", "entries");
	if (!ret)
		ret = sysfs_create_file(&object, &act.attr);
	if (!ret)
		ret = sysfs_create_group(&object, &named);
	if (!ret)
		ret = sysfs_create_group(&object, &unnamed);
	return ret ? ret : sysfs_create_bin_file(&object, &raw);
}

/* ---- /proc/entries_data and /proc/entries_bare ---- */

static int data_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%s\n", m->private ? (const char *)m->private : "no data");
	return 0;
}

static int data_open(struct inode *inode, struct file *file)
{
	return single_open(file, data_show, pde_data(inode));
}

static const struct proc_ops data_ops = {
	.proc_open = data_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int start(void)
{
	int ret = make_object();

	if (!ret && (!proc_create_data("entries_data", 0, NULL, &data_ops, "the data") ||
		     !proc_create("entries_bare", 0400, NULL, &data_ops)))
		ret = -ENOMEM;
	return ret;
}

static void stop(void)
{
	remove_proc_entry("entries_data", NULL);
	remove_proc_entry("entries_bare", NULL);
	kobject_del(&object);
	kobject_put(&object);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
