/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticks since power-up: HZ in a second. The counter is brought up to date by
 * every interrupt, and a CPU that runs a task gets one in each tick: with
 * interrupts off it stands still.
 */
#ifndef _LINUX_JIFFIES_H
#define _LINUX_JIFFIES_H

#include <linux/ktime.h>

#define HZ			  100
#define USER_HZ			  100
#define TICK_NSEC		  (NSEC_PER_SEC / HZ)
#define msecs_to_jiffies(ms)	  (((unsigned long)(ms)*HZ + 999) / 1000)
#define usecs_to_jiffies(us)	  (((unsigned long)(us)*HZ + 999999) / 1000000)
#define jiffies_to_msecs(j)	  ((unsigned long)(j)*1000 / HZ)
#define time_after(a, b)	  ((long)((b) - (a)) < 0)
#define time_before(a, b)	  time_after(b, a)
#define time_after_eq(a, b)	  ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)	  time_after_eq(b, a)
#define round_jiffies_relative(j) (j)
#define round_jiffies(j)	  (j)

extern volatile unsigned long jiffies;
void update_jiffies(void); /* arch/time.c; in every interrupt */

#endif
