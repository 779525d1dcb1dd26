// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes handlers, group, task: processes, their threads, their signals.
 *
 * A task is carried at the boundary to user mode: its registers are all of its
 * state, so the new kernel gives it a new kernel stack that ends in them. One
 * that is stopped by a signal is inside get_signal(); the new kernel sends it
 * there again before it runs. A zombie is a number and an exit code.
 *
 * A blocked system call has left the kernel but for its result, one of the
 * -ERESTART codes. The new kernel decides what becomes of it, because a signal may
 * come in between; what the call needs to go on to the same deadline is the restart
 * block.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include "internal.h"

/* The functions of restart blocks; the numbers are RESTART_*. */
long nanosleep_restart(struct restart_block *);
long futex_wait_restart(struct restart_block *);
long poll_restart(struct restart_block *);
long write_restart(struct restart_block *);
long sigtimedwait_restart(struct restart_block *);
enum hrtimer_restart it_real_fn(struct hrtimer *);

static struct task_struct *resume_list[MAX_PID / 8];
static u32 resume_count;
static bool timer_armed[MAX_PID / 8]; /* by number of group */

/* ---- handlers ---- */

static int preserve_handlers(struct ser_writer *w)
{
	struct task_struct *p, *t;

	for_each_user_process(p) {
		for_each_thread(p, t) {
			struct handler_ser action;

			if (number_of(&handler_numbers, t->sighand) != HANDOVER_NONE)
				continue;
			for (int i = 0; i < _NSIG; i++) {
				struct sigaction *sa = &t->sighand->action[i].sa;

				action.handler = (u64)sa->sa_handler;
				action.flags = sa->sa_flags;
				action.restorer = (u64)sa->sa_restorer;
				action.mask = sa->sa_mask.sig[0];
				ser_put(w, &action, sizeof(action));
			}
			w->count++;
			if (number_add(&handler_numbers, t->sighand))
				return -ENOMEM;
		}
	}
	return w->error;
}

static int retrieve_handlers(struct ser_reader *r, u64 count)
{
	while (count--) {
		struct sighand_struct *sighand = alloc_sighand_struct();
		struct handler_ser action;

		if (!sighand)
			return -ENOMEM;
		for (int i = 0; i < _NSIG; i++) {
			struct sigaction *sa = &sighand->action[i].sa;

			if (!ser_get(r, &action, sizeof(action)))
				return -EINVAL;
			sa->sa_handler = (void (*)(int))action.handler;
			sa->sa_flags = action.flags;
			sa->sa_restorer = (void (*)(void))action.restorer;
			sa->sa_mask.sig[0] = action.mask;
		}
		atomic_set(&sighand->count, 0);
		if (number_add(&handler_numbers, sighand))
			return -ENOMEM;
	}
	return 0;
}

/* ---- pending signals ---- */

static u32 count_pending(const struct sigpending *pending)
{
	struct sigqueue *q;
	u32 n = 0;

	list_for_each_entry(q, &pending->list, list)
		n++;
	return n;
}

static void put_pending(struct ser_writer *w, const struct sigpending *pending)
{
	struct sigqueue *q;

	list_for_each_entry(q, &pending->list, list)
		ser_put(w, &q->info, sizeof(q->info));
}

static int get_pending(struct ser_reader *r, struct sigpending *pending, u64 set, u32 count)
{
	pending->signal.sig[0] = set;
	while (count--) {
		struct sigqueue *q = sigqueue_alloc();

		if (!q)
			return -ENOMEM;
		if (!ser_get(r, &q->info, sizeof(q->info)))
			return -EINVAL;
		list_add_tail(&q->list, &pending->list);
		ledger[LEDGER_SIGNALS].rebuilt++;
	}
	return 0;
}

/* ---- thread groups ---- */

