// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clocks and sleeping. A relative sleep that is interrupted goes on until its
 * absolute end (restart_block), so neither a stop nor a live upgrade lengthens
 * it.
 */
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>

static int read_clock(clockid_t clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ns = ktime_get_real_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = ktime_get_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = current->utime + current->stime + current->signal->utime +
		      current->signal->stime;
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = current->utime + current->stime;
		return 0;
	}
	return -EINVAL;
}

static int put_timespec(struct timespec64 __user *uts, u64 ns)
{
	struct timespec64 ts = ns_to_timespec64(ns);

	return copy_to_user(uts, &ts, sizeof(ts)) ? -EFAULT : 0;
}

SYSCALL_DEFINE2(clock_gettime, clockid_t, clock, struct timespec64 __user *, uts)
{
	u64 ns;
	int ret = read_clock(clock, &ns);

	return ret ? ret : put_timespec(uts, ns);
}

SYSCALL_DEFINE2(clock_getres, clockid_t, clock, struct timespec64 __user *, uts)
{
	u64 ns;
	int ret = read_clock(clock, &ns);

	return ret || !uts ? ret : put_timespec(uts, 1);
}

SYSCALL_DEFINE2(clock_settime, clockid_t, clock, const struct timespec64 __user *, uts)
{
	struct timespec64 ts;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	settimeofday_ns(timespec64_to_ns(&ts));
	return 0;
}

SYSCALL_DEFINE2(gettimeofday, struct timeval __user *, utv, void __user *, utz)
{
	u64 ns = ktime_get_real_ns();
	struct timeval tv = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC };

	if (utv && copy_to_user(utv, &tv, sizeof(tv)))
		return -EFAULT;
	/* the time zone is user space's business: zero */
	if (utz && clear_user(utz, 8))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE1(time, time64_t __user *, ut)
{
	time64_t now = ktime_get_real_ns() / NSEC_PER_SEC;

	if (ut && put_user(now, ut))
		return -EFAULT;
	return now;
}

/* ---- sleeping ---- */

/* Until @expires (monotonic): 0, or -EINTR. */
static int sleep_until(u64 expires)
{
	int ret = 0;

	while (ktime_get_ns() < expires) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		schedule_hrtimeout(expires);
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

static long sleep_relative(u64 expires, struct timespec64 __user *rmtp)
{
	struct restart_block *restart = &current->restart_block;
	u64 now;

	if (!sleep_until(expires))
		return 0;
	now = ktime_get_ns();
	if (rmtp && put_timespec(rmtp, expires > now ? expires - now : 0))
		return -EFAULT;
	restart->fn = nanosleep_restart;
	restart->nanosleep.expires = expires;
	restart->nanosleep.rmtp = rmtp;
	return -ERESTART_RESTARTBLOCK;
}

long nanosleep_restart(struct restart_block *restart)
{
	return sleep_relative(restart->nanosleep.expires, restart->nanosleep.rmtp);
}

SYSCALL_DEFINE2(nanosleep, const struct timespec64 __user *, rqtp, struct timespec64 __user *, rmtp)
{
	struct timespec64 ts;

	if (copy_from_user(&ts, rqtp, sizeof(ts)))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	return sleep_relative(ktime_add_safe(ktime_get(), timespec64_to_ns(&ts)), rmtp);
}

SYSCALL_DEFINE4(clock_nanosleep, clockid_t, clock, int, flags, const struct timespec64 __user *,
		rqtp, struct timespec64 __user *, rmtp)
{
	struct timespec64 ts;
	u64 ns;

	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return -EINVAL;
	if (copy_from_user(&ts, rqtp, sizeof(ts)))
		return -EFAULT;
	if (!timespec64_valid(&ts))
		return -EINVAL;
	ns = timespec64_to_ns(&ts);
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ktime_add_safe(ktime_get(), ns), rmtp);
	if (clock == CLOCK_REALTIME)
		ns = ns > clock_base.real_offset_ns ? ns - clock_base.real_offset_ns : 0;
	/* the end is absolute: executing the call again is right */
	return sleep_until(ns) ? -ERESTARTNOHAND : 0;
}
