/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel threads. A thread's function loops until kthread_should_stop(); one
 * that can be parked calls kthread_parkme() when kthread_should_park() says so,
 * and then holds nothing.
 */
#ifndef _LINUX_KTHREAD_H
#define _LINUX_KTHREAD_H

#include <linux/sched.h>
#include <linux/err.h>

struct kthread {
	unsigned long flags; /* KTHREAD_*, atomic bits */
	int (*threadfn)(void *);
	void *data;
	int result;
	struct completion started, parked, exited;
};
#define KTHREAD_SHOULD_STOP 0
#define KTHREAD_SHOULD_PARK 1
#define KTHREAD_IS_PARKED   2

struct task_struct *kthread_create_on_node(int (*fn)(void *), void *data, int node,
					   const char *namefmt, ...) __printf(4, 5);
#define kthread_create(fn, data, fmt, ...) kthread_create_on_node(fn, data, -1, fmt, ##__VA_ARGS__)
#define kthread_run(fn, data, fmt, ...)                                                 \
	({                                                                              \
		struct task_struct *__k = kthread_create(fn, data, fmt, ##__VA_ARGS__); \
		if (!IS_ERR(__k))                                                       \
			wake_up_process(__k);                                           \
		__k;                                                                    \
	})
int kthread_stop(struct task_struct *); /* its result */
bool kthread_should_stop(void);
bool kthread_should_park(void);
void kthread_unpark(struct task_struct *);
void kthread_parkme(void);
bool kthread_is_parked(struct task_struct *);

#endif
