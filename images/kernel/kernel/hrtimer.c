// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timers to the nanosecond, and timers in ticks on top of them.
 *
 * Each CPU has a list of its timers in order of expiry; its clock event device
 * is programmed for the first (tick_program()). A timer stays on the CPU where
 * it was started. Functions run in the timer interrupt without the lock, so
 * they may start the timer again.
 */
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/timer.h>

static struct timer_base {
	spinlock_t lock; /* the list, and entry, queued, running of timers on it */
	struct list_head timers;
} bases[NR_CPUS];

void hrtimers_init(void)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		INIT_LIST_HEAD(&bases[cpu].timers);
}

void hrtimer_init(struct hrtimer *timer, clockid_t clock, enum hrtimer_mode mode)
{
	timer->function = NULL;
	INIT_LIST_HEAD(&timer->entry);
	timer->expires = 0;
	timer->cpu = -1;
	timer->queued = false;
	timer->running = false;
}

/* base->lock held. True: it is now the first. */
static bool enqueue(struct timer_base *base, struct hrtimer *timer)
{
	struct list_head *at = base->timers.prev;

	lockdep_assert_held(&base->lock);
	while (at != &base->timers &&
	       list_entry(at, struct hrtimer, entry)->expires > timer->expires)
		at = at->prev;
	list_add(&timer->entry, at);
	timer->queued = true;
	return timer->entry.prev == &base->timers;
}

static void dequeue(struct hrtimer *timer)
{
	list_del_init(&timer->entry);
	timer->queued = false;
}

void hrtimer_start(struct hrtimer *timer, ktime_t expires, enum hrtimer_mode mode)
{
	struct timer_base *base;
	unsigned long flags;
	bool first;

	hrtimer_try_to_cancel(timer);
	local_irq_save(flags);
	base = &bases[smp_processor_id()];
	spin_lock(&base->lock);
	if (mode == HRTIMER_MODE_REL)
		expires = ktime_add_safe(ktime_get(), expires);
	timer->expires = expires;
	timer->cpu = smp_processor_id();
	first = enqueue(base, timer);
	spin_unlock(&base->lock);
	if (first)
		tick_program();
	local_irq_restore(flags);
}

int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	struct timer_base *base;
	unsigned long flags;
	int ret = 0;

	if (timer->cpu < 0)
		return 0;
	base = &bases[timer->cpu];
	spin_lock_irqsave(&base->lock, flags);
	if (timer->queued) {
		dequeue(timer);
		ret = 1;
	} else if (timer->running) {
		ret = -1;
	}
	spin_unlock_irqrestore(&base->lock, flags);
	return ret;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	int ret;

	while ((ret = hrtimer_try_to_cancel(timer)) < 0)
		cpu_relax();
	return ret;
}

ktime_t hrtimer_get_remaining(struct hrtimer *timer)
{
	return READ_ONCE(timer->expires) - ktime_get();
}

/* Whole intervals until the expiry lies in the future; how many. */
u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval)
{
	ktime_t late = ktime_get() - timer->expires;
	u64 periods;

	if (late < 0 || interval <= 0)
		return 0;
	periods = late / interval + 1;
	timer->expires += periods * interval;
	return periods;
}

/* In the timer interrupt, interrupts off. */
void hrtimer_interrupt(void)
{
	struct timer_base *base = &bases[smp_processor_id()];

	lockdep_assert_irqs_disabled();
	spin_lock(&base->lock);
	while (!list_empty(&base->timers)) {
		struct hrtimer *timer = list_first_entry(&base->timers, struct hrtimer, entry);
		enum hrtimer_restart restart;

		if (timer->expires > ktime_get())
			break;
		dequeue(timer);
		timer->running = true;
		spin_unlock(&base->lock);
		restart = timer->function(timer);
		spin_lock(&base->lock);
		/* not again if the function has started it, here or elsewhere */
		if (restart == HRTIMER_RESTART && !timer->queued &&
		    timer->cpu == (int)smp_processor_id())
			enqueue(base, timer);
		/* the last touch: a canceller that waits may free the timer now */
		WRITE_ONCE(timer->running, false);
	}
	spin_unlock(&base->lock);
}

