// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * futex(2): sleeping on a word of user memory until somebody wakes it.
 *
 * A waiter is queued under the key of the word: (mm, address) for private
 * memory, so that processes that share a mapping find each other only through
 * the frame: shared memory uses (NULL, physical address). The word is compared
 * under the lock of its queue after the waiter is on it; so a wake-up between
 * the caller's look and its sleep is not lost. A wait that is interrupted goes
 * back to the boundary and compares again, which is also how it crosses a live
 * upgrade.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#define FUTEX_QUEUES	 64
#define FUTEX_BITSET_ALL 0xffffffffu

struct futex_key {
	struct mm_struct *mm;
	unsigned long address;
};

struct futex_waiter {
	struct list_head list;	  /* queue->waiters, queue->lock */
	struct futex_key key;	  /* queue->lock, a requeue changes it */
	struct task_struct *task; /* NULL when woken */
	u32 bitset;
};

static struct futex_queue {
	spinlock_t lock;
	struct list_head waiters;
} queues[FUTEX_QUEUES];

static int futex_init(void)
{
	for (int i = 0; i < FUTEX_QUEUES; i++)
		INIT_LIST_HEAD(&queues[i].waiters);
	return 0;
}
early_initcall(futex_init);

static struct futex_queue *queue_of(const struct futex_key *key)
{
	unsigned long hash =
		(key->address >> 2) * 0x9e3779b97f4a7c15UL ^ (unsigned long)key->mm >> 6;

	return &queues[hash >> 32 & (FUTEX_QUEUES - 1)];
}

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->mm == b->mm && a->address == b->address;
}

static int get_key(u32 __user *uaddr, struct futex_key *key)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	bool shared;

	if ((unsigned long)uaddr & 3)
		return -EINVAL;
	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	mmap_read_lock(mm);
	vma = find_vma(mm, (unsigned long)uaddr);
	shared = vma && vma->vm_start <= (unsigned long)uaddr && (vma->vm_flags & VM_SHARED);
	key->mm = mm;
	key->address = (unsigned long)uaddr;
	if (shared) {
		struct page *page = get_user_page(mm, (unsigned long)uaddr, false);

		if (page) {
			key->mm = NULL;
			key->address = page_to_phys(page) + offset_in_page(uaddr);
			put_page(page);
		}
	}
	mmap_read_unlock(mm);
	return 0;
}

static void lock_two(struct futex_queue *a, struct futex_queue *b)
{
	if (a > b)
		swap(a, b);
	spin_lock(&a->lock);
	if (a != b)
		spin_lock(&b->lock);
}

static void unlock_two(struct futex_queue *a, struct futex_queue *b)
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
}

/* Queue lock held. */
static void wake_waiter(struct futex_waiter *waiter)
{
	struct task_struct *task = waiter->task;

	lockdep_assert_held(&queue_of(&waiter->key)->lock);
	list_del_init(&waiter->list);
	get_task_struct(task);
	/* from here on the waiter may be gone: it lies on the sleeper's stack */
	smp_store_release(&waiter->task, NULL);
	wake_up_process(task);
	put_task_struct(task);
}

int futex_wake(u32 __user *uaddr, int nr, u32 bitset)
{
	struct futex_waiter *waiter, *next;
	struct futex_queue *queue;
	struct futex_key key;
	int ret = get_key(uaddr, &key);

	if (ret)
		return ret;
	if (!bitset)
		return -EINVAL;
	queue = queue_of(&key);
	spin_lock(&queue->lock);
	list_for_each_entry_safe(waiter, next, &queue->waiters, list) {
		if (ret == nr)
			break;
		if (same_key(&waiter->key, &key) && (waiter->bitset & bitset)) {
			wake_waiter(waiter);
			ret++;
		}
	}
	spin_unlock(&queue->lock);
	return ret;
}

static int futex_requeue(u32 __user *from, u32 __user *to, int nr_wake, int nr_move,
			 const u32 *expected)
{
	struct futex_queue *source, *target;
	struct futex_waiter *waiter, *next;
	struct futex_key key_from, key_to;
	int woken = 0, moved = 0, ret;
	u32 value;

	ret = get_key(from, &key_from);
	if (!ret)
		ret = get_key(to, &key_to);
	if (ret)
		return ret;
	/* fault the word in before the locks; a change after that is seen by the waiters */
	if (expected) {
		if (get_user(value, from))
			return -EFAULT;
		if (value != *expected)
			return -EAGAIN;
	}
	source = queue_of(&key_from);
	target = queue_of(&key_to);
	lock_two(source, target);
	list_for_each_entry_safe(waiter, next, &source->waiters, list) {
		if (!same_key(&waiter->key, &key_from))
			continue;
		if (woken < nr_wake) {
			wake_waiter(waiter);
			woken++;
		} else if (moved < nr_move) {
			waiter->key = key_to;
			list_move_tail(&waiter->list, &target->waiters);
			moved++;
		} else {
			break;
		}
	}
	unlock_two(source, target);
	return woken + moved;
}

/* A requeue may have moved the waiter: find the queue it is on now. */
static bool unqueue(struct futex_waiter *waiter)
{
	for (;;) {
		struct futex_key key = waiter->key;
		struct futex_queue *queue = queue_of(&key);
		bool queued;

		spin_lock(&queue->lock);
		if (!same_key(&waiter->key, &key)) {
			spin_unlock(&queue->lock);
			continue;
		}
		queued = waiter->task != NULL;
		if (queued)
			list_del_init(&waiter->list);
		spin_unlock(&queue->lock);
		return queued;
	}
}