static int put_group(struct ser_writer *w, struct task_struct *p)
{
	struct signal_struct *s = p->signal;
	struct group_ser record = {
		.pgrp = s->pgrp,
		.session = s->session,
		.leader = s->leader,
		.tty = s->tty ? (u32)s->tty->index : HANDOVER_NONE,
		.group_exit = s->group_exit,
		.group_exit_code = s->group_exit_code,
		.group_stopped = s->group_stopped,
		.stop_code = s->stop_code,
		.continued = s->continued,
		.pending = count_pending(&s->shared_pending),
		.pending_set = s->shared_pending.signal.sig[0],
		.timer_active = s->real_timer.queued,
		.timer_expires = s->real_timer.expires,
		.timer_interval = s->it_real_incr,
		.utime = s->utime,
		.stime = s->stime,
		.cutime = s->cutime,
		.cstime = s->cstime,
		.maxrss = s->maxrss,
	};

	if (s->group_exit_task)
		return liveupdate_refuse(-EBUSY, "task %d (%s) is inside exec", p->pid, p->comm);
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		record.rlim[i][0] = s->rlim[i].rlim_cur;
		record.rlim[i][1] = s->rlim[i].rlim_max;
	}
	ser_put(w, &record, sizeof(record));
	put_pending(w, &s->shared_pending);
	w->count++;
	return number_add(&group_numbers, s);
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
	struct signal_struct *s = alloc_signal_struct();
	struct group_ser ser;

	if (!s || !ser_get(r, &ser, sizeof(ser)))
		return s ? -EINVAL : -ENOMEM;
	s->pgrp = ser.pgrp;
	s->session = ser.session;
	s->leader = ser.leader;
	if (ser.tty != HANDOVER_NONE) {
		s->tty = tty_by_index(ser.tty);
		if (!s->tty)
			return -ENXIO;
	}
	s->group_exit = ser.group_exit;
	s->group_exit_code = ser.group_exit_code;
	s->group_stopped = ser.group_stopped;
	s->stop_code = ser.stop_code;
	s->continued = ser.continued;
	s->real_timer.function = it_real_fn;
	s->real_timer.expires = ser.timer_expires;
	s->it_real_incr = ser.timer_interval;
	s->utime = ser.utime;
	s->stime = ser.stime;
	s->cutime = ser.cutime;
	s->cstime = ser.cstime;
	s->maxrss = ser.maxrss;
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		s->rlim[i].rlim_cur = ser.rlim[i][0];
		s->rlim[i].rlim_max = ser.rlim[i][1];
	}
	/* tasks count themselves in; the timer starts when they may run */
	atomic_set(&s->sigcnt, 0);
	if (group_numbers.count == ARRAY_SIZE(timer_armed))
		return -E2BIG;
	timer_armed[group_numbers.count] = ser.timer_active;
	ledger[LEDGER_TIMERS].rebuilt += ser.timer_active;
	if (number_add(&group_numbers, s))
		return -ENOMEM;
	return get_pending(r, &s->shared_pending, ser.pending_set, ser.pending);
}

static int retrieve_groups(struct ser_reader *r, u64 count)
{
	int ret = 0;

	while (!ret && count--)
		ret = get_group(r);
	return ret;
}

/* ---- restart blocks ---- */

static int put_restart(struct task_ser *record, struct task_struct *t)
{
	const struct restart_block *b = &t->restart_block;
	u64 argument[5] = {};

	record->restart = RESTART_NONE;
	if (!b->fn)
		return 0;
	if (b->fn == nanosleep_restart) {
		record->restart = RESTART_NANOSLEEP;
		argument[0] = b->nanosleep.clockid;
		argument[1] = (u64)b->nanosleep.rmtp;
		argument[2] = b->nanosleep.expires;
	} else if (b->fn == futex_wait_restart) {
		record->restart = RESTART_FUTEX;
		argument[0] = (u64)b->futex.uaddr;
		argument[1] = b->futex.val;
		argument[2] = b->futex.flags;
		argument[3] = b->futex.bitset;
		argument[4] = b->futex.time;
	} else if (b->fn == poll_restart) {
		record->restart = RESTART_POLL;
		argument[0] = (u64)b->poll.ufds;
		argument[1] = b->poll.nfds;
		argument[2] = b->poll.expires;
		argument[3] = b->poll.has_timeout;
	} else if (b->fn == write_restart) {
		record->restart = RESTART_WRITE;
		argument[0] = b->write.done;
		argument[1] = b->write.nr;
	} else if (b->fn == sigtimedwait_restart) {
		record->restart = RESTART_SIGTIMEDWAIT;
		argument[0] = b->sigtimedwait.expires;
	} else {
		return liveupdate_refuse(
			-EOPNOTSUPP,
			"task %d (%s) is inside a system call that cannot be preserved", t->pid,
			t->comm);
	}
	memcpy(record->restart_arguments, argument, sizeof(argument));
	return 0;
}

