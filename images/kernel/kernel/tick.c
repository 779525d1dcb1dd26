// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When this CPU wants its next timer interrupt: for the first of its hrtimers,
 * and while it runs a task, at the end of a tick. An idle CPU without timers
 * gets none. The device is programmed only for something earlier than what it
 * is programmed for; an interrupt that comes too early just programs again.
 */
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <asm/apic.h>

static DEFINE_PER_CPU(ktime_t, programmed); /* ns, KTIME_MAX or 0 = nothing; interrupts off */

static ktime_t next_event(void)
{
	ktime_t next = hrtimer_next_event(smp_processor_id());

	if (!is_idle_task(current))
		next = min_t(ktime_t, next, ktime_get() + TICK_NSEC);
	return next;
}

void tick_program(void)
{
	ktime_t next, now;
	unsigned long flags;

	local_irq_save(flags);
	next = next_event();
	if (next != KTIME_MAX && (!this_cpu_read(programmed) || next < this_cpu_read(programmed))) {
		this_cpu_write(programmed, next);
		now = ktime_get();
		apic_timer_oneshot(next > now ? next - now : 1);
	}
	local_irq_restore(flags);
}

/* The interrupt has come: nothing is programmed any more. */
void tick_expired(void)
{
	lockdep_assert_irqs_disabled();
	this_cpu_write(programmed, 0);
}
