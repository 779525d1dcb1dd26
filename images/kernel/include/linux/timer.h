/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers in ticks; the function runs in the timer interrupt. */
#ifndef _LINUX_TIMER_H
#define _LINUX_TIMER_H

#include <linux/hrtimer.h>
#include <linux/jiffies.h>

struct timer_list {
	struct hrtimer hrtimer;
	unsigned long expires; /* jiffies */
	void (*function)(struct timer_list *);
};

void timer_setup(struct timer_list *, void (*fn)(struct timer_list *), unsigned int flags);
#define DEFINE_TIMER(name, fn) struct timer_list name = { .function = fn }
int mod_timer(struct timer_list *, unsigned long expires);
int del_timer(struct timer_list *);
int del_timer_sync(struct timer_list *);
#define timer_delete_sync del_timer_sync
static inline bool timer_pending(const struct timer_list *t)
{
	return t->hrtimer.queued;
}
#define from_timer(var, t, field) container_of(t, __typeof__(*var), field)

#endif
