// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How tasks are born: fork, vfork, clone, kernel threads, idle tasks; and the
 * lists a living task is on.
 *
 * A new task is complete, but on no list, until the end of copy_process(); it
 * is seen by others and given its patch state in one step under tasklist_lock,
 * so that a patch transition that walks the tasks misses none.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include "fork.h"

DEFINE_SPINLOCK(tasklist_lock);
static unsigned long nr_forks;

/* ---- memory ---- */

struct task_struct *alloc_task_struct(void)
{
	struct task_struct *task = kzalloc(sizeof(*task), GFP_KERNEL);
	struct page *stack = alloc_pages(GFP_KERNEL | __GFP_ZERO, THREAD_SIZE_ORDER);

	if (!task || !stack) {
		kfree(task);
		if (stack)
			put_page(stack);
		return NULL;
	}
	stack->type = PAGE_STACK;
	task->stack = page_address(stack);
	*(unsigned long *)task->stack = STACK_END_MAGIC;
	refcount_set(&task->usage, 1);
	spin_lock_init(&task->alloc_lock);
	INIT_LIST_HEAD(&task->run_list);
	INIT_LIST_HEAD(&task->tasks);
	INIT_LIST_HEAD(&task->children);
	INIT_LIST_HEAD(&task->sibling);
	INIT_LIST_HEAD(&task->thread_node);
	INIT_LIST_HEAD(&task->pending.list);
	task->__state = TASK_NEW;
	task->thread_info.preempt_count = 1; /* schedule_tail() ends it */
	task->patch_state = KLP_TRANSITION_IDLE;
	task->cpus_allowed = ~0UL;
	task->group_leader = task;
	return task;
}

void free_task(struct task_struct *task)
{
	if (*(unsigned long *)task->stack != STACK_END_MAGIC)
		panic("corrupted stack end detected in %s[%d]", task->comm, task->pid);
	kretprobe_flush_task(task);
	put_page(virt_to_page(task->stack));
	kfree(task);
}

struct signal_struct *alloc_signal_struct(void)
{
	struct signal_struct *signal = kzalloc(sizeof(*signal), GFP_KERNEL);

	if (!signal)
		return NULL;
	atomic_set(&signal->sigcnt, 1);
	INIT_LIST_HEAD(&signal->thread_head);
	INIT_LIST_HEAD(&signal->shared_pending.list);
	init_waitqueue_head(&signal->wait_chldexit);
	hrtimer_init(&signal->real_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	return signal;
}

static void put_signal_struct(struct signal_struct *signal)
{
	if (signal && atomic_dec_and_test(&signal->sigcnt))
		kfree(signal);
}

struct sighand_struct *alloc_sighand_struct(void)
{
	struct sighand_struct *sighand = kzalloc(sizeof(*sighand), GFP_KERNEL);

