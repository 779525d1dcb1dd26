// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What modules may link against, besides what module/, trace/ and livepatch/
 * export themselves: one list, so that it can be read as the module API.
 * Livepatch modules reach everything else by .klp.sym symbols.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/slab.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/sched.h>
#include <linux/kthread.h>
#include <linux/workqueue.h>
#include <linux/wait.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/proc_fs.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/uaccess.h>
#include <linux/module.h>

/* printing and text */
EXPORT_SYMBOL(printk);
EXPORT_SYMBOL(snprintf);
EXPORT_SYMBOL(scnprintf);
EXPORT_SYMBOL(sprintf);
EXPORT_SYMBOL(vsnprintf);
EXPORT_SYMBOL(vscnprintf);
EXPORT_SYMBOL(memcpy);
EXPORT_SYMBOL(memmove);
EXPORT_SYMBOL(memset);
EXPORT_SYMBOL(memcmp);
EXPORT_SYMBOL(strlen);
EXPORT_SYMBOL(strcmp);
EXPORT_SYMBOL(strncmp);
EXPORT_SYMBOL(strchr);
EXPORT_SYMBOL(strscpy);
EXPORT_SYMBOL(strcpy);
EXPORT_SYMBOL(strlcpy);
EXPORT_SYMBOL(strnlen);
EXPORT_SYMBOL(strrchr);
EXPORT_SYMBOL(strchrnul);
EXPORT_SYMBOL(strstr);
EXPORT_SYMBOL(strspn);
EXPORT_SYMBOL(strcspn);
EXPORT_SYMBOL(strim);
EXPORT_SYMBOL(skip_spaces);
EXPORT_SYMBOL(kstrdup);
EXPORT_SYMBOL(kstrtoint);
EXPORT_SYMBOL(kstrtoul);
EXPORT_SYMBOL(kstrtol);
EXPORT_SYMBOL(kstrtouint);
EXPORT_SYMBOL(kstrtobool);
EXPORT_SYMBOL(simple_strtoul);
EXPORT_SYMBOL(simple_strtoull);
EXPORT_SYMBOL(get_random_bytes);
EXPORT_SYMBOL(find_next_bit);
EXPORT_SYMBOL(find_next_zero_bit);
EXPORT_SYMBOL(dump_stack);
EXPORT_SYMBOL(panic);
EXPORT_SYMBOL(__bug);
EXPORT_SYMBOL(__warn);

/* memory */
EXPORT_SYMBOL(kmalloc);
EXPORT_SYMBOL(kfree);
EXPORT_SYMBOL(kmem_cache_create);
EXPORT_SYMBOL(kmem_cache_alloc);
EXPORT_SYMBOL(kmem_cache_free);
EXPORT_SYMBOL(vmalloc);
EXPORT_SYMBOL(vzalloc);
EXPORT_SYMBOL(vfree);
EXPORT_SYMBOL(__get_free_pages);
EXPORT_SYMBOL(get_zeroed_page);
EXPORT_SYMBOL(free_pages);
EXPORT_SYMBOL(copy_to_user);
EXPORT_SYMBOL(copy_from_user);
EXPORT_SYMBOL(clear_user);
EXPORT_SYMBOL(strncpy_from_user);
EXPORT_SYMBOL(strnlen_user);

/* tasks, waiting, threads, work, time */
EXPORT_SYMBOL(schedule);
EXPORT_SYMBOL(preempt_schedule);
EXPORT_SYMBOL(schedule_timeout);
EXPORT_SYMBOL(schedule_timeout_interruptible);
EXPORT_SYMBOL(schedule_timeout_uninterruptible);
EXPORT_SYMBOL(msleep);
EXPORT_SYMBOL(__cond_resched);
EXPORT_SYMBOL(yield);
EXPORT_SYMBOL(wake_up_process);
EXPORT_SYMBOL(kthread_create_on_node);
EXPORT_SYMBOL(kthread_stop);
EXPORT_SYMBOL(kthread_should_stop);
EXPORT_SYMBOL(kthread_should_park);
EXPORT_SYMBOL(kthread_parkme);
EXPORT_SYMBOL(mutex_lock);
EXPORT_SYMBOL(mutex_unlock);
EXPORT_SYMBOL(__wake_up);
EXPORT_SYMBOL(prepare_to_wait);
EXPORT_SYMBOL(finish_wait);
EXPORT_SYMBOL(prepare_to_wait_exclusive);
EXPORT_SYMBOL(add_wait_queue);
EXPORT_SYMBOL(remove_wait_queue);
EXPORT_SYMBOL(init_waitqueue_entry);
EXPORT_SYMBOL(default_wake_function);
EXPORT_SYMBOL(autoremove_wake_function);
EXPORT_SYMBOL(complete);
EXPORT_SYMBOL(wait_for_completion);
EXPORT_SYMBOL(complete_all);
EXPORT_SYMBOL(try_wait_for_completion);
EXPORT_SYMBOL(system_wq);
EXPORT_SYMBOL(alloc_workqueue);
EXPORT_SYMBOL(queue_work);
EXPORT_SYMBOL(queue_delayed_work);
EXPORT_SYMBOL(flush_work);
EXPORT_SYMBOL(cancel_delayed_work_sync);
EXPORT_SYMBOL(cancel_delayed_work);
EXPORT_SYMBOL(delayed_work_timer_fn);
EXPORT_SYMBOL(jiffies);
EXPORT_SYMBOL(timer_setup);
EXPORT_SYMBOL(mod_timer);
EXPORT_SYMBOL(del_timer);
EXPORT_SYMBOL(del_timer_sync);
EXPORT_SYMBOL(hrtimer_init);
EXPORT_SYMBOL(hrtimer_start);
EXPORT_SYMBOL(hrtimer_cancel);
EXPORT_SYMBOL(hrtimer_try_to_cancel);
EXPORT_SYMBOL(hrtimer_forward_now);
EXPORT_SYMBOL(hrtimer_get_remaining);
EXPORT_SYMBOL(ktime_get_ns);
EXPORT_SYMBOL(ktime_get_real_ns);
EXPORT_SYMBOL(local_clock);
EXPORT_SYMBOL(udelay);
EXPORT_SYMBOL(mdelay);
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
