// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the files of /proc/<pid> say, in the forms of proc(5).
 */
#include <linux/fs.h>
#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/signal.h>
#include "internal.h"

char task_state_to_char(struct task_struct *t)
{
	if (t->exit_state & EXIT_ZOMBIE)
		return 'Z';
	if (t->exit_state & EXIT_DEAD)
		return 'X';
	if (t->__state & TASK_STOPPED)
		return 'T';
	if (t->__state & TASK_PARKED)
		return 'P';
	if (t->__state & TASK_NOLOAD)
		return 'I';
	if (t->__state & TASK_UNINTERRUPTIBLE)
		return 'D';
	if (t->__state & TASK_INTERRUPTIBLE)
		return 'S';
	return t->__state & TASK_FROZEN ? 'D' : 'R';
}

static const char *state_name(char c)
{
	switch (c) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	case 'T':
		return "T (stopped)";
	case 't':
		return "t (tracing stop)";
	case 'Z':
		return "Z (zombie)";
	case 'P':
		return "P (parked)";
	case 'I':
		return "I (idle)";
	default:
		return "X (dead)";
	}
}

static int parent_of(struct task_struct *task)
{
	unsigned long flags;
	int ppid;

	local_irq_save(flags);
	spin_lock(&tasklist_lock);
	ppid = task->real_parent ? task->real_parent->tgid : 0;
	spin_unlock(&tasklist_lock);
	local_irq_restore(flags);
	return ppid;
}

static int thread_count(struct task_struct *task)
{
	return task->signal ? READ_ONCE(task->signal->nr_threads) : 0;
}

/* Sets of signals of a task; all empty for one that has exited. */
static void signal_sets(struct task_struct *task, unsigned long *pending, unsigned long *shared,
			unsigned long *ignored, unsigned long *caught)
{
	struct sighand_struct *sighand;
	unsigned long flags;
	int i;

	*pending = *shared = *ignored = *caught = 0;
	local_irq_save(flags);
	spin_lock(&tasklist_lock);
	sighand = task->sighand;
	if (sighand) {
		spin_lock(&sighand->siglock);
		*pending = task->pending.signal.sig[0];
		*shared = task->signal->shared_pending.signal.sig[0];
		for (i = 0; i < _NSIG; i++) {
			if (sighand->action[i].sa.sa_handler == SIG_IGN)
				*ignored |= 1UL << i;
			else if (sighand->action[i].sa.sa_handler != SIG_DFL)
				*caught |= 1UL << i;
		}
		spin_unlock(&sighand->siglock);
	}
	spin_unlock(&tasklist_lock);
	local_irq_restore(flags);
}

static int stat_show(struct seq_file *seq, struct task_struct *task)
{
	unsigned long pending, shared, ignored, caught, vsize = 0, rss = 0;
	struct mm_struct *mm = get_task_mm(task);
	struct signal_struct *sig = task->signal;

	signal_sets(task, &pending, &shared, &ignored, &caught);
	if (mm) {
		vsize = mm->total_vm * PAGE_SIZE;
		rss = mm->rss;
	}
	seq_printf(
		seq,
		"%d (%s) %c %d %d %d %d %d %u %lu 0 %lu 0 %llu %llu %llu %llu %d %d %d 0 %llu %lu %lu",
		task->pid, task->comm, task_state_to_char(task), parent_of(task),
		sig ? sig->pgrp : 0, sig ? sig->session : 0, 0, -1, task->flags, task->min_flt,
		task->maj_flt, task->utime / TICK_NSEC, task->stime / TICK_NSEC,
		sig ? sig->cutime / TICK_NSEC : 0, sig ? sig->cstime / TICK_NSEC : 0,
		20 + task->nice, task->nice, thread_count(task), task->start_time / TICK_NSEC,
		vsize, rss);
	seq_printf(
		seq,
		" %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu 0 0 0 %d %d 0 0 0 0 0 %lu %lu %lu %lu %lu %lu %lu %d\n",
		~0UL, mm ? mm->start_code : 0, mm ? mm->end_code : 0, mm ? mm->start_stack : 0, 0UL,
		0UL, pending, task->blocked.sig[0], ignored, caught, task->exit_signal,
		(int)task_cpu(task), mm ? mm->start_data : 0, mm ? mm->end_data : 0,
		mm ? mm->start_brk : 0, mm ? mm->arg_start : 0, mm ? mm->arg_end : 0,
		mm ? mm->env_start : 0, mm ? mm->env_end : 0, task->exit_code);
	if (mm)
		mmput(mm);
	return 0;
}

