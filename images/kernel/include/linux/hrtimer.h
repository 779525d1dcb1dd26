/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers to the nanosecond. The function runs in the timer interrupt of the
 * CPU on which the timer was started. hrtimer_cancel() returns when it is
 * neither queued nor running.
 */
#ifndef _LINUX_HRTIMER_H
#define _LINUX_HRTIMER_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/ktime.h>

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode { HRTIMER_MODE_ABS = 0, HRTIMER_MODE_REL = 1 };

struct hrtimer {
	enum hrtimer_restart (*function)(struct hrtimer *);
	/* lock of the CPU it is queued on: */
	struct list_head entry; /* in order of expires */
	ktime_t expires;	/* CLOCK_MONOTONIC ns */
	int cpu;		/* -1: never started */
	bool queued;
	bool running;
};

void hrtimer_init(struct hrtimer *, clockid_t, enum hrtimer_mode);
void hrtimer_start(struct hrtimer *, ktime_t, enum hrtimer_mode);
int hrtimer_cancel(struct hrtimer *);	     /* 1 if it was queued */
int hrtimer_try_to_cancel(struct hrtimer *); /* -1 if it is running */
ktime_t hrtimer_get_remaining(struct hrtimer *);
u64 hrtimer_forward_now(struct hrtimer *, ktime_t interval);
static inline bool hrtimer_active(struct hrtimer *t)
{
	return t->queued || t->running;
}

enum hrtimer_restart it_real_fn(
	struct hrtimer *); /* ITIMER_REAL: SIGALRM for the timer's process */

/* ---- the interrupt side ---- */
void hrtimer_interrupt(void);
void hrtimers_init(void);
ktime_t hrtimer_next_event(unsigned int cpu); /* KTIME_MAX if none */
void tick_program(void);		      /* arm this CPU's timer for what is next */
void tick_expired(void);		      /* in the timer interrupt, first */

#endif
