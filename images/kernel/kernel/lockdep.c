// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who holds which lock, and in which order locks are taken: for the checked
 * kernel (linux/lockdep.h).
 *
 * A CPU's list of spin locks is its own, and changes with interrupts off. The run
 * queue's lock is taken by one task and released by the next: it is the CPU that
 * holds a lock. A mutex says itself whose it is.
 *
 * How the locks are used that are there from the start, those in the kernel's own
 * data, is learned: once one has been taken under another, the other way round is
 * told, and so is one that interrupts take and others with interrupts on, also
 * when it does not come to a deadlock this time.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/sched.h>

#ifdef CONFIG_DEBUG_KERNEL

#define HELD_MAX  16
#define KNOWN_MAX 512 /* a power of two */

struct held_locks {
	unsigned int nr;
	const spinlock_t *lock[HELD_MAX];
};

static DEFINE_PER_CPU(struct held_locks, held_locks);
static bool stand_still;

void lockdep_stand_still(bool all)
{
	stand_still = all;
}

notrace bool lockdep_holds_spinlock(const spinlock_t *lock)
{
	struct held_locks *held = this_cpu_ptr(&held_locks);

	for (unsigned int i = 0; i < held->nr; i++)
		if (held->lock[i] == lock)
			return true;
	return stand_still;
}

static notrace bool is_mine(const struct mutex *m)
{
	return READ_ONCE(m->owner) == current;
}

notrace bool lockdep_holds_mutex(const struct mutex *m)
{
	return is_mine(m) || stand_still;
}

/* It may have to sleep for it; where all stand still nobody may have it. */
notrace bool lockdep_may_lock(const struct mutex *m)
{
	return (!in_atomic() && !irqs_disabled()) || (stand_still && !m->owner);
}

/* ---- the locks that are there from the start; begin_order() guards them ---- */

struct known_lock {
	const void *lock;
	bool mutex, in_interrupts, with_interrupts_on; /* how it has been taken */
	DECLARE_BITMAP(below, KNOWN_MAX);	       /* those that have been taken under it */
};

static struct known_lock known[KNOWN_MAX]; /* by hash of the address; none is ever removed */
static unsigned int nr_known;
static bool order_busy;

static notrace unsigned long begin_order(void)
{
	unsigned long flags;

	local_irq_save(flags);
	while (__atomic_exchange_n(&order_busy, true, __ATOMIC_ACQUIRE))
		cpu_relax();
	return flags;
}

static notrace void end_order(unsigned long flags)
{
	__atomic_store_n(&order_busy, false, __ATOMIC_RELEASE);
	local_irq_restore(flags);
}

/* NULL: it lies elsewhere, on the heap or in a module, where another may lie tomorrow. */
static notrace struct known_lock *find_known(const void *lock)
{
	unsigned int slot = (unsigned long)lock * 0x9e3779b97f4a7c15UL >> 32 & (KNOWN_MAX - 1);

	if ((const char *)lock < _sdata || (const char *)lock >= _end)
		return NULL;
	while (known[slot].lock && known[slot].lock != lock)
		slot = (slot + 1) & (KNOWN_MAX - 1);
	if (!known[slot].lock) {
		BUG_ON(++nr_known == KNOWN_MAX);
		known[slot].lock = lock;
	}
	return &known[slot];
}

/* False: the two have been taken the other way round. */
static notrace bool learn(struct known_lock *above, struct known_lock *below)
{
	if (test_bit(above - known, below->below))
		return false;
	if (test_bit(below - known, above->below))
		return true;
	for (unsigned int i = 0; i < KNOWN_MAX; i++) {
		if (&known[i] != above && !test_bit(above - known, known[i].below))
			continue;
		__set_bit(below - known, known[i].below);
		for (unsigned int word = 0; word < ARRAY_SIZE(below->below); word++)
			known[i].below[word] |= below->below[word];
	}
	return true;
}

/* The last that is held knows those before; and if it was only tried for, that waited for nobody. */
static notrace bool learn_spinlock(const struct held_locks *held, const spinlock_t *lock)
{
	unsigned long flags = begin_order();
	struct known_lock *below = find_known(lock), *above = NULL;
	bool right;

	for (unsigned int i = held->nr; below && i && !above; i--)
		above = find_known(held->lock[i - 1]);
	right = !above || learn(above, below);
	end_order(flags);
	return right;
}

static notrace bool learn_mutex(const struct mutex *m)
{
	unsigned long flags = begin_order();
	struct known_lock *below = find_known(m);
	bool right = true;

	if (below)
		below->mutex = true;
	for (unsigned int i = 0; below && i < KNOWN_MAX; i++)
		if (known[i].mutex && is_mine(known[i].lock))
			right &= learn(&known[i], below);
	end_order(flags);
	return right;
}

/* An interrupt that takes a lock must not find its own CPU holding it. */
static notrace bool learn_context(const spinlock_t *lock)
{
	bool on = !irqs_disabled(), right;
	unsigned long flags = begin_order();
	struct known_lock *one = find_known(lock);

	if (one && on)
		one->with_interrupts_on = true;
	else if (one && in_hardirq())
		one->in_interrupts = true;
	right = !one || !one->in_interrupts || !one->with_interrupts_on;
	end_order(flags);
	return right;
}

/* ---- taking and giving back ---- */

notrace void lockdep_acquire(const spinlock_t *lock)
{
	struct held_locks *held = this_cpu_ptr(&held_locks);

	WARN_ONCE(!learn_context(lock), "lock %px is taken in interrupts, and with interrupts on",
		  lock);
	if (!held->nr)
		return;
	BUG_ON(!stand_still && lockdep_holds_spinlock(lock));
	WARN_ONCE(!learn_spinlock(held, lock),
		  "lock %px is taken under %px, and elsewhere that under this", lock,
		  held->lock[held->nr - 1]);
}

notrace void lockdep_acquired(const spinlock_t *lock)
{
	struct held_locks *held = this_cpu_ptr(&held_locks);
	unsigned long flags;

	local_irq_save(flags);
	BUG_ON(held->nr == HELD_MAX);
	held->lock[held->nr++] = lock;
	local_irq_restore(flags);
}

notrace void lockdep_released(const spinlock_t *lock)
{
	struct held_locks *held = this_cpu_ptr(&held_locks);
	unsigned long flags;
	unsigned int i;

	local_irq_save(flags);
	i = held->nr;
	while (i && held->lock[i - 1] != lock)
		i--;
	BUG_ON(!i);
	for (; i < held->nr; i++)
		held->lock[i - 1] = held->lock[i];
	held->nr--;
	local_irq_restore(flags);
}

notrace void lockdep_acquire_mutex(const struct mutex *m)
{
	WARN_ONCE(!learn_mutex(m), "mutex %px is taken under one that elsewhere is taken under it",
		  m);
}

#endif
