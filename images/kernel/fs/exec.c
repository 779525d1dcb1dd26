// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execve: an ELF64 program, or a script that names one, takes the place of the
 * calling program.
 *
 * Promises: everything that can be refused is refused before the old program is
 * touched; after the point of no return a failure kills the caller. What a file
 * has to look like is binfmt-elf.c's affair, what the program finds on its stack
 * that of exec-arguments.c.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/fpu.h>
#include "exec.h"

#define SCRIPT_LINE  256 /* what is looked at of a "#!" line */
#define SCRIPT_DEPTH 5	 /* scripts whose interpreter is a script */

/* ---- the file ---- */

static int open_program(struct program *prog, const char *name)
{
	struct file *file = filp_open(name, O_RDONLY, 0);
	struct inode *inode;
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	inode = file->f_inode;
	ret = S_ISREG(inode->i_mode) ? inode_permission(inode, 1) : -EACCES;
	if (!ret && !(inode->i_mode & 0111))
		ret = -EACCES;
	if (ret) {
		fput(file);
		return ret;
	}
	if (prog->file)
		fput(prog->file);
	prog->file = file;
	return 0;
}

/*
 * Splits "#! interpreter [argument]" into its two words; the argument is all of
 * the rest, without the blanks around it. A name that does not end within the
 * line's first bytes is not taken for a shorter one.
 */
static int split_script_line(char *line, size_t length, char **interpreter, char **argument)
{
	bool whole = strcspn(line, "\n") < length || length < SCRIPT_LINE - 1;
	char *end = line + strcspn(line, "\n");

	while (end > line + 2 && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = 0;
	*interpreter = line + 2 + strspn(line + 2, " \t");
	end = *interpreter + strcspn(*interpreter, " \t");
	if (end == *interpreter || (!*end && !whole))
		return -ENOEXEC;
	*argument = NULL;
	if (*end) {
		*end = 0;
		*argument = end + 1 + strspn(end + 1, " \t");
	}
	return 0;
}

/* The interpreter takes over, and the script is its argument in the place of argv[0]. */
static int follow_script(struct program *prog)
{
	char line[SCRIPT_LINE], *interpreter, *argument, *name;
	loff_t at = 0;
	ssize_t length = kernel_read(prog->file, line, sizeof(line) - 1, &at);
	int ret;

	if (length < 3 || line[0] != '#' || line[1] != '!')
		return length < 0 ? (int)length : -ENOEXEC;
	line[length] = 0;
	ret = split_script_line(line, length, &interpreter, &argument);
	if (ret)
		return ret;
	arguments_drop_first(&prog->args);
	ret = arguments_prepend(&prog->args, prog->interp);
	if (!ret && argument)
		ret = arguments_prepend(&prog->args, argument);
	if (!ret)
		ret = arguments_prepend(&prog->args, interpreter);
	name = ret ? NULL : kstrdup(interpreter, GFP_KERNEL);
	if (!name)
		return ret ? ret : -ENOMEM;
	kfree(prog->interp);
	prog->interp = name;
	return open_program(prog, name);
}

/* The file that will run, through as many scripts as there may be. */
static int read_program(struct program *prog)
{
	int depth, ret;

	for (depth = 0; depth <= SCRIPT_DEPTH; depth++) {
		ret = elf_read(prog);
		if (ret != -ENOEXEC)
			return ret;
		ret = follow_script(prog);
		if (ret)
			return ret;
	}
	return -ELOOP;
}

/* ---- the change ---- */

/* The other threads of the group leave. Only the leader may exec a threaded program. */
static int leave_threads(struct task_struct *self)
{
	struct signal_struct *signal = self->signal;
	struct task_struct *t;

	if (READ_ONCE(signal->nr_threads) == 1)
		return 0;
	if (self != self->group_leader)
		return -EAGAIN;
	spin_lock(&tasklist_lock);
	spin_lock_irq(&self->sighand->siglock);
	signal->group_exit_task = self;
	for_each_thread(self, t)
		if (t != self)
			signal_wake_up(t, true);
	spin_unlock_irq(&self->sighand->siglock);
	spin_unlock(&tasklist_lock);
	while (READ_ONCE(signal->nr_threads) > 1)
		schedule_timeout_uninterruptible(1);
	signal->group_exit_task = NULL;
	return 0;
}

/* A table of handlers, or of files, that others use too is not ours to change. */
static int unshare_state(struct task_struct *self)
{
	if (atomic_read(&self->files->count) > 1) {
		struct files_struct *copy = dup_files(self->files), *old = self->files;

		if (!copy)
			return -ENOMEM;
		task_lock(self);
		self->files = copy;
		task_unlock(self);
		put_files(old);
	}
	if (atomic_read(&self->sighand->count) > 1) {
		struct sighand_struct *copy = alloc_sighand_struct(), *old = self->sighand;

		if (!copy)
			return -ENOMEM;
		spin_lock(&tasklist_lock);
		spin_lock_irq(&old->siglock);
		memcpy(copy->action, old->action, sizeof(copy->action));
		self->sighand = copy;
		spin_unlock_irq(&old->siglock);
		spin_unlock(&tasklist_lock);
		if (atomic_dec_and_test(&old->count))
			kfree(old);
	}
	return 0;
}

static void adopt_mm(struct task_struct *self, struct mm_struct *mm)
{
	struct mm_struct *old = self->mm, *old_active = self->active_mm;

	exec_mm_release(self);
	task_lock(self);
	local_irq_disable();
	self->mm = mm;
	self->active_mm = mm;
	switch_mm(mm);
	local_irq_enable();
	task_unlock(self);
	if (old)
		mmput(old);
	else if (old_active) /* a kernel thread becomes a program */
		mmdrop(old_active);
}

static int load_program(struct program *prog, struct pt_regs *regs)
{
	struct task_struct *self = current;
	struct mm_struct *mm;
	unsigned long sp;
	const char *slash;
	int ret;

	ret = read_program(prog);
	if (ret)
		return ret;
	ret = leave_threads(self);
	if (!ret)
		ret = unshare_state(self);
	if (ret)
		return ret;
	mm = mm_alloc();
	if (!mm)
		return -ENOMEM;

	/* the point of no return */
	adopt_mm(self, mm);
	/* a kernel thread ignores all signals: that is not for its program to inherit */
	flush_signal_handlers(self, self->flags & PF_KTHREAD);
	self->sas_ss_sp = self->sas_ss_size = 0;
	self->restart_block.fn = NULL;
	self->robust_list = NULL;
	self->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD);
	close_on_exec(self->files);
	slash = strrchr(prog->filename, '/');
	set_task_comm(self, slash ? slash + 1 : prog->filename);
	mm->exe_file = get_file(prog->file);

	ret = elf_map(prog, mm);
	sp = ret ? 0 : arguments_build_stack(prog, mm);
	if (!sp) {
		force_sig(SIGSEGV);
		return ret ? ret : -EFAULT;
	}
	fpu_init_image(self->thread.fxsave);
	fpu_restore_current();
	start_thread(regs, prog->bias + prog->header.e_entry, sp);
	return 0;
}

