/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks that spin: first come, first served (tickets). The holder cannot be
 * preempted. A lock taken in interrupts too is always taken with _irqsave.
 */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <linux/types.h>
#include <linux/preempt.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>

typedef struct spinlock {
	u16 next;  /* the ticket the next comer draws */
	u16 owner; /* the ticket that holds the lock */
} spinlock_t, raw_spinlock_t;

#define __SPIN_LOCK_UNLOCKED(x) \
	{                       \
		0, 0            \
	}
#define DEFINE_SPINLOCK(x)     spinlock_t x = __SPIN_LOCK_UNLOCKED(x)
#define DEFINE_RAW_SPINLOCK(x) DEFINE_SPINLOCK(x)

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->next = 0;
	lock->owner = 0;
}

static __always_inline void arch_spin_lock(spinlock_t *lock)
{
	u16 ticket;

	lockdep_acquire(lock);
	ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_ACQUIRE);
	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
	lockdep_acquired(lock);
}

static __always_inline bool arch_spin_trylock(spinlock_t *lock)
{
	u16 owner = __atomic_load_n(&lock->owner, __ATOMIC_RELAXED);
	u16 expected = owner;

	if (!__atomic_compare_exchange_n(&lock->next, &expected, owner + 1, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	lockdep_acquired(lock);
	return true;
}

static __always_inline void arch_spin_unlock(spinlock_t *lock)
{
	lockdep_released(lock);
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

static __always_inline bool spin_is_locked(spinlock_t *lock)
{
	return READ_ONCE(lock->next) != READ_ONCE(lock->owner);
}

static __always_inline void spin_lock(spinlock_t *lock)
{
	preempt_disable();
	arch_spin_lock(lock);
}
static __always_inline bool spin_trylock(spinlock_t *lock)
{
	preempt_disable();
	if (arch_spin_trylock(lock))
		return true;
	preempt_enable();
	return false;
}
static __always_inline void spin_unlock(spinlock_t *lock)
{
	arch_spin_unlock(lock);
	preempt_enable();
}
static __always_inline void spin_lock_irq(spinlock_t *lock)
{
	local_irq_disable();
	spin_lock(lock);
}
static __always_inline void spin_unlock_irq(spinlock_t *lock)
{
	arch_spin_unlock(lock);
	local_irq_enable();
	preempt_enable();
}
#define spin_lock_irqsave(lock, flags) \
	do {                           \
		local_irq_save(flags); \
		spin_lock(lock);       \
	} while (0)
static __always_inline void spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
	arch_spin_unlock(lock);
	local_irq_restore(flags);
	preempt_enable();
}
#define spin_lock_bh		   spin_lock
#define spin_unlock_bh		   spin_unlock
#define raw_spin_lock_init	   spin_lock_init
#define raw_spin_lock		   spin_lock
#define raw_spin_unlock		   spin_unlock
#define raw_spin_lock_irqsave	   spin_lock_irqsave
#define raw_spin_unlock_irqrestore spin_unlock_irqrestore
#define assert_spin_locked(l)	   BUG_ON(!spin_is_locked(l))

typedef spinlock_t rwlock_t;
#define DEFINE_RWLOCK(x) DEFINE_SPINLOCK(x)
#define read_lock	 spin_lock
#define read_unlock	 spin_unlock
#define write_lock	 spin_lock
#define write_unlock	 spin_unlock
#define write_lock_irq	 spin_lock_irq
#define write_unlock_irq spin_unlock_irq

#endif