/* @expires: CLOCK_MONOTONIC ns, KTIME_MAX = no limit. */
static int futex_wait(u32 __user *uaddr, u32 value, ktime_t expires, u32 bitset)
{
	struct futex_waiter waiter = { .task = current, .bitset = bitset };
	struct futex_queue *queue;
	u32 now = 0;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = get_key(uaddr, &waiter.key);
	if (ret)
		return ret;
	queue = queue_of(&waiter.key);
	spin_lock(&queue->lock);
	list_add_tail(&waiter.list, &queue->waiters);
	spin_unlock(&queue->lock);
	/* queued before the look: whoever changes the word later finds us */
	if (get_user(now, uaddr) || now != value) {
		ret = now == value ? -EFAULT : -EAGAIN;
		if (unqueue(&waiter))
			return ret;
		return 0;
	}
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!smp_load_acquire(&waiter.task))
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (!schedule_hrtimeout(expires)) {
			ret = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	/* woken at the same moment: the wake-up counts */
	return unqueue(&waiter) ? ret : 0;
}

long futex_wait_restart(struct restart_block *restart)
{
	long ret;

	restart->fn = NULL;
	ret = futex_wait(restart->futex.uaddr, restart->futex.val, restart->futex.time,
			 restart->futex.bitset);
	if (ret == -ERESTARTSYS) {
		restart->fn = futex_wait_restart;
		ret = -ERESTART_RESTARTBLOCK;
	}
	return ret;
}

SYSCALL_DEFINE6(futex, u32 __user *, uaddr, int, op, u32, val, const struct timespec64 __user *,
		utime, u32 __user *, uaddr2, u32, val3)
{
	int command = op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	ktime_t expires = KTIME_MAX;
	struct timespec64 ts;
	long ret;

	switch (command) {
	case FUTEX_WAIT:
		val3 = FUTEX_BITSET_ALL;
		fallthrough;
	case FUTEX_WAIT_BITSET:
		if (utime) {
			if (copy_from_user(&ts, utime, sizeof(ts)))
				return -EFAULT;
			if (!timespec64_valid(&ts))
				return -EINVAL;
			expires = timespec64_to_ns(&ts);
			if (command == FUTEX_WAIT)
				expires = ktime_add_safe(ktime_get(), expires);
			else if (op & FUTEX_CLOCK_REALTIME)
				expires -= clock_base.real_offset_ns;
		}
		ret = futex_wait(uaddr, val, expires, val3);
		if (ret == -ERESTARTSYS && utime) {
			struct restart_block *restart = &current->restart_block;

			restart->fn = futex_wait_restart;
			restart->futex.uaddr = uaddr;
			restart->futex.val = val;
			restart->futex.bitset = val3;
			restart->futex.time = expires;
			ret = -ERESTART_RESTARTBLOCK;
		}
		return ret;
	case FUTEX_WAKE:
		return futex_wake(uaddr, val, FUTEX_BITSET_ALL);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, uaddr2, val, (long)utime, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, uaddr2, val, (long)utime, &val3);
	}
	return -ENOSYS;
}

/* ---- the end of a task ---- */

struct robust_list {
	struct robust_list __user *next;
};

struct robust_list_head {
	struct robust_list list;
	long futex_offset;
	struct robust_list __user *list_op_pending;
};

static void owner_died(u32 __user *uaddr, pid_t pid)
{
	u32 value;

	if (((unsigned long)uaddr & 3) || get_user(value, uaddr) ||
	    (value & FUTEX_TID_MASK) != (u32)pid)
		return;
	if (!put_user((value & FUTEX_WAITERS) | FUTEX_OWNER_DIED, uaddr) && (value & FUTEX_WAITERS))
		futex_wake(uaddr, 1, FUTEX_BITSET_ALL);
}

/* Locks that the task still holds are marked, and one waiter each is woken. */
void exit_robust_list(struct task_struct *t)
{
	struct robust_list_head __user *uhead = t->robust_list;
	struct robust_list __user *entry;
	struct robust_list_head head;
	int limit = 2048; /* user memory: the list may be a ring */

	if (!uhead || copy_from_user(&head, uhead, sizeof(head)))
		return;
	entry = head.list.next;
	while (entry != &uhead->list && limit--) {
		struct robust_list __user *next;

		if (get_user(next, &entry->next))
			return;
		if (entry != head.list_op_pending)
			owner_died((void __user *)entry + head.futex_offset, t->pid);
		entry = next;
	}
	if (head.list_op_pending)
		owner_died((void __user *)head.list_op_pending + head.futex_offset, t->pid);
}

/* What a thread library waits for when a thread ends. */
void mm_release_futex(struct task_struct *t)
{
	if (!t->mm)
		return;
	exit_robust_list(t);
	t->robust_list = NULL;
	if (t->clear_child_tid) {
		int __user *tid = t->clear_child_tid;

		t->clear_child_tid = NULL;
		/* a vfork child's memory is its parent's: only threads clear */
		if (atomic_read(&t->mm->mm_users) > 1 && !put_user(0, tid))
			futex_wake((u32 __user *)tid, 1, FUTEX_BITSET_ALL);
	}
}

SYSCALL_DEFINE2(set_robust_list, struct robust_list_head __user *, head, size_t, length)
{
	if (length != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

SYSCALL_DEFINE1(set_tid_address, int __user *, tid)
{
	current->clear_child_tid = tid;
	return current->pid;
}
