/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues of sleeping tasks.
 *
 * Protocol: a waiter puts itself on the queue and sets its state before it
 * looks at the condition; a waker changes the condition before it wakes. So no
 * wake-up is lost. wait_event_*() do it right.
 */
#ifndef _LINUX_WAIT_H
#define _LINUX_WAIT_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/spinlock.h>

struct task_struct;
struct wait_queue_entry;

typedef int (*wait_queue_func_t)(struct wait_queue_entry *, unsigned int mode, int flags,
				 void *key);

#define WQ_FLAG_EXCLUSIVE 1

typedef struct wait_queue_entry {
	unsigned int flags;
	void *private; /* the task */
	wait_queue_func_t func;
	struct list_head entry; /* wait_queue_head.head, its lock */
} wait_queue_entry_t;

typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
} wait_queue_head_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(name)                           \
	{                                                             \
		.lock = { 0, 0 }, .head = LIST_HEAD_INIT((name).head) \
	}
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = __WAIT_QUEUE_HEAD_INITIALIZER(name)

static inline void init_waitqueue_head(wait_queue_head_t *q)
{
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->head);
}
int default_wake_function(wait_queue_entry_t *, unsigned int mode, int flags, void *key);
int autoremove_wake_function(wait_queue_entry_t *, unsigned int mode, int flags, void *key);
void init_waitqueue_entry(wait_queue_entry_t *, struct task_struct *);
#define DEFINE_WAIT_FUNC(name, function)                \
	wait_queue_entry_t name = { .private = current, \
				    .func = function,   \
				    .entry = LIST_HEAD_INIT((name).entry) }
#define DEFINE_WAIT(name) DEFINE_WAIT_FUNC(name, autoremove_wake_function)
#define DECLARE_WAITQUEUE(name, task)                              \
	wait_queue_entry_t name = { .private = task,               \
				    .func = default_wake_function, \
				    .entry = LIST_HEAD_INIT((name).entry) }
void add_wait_queue(wait_queue_head_t *, wait_queue_entry_t *);
void remove_wait_queue(wait_queue_head_t *, wait_queue_entry_t *);
void prepare_to_wait(wait_queue_head_t *, wait_queue_entry_t *, int state);
void prepare_to_wait_exclusive(wait_queue_head_t *, wait_queue_entry_t *, int state);
void finish_wait(wait_queue_head_t *, wait_queue_entry_t *);

void __wake_up(wait_queue_head_t *, unsigned int mode, int nr_exclusive, void *key);
#define wake_up(q)		     __wake_up(q, TASK_NORMAL, 1, NULL)
#define wake_up_all(q)		     __wake_up(q, TASK_NORMAL, 0, NULL)
#define wake_up_interruptible(q)     __wake_up(q, TASK_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_all(q) __wake_up(q, TASK_INTERRUPTIBLE, 0, NULL)

/* 0, or -ERESTARTSYS when a signal came first */
#define ___wait_event(q, condition, state, sleep)                                      \
	({                                                                             \
		DEFINE_WAIT(__wait);                                                   \
		long __ret = 0;                                                        \
		for (;;) {                                                             \
			prepare_to_wait(&(q), &__wait, state);                         \
			if (condition)                                                 \
				break;                                                 \
			if (((state)&TASK_INTERRUPTIBLE) && signal_pending(current)) { \
				__ret = -ERESTARTSYS;                                  \
				break;                                                 \
			}                                                              \
			sleep;                                                         \
		}                                                                      \
		finish_wait(&(q), &__wait);                                            \
		__ret;                                                                 \
	})
#define wait_event(q, condition)                                                       \
	do {                                                                           \
		if (!(condition))                                                      \
			___wait_event(q, condition, TASK_UNINTERRUPTIBLE, schedule()); \
	} while (0)
#define wait_event_interruptible(q, condition) \
	((condition) ? 0 : (int)___wait_event(q, condition, TASK_INTERRUPTIBLE, schedule()))
#define wait_event_killable(q, condition) wait_event_interruptible(q, condition)
/* ticks left (at least 1) if the condition came true, 0 on time-out */
#define wait_event_timeout(q, condition, timeout)                                   \
	({                                                                          \
		long __t = (timeout);                                               \
		if (!(condition))                                                   \
			___wait_event(q, (condition) || !__t, TASK_UNINTERRUPTIBLE, \
				      __t = schedule_timeout(__t));                 \
		(condition) ? (__t ? __t : 1) : 0;                                  \
	})
#define wait_event_interruptible_timeout(q, condition, timeout)                         \
	({                                                                              \
		long __t = (timeout), __r = 0;                                          \
		if (!(condition))                                                       \
			__r = ___wait_event(q, (condition) || !__t, TASK_INTERRUPTIBLE, \
					    __t = schedule_timeout(__t));               \
		__r ? __r : (condition) ? (__t ? __t : 1) : 0;                          \
	})

#include <linux/sched.h>
#endif
