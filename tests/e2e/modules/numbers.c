// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A patch of getpid() for processes that call it all the time: it ticks those off that have been in the new function. The numbers of the
 * processes are the parameter pids; what is left of them is the file /sys/kernel/numbers/left.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>

static DEFINE_MUTEX(lock); /* the numbers */
static int pids[NR_CPUS];
static unsigned int left;
module_param_array(pids, int, &left, 0);

static ssize_t left_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(left));
}

static struct kobj_attribute left_attr = __ATTR_RO(left);
static struct kobject *dir;

static asmlinkage long new_getpid(void)
{
	if (READ_ONCE(left)) {
		mutex_lock(&lock);
		for (unsigned int i = 0; i < ARRAY_SIZE(pids); i++)
			if (pids[i] == task_pid_vnr(current)) {
				pids[i] = 0;
				left--;
			}
		mutex_unlock(&lock);
	}
	return task_tgid_vnr(current);
}

static struct klp_func funcs[] = { { .old_name = "__x64_sys_getpid", .new_func = new_getpid }, {} };
static struct klp_object objs[] = { { .funcs = funcs }, {} };
static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objs };

static int start(void)
{
	int ret;

	dir = kobject_create_and_add("numbers", kernel_kobj);
	if (!dir)
		return -ENOMEM;
	ret = sysfs_create_file(dir, &left_attr.attr);
	if (!ret)
		ret = klp_enable_patch(&patch);
	if (ret)
		kobject_put(dir);
	return ret;
}

static void stop(void)
{
	kobject_put(dir);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