	if (sighand) {
		spin_lock_init(&sighand->siglock);
		atomic_set(&sighand->count, 1);
	}
	return sighand;
}

/* Nobody knows the task any more. */
void __put_task_struct(struct task_struct *task)
{
	put_signal_struct(task->signal);
	kfree(task->kthread);
	free_task(task);
}

void set_task_comm(struct task_struct *task, const char *name)
{
	task_lock(task);
	memset(task->comm, 0, TASK_COMM_LEN);
	strlcpy(task->comm, name, TASK_COMM_LEN);
	task_unlock(task);
}

/* ---- lists; tasklist_lock held ---- */

void attach_task(struct task_struct *task)
{
	lockdep_assert_held(&tasklist_lock);
	pid_table_set(task->pid, task);
	task->signal->nr_threads++;
	atomic_inc(&task->signal->live);
	list_add_tail(&task->thread_node, &task->signal->thread_head);
	if (task == task->group_leader) {
		list_add_tail(&task->tasks, &init_task.tasks);
		list_add_tail(&task->sibling, &task->real_parent->children);
	}
}

void detach_task(struct task_struct *task)
{
	lockdep_assert_held(&tasklist_lock);
	pid_table_set(task->pid, NULL);
	task->signal->nr_threads--;
	list_del_init(&task->thread_node);
	if (!list_empty(&task->tasks))
		list_del_init(&task->tasks);
	if (!list_empty(&task->sibling))
		list_del_init(&task->sibling);
}

/* ---- parts of a new task ---- */

static int copy_signals(struct task_struct *task, const struct kernel_clone_args *args)
{
	if (args->flags & CLONE_SIGHAND) {
		atomic_inc(&current->sighand->count);
		task->sighand = current->sighand;
	} else {
		task->sighand = alloc_sighand_struct();
		if (!task->sighand)
			return -ENOMEM;
		spin_lock_irq(&current->sighand->siglock);
		memcpy(task->sighand->action, current->sighand->action,
		       sizeof(task->sighand->action));
		spin_unlock_irq(&current->sighand->siglock);
	}
	/* a kernel thread has no user mode to take a signal to */
	if (args->fn)
		for (int i = 0; i < _NSIG; i++)
			task->sighand->action[i].sa.sa_handler = SIG_IGN;
	if (args->flags & CLONE_THREAD) {
		atomic_inc(&current->signal->sigcnt);
		task->signal = current->signal;
		return 0;
	}
	task->signal = alloc_signal_struct();
	if (!task->signal)
		return -ENOMEM;
	task->signal->pgrp = current->signal->pgrp;
	task->signal->session = current->signal->session;
	task->signal->tty = current->signal->tty;
	memcpy(task->signal->rlim, current->signal->rlim, sizeof(task->signal->rlim));
	return 0;
}

static int copy_memory(struct task_struct *task, const struct kernel_clone_args *args)
{
	struct mm_struct *mm = current->mm;

	if (args->fn || !mm)
		return 0;
	if (args->flags & CLONE_VM) {
		mmget(mm);
	} else {
		mm = dup_mm(mm);
		if (!mm)
			return -ENOMEM;
	}
	task->mm = task->active_mm = mm;
	return 0;
}

static int copy_files(struct task_struct *task, const struct kernel_clone_args *args)
{
	if (current->fs) {
		if ((args->flags & CLONE_FS) && !args->fn) {
			atomic_inc(&current->fs->count);
			task->fs = current->fs;
		} else {
			task->fs = dup_fs(current->fs);
			if (!task->fs)
				return -ENOMEM;
		}
	}
	if (args->fn || !current->files)
		return 0;
	if (args->flags & CLONE_FILES) {
		atomic_inc(&current->files->count);
		task->files = current->files;
	} else {
		task->files = dup_files(current->files);
		if (!task->files)
			return -ENOMEM;
	}
	return 0;
}

static void copy_registers(struct task_struct *task, const struct kernel_clone_args *args)
{
	struct pt_regs *regs = task_pt_regs(task);

	arch_dup_thread(task);
	if (args->fn) {
		arch_setup_kthread(task, args->fn, args->fn_arg);
		return;
	}
	*regs = *current_pt_regs();
	regs->ax = 0;
	if (args->stack)
		regs->sp = args->stack;
	if (args->flags & CLONE_SETTLS)
		task->thread.fsbase = args->tls;
	task_setup_return_to_user(task);
}

static void copy_identity(struct task_struct *task, const struct kernel_clone_args *args)
{
	struct task_struct *parent = current;

	memcpy(task->comm, current->comm, TASK_COMM_LEN);
	task->uid = current->uid;
	task->euid = current->euid;
	task->suid = current->suid;
	task->fsuid = current->fsuid;
	task->gid = current->gid;
	task->egid = current->egid;
	task->sgid = current->sgid;
	task->fsgid = current->fsgid;
	task->nice = current->nice;
	task->cpus_allowed = args->fn ? ~0UL : current->cpus_allowed;
	task->prio = args->fn ? 0 : 1;
	task->flags = PF_FORKNOEXEC | (args->fn ? PF_KTHREAD : 0);
	task->blocked = current->blocked;
	task->start_time = ktime_get_ns();
	task->thread_info.cpu = task_cpu(current);
	if (args->flags & CLONE_CHILD_SETTID)
		task->set_child_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_CLEARTID)
		task->clear_child_tid = args->child_tid;
	if (!(args->flags & CLONE_VM) || (args->flags & CLONE_VFORK)) {
		task->sas_ss_sp = current->sas_ss_sp;
		task->sas_ss_size = current->sas_ss_size;
		task->sas_ss_flags = current->sas_ss_flags;
	}
	if (args->fn)
		parent = &init_task;
	else if (args->flags & (CLONE_PARENT | CLONE_THREAD))
		parent = current->real_parent;
	task->real_parent = task->parent = parent;
	if (args->flags & CLONE_THREAD) {
		task->group_leader = current->group_leader;
		task->tgid = current->tgid;
		task->exit_signal = -1;
	} else {
		task->tgid = task->pid;
		task->exit_signal = args->exit_signal;
	}
}

static void abandon(struct task_struct *task)
{
	if (task->files)
		put_files(task->files);
	if (task->fs)
		put_fs(task->fs);
	if (task->mm)
		mmput(task->mm);
	if (task->sighand && atomic_dec_and_test(&task->sighand->count))
		kfree(task->sighand);
	put_signal_struct(task->signal);
	if (task->pid > 0)
		free_pid(task->pid);
	free_task(task);
}

static bool flags_make_sense(u64 flags)
{
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return false;
	return !(flags & CLONE_SIGHAND) || (flags & CLONE_VM);
}

/* A complete task that nobody has woken; or ERR_PTR. */
struct task_struct *copy_process(struct kernel_clone_args *args)
{
	struct task_struct *task;
	int error;

