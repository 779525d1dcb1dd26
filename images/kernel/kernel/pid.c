// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers of tasks, and finding a task by its number.
 *
 * A number is taken from alloc_pid() to free_pid(), that is until the task has
 * been waited for. Numbers go round, so that one rests before it is used again.
 * An upgrade takes the numbers it needs by name.
 */
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/sched.h>
#include "fork.h"

static DEFINE_SPINLOCK(pid_lock); /* pid_used, last_pid */
static DECLARE_BITMAP(pid_used, MAX_PID);
static struct task_struct *pid_table[MAX_PID]; /* tasklist_lock */
pid_t last_pid;

pid_t alloc_pid(pid_t wanted)
{
	unsigned long flags, pid;

	if (wanted < 0 || wanted >= MAX_PID)
		return -EINVAL;
	spin_lock_irqsave(&pid_lock, flags);
	if (wanted) {
		pid = test_bit(wanted, pid_used) ? -EEXIST : wanted;
	} else {
		pid = find_next_zero_bit(pid_used, MAX_PID, last_pid + 1);
		if (pid >= MAX_PID)
			pid = find_next_zero_bit(pid_used, MAX_PID, 300);
		if (pid >= MAX_PID)
			pid = -EAGAIN;
		else
			last_pid = pid;
	}
	if ((long)pid > 0)
		__set_bit(pid, pid_used);
	spin_unlock_irqrestore(&pid_lock, flags);
	return pid;
}

void free_pid(pid_t pid)
{
	unsigned long flags;

	spin_lock_irqsave(&pid_lock, flags);
	__clear_bit(pid, pid_used);
	spin_unlock_irqrestore(&pid_lock, flags);
}

/* The first number from @pid on that is taken, at this moment; MAX_PID: none is. */
pid_t find_ge_pid(pid_t pid)
{
	return find_next_bit(pid_used, MAX_PID, pid);
}

void pid_table_set(pid_t pid, struct task_struct *task)
{
	lockdep_assert_held(&tasklist_lock);
	pid_table[pid] = task;
}

struct task_struct *find_task_by_vpid(pid_t pid)
{
	lockdep_assert_held(&tasklist_lock);
	return pid > 0 && pid < MAX_PID ? READ_ONCE(pid_table[pid]) : NULL;
}

struct task_struct *find_get_task_by_vpid(pid_t pid)
{
	struct task_struct *task;

	spin_lock(&tasklist_lock);
	task = find_task_by_vpid(pid);
	if (task)
		get_task_struct(task);
	spin_unlock(&tasklist_lock);
	return task;
}
