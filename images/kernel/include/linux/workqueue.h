/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions to be called by a kernel thread. One item is queued once at most
 * and never runs on two threads at a time; while it sleeps, the next one runs.
 */
#ifndef _LINUX_WORKQUEUE_H
#define _LINUX_WORKQUEUE_H

#include <linux/types.h>
#include <linux/list.h>
#include <linux/timer.h>

struct work_struct;
struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *);

struct work_struct {
	work_func_t func;
	/* workqueue lock: */
	struct list_head entry;
	bool pending; /* queued, function not begun */
	struct workqueue_struct *wq;
};

struct delayed_work {
	struct work_struct work;
	struct timer_list timer;
	struct workqueue_struct *wq;
};

#define __WORK_INITIALIZER(n, f)                              \
	{                                                     \
		.func = f, .entry = LIST_HEAD_INIT((n).entry) \
	}
#define DECLARE_WORK(n, f) struct work_struct n = __WORK_INITIALIZER(n, f)
void delayed_work_timer_fn(struct timer_list *);
#define DECLARE_DELAYED_WORK(n, f)                                         \
	struct delayed_work n = { .work = __WORK_INITIALIZER((n).work, f), \
				  .timer = { .function = delayed_work_timer_fn } }
#define INIT_WORK(w, f)                      \
	do {                                 \
		(w)->func = (f);             \
		INIT_LIST_HEAD(&(w)->entry); \
		(w)->pending = false;        \
		(w)->wq = NULL;              \
	} while (0)
#define INIT_DELAYED_WORK(dw, f)                                     \
	do {                                                         \
		INIT_WORK(&(dw)->work, f);                           \
		timer_setup(&(dw)->timer, delayed_work_timer_fn, 0); \
	} while (0)
#define to_delayed_work(w) container_of(w, struct delayed_work, work)

extern struct workqueue_struct *system_wq;
#define system_unbound_wq system_wq
#define system_long_wq	  system_wq
struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max_active);
#define create_singlethread_workqueue(name) alloc_workqueue(name, 0, 1)
bool queue_work(struct workqueue_struct *, struct work_struct *);
bool queue_delayed_work(struct workqueue_struct *, struct delayed_work *, unsigned long delay);
static inline bool schedule_work(struct work_struct *w)
{
	return queue_work(system_wq, w);
}
static inline bool schedule_delayed_work(struct delayed_work *w, unsigned long delay)
{
	return queue_delayed_work(system_wq, w, delay);
}
bool flush_work(struct work_struct *);
bool cancel_delayed_work(struct delayed_work *);
bool cancel_delayed_work_sync(struct delayed_work *);
static inline bool work_pending(struct work_struct *w)
{
	return READ_ONCE(w->pending);
}
#define delayed_work_pending(w) (work_pending(&(w)->work) || timer_pending(&(w)->timer))

#ifndef MODULE
void workqueue_init(void);
/* The function of an item that has not ended; NULL: there is none. */
work_func_t workqueue_has_work(struct workqueue_struct *);

/* The scheduler's side: a worker (task->worker) is about to sleep, goes on. */
struct task_struct;
void wq_worker_sleeping(struct task_struct *);
void wq_worker_running(struct task_struct *);
#endif

#endif
