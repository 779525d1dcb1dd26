// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Class task: threads, their registers, and what their system calls were at. What a
 * process shares among them is signals.c.
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

/* ---- restart blocks ---- */

static long (*const restart_functions[RESTARTS])(struct restart_block *) = {
	[RESTART_NANOSLEEP] = nanosleep_restart,
	[RESTART_FUTEX] = futex_wait_restart,
	[RESTART_POLL] = poll_restart,
	[RESTART_WRITE] = write_restart,
	[RESTART_SIGTIMEDWAIT] = sigtimedwait_restart,
	[RESTART_SELECT] = select_restart,
	[RESTART_PPOLL] = ppoll_restart,
};

/* RESTARTS: of a call that is not known here */
static u32 kind_of_restart(const struct restart_block *b)
{
	u32 kind = RESTART_NONE;

	while (kind < RESTARTS && restart_functions[kind] != b->fn)
		kind++;
	return kind;
}

static void put_arguments(void *to, const struct restart_block *b)
{
	u64 argument[5] = {};

	switch (kind_of_restart(b)) {
	case RESTART_NANOSLEEP:
		argument[0] = b->nanosleep.clockid;
		argument[1] = (u64)b->nanosleep.rmtp;
		argument[2] = b->nanosleep.expires;
		break;
	case RESTART_FUTEX:
		argument[0] = (u64)b->futex.uaddr;
		argument[1] = b->futex.val;
		argument[2] = b->futex.flags;
		argument[3] = b->futex.bitset;
		argument[4] = b->futex.time;
		break;
	case RESTART_POLL:
		argument[0] = (u64)b->poll.ufds;
		argument[1] = b->poll.nfds;
		argument[2] = b->poll.expires;
		argument[3] = b->poll.has_timeout;
		break;
	case RESTART_WRITE:
		argument[0] = b->write.done;
		argument[1] = b->write.nr;
		break;
	case RESTART_SIGTIMEDWAIT:
		argument[0] = b->sigtimedwait.expires;
		break;
	case RESTART_SELECT:
	case RESTART_PPOLL:
		argument[0] = b->poll.expires;
		break;
	}
	memcpy(to, argument, sizeof(argument));
}

static void get_restart(struct restart_block *b, u32 kind, const void *arguments)
{
	u64 argument[5];

	memcpy(argument, arguments, sizeof(argument));
	b->fn = restart_functions[kind];
	switch (kind) {
	case RESTART_NANOSLEEP:
		b->nanosleep.clockid = argument[0];
		b->nanosleep.rmtp = (void *)argument[1];
		b->nanosleep.expires = argument[2];
		break;
	case RESTART_FUTEX:
		b->futex.uaddr = (u32 *)argument[0];
		b->futex.val = argument[1];
		b->futex.flags = argument[2];
		b->futex.bitset = argument[3];
		b->futex.time = argument[4];
		break;
	case RESTART_POLL:
		b->poll.ufds = (void *)argument[0];
		b->poll.nfds = argument[1];
		b->poll.expires = argument[2];
		b->poll.has_timeout = argument[3];
		break;
	case RESTART_WRITE:
		b->write.done = argument[0];
		b->write.nr = argument[1];
		break;
	case RESTART_SIGTIMEDWAIT:
		b->sigtimedwait.expires = argument[0];
		break;
	case RESTART_SELECT:
	case RESTART_PPOLL:
		b->poll.expires = argument[0];
		break;
	}
}

/* ---- tasks ---- */

static u32 count_children(struct task_struct *t)
{
	struct task_struct *child;
	u32 n = 0;

	list_for_each_entry(child, &t->children, sibling)
		n++;
	return n;
}

static u32 state_of(struct task_struct *t)
{
	if (t->exit_state)
		return TASK_SER_ZOMBIE;
	return task_is_stopped(t) ? TASK_SER_STOPPED : TASK_SER_BOUNDARY;
}

