// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Work queues: functions called by kernel threads, in the order in which they
 * were queued.
 *
 * A queue keeps one item going at a time, and starts the next as soon as that
 * one sleeps or ends: an item that waits never holds up those behind it. A queue
 * made with max_active 1 is the exception, it promises order.
 *
 * Promises: an item runs on one thread at a time, however often it is queued.
 * A worker takes no item before another worker waits in reserve, so that the
 * scheduler, which cannot make threads, has one to wake when the item sleeps
 * (wq_worker_sleeping). Out of memory the item runs without reserve.
 *
 * One lock protects all queues, workers and items; they are few.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/workqueue.h>

/* Workers without an item that stay: one waits in reserve while the other takes an item. */
#define MAX_IDLE 2

struct workqueue_struct {
	char name[8];
	unsigned int max_active; /* items begun and not ended */

	/* lock: */
	struct list_head items; /* work_struct.entry, oldest first */
	struct list_head busy;	/* worker.node of those with an item */
	unsigned int nr_busy;
	unsigned int nr_awake; /* busy ones that do not sleep in their item */
	unsigned int nr_idle;  /* waiting, or on their way to */

	wait_queue_head_t more; /* workers wait here for items */
	wait_queue_head_t done; /* whoever flushes waits here */
};

struct worker {
	struct workqueue_struct *wq;
	/* lock: */
	struct work_struct *item; /* NULL: idle */
	work_func_t func;	  /* its function: the item may be gone before that has ended */
	struct list_head node;	  /* wq->busy */
	bool asleep;
};

static DEFINE_SPINLOCK(lock);
struct workqueue_struct *system_wq;

/* ---- workers ---- */

static bool runs_locked(struct workqueue_struct *wq, struct work_struct *work)
{
	struct worker *worker;

	lockdep_assert_held(&lock);
	list_for_each_entry(worker, &wq->busy, node)
		if (worker->item == work)
			return true;
	return false;
}

/* The oldest item that may begin now; NULL if there is none. */
static struct work_struct *startable_locked(struct workqueue_struct *wq)
{
	struct work_struct *work;

	lockdep_assert_held(&lock);
	if (wq->nr_awake || wq->nr_busy >= wq->max_active)
		return NULL;
	list_for_each_entry(work, &wq->items, entry)
		if (!runs_locked(wq, work))
			return work;
	return NULL;
}

static void begin_locked(struct worker *worker, struct work_struct *work)
{
	struct workqueue_struct *wq = worker->wq;

	lockdep_assert_held(&lock);
	list_del_init(&work->entry);
	work->pending = false;
	worker->item = work;
	worker->func = work->func;
	list_add(&worker->node, &wq->busy);
	wq->nr_busy++;
	wq->nr_awake++;
	wq->nr_idle--;
}

static void end_locked(struct worker *worker)
{
	struct workqueue_struct *wq = worker->wq;

	lockdep_assert_held(&lock);
	worker->item = NULL;
	list_del(&worker->node);
	wq->nr_busy--;
	wq->nr_awake--;
	wq->nr_idle++;
}

/* From schedule(): the current task is about to sleep. Its item no longer keeps others from beginning. */
void wq_worker_sleeping(struct task_struct *task)
{
	struct worker *worker = task->worker;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	if (worker->item && !worker->asleep) {
		worker->asleep = true;
		worker->wq->nr_awake--;
		if (startable_locked(worker->wq))
			wake_up(&worker->wq->more);
	}
	spin_unlock_irqrestore(&lock, flags);
}

/* From schedule(): it goes on. */
void wq_worker_running(struct task_struct *task)
{
	struct worker *worker = task->worker;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	if (worker->asleep) {
		worker->asleep = false;
		worker->wq->nr_awake++;
	}
	spin_unlock_irqrestore(&lock, flags);
}

static int worker_main(void *data);

static void count_workers(struct workqueue_struct *wq, int n)
{
	spin_lock_irq(&lock);
	wq->nr_idle += n;
	spin_unlock_irq(&lock);
}

