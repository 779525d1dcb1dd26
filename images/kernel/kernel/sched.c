// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler: one run queue for all CPUs.
 *
 * Two lists, kernel threads before user tasks, each first come, first served
 * with a slice of one tick. A running task is on no list.
 *
 * Constraints:
 *  1. rq_lock is held across the switch: taken by the task that leaves, dropped
 *     by the one that comes (finish_task_switch). So nobody picks up a task
 *     whose registers are not saved yet, and the lock order with siglock and
 *     wait queue locks is always "theirs, then rq_lock".
 *  2. A task sets its state before it looks at what it waits for; a waker makes
 *     the change before try_to_wake_up() takes rq_lock. schedule() reads the
 *     state under rq_lock: it either sees the wake-up or is on no list when the
 *     waker comes.
 *  3. A waker that finds the task still executing (on_cpu) only sets its state:
 *     schedule() will put it back.
 */
#include <linux/kernel.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/percpu.h>
#include <linux/syscalls.h>
#include <linux/workqueue.h>

static DEFINE_SPINLOCK(rq_lock);
static struct list_head run_queue[2] = {
	/* by prio; rq_lock */
	LIST_HEAD_INIT(run_queue[0]),
	LIST_HEAD_INIT(run_queue[1]),
};
static unsigned int nr_queued;		/* rq_lock */
static unsigned int nr_uninterruptible; /* rq_lock */
static DEFINE_PER_CPU(u64, nr_switches);
static DEFINE_PER_CPU(unsigned long, passes); /* through __schedule(), whoever came out */

/* A woken task displaces one that has run this long, ns. */
#define WAKEUP_GRANULARITY 500000

struct task_struct *cpu_curr(unsigned int cpu)
{
	return READ_ONCE(cpu_data[cpu].current_task);
}

struct task_struct *idle_task(unsigned int cpu)
{
	return cpu_data[cpu].idle;
}

bool task_curr(const struct task_struct *t)
{
	return READ_ONCE(t->on_cpu);
}

unsigned long task_rq_lock(struct task_struct *t)
{
	unsigned long flags;

	spin_lock_irqsave(&rq_lock, flags);
	return flags;
}

void task_rq_unlock(struct task_struct *t, unsigned long flags)
{
	spin_unlock_irqrestore(&rq_lock, flags);
}

/* Nobody begins to run or ends while @fn looks: it takes rq_lock. */
void sched_for_each_waiting(void (*fn)(struct task_struct *t, void *arg), void *arg)
{
	struct task_struct *t;
	unsigned long flags;

	spin_lock_irqsave(&rq_lock, flags);
	for (int prio = 0; prio < 2; prio++)
		list_for_each_entry(t, &run_queue[prio], run_list)
			fn(t, arg);
	spin_unlock_irqrestore(&rq_lock, flags);
}

unsigned long sched_passes(unsigned int cpu)
{
	return READ_ONCE(passes[cpu]);
}

/* ---- queue; rq_lock held ---- */

static void enqueue(struct task_struct *t)
{
	lockdep_assert_held(&rq_lock);
	BUG_UNLESS_CONSTRAINT("kernel/sched.c 3", !t->on_rq && (!t->on_cpu || t == current));
	list_add_tail(&t->run_list, &run_queue[t->prio]);
	t->on_rq = true;
	nr_queued++;
}

static void dequeue(struct task_struct *t)
{
	lockdep_assert_held(&rq_lock);
	list_del_init(&t->run_list);
	t->on_rq = false;
	nr_queued--;
}

static struct task_struct *pick_next(unsigned int cpu)
{
	struct task_struct *t;

	lockdep_assert_held(&rq_lock);
	for (int prio = 0; prio < 2; prio++)
		list_for_each_entry(t, &run_queue[prio], run_list)
			if (t->cpus_allowed & 1UL << cpu)
				return t;
	return NULL;
}

/* The CPU looks at the run queue as soon as it can. */
static void kick_cpu(unsigned int cpu)
{
	lockdep_assert_held(&rq_lock);
	set_tsk_need_resched(cpu_curr(cpu));
	if (cpu != smp_processor_id())
		smp_send_reschedule(cpu);
}

void resched_cpu(unsigned int cpu)
{
	unsigned long flags;

	spin_lock_irqsave(&rq_lock, flags);
	kick_cpu(cpu);
	spin_unlock_irqrestore(&rq_lock, flags);
}

static bool cpu_is_free(unsigned int cpu)
{
	return cpu_data[cpu].online && cpu_curr(cpu) == cpu_data[cpu].idle &&
	       !test_tsk_thread_flag(cpu_data[cpu].idle, TIF_NEED_RESCHED);
}

