// SPDX-License-Identifier: GPL-2.0-or-later
/* /sys/kernel/liveupdate: what is loaded, what is going on, what came of the last upgrade. */
#include <linux/init.h>
#include <linux/kobject.h>
#include "internal.h"

static const char *const state_names[] = { "normal", "prepared", "frozen", "updated" };

/* A file of one line. */
#define LINE(name, format, value)                                                                \
	static ssize_t name##_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf) \
	{                                                                                        \
		return sysfs_emit(buf, format "\n", value);                                      \
	}                                                                                        \
	static struct kobj_attribute name##_attr = __ATTR_RO(name)

LINE(state, "%s", state_names[liveupdate_state]);
LINE(number, "%llu", liveupdate_number);
/* the release that kexec_file_load() has brought; empty if there is none */
LINE(loaded, "%s", next_kernel.loaded ? next_kernel.release : "");
LINE(refusal, "%s", liveupdate_refusal);
LINE(arena, "%c", arena_virt == ARENA_A_VIRT ? 'A' : 'B');

static ssize_t ledger_attr_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return ledger_show(buf);
}
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