static bool add_worker(struct workqueue_struct *wq)
{
	struct worker *worker = kzalloc(sizeof(*worker), GFP_KERNEL);
	struct task_struct *task;

	if (!worker)
		return false;
	worker->wq = wq;
	count_workers(wq, 1);
	task = kthread_run(worker_main, worker, "kworker/%s", wq->name);
	if (IS_ERR(task)) {
		count_workers(wq, -1);
		kfree(worker);
		return false;
	}
	return true;
}

/* Begins an item, after it has seen to a reserve. False: nothing may begin now. */
static bool take_item(struct worker *worker)
{
	struct workqueue_struct *wq = worker->wq;
	struct work_struct *work;
	bool lonely;

	spin_lock_irq(&lock);
	lonely = startable_locked(wq) && wq->nr_idle == 1 && wq->max_active > 1;
	spin_unlock_irq(&lock);
	if (lonely)
		add_worker(wq);

	spin_lock_irq(&lock);
	work = startable_locked(wq);
	if (work)
		begin_locked(worker, work);
	spin_unlock_irq(&lock);
	return work;
}

static void run_item(struct worker *worker)
{
	worker->func(worker->item);
	/* the item may be gone: only the pointer is compared from here on */
	spin_lock_irq(&lock);
	end_locked(worker);
	spin_unlock_irq(&lock);
	wake_up_all(&worker->wq->done);
}

static bool wakes_locked(struct workqueue_struct *wq)
{
	lockdep_assert_held(&lock);
	return startable_locked(wq) || wq->nr_idle > MAX_IDLE;
}

static void wait_for_more(struct workqueue_struct *wq)
{
	DEFINE_WAIT(wait);
	bool wakes;

	prepare_to_wait_exclusive(&wq->more, &wait, TASK_IDLE);
	spin_lock_irq(&lock);
	wakes = wakes_locked(wq);
	spin_unlock_irq(&lock);
	if (!wakes && !kthread_should_park())
		schedule();
	finish_wait(&wq->more, &wait);
}

/* True: this worker is one too many, and is no longer counted. */
static bool may_leave(struct workqueue_struct *wq)
{
	bool leave;

	spin_lock_irq(&lock);
	leave = wq->nr_idle > MAX_IDLE;
	if (leave)
		wq->nr_idle--;
	spin_unlock_irq(&lock);
	return leave;
}

static int worker_main(void *data)
{
	struct worker *worker = data;

	current->worker = worker;
	for (;;) {
		if (kthread_should_park())
			kthread_parkme();
		if (take_item(worker))
			run_item(worker);
		else if (may_leave(worker->wq))
			break;
		else
			wait_for_more(worker->wq);
	}
	current->worker = NULL;
	kfree(worker);
	/* the reference that kthread_create() gave: nobody stops this thread */
	put_task_struct(current);
	return 0;
}

/* ---- queues ---- */

/* @max_active: 1 keeps the items in order even when one sleeps; 0 is Linux's default. */
struct workqueue_struct *alloc_workqueue(const char *name, unsigned int flags, int max_active)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);

	if (!wq)
		return NULL;
	strscpy(wq->name, name, sizeof(wq->name));
	wq->max_active = max_active > 0 ? max_active : 256;
	INIT_LIST_HEAD(&wq->items);
	INIT_LIST_HEAD(&wq->busy);
	init_waitqueue_head(&wq->more);
	init_waitqueue_head(&wq->done);
	if (!add_worker(wq)) {
		kfree(wq);
		return NULL;
	}
	return wq;
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
		if (startable_locked(wq))
			wake_up(&wq->more);
	}
	spin_unlock_irqrestore(&lock, flags);
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

static bool is_idle(struct work_struct *work)
{
	struct workqueue_struct *wq = work->wq;
	bool idle;

	spin_lock_irq(&lock);
	idle = !work->pending && (!wq || !runs_locked(wq, work));
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

work_func_t workqueue_has_work(struct workqueue_struct *wq)
{
	work_func_t func = NULL;

	spin_lock_irq(&lock);
	if (wq->nr_busy)
		func = list_first_entry(&wq->busy, struct worker, node)->func;
	else if (!list_empty(&wq->items))
		func = list_first_entry(&wq->items, struct work_struct, entry)->func;
	spin_unlock_irq(&lock);
	return func;
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

void workqueue_init(void)
{
	system_wq = alloc_workqueue("events", 0, 0);
	if (!system_wq)
		panic("workqueue: no memory for the system queue");
}