/* Somebody should run @t: an idle CPU, the one it knows first, or one whose task has had enough. */
static void find_cpu_for(struct task_struct *t)
{
	unsigned int last = task_cpu(t), cpu;
	struct task_struct *curr;

	lockdep_assert_held(&rq_lock);
	if ((t->cpus_allowed & 1UL << last) && cpu_is_free(last)) {
		kick_cpu(last);
		return;
	}
	for_each_online_cpu(cpu) {
		if ((t->cpus_allowed & 1UL << cpu) && cpu_is_free(cpu)) {
			kick_cpu(cpu);
			return;
		}
	}
	cpu = t->cpus_allowed & 1UL << last ? last : __ffs(t->cpus_allowed);
	if (!cpu_data[cpu].online)
		return;
	curr = cpu_curr(cpu);
	if (t->prio < curr->prio || local_clock() - curr->slice_start > WAKEUP_GRANULARITY)
		kick_cpu(cpu);
}

/* Asleep, but soon to go on: the load average has always counted such tasks. */
static bool counts_as_load(struct task_struct *t)
{
	lockdep_assert_held(&rq_lock);
	return (t->__state & (TASK_UNINTERRUPTIBLE | TASK_NOLOAD)) == TASK_UNINTERRUPTIBLE;
}

/* ---- waking ---- */

/* 1 if the task was in one of the states and runs now. */
int try_to_wake_up(struct task_struct *t, unsigned int state)
{
	unsigned long flags;
	int woken = 0;

	spin_lock_irqsave(&rq_lock, flags);
	if (t->__state & state) {
		if (!t->on_cpu && !t->on_rq && counts_as_load(t))
			nr_uninterruptible--;
		t->__state = TASK_RUNNING;
		woken = 1;
		if (!t->on_cpu && !t->on_rq) {
			enqueue(t);
			find_cpu_for(t);
		}
	}
	spin_unlock_irqrestore(&rq_lock, flags);
	return woken;
}

int wake_up_process(struct task_struct *t)
{
	return try_to_wake_up(t, TASK_NORMAL | TASK_NEW);
}

int wake_up_state(struct task_struct *t, unsigned int state)
{
	return try_to_wake_up(t, state);
}

void wake_up_new_task(struct task_struct *t)
{
	t->slice_start = local_clock();
	try_to_wake_up(t, TASK_NEW);
}

/* A task in user mode enters the kernel soon. */
void kick_process(struct task_struct *t)
{
	unsigned int cpu;

	preempt_disable();
	cpu = task_cpu(t);
	if (t->on_cpu && cpu != smp_processor_id() && cpu_curr(cpu) == t)
		smp_send_reschedule(cpu);
	preempt_enable();
}

void set_cpus_allowed(struct task_struct *t, unsigned long mask)
{
	unsigned long flags;
	bool move;

	mask &= cpu_online_bits();
	if (!mask)
		return;
	spin_lock_irqsave(&rq_lock, flags);
	t->cpus_allowed = mask;
	move = t->on_cpu && !(mask & 1UL << task_cpu(t));
	if (move && t != current)
		kick_cpu(task_cpu(t));
	spin_unlock_irqrestore(&rq_lock, flags);
	if (move && t == current)
		schedule();
}

/* ---- the switch ---- */

/* First thing of the task that comes; rq_lock is held by the one that left. */
static void finish_task_switch(struct task_struct *prev)
{
	struct mm_struct *lazy = NULL;
	bool dead = prev->__state == TASK_DEAD;

	BUG_UNLESS_CONSTRAINT("kernel/sched.c 1", lockdep_is_held(&rq_lock) && irqs_disabled());
	if (!prev->mm) {
		lazy = prev->active_mm;
		prev->active_mm = NULL;
	}
	arch_spin_unlock(&rq_lock);
	local_irq_enable();
	if (lazy)
		mmdrop(lazy);
	if (dead) {
		klp_task_dead(prev);
		put_task_struct(prev);
	}
}

void schedule_tail(struct task_struct *prev)
{
	finish_task_switch(prev);
	tick_program();
	preempt_enable();
	if (current->set_child_tid)
		put_child_tid();
}

/* Kernel threads borrow the page tables that are loaded. */
static void switch_address_space(struct task_struct *prev, struct task_struct *next)
{
	lockdep_assert_held(&rq_lock);
	if (!next->mm) {
		next->active_mm = prev->active_mm;
		mmgrab(next->active_mm);
	} else {
		next->active_mm = next->mm;
		switch_mm(next->mm);
	}
}

static void account_switch(struct task_struct *prev, struct task_struct *next)
{
	u64 now = local_clock();

	prev->sum_exec += now - prev->slice_start;
	prev->stime += now - prev->acct_stamp;
	next->slice_start = now;
	next->acct_stamp = now;
}