static void put_registers(void *to, struct task_struct *t)
{
	struct pt_regs regs = *task_pt_regs(t);

	/* for the caller of reboot() the upgrade has succeeded when it goes on */
	if (t == current)
		regs.ax = 0;
	/* a zombie does not go on, and may never have been in user mode */
	if (t->exit_state)
		regs = (struct pt_regs){ .cs = __USER_CS, .ss = __USER_DS, .flags = X86_EFLAGS_IF };
	memcpy(to, &regs, sizeof(regs));
}

DEFINE_RECORD(task, TASK_RECORD, struct task_struct *t)
DEFINE_MADE_RECORD(child, CHILD_RECORD, struct task_struct *child)

static int put_task(struct ser_writer *w, struct task_struct *t)
{
	struct task_struct *child;

	if (kind_of_restart(&t->restart_block) == RESTARTS)
		return liveupdate_refuse(
			-EOPNOTSUPP,
			"task %d (%s) is inside a system call that cannot be preserved", t->pid,
			t->comm);
	if (t->vfork_done)
		return liveupdate_refuse(-EBUSY, "task %d (%s) is inside vfork",
					 t->real_parent->pid, t->real_parent->comm);
	write_task(w, t);
	put_pending(w, &t->pending);
	list_for_each_entry(child, &t->children, sibling)
		write_child(w, child);
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

_Static_assert(HANDOVER_PIDS == MAX_PID, "what is in range for a record is so for alloc_pid()");

/* Before this kernel makes its first thread: the numbers that are taken. */
int reserve_pids(void)
{
	for (pid_t pid = 1; pid < MAX_PID; pid++) {
		if (!records_have_pid(pid))
			continue;
		if (alloc_pid(pid) != pid)
			return -EINVAL;
		ledger_add(LEDGER_PIDS, LEDGER_REHASHED, 1);
	}
	/* threads of this kernel's own take the low numbers, as on a first start */
	last_pid = 1;
	return 0;
}

/* What a task shares with others; descriptors and directories may be gone before the task is. */
static void attach_parts(struct task_struct *t)
{
	atomic_inc(&t->signal->sigcnt);
	atomic_inc(&t->sighand->count);
	if (t->mm) {
		t->active_mm = t->mm;
		mmget(t->mm);
	}
	if (t->files)
		atomic_inc(&t->files->count);
	if (t->fs)
		atomic_inc(&t->fs->count);
}

static void enter_state(struct task_struct *t, u32 state)
{
	if (state == TASK_SER_ZOMBIE) {
		t->exit_state = EXIT_ZOMBIE;
		t->__state = TASK_DEAD;
		t->thread_info.preempt_count = 0;
		atomic_dec(&t->signal->live);
	} else if (state == TASK_SER_STOPPED) {
		/* it stops again, and is counted again if others of its group still have to */
		t->group_stop_pending = true;
		t->signal->group_stop_count += t->signal->group_stop_count > 0;
	}
}

/* @list: parent, how many, who */
static int get_children(struct ser_reader *r, pid_t parent, u32 count, u32 **list)
{
	*list = kmalloc((count + 2) * sizeof(u32), GFP_KERNEL);
	if (!*list)
		return -ENOMEM;
	(*list)[0] = parent;
	(*list)[1] = count;
	for (u32 i = 0; i < count; i++) {
		TAKE_RECORD(r, child, CHILD_RECORD)

		(*list)[2 + i] = pid;
	}
	return 0;
}

static int get_task(struct ser_reader *r, u32 **list)
{
	TAKE_RECORD(r, task, TASK_RECORD)
	struct task_struct *t = alloc_task_struct();
	int ret;

	if (!t)
		return -ENOMEM;
	read_task(record, t);
	t->comm[TASK_COMM_LEN - 1] = 0;
	t->prio = 1;
	t->nice = (int)nice - 20;
	t->acct_stamp = t->slice_start = local_clock();
	memcpy(task_pt_regs(t), regs, sizeof(struct pt_regs));
	task_setup_return_to_user(t);
	t->signal = number_get(&group_numbers, group);
	t->sighand = number_get(&handler_numbers, handlers);
	t->mm = number_get(&mm_numbers, mm);
	t->files = number_get(&descriptor_numbers, descriptors);
	t->fs = number_get(&directory_numbers, directories);
	if (state != TASK_SER_ZOMBIE && !(t->mm && t->files && t->fs))
		return -EINVAL;
	attach_parts(t);
	get_restart(&t->restart_block, restart, arguments);
	ret = get_pending(r, &t->pending, pending);
	if (!ret)
		ret = get_children(r, t->pid, children, list);
	if (ret)
		return ret;
	if (t->tgid != t->pid)
		t->group_leader = find_task_by_vpid(t->tgid);
	/* the parent's place is taken up when all are there */
	t->real_parent = t->parent = &init_task;
	if (!t->group_leader)
		return -EINVAL;
	attach_task(t);
	enter_state(t, state);
	return state == TASK_SER_ZOMBIE ? 0 : number_add(&resume_numbers, t);
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

	for (u64 i = 0; i < count && !ret; i++)
		ret = get_task(r, &children[i]);
	for (u64 i = 0; i < count && !ret; i++)
		ret = link_children(children[i]);
	for (u64 i = 0; i < count && children; i++)
		kfree(children[i]);
	kfree(children);
	for (u32 i = 0; i < resume_numbers.count && !ret; i++) {
		struct task_struct *t = resume_numbers.item[i];

		recalc_sigpending_tsk(t);
		/* its system call is finished or executed again: arch/signal.c */
		set_tsk_thread_flag(t, TIF_NOTIFY_SIGNAL);
	}
	return ret;
}

/* For an assertion: everything is verified, and it has not run. */
static bool is_adopted_and_new(const struct task_struct *t)
{
	return handover_root()->status == HANDOVER_STATUS_ADOPTED && t->__state == TASK_NEW &&
	       !t->on_cpu && !t->on_rq;
}

/* The last act of an upgrade: timers run again, tasks may. */
void resume_tasks(void)
{
	start_group_timers();
	last_pid = machine_last_pid();
	liveupdate_mark_resume();
	for (u32 i = 0; i < resume_numbers.count; i++) {
		ASSERT_CONSTRAINT("liveupdate/arrive.c 4",
				  is_adopted_and_new(resume_numbers.item[i]));
		wake_up_new_task(resume_numbers.item[i]);
	}
}

/* clang-format off */
#define TASK_LEFT(LEFT) \
	LEFT(thread_info, "flags are worked out anew; runs on any CPU") \
	LEFT(__state, "field state") \
	LEFT(on_cpu, "stands still") \
	LEFT(on_rq, "stands still") \
	LEFT(run_list, "stands still") \
	LEFT(prio, "the same for every program") \
	LEFT(slice_start, "a new slice") \
	LEFT(stack, "a new one, that ends in field regs") \
	LEFT(thread.sp, "leads into the new stack") \
	LEFT(usage, "the table of tasks and its parent") \
	LEFT(acct_stamp, "time goes on from now") \
	LEFT(kthread, "of kernel threads") \
	LEFT(worker, "of kernel threads") \
	LEFT(kretprobe_instances, "only modules probe, and no module is loaded") \
	LEFT(set_child_tid, "written before the task was first in user mode") \
	LEFT(vfork_done, "refused: inside vfork") \
	LEFT(alloc_lock, "free when all stand still") \
	LEFT(active_mm, "its mm") \
	LEFT(exit_state, "field state") \
	LEFT(tasks, "the order of the records") \
	LEFT(real_parent, "child records") \
	LEFT(parent, "child records") \
	LEFT(children, "child records") \
	LEFT(sibling, "child records") \
	LEFT(group_leader, "field tgid") \
	LEFT(thread_node, "the order of the records") \
	LEFT(pending.list, "siginfo records") \
	LEFT(patch_state, "patches are left behind") \
	LEFT(frozen, "runs again") \
	LEFT(liveupdate, "nobody uses it yet")
/* clang-format on */
CARRIED(task_struct, t, TASK_RECORD, TASK_LEFT)

const struct liveupdate_class task_class = {
	.layout = LAYOUT_task,
	.preserve = preserve_tasks,
	.retrieve = retrieve_tasks,
};