static int status_show(struct seq_file *seq, struct task_struct *task)
{
	unsigned long pending, shared, ignored, caught;
	struct mm_struct *mm = get_task_mm(task);

	signal_sets(task, &pending, &shared, &ignored, &caught);
	seq_printf(seq, "Name:\t%s\nState:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		   task->comm, state_name(task_state_to_char(task)), task->tgid, task->pid,
		   parent_of(task));
	seq_printf(seq, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", task->uid, task->euid,
		   task->suid, task->fsuid, task->gid, task->egid, task->sgid, task->fsgid);
	seq_printf(seq, "FDSize:\t%d\n", NR_OPEN);
	if (mm) {
		seq_printf(seq,
			   "VmSize:\t%8lu kB\nVmHWM:\t%8lu kB\nVmRSS:\t%8lu kB\nVmPTE:\t%8lu kB\n",
			   mm->total_vm * 4, mm->hiwater_rss * 4, mm->rss * 4, mm->nr_ptes * 4);
		mmput(mm);
	}
	seq_printf(seq, "Threads:\t%d\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\n",
		   thread_count(task), pending, shared, task->blocked.sig[0]);
	seq_printf(seq, "SigIgn:\t%016lx\nSigCgt:\t%016lx\n", ignored, caught);
	seq_printf(
		seq,
		"Cpus_allowed:\t%lx\nvoluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		task->cpus_allowed, task->nvcsw, task->nivcsw);
	return 0;
}

/* Bytes [from, to) of the process's memory, as far as they can be read. */
static int show_memory(struct seq_file *seq, struct task_struct *task, bool environment)
{
	struct mm_struct *mm = get_task_mm(task);
	unsigned long from, to;
	char chunk[128];
	int n;

	if (!mm)
		return 0;
	from = environment ? mm->env_start : mm->arg_start;
	to = environment ? mm->env_end : mm->arg_end;
	while (from < to) {
		n = access_remote_vm(mm, from, chunk,
				     min_t(unsigned long, sizeof(chunk), to - from), false);
		if (n <= 0)
			break;
		seq_write(seq, chunk, n);
		from += n;
	}
	mmput(mm);
	return 0;
}

static int pid_cmdline_show(struct seq_file *seq, struct task_struct *task)
{
	return show_memory(seq, task, false);
}

static int pid_environ_show(struct seq_file *seq, struct task_struct *task)
{
	return show_memory(seq, task, true);
}

static int pid_comm_show(struct seq_file *seq, struct task_struct *task)
{
	seq_printf(seq, "%s\n", task->comm);
	return 0;
}

static int maps_show(struct seq_file *seq, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct vm_area_struct *vma;
	char *path;
	int len;

	if (!mm)
		return 0;
	path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!path) {
		mmput(mm);
		return -ENOMEM;
	}
	mmap_read_lock(mm);
	for_each_vma_of(mm, vma) {
		struct inode *inode = vma->vm_file ? vma->vm_file->f_inode : NULL;

		seq_printf(seq, "%08lx-%08lx %c%c%c%c %08lx %02x:%02x %lu", vma->vm_start,
			   vma->vm_end, vma->vm_flags & VM_READ ? 'r' : '-',
			   vma->vm_flags & VM_WRITE ? 'w' : '-',
			   vma->vm_flags & VM_EXEC ? 'x' : '-',
			   vma->vm_flags & VM_SHARED ? 's' : 'p', vma->vm_pgoff << PAGE_SHIFT,
			   inode ? MAJOR(inode->i_sb->s_dev) : 0,
			   inode ? MINOR(inode->i_sb->s_dev) : 0, inode ? inode->i_ino : 0);
		len = inode && vma->vm_file->f_dentry
			      ? dentry_path(vma->vm_file->f_dentry, path, PATH_MAX)
			      : 0;
		if (len > 0)
			seq_printf(seq, "                          %s", path);
		else if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk &&
			 mm->brk != mm->start_brk)
			seq_puts(seq, "                          [heap]");
		else if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
			seq_puts(seq, "                          [stack]");
		seq_putc(seq, '\n');
	}
	mmap_read_unlock(mm);
	kfree(path);
	mmput(mm);
	return 0;
}

