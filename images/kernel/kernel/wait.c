// SPDX-License-Identifier: GPL-2.0-or-later
/* Wait queues and completions (linux/wait.h, linux/completion.h). */
#include <linux/completion.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/wait.h>

void init_waitqueue_entry(wait_queue_entry_t *entry, struct task_struct *task)
{
	entry->flags = 0;
	entry->private = task;
	entry->func = default_wake_function;
	INIT_LIST_HEAD(&entry->entry);
}

int default_wake_function(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	return try_to_wake_up(entry->private, mode);
}

/* The waiter leaves the queue when it is woken, so that the next wake-up finds another. */
int autoremove_wake_function(wait_queue_entry_t *entry, unsigned int mode, int flags, void *key)
{
	int woken = default_wake_function(entry, mode, flags, key);

	if (woken)
		list_del_init(&entry->entry);
	return woken;
}

void add_wait_queue(wait_queue_head_t *q, wait_queue_entry_t *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	list_add(&entry->entry, &q->head);
	spin_unlock_irqrestore(&q->lock, flags);
}

void remove_wait_queue(wait_queue_head_t *q, wait_queue_entry_t *entry)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	list_del_init(&entry->entry);
	spin_unlock_irqrestore(&q->lock, flags);
}

void prepare_to_wait(wait_queue_head_t *q, wait_queue_entry_t *entry, int state)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	entry->flags &= ~WQ_FLAG_EXCLUSIVE;
	if (list_empty(&entry->entry))
		list_add(&entry->entry, &q->head);
	/* on the queue before the caller looks at its condition */
	set_current_state(state);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* Behind all others: of those who wait so, a wake-up takes one. */
void prepare_to_wait_exclusive(wait_queue_head_t *q, wait_queue_entry_t *entry, int state)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	entry->flags |= WQ_FLAG_EXCLUSIVE;
	if (list_empty(&entry->entry))
		list_add_tail(&entry->entry, &q->head);
	set_current_state(state);
	spin_unlock_irqrestore(&q->lock, flags);
}

void finish_wait(wait_queue_head_t *q, wait_queue_entry_t *entry)
{
	__set_current_state(TASK_RUNNING);
	/* the lock also when it is off the queue: the waker may still look at the entry */
	remove_wait_queue(q, entry);
}

void __wake_up(wait_queue_head_t *q, unsigned int mode, int nr_exclusive, void *key)
{
	wait_queue_entry_t *entry, *next;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	list_for_each_entry_safe(entry, next, &q->head, entry) {
		bool exclusive = entry->flags & WQ_FLAG_EXCLUSIVE;

		if (entry->func(entry, mode, 0, key) && exclusive && !--nr_exclusive)
			break;
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

/* ---- completions; x->wait.lock protects x->done ---- */

static void finish(struct completion *x, bool all)
{
	wait_queue_entry_t *entry, *next;
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	if (all)
		x->done = UINT_MAX;
	else if (x->done != UINT_MAX)
		x->done++;
	/* under the lock: the waiter's stack holds the entry, and perhaps the completion */
	list_for_each_entry_safe(entry, next, &x->wait.head, entry)
		if (entry->func(entry, TASK_NORMAL, 0, NULL) && !all)
			break;
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

void complete(struct completion *x)
{
	finish(x, false);
}

void complete_all(struct completion *x)
{
	finish(x, true);
}

bool try_wait_for_completion(struct completion *x)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&x->wait.lock, flags);
	done = x->done != 0;
	if (done && x->done != UINT_MAX)
		x->done--;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}

/* Ticks left (at least 1), 0 when time is up, -ERESTARTSYS. */
static long wait_common(struct completion *x, int state, long ticks)
{
	DEFINE_WAIT(wait);
	long ret = 0;

	for (;;) {
		prepare_to_wait(&x->wait, &wait, state);
		if (try_wait_for_completion(x)) {
			ret = ticks > 0 ? ticks : 1;
			break;
		}
		if (state == TASK_INTERRUPTIBLE && signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (ticks <= 0)
			break;
		ticks = schedule_timeout(ticks);
	}
	finish_wait(&x->wait, &wait);
	return ret;
}

void wait_for_completion(struct completion *x)
{
	wait_common(x, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
}
