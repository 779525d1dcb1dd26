// SPDX-License-Identifier: GPL-2.0-or-later
/* /sys/kernel/liveupdate: what is loaded, what is going on, what came of the last upgrade. */
#include <linux/init.h>
#include <linux/kobject.h>
#include "internal.h"

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	static const char *const names[] = { "normal", "prepared", "frozen", "updated" };

	return sysfs_emit(buf, "%s\n", names[liveupdate_state]);
}

static ssize_t number_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", liveupdate_number);
}

/* The release that kexec_file_load() has brought; empty if there is none. */
static ssize_t loaded_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", next_kernel.loaded ? next_kernel.release : "");
}

static ssize_t refusal_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", liveupdate_refusal);
}

static ssize_t arena_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%c\n", arena_virt == ARENA_A_VIRT ? 'A' : 'B');
}

static ssize_t ledger_attr_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return ledger_show(buf);
}

static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute number_attr = __ATTR_RO(number);
static struct kobj_attribute loaded_attr = __ATTR_RO(loaded);
static struct kobj_attribute refusal_attr = __ATTR_RO(refusal);
static struct kobj_attribute arena_attr = __ATTR_RO(arena);
static struct kobj_attribute ledger_attr = __ATTR(ledger, 0444, ledger_attr_show, NULL);

static const struct attribute *const attributes[] = {
	&state_attr.attr,
	&number_attr.attr,
	&loaded_attr.attr,
	&refusal_attr.attr,
	&arena_attr.attr,
	&ledger_attr.attr,
	NULL,
};

static int liveupdate_sysfs_init(void)
{
	struct kobject *kobj = kobject_create_and_add("liveupdate", kernel_kobj);

	return kobj ? sysfs_create_files(kobj, attributes) : -ENOMEM;
}
late_initcall(liveupdate_sysfs_init);