static int get_restart(struct task_struct *t, const struct task_ser *ser)
{
	struct restart_block *b = &t->restart_block;
	u64 argument[5];

	memcpy(argument, ser->restart_arguments, sizeof(argument));
	switch (ser->restart) {
	case RESTART_NONE:
		return 0;
	case RESTART_NANOSLEEP:
		b->fn = nanosleep_restart;
		b->nanosleep.clockid = argument[0];
		b->nanosleep.rmtp = (void *)argument[1];
		b->nanosleep.expires = argument[2];
		break;
	case RESTART_FUTEX:
		b->fn = futex_wait_restart;
		b->futex.uaddr = (u32 *)argument[0];
		b->futex.val = argument[1];
		b->futex.flags = argument[2];
		b->futex.bitset = argument[3];
		b->futex.time = argument[4];
		break;
	case RESTART_POLL:
		b->fn = poll_restart;
		b->poll.ufds = (void *)argument[0];
		b->poll.nfds = argument[1];
		b->poll.expires = argument[2];
		b->poll.has_timeout = argument[3];
		break;
	case RESTART_WRITE:
		b->fn = write_restart;
		b->write.done = argument[0];
		b->write.nr = argument[1];
		break;
	case RESTART_SIGTIMEDWAIT:
		b->fn = sigtimedwait_restart;
		b->sigtimedwait.expires = argument[0];
		break;
	default:
		return -EINVAL;
	}
	return 0;
}

/* ---- tasks ---- */

static u32 table_number(const struct number_table *table, const void *object)
{
	return object ? number_of(table, object) : HANDOVER_NONE;
}

static u32 count_children(struct task_struct *t)
{
	struct task_struct *child;
	u32 n = 0;

	list_for_each_entry(child, &t->children, sibling)
		n++;
	return n;
}

static void put_identity(struct task_ser *record, struct task_struct *t)
{
	record->pid = t->pid;
	record->tgid = t->tgid;
	record->parent = t->real_parent == &init_task ? 0 : t->real_parent->pid;
	record->state = t->exit_state	     ? TASK_SER_ZOMBIE
			: task_is_stopped(t) ? TASK_SER_STOPPED
					     : TASK_SER_BOUNDARY;
	memcpy(record->comm, t->comm, sizeof(record->comm));
	record->group = table_number(&group_numbers, t->signal);
	record->handlers = table_number(&handler_numbers, t->sighand);
	record->mm = table_number(&mm_numbers, t->mm);
	record->descriptors = table_number(&descriptor_numbers, t->files);
	record->directories = table_number(&directory_numbers, t->fs);
	record->flags = t->flags;
	record->nice = t->nice;
	record->exit_code = t->exit_code;
	record->exit_signal = t->exit_signal;
	record->uid = t->uid;
	record->euid = t->euid;
	record->suid = t->suid;
	record->fsuid = t->fsuid;
	record->gid = t->gid;
	record->egid = t->egid;
	record->sgid = t->sgid;
	record->fsgid = t->fsgid;
}

static void put_counters(struct task_ser *record, struct task_struct *t)
{
	record->cpus_allowed = t->cpus_allowed;
	record->sum_exec = t->sum_exec;
	record->nvcsw = t->nvcsw;
	record->nivcsw = t->nivcsw;
	record->start_time = t->start_time;
	record->utime = t->utime;
	record->stime = t->stime;
	record->min_flt = t->min_flt;
	record->maj_flt = t->maj_flt;
	record->clear_child_tid = (u64)t->clear_child_tid;
	record->robust_list = (u64)t->robust_list;
}

