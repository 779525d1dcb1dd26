// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Work queues: each has one kernel thread that calls the functions in order.
 * One lock protects all queues; they are few.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/workqueue.h>

struct workqueue_struct {
	struct list_head items;		/* work_struct.entry */
	struct work_struct *running;
	struct task_struct *worker;
	wait_queue_head_t more;		/* the worker waits here */
	wait_queue_head_t done;		/* whoever flushes waits here */
};

static DEFINE_SPINLOCK(lock);		/* all items, pending and running */
struct workqueue_struct *system_wq;

/* The next item, taken; NULL if there is none. */
static struct work_struct *next_item(struct workqueue_struct *wq)
{
	struct work_struct *work;

	spin_lock_irq(&lock);
	work = list_first_entry_or_null(&wq->items, struct work_struct, entry);
	if (work) {
		list_del_init(&work->entry);
		work->pending = false;
	}
	wq->running = work;
	spin_unlock_irq(&lock);
	return work;
}

static int worker_main(void *data)
{
	struct workqueue_struct *wq = data;

	while (!kthread_should_stop()) {
		struct work_struct *work;

		if (kthread_should_park())
			kthread_parkme();
		work = next_item(wq);
		if (work) {
			work->func(work);
			/* the item may be gone: only the pointer is compared from here on */
			spin_lock_irq(&lock);
			wq->running = NULL;
			spin_unlock_irq(&lock);
			wake_up_all(&wq->done);
			continue;
		}
		___wait_event(wq->more,
			      !list_empty(&wq->items) || kthread_should_stop() ||
			      kthread_should_park(), TASK_IDLE, schedule());
	}
	return 0;
}

struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max_active)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);

	if (!wq)
		return NULL;
	INIT_LIST_HEAD(&wq->items);
	init_waitqueue_head(&wq->more);
	init_waitqueue_head(&wq->done);
	wq->worker = kthread_run(worker_main, wq, "kworker/%s", name);
	if (IS_ERR(wq->worker)) {
		kfree(wq);
		return NULL;
	}
	return wq;
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	flush_workqueue(wq);
	kthread_stop(wq->worker);
	kfree(wq);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	unsigned long flags;
	bool queued = false;

	spin_lock_irqsave(&lock, flags);
	if (!work->pending) {
		work->pending = true;
		work->wq = wq;
		list_add_tail(&work->entry, &wq->items);
		queued = true;
	}
	spin_unlock_irqrestore(&lock, flags);
	if (queued)
		wake_up(&wq->more);
	return queued;
}

void delayed_work_timer_fn(struct timer_list *timer)
{
	struct delayed_work *dwork = container_of(timer, struct delayed_work, timer);

	queue_work(dwork->wq, &dwork->work);
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
			unsigned long delay)
{
	if (delayed_work_pending(dwork))
		return false;
	dwork->wq = wq;
	if (!delay)
		return queue_work(wq, &dwork->work);
	mod_timer(&dwork->timer, jiffies + delay);
	return true;
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *dwork,
		      unsigned long delay)
{
	bool pending = cancel_delayed_work(dwork);

	queue_delayed_work(wq, dwork, delay);
	return pending;
}

static bool is_idle(struct work_struct *work)
{
	struct workqueue_struct *wq = work->wq;
	bool idle;

	spin_lock_irq(&lock);
	idle = !work->pending && (!wq || wq->running != work);
	spin_unlock_irq(&lock);
	return idle;
}

bool flush_work(struct work_struct *work)
{
	if (is_idle(work))
		return false;
	wait_event(work->wq->done, is_idle(work));
	return true;
}

bool flush_delayed_work(struct delayed_work *dwork)
{
	if (del_timer_sync(&dwork->timer))
		queue_work(dwork->wq, &dwork->work);
	return flush_work(&dwork->work);
}

static bool queue_is_idle(struct workqueue_struct *wq)
{
	bool idle;

	spin_lock_irq(&lock);
	idle = list_empty(&wq->items) && !wq->running;
	spin_unlock_irq(&lock);
	return idle;
}

void flush_workqueue(struct workqueue_struct *wq)
{
	wait_event(wq->done, queue_is_idle(wq));
}

/* Off the queue if it is on it. */
static bool take_back(struct work_struct *work)
{
	unsigned long flags;
	bool pending;

	spin_lock_irqsave(&lock, flags);
	pending = work->pending;
	if (pending) {
		list_del_init(&work->entry);
		work->pending = false;
	}
	spin_unlock_irqrestore(&lock, flags);
	return pending;
}

bool cancel_work_sync(struct work_struct *work)
{
	bool pending = take_back(work);

	flush_work(work);
	return pending;
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	return del_timer(&dwork->timer) || take_back(&dwork->work);
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	bool pending = del_timer_sync(&dwork->timer) || take_back(&dwork->work);

	flush_work(&dwork->work);
	return pending;
}

/* The caller visits each CPU in turn: a task runs there, so every other task there has been switched away. */
int schedule_on_each_cpu(work_func_t func)
{
	unsigned long allowed = current->cpus_allowed;
	struct work_struct work;
	unsigned int cpu;

	INIT_WORK(&work, func);
	for_each_online_cpu(cpu) {
		set_cpus_allowed(current, BIT(cpu));
		while (raw_smp_processor_id() != cpu)
			schedule_timeout_uninterruptible(1);
		func(&work);
	}
	set_cpus_allowed(current, allowed);
	return 0;
}

void workqueue_init(void)
{
	system_wq = alloc_workqueue("events", 0, 0);
	if (!system_wq)
		panic("workqueue: no memory for the system queue");
}