ktime_t hrtimer_next_event(unsigned int cpu)
{
	struct timer_base *base = &bases[cpu];
	ktime_t next = KTIME_MAX;
	unsigned long flags;

	spin_lock_irqsave(&base->lock, flags);
	if (!list_empty(&base->timers))
		next = list_first_entry(&base->timers, struct hrtimer, entry)->expires;
	spin_unlock_irqrestore(&base->lock, flags);
	return next;
}

/* ---- sleeping until a timer ---- */

struct sleeper {
	struct hrtimer timer;
	struct task_struct *task; /* NULL when time is up */
};

static enum hrtimer_restart wake_sleeper(struct hrtimer *timer)
{
	struct sleeper *sleeper = container_of(timer, struct sleeper, timer);
	struct task_struct *task = sleeper->task;

	WRITE_ONCE(sleeper->task, NULL);
	if (task)
		wake_up_process(task);
	return HRTIMER_NORESTART;
}

int schedule_hrtimeout(ktime_t expires)
{
	struct sleeper sleeper = { .task = current };
	bool expired;

	if (expires == KTIME_MAX) {
		schedule();
		return -EINTR;
	}
	hrtimer_init(&sleeper.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	sleeper.timer.function = wake_sleeper;
	hrtimer_start(&sleeper.timer, expires, HRTIMER_MODE_ABS);
	if (READ_ONCE(sleeper.task))
		schedule();
	hrtimer_cancel(&sleeper.timer);
	expired = !READ_ONCE(sleeper.task);
	__set_current_state(TASK_RUNNING);
	return expired ? 0 : -EINTR;
}

long schedule_timeout(long ticks)
{
	ktime_t end;
	long left;

	if (ticks == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return ticks;
	}
	if (ticks <= 0) {
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	end = ktime_get() + ticks * TICK_NSEC;
	schedule_hrtimeout(end);
	left = (end - ktime_get() + TICK_NSEC - 1) / TICK_NSEC;
	return left > 0 ? left : 0;
}

long schedule_timeout_interruptible(long ticks)
{
	__set_current_state(TASK_INTERRUPTIBLE);
	return schedule_timeout(ticks);
}

long schedule_timeout_uninterruptible(long ticks)
{
	__set_current_state(TASK_UNINTERRUPTIBLE);
	return schedule_timeout(ticks);
}

void msleep(unsigned int ms)
{
	long ticks = msecs_to_jiffies(ms) + 1;

	while (ticks)
		ticks = schedule_timeout_uninterruptible(ticks);
}

/* ---- timers in ticks ---- */

static enum hrtimer_restart run_timer(struct hrtimer *hrtimer)
{
	struct timer_list *timer = container_of(hrtimer, struct timer_list, hrtimer);

	timer->function(timer);
	return HRTIMER_NORESTART;
}

void timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *), unsigned int flags)
{
	hrtimer_init(&timer->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	timer->function = fn;
	timer->expires = 0;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	int pending = timer->hrtimer.queued;

	/* a statically defined timer has not been set up yet */
	if (!timer->hrtimer.function) {
		hrtimer_init(&timer->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
		timer->hrtimer.function = run_timer;
	}
	timer->expires = expires;
	hrtimer_start(&timer->hrtimer, expires * TICK_NSEC, HRTIMER_MODE_ABS);
	return pending;
}

int del_timer(struct timer_list *timer)
{
	return timer->hrtimer.function && hrtimer_try_to_cancel(&timer->hrtimer) == 1;
}

int del_timer_sync(struct timer_list *timer)
{
	return timer->hrtimer.function ? hrtimer_cancel(&timer->hrtimer) : 0;
}