static void put_signals(struct task_ser *record, struct task_struct *t)
{
	record->pending = count_pending(&t->pending);
	record->pending_set = t->pending.signal.sig[0];
	record->blocked = t->blocked.sig[0];
	record->real_blocked = t->real_blocked.sig[0];
	record->saved_sigmask = t->saved_sigmask.sig[0];
	record->restore_sigmask = t->restore_sigmask;
	record->sas_sp = t->sas_ss_sp;
	record->sas_size = t->sas_ss_size;
	record->sas_flags = t->sas_ss_flags;
}

static void put_registers(struct task_ser *record, struct task_struct *t)
{
	const struct pt_regs *regs = task_pt_regs(t);

	memcpy(record->regs, regs, sizeof(record->regs));
	/* for the caller of reboot() the upgrade has succeeded when it goes on */
	if (t == current)
		record->regs[offsetof(struct pt_regs, ax) / 8] = 0;
	record->fsbase = t->thread.fsbase;
	record->gsbase = t->thread.gsbase;
	record->cr2 = t->thread.cr2;
	record->error_code = t->thread.error_code;
	record->trap_nr = t->thread.trap_nr;
	memcpy(record->fxsave, t->thread.fxsave, sizeof(record->fxsave));
}

static int put_task(struct ser_writer *w, struct task_struct *t)
{
	static struct task_ser record;
	struct task_struct *child;
	int ret;

	memset(&record, 0, sizeof(record));
	put_identity(&record, t);
	put_counters(&record, t);
	put_signals(&record, t);
	put_registers(&record, t);
	ret = put_restart(&record, t);
	if (ret)
		return ret;
	if (t->vfork_done)
		return liveupdate_refuse(-EBUSY, "task %d (%s) is inside vfork",
					 t->real_parent->pid, t->real_parent->comm);
	record.children = count_children(t);
	ser_put(w, &record, sizeof(record));
	put_pending(w, &t->pending);
	list_for_each_entry(child, &t->children, sibling) {
		u32 pid = child->pid;

		ser_put(w, &pid, sizeof(pid));
	}
	w->count++;
	return 0;
}

static int preserve_tasks(struct ser_writer *w)
{
	struct task_struct *p, *t;

	for_each_user_process(p) {
		for_each_thread(p, t) {
			int ret = put_task(w, t);

			if (ret)
				return ret;
		}
	}
	return w->error;
}

/* ---- the new kernel ---- */

static void skip(struct ser_reader *r, u64 bytes)
{
	u8 waste[64];

	while (bytes && !r->error) {
		u64 part = min_t(u64, bytes, sizeof(waste));

		ser_get(r, waste, part);
		bytes -= part;
	}
}

/* Before this kernel makes its first thread: the numbers that are taken. */
int reserve_pids(const struct handover_component_ser *component)
{
	static struct task_ser ser;
	struct ser_reader r;

	ser_open(&r, component);
	for (u64 i = 0; i < component->count; i++) {
		if (!ser_get(&r, &ser, sizeof(ser)))
			return -EINVAL;
		skip(&r, ser.pending * (u64)sizeof(siginfo_t) + ser.children * 4ULL);
		if (alloc_pid(ser.pid) != (pid_t)ser.pid)
			return -EINVAL;
		ledger[LEDGER_PIDS].rehashed++;
	}
	/* threads of this kernel's own take the low numbers, as on a first start */
	last_pid = 1;
	return r.error;
}

