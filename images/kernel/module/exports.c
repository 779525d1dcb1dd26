// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What modules may link against, besides what module/, trace/ and livepatch/
 * export themselves: one list, so that it can be read as the module API.
 * Livepatch modules reach everything else by .klp.sym symbols.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>
#include <linux/wait.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/proc_fs.h>
#include <linux/kobject.h>
#include <linux/uaccess.h>
#include <linux/module.h>

/* printing and text */
EXPORT_SYMBOL(printk);
EXPORT_SYMBOL(snprintf);
EXPORT_SYMBOL(scnprintf);
EXPORT_SYMBOL(sprintf);
EXPORT_SYMBOL(memcpy);
EXPORT_SYMBOL(memmove);
EXPORT_SYMBOL(memset);
EXPORT_SYMBOL(memcmp);
EXPORT_SYMBOL(strlen);
EXPORT_SYMBOL(strcmp);
EXPORT_SYMBOL(strncmp);
EXPORT_SYMBOL(strchr);
EXPORT_SYMBOL(strscpy);
EXPORT_SYMBOL(kstrdup);
EXPORT_SYMBOL(kstrtoint);
EXPORT_SYMBOL(kstrtoul);
EXPORT_SYMBOL(panic);

/* memory */
EXPORT_SYMBOL(kmalloc);
EXPORT_SYMBOL(kfree);
EXPORT_SYMBOL(copy_to_user);
EXPORT_SYMBOL(copy_from_user);

/* tasks, waiting, threads, work */
EXPORT_SYMBOL(schedule);
EXPORT_SYMBOL(preempt_schedule);
EXPORT_SYMBOL(schedule_timeout);
EXPORT_SYMBOL(schedule_timeout_interruptible);
EXPORT_SYMBOL(schedule_timeout_uninterruptible);
EXPORT_SYMBOL(msleep);
EXPORT_SYMBOL(__cond_resched);
EXPORT_SYMBOL(wake_up_process);
EXPORT_SYMBOL(kthread_create_on_node);
EXPORT_SYMBOL(kthread_stop);
EXPORT_SYMBOL(kthread_should_stop);
EXPORT_SYMBOL(mutex_lock);
EXPORT_SYMBOL(mutex_unlock);
EXPORT_SYMBOL(__wake_up);
EXPORT_SYMBOL(prepare_to_wait);
EXPORT_SYMBOL(finish_wait);
EXPORT_SYMBOL(autoremove_wake_function);
EXPORT_SYMBOL(complete);
EXPORT_SYMBOL(wait_for_completion);
EXPORT_SYMBOL(system_wq);
EXPORT_SYMBOL(queue_work);
EXPORT_SYMBOL(queue_delayed_work);
EXPORT_SYMBOL(flush_work);
EXPORT_SYMBOL(cancel_delayed_work_sync);
EXPORT_SYMBOL(delayed_work_timer_fn);
EXPORT_SYMBOL(timer_setup);
EXPORT_SYMBOL(synchronize_rcu);

/* files in /proc and /sys */
EXPORT_SYMBOL(seq_printf);
EXPORT_SYMBOL(seq_puts);
EXPORT_SYMBOL(seq_putc);
EXPORT_SYMBOL(seq_read);
EXPORT_SYMBOL(seq_lseek);
EXPORT_SYMBOL(seq_write);
EXPORT_SYMBOL(single_open);
EXPORT_SYMBOL(single_release);
EXPORT_SYMBOL(proc_create);
EXPORT_SYMBOL(proc_create_data);
EXPORT_SYMBOL(proc_create_single_data);
EXPORT_SYMBOL(proc_mkdir);
EXPORT_SYMBOL(proc_remove);
EXPORT_SYMBOL(remove_proc_entry);
EXPORT_SYMBOL(pde_data);
EXPORT_SYMBOL(kernel_kobj);
EXPORT_SYMBOL(kobject_create_and_add);
EXPORT_SYMBOL(kobject_put);
EXPORT_SYMBOL(kobj_sysfs_ops);
EXPORT_SYMBOL(kobject_init);
EXPORT_SYMBOL(kobject_add);
EXPORT_SYMBOL(kobject_init_and_add);
EXPORT_SYMBOL(kobject_del);
EXPORT_SYMBOL(kobject_get);
EXPORT_SYMBOL(sysfs_create_file);
EXPORT_SYMBOL(sysfs_remove_file);
EXPORT_SYMBOL(sysfs_emit);
EXPORT_SYMBOL(sysfs_create_files);
EXPORT_SYMBOL(sysfs_create_group);
EXPORT_SYMBOL(sysfs_remove_group);
EXPORT_SYMBOL(sysfs_create_bin_file);
EXPORT_SYMBOL(sysfs_remove_bin_file);
