// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for readers (linux/rcupdate.h). A reader cannot be preempted, so once
 * a function has run on a CPU by way of its scheduler, every section that was
 * entered there before has ended.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

static void nothing(struct work_struct *work)
{
}

void synchronize_rcu(void)
{
	if (num_online_cpus() > 1)
		schedule_on_each_cpu(nothing);
}
