// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interval timers: setitimer(ITIMER_REAL), getitimer, alarm. The timer belongs
 * to the thread group (signal->real_timer); its period is signal->it_real_incr.
 */
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

#define ITIMER_REAL 0

struct itimerval {
	struct timeval it_interval, it_value;
};

/* In the timer interrupt. The group leader stands for the group. */
enum hrtimer_restart it_real_fn(struct hrtimer *timer)
{
	struct signal_struct *signal = container_of(timer, struct signal_struct, real_timer);
	struct task_struct *t;

	if (list_empty(&signal->thread_head))
		return HRTIMER_NORESTART;
	t = list_first_entry(&signal->thread_head, struct task_struct, thread_node);
	group_send_sig_info(SIGALRM, SEND_SIG_PRIV, t);
	if (!signal->it_real_incr)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, signal->it_real_incr);
	return HRTIMER_RESTART;
}

static void to_timeval(struct timeval *tv, s64 ns)
{
	tv->tv_sec = ns / NSEC_PER_SEC;
	tv->tv_usec = ns % NSEC_PER_SEC / NSEC_PER_USEC;
}

static s64 timeval_ns(const struct timeval *tv)
{
	if (tv->tv_sec >= KTIME_MAX / NSEC_PER_SEC)
		return KTIME_MAX;
	return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
}

static void read_timer(struct itimerval *value)
{
	struct signal_struct *signal = current->signal;
	s64 left = 0;

	if (hrtimer_active(&signal->real_timer)) {
		left = hrtimer_get_remaining(&signal->real_timer);
		/* about to fire: it is not off */
		if (left <= 0)
			left = NSEC_PER_USEC;
	}
	to_timeval(&value->it_value, left);
	to_timeval(&value->it_interval, signal->it_real_incr);
}

static void set_timer(s64 value, s64 interval)
{
	struct signal_struct *signal = current->signal;

	hrtimer_cancel(&signal->real_timer);
	signal->it_real_incr = value ? interval : 0;
	signal->real_timer.function = it_real_fn;
	if (value)
		hrtimer_start(&signal->real_timer, value, HRTIMER_MODE_REL);
}

SYSCALL_DEFINE2(getitimer, int, which, struct itimerval __user *, uvalue)
{
	struct itimerval value;

	if (which != ITIMER_REAL)
		return -EINVAL;
	read_timer(&value);
	return copy_to_user(uvalue, &value, sizeof(value)) ? -EFAULT : 0;
}

SYSCALL_DEFINE3(setitimer, int, which, const struct itimerval __user *, unew,
		struct itimerval __user *, uold)
{
	struct itimerval fresh = {}, old;

	if (which != ITIMER_REAL)
		return -EINVAL;
	if (unew) {
		if (copy_from_user(&fresh, unew, sizeof(fresh)))
			return -EFAULT;
		if (fresh.it_value.tv_sec < 0 || fresh.it_interval.tv_sec < 0 ||
		    (unsigned long)fresh.it_value.tv_usec >= USEC_PER_SEC ||
		    (unsigned long)fresh.it_interval.tv_usec >= USEC_PER_SEC)
			return -EINVAL;
	}
	read_timer(&old);
	set_timer(timeval_ns(&fresh.it_value), timeval_ns(&fresh.it_interval));
	if (uold && copy_to_user(uold, &old, sizeof(old)))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE1(alarm, unsigned int, seconds)
{
	struct itimerval old;

	read_timer(&old);
	set_timer(seconds * NSEC_PER_SEC, 0);
	/* rounded up, so that a running alarm is never reported as none */
	return old.it_value.tv_sec + (old.it_value.tv_usec > 0);
}