	if (!args->fn && !flags_make_sense(args->flags))
		return ERR_PTR(-EINVAL);
	task = alloc_task_struct();
	if (!task)
		return ERR_PTR(-ENOMEM);
	task->pid = alloc_pid(args->set_pid);
	error = task->pid < 0 ? task->pid : 0;
	if (!error)
		copy_identity(task, args);
	if (!error)
		error = copy_signals(task, args);
	if (!error)
		error = copy_files(task, args);
	if (!error)
		error = copy_memory(task, args);
	if (error) {
		abandon(task);
		return ERR_PTR(error);
	}
	copy_registers(task, args);

	spin_lock(&tasklist_lock);
	spin_lock_irq(&current->sighand->siglock);
	/* what is sent to the group must not miss the child: deliver first, then fork again */
	if (!args->fn && signal_pending(current)) {
		recalc_sigpending();
		error = signal_pending(current) ? -ERESTARTNOINTR : 0;
	}
	if (!error) {
		klp_copy_process(task);
		attach_task(task);
		nr_forks++;
	}
	spin_unlock_irq(&current->sighand->siglock);
	spin_unlock(&tasklist_lock);
	if (error) {
		abandon(task);
		return ERR_PTR(error);
	}
	return task;
}

pid_t kernel_clone(struct kernel_clone_args *args)
{
	DECLARE_COMPLETION_ONSTACK(vfork);
	struct task_struct *task = copy_process(args);
	pid_t pid;

	if (IS_ERR(task))
		return PTR_ERR(task);
	pid = task->pid;
	if (args->flags & CLONE_PARENT_SETTID)
		put_user(pid, args->parent_tid);
	if (args->flags & CLONE_VFORK) {
		task->vfork_done = &vfork;
		get_task_struct(task);
	}
	wake_up_new_task(task);
	if (args->flags & CLONE_VFORK) {
		wait_for_completion(&vfork);
		put_task_struct(task);
	}
	return pid;
}

void put_child_tid(void)
{
	put_user(current->pid, current->set_child_tid);
}

pid_t kernel_thread(int (*fn)(void *), void *arg, const char *name, unsigned long flags)
{
	struct kernel_clone_args args = { .flags = flags & ~(u64)CLONE_FILES,
					  .fn = fn,
					  .fn_arg = arg };
	struct task_struct *task = copy_process(&args);
	pid_t pid;

	if (IS_ERR(task))
		return PTR_ERR(task);
	if (name)
		set_task_comm(task, name);
	pid = task->pid;
	wake_up_new_task(task);
	return pid;
}

/* Runs start-up code and then nothing; on no list, number 0. */
struct task_struct *create_idle_task(unsigned int cpu)
{
	struct task_struct *idle = alloc_task_struct();

	if (!idle)
		return NULL;
	snprintf(idle->comm, TASK_COMM_LEN, "swapper/%u", cpu);
	idle->flags = PF_KTHREAD | PF_IDLE | PF_NOFREEZE;
	idle->__state = TASK_RUNNING;
	idle->prio = 1;
	idle->cpus_allowed = 1UL << cpu;
	idle->on_cpu = true;
	idle->thread_info.cpu = cpu;
	idle->active_mm = &init_mm;
	mmgrab(&init_mm);
	idle->real_parent = idle->parent = &init_task;
	idle->signal = init_task.signal;
	atomic_inc(&idle->signal->sigcnt);
	idle->sighand = init_task.sighand;
	idle->slice_start = idle->acct_stamp = local_clock();
	return idle;
}

void fork_init(void)
{
	BUILD_BUG_ON(offsetof(struct task_struct, thread_info) != 0);
	*(unsigned long *)init_task.stack = STACK_END_MAGIC;
	pr_info("task_struct: %lu bytes\n", sizeof(struct task_struct));
}

/* ---- system calls ---- */

SYSCALL_DEFINE0(fork)
{
	struct kernel_clone_args args = { .exit_signal = SIGCHLD };

	return kernel_clone(&args);
}

SYSCALL_DEFINE0(vfork)
{
	struct kernel_clone_args args = {
		.flags = CLONE_VFORK | CLONE_VM,
		.exit_signal = SIGCHLD,
	};

	return kernel_clone(&args);
}

SYSCALL_DEFINE5(clone, unsigned long, flags, unsigned long, stack, int __user *, parent_tid,
		int __user *, child_tid, unsigned long, tls)
{
	struct kernel_clone_args args = {
		.flags = flags & ~0xffUL,
		.exit_signal = flags & 0xff,
		.stack = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
	};

	if (args.exit_signal > _NSIG)
		return -EINVAL;
	if ((flags & CLONE_SETTLS) && tls >= TASK_SIZE)
		return -EPERM;
	return kernel_clone(&args);
}
