// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Before anybody is disturbed: is there anything that cannot be carried?
 *
 * Everything runs while this looks, so an answer of "no" may be out of date
 * when all stand still; each class looks again when it writes its records. The
 * first object that cannot be carried is named with its task and descriptor.
 */
#include <linux/ftrace.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/stdarg.h>
#include "internal.h"

#define PATIENCE (100 * NSEC_PER_MSEC)

extern struct klp_patch *klp_transition_patch;

/* As liveupdate_refuse(), but what is in the way may be gone soon: nothing is said yet. */
static int note(int error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int note(int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(liveupdate_refusal, sizeof(liveupdate_refusal), fmt, args);
	va_end(args);
	return error;
}

int check_modules(void)
{
	struct module *mod;
	int ret = 0;

	module_mutex_lock();
	list_for_each_entry(mod, &modules, list) {
		if (mod->klp)
			continue;
		ret = liveupdate_refuse(-EBUSY, "module %s is loaded", mod->name);
		break;
	}
	module_mutex_unlock();
	if (!ret && klp_transition_patch)
		ret = liveupdate_refuse(-EBUSY, "livepatch transition of %s is running",
					klp_transition_patch->mod->name);
	return ret;
}

/* files->lock held: the first descriptor of a file that cannot be carried, NR_OPEN if there is none. */
static unsigned int find_uncarried(struct files_struct *files, const char **why)
{
	unsigned int fd = 0;

	lockdep_assert_held(&files->lock);
	for (; fd < NR_OPEN; fd++) {
		/* 1 marks a descriptor that is being opened */
		if ((unsigned long)files->fd[fd] <= 1)
			continue;
		*why = file_cannot_be_carried(files->fd[fd]);
		if (*why)
			break;
	}
	return fd;
}

bool holds_what_cannot_be_carried(struct task_struct *t)
{
	const char *why = NULL;
	struct files_struct *files;

	if (t->vfork_done)
		return true;
	task_lock(t);
	files = t->files;
	if (files) {
		spin_lock(&files->lock);
		find_uncarried(files, &why);
		spin_unlock(&files->lock);
	}
	task_unlock(t);
	return why;
}

static int check_files(struct task_struct *t)
{
	struct files_struct *files;
	struct file *file = NULL;
	const char *why = NULL;
	unsigned int fd = 0;
	char path[128];

	task_lock(t);
	files = t->files;
	if (files) {
		spin_lock(&files->lock);
		fd = find_uncarried(files, &why);
		if (fd < NR_OPEN)
			file = get_file(files->fd[fd]);
		spin_unlock(&files->lock);
	}
	task_unlock(t);
	if (!file)
		return 0;
	if (!file->f_dentry || dentry_path(file->f_dentry, path, sizeof(path)) < 0)
		strscpy(path, "a file", sizeof(path));
	fput(file);
	return note(-EOPNOTSUPP, "task %d (%s) fd %u: %s (%s) cannot be preserved", t->pid, t->comm,
		    fd, path, why);
}

static int check_directory(struct task_struct *t)
{
	struct dentry *pwd = NULL;
	char path[128];
	int ret = 0;

	task_lock(t);
	if (t->fs) {
		spin_lock(&t->fs->lock);
		pwd = dget(t->fs->pwd);
		spin_unlock(&t->fs->lock);
	}
	task_unlock(t);
	if (pwd && name_cannot_be_carried(pwd)) {
		if (dentry_path(pwd, path, sizeof(path)) < 0)
			strscpy(path, "a directory", sizeof(path));
		ret = note(-EOPNOTSUPP,
			   "task %d (%s) working directory: %s (%s) cannot be preserved", t->pid,
			   t->comm, path, name_cannot_be_carried(pwd));
	}
	dput(pwd);
	return ret;
}

static int check_task(struct task_struct *t)
{
	int ret;

	if (t->flags & PF_KTHREAD)
		return 0;
	/* the parent sleeps where no signal reaches it, until the child has a memory of its own */
	if (t->vfork_done)
		return note(-EBUSY, "task %d (%s) is inside vfork, its child is %d (%s)",
			    t->real_parent->pid, t->real_parent->comm, t->pid, t->comm);
	ret = check_files(t);
	return ret ? ret : check_directory(t);
}

/* Every user task, one after the other in order of number; none is held meanwhile. */
static int check_tasks(void)
{
	for (pid_t pid = find_ge_pid(1); pid < MAX_PID; pid = find_ge_pid(pid + 1)) {
		struct task_struct *t = find_get_task_by_vpid(pid);
		int ret;

		if (!t)
			continue;
		ret = check_task(t);
		put_task_struct(t);
		if (ret)
			return ret;
	}
	return 0;
}

/* A program that looks at /proc, or starts another, is soon done with it. */
static int check_tasks_patiently(void)
{
	u64 deadline = ktime_get_ns() + PATIENCE;
	int ret = check_tasks();

	while (ret && ktime_get_ns() < deadline) {
		schedule_timeout_uninterruptible(1);
		ret = check_tasks();
	}
	if (ret)
		pr_err("liveupdate: refused: %s\n", liveupdate_refusal);
	else
		liveupdate_refusal[0] = 0;
	return ret;
}

int prepare_check(void)
{
	int ret = check_modules();

	if (!ret && strcmp(tracer_name(), "nop"))
		ret = liveupdate_refuse(-EBUSY, "tracer %s is on", tracer_name());
	if (!ret && !next_kernel_is_as_loaded())
		ret = liveupdate_refuse(-EBADMSG,
					"the kernel that was loaded is no longer what it was");
	return ret ? ret : check_tasks_patiently();
}