static int attach_parts(struct task_struct *t, const struct task_ser *ser)
{
	t->signal = number_get(&group_numbers, ser->group);
	t->sighand = number_get(&handler_numbers, ser->handlers);
	if (!t->signal || !t->sighand)
		return -EINVAL;
	atomic_inc(&t->signal->sigcnt);
	atomic_inc(&t->sighand->count);
	if (ser->mm != HANDOVER_NONE) {
		t->mm = t->active_mm = number_get(&mm_numbers, ser->mm);
		if (!t->mm)
			return -EINVAL;
		mmget(t->mm);
	}
	if (ser->descriptors != HANDOVER_NONE) {
		t->files = number_get(&descriptor_numbers, ser->descriptors);
		if (!t->files)
			return -EINVAL;
		atomic_inc(&t->files->count);
	}
	if (ser->directories != HANDOVER_NONE) {
		t->fs = number_get(&directory_numbers, ser->directories);
		if (!t->fs)
			return -EINVAL;
		atomic_inc(&t->fs->count);
	}
	return ser->state == TASK_SER_ZOMBIE || (t->mm && t->files && t->fs) ? 0 : -EINVAL;
}

static void fill_task(struct task_struct *t, const struct task_ser *ser)
{
	t->pid = ser->pid;
	t->tgid = ser->tgid;
	memcpy(t->comm, ser->comm, sizeof(t->comm));
	t->comm[TASK_COMM_LEN - 1] = 0;
	t->flags = ser->flags;
	t->prio = 1;
	t->nice = ser->nice;
	t->exit_code = ser->exit_code;
	t->exit_signal = ser->exit_signal;
	t->uid = ser->uid;
	t->euid = ser->euid;
	t->suid = ser->suid;
	t->fsuid = ser->fsuid;
	t->gid = ser->gid;
	t->egid = ser->egid;
	t->sgid = ser->sgid;
	t->fsgid = ser->fsgid;
	t->cpus_allowed = ser->cpus_allowed;
	t->sum_exec = ser->sum_exec;
	t->nvcsw = ser->nvcsw;
	t->nivcsw = ser->nivcsw;
	t->start_time = ser->start_time;
	t->utime = ser->utime;
	t->stime = ser->stime;
	t->min_flt = ser->min_flt;
	t->maj_flt = ser->maj_flt;
	t->clear_child_tid = (void *)ser->clear_child_tid;
	t->robust_list = (void *)ser->robust_list;
	t->blocked.sig[0] = ser->blocked;
	t->real_blocked.sig[0] = ser->real_blocked;
	t->saved_sigmask.sig[0] = ser->saved_sigmask;
	t->restore_sigmask = ser->restore_sigmask;
	t->sas_ss_sp = ser->sas_sp;
	t->sas_ss_size = ser->sas_size;
	t->sas_ss_flags = ser->sas_flags;
	t->acct_stamp = t->slice_start = local_clock();
}

static void fill_registers(struct task_struct *t, const struct task_ser *ser)
{
	memcpy(task_pt_regs(t), ser->regs, sizeof(ser->regs));
	t->thread.fsbase = ser->fsbase;
	t->thread.gsbase = ser->gsbase;
	t->thread.cr2 = ser->cr2;
	t->thread.error_code = ser->error_code;
	t->thread.trap_nr = ser->trap_nr;
	memcpy(t->thread.fxsave, ser->fxsave, sizeof(ser->fxsave));
	task_setup_return_to_user(t);
}

/* What comes of a record must not reach the kernel through its registers. */
static bool registers_are_sound(const struct task_ser *ser)
{
	struct pt_regs regs;

	memcpy(&regs, ser->regs, sizeof(regs));
	return ser->state == TASK_SER_ZOMBIE ||
	       (regs.cs == __USER_CS && regs.ss == __USER_DS && (regs.flags & X86_EFLAGS_IF) &&
		!(regs.flags & X86_EFLAGS_IOPL));
}

