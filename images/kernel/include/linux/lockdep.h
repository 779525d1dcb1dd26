/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comments say, said to the machine. In the checked kernel, built with
 * CONFIG_DEBUG_KERNEL, what does not hold is a warning, once a place; any other
 * kernel has no code of it, and no structure differs between the two. A module is
 * built without it: what it locks itself is not seen.
 */
#ifndef _LINUX_LOCKDEP_H
#define _LINUX_LOCKDEP_H

#include <linux/bug.h>
#include <linux/types.h>

struct spinlock;
struct mutex;

/* kernel/lockdep.c: by this CPU (spin locks), by this task (mutexes) */
bool lockdep_holds_spinlock(const struct spinlock *);
bool lockdep_holds_mutex(const struct mutex *);
bool lockdep_may_lock(const struct mutex *);
#define lockdep_is_held(lock)                             \
	_Generic((lock), struct spinlock *                \
		 : lockdep_holds_spinlock, struct mutex * \
		 : lockdep_holds_mutex)(lock)

#ifdef CONFIG_DEBUG_KERNEL
#define DEBUG_ASSERT(condition) WARN_ON_ONCE(!(condition))
/* @which: the file, below images/kernel, at whose head the constraint stands, and its number there */
#define ASSERT_CONSTRAINT(which, condition) \
	WARN_ONCE(!(condition), "constraint %s does not hold", which)
/* Where going on would destroy something. */
#define BUG_UNLESS_CONSTRAINT(which, condition) BUG_ON(ASSERT_CONSTRAINT(which, condition))
void lockdep_acquire(const struct spinlock *);
void lockdep_acquired(const struct spinlock *);
void lockdep_released(const struct spinlock *);
void lockdep_acquire_mutex(const struct mutex *);
/* Nobody else runs, so all locks count as held: while an upgrade stands between two kernels. */
void lockdep_stand_still(bool all);
#else
#define DEBUG_ASSERT(condition)            \
	do {                               \
		if (0)                     \
			(void)(condition); \
	} while (0)
#define ASSERT_CONSTRAINT(which, condition)	DEBUG_ASSERT(condition)
#define BUG_UNLESS_CONSTRAINT(which, condition) DEBUG_ASSERT(condition)
#define LOCKDEP_NOTHING(x) \
	do {               \
		(void)(x); \
	} while (0)
#define lockdep_acquire(lock)	    LOCKDEP_NOTHING(lock)
#define lockdep_acquired(lock)	    LOCKDEP_NOTHING(lock)
#define lockdep_released(lock)	    LOCKDEP_NOTHING(lock)
#define lockdep_acquire_mutex(lock) LOCKDEP_NOTHING(lock)
#define lockdep_stand_still(all)    LOCKDEP_NOTHING(all)
#endif

#define lockdep_assert_held(lock)	     DEBUG_ASSERT(lockdep_is_held(lock))
#define lockdep_assert_irqs_disabled()	     DEBUG_ASSERT(irqs_disabled())
#define lockdep_assert_irqs_enabled()	     DEBUG_ASSERT(!irqs_disabled())
#define lockdep_assert_preemption_disabled() DEBUG_ASSERT(!preemptible())
#define might_sleep()			     DEBUG_ASSERT(!in_atomic() && !irqs_disabled())

#endif