/* Every program has an argv[0], also if the caller gave none: many look at it unasked. */
static int require_first_argument(struct program *prog)
{
	static bool told;

	if (prog->args.argc)
		return 0;
	if (!told)
		pr_warn("process '%s' launched '%s' with NULL argv: empty string added\n",
			current->comm, prog->filename);
	told = true;
	return arguments_add(&prog->args, "", &prog->args.argc);
}

/* Opens, judges and becomes the program whose name and arguments are complete. */
static int execute(struct program *prog)
{
	int ret;

	prog->interp = kstrdup(prog->filename, GFP_KERNEL);
	ret = prog->interp ? open_program(prog, prog->filename) : -ENOMEM;
	return ret ? ret : load_program(prog, current_pt_regs());
}

static void release_program(struct program *prog)
{
	if (prog->file)
		fput(prog->file);
	vfree(prog->args.text);
	kvfree(prog->phdr);
	kfree(prog->interp);
}

SYSCALL_DEFINE3(execve, const char __user *, filename, const char __user *const __user *, argv,
		const char __user *const __user *, envp)
{
	struct program prog = { 0 };
	char *name;
	int ret = getname(filename, &name);

	if (ret)
		return ret;
	prog.filename = name;
	ret = arguments_add_user(&prog.args, argv, &prog.args.argc);
	if (!ret)
		ret = require_first_argument(&prog);
	if (!ret)
		ret = arguments_add_user(&prog.args, envp, &prog.args.envc);
	if (!ret)
		ret = execute(&prog);
	release_program(&prog);
	kfree(name);
	return ret;
}

/* The init task becomes the first program. */
int kernel_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	struct program prog = { .filename = filename };
	int ret = 0;

	while (argv && *argv && !ret)
		ret = arguments_add(&prog.args, *argv++, &prog.args.argc);
	while (envp && *envp && !ret)
		ret = arguments_add(&prog.args, *envp++, &prog.args.envc);
	if (!ret)
		ret = execute(&prog);
	release_program(&prog);
	return ret;
}