/* Preemption is off. @preempt: the task goes on being runnable whatever its state. */
static void __schedule(bool preempt)
{
	struct task_struct *prev, *next;
	unsigned int cpu;

	lockdep_assert_preemption_disabled();
	local_irq_disable();
	arch_spin_lock(&rq_lock);
	cpu = smp_processor_id();
	prev = current;
	clear_tsk_thread_flag(prev, TIF_NEED_RESCHED);
	WRITE_ONCE(passes[cpu], passes[cpu] + 1);

	if (!preempt && prev->__state) {
		if ((prev->__state & TASK_INTERRUPTIBLE) && signal_pending(prev))
			prev->__state = TASK_RUNNING;
		else if ((prev->__state & TASK_WAKEKILL) && fatal_signal_pending(prev))
			prev->__state = TASK_RUNNING;
	}
	if (prev != cpu_data[cpu].idle && (preempt || !prev->__state)) {
		prev->nivcsw += preempt;
		enqueue(prev);
	} else if (counts_as_load(prev)) {
		nr_uninterruptible++;
	}
	ASSERT_CONSTRAINT("kernel/sched.c 2",
			  prev == cpu_data[cpu].idle || prev->on_rq == (preempt || !prev->__state));
	next = pick_next(cpu);
	if (next)
		dequeue(next);
	else
		next = cpu_data[cpu].idle;
	if (next == prev) {
		account_switch(prev, prev);
		arch_spin_unlock(&rq_lock);
		local_irq_enable();
		return;
	}
	prev->nvcsw += !preempt;
	account_switch(prev, next);
	nr_switches[cpu]++;
	prev->on_cpu = false;
	next->on_cpu = true;
	next->thread_info.cpu = cpu;
	/* one that may not run here any more and still waits needs another CPU */
	if (prev->on_rq && !(prev->cpus_allowed & 1UL << cpu))
		find_cpu_for(prev);
	switch_address_space(prev, next);
	prev = arch_switch_to(prev, next);
	finish_task_switch(prev);
	tick_program();
}

void schedule(void)
{
	/* one that ends leaves its CPU to nobody before */
	DEBUG_ASSERT(!irqs_disabled() && (!in_atomic() || current->__state == TASK_DEAD));
	klp_sched_try_switch();
	if (current->worker && current->__state)
		wq_worker_sleeping(current);
	do {
		preempt_disable();
		__schedule(false);
		preempt_enable_no_resched();
	} while (need_resched());
	if (current->worker)
		wq_worker_running(current);
}

/*
 * Preemption: the state stays, so a task about to sleep is not lost. Not traced:
 * the handlers behind a traced function's entry end with preempt_enable().
 */
notrace void preempt_schedule(void)
{
	if (preempt_count() || irqs_disabled())
		return;
	do {
		preempt_disable();
		__schedule(true);
		preempt_enable_no_resched();
	} while (need_resched());
}

/* From the way out of an interrupt: interrupts off, and off again on return. */
void preempt_schedule_irq(void)
{
	lockdep_assert_irqs_disabled();
	do {
		preempt_disable();
		__schedule(true);
		local_irq_disable();
		preempt_enable_no_resched();
	} while (need_resched());
}

int __cond_resched(void)
{
	klp_sched_try_switch();
	if (need_resched() && !preempt_count() && !irqs_disabled()) {
		schedule();
		return 1;
	}
	return 0;
}

void yield(void)
{
	set_current_state(TASK_RUNNING);
	schedule();
}

/* ---- idle ---- */

/* The life of a CPU's idle task, with preemption off but while it switches. Never left: not traced. */
notrace void cpu_startup_entry(void)
{
	lockdep_assert_preemption_disabled();
	local_irq_enable();
	for (;;) {
		while (!need_resched()) {
			if (test_thread_flag(TIF_PATCH_PENDING))
				klp_update_patch_state(current);
			local_irq_disable();
			if (need_resched()) {
				local_irq_enable();
				break;
			}
			tick_program();
			/* STI takes effect after HLT has begun: no interrupt is missed */
			asm volatile("sti; hlt" ::: "memory");
		}
		__schedule(false);
	}
}

/* ---- the tick ---- */

/* Interrupts off; @user: user mode was interrupted. */
void scheduler_tick(bool user)
{
	struct task_struct *curr = current;
	u64 now = local_clock(), delta = now - curr->acct_stamp;

	lockdep_assert_irqs_disabled();
	curr->acct_stamp = now;
	if (user)
		curr->utime += delta;
	else
		curr->stime += delta;
	if (curr != this_cpu()->idle && READ_ONCE(nr_queued) &&
	    now - curr->slice_start >= TICK_NSEC - TICK_NSEC / 8)
		set_tsk_need_resched(curr);
	if (smp_processor_id() == 0)
		update_load(now);
}

unsigned int nr_running(void)
{
	unsigned int n = READ_ONCE(nr_queued), cpu;

	for_each_online_cpu(cpu)
		if (cpu_curr(cpu) != cpu_data[cpu].idle)
			n++;
	return n;
}

unsigned int nr_active(void)
{
	return nr_running() + READ_ONCE(nr_uninterruptible);
}

u64 nr_context_switches(void)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		sum += nr_switches[cpu];
	return sum;
}

void sched_init(void)
{
	init_task.cpus_allowed = ~0UL;
	init_task.on_cpu = true;
	init_task.slice_start = init_task.acct_stamp = local_clock();
	loadavg_init();
	this_cpu()->idle = &init_task;
	this_cpu()->loaded_mm = &init_mm;
	this_cpu()->online = true;
}
