/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks that sleep. Never taken in an interrupt or under a spin lock. */
#ifndef _LINUX_MUTEX_H
#define _LINUX_MUTEX_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>

struct task_struct;

struct mutex {
	struct task_struct *owner; /* NULL = free; wait_lock */
	spinlock_t wait_lock;
	struct list_head wait_list; /* oldest first; wait_lock */
};

#define __MUTEX_INITIALIZER(name)                             \
	{                                                     \
		.wait_list = LIST_HEAD_INIT((name).wait_list) \
	}
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)

static inline void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	spin_lock_init(&m->wait_lock);
	INIT_LIST_HEAD(&m->wait_list);
}
void mutex_lock(struct mutex *);
void mutex_unlock(struct mutex *);
static inline bool mutex_is_locked(struct mutex *m)
{
	return READ_ONCE(m->owner) != NULL;
}

/* one writer or many readers, here always one */
#define rw_semaphore	    mutex
#define DECLARE_RWSEM(name) DEFINE_MUTEX(name)
#define init_rwsem	    mutex_init
#define down_read	    mutex_lock
#define up_read		    mutex_unlock
#define down_write	    mutex_lock
#define up_write	    mutex_unlock

#endif
