// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Before anybody is disturbed: is there anything that cannot be carried?
 *
 * Everything runs while this looks, so an answer of "no" may be out of date
 * when all stand still; each class looks again when it writes its records. The
 * first object that cannot be carried is named with its task and descriptor.
 */
#include <linux/ftrace.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include "internal.h"

extern struct klp_patch *klp_transition_patch;

static int check_modules(void)
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

static int check_files(struct task_struct *t)
{
	struct files_struct *files;
	char path[128];
	int ret = 0;

	task_lock(t);
	files = t->files;
	if (files)
		atomic_inc(&files->count);
	task_unlock(t);
	for (unsigned int fd = 0; files && fd < NR_OPEN && !ret; fd++) {
		struct file *file;
		const char *why;

		spin_lock(&files->lock);
		file = files->fd[fd];
		/* 1 marks a descriptor that is being opened */
		file = (unsigned long)file > 1 ? get_file(file) : NULL;
		spin_unlock(&files->lock);
		if (!file)
			continue;
		why = file_cannot_be_carried(file);
		if (why) {
			if (!file->f_dentry || dentry_path(file->f_dentry, path, sizeof(path)) < 0)
				strscpy(path, "a file", sizeof(path));
			ret = liveupdate_refuse(-EOPNOTSUPP,
						"task %d (%s) fd %u: %s (%s) cannot be preserved",
						t->pid, t->comm, fd, path, why);
		}
		fput(file);
	}
	put_files(files);
	return ret;
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
		ret = liveupdate_refuse(
			-EOPNOTSUPP, "task %d (%s) working directory: %s (%s) cannot be preserved",
			t->pid, t->comm, path, name_cannot_be_carried(pwd));
	}
	dput(pwd);
	return ret;
}

/* Every user task, one after the other in order of number; none is held meanwhile. */
static int check_tasks(void)
{
	for (pid_t pid = find_ge_pid(1); pid < MAX_PID; pid = find_ge_pid(pid + 1)) {
		struct task_struct *t = find_get_task_by_vpid(pid);
		int ret;

		if (!t)
			continue;
		ret = t->flags & PF_KTHREAD ? 0 : check_files(t);
		if (!ret && !(t->flags & PF_KTHREAD))
			ret = check_directory(t);
		put_task_struct(t);
		if (ret)
			return ret;
	}
	return 0;
}

int prepare_check(void)
{
	int ret = check_modules();

	if (!ret && strcmp(tracer_name(), "nop"))
		ret = liveupdate_refuse(-EBUSY, "tracer %s is on", tracer_name());
	return ret ? ret : check_tasks();
}