static int get_task(struct ser_reader *r, u32 **children)
{
	static struct task_ser ser;
	struct task_struct *t;
	int ret;

	if (!ser_get(r, &ser, sizeof(ser)) || !registers_are_sound(&ser))
		return -EINVAL;
	t = alloc_task_struct();
	if (!t)
		return -ENOMEM;
	fill_task(t, &ser);
	fill_registers(t, &ser);
	ret = attach_parts(t, &ser);
	if (!ret)
		ret = get_restart(t, &ser);
	if (!ret)
		ret = get_pending(r, &t->pending, ser.pending_set, ser.pending);
	if (ret)
		return ret;
	if (ser.tgid != ser.pid)
		t->group_leader = find_task_by_vpid(ser.tgid);
	/* the parent's place is taken up when all are there */
	t->real_parent = t->parent = &init_task;
	if (!t->group_leader)
		return -EINVAL;
	attach_task(t);
	if (ser.state == TASK_SER_ZOMBIE) {
		t->exit_state = EXIT_ZOMBIE;
		t->__state = TASK_DEAD;
		t->thread_info.preempt_count = 0;
		atomic_dec(&t->signal->live);
	} else if (ser.state == TASK_SER_STOPPED) {
		t->group_stop_pending = true;
	}
	*children = kmalloc((ser.children + 2) * sizeof(u32), GFP_KERNEL);
	if (!*children)
		return -ENOMEM;
	(*children)[0] = ser.pid;
	(*children)[1] = ser.children;
	if (!ser_get(r, *children + 2, ser.children * sizeof(u32)) && ser.children)
		return -EINVAL;
	ledger[LEDGER_TASKS].rebuilt++;
	return number_add(&task_numbers, t);
}

/* @children: parent, how many, who */
static int link_children(const u32 *children)
{
	struct task_struct *parent = find_task_by_vpid(children[0]), *child, *t;

	for (u32 i = 0; i < children[1]; i++) {
		child = find_task_by_vpid(children[2 + i]);
		if (!child || child->group_leader != child)
			return -EINVAL;
		list_move_tail(&child->sibling, &parent->children);
		for_each_thread(child, t)
			t->real_parent = t->parent = parent;
	}
	return 0;
}

static int retrieve_tasks(struct ser_reader *r, u64 count)
{
	u32 **children = kcalloc(count, sizeof(*children), GFP_KERNEL);
	int ret = children ? 0 : -ENOMEM;

	if (count > ARRAY_SIZE(resume_list))
		ret = -E2BIG;
	for (u64 i = 0; i < count && !ret; i++)
		ret = get_task(r, &children[i]);
	for (u64 i = 0; i < count && !ret; i++)
		ret = link_children(children[i]);
	for (u64 i = 0; i < count && children; i++)
		kfree(children[i]);
	kfree(children);
	for (u32 i = 0; i < task_numbers.count && !ret; i++) {
		struct task_struct *t = task_numbers.item[i];

		if (t->exit_state)
			continue;
		recalc_sigpending_tsk(t);
		/* its system call is finished or executed again: arch/signal.c */
		set_tsk_thread_flag(t, TIF_NOTIFY_SIGNAL);
		resume_list[resume_count++] = t;
	}
	return ret;
}

/* The last act of an upgrade: timers run again, tasks may. */
void resume_tasks(void)
{
	for (u32 i = 0; i < group_numbers.count; i++) {
		struct signal_struct *s = group_numbers.item[i];

		if (!timer_armed[i])
			continue;
		hrtimer_start(&s->real_timer, s->real_timer.expires, HRTIMER_MODE_ABS);
	}
	last_pid = machine_last_pid();
	liveupdate_mark_resume();
	for (u32 i = 0; i < resume_count; i++)
		wake_up_new_task(resume_list[i]);
	resume_count = 0;
}

const struct liveupdate_class handlers_class = {
	.name = "handlers",
	.compatible = HANDLERS_COMPATIBLE,
	.preserve = preserve_handlers,
	.retrieve = retrieve_handlers,
};
const struct liveupdate_class group_class = {
	.name = "group",
	.compatible = GROUP_COMPATIBLE,
	.preserve = preserve_groups,
	.retrieve = retrieve_groups,
};
const struct liveupdate_class task_class = {
	.name = "task",
	.compatible = TASK_COMPATIBLE,
	.preserve = preserve_tasks,
	.retrieve = retrieve_tasks,
};
