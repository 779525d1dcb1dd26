// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sleeping locks. mutex_unlock() hands the lock to the waiter that came first,
 * so nobody starves and nobody has to compete after a wake-up.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/sched.h>

struct mutex_waiter {
	struct list_head list;
	struct task_struct *task;
};

void mutex_lock(struct mutex *m)
{
	struct mutex_waiter waiter = { .task = current };
	unsigned long flags;

	DEBUG_ASSERT(lockdep_may_lock(m));
	lockdep_acquire_mutex(m);
	spin_lock_irqsave(&m->wait_lock, flags);
	if (!m->owner) {
		WRITE_ONCE(m->owner, current);
		spin_unlock_irqrestore(&m->wait_lock, flags);
		return;
	}
	BUG_ON(m->owner == current);
	list_add_tail(&waiter.list, &m->wait_list);
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (m->owner == current)
			break;
		spin_unlock_irqrestore(&m->wait_lock, flags);
		schedule();
		spin_lock_irqsave(&m->wait_lock, flags);
	}
	__set_current_state(TASK_RUNNING);
	spin_unlock_irqrestore(&m->wait_lock, flags);
}

void mutex_unlock(struct mutex *m)
{
	struct mutex_waiter *next;
	unsigned long flags;

	spin_lock_irqsave(&m->wait_lock, flags);
	BUG_ON(m->owner != current);
	next = list_first_entry_or_null(&m->wait_list, struct mutex_waiter, list);
	WRITE_ONCE(m->owner, next ? next->task : NULL);
	if (next) {
		list_del(&next->list);
		wake_up_process(next->task);
	}
	spin_unlock_irqrestore(&m->wait_lock, flags);
}
