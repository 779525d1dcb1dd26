// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel threads: made, bound, parked, stopped (linux/kthread.h). */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/string.h>

static struct kthread *to_kthread(struct task_struct *task)
{
	BUG_ON(!task->kthread);
	return task->kthread;
}

/* Waits for its first wake-up before it calls the function. */
static int kthread_main(void *data)
{
	struct kthread *self = data;
	int result = -EINTR;

	current->kthread = self;
	set_current_state(TASK_UNINTERRUPTIBLE);
	complete(&self->started);
	schedule();
	if (!test_bit(KTHREAD_SHOULD_STOP, &self->flags))
		result = self->threadfn(self->data);
	self->result = result;
	complete_all(&self->exited);
	/* nobody waits for its number */
	current->exit_signal = -1;
	do_exit(0);
}

struct task_struct *kthread_create_on_node(int (*fn)(void *), void *data, int node,
					   const char *namefmt, ...)
{
	struct kthread *self = kzalloc(sizeof(*self), GFP_KERNEL);
	char name[TASK_COMM_LEN];
	struct task_struct *task;
	va_list args;
	pid_t pid;

	if (!self)
		return ERR_PTR(-ENOMEM);
	va_start(args, namefmt);
	vsnprintf(name, sizeof(name), namefmt, args);
	va_end(args);
	self->threadfn = fn;
	self->data = data;
	init_completion(&self->started);
	init_completion(&self->parked);
	init_completion(&self->exited);
	pid = kernel_thread(kthread_main, self, name, CLONE_FS | CLONE_FILES);
	if (pid < 0) {
		kfree(self);
		return ERR_PTR(pid);
	}
	wait_for_completion(&self->started);
	task = find_get_task_by_vpid(pid);
	BUG_ON(!task);
	/* the thread cannot end before somebody stops it, who drops this reference */
	return task;
}

bool kthread_should_stop(void)
{
	return test_bit(KTHREAD_SHOULD_STOP, &to_kthread(current)->flags);
}

bool kthread_should_park(void)
{
	return test_bit(KTHREAD_SHOULD_PARK, &to_kthread(current)->flags);
}

bool kthread_is_parked(struct task_struct *task)
{
	return test_bit(KTHREAD_IS_PARKED, &to_kthread(task)->flags);
}

void kthread_parkme(void)
{
	struct kthread *self = to_kthread(current);

	for (;;) {
		set_current_state(TASK_PARKED);
		if (!test_bit(KTHREAD_SHOULD_PARK, &self->flags))
			break;
		if (!test_and_set_bit(KTHREAD_IS_PARKED, &self->flags))
			complete(&self->parked);
		schedule();
	}
	clear_bit(KTHREAD_IS_PARKED, &self->flags);
	__set_current_state(TASK_RUNNING);
}

void kthread_unpark(struct task_struct *task)
{
	struct kthread *self = to_kthread(task);

	clear_bit(KTHREAD_SHOULD_PARK, &self->flags);
	wake_up_state(task, TASK_PARKED);
}

int kthread_stop(struct task_struct *task)
{
	struct kthread *self = to_kthread(task);
	int result;

	set_bit(KTHREAD_SHOULD_STOP, &self->flags);
	kthread_unpark(task);
	wake_up_process(task);
	wait_for_completion(&self->exited);
	result = self->result;
	put_task_struct(task);
	return result;
}