#define STACK_DEPTH 64

static int stack_show(struct seq_file *seq, struct task_struct *task)
{
	unsigned long *entries = kmalloc(STACK_DEPTH * sizeof(*entries), GFP_KERNEL);
	char *symbol = kmalloc(KSYM_SYMBOL_LEN, GFP_KERNEL);
	unsigned int n, i;

	if (entries && symbol && (task == current || !task_curr(task))) {
		n = stack_trace_save_tsk(task, entries, STACK_DEPTH, 0);
		for (i = 0; i < n; i++) {
			sprint_symbol(symbol, entries[i]);
			seq_printf(seq, "[<0>] %s\n", symbol);
		}
	}
	kfree(symbol);
	kfree(entries);
	return 0;
}

static int patch_state_show(struct seq_file *seq, struct task_struct *task)
{
	seq_printf(seq, "%d\n", READ_ONCE(task->patch_state));
	return 0;
}

static int statm_show(struct seq_file *seq, struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);

	seq_printf(seq, "%lu %lu 0 0 0 0 0\n", mm ? mm->total_vm : 0, mm ? mm->rss : 0);
	if (mm)
		mmput(mm);
	return 0;
}

/* wchan: the function a sleeper waits in; the scheduler's own frames are passed over */
static int wchan_show(struct seq_file *seq, struct task_struct *task)
{
	unsigned long entries[8];
	char symbol[KSYM_SYMBOL_LEN];
	unsigned int n, i;
	char *plus;

	n = task_curr(task) ? 0 : stack_trace_save_tsk(task, entries, 8, 0);
	for (i = 0; i < n; i++) {
		sprint_symbol(symbol, entries[i]);
		plus = strchr(symbol, '+');
		if (plus)
			*plus = 0;
		if (strstr(symbol, "schedule") || strstr(symbol, "switch"))
			continue;
		seq_puts(seq, symbol);
		return 0;
	}
	seq_putc(seq, '0');
	return 0;
}

/* What a link leads to. The walk that asks has the tree to itself, readlink() does not. */
static int dentry_target(struct dentry *d, char *buf)
{
	if (vfs_mutex.owner == current)
		return dentry_path_locked(d, buf, PATH_MAX);
	return dentry_path(d, buf, PATH_MAX);
}

static int exe_link(struct task_struct *task, char *buf)
{
	struct mm_struct *mm = get_task_mm(task);
	int len = -ENOENT;

	if (!mm)
		return -ENOENT;
	if (mm->exe_file && mm->exe_file->f_dentry)
		len = dentry_target(mm->exe_file->f_dentry, buf);
	mmput(mm);
	return len;
}

static int directory_link(struct task_struct *task, char *buf, bool root)
{
	struct dentry *d = NULL;
	int len;

	task_lock(task);
	if (task->fs) {
		spin_lock(&task->fs->lock);
		d = dget(root ? task->fs->root : task->fs->pwd);
		spin_unlock(&task->fs->lock);
	}
	task_unlock(task);
	if (!d)
		return -ENOENT;
	len = dentry_target(d, buf);
	dput(d);
	return len;
}

static int cwd_link(struct task_struct *task, char *buf)
{
	return directory_link(task, buf, false);
}

static int root_link(struct task_struct *task, char *buf)
{
	return directory_link(task, buf, true);
}

const struct pid_entry proc_pid_entries[] = {
	{ "stat", 0444, stat_show, NULL },
	{ "status", 0444, status_show, NULL },
	{ "statm", 0444, statm_show, NULL },
	{ "cmdline", 0444, pid_cmdline_show, NULL },
	{ "environ", 0400, pid_environ_show, NULL },
	{ "comm", 0444, pid_comm_show, NULL },
	{ "maps", 0444, maps_show, NULL },
	{ "stack", 0400, stack_show, NULL },
	{ "wchan", 0444, wchan_show, NULL },
	{ "patch_state", 0400, patch_state_show, NULL },
	{ "exe", 0, NULL, exe_link },
	{ "cwd", 0, NULL, cwd_link },
	{ "root", 0, NULL, root_link },
	{ NULL, 0, NULL, NULL },
};
