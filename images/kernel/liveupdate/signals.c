// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes handlers and group: what the threads of a process share of its signals, and
 * the signals that wait for it or for one of them.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include "internal.h"

/* ---- handlers ---- */

DEFINE_MADE_RECORD(handlers, HANDLERS_RECORD, struct sighand_struct *sighand)
DEFINE_RECORD(action, ACTION_RECORD, struct sigaction *sa)

static int put_handlers(struct ser_writer *w, struct sighand_struct *sighand)
{
	write_handlers(w, sighand);
	w->count++;
	for (int i = 0; i < _NSIG; i++)
		write_action(w, &sighand->action[i].sa);
	return number_add(&handler_numbers, sighand);
}

static int preserve_handlers(struct ser_writer *w)
{
	struct task_struct *p, *t;

	for_each_user_process(p) {
		for_each_thread(p, t) {
			int ret;

			if (number_of(&handler_numbers, t->sighand) != HANDOVER_NONE)
				continue;
			ret = put_handlers(w, t->sighand);
			if (ret)
				return ret;
		}
	}
	return w->error;
}

static int get_handlers(struct ser_reader *r)
{
	TAKE_RECORD(r, handlers, HANDLERS_RECORD)
	struct sighand_struct *sighand = alloc_sighand_struct();

	if (!sighand)
		return -ENOMEM;
	for (u32 i = 0; i < actions; i++)
		read_action(record_take(r, LAYOUT_action), &sighand->action[i].sa);
	atomic_set(&sighand->count, 0);
	return number_add(&handler_numbers, sighand);
}

/* ---- pending signals ---- */

u32 count_pending(const struct sigpending *pending)
{
	struct sigqueue *q;
	u32 n = 0;

	list_for_each_entry(q, &pending->list, list)
		n++;
	return n;
}

DEFINE_RECORD(siginfo, SIGINFO_RECORD, struct sigqueue *q)

void put_pending(struct ser_writer *w, const struct sigpending *pending)
{
	struct sigqueue *q;

	list_for_each_entry(q, &pending->list, list)
		write_siginfo(w, q);
}

int get_pending(struct ser_reader *r, struct sigpending *pending, u32 count)
{
	while (count--) {
		struct sigqueue *q = sigqueue_alloc();

		if (!q)
			return -ENOMEM;
		read_siginfo(record_take(r, LAYOUT_siginfo), q);
		list_add_tail(&q->list, &pending->list);
	}
	return 0;
}

/* ---- thread groups ---- */

DEFINE_RECORD(group, GROUP_RECORD, struct signal_struct *s)

static int put_group(struct ser_writer *w, struct task_struct *p)
{
	if (p->signal->group_exit_task)
		return liveupdate_refuse(-EBUSY, "task %d (%s) is inside exec", p->pid, p->comm);
	write_group(w, p->signal);
	put_pending(w, &p->signal->shared_pending);
	w->count++;
	return number_add(&group_numbers, p->signal);
}

static int preserve_groups(struct ser_writer *w)
{
	struct task_struct *p;

	for_each_user_process(p) {
		int ret = put_group(w, p);

		if (ret)
			return ret;
	}
	return w->error;
}

static int get_group(struct ser_reader *r)
{
	TAKE_RECORD(r, group, GROUP_RECORD)
	struct signal_struct *s = alloc_signal_struct();

	if (!s)
		return -ENOMEM;
	read_group(record, s);
	s->tty = number_get(&tty_numbers, tty);
	s->real_timer.function = it_real_fn;
	/* tasks count themselves in; the timer starts when they may run */
	atomic_set(&s->sigcnt, 0);
	ledger_add(LEDGER_TIMERS, LEDGER_REBUILT, timer_active);
	if (timer_active && number_add(&timer_numbers, s))
		return -ENOMEM;
	if (number_add(&group_numbers, s))
		return -ENOMEM;
	return get_pending(r, &s->shared_pending, pending);
}

void start_group_timers(void)
{
	for (u32 i = 0; i < timer_numbers.count; i++) {
		struct signal_struct *s = timer_numbers.item[i];

		hrtimer_start(&s->real_timer, s->real_timer.expires, HRTIMER_MODE_ABS);
	}
}

/* clang-format off */
#define SIGHAND_LEFT(LEFT) \
	LEFT(siglock, "free when all stand still") \
	LEFT(count, "tasks count themselves in")
#define SIGQUEUE_LEFT(LEFT) \
	LEFT(list, "the order of the records")
#define SIGNAL_LEFT(LEFT) \
	LEFT(sigcnt, "tasks count themselves in") \
	LEFT(live, "the same, and zombies themselves out") \
	LEFT(nr_threads, "the same") \
	LEFT(thread_head, "the tasks of the group") \
	LEFT(shared_pending.list, "siginfo records") \
	LEFT(group_exit_task, "refused: inside exec") \
	LEFT(real_timer.function, "the same for every group") \
	LEFT(real_timer.entry, "started again: timer_active") \
	LEFT(real_timer.cpu, "the one that starts it") \
	LEFT(real_timer.running, "interrupts are off") \
	LEFT(wait_chldexit, "wait4 is executed again")
/* clang-format on */
CARRIED(sighand_struct, sighand, HANDLERS_RECORD, SIGHAND_LEFT)
CARRIED(sigaction, sa, ACTION_RECORD, NO_ROW)
CARRIED(sigqueue, q, SIGINFO_RECORD, SIGQUEUE_LEFT)
CARRIED(signal_struct, s, GROUP_RECORD, SIGNAL_LEFT)

const struct liveupdate_class handlers_class = {
	.layout = LAYOUT_handlers,
	.preserve = preserve_handlers,
	.retrieve_record = get_handlers,
};
const struct liveupdate_class group_class = {
	.layout = LAYOUT_group,
	.preserve = preserve_groups,
	.retrieve_record = get_group,
};
